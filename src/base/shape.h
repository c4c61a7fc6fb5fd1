/*
 * Events of a stream that differ from the one before in the text of a few
 * members only, as a model's words do: whoever has read one and knows what went
 * out for it can tell what goes out for the next, without a tree.
 *
 * The caller vouches that an event of the same shape, right behind the one that
 * was learned, changes nothing but what goes out for these members.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum shape_kind {
	SHAPE_SAME,		/* a string that goes out as it came */
	SHAPE_LOST,		/* a string that doesn't matter */
	SHAPE_COUNT		/* a number; the caller's goes out */
};

/* A member that may be in an event, wherever; once, or it is not learned. */
struct shape_member {
	const char	*name;
	enum shape_kind	 kind;
};

#define SHAPE_MEMBERS 5

/* A place in a text where a member's value was, without its quotes. */
struct shape_cut {
	size_t	at;		/* in the text without the values */
	size_t	member;		/* of the list */
};

struct shape_text {
	struct buf		text;
	struct shape_cut	cuts[SHAPE_MEMBERS];
	size_t			ncuts;
};

/* Zeroed memory knows none. */
struct shape {
	struct shape_text	in, out;
	unsigned		misses;	/* one after the other */
	unsigned		tries;
};

/*
 * Learn from an event what went out for it. Nothing is known afterwards when
 * they are not alike enough: no string that goes out as it came, or one that is
 * empty, a name that comes twice, escapes of the form \u. Where the shape
 * changes all the time it is tried seldom.
 */
void	shape_learn(struct shape *, const struct shape_member *, size_t n,
	    const char *event, size_t nevent, const char *out, size_t nout);

/*
 * Has an event the shape that was learned? Then what goes out for it is
 * appended. Otherwise that is forgotten: what it does changes the state.
 */
bool	shape_follow(struct shape *, const struct shape_member *,
	    const char *event, size_t n, int64_t count, struct buf *out);

/*
 * The same for those who only read. The first member is what they read: its
 * text, as it stands there between its quotes. False where it can't be learned,
 * and nothing is known then.
 */
bool	shape_learn_event(struct shape *, const struct shape_member *,
	    size_t n, const char *event, size_t nevent, const char **text,
	    size_t *len);
/* Has an event that shape? Otherwise that is forgotten. */
bool	shape_text(struct shape *, const struct shape_member *,
	    const char *event, size_t n, const char **text, size_t *len);

void	shape_forget(struct shape *);
void	shape_finish(struct shape *);

#endif
