/*
 * The body of a FastCGI request, read as it comes, within limits on size, time
 * and memory. Nothing here waits.
 */
#ifndef UPLOAD_H
#define UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct budget_account;
struct buf;
struct err;
struct incoming;

enum upload_state {
	UPLOAD_COMES,		/* there is more to come */
	UPLOAD_LIES,		/* and more lies there already */
	UPLOAD_WHOLE,
	UPLOAD_LARGE,		/* than wanted: the rest is still to come */
	UPLOAD_BROKEN,		/* the client has gone */
	UPLOAD_FULL,		/* there is no memory for more */
	UPLOAD_SLOW		/* it takes too long */
};

/* Of one request. */
struct upload {
	int			 fd;
	struct incoming		*in;
	struct buf		*body;	/* NULL: what comes is dropped */
	struct budget_account	*memory;	/* that it is charged to */
	size_t			 charged;
	size_t			 most;	/* bytes that are wanted */
	int64_t			 left;	/* to come; -1: to STDIN's end */
	bool			 ended;	/* that was read */
	size_t			 bytes;		/* in all */
	int64_t			 begun, heard;	/* loop_now() */
};

/*
 * A request's body. When its length is known (CONTENT_LENGTH) it ends there:
 * not every web server sends the empty record behind it. "now" is loop_now().
 */
void	upload_begin(struct upload *, int fd, struct incoming *, int64_t length,
	    int64_t now);
/* It is wanted, up to "most" bytes. What was reserved is used first. */
void	upload_keep(struct upload *, struct buf *body, size_t most,
	    struct budget_account *);
/*
 * It is not, or not any more: it is read on to its end, for nothing, up to a
 * limit; one without a length as far as it has come.
 */
void	upload_drop(struct upload *);
/* Bytes that were read already. */
enum upload_state upload_feed(struct upload *, const unsigned char *p,
	    const unsigned char *end, int64_t now);
/* What lies in the socket. */
enum upload_state upload_read(struct upload *, int64_t now);
/* After how many milliseconds without a byte it is too slow; 0: it is. */
int64_t	upload_patience(const struct upload *, int64_t now);

#endif
