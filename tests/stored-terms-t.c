/* Errors about "input" in the client's terms. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "turn/terms.h"
#include "base/err.h"
#include "base/text.h"
#include "base/util.h"

#define BY "previous_response_id"

/* What is said of an item when three were restored before the client's. */
static const struct {
	int		 line;
	const char	*text, *want;
} cases[] = {
	{ __LINE__, "", "" },
	{ __LINE__, "input", "input" },
	{ __LINE__, "input[3]", "input[0]" },
	{ __LINE__, "input[2]", BY },
	{ __LINE__, "input[0].content[1].image_url", BY },
	{ __LINE__, "input[12].content[1].image_url",
	    "input[9].content[1].image_url" },
	/* In a sentence, whose full stop stays. */
	{ __LINE__, "Invalid value: 'input[4].role'.",
	    "Invalid value: 'input[1].role'." },
	{ __LINE__, "Invalid input[1].role.", "Invalid " BY "." },
	{ __LINE__, "Invalid input[1]. Try again.",
	    "Invalid " BY ". Try again." },
	/* Several, of both kinds. */
	{ __LINE__, "input[5] answers input[1].call_id, not input[4].",
	    "input[2] answers " BY ", not input[1]." },
	/* Nothing of ours, or not a number that we know. */
	{ __LINE__, "input[]", "input[]" },
	{ __LINE__, "input[3", "input[3" },
	{ __LINE__, "input[x]", "input[x]" },
	{ __LINE__, "input[-1]", "input[-1]" },
	{ __LINE__, "input[ 4]", "input[ 4]" },
	{ __LINE__, "my_input[4] item.input[4] xinput[4]",
	    "my_input[4] item.input[4] xinput[4]" },
	{ __LINE__, "input[00004]", "input[1]" },
	{ __LINE__, "input[999999999]", "input[999999996]" },
	{ __LINE__, "input[99999999999999999999999999]",
	    "input[99999999999999999999999999]" },
	{ __LINE__, "input[4294967296]", "input[4294967296]" },
	{ __LINE__, "\xc3\xa9 input[3] \xe6\xbc\xa2", "\xc3\xa9 input[0] "
	    "\xe6\xbc\xa2" },
};

static void
test_cases(void **state)
{
	struct err	err;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		err_set(&err, 400, ERR_REQUEST, NULL, "p", "%s",
		    cases[i].text);
		terms_shift("input", 3, BY, &err);
		if (strcmp(err.msg, cases[i].want) != 0)
			fail_msg("line %d: %s", cases[i].line, err.msg);
	}
}

static void
test_both_places(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, 400, ERR_REQUEST, NULL, "input[7].id",
	    "Bad input[7].id.");
	terms_shift("input", 7, "conversation", &err);
	assert_string_equal(err.param, "input[0].id");
	assert_string_equal(err.msg, "Bad input[0].id.");
	terms_shift("input", 0, "conversation", &err);
	assert_string_equal(err.param, "input[0].id");
	terms_shift("input", 1, "conversation", &err);
	assert_string_equal(err.param, "conversation");
	assert_string_equal(err.msg, "Bad conversation.");
}

/* It grows: what no longer fits is cut off at a character. */
static void
test_it_fits(void **state)
{
	struct err	err;
	size_t		shift, n, len;

	(void)state;
	for (shift = 0; shift < 4; shift++) {
		err_set(&err, 400, ERR_REQUEST, NULL, NULL, "%.*s",
		    (int)shift, "xxx");
		n = strlen(err.msg);
		while (n + 10 < sizeof(err.msg))
			n += (size_t)snprintf(err.msg + n,
			    sizeof(err.msg) - n, "input[0]\xc3\xa9");
		terms_shift("input", 1, BY, &err);
		len = strlen(err.msg);
		assert_true(len < sizeof(err.msg) &&
		    len + 4 > sizeof(err.msg));
		assert_int_equal(text_utf8_prefix(err.msg, len), len);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_both_places),
		cmocka_unit_test(test_it_fits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
