/*
 * The header of a FastCGI request, record by record as it comes: BEGIN_REQUEST,
 * then PARAMS up to an empty one (FastCGI specification, 3.3). It is checked
 * before libfcgi reads it, which trusts the lengths that it finds.
 */
#ifndef HEADER_H
#define HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define HEADER_MAX (256u << 10)		/* web servers allow 8 to 64 kB */

enum header_state {
	HEADER_MORE,		/* it goes on */
	HEADER_WHOLE,
	HEADER_FOREIGN,		/* this is not FastCGI */
	HEADER_LARGE
};

/* Zeroed memory is one before its first byte. */
struct header {
	struct buf	raw;		/* the request's records so far */
	struct buf	reply;		/* to be sent to the web server */
	struct buf	record;		/* one that is not whole yet */
	unsigned char	length[4];	/* of a name or value, as it comes */
	unsigned	nlength;
	unsigned	nlengths;	/* of a pair: 1 is the name's */
	size_t		text;		/* of the pair, still to come */
};

/*
 * "used" is how many of the bytes belong to the header or to nothing: what is
 * left behind them when it is whole is the body's.
 */
enum header_state header_feed(struct header *, const unsigned char *, size_t n,
	    size_t *used);
/* Is all of a body in these bytes, with the empty record at its end? */
bool	header_body_ends(const unsigned char *, size_t n);
/* Has it begun? Otherwise what came, if anything, belonged to no request. */
bool	header_begun(const struct header *);
/*
 * A descriptor to read a whole header from, -1 when there is none to be had.
 * The caller closes it.
 */
int	header_file(const struct header *);
void	header_finish(struct header *);

#endif
