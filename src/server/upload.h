/*
 * The body of a FastCGI request, read within limits. Reading occupies a thread
 * for as long as the client takes, so it must not take as long as it likes.
 */
#ifndef UPLOAD_H
#define UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fcgiapp.h>

struct budget_account;
struct buf;
struct err;

/* One connection's; "fd" is set for good, the rest anew for each request. */
struct upload {
	int			 fd;
	FCGX_Stream		*in;
	int64_t			 left;	/* still to come; -1: to STDIN's end */
	struct budget_account	*memory; /* that the body is charged to */
	size_t			 charged;
	bool			 begun;
	const struct pace	*pace;	/* that the socket is set to */
	bool			 slow;	/* it broke off because of that */
	bool			 there;	/* all of it has come already */
};

enum upload_end {
	UPLOAD_WHOLE,
	UPLOAD_MORE,		/* than wanted: the rest is still to come */
	UPLOAD_BROKEN,		/* the client has gone */
	UPLOAD_FULL,		/* there is no memory for more */
	UPLOAD_SLOW		/* it took too long */
};

void	upload_init(struct upload *, int fd);
/*
 * A request's body. When its length is known (CONTENT_LENGTH) it ends there:
 * not every web server sends the empty record behind it.
 */
void	upload_begin(struct upload *, FCGX_Stream *, int64_t length,
	    struct budget_account *);
/* Append to "body" until the end, or just beyond "most" bytes. */
enum upload_end upload_read(struct upload *, struct buf *body, size_t most);
/* The answer to UPLOAD_SLOW. Returns false. */
bool	upload_refuse(const struct upload *, struct err *);
/*
 * The same upload read on to its end, for nothing; one without a length as far
 * as it has come. False: it did not end.
 */
bool	upload_discard(struct upload *);
/* Was the record read that ends it? Then nothing comes behind the request. */
bool	upload_ended(const struct upload *);

#endif
