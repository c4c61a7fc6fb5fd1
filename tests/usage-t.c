/* What an answer took: read from each protocol, written for each. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/peek.h"
#include "base/scan.h"
#include "base/util.h"
#include "chat/usage.h"
#include "copilot/models.h"
#include "responses/usage.h"
#include "turn/estimate.h"
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

/* --- The same of texts. */

/* Numbers that are no counts, escapes, lines that are none: as their trees. */
static const char *const unusual[][2] = {
	{ "{\"prompt_tokens\":-5}", "{}" },
	{ "{\"prompt_tokens\":5.5,\"total_tokens\":{}}", "{}" },
	{ "{\"prompt_tokens\":\"5\"}", "{}" },
	{ "{\"prompt_tokens\":1234567890123456789}", "{}" },
	{ "{\"prompt\\u005ftokens\":5}", "{}" },
	{ "{\"prompt_tokens_d\\u0065tails\":{\"cached_tokens\":5}}", "{}" },
	{ "{\"\":{\"prompt_tokens\":5}}", "{}" },
	{ "{\"input_tokens\":5,\"cache_read_input_tokens\":null,"
	    "\"cache_creation_input_tokens\":7}", "{}" },
	{ "{}", "{\"total_nano_aiu\":-1}" },
	{ "{}", "{\"token_details\":[{\"token_type\":\"in\\u0070ut\","
	    "\"token_count\":4,\"model\":\"\\u0041\"}]}" },
	{ "{}", "{\"token_details\":[{\"token_type\":7,\"token_count\":4},"
	    "{\"token_type\":\"output\",\"token_count\":4,\"model\":null},"
	    "{\"model\":\" m \"}]}" },
};

static void
same(const char *usage, const char *bill)
{
	struct scan_marks	 a = { 0 }, b = { 0 };
	struct peek		 of_usage, of_bill;
	json_object		*counts = parsed(usage), *lines = parsed(bill);
	struct usage		 u = USAGE_NONE, v = USAGE_NONE;

	assert_true(peek_read(&of_usage, usage, strlen(usage), &a) &&
	    peek_read(&of_bill, bill, strlen(bill), &b));
	usage_read_peeked(&u, &of_usage, &of_bill);
	usage_read(&v, counts, lines);
	if (u.input != v.input || u.cached != v.cached ||
	    u.cache_write != v.cache_write || u.output != v.output ||
	    u.reasoning != v.reasoning || u.nano != v.nano ||
	    strcmp(u.model, v.model) != 0)
		fail_msg("%s %s", usage, bill);
	json_object_put(counts);
	json_object_put(lines);
	free(a.list);
	free(b.list);
}

static void
test_read_peeked(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		same(cases[i].usage, cases[i].bill);
	for (i = 0; i < COUNT(unusual); i++)
		same(unusual[i][0], unusual[i][1]);
}

