/* Compressed request bodies: Content-Encoding (RFC 9110, 8.4). */
#ifndef ENCODING_H
#define ENCODING_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

#define ENCODING_ACCEPTED "gzip, deflate, zstd"	/* for Accept-Encoding */

/* Can we undo what the header says? NULL is no header. */
bool	encoding_known(const char *header);

/*
 * Undo it in place; it must be known. The result has "most" bytes at the most,
 * and so has what is in between when there are two codings. False with "err":
 * 400 for bad data, 413 when it is too large, 503 when there is no memory for
 * it; then the body is not to be used.
 */
bool	encoding_decode(const char *header, size_t most, struct buf *body,
	    struct err *);

#endif
