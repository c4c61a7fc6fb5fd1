/*
 * The records of an answer, to the web server (FastCGI specification, 3.3, 5.3
 * and 5.5). Nothing here blocks, and nothing is held for a stream that waits:
 * libfcgi's stream takes 8 kB for each, and blocks.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct records {
	int		fd;		/* borrowed */
	unsigned	request;	/* its id, from BEGIN_REQUEST */
	struct buf	rest;		/* what the socket has not taken yet */
	bool		ended;		/* END_REQUEST is among what was put */
	bool		lost;		/* nobody reads any more */
};

/* Drop the bytes that it holds of a request before. */
void	records_begin(struct records *, int fd, int request);
/*
 * Send bytes, and the end of the request behind the "last" ones. Bytes that the
 * socket doesn't take are copied and wait. False: nobody reads any more.
 */
bool	records_put(struct records *, const char *, size_t n, bool last);
/* Send what waits. True: nothing does, or nobody reads any more. */
bool	records_flush(struct records *);
void	records_finish(struct records *);

#endif
