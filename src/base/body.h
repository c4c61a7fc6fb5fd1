/*
 * The body of a request, which may be megabytes of somebody else's bytes with a
 * few of its own around them. What is lent has to stay, unchanged, as long as
 * the body is read. Zeroed memory is an empty body.
 */
#ifndef BODY_H
#define BODY_H

#include <stddef.h>

#include "base/buf.h"

#define BODY_LENT	4		/* pieces, at most */
#define BODY_LENT_MIN	(16u << 10)	/* bytes; less is copied in no time */

struct body {
	struct buf	 own;
	struct {
		size_t		 at;	/* before this byte of "own" */
		const char	*p;
		size_t		 n;
	}		 lent[BODY_LENT];
	size_t		 nlent, lent_len;	/* bytes of them all */
};

/* Append bytes that are the caller's; they are copied where that is cheaper. */
void	 body_lend(struct body *, const char *, size_t n);

size_t	 body_len(const struct body *);
/* Copy up to "n" bytes from the one at "from" on; how many there were. */
size_t	 body_copy(const struct body *, size_t from, char *to, size_t n);
/* What is lent is copied: from here on nothing of it is anybody else's. */
void	 body_settle(struct body *);
void	 body_finish(struct body *);

#endif
