/*
 * Whole Messages of the usual form are made the client's as texts, all others
 * by their trees: the same must come of both. A name that comes twice is
 * nothing usual, and the same where it says the same.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answer-run.h"
#include "base/js.h"
#include "base/util.h"
#include "change.h"
#include "messages/native-answer.h"
#include "messages/usual-answer.h"


#define LONG "a text of some length, so that it has a mark and waits in the tree"
#define HEAD "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\"," \
	"\"model\":\"claude-sonnet-4.6\","
#define USAGE "\"usage\":{\"input_tokens\":8,\"cache_creation_input_tokens\":" \
	"3,\"cache_read_input_tokens\":0,\"output_tokens\":7,\"cache_creation" \
	"\":{\"ephemeral_5m_input_tokens\":3},\"service_tier\":\"standard\"}"
#define BILL "\"copilot_usage\":{\"total_nano_aiu\":8262952500," \
	"\"token_details\":[{\"token_type\":\"input\",\"token_count\":8," \
	"\"model\":\"claude\"},{\"token_type\":\"cache_write\"," \
	"\"token_count\":3},{\"token_type\":\"output\",\"token_count\":7}]}"

static const char *const answers[] = {
	HEAD "\"content\":[{\"type\":\"text\",\"text\":\"" LONG "\"}],"
	    "\"stop_reason\":\"end_turn\",\"stop_sequence\":null," USAGE ","
	    BILL "}",
	HEAD "\"content\":[{\"type\":\"thinking\",\"thinking\":\"a\\u003cb\","
	    "\"signature\":\"" LONG "\"},{\"type\":\"tool_use\",\"id\":"
	    "\"toolu_1\",\"name\":\"read\",\"input\":{\"path\":\"" LONG "\","
	    "\"n\":1.50}}],\"copilot_x\":[1],\"stop_reason\":\"tool_use\","
	    USAGE ",\"stop_sequence\":null}",
	HEAD BILL ",\"content\":[],\"usage\":{\"input_tokens\":1,"
	    "\"output_tokens\":2,\"copilot_y\":{}},\"container\":null}",
};

/* Values and names that somebody looks for, to be put anywhere. */
static const char *const odd[] = {
	"null", "true", "0", "7", "3000000000", "-1", "1.5", "1e2", "-0",
	"12345678901234567890", "\"\"", "\"\\u0020\"", "[]", "{}", "\"x\"",
	"\"a\\u0000b\"", "\"\\ud83d\"", "\"\\/\"", "\"" LONG "\"",
	"\"" LONG "\\/\\u00e9\"", "[\"" LONG "\"]", "[ 1 , 2 ]", "\"error\"",
	"\"message\"", "\"m\\u0065ssage\"", "{\"copilot_x\":1}",
	"{\"input_tokens\":1}", "{\"message\":\"m\",\"type\":\"api_error\"}",
	"\"input\"", "\"cache_read\"", "[{\"type\":\"text\",\"text\":\"x\"}]"
};
static const char *const names[] = {
	"id", "type", "role", "model", "content", "stop_reason",
	"stop_sequence", "usage", "error", "message", "delta", "copilot_usage",
	"copilot_x", "text", "input", "cost", "input_tokens", "output_tokens",
	"cache_read_input_tokens", "cache_creation_input_tokens",
	"prompt_tokens", "reasoning_tokens", "total_tokens",
	"total_nano_aiu", "token_details", "token_type", "token_count", ""
};
static const struct changes changes = {
	odd, names, COUNT(odd), COUNT(names)
};
static const char *const words[2] = { "content", "tokens" };

static void
run(const char *p, size_t n, struct buf *out)
{
	struct run		r = { .usage = USAGE_NONE };
	struct messages_wanted	w = { .request_id = "req", .usage = &r.usage };

	r.usage.show_cost = true;
	r.self = messages_answer_create(&w);
	r.ok = run_whole(&turn_answer, r.self, p, n, &r.out, &r.err);
	run_tell(&r, out);
	buf_append(out, buf_str(&r.out), r.out.len);
	turn_answer.destroy(r.self);
	buf_finish(&r.out);
}

/* Is it a usual one? Fails when the two ways differ. */
static bool
both_ways(json_object *obj, const struct buf *text)
{
	struct buf	 twice = { 0 }, a = { 0 }, b = { 0 };
	struct usage	 u = USAGE_NONE;
	bool		 usual = messages_usual_answer(text->p, text->len, &u,
			    &a);

	buf_truncate(&a, 0);
	change_twice(obj, text, &twice);
	if (messages_usual_answer(twice.p, twice.len, &u, &a))
		fail_msg("%s", twice.p);
	run(text->p, text->len, &a);
	run(twice.p, twice.len, &b);
	if (a.len != b.len || memcmp(a.p, b.p, a.len) != 0)
		fail_msg("%s\nlooked at: %s\nread: %s", text->p, a.p, b.p);
	buf_finish(&twice);
	buf_finish(&a);
	buf_finish(&b);
	return usual;
}

static void
test_both_ways(void **state)
{
	(void)state;
	change_rounds(answers, COUNT(answers), &changes, words, both_ways);
}

static void
test_usual(void **state)
{
	struct usage	u = USAGE_NONE;
	struct buf	out = { 0 };

	(void)state;
	u.show_cost = true;
	assert_true(messages_usual_answer(answers[2], strlen(answers[2]), &u,
	    &out));
	assert_string_equal(out.p, HEAD "\"content\":[],\"usage\":{"
	    "\"input_tokens\":1,\"output_tokens\":2,\"cost\":0.082629525},"
	    "\"container\":null}");
	assert_true(u.nano == 8262952500 && u.cache_write == 3);
	buf_finish(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_both_ways),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
