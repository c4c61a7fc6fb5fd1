/* Copilot's quota as OpenAI's and Anthropic's headers. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/http.h"
#include "base/util.h"
#include "copilot/models.h"
#include "copilot/quota.h"

#define NOW 1781481600			/* 2026-06-15T00:00:00Z */

#define LIMIT(n)     "x-ratelimit-limit-requests: " n "\r\n"
#define REMAINING(n) "x-ratelimit-remaining-requests: " n "\r\n"
#define RESET(t)     "x-ratelimit-reset-requests: " t "\r\n"

static const struct {
	int		 line;
	const char	*snapshot, *want;
} cases[] = {
	/* As recorded. */
	{ __LINE__, "ent=4000&ov=0.0&ovPerm=true&rem=95.7&"
	    "rst=2026-07-01T00%3A00%3A00Z&totRem=3830.1",
	    LIMIT("4000") REMAINING("3830") RESET("384h0m0s") },
	{ __LINE__, "ent=-1&ov=0.0&ovPerm=false&rem=100.0", "" },
	/* In any order, without what is new, with what is not known. */
	{ __LINE__, "rem=50.0&xent=7&ent=300", LIMIT("300") REMAINING("150") },
	{ __LINE__, "ent=300&rem=0.9&rst=2026-06-15T00:06:00.123Z",
	    LIMIT("300") REMAINING("2") RESET("6m0s") },
	{ __LINE__, "ent=300&totRem=1&rst=2026-06-15T01%3a00%3a09Z",
	    LIMIT("300") REMAINING("1") RESET("1h0m9s") },
	{ __LINE__, "ent=300&totRem=1&rst=2026-06-15T00%3A00%3A00Z",
	    LIMIT("300") REMAINING("1") RESET("0s") },
	/* Used up; and when it still goes on. */
	{ __LINE__, "ent=50&ovPerm=false&rem=-3.5&totRem=-1.7",
	    LIMIT("50") REMAINING("0") },
	{ __LINE__, "ent=50&ovPerm=true&rem=0.0&totRem=0.0", "" },
	/* No such time, or one that is over. */
	{ __LINE__, "ent=50&totRem=9&rst=0001-01-01T00%3A00%3A00Z",
	    LIMIT("50") REMAINING("9") },
	{ __LINE__, "ent=50&totRem=9&rst=2026-06-14T23%3A59%3A59Z",
	    LIMIT("50") REMAINING("9") },
	/* Nonsense. */
	{ __LINE__, "", "" },
	{ __LINE__, "ent=&rem=", "" },
	{ __LINE__, "ent=many&rem=1", "" },
	{ __LINE__, "ent=nan&rem=1", "" },
	{ __LINE__, "ent=1e300&rem=1", "" },
	{ __LINE__, "ent=100", "" },
	{ __LINE__, "ent=100&totRem=x&rem=y", "" },
	{ __LINE__, "ent=0&rem=100", "" },
	{ __LINE__, "ent=9&totRem=8&rst=soon",
	    LIMIT("9") REMAINING("8") },
	{ __LINE__, "ent=9&totRem=8&rst=2026-07-01T00%3A00%3A00Z%0d%0aX%3A1",
	    LIMIT("9") REMAINING("8") RESET("384h0m0s") },
	{ __LINE__, "ent=9&totRem=8&rst=2026-07-01T00%3A00%3A00+00%3A00-and-"
	    "whatever-follows-that", LIMIT("9") REMAINING("8") },
};

static void
test_headers(void **state)
{
	struct buf	out = { 0 };
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_truncate(&out, 0);
		quota_headers(QUOTA_OPENAI, cases[i].snapshot, NOW, &out);
		if (strcmp(buf_str(&out), cases[i].want) != 0)
			fail_msg("line %d: got %s", cases[i].line,
			    buf_str(&out));
	}
	buf_finish(&out);
}

#define OF(what) "anthropic-ratelimit-requests-" what ": "

/* The same for Anthropic's clients; a time without its fraction. */
static void
test_anthropic(void **state)
{
	struct buf out = { 0 };

	(void)state;
	quota_headers(QUOTA_ANTHROPIC, "ent=300&rem=0.9&"
	    "rst=2026-06-15T00:06:00.123Z", NOW, &out);
	assert_string_equal(buf_str(&out), OF("limit") "300\r\n"
	    OF("remaining") "2\r\n" OF("reset") "2026-06-15T00:06:00Z\r\n");
	buf_truncate(&out, 0);
	quota_headers(QUOTA_ANTHROPIC, "ent=50&totRem=9&rst="
	    "0001-01-01T00%3A00%3A00Z", NOW, &out);
	assert_string_equal(buf_str(&out), OF("limit") "50\r\n"
	    OF("remaining") "9\r\n");
	buf_truncate(&out, 0);
	quota_headers(QUOTA_ANTHROPIC, "ent=-1&rem=100.0", NOW, &out);
	assert_string_equal(buf_str(&out), "");
	buf_finish(&out);
}

static char a[] = "a", b[] = "b", c[] = "c";
static struct model list[] = {
	{ .id = a, .premium = true }, { .id = b }
};
static const struct models models = { .list = list, .n = COUNT(list) };

/* What is noted for a call of a model when upstream says "head". */
static void
check_note(const char *model, const char *head, const char *want)
{
	struct http_reply	reply = { .status = 200 };
	struct buf		out = { 0 };

	buf_puts(&reply.head, head);
	/* The last call counts. */
	buf_puts(&out, LIMIT("1"));
	quota_note(QUOTA_OPENAI, &models, model, &reply, &out);
	assert_string_equal(buf_str(&out), want);
	buf_finish(&out);
	http_reply_finish(&reply);
}

static void
test_which(void **state)
{
	static const char both[] =
	    "x-quota-snapshot-chat: ent=50&totRem=5\n"
	    "x-quota-snapshot-premium_interactions: ent=300&totRem=30\n";

	(void)state;
	check_note(a, both, LIMIT("300") REMAINING("30"));
	check_note(b, both, LIMIT("50") REMAINING("5"));
	check_note(c, both, "");
	check_note(NULL, both, "");
	check_note(a, "x-quota-snapshot-premium_models: ent=7&totRem=6\n",
	    LIMIT("7") REMAINING("6"));
	check_note(a, "x-quota-snapshot-chat: ent=50&totRem=5\n", "");
	check_note(b, "", "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_anthropic),
		cmocka_unit_test(test_which)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
