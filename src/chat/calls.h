/*
 * The tool calls of a choice: which piece belongs to which call, and in which
 * order they go on. OpenAI sends call 0 whole, then call 1; clients rely on
 * it. A call's first piece has its id, its name and its first arguments, and
 * what it was called with is always a JSON object's text. A custom tool's call
 * is one piece with the whole input: inside of a function's arguments it can be
 * read at their end only.
 */
#ifndef CHAT_CALLS_H
#define CHAT_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

struct err;

/* Where the text of an object stands; zeroed memory is before it. */
struct chat_object_text {
	unsigned	depth;
	bool		string, escape;
	bool		begun, closed;
};

struct chat_call {
	char			*id;
	char			*name;		/* NULL: not known yet */
	json_object		*first;		/* the piece with the name */
	int64_t			 theirs; /* upstream's index, -1: not said */
	bool			 started;	/* the client knows of it */
	bool			 custom;	/* of a custom tool */
	bool			 text_only;	/* no JSON around it */
	struct buf		 held;		/* arguments that wait */
	struct chat_object_text	 text;		/* of all of them */
};

/* Zeroed memory is no calls. */
struct chat_calls {
	json_object		*custom;	/* given: names of such tools */
	struct chat_call	*list;
	size_t			 n;
	size_t			 current;	/* the one that goes on */
	int64_t			 nstarted;
};

/*
 * The pieces that can go on now, a new array; the ones given are changed. NULL
 * with "err" set when there are too many calls.
 */
json_object *chat_calls_take(struct chat_calls *, json_object *pieces,
	    struct err *);
/* At the end: all that waits; NULL: nothing. */
json_object *chat_calls_rest(struct chat_calls *);
void	chat_calls_finish(struct chat_calls *);

/* An id for a call that upstream gave none. */
char	*chat_call_id(void);

#endif
