/*
 * Whole responses of the usual form are made the client's as texts, all others
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
#include "data.h"
#include "responses/ids.h"
#include "responses/native-answer.h"
#include "responses/native.h"
#include "responses/usual-answer.h"


#define LONG "a text of some length, so that it has a mark and waits in the tree"
#define HEAD "{\"id\":\"" LONG "\",\"object\":\"response\",\"created_at\":" \
	"1770000000,\"model\":\"gpt-5.4-2026-03-05\",\"status\":\"completed\"," \
	"\"error\":null,"
#define TAIL "\"text\":{\"format\":{\"type\":\"text\"}},\"temperature\":1.0," \
	"\"top_p\":0.98,\"tool_choice\":\"auto\",\"store\":true,\"tools\":[{" \
	"\"type\":\"function\",\"name\":\"read\",\"strict\":false," \
	"\"parameters\":{\"type\":\"object\"}},{\"type\":\"web_search\"}]," \
	"\"reasoning\":{\"effort\":\"low\",\"summary\":null},\"usage\":{" \
	"\"input_tokens\":11,\"input_tokens_details\":{\"cached_tokens\":3}," \
	"\"output_tokens\":7,\"output_tokens_details\":{\"reasoning_tokens\":" \
	"2},\"total_tokens\":18}"
#define BILL "\"copilot_usage\":{\"total_nano_aiu\":8262952500," \
	"\"token_details\":[{\"token_type\":\"input\",\"token_count\":8," \
	"\"model\":\"gpt\"},{\"token_type\":\"cache_write\"," \
	"\"token_count\":3},{\"token_type\":\"output\",\"token_count\":7}]}"

static const char *const answers[] = {
	HEAD "\"output\":[{\"id\":\"x\",\"type\":\"message\",\"status\":"
	    "\"completed\",\"role\":\"assistant\",\"phase\":null,\"content\":["
	    "{\"type\":\"output_text\",\"text\":\"" LONG "\",\"annotations\":"
	    "[],\"logprobs\":[]}]}]," TAIL "," BILL "}",
	HEAD "\"output\":[{\"id\":\"x\",\"type\":\"reasoning\",\"summary\":["
	    "{\"type\":\"summary_text\",\"text\":\"a\\u003cb\"}],\"content\":"
	    "null,\"encrypted_content\":\"" LONG "\"},{\"type\":"
	    "\"function_call\",\"status\":\"completed\",\"arguments\":"
	    "\"{\\\"path\\\":\\\"" LONG "\\\"}\",\"call_id\":\"call_1\","
	    "\"name\":\"read\",\"copilot_x\":1},{\"id\":7,\"type\":"
	    "\"web_search_call\",\"status\":\"completed\",\"action\":{\"type\":"
	    "\"search\"}},{\"type\":\"custom_tool_call\",\"call_id\":\"c\","
	    "\"input\":\"x\",\"status\":\"completed\",\"name\":\"y\"}],"
	    "\"service_tier\":null,\"content_filters\":[{\"a\":\"" LONG "\"}],"
	    "\"future\":{\"a\":1.50}," TAIL "}",
	HEAD "\"output\":[],\"max_output_tokens\":12,\"incomplete_details\":{"
	    "\"reason\":\"max_output_tokens\"},\"background\":true,"
	    "\"metadata\":{\"a\":\"b\"},\"completed_at\":1770000001," TAIL "}",
};

static const char *const echoes[] = {
	"{}",
	"{\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":"
	    "\"custom\",\"name\":\"c\"}],\"text\":{},\"metadata\":{\"k\":"
	    "\"v\"},\"store\":false,\"user\":\"u\",\"temperature\":0.5,"
	    "\"instructions\":\"" LONG "\",\"reasoning\":{\"effort\":"
	    "\"high\"},\"conversation\":{\"id\":\"conv_1\"},\"status\":\"no\","
	    "\"max_output_tokens\":5,\"output\":[1],\"usage\":{\"a\":1}}",
};

/* Values and names that somebody looks for, to be put anywhere. */
static const char *const odd[] = {
	"null", "true", "0", "7", "3000000000", "-1", "1.5", "1e2", "-0",
	"12345678901234567890", "\"\"", "\"\\u0020\"", "[]", "{}", "\"x\"",
	"\"a\\u0000b\"", "\"\\ud83d\"", "\"\\/\"", "\"" LONG "\"",
	"\"" LONG "\\/\\u00e9\"", "[\"" LONG "\"]", "[ 1 , 2 ]", "\"error\"",
	"\"failed\"", "\"f\\u0061iled\"", "\"incomplete\"", "\"message\"",
	"\"m\\u0065ssage\"", "\"reasoning\"", "\"function_call\"",
	"\"function\"", "\"output_text\"", "\"null\"", "\"{}\"", "\"[]\"",
	"{\"message\":\"m\",\"code\":\"c\"}", "{\"type\":\"function\"}",
	"{\"type\":\"output_text\",\"text\":\"b\"}", "\"input\"",
	"{\"type\":\"message\",\"content\":[{\"type\":\"output_text\"}]}",
	"{\"type\":\"item\",\"a\":null}", "{\"cached_tokens\":2}"
};
static const char *const names[] = {
	"id", "object", "created_at", "status", "background", "completed_at",
	"error", "incomplete_details", "instructions", "max_output_tokens",
	"model", "output", "parallel_tool_calls", "previous_response_id",
	"reasoning", "service_tier", "store", "temperature", "text",
	"tool_choice", "tools", "top_logprobs", "truncation", "usage", "user",
	"metadata", "conversation", "copilot_usage", "copilot_x",
	"content_filters", "content_filter_results", "future", "type", "role",
	"content", "summary", "action", "arguments", "input", "call_id",
	"phase", "caller", "encrypted_content", "annotations", "logprobs",
	"format", "strict", "parameters", "name", "input_tokens",
	"output_tokens", "input_tokens_details", "cached_tokens",
	"reasoning_tokens", "prompt_tokens", "total_nano_aiu",
	"token_details", "token_type", "token_count", "cost", ""
};
static const struct changes changes = {
	odd, names, COUNT(odd), COUNT(names)
};
static const char *const words[2] = { "output", "type" };