/* What is printed of a text is what its tree would be. */
static void
test_print(void **state)
{
	static const char *const texts[] = {
		"{\"prompt_tokens\":12,\"completion_tokens\":5,"
		    "\"total_tokens\":17}",
		"{\"completion_tokens\":5,\"completion_tokens_details\":{"
		    "\"audio_tokens\":0,\"reasoning_tokens\":0},"
		    "\"prompt_tokens\":12,\"prompt_tokens_details\":{"
		    "\"cached_tokens\":0},\"total_tokens\":17}",
		"{\"prompt_tokens\":12,\"completion_tokens\":5,"
		    "\"total_tokens\":17,\"cost\":1}",
		"{\"prompt_tokens\":12,\"completion_tokens\":5}",
		"{ \"prompt_tokens\" : 12, \"completion_tokens\" : 5, "
		    "\"total_tokens\" : 17 }",
		"{\"prompt_tokens\":12,\"completion_tokens\":5,"
		    "\"total_tokens\":18,\"prompt_tokens_details\":null}",
		"{\"prompt_tokens\":12,\"completion_tokens\":5,"
		    "\"total_tokens\":17,\"reasoning_tokens\":0}",
		"{\"prompt_tokens\":12,\"completion_tokens\":5,"
		    "\"total_tokens\":17,\"copilot_x\":0,\"x\":1.50}",
	};
	struct usage		 u = USAGE_NONE;
	struct scan_marks	 marks = { 0 };
	struct buf		 a = { 0 }, b = { 0 };
	struct peek		 k;
	json_object		*obj;
	size_t			 i;

	(void)state;
	u.input = 12;
	u.output = 5;
	u.show_cost = true;
	for (i = 0; i < COUNT(texts) * 4; i++) {
		u.nano = i % 2 == 0 ? -1 : 150325000;
		u.cached = i % 4 < 2 ? 0 : 3;
		assert_true(peek_read(&k, texts[i / 4], strlen(texts[i / 4]),
		    &marks));
		chat_usage_print(&k, &u, &a);
		obj = parsed(texts[i / 4]);
		chat_usage_write(obj, &u);
		js_print(obj, &b);
		assert_string_equal(a.p, b.p);
		json_object_put(obj);
		free(marks.list);
		marks = (struct scan_marks){ 0 };
		buf_truncate(&a, 0);
		buf_truncate(&b, 0);
	}
	buf_finish(&a);
	buf_finish(&b);
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

/* --- Estimates. */

static int64_t
sent(const char *text)
{
	struct estimate e = { 0, 0 };

	estimate_request(&e, text, strlen(text));
	return e.sent;
}

/* "n" bytes of a file between two texts. */
static char *
with_file(const char *before, size_t n, const char *after)
{
	char *file = xcalloc(1, n + 1), *text;

	memset(file, 'A', n);
	text = xasprintf("{\"pad\":\"%s\",%s%s%s}", "one two three four five "
	    "six seven eight nine ten eleven twelve", before, file, after);
	free(file);
	return text;
}

static void
test_estimate_request(void **state)
{
	static const struct {
		const char	*before, *after;
		size_t		 bytes;
		int64_t		 least, most;
	} files[] = {
		/* An image is no text, however it is written. */
		{ "\"url\":\"data:image/png;base64,", "\"", 400000, 1500, 1600 },
		{ "\"media_type\":\"image/png\",\"data\": \"", "\"", 400000,
		    1500, 1600 },
		{ "\"url\":\"data:image/png;base64,", "\"", 9000, 1500, 1600 },
		/* Pages cost, too; a small file counts as text. */
		{ "\"file_data\":\"data:application/pdf;base64,", "\"", 400000,
		    17500, 17600 },
		{ "\"media_type\":\"application/pdf\",\"data\":\"", "\"",
		    100000, 5000, 5100 },
		{ "\"url\":\"data:image/png;base64,", "\"", 4000, 1000, 1100 },
		/* What only looks like one is text. */
		{ "\"content\":\"", "\"", 400000, 100000, 100100 },
		{ "\"content\":\"base64, ", "\"", 400000, 100000, 100100 },
	};
	struct estimate	 e = { 0, 0 };
	char		*text;
	size_t		 i;

	(void)state;
	assert_int_equal(sent(""), 0);
	assert_int_equal(sent("{\"input\":\"Hi\"}"), 3);
	for (i = 0; i < COUNT(files); i++) {
		text = with_file(files[i].before, files[i].bytes,
		    files[i].after);
		assert_in_range(sent(text), files[i].least, files[i].most);
		free(text);
	}
	/* Calls for one answer add up. */
	estimate_request(&e, "12345678", 8);
	estimate_request(&e, "12345678", 8);
	assert_int_equal(e.sent, 4);
}

static void
test_estimate_event(void **state)
{
	static const struct {
		const char	*name, *data;
		int64_t		 heard;
	} events[] = {
		{ NULL, "{\"choices\":[{\"index\":0,\"delta\":{\"role\":"
		    "\"assistant\",\"content\":\"Hello\"}}],\"id\":\"x\"}", 5 },
		{ NULL, "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"id\":"
		    "\"call_1\",\"type\":\"function\",\"function\":{\"name\":"
		    "\"abc\",\"arguments\":\"{\\\"a\\\":1}\"}}]},\"index\":0}]}",
		    12 },
		{ NULL, "{\"choices\":[{\"delta\":{\"content\":\"a\"}},{"
		    "\"delta\": {\"content\":\"bc\"}}]}", 3 },
		{ NULL, "{\"choices\":[{\"delta\":{\"content\":null}}]}", 0 },
		{ "response.output_text.delta", "{\"type\":"
		    "\"response.output_text.delta\",\"delta\":\"Hello \\\"you\\\"\","
		    "\"item_id\":\"i\",\"obfuscation\":\"xxxxxx\"}", 13 },
		{ "response.output_text.done", "{\"text\":\"Hello\"}", 0 },
		{ "response.output_item.done", "{\"item\":{\"type\":"
		    "\"reasoning\",\"encrypted_content\":\"0123456789\"}}", 10 },
		{ "response.completed", "{\"response\":{\"output\":[{\"text\":"
		    "\"Hello\"}]}}", 0 },
		{ "content_block_delta", "{\"type\":\"content_block_delta\","
		    "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":"
		    "\"Hello\"}}", 5 },
		{ "message_delta", "{\"type\":\"message_delta\",\"delta\":{"
		    "\"stop_reason\":null,\"stop_sequence\":null}}", 0 },
		/* Nonsense, and what breaks off. */
		{ NULL, "{\"delta\":{\"delta\":{\"delta\":\"abc\"}}}", 3 },
		{ NULL, "[DONE]", 0 },
		{ NULL, "{\"delta\":", 0 },
		{ NULL, "{\"delta\":\"", 0 },
		{ NULL, "{\"delta\":\"ab\\", 3 },
		{ NULL, "{\"delta\":{\"", 0 },
		{ NULL, "{\"delta\":{\"content\":\"ab", 2 },
		{ "response.output_item.done", "\"encrypted_content\":\"", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(events); i++) {
		struct estimate	 e = { 0, 0 };
		size_t		 n = strlen(events[i].data);
		/* Nothing is behind it: the sanitizer sees a step there. */
		char		*data = xcalloc(1, n > 0 ? n : 1);

		memcpy(data, events[i].data, n);
		estimate_event(&e, events[i].name, data, n);
		if (e.heard != events[i].heard)
			fail_msg("%s: %lld", events[i].data,
			    (long long)e.heard);
		free(data);
	}
}

/* Each would be read to its end again: an hour for this event. */
static void
test_estimate_nested(void **state)
{
	static const char	delta[] = "{\"delta\":";
	struct estimate		e = { 0, 0 };
	struct buf		b = { 0 };
	int			i;

	(void)state;
	for (i = 0; i < 400000; i++)
		buf_puts(&b, delta);
	buf_puts(&b, "\"abc\"");
	estimate_event(&e, NULL, b.p, b.len);
	assert_int_equal(e.heard, 3);
	buf_finish(&b);
}

static void
test_estimate_usage(void **state)
{
	const struct model	 m = { .price = { 200, 20, 250, 800 },
				    .context_max = 1000,
				    .long_price = { 400, 40, 500, 1600 } };
	const struct estimate	 e = { 100, 31 };
	struct estimate		 large = { 2000, 31 };
	struct usage		 u = USAGE_NONE;

	(void)state;
	estimate_usage(&e, &m, &u);
	assert_true(u.input == 100 && u.output == 11 && u.estimated);
	assert_true(u.nano == 100 * 200 + 11 * 800);
	/* Beyond a bound a token costs more. */
	u = (struct usage)USAGE_NONE;
	estimate_usage(&large, &m, &u);
	assert_true(u.nano == 2000 * 400 + 11 * 1600);
	/* Messages have said what was sent, and began to count the rest. */
	u = (struct usage){ .input = 50, .cached = 30, .cache_write = 10,
	    .output = 1, .nano = -1 };
	estimate_usage(&e, &m, &u);
	assert_true(u.input == 50 && u.output == 11);
	assert_true(u.nano == 10 * 200 + 30 * 20 + 10 * 250 + 11 * 800);
	/* Without prices there is none. */
	u = (struct usage)USAGE_NONE;
	estimate_usage(&e, NULL, &u);
	assert_true(u.input == 100 && u.output == 11 && u.nano == -1);
	/* Nothing overflows. */
	large = (struct estimate){ INT64_MAX / 2, INT64_MAX / 2 };
	u = (struct usage)USAGE_NONE;
	estimate_usage(&large, &m, &u);
	assert_true(u.nano >= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_peeked),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_estimate_request),
		cmocka_unit_test(test_estimate_event),
		cmocka_unit_test(test_estimate_nested),
		cmocka_unit_test(test_estimate_usage),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
