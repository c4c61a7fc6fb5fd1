/* A chat completion request: from the client's form to upstream's. */
#ifndef CHAT_REQUEST_H
#define CHAT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "chat/messages.h"
#include "copilot/lessons.h"

struct body;
struct buf;
struct stop;
struct conf;
struct err;
struct model;

struct chat_request {
	json_object		*obj;		/* the client's JSON */
	json_object		*name;	/* the model, as the client says */
	const char		*asked;		/* the same; stays */
	const char		*model;		/* as upstream knows it */
	const struct model	*info;		/* NULL: not known */
	struct chat_messages	 messages;
	bool			 stream;
	bool			 include_usage;
	bool			 by_messages;	/* it goes over /v1/messages */
	bool			 search;	/* of the web is asked for */
	bool			 functions;	/* the form before tools */
	bool			 usual_tools;	/* see chat/usual.h */
	json_object		*custom;	/* names of custom tools */
	bool			 summaries;	/* of what a model thinks */
	bool			 cache;	/* mark the prompt for it */
	const char		*cache_key; /* to be added, or NULL */
	int64_t			 n;		/* choices */
	struct lesson		 lesson;	/* see chat_request_fit() */
	struct stop		*stop;		/* honoured here; NULL: none */
	bool			 refitted;	/* the messages */
	bool			 format_in_prompt; /* as a message */
	bool			 formless;	/* no format is sent */
	bool			 inserted; /* which is one more, the first */
};

/*
 * Parse and check the client's JSON and note its facts; the model's follow
 * with chat_request_model(). False with "err" set to a 400. Release with
 * chat_request_finish() in any case.
 */
bool	chat_request_read(struct chat_request *, const char *text, size_t n,
	    struct err *);

/* The same of a parsed request, which is taken over. */
bool	chat_request_take(struct chat_request *, json_object *take,
	    struct err *);

/*
 * The model that is meant, as upstream knows it, and its entry in the list
 * ("info" may be NULL). Checks what depends on them. The notes belong to the
 * arguments.
 */
bool	chat_request_model(struct chat_request *, const struct conf *,
	    const char *upstream, const struct model *info, struct err *);

/*
 * Make it fit for what upstream taught of the model, and "native" for chat
 * completions: how its format is said, how many images stay. Last of all, since
 * the messages are changed. False with "err" set to a 400.
 */
bool	chat_request_fit(struct chat_request *, const struct lesson *,
	    bool native, struct err *);

/* Make the messages what upstream takes; "native" as above. */
void	chat_request_messages(struct chat_request *, bool native);

/*
 * Append upstream's body. Members that upstream refuses are left out, those it
 * has another form for are changed, all others keep the bytes of "text", which
 * is the one that was read and is lent to the body; NULL: there was none.
 * Changes r->obj.
 */
void	chat_request_body(struct chat_request *, const char *text, size_t n,
	    struct body *out);

void	chat_request_finish(struct chat_request *);

#endif
