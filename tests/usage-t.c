/* What an answer took: read from each protocol, written for each. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/js.h"
#include "base/util.h"
#include "chat/usage.h"
#include "responses/usage.h"
#include "turn/usage.h"

static json_object *
parsed(const char *text)
{
	json_object *obj = js_parse_quiet(text, strlen(text));

	if (obj == NULL)
		fail_msg("not JSON: %s", text);
	return obj;
}

/* Recorded at gpt-5.3-codex in 2026-08, with a cache. */
#define BILL "{\"token_details\":[{\"batch_size\":1000000,\"cost_per_batch\":" \
	"175000000000,\"token_count\":19,\"token_type\":\"input\",\"model\":" \
	"\"m-1\"},{\"token_count\":81,\"token_type\":\"cache_read\"}," \
	"{\"token_count\":20,\"token_type\":\"cache_write\"},{\"token_count\":" \
	"105,\"token_type\":\"output\"},{\"token_count\":9,\"token_type\":" \
	"\"x\"},7,null],\"total_nano_aiu\":150325000}"

static const struct {
	const char	*usage, *bill;
	int64_t		 input, cached, cache_write, output, reasoning, nano;
} cases[] = {
	{ "{}", "{}", -1, 0, 0, -1, 0, -1 },
	{ "{\"prompt_tokens\":11,\"completion_tokens\":7}", "{}",
	    11, 0, 0, 7, 0, -1 },
	{ "{\"prompt_tokens\":11,\"completion_tokens\":7,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":4},"
	    "\"completion_tokens_details\":{\"reasoning_tokens\":3}}", "{}",
	    11, 4, 0, 7, 3, -1 },
	{ "{\"input_tokens\":120,\"input_tokens_details\":{\"cached_tokens\":"
	    "80},\"output_tokens\":105,\"output_tokens_details\":"
	    "{\"reasoning_tokens\":5}}", BILL,
	    120, 81, 20, 105, 5, 150325000 },
	/* The bill alone tells it all. */
	{ "{}", BILL, 120, 81, 20, 105, 0, 150325000 },
	{ "{}", "{\"total_nano_aiu\":0}", -1, 0, 0, -1, 0, 0 },
	/* Gemini's reasoning stands beside the completion. */
	{ "{\"prompt_tokens\":12,\"completion_tokens\":5,\"reasoning_tokens\":"
	    "100,\"total_tokens\":117}", "{}", 12, 0, 0, 105, 100, -1 },
	/* Anthropic's input has neither reads nor writes in it. */
	{ "{\"input_tokens\":10,\"cache_read_input_tokens\":70,"
	    "\"cache_creation_input_tokens\":20,\"output_tokens\":3}", "{}",
	    100, 70, 20, 3, 0, -1 },
	/* What can't be is bounded. */
	{ "{\"prompt_tokens\":-5,\"completion_tokens\":9e18}", "{}",
	    -1, 0, 0, INT32_MAX, 0, -1 },
	{ "{\"prompt_tokens\":9000000000,\"completion_tokens\":null,"
	    "\"prompt_tokens_details\":7}", "{\"total_nano_aiu\":-1,"
	    "\"token_details\":{}}", INT32_MAX, 0, 0, -1, 0, -1 },
	{ "{\"prompt_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":"
	    "50}}", "{}", 50, 50, 0, -1, 0, -1 },
};

static void
test_read(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		json_object	*usage = parsed(cases[i].usage);
		json_object	*bill = parsed(cases[i].bill);
		struct usage	 u = USAGE_NONE;

		usage_read(&u, usage, bill);
		if (u.input != cases[i].input || u.cached != cases[i].cached ||
		    u.cache_write != cases[i].cache_write ||
		    u.output != cases[i].output ||
		    u.reasoning != cases[i].reasoning ||
		    u.nano != cases[i].nano)
			fail_msg("case %zu: %lld %lld %lld %lld %lld %lld", i,
			    (long long)u.input, (long long)u.cached,
			    (long long)u.cache_write, (long long)u.output,
			    (long long)u.reasoning, (long long)u.nano);
		/* Read twice, as when a chunk repeats it: the same. */
		usage_read(&u, NULL, bill);
		usage_read(&u, NULL, NULL);
		assert_true(u.nano == cases[i].nano);
		json_object_put(usage);
		json_object_put(bill);
	}
}

