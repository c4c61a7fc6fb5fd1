/*
 * Tokens back into text. tests/data/cl100k.json and tokens.json have texts and
 * their tokens, one a line, as tiktoken makes them.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/input-tokens.h"
#include "api/tokens.h"
#include "api/vocabulary.h"
#include "base/budget.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"

/* Of all tokens and their lengths, from another copy of the vocabulary. */
#define ALL_HASH 0x25c33973975e293cu

/* Does the text come out of the tokens? */
static void
check_ids(const struct vocabulary *v, json_object *text, json_object *ids)
{
	struct buf	 bytes = { 0 }, out = { 0 };
	size_t		 i;

	assert_true(js_len(ids) > 0);
	for (i = 0; i < js_len(ids); i++)
		assert_true(vocabulary_decode(v, json_object_get_int64(
		    json_object_array_get_idx(ids, i)), &bytes));
	text_utf8_repair(bytes.p, bytes.len, &out);
	assert_int_equal(out.len, json_object_get_string_len(text));
	assert_memory_equal(out.p, json_object_get_string(text), out.len);
	buf_finish(&bytes);
	buf_finish(&out);
}

/* A line: a text, its tokens by the first vocabulary, by the second, if any. */
static void
check_line(const char *line, const struct vocabulary *const v[])
{
	json_object	*row = js_parse_quiet(line, strlen(line));
	size_t		 i;

	for (i = 0; v[i] != NULL; i++)
		check_ids(v[i], json_object_array_get_idx(row, 0),
		    json_object_array_get_idx(row, i + 1));
	json_object_put(row);
}

static void
check_file(const char *name, const struct vocabulary *const v[], int lines)
{
	const char	*dir = getenv("top_srcdir");
	char		 path[4096], line[16384];
	FILE		*f;
	int		 n = 0;

	snprintf(path, sizeof(path), "%s/tests/data/%s",
	    dir != NULL ? dir : ".", name);
	assert_non_null(f = fopen(path, "r"));
	for (; fgets(line, sizeof(line), f) != NULL; n++) {
		line[strcspn(line, "\n")] = '\0';
		check_line(line, v);
	}
	fclose(f);
	assert_int_equal(n, lines);
}

static void
test_texts(void **state)
{
	static const struct vocabulary *const one[] = {
		&vocabulary_cl100k, NULL
	};
	static const struct vocabulary *const two[] = {
		&vocabulary_o200k, &vocabulary_cl100k, NULL
	};

	(void)state;
	check_file("cl100k.json", one, 20);
	check_file("tokens.json", two, 151);
}

static void
test_all_tokens(void **state)
{
	uint64_t	h = 14695981039346656037u;	/* FNV-1a */
	struct buf	out = { 0 };
	int64_t		id;
	size_t		i;

	(void)state;
	for (id = 0; id < 100256; id++) {
		buf_truncate(&out, 0);
		assert_true(vocabulary_decode(&vocabulary_cl100k, id, &out));
		assert_in_range(out.len, 1, 128);
		buf_putc(&out, (char)out.len);
		for (i = 0; i < out.len; i++)
			h = (h ^ (unsigned char)out.p[i]) * 1099511628211u;
	}
	assert_true(h == ALL_HASH);
	buf_finish(&out);
}

static void
test_no_tokens(void **state)
{
	static const int64_t bad[] = {
		-1, 100256, 100261, 100275, 100277, 200000, INT32_MAX,
		(int64_t)1 << 32, INT64_MAX, INT64_MIN
	};
	struct buf	out = { 0 };
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		assert_false(vocabulary_decode(&vocabulary_cl100k, bad[i],
		    &out));
		assert_int_equal(vocabulary_decode(&vocabulary_o200k, bad[i],
		    &out), bad[i] >= 100256 && bad[i] < 199998);
		buf_truncate(&out, 0);
	}
	assert_true(vocabulary_decode(&vocabulary_o200k, 199999, &out));
	assert_string_equal(buf_str(&out), "<|endoftext|>");
	buf_finish(&out);
}

static void
test_models(void **state)
{
	static const char *const older[] = {
		"gpt-4", "gpt-4-0613", "gpt-4-turbo", "gpt-3.5-turbo"
	};
	static const char *const newer[] = {
		"gpt-4o", "gpt-4.1", "gpt-41-copilot", "gpt-4-o-preview",
		"gpt-5.4", "o3", "claude-sonnet-4.6"
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(older); i++)
		assert_string_equal(vocabulary_name(vocabulary_of(older[i])),
		    "cl100k_base");
	for (i = 0; i < COUNT(newer); i++)
		assert_string_equal(vocabulary_name(vocabulary_of(newer[i])),
		    "o200k_base");
}

/* --- Memory. */

struct payer {
	struct budget		*budget;
	struct budget_account	 account;
};

static void
payer_begin(struct payer *p, int64_t most)
{
	*p = (struct payer){ .budget = budget_create() };
	p->account.holder = budget_holder(p->budget, NULL, 100);
	budget_limit(p->budget, most, 1);
	budget_enter(&p->account);
}

