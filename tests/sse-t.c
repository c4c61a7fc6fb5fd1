/* Unit tests of sse.c: every input whole, in two pieces and byte by byte. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/sse.h"
#include "base/util.h"

/* Prints an event so that a difference shows: "name|data;" or "!data;". */
static bool
note(const struct sse_event *ev, void *arg)
{
	struct buf *out = arg;

	assert_int_equal(ev->data[ev->len], '\0');
	if (ev->bare)
		buf_putc(out, '!');
	if (ev->name != NULL) {
		buf_puts(out, ev->name);
		buf_putc(out, '|');
	}
	buf_append(out, ev->data, ev->len);
	buf_putc(out, ';');
	return true;
}

/* Feeds the input in pieces, a first one and then pieces of one size. */
static bool
run(const char *in, size_t n, size_t first, size_t size, size_t max,
    struct buf *out)
{
	struct sse	 s = { .max = max };
	size_t		 at = 0, len;
	bool		 ok = true;
	char		*piece;

	while (ok && at < n) {
		len = at == 0 && first > 0 ? first : size;
		if (len > n - at)
			len = n - at;
		/* A copy of its own, so that a read too far is noticed. */
		piece = xmalloc(len);
		memcpy(piece, in + at, len);
		ok = sse_feed(&s, piece, len, note, out);
		free(piece);
		at += len;
	}
	if (ok)
		ok = sse_end(&s, note, out);
	if (!ok)
		assert_true(sse_too_large(&s));
	sse_finish(&s);
	return ok;
}

static void
check(int line, const char *in, size_t n, size_t max, bool want_ok,
    const char *want, size_t wantlen)
{
	struct buf	out = { 0 };
	size_t		i;
	bool		ok;

	for (i = 0; i <= n; i++) {
		/* i == 0: byte by byte; i == n: whole; else cut at i. */
		ok = run(in, n, i, i == 0 ? 1 : n, max, &out);
		if (ok != want_ok || out.len != wantlen ||
		    memcmp(buf_str(&out), want, wantlen) != 0)
			fail_msg("line %d, cut at %zu: got %d \"%s\"", line, i,
			    ok, buf_str(&out));
		buf_truncate(&out, 0);
	}
	buf_finish(&out);
}

#define EVENTS(in, want) \
	check(__LINE__, in, sizeof(in) - 1, 1000, true, want, sizeof(want) - 1)
#define TOO_LARGE(in, max, want) \
	check(__LINE__, in, sizeof(in) - 1, max, false, want, sizeof(want) - 1)
#define FITS(in, max, want) \
	check(__LINE__, in, sizeof(in) - 1, max, true, want, sizeof(want) - 1)

static void
test_fields(void **state)
{
	(void)state;
	EVENTS("", "");
	EVENTS("\n\n\n", "");
	EVENTS("data: a\n\n", "a;");
	EVENTS("data:a\n\ndata:  b\n\n", "a; b;");
	EVENTS("data: a\ndata: b\n\n", "a\nb;");
	EVENTS("data\n\n", ";");
	EVENTS("data:\ndata:\n\n", "\n;");
	EVENTS("event: x\ndata: a\n\n", "x|a;");
	EVENTS("data: a\nevent: x\n\n", "x|a;");
	EVENTS("event: x\nevent: y\ndata: a\n\n", "y|a;");
	EVENTS("event: x\n\ndata: a\n\n", "a;");
	EVENTS("event:\ndata: a\n\n", "|a;");
	EVENTS("id: 7\nretry: 10\ndata: a\n\n", "a;");
	EVENTS("database: a\ndatab\neventual: x\n\n", "");
	EVENTS(": comment\n\ndata: a\n: another\n\n:\n", "a;");
	EVENTS("data: [DONE]\n\n", "[DONE];");
	EVENTS("data: a:b: c\n\n", "a:b: c;");
}

static void
test_line_ends(void **state)
{
	(void)state;
	EVENTS("data: a\r\n\r\ndata: b\r\n\r\n", "a;b;");
	EVENTS("data: a\r\rdata: b\r\r", "a;b;");
	EVENTS("data: a\n\r\ndata: b\r\n\n", "a;b;");
	EVENTS("data: a\r\ndata: b\rdata: c\n\n", "a\nb\nc;");
	EVENTS("\r\n\r\r\n\n\r", "");
	EVENTS("event: x\r\n\r\ndata: a\r\n", "a;");
}

static void
test_bytes(void **state)
{
	(void)state;
	EVENTS("\xef\xbb\xbf" "data: a\n\n", "a;");
	EVENTS("\xef\xbb\xbf\n\xef\xbb\xbf" "data: a\n\n", "");
	EVENTS("data: \xc3\xa9\xf0\x9f\x98\x80\n\n", "\xc3\xa9\xf0\x9f\x98\x80;");
	EVENTS("data: a\0b\n\n", "a\0b;");
	EVENTS("event: \xc3\xa9\ndata: a\n\n", "\xc3\xa9|a;");
	EVENTS("event: e\xff\ndata: a\n\n", "a;");
	EVENTS("event: b\nevent: \xc3\ndata: a\n\n", "a;");
	EVENTS("event: a\0b\ndata: a\n\n", "a;");
	EVENTS("data: \xff\xfe\n\n", "\xff\xfe;");
}

static void
test_end_of_input(void **state)
{
	(void)state;
	EVENTS("data: a", "a;");
	EVENTS("data: a\n", "a;");
	EVENTS("data: a\r", "a;");
	EVENTS("event: x\ndata: a", "x|a;");
	EVENTS("event: x", "");
	EVENTS("data: a\n\ndat", "a;");
}