static void
test_cost(void **state)
{
	static const struct {
		int64_t		 nano;
		const char	*usd;
	} costs[] = {
		{ 0, "0" }, { 1, "0.00000000001" }, { 150325000, "0.00150325" },
		{ INT64_C(100000000000), "1" },
		{ INT64_C(123456789012345678), "1234567.89012345678" },
	};
	struct usage	 u = USAGE_NONE;
	json_object	*cost;
	size_t		 i;

	(void)state;
	u.show_cost = true;
	assert_null(usage_cost(&u));
	for (i = 0; i < COUNT(costs); i++) {
		u.nano = costs[i].nano;
		cost = usage_cost(&u);
		assert_string_equal(json_object_to_json_string(cost),
		    costs[i].usd);
		json_object_put(cost);
	}
	u.show_cost = false;
	assert_null(usage_cost(&u));
}

static void
written(void (*write)(json_object *, const struct usage *), const char *from,
    const struct usage *u, const char *want)
{
	json_object *obj = parsed(from);

	write(obj, u);
	assert_string_equal(json_object_to_json_string_ext(obj,
	    JSON_C_TO_STRING_PLAIN), want);
	json_object_put(obj);
}

static void
test_write(void **state)
{
	struct usage	 u = USAGE_NONE;
	json_object	*bill = parsed(BILL);

	(void)state;
	written(chat_usage_write, "{}", &u, "{\"prompt_tokens\":0,"
	    "\"completion_tokens\":0,\"total_tokens\":0}");
	u.show_cost = true;
	usage_read(&u, NULL, bill);
	assert_string_equal(u.model, "m-1");
	u.reasoning = 5;
	written(chat_usage_write, "{\"prompt_tokens\":119,\"copilot_x\":1,"
	    "\"reasoning_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\""
	    ":3,\"audio_tokens\":null},\"completion_tokens_details\":null,"
	    "\"other\":2}", &u, "{\"prompt_tokens\":120,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":81,"
	    "\"cache_write_tokens\":20},\"other\":2,\"completion_tokens\":105,"
	    "\"total_tokens\":225,\"completion_tokens_details\":"
	    "{\"reasoning_tokens\":5},\"cost\":0.00150325}");
	written(responses_usage_write, "{}", &u, "{\"input_tokens\":120,"
	    "\"input_tokens_details\":{\"cached_tokens\":81,"
	    "\"cache_write_tokens\":20},\"output_tokens\":105,"
	    "\"output_tokens_details\":{\"reasoning_tokens\":5},"
	    "\"total_tokens\":225,\"cost\":0.00150325}");
	json_object_put(bill);
}

/* The bill stands beside the response, or in it. */
static void
test_responses(void **state)
{
	static const char *const events[] = {
		"{\"copilot_usage\":" BILL ",\"response\":{}}",
		"{\"response\":{\"copilot_usage\":" BILL "}}",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(events); i++) {
		json_object	*ev = parsed(events[i]);
		struct usage	 u = USAGE_NONE;

		responses_usage_read(&u, ev, js_obj(ev, "response"));
		assert_true(u.nano == 150325000 && u.cached == 81);
		json_object_put(ev);
	}
}

static void
test_add(void **state)
{
	struct usage	u = USAGE_NONE, v = USAGE_NONE;

	(void)state;
	usage_add(&u, &v);
	assert_true(u.input == -1 && u.nano == -1);
	v = (struct usage){ .input = 5, .output = 0, .nano = 7, .model = "m" };
	usage_add(&u, &v);
	usage_add(&u, &v);
	assert_true(u.input == 10 && u.output == 0 && u.nano == 14);
	assert_string_equal(u.model, "m");
	u.nano = INT64_MAX;
	usage_add(&u, &v);
	assert_true(u.nano == INT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_add),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
