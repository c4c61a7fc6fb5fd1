/* Bodies of which pieces are lent. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"

/* Bytes that differ, so that none can stand for another one. */
static char *
bytes(size_t n, unsigned seed)
{
	char	*p = xcalloc(n, 1);
	size_t	 i;

	for (i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		p[i] = (char)(seed >> 16);
	}
	return p;
}

/* Read from any byte on, in pieces of any size, it is what was put in. */
static void
check_copies(const struct body *b, const struct buf *want)
{
	static const size_t	steps[] = { 1, 7, 4096, 16384, 65536, 1 << 20 };
	struct buf		got = { 0 };
	size_t			i, from, n;

	assert_int_equal(body_len(b), want->len);
	buf_reserve(&got, want->len);
	for (i = 0; i < COUNT(steps); i++) {
		for (from = 0; (n = body_copy(b, from, got.p + from,
		    steps[i])) > 0; from += n)
			assert_true(n == steps[i] || from + n == want->len);
		assert_int_equal(from, want->len);
		assert_memory_equal(got.p, want->p, want->len);
	}
	for (from = 0; from < want->len; from += 997) {
		n = body_copy(b, from, got.p, want->len);
		assert_int_equal(n, want->len - from);
		assert_memory_equal(got.p, want->p + from, n);
	}
	assert_int_equal(body_copy(b, want->len, got.p, 1), 0);
	buf_finish(&got);
}

static void
test_pieces(void **state)
{
	static const size_t sizes[] = {
		0, 3, BODY_LENT_MIN, 5, BODY_LENT_MIN - 1, BODY_LENT_MIN + 1,
		60000, BODY_LENT_MIN, BODY_LENT_MIN, 11
	};
	struct body	b = { 0 };
	struct buf	want = { 0 };
	char		*lent[COUNT(sizes)];
	size_t		i;

	(void)state;
	check_copies(&b, &want);
	for (i = 0; i < COUNT(sizes); i++) {
		lent[i] = bytes(sizes[i] + 1, (unsigned)i);
		body_lend(&b, lent[i], sizes[i]);
		buf_append(&want, lent[i], sizes[i]);
		if (i % 2 == 0) {
			buf_puts(&b.own, "own");
			buf_puts(&want, "own");
		}
		check_copies(&b, &want);
	}
	assert_int_equal(b.nlent, BODY_LENT);
	body_settle(&b);
	for (i = 0; i < COUNT(sizes); i++)
		free(lent[i]);
	check_copies(&b, &want);
	assert_int_equal(b.nlent, 0);
	assert_string_equal(b.own.p + b.own.len - 11 - 3, want.p + want.len -
	    11 - 3);
	body_settle(&b);
	check_copies(&b, &want);
	body_finish(&b);
	buf_finish(&want);
}

/* What is large stays where it is, and the rest is as if nothing were lent. */
static void
test_splice(void **state)
{
	json_object	*model = json_object_new_string("m"), *obj;
	struct js_edit	 edits[] = {
		{ .key = "model", .value = model }, { .key = "n",
		.remove = true }, { .key = "user", .value = model }
	};
	struct buf	 text = { 0 }, want = { 0 }, parsed = { 0 };
	struct body	 b = { 0 };
	struct err	 err;
	char		 *p;

	(void)state;
	buf_puts(&text, "{\"n\":1, \"model\":\"x\" , \"messages\": [\"");
	p = xcalloc(30000, 1);
	memset(p, 'a', 30000);
	buf_append(&text, p, 30000);
	buf_puts(&text, "\"] ,\"null\":null,\"tools\":[\"");
	buf_append(&text, p, 30000);
	buf_puts(&text, "\"], \"stop\":[1 , 2]}");
	free(p);
	buf_append(&parsed, text.p, text.len);
	assert_true(js_parse_body(&parsed, &obj, &err));
	js_splice(text.p, text.len, edits, COUNT(edits), &want);
	js_splice_body(parsed.p, parsed.len, obj, true, edits, COUNT(edits),
	    &b);
	assert_int_equal(b.nlent, 2);
	assert_true(b.own.len < 200);
	assert_ptr_equal(b.lent[0].p, strchr(parsed.p, '['));
	check_copies(&b, &want);
	json_object_put(obj);
	json_object_put(model);
	body_finish(&b);
	buf_finish(&want);
	buf_finish(&text);
	buf_finish(&parsed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_splice),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
