/*
 * The JSON object in what a model says. A model that was told to answer with
 * nothing else may still put it into a Markdown fence, or a sentence before it;
 * what comes out here is the object alone, wherever the pieces are cut.
 */
#ifndef TURN_OBJECT_H
#define TURN_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Zeroed memory is one to which nothing was said yet. */
struct object {
	enum { OBJECT_BEFORE, OBJECT_INSIDE, OBJECT_BEHIND,
	    OBJECT_PLAIN } state;
	struct buf	held;		/* what was said before it */
	size_t		at, look;	/* where it may begin; seen so far */
	size_t		depth;
	bool		string, escaped;
};

/* Append what belongs to the object. Linear in the length of all pieces. */
void	object_feed(struct object *, const char *, size_t,
	    struct buf *out);
/*
 * The text in which there was no object, to be told as it is: a refusal, or an
 * answer to something else. NULL when there was one, or nothing.
 */
const struct buf *object_rest(const struct object *);
void	object_finish(struct object *);

#endif
