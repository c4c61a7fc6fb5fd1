/*
 * Tokens of text. tests/data/tokens.json has texts of many scripts and what
 * tiktoken makes of them, a text a line: by o200k_base, by cl100k_base.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "api/vocabulary.h"
#include "base/js.h"
#include "base/util.h"

struct wanted {
	json_object	*ids;
	size_t		 n;
};

static void
compare(void *arg, int64_t token)
{
	struct wanted *w = arg;

	assert_int_equal(token, json_object_get_int64(
	    json_object_array_get_idx(w->ids, w->n++)));
}

static void
check(const struct vocabulary *v, json_object *text, json_object *ids)
{
	struct wanted	w = { ids, 0 };
	const char	*s = json_object_get_string(text);
	size_t		n = (size_t)json_object_get_string_len(text);

	assert_int_equal(vocabulary_encode(v, s, n, compare, &w),
	    js_len(ids));
	assert_int_equal(vocabulary_encode(v, s, n, NULL, NULL), js_len(ids));
}

static void
test_texts(void **state)
{
	const char	*dir = getenv("top_srcdir");
	char		 path[4096], line[16384];
	json_object	*row;
	FILE		*f;
	int		 n = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/data/tokens.json",
	    dir != NULL ? dir : ".");
	assert_non_null(f = fopen(path, "r"));
	for (; fgets(line, sizeof(line), f) != NULL; n++) {
		line[strcspn(line, "\n")] = '\0';
		row = js_parse_quiet(line, strlen(line));
		check(&vocabulary_o200k, json_object_array_get_idx(row, 0),
		    json_object_array_get_idx(row, 1));
		check(&vocabulary_cl100k, json_object_array_get_idx(row, 0),
		    json_object_array_get_idx(row, 2));
		json_object_put(row);
	}
	fclose(f);
	assert_int_equal(n, 151);
}

/* The time is that of the length: a megabyte of letters, of spaces, of both. */
static void
test_long(void **state)
{
	const size_t	 n = 1u << 20;
	char		*text = xmalloc(n);
	const char	*fill[] = { "a", " ", "aB", "\n", "=", "7" };
	size_t		 i, k;

	(void)state;
	for (k = 0; k < COUNT(fill); k++) {
		for (i = 0; i < n; i++)
			text[i] = fill[k][i % strlen(fill[k])];
		assert_in_range(vocabulary_encode(&vocabulary_o200k, text, n,
		    NULL, NULL), n / 128, n);
	}
	free(text);
}

static double
seconds_for(const char *fill, size_t n)
{
	char	*text = xmalloc(n);
	size_t	 i;
	clock_t	 from;

	for (i = 0; i < n; i++)
		text[i] = fill[i % strlen(fill)];
	from = clock();
	vocabulary_encode(&vocabulary_o200k, text, n, NULL, NULL);
	free(text);
	return (double)(clock() - from) / CLOCKS_PER_SEC;
}

/* Four times the text takes four times the time, not sixteen times. */
static void
test_time(void **state)
{
	const char	*fill[] = { " ", "A", "-" };
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(fill); i++)
		assert_true(seconds_for(fill[i], 2u << 20) <
		    9 * seconds_for(fill[i], 512u << 10));
}

/* What was cut within a character ends with it. */
static void
test_broken(void **state)
{
	static const char *const texts[] = { "\xe3", "a\xf0\x9f", "\xff\xfe" };
	size_t i;

	(void)state;
	assert_int_equal(vocabulary_encode(&vocabulary_o200k, "", 0, NULL,
	    NULL), 0);
	for (i = 0; i < COUNT(texts); i++)
		assert_in_range(vocabulary_encode(&vocabulary_o200k, texts[i],
		    strlen(texts[i]), NULL, NULL), 1, strlen(texts[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_broken)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
