/* The messages of a chat completion request. */
#ifndef CHAT_MESSAGES_H
#define CHAT_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

struct err;

struct chat_messages {
	bool	agent;	/* the last turn is not the user's */
	bool	vision;	/* there are images */
	bool	dirty;	/* chat_messages_repair has something to do */
};

/*
 * Check an array of messages and learn what the rest depends on. False with
 * "err" set to a 400 that names the place.
 */
bool	chat_messages_read(json_object *messages, struct chat_messages *,
	    struct err *);

/* Is each inline image small enough? "max" is in bytes. */
bool	chat_messages_images(json_object *messages, int64_t max, struct err *);

/*
 * Change what upstream has another form for: reasoning_content (the name that
 * clients know) into reasoning_text, function_call and role "function" into
 * tool calls. "native": thoughts that only /responses can read are left out.
 */
void	chat_messages_repair(json_object *messages, bool native);

/* Leave out all thoughts, sealed or not: the one needs the other. */
void	chat_messages_forget(json_object *messages);

#endif
