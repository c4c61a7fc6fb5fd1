/*
 * Fetching what clients name by an address, on the loop: safe from inside a
 * site's network (see rules.h; each address that is connected to is looked at,
 * in each redirect), without proxies, cookies or credentials, and bounded in
 * size, time, number and redirects.
 */
#ifndef REMOTE_H
#define REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct budget;
struct budget_account;
struct conf;
struct loop;
struct remote;
struct remote_blob;

#define REMOTE_MAX		32	/* addresses of a request */
/* One of them; together three quarters of maxRequestBodyBytes, see base64 */
#define REMOTE_BYTES_MAX	((size_t)20 << 20)
#define REMOTE_TIMEOUT_MS	30000	/* for all of a request */
#define REMOTE_REDIRECTS_MAX	5

struct remote_want {
	char			*address;
	char			*param;		/* where it is in the request */
	bool			 file;		/* a PDF; else an image */
	struct remote_blob	*blob;		/* NULL: not yet there */
};

/* All that a request wants, and has: zeroed memory is nothing. */
struct remote_list {
	struct remote_want	 want[REMOTE_MAX];
	size_t			 n;
	char			*scope;	/* see cache.h; NULL: keep nothing */
	bool			 anew;	/* what is kept doesn't serve */
};

/*
 * Want this address, too; once is enough for several places. NULL: there are
 * as many as may be. "param" is where an error says it is.
 */
struct remote_want *remote_add(struct remote_list *, const char *address,
	    bool file, const char *param);
struct remote_want *remote_find(struct remote_list *, const char *address,
	    bool file);
bool	remote_complete(const struct remote_list *);
size_t	remote_bytes(const struct remote_list *);
void	remote_finish(struct remote_list *);

struct remote *remote_create(struct loop *, struct budget *);
void	remote_destroy(struct remote *);

/* Somebody who waits; embedded in the waiter's own struct. */
struct remote_job {
	struct remote_list	*list;
	struct conf		*conf;
	/*
	 * It pays for the bytes, and for what is made of them. (It holds them
	 * until somebody gives them back.)
	 */
	struct budget_account	*memory;
	/* Once: all is there, or the reason why not (400, 503). */
	void			(*ready)(struct remote_job *,
				    const struct err *);
	struct remote_work	*work;		/* remote.c's; NULL: idle */
};

/* Fetch what the list lacks. Never calls back from inside. */
void	remote_start(struct remote *, struct remote_job *);
void	remote_cancel(struct remote_job *);	/* fine if it is idle */

#endif
