/* Compressed bodies: what comes out of them, and what is refused. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/encoding.h"
#include "base/err.h"
#include "base/util.h"

#define MOST (4u << 20)

/* zlib's window bits say the form. */
enum { BARE = -15, ZLIB = 15, GZIP = 31 };

static struct buf
deflated(int bits, const char *p, size_t n)
{
	struct buf	out = { 0 };
	z_stream	z = { 0 };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, bits, 8,
	    Z_DEFAULT_STRATEGY), Z_OK);
	buf_reserve(&out, deflateBound(&z, n) + 100);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)out.p;
	z.avail_out = (uInt)out.cap - 1;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.len = z.total_out;
	deflateEnd(&z);
	return out;
}

/* "log" is the window's; 0 is the usual one. Without the length in the head. */
static struct buf
zstd(int log, const char *p, size_t n)
{
	struct buf	 out = { 0 };
	ZSTD_CCtx	*c = ZSTD_createCCtx();
	ZSTD_inBuffer	 from = { p, n, 0 };
	ZSTD_outBuffer	 to;

	buf_reserve(&out, ZSTD_compressBound(n) + 100);
	to = (ZSTD_outBuffer){ out.p, out.cap - 1, 0 };
	if (log > 0) {
		ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, log);
		ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
		assert_false(ZSTD_isError(ZSTD_compressStream2(c, &to, &from,
		    ZSTD_e_flush)));
	}
	assert_int_equal(ZSTD_compressStream2(c, &to, &from, ZSTD_e_end), 0);
	ZSTD_freeCCtx(c);
	out.len = to.pos;
	return out;
}

/* The status of undoing "header"; "in" becomes the result. */
static int
decode(const char *header, struct buf *in, size_t most)
{
	struct err err;

	assert_true(encoding_known(header));
	if (encoding_decode(header, most, in, &err))
		return 200;
	assert_string_equal(err.type, ERR_REQUEST);
	return err.status;
}

static void
expect(const char *header, struct buf in, const char *want, size_t n)
{
	assert_int_equal(decode(header, &in, MOST), 200);
	assert_int_equal(in.len, n);
	assert_memory_equal(buf_str(&in), want, n);
	assert_int_equal(buf_str(&in)[n], '\0');
	buf_finish(&in);
}

static struct buf
copied(const void *p, size_t n)
{
	struct buf out = { 0 };

	buf_append(&out, p, n);
	return out;
}

/* Text that is neither empty nor too easy. */
static struct buf
sample(size_t n)
{
	struct buf	b = { 0 };
	unsigned	v = 1;

	while (b.len < n) {
		v = v * 1103515245u + 12345u;
		buf_printf(&b, "{\"role\":\"user\",\"n\":%u}", v >> 20);
	}
	buf_truncate(&b, n);
	return b;
}

static void
test_known(void **state)
{
	static const char *const good[] = {
		NULL, "", " ", ",", "gzip", "GZip", "x-gzip", "deflate",
		"zstd", " zstd ", "identity", "Identity", "gzip, zstd",
		"zstd,gzip", "identity, gzip", "gzip,\tgzip", ",gzip,,"
	};
	static const char *const bad[] = {
		"br", "compress", "gzi", "gzipp", "gzip;q=1", "gzip, br",
		"br, gzip", "gzip, gzip, gzip", "\"gzip\"", "gzip zstdd",
		"\xff", "aes128gcm"
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!encoding_known(good[i]))
			fail_msg("%s", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		if (encoding_known(bad[i]))
			fail_msg("%s", bad[i]);
}

static void
test_forms(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 1000, 65535, 65536, 1000000 };
	struct buf	 text;
	const char	*p;
	size_t		 i, n;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		n = sizes[i];
		text = sample(n);
		p = buf_str(&text);
		expect(NULL, copied(p, n), p, n);
		expect("identity", copied(p, n), p, n);
		expect("gzip", deflated(GZIP, p, n), p, n);
		expect("X-Gzip", deflated(GZIP, p, n), p, n);
		expect("deflate", deflated(ZLIB, p, n), p, n);
		expect("deflate", deflated(BARE, p, n), p, n);
		expect("zstd", zstd(0, p, n), p, n);
		expect("zstd", zstd(23, p, n), p, n);
		buf_finish(&text);
	}
}

