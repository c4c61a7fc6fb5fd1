/* Compressed request bodies. A few bytes can stand for gigabytes. */
#include "config.h"

#include <string.h>
#include <strings.h>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/encoding.h"
#include "base/err.h"
#include "base/util.h"

#define CODINGS_MAX	2	/* of one body */
#define PIECE		65536	/* room for output, at least */
#define WINDOW_LOG_MAX	23	/* 8 MB, all that HTTP allows (RFC 9659) */

enum result { RESULT_OK, RESULT_BAD, RESULT_LARGE, RESULT_FULL };

typedef enum result decode_fn(const struct buf *in, size_t most,
	    struct buf *out);

static decode_fn decode_gzip, decode_deflate, decode_zstd;

static const struct coding {
	const char	*name;
	decode_fn	*decode;	/* NULL: nothing to do */
} codings[] = {
	{ "gzip", decode_gzip },
	{ "x-gzip", decode_gzip },	/* RFC 9110, 8.4.1.3 */
	{ "deflate", decode_deflate },
	{ "zstd", decode_zstd },
	{ "identity", NULL }
};

/* --- The codings. */

/*
 * Room behind what is there: PIECE or more, but one byte beyond "most". 0 when
 * there is no memory for it (base/budget.h).
 */
static size_t
make_room(struct buf *out, size_t most)
{
	size_t room;

	/* It doubles, and what was there is copied. */
	if (out->cap - out->len <= PIECE &&
	    !budget_afford(out->cap > PIECE ? out->cap : 2 * PIECE))
		return 0;
	buf_reserve(out, PIECE);
	room = out->cap - out->len - 1;
	return room < most + 1 - out->len ? room : most + 1 - out->len;
}

/* The last "n" bytes of that room are in use now. */
static void
added(struct buf *out, size_t n)
{
	out->len += n;
	out->p[out->len] = '\0';
}

/* "bits" as inflateInit2 takes them. A gzip file can be several in a row. */
static enum result
decode_zlib(int bits, bool several, const struct buf *in, size_t most,
    struct buf *out)
{
	z_stream	z = { 0 };
	size_t		room;
	int		rc;

	if (inflateInit2(&z, bits) != Z_OK)
		die("zlib: out of memory");
	z.next_in = (const Bytef *)buf_str(in);
	z.avail_in = (uInt)in->len;
	do {
		if ((room = make_room(out, most)) == 0)
			break;
		z.next_out = (Bytef *)out->p + out->len;
		z.avail_out = (uInt)room;
		rc = inflate(&z, Z_NO_FLUSH);
		added(out, room - z.avail_out);
		if (rc == Z_STREAM_END && several && z.avail_in > 0)
			rc = inflateReset(&z);
	} while (rc == Z_OK && out->len <= most);
	inflateEnd(&z);
	if (room == 0)
		return RESULT_FULL;
	if (out->len > most)
		return RESULT_LARGE;
	return rc == Z_STREAM_END && z.avail_in == 0 ? RESULT_OK : RESULT_BAD;
}

static enum result
decode_gzip(const struct buf *in, size_t most, struct buf *out)
{
	return decode_zlib(MAX_WBITS + 16, true, in, most, out);
}

/* zlib's form (RFC 1950), but some send the bare stream of RFC 1951. */
static enum result
decode_deflate(const struct buf *in, size_t most, struct buf *out)
{
	const unsigned char	*p = (const unsigned char *)buf_str(in);
	bool			 zlib;

	zlib = in->len >= 2 && (p[0] & 0x0f) == Z_DEFLATED &&
	    (p[0] << 8 | p[1]) % 31 == 0;
	return decode_zlib(zlib ? MAX_WBITS : -MAX_WBITS, false, in, most, out);
}

static enum result
decode_zstd(const struct buf *in, size_t most, struct buf *out)
{
	ZSTD_DCtx	*d = ZSTD_createDCtx();
	ZSTD_inBuffer	 from = { buf_str(in), in->len, 0 };
	ZSTD_outBuffer	 to;
	size_t		 left = 0, room;

	if (d == NULL)
		die("zstd: out of memory");
	ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	do {
		if ((room = make_room(out, most)) == 0)
			break;
		to = (ZSTD_outBuffer){ NULL, room, 0 };
		to.dst = out->p + out->len;
		left = ZSTD_decompressStream(d, &to, &from);
		added(out, to.pos);
	} while (!ZSTD_isError(left) && out->len <= most &&
	    (from.pos < from.size || (left > 0 && to.pos == to.size)));
	ZSTD_freeDCtx(d);
	if (room == 0)
		return RESULT_FULL;
	if (out->len > most)
		return RESULT_LARGE;
	return left == 0 ? RESULT_OK : RESULT_BAD;
}

/* --- The header. */

static const struct coding *
find(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < COUNT(codings); i++)
		if (strlen(codings[i].name) == n &&
		    strncasecmp(codings[i].name, name, n) == 0)
			return &codings[i];
	return NULL;
}

/* The codings in the order in which they were applied. */
static bool
parse(const char *header, const struct coding **list, size_t *n)
{
	const struct coding	*c;
	size_t			 len;

	*n = 0;
	for (header = header != NULL ? header : ""; ; header += len) {
		header += strspn(header, ", \t");
		if (*header == '\0')
			return true;
		len = strcspn(header, ", \t");
		if ((c = find(header, len)) == NULL)
			return false;
		if (c->decode == NULL)
			continue;
		if (*n == CODINGS_MAX)
			return false;
		list[(*n)++] = c;
	}
}

bool
encoding_known(const char *header)
{
	const struct coding	*list[CODINGS_MAX];
	size_t			 n;

	return parse(header, list, &n);
}

static bool
refuse(enum result result, const char *name, size_t most, struct err *err)
{
	if (result == RESULT_FULL)
		return budget_refuse(NULL, err);
	if (result == RESULT_LARGE)
		return err_set(err, 413, ERR_REQUEST, "request_too_large", NULL,
		    "The request body exceeds %zu bytes when its "
		    "Content-Encoding '%s' is undone (maxRequestBodyBytes).",
		    most, name);
	return err_set(err, 400, ERR_REQUEST, "invalid_content_encoding", NULL,
	    "The request body is not valid or not complete '%s' data, which "
	    "its Content-Encoding says it is.", name);
}

bool
encoding_decode(const char *header, size_t most, struct buf *body,
    struct err *err)
{
	const struct coding	*list[CODINGS_MAX];
	struct buf		 out;
	enum result		 result;
	size_t			 n;

	for (parse(header, list, &n); n > 0; n--) {
		out = (struct buf){ 0 };
		result = list[n - 1]->decode(body, most, &out);
		buf_finish(body);
		*body = out;
		if (result != RESULT_OK)
			return refuse(result, list[n - 1]->name, most, err);
	}
	return true;
}
