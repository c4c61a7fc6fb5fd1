/*
 * The JSON object in what a model says. A model that was told to answer with
 * nothing else may still put it into a Markdown fence, or a sentence before it;
 * what comes out here is the object alone, wherever the pieces are cut.
 */
#ifndef CHAT_JSON_H
#define CHAT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Zeroed memory is one to which nothing was said yet. */
struct chat_json {
	enum { CHAT_JSON_BEFORE, CHAT_JSON_INSIDE, CHAT_JSON_BEHIND,
	    CHAT_JSON_PLAIN } state;
	struct buf	held;		/* what was said before it */
	size_t		at, look;	/* where it may begin; seen so far */
	size_t		depth;
	bool		string, escaped;
};

/* Append what belongs to the object. Linear in the length of all pieces. */
void	chat_json_feed(struct chat_json *, const char *, size_t,
	    struct buf *out);
/*
 * What was said when there was no object in it, to be told as it is: a refusal,
 * or an answer to something else. NULL when there was one, or nothing.
 */
const struct buf *chat_json_rest(const struct chat_json *);
void	chat_json_finish(struct chat_json *);

#endif
