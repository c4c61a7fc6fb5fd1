/* POST /v1/responses: the client's request made acceptable to upstream. */
#ifndef RESPONSES_REQUEST_H
#define RESPONSES_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "copilot/lessons.h"

struct body;
struct buf;
struct err;
struct model;
struct reasoning_scope;

/*
 * It keeps the response of an answer, on a worker: it sees the response before
 * that is printed, and may edit it. "arg" outlives the answer.
 */
struct responses_keeper {
	void	(*keep)(void *arg, json_object *response); /* NULL: nobody */
	void	*arg;
	bool	strip;	/* items go out without their encrypted_content */
};

/*
 * Who has the last event of a stream as a tree before it is printed: numbered,
 * with the response as its client gets it. It keeps none of the tree, and is
 * called by the thread that prints: a worker's, if there is a keeper. "arg"
 * outlives the answer.
 */
struct responses_tap {
	void	(*last)(void *arg, json_object *ev);	/* NULL: nobody */
	void	*arg;
};

/* The answer and the call have to know this of the request. */
struct responses {
	char		*model;		/* as the client wrote it */
	char		*id;		/* that it gets; NULL: any */
	json_object	*echo;		/* members that the answer repeats */
	bool		 stream;
	bool		 plain;		/* the client wants no "obfuscation" */
	bool		 vision;
	bool		 agent;
	/* The answer is a summary; in the list that begins so, or NULL. */
	bool		 compacts;
	json_object	*retained;
	/* Where a summary goes in place of an answer; NULL: it is one. */
	struct buf	*summary;
	json_object	*compaction; /* what the output begins with, or NULL */
	struct responses_keeper keeper;	/* set by who calls */
	struct responses_tap tap;	/* likewise */
};

/* Known before the request is read. */
struct responses_setting {
	const char		*upstream;	/* the model to ask for */
	const struct model	*model;		/* its entry; NULL: unknown */
	bool			 web_search;	/* useResponsesApiWebSearch */
	bool			 edited; /* "input" differs from the text */
	bool			 unsealed; /* sealed thoughts stay behind */
	bool			 usual;	/* the items: responses/usual.h */
	bool			 usual_agent;	/* what it says of them */
	bool			 sealed; /* want reasoning that can go back */
	bool			 cache;	/* mark the prompt for it */
	const char		*cache_key; /* to be added, or NULL */
	const struct reasoning_scope	*thinker; /* for chat; NULL: nobody */
	struct lesson		 lesson;	/* what upstream taught of it */
	bool			 compacts;	/* see struct responses */
	bool			 agent;	/* it was, before it was compacted */
	json_object		*retained;
};

/*
 * Check a parsed request, whose "model" is a string, and append the body for
 * upstream. "text" is what "obj" was parsed from, and is lent to it; "obj" is
 * edited. False with "err" set when it is refused.
 */
bool	responses_request(const char *text, size_t n, json_object *obj,
	    const struct responses_setting *, struct responses *,
	    struct body *, struct err *);
void	responses_finish(struct responses *);

/*
 * Parts of it, for those who send the request elsewhere: types and values of
 * the members, items and tools excepted; and what the answer has to know, once
 * "obj" is as the answer shall repeat it.
 */
bool	responses_check(json_object *obj, struct err *);
void	responses_note(json_object *obj, struct responses *);

#endif