static void
payer_end(struct payer *p)
{
	budget_leave();
	budget_close(&p->account);
	budget_destroy(p->budget);
}

/* The first token that is as long as one can be. */
static int64_t
longest(const struct vocabulary *v)
{
	int64_t id = 0;

	while (vocabulary_bytes(v, id) < VOCABULARY_TOKEN_MAX)
		id++;
	return id;
}

static void
test_bytes(void **state)
{
	const struct vocabulary	*v = &vocabulary_o200k;
	struct buf		 out = { 0 };
	int64_t			 id;

	(void)state;
	for (id = -1; id < 201000; id += 17) {
		buf_truncate(&out, 0);
		vocabulary_decode(v, id, &out);
		assert_int_equal(vocabulary_bytes(v, id), out.len);
	}
	assert_int_equal(vocabulary_bytes(v, 199999), 13);
	buf_finish(&out);
}

/* A token of seven bytes in a request can be 128 of text: they are paid. */
static void
test_text_is_paid(void **state)
{
	const struct vocabulary	*v = &vocabulary_o200k;
	struct tokens		 t = { .vocabulary = v, .max = 1000 };
	json_object		*list = json_object_new_array(), *text;
	struct payer		 p;
	struct err		 err;
	int			 i;

	(void)state;
	for (i = 0; i < 1000; i++)
		json_object_array_add(list, json_object_new_int64(longest(v)));
	payer_begin(&p, 100000);
	assert_null(tokens_text(&t, list, "prompt", &err));
	assert_int_equal(err.status, 503);
	assert_true(p.account.refused);
	assert_int_equal(t.bytes.cap, 0);
	payer_end(&p);
	payer_begin(&p, 1000000);
	text = tokens_text(&t, list, "prompt", &err);
	assert_int_equal(json_object_get_string_len(text), 128000);
	assert_true(p.account.held >= t.bytes.len + t.text.len + 128000);
	payer_end(&p);
	json_object_put(text);
	json_object_put(list);
	tokens_finish(&t);
}

/* So is the copy of a request whose tokens are counted. */
static void
test_count_is_paid(void **state)
{
	json_object	*obj = json_object_new_object();
	struct buf	 text = { 0 };
	struct payer	 p;
	int		 i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf_puts(&text, "word ");
	js_add_str(obj, "input", text.p);
	payer_begin(&p, 1000000);
	assert_in_range(input_tokens(obj, "gpt-5"), 1000, 1100);
	assert_true(p.account.peak >= text.len);
	payer_end(&p);
	payer_begin(&p, 2000);
	assert_int_equal(input_tokens(obj, "gpt-5"), 0);
	assert_true(p.account.refused);
	payer_end(&p);
	json_object_put(obj);
	buf_finish(&text);
}

/* Bytes, and what Python's decode("utf-8", "replace") makes of them. */
#define R "\xef\xbf\xbd"
static const struct {
	const char	*bytes, *text;
} broken[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "\xc3", R },
	{ "\xc3x", R "x" },
	{ "\x80", R },
	{ "\x80\xbf", R R },
	{ "\xff\xfe", R R },
	{ "\xc0\x80", R R },
	{ "\xe3\x81", R },
	{ "\xe3\x81\xe3\x81\x82", R "\xe3\x81\x82" },
	{ "\xe3\x81x", R "x" },
	{ "\xe0\x80\x80", R R R },
	{ "\xed\xa0\x80", R R R },
	{ "\xf0\x9f\x91", R },
	{ "\xf0\x9f\x91\xf0\x9f\x91\x8d", R "\xf0\x9f\x91\x8d" },
	{ "\xf0\x80\x80\x80", R R R R },
	{ "\xf0\x9f", R },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "\xf4\x90\x80\x80", R R R R },
	{ "\xf5\x80", R R },
	{ "a\xf0\x9f\x98" "b\xe2\x82", "a" R "b" R },
	{ "\xf0\x9f\x98\xe2\x82\x80\x80", R "\xe2\x82\x80" R }
};

static void
test_broken_characters(void **state)
{
	struct buf	 out = { 0 };
	size_t		 i, n;
	char		*copy;

	(void)state;
	for (i = 0; i < COUNT(broken); i++) {
		n = strlen(broken[i].bytes);
		copy = malloc(n > 0 ? n : 1);	/* for the sanitizer */
		assert_non_null(copy);
		memcpy(copy, broken[i].bytes, n);
		buf_truncate(&out, 0);
		text_utf8_repair(copy, n, &out);
		assert_string_equal(buf_str(&out), broken[i].text);
		assert_int_equal(text_utf8_prefix(buf_str(&out), out.len),
		    out.len);
		free(copy);
	}
	buf_finish(&out);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_all_tokens),
		cmocka_unit_test(test_no_tokens),
		cmocka_unit_test(test_models),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_text_is_paid),
		cmocka_unit_test(test_count_is_paid),
		cmocka_unit_test(test_broken_characters)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
