/*
 * Clients follow a response in the background: they get its events as they
 * come, whichever process runs it, and the end of one that died without it.
 */
#ifndef FOLLOWED_H
#define FOLLOWED_H

#include <stdint.h>

#include "base/buf.h"
#include "state/stored.h"

/* An exchange follows this, and is so far. */
struct followed {
	char	 owner[STATE_OWNER_SIZE];
	char	*id;
	int64_t	 after;		/* the number of the last event told */
};
struct followed *followed_create(const char *owner, const char *id,
	    int64_t after);
void	followed_destroy(struct followed *);	/* NULL is fine */

enum followed_said {
	FOLLOWED_MORE,		/* there is more at once */
	FOLLOWED_WAIT,		/* that was all so far */
	FOLLOWED_OVER		/* that was all */
};
/* On a worker: append what has come since. */
enum followed_said followed_read(struct stored *, struct followed *,
	    struct buf *out);

#endif
