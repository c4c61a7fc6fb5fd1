/* The messages of a chat completion request. */
#ifndef CHAT_MESSAGES_H
#define CHAT_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

struct err;
struct model;

struct chat_messages {
	bool	agent;	/* the last turn is not the user's */
	bool	vision;	/* there are images */
	bool	dirty;	/* chat_messages_repair has something to do */
	bool	developer; /* there is one of that role */
	bool	usual;	/* upstream takes them as they are: chat/usual.h */
	bool	strict;	/* so does one of a model that takes less */
	bool	calls;	/* some of the usual messages call tools */
	bool	file;	/* there is one: this part of this message */
	size_t	file_message, file_part;
};

/*
 * Check an array of messages and learn what the rest depends on. False with
 * "err" set to a 400 that names the place.
 */
bool	chat_messages_read(json_object *messages, struct chat_messages *,
	    struct err *);

/* The 400 for a file that the model can't be sent. Always false. */
bool	chat_messages_no_file(const struct chat_messages *, struct err *);

/* Is each inline image one that the model (may be NULL) takes? */
bool	chat_messages_images(json_object *messages, const struct model *,
	    struct err *);
/*
 * Keep the newest "max" images, and say so in place of the others; *changed is
 * set if there were more. False with "err" set to a 400 when the last turn has
 * more of them itself.
 */
bool	chat_messages_trim(json_object *messages, int64_t max, bool *changed,
	    struct err *);

/*
 * Change what upstream has another form for: reasoning_content (the name that
 * clients know) into reasoning_text, function_call and role "function" into
 * tool calls. "native": thoughts that only /responses can read are left out.
 */
void	chat_messages_repair(json_object *messages, bool native);

/* OpenAI's newer name for the system, for models of others. */
void	chat_messages_system(json_object *messages);

/* Leave out all thoughts, sealed or not: the one needs the other. */
void	chat_messages_forget(json_object *messages);

#endif