/* "a, b" means that a was applied first. */
static void
test_two(void **state)
{
	static const char text[] = "the body";
	struct buf	  in, twice;

	(void)state;
	in = deflated(GZIP, text, 8);
	twice = zstd(0, in.p, in.len);
	expect("gzip, identity, zstd", copied(twice.p, twice.len), text, 8);
	assert_int_equal(decode("zstd, gzip", &twice, MOST), 400);
	buf_finish(&twice);
	twice = deflated(GZIP, in.p, in.len);
	expect("gzip, x-gzip", twice, text, 8);
	buf_finish(&in);
}

/* Files in a row are one (RFC 1952, 2.2; RFC 8878, 3.1). */
static void
test_in_a_row(void **state)
{
	struct buf	all = { 0 }, one;
	int		i;

	(void)state;
	for (i = 0; i < 3; i++) {
		one = deflated(GZIP, i == 1 ? "" : "abc", i == 1 ? 0 : 3);
		buf_append(&all, one.p, one.len);
		buf_finish(&one);
	}
	expect("gzip", all, "abcabc", 6);
	all = (struct buf){ 0 };
	buf_append(&all, "\x50\x2a\x4d\x18\x02\0\0\0xx", 10);	/* skipped */
	for (i = 0; i < 3; i++) {
		one = zstd(0, "abc", 3);
		buf_append(&all, one.p, one.len);
		buf_finish(&one);
	}
	expect("zstd", all, "abcabcabc", 9);
}

/* Cut anywhere, changed anywhere, and with something behind. */
static void
check_damage(const char *header, struct buf whole, bool checksum)
{
	struct buf	in;
	size_t		i;
	int		status;

	for (i = 0; i < whole.len; i++) {
		in = copied(whole.p, i);
		assert_int_equal(decode(header, &in, MOST), 400);
		buf_finish(&in);
		in = copied(whole.p, whole.len);
		in.p[i] = (char)(in.p[i] ^ 0x55);
		status = decode(header, &in, MOST);
		/* The date and such in gzip's head don't matter. */
		if (checksum && i > 10)
			assert_int_equal(status, 400);
		else
			assert_true(status == 200 || status == 400);
		buf_finish(&in);
	}
	in = copied(whole.p, whole.len);
	buf_puts(&in, "behind");
	assert_int_equal(decode(header, &in, MOST), 400);
	buf_finish(&in);
	buf_finish(&whole);
}

static void
test_damage(void **state)
{
	struct buf text = sample(500);

	(void)state;
	check_damage("gzip", deflated(GZIP, text.p, text.len), true);
	check_damage("deflate", deflated(ZLIB, text.p, text.len), false);
	check_damage("deflate", deflated(BARE, text.p, text.len), false);
	check_damage("zstd", zstd(0, text.p, text.len), false);
	buf_finish(&text);
}

/* The largest that fits, and one byte more. */
static void
check_limit(const char *header, struct buf in, size_t n)
{
	struct buf copy = copied(in.p, in.len);

	assert_int_equal(decode(header, &copy, n), 200);
	assert_int_equal(copy.len, n);
	buf_finish(&copy);
	assert_int_equal(decode(header, &in, n - 1), 413);
	assert_true(in.cap <= 2 * n + 200000);
	buf_finish(&in);
}

static void
test_limit(void **state)
{
	static const size_t sizes[] = { 1, 1000, 65536, 131072, 300000 };
	struct buf	text;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(sizes); i++) {
		text = sample(sizes[i]);
		check_limit("gzip", deflated(GZIP, text.p, text.len), text.len);
		check_limit("deflate", deflated(ZLIB, text.p, text.len),
		    text.len);
		check_limit("deflate", deflated(BARE, text.p, text.len),
		    text.len);
		check_limit("zstd", zstd(0, text.p, text.len), text.len);
		buf_finish(&text);
	}
}

/* Sixty-four megabytes of zeros, packed once and twice; far too much window. */
static void
test_bombs(void **state)
{
	size_t		 n = 64u << 20;
	char		*zeros = xcalloc(1, n);
	struct buf	 in, twice;

	(void)state;
	in = deflated(GZIP, zeros, n);
	assert_true(in.len < 100000);
	twice = deflated(GZIP, in.p, in.len);
	assert_int_equal(decode("gzip", &in, MOST), 413);
	assert_int_equal(decode("gzip, gzip", &twice, MOST), 413);
	buf_finish(&in);
	buf_finish(&twice);
	in = zstd(0, zeros, n);
	assert_true(in.len < 10000);
	assert_int_equal(decode("zstd", &in, MOST), 413);
	buf_finish(&in);
	in = zstd(24, zeros, 1000);
	assert_int_equal(decode("zstd", &in, MOST), 400);
	buf_finish(&in);
	free(zeros);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_in_a_row),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_bombs)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
