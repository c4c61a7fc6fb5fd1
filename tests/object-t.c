/* The JSON object in what a model says: whole, and byte by byte. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"
#include "turn/object.h"

/* What comes out, and what is left when there is no object. */
static const struct {
	int		 line;
	const char	*in, *out, *rest;
} cases[] = {
	{ __LINE__, "{\"a\":1}", "{\"a\":1}", NULL },
	{ __LINE__, " \n{\"a\":1}\n", "{\"a\":1}", NULL },
	{ __LINE__, "```json\n{\"a\":1}\n```", "{\"a\":1}", NULL },
	{ __LINE__, "```\n{}\n```\n", "{}", NULL },
	{ __LINE__, "Here it is:\n\n```json\n{\n  \"a\": [1, {\"b\": 2}]\n}\n```\n"
	    "Is {\"that\":1} all?", "{\n  \"a\": [1, {\"b\": 2}]\n}", NULL },
	/* Braces and quotes in strings, and escaped ones. */
	{ __LINE__, "{\"a\":\"}\\\"}{\\\\\"} x", "{\"a\":\"}\\\"}{\\\\\"}", NULL },
	{ __LINE__, "{\"a\":\"```\"}```", "{\"a\":\"```\"}", NULL },
	{ __LINE__, "{\"\xc3\xa9\":\"\xf0\x9f\x99\x82\"}",
	    "{\"\xc3\xa9\":\"\xf0\x9f\x99\x82\"}", NULL },
	/* A brace in a sentence begins nothing. */
	{ __LINE__, "For {you}, { }: {x} {  \"a\":1}", "{ }", NULL },
	{ __LINE__, "For {you}: {\t\r\n \"a\" : 1 } .", "{\t\r\n \"a\" : 1 }",
	    NULL },
	/* Cut off: what is there is told. */
	{ __LINE__, "```json\n{\"a\":\"b", "{\"a\":\"b", NULL },
	/* No object: the text is the answer. */
	{ __LINE__, "I can't do that.", "", "I can't do that." },
	{ __LINE__, "{ ", "", "{ " },
	{ __LINE__, "[1,2]", "", "[1,2]" },
	{ __LINE__, "", "", NULL },
};

static void
check(int line, const char *in, size_t piece, const char *out,
    const char *rest)
{
	struct object	 j = { 0 };
	const struct buf	*left;
	struct buf		 got = { 0 };
	size_t			 i, n = strlen(in), k;

	for (i = 0; i < n; i += k) {
		k = n - i < piece ? n - i : piece;
		object_feed(&j, in + i, k, &got);
	}
	left = object_rest(&j);
	if (strcmp(buf_str(&got), out) != 0 ||
	    strcmp(left != NULL ? left->p : "", rest != NULL ? rest : "") != 0)
		fail_msg("line %d, by %zu: got \"%s\", left \"%s\"", line,
		    piece, buf_str(&got), left != NULL ? left->p : "");
	object_finish(&j);
	buf_finish(&got);
}

static void
test_cases(void **state)
{
	size_t i, piece;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		for (piece = 1; piece < 80; piece++)
			check(cases[i].line, cases[i].in, piece, cases[i].out,
			    cases[i].rest);
}

/* Nothing is held back for ever, and spaces cost no more than letters. */
static void
test_long_prose(void **state)
{
	struct object	j = { 0 };
	struct buf		out = { 0 };
	size_t			i, n = 1 << 19;

	(void)state;
	object_feed(&j, "{", 1, &out);
	for (i = 1; i < n; i++)
		object_feed(&j, i % 1000 == 0 ? "{" : " ", 1, &out);
	assert_int_equal(out.len, n);
	assert_null(object_rest(&j));
	object_finish(&j);
	buf_finish(&out);
}

/* How much is looked at doesn't depend on where the pieces end. */
static void
test_bound(void **state)
{
	static const char	object[] = "{\"a\":1}";
	struct object	j = { 0 };
	struct buf		text = { 0 }, out = { 0 };
	size_t			bound = 256 << 10, at, first;

	(void)state;
	for (at = bound - 3; at <= bound + 1; at++) {
		buf_truncate(&text, 0);
		while (text.len < at)
			buf_putc(&text, '.');
		buf_append(&text, object, sizeof(object) - 1);
		for (first = at - 5; first <= text.len; first++) {
			object_feed(&j, text.p, first, &out);
			object_feed(&j, text.p + first, text.len - first,
			    &out);
			assert_string_equal(out.p, at + 2 <= bound ? object :
			    text.p);
			assert_null(object_rest(&j));
			object_finish(&j);
			buf_truncate(&out, 0);
		}
	}
	buf_finish(&text);
	buf_finish(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_long_prose),
		cmocka_unit_test(test_bound)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
