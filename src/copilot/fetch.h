/*
 * One fetch from GitHub or Copilot, at most one at a time, and those who wait
 * for it. Runs on the loop's thread.
 */
#ifndef FETCH_H
#define FETCH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/http.h"

struct conf;
struct err;

/* Somebody who waits; embedded in the waiter's own struct. */
struct fetch_waiter {
	struct fetch_waiter	 *next, **prev;
	/* Once, with NULL or the reason it can't be had. */
	void		(*ready)(struct fetch_waiter *, const struct err *);
};

void	fetch_waiter_add(struct fetch_waiter **list, struct fetch_waiter *);
void	fetch_waiter_forget(struct fetch_waiter *);	/* it waits no longer */
/* Tell all that wait now: the list is taken off first. */
void	fetch_waiter_wake(struct fetch_waiter **list, const struct err *);

struct fetch {
	bool			 running; /* set and cleared by the owner */
	struct fetch_waiter		*waiters;
	struct http_call	*call;
	struct http_request	 request;	/* to be filled in first */
	int			 status;
	char			*retry_after;	/* NULL when absent */
	char			*date;		/* likewise */
	struct buf		 body;
	/* The call has ended; "why" as in http.h. Ends with fetch_clear(). */
	void			(*end)(struct fetch *, enum http_end,
				    const char *why);
};

void	fetch_start(struct fetch *, struct http *, const struct conf *);
void	fetch_clear(struct fetch *);		/* stops a call, too */

#endif