/* What ids have of chance, and the time of day where there is no other. */
static void
mask_ids(struct buf *b)
{
	static const char	 created[] = "\"created_at\":";
	char			*at = strstr(buf_str(b), created);
	size_t			 i, n;

	if (at != NULL && strncmp(at + sizeof(created) - 1, "1770000000",
	    10) != 0)
		memset(at + sizeof(created) - 1, '1', 10);

	for (i = 0; i < b->len; i += n > 0 ? n : 1)
		if ((n = strspn(b->p + i, "0123456789abcdef")) >=
		    RESPONSES_ID_BASE)
			memset(b->p + i, '0', RESPONSES_ID_BASE);
}

static struct responses
request(const char *echo)
{
	return (struct responses){
		.model = xstrdup("asked"), .id = xstrdup("resp_1"),
		.echo = js_parse_quiet(echo, strlen(echo))
	};
}

static void
run(const char *p, size_t n, const char *echo, struct buf *out)
{
	struct responses	r = request(echo);
	struct run		w = { .usage = USAGE_NONE };

	w.usage.show_cost = true;
	w.self = responses_answer_create(&r, &w.usage);
	w.ok = run_whole(&turn_answer, w.self, p, n, &w.out, &w.err);
	mask_ids(&w.out);
	run_tell(&w, out);
	buf_append(out, buf_str(&w.out), w.out.len);
	turn_answer.destroy(w.self);
	buf_finish(&w.out);
}

static bool
is_usual(const struct buf *text)
{
	struct responses	r = request("{}");
	struct responses_ids	ids;
	struct usage		u = USAGE_NONE;
	struct buf		out = { 0 };
	bool			usual;

	responses_ids_init(&ids, r.id);
	usual = responses_usual_answer(text->p, text->len, &r, &ids, &u, &out);
	buf_finish(&out);
	responses_ids_finish(&ids);
	responses_finish(&r);
	return usual;
}

/* Is it a usual one? Fails when the two ways differ. */
static bool
both_ways(json_object *obj, const struct buf *text)
{
	struct buf	twice = { 0 }, a = { 0 }, b = { 0 };
	size_t		i;

	change_twice(obj, text, &twice);
	assert_false(is_usual(&twice));
	for (i = 0; i < COUNT(echoes); i++) {
		buf_truncate(&a, 0);
		buf_truncate(&b, 0);
		run(text->p, text->len, echoes[i], &a);
		run(twice.p, twice.len, echoes[i], &b);
		if (a.len != b.len || memcmp(a.p, b.p, a.len) != 0)
			fail_msg("%s\nlooked at: %s\nread: %s", text->p, a.p,
			    b.p);
	}
	buf_finish(&twice);
	buf_finish(&a);
	buf_finish(&b);
	return is_usual(text);
}

static void
test_by_chance(void **state)
{
	(void)state;
	change_rounds(answers, COUNT(answers), &changes, words, both_ways);
}

/* A recording, as it is and as it would be usual. */
static void
test_recording(void **state)
{
	struct buf	 text = { 0 };
	json_object	*obj, *item;
	size_t		 i, n;

	(void)state;
	read_data("responses-whole.json", &text);
	obj = js_parse_quiet(text.p, text.len);
	both_ways(obj, &text);
	n = js_len(js_array(obj, "output"));
	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(js_array(obj, "output"), i);
		js_del(item, "content");
		js_add_str(item, "type", "other");
	}
	buf_truncate(&text, 0);
	js_print(obj, &text);
	assert_true(both_ways(obj, &text));
	json_object_put(obj);
	buf_finish(&text);
}

static void
test_usual(void **state)
{
	struct buf	text = { 0 };
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(answers); i++) {
		buf_truncate(&text, 0);
		buf_puts(&text, answers[i]);
		assert_true(is_usual(&text));
	}
	buf_finish(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_recording),
		cmocka_unit_test(test_by_chance),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
