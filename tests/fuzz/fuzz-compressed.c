/*
 * Any bytes as a compressed body: the first byte of the input chooses the
 * Content-Encoding, the rest is the body. The limit holds whatever comes.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/encoding.h"
#include "base/err.h"
#include "base/util.h"

#define MOST 100000		/* small, so that the limit is met as well */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const headers[] = {
	"gzip", "deflate", "zstd", "gzip, zstd", "deflate, gzip", "zstd, zstd"
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf	body = { 0 };
	struct err	err = { 0 };

	if (size == 0)
		return 0;
	buf_append(&body, data + 1, size - 1);
	if (encoding_decode(headers[data[0] % COUNT(headers)], MOST, &body,
	    &err)) {
		if (body.len > MOST || buf_str(&body)[body.len] != '\0')
			abort();
	} else if (err.status != 400 && err.status != 413)
		abort();
	buf_finish(&body);
	return 0;
}
