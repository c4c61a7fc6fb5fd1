/*
 * Several answers of one request, put together: the choices of chat
 * completions, or of OpenAI's first protocol, that were asked for one by one.
 */
#ifndef JOIN_H
#define JOIN_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct join;
struct usage;

/* "each": how many choices one of them has. */
struct join *join_create(size_t each);
void	join_destroy(struct join *);			/* NULL is fine */

/*
 * The data of an event of answer k: appended to "out" with its choice's index.
 * Usage is kept for the end, and [DONE] is nothing here. False for an error,
 * which is appended, too, and ends them all.
 */
bool	join_event(struct join *, size_t k, const char *data, size_t n,
	    struct buf *out);
/* The end of the stream; "usage" is the sum of what they took. */
void	join_end(struct join *, const struct usage *, struct buf *out);

/* Answer k as a whole. False when it can't be read. */
bool	join_whole(struct join *, size_t k, const char *body, size_t n);
/* All of them as one, once each was given. */
void	join_print(struct join *, const struct usage *, struct buf *out);

#endif