static void
test_bare_json(void **state)
{
	(void)state;
	EVENTS("{\"error\":1}", "!{\"error\":1};");
	EVENTS("{\"error\":1}\n", "!{\"error\":1};");
	EVENTS("data: a\n\n{\"e\":1}\r\n\r\n", "a;!{\"e\":1};");
	EVENTS("data: a\n{\"e\":1}\n\ndata: b\n\n", "a;!{\"e\":1};b;");
	EVENTS("event: error\n{\"e\":1}\n\n", "!error|{\"e\":1};");
	EVENTS("oops\n\nInternal Server Error", "");
}

static void
test_partial(void **state)
{
	struct sse	s = { .max = 100 };
	struct buf	out = { 0 };

	(void)state;
	assert_false(sse_partial(&s));
	assert_true(sse_feed(&s, "data: a\n\n", 9, note, &out));
	assert_false(sse_partial(&s));
	assert_true(sse_feed(&s, "d", 1, note, &out));
	assert_true(sse_partial(&s));
	assert_true(sse_feed(&s, "ata: b\n", 7, note, &out));
	assert_true(sse_partial(&s));
	assert_true(sse_feed(&s, "\r", 1, note, &out));
	assert_false(sse_partial(&s));
	assert_string_equal(buf_str(&out), "a;b;");
	assert_true(sse_feed(&s, "event: x\n", 9, note, &out));
	assert_true(sse_partial(&s));
	assert_false(sse_too_large(&s));
	sse_finish(&s);
	buf_finish(&out);
}

/* The limit counts an event, not the stream, and is the same for any split. */
static void
test_limit(void **state)
{
	(void)state;
	FITS("data: 56789\n\ndata: 56789\n\n", 11, "56789;56789;");
	TOO_LARGE("data: 56789\n\n", 10, "");
	TOO_LARGE("data: a\n\ndata: 567890\n\n", 11, "a;");
	TOO_LARGE("data: 5678\ndata: 5678\n\n", 13, "");
	FITS("data: 5678\ndata: 5678\n\n", 15, "5678\n5678;");
	TOO_LARGE(": a long comment without end", 10, "");
	TOO_LARGE("{\"a\":\"567890\"}\n", 10, "");
	TOO_LARGE("event: abcdef\n", 10, "");
	TOO_LARGE("data: a", 0, "");
}

static void
test_too_large_stays(void **state)
{
	struct sse	s = { .max = 8 };
	struct buf	out = { 0 };
	char		big[4096];

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_false(sse_feed(&s, big, sizeof(big), note, &out));
	assert_true(sse_too_large(&s));
	assert_true(s.line.len <= 9);
	assert_false(sse_feed(&s, "\n\ndata: a\n\n", 11, note, &out));
	assert_false(sse_end(&s, note, &out));
	assert_int_equal(out.len, 0);
	sse_finish(&s);
}

static bool
stop_at_b(const struct sse_event *ev, void *arg)
{
	note(ev, arg);
	return strcmp(ev->data, "b") != 0;
}

static void
test_stop(void **state)
{
	static const char in[] = "data: a\n\ndata: b\n\ndata: c\n\n";
	struct sse	  s = { .max = 100 };
	struct buf	  out = { 0 };

	(void)state;
	assert_false(sse_feed(&s, in, sizeof(in) - 1, stop_at_b, &out));
	assert_false(sse_too_large(&s));
	assert_string_equal(buf_str(&out), "a;b;");
	sse_finish(&s);
	buf_finish(&out);
}

/* Memory of one huge event isn't kept for the rest of a long stream. */
static void
test_memory_is_given_back(void **state)
{
	struct sse	s = { .max = 4 << 20 };
	struct buf	out = { 0 }, in = { 0 };
	size_t		i;

	(void)state;
	buf_puts(&in, "data: ");
	for (i = 0; i < 1 << 20; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\n\n");
	for (i = 0; i < in.len; i += 1000)
		assert_true(sse_feed(&s, in.p + i,
		    in.len - i < 1000 ? in.len - i : 1000, note, &out));
	assert_int_equal(out.len, (1 << 20) + 1);
	assert_true(s.line.cap + s.data.cap <= 4 * 65536);
	sse_finish(&s);
	buf_finish(&in);
	buf_finish(&out);
}

/* Nothing but line ends, in the kinds that tempt a scanner to look twice. */
static void
test_linear(void **state)
{
	static const char kinds[] = "\r\n";
	struct sse	  s = { .max = 100 };
	struct buf	  out = { 0 };
	size_t		  n = 4 << 20, k;
	char		 *p = xmalloc(n);
	clock_t		  began = clock();

	(void)state;
	for (k = 0; k < 2; k++) {
		memset(p, kinds[k], n);
		assert_true(sse_feed(&s, p, n, note, &out));
	}
	assert_int_equal(out.len, 0);
	assert_true(clock() - began < 20 * CLOCKS_PER_SEC);
	free(p);
	sse_finish(&s);
}

static void
test_put(void **state)
{
	struct buf out = { 0 };

	(void)state;
	sse_put(&out, NULL, "{}", 2);
	sse_put(&out, "x", "a\nb\r\nc\rd", 8);
	sse_put(&out, "y\nz: 1", "", 0);
	assert_string_equal(buf_str(&out), "data: {}\n\n"
	    "event: x\ndata: a\ndata: b\ndata: c\ndata: d\n\n"
	    "event: y\ndata: \n\n");
	buf_finish(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_end_of_input),
		cmocka_unit_test(test_bare_json),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_too_large_stays),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_memory_is_given_back),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_put),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
