/*
 * Unit tests of streamed chat completions: recorded shapes of upstream's styles
 * in tests/data/, whole and byte by byte, and what a client makes of them.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chat-client.h"

static void
check_stream(const char *file, const struct chat_wanted *w, const char *want)
{
	static const size_t	steps[] = { 1 << 20, 1, 7 };
	struct buf		in = { 0 }, first = { 0 }, sum = { 0 };
	struct run		r;
	size_t			i;

	read_data(file, &in);
	for (i = 0; i < COUNT(steps); i++) {
		begin(&r, w);
		feed(&r, in.p, in.len, steps[i]);
		mask(&r.out);
		if (i == 0)
			buf_append(&first, r.out.p, r.out.len);
		assert_string_equal(buf_str(&r.out), buf_str(&first));
		summary(&r.out, w->include_usage, &sum);
		if (strcmp(buf_str(&sum), want) != 0)
			fail_msg("%s:\n got %s\nwant %s", file, buf_str(&sum),
			    want);
		buf_truncate(&sum, 0);
		done(&r);
	}
	buf_finish(&in);
	buf_finish(&first);
	buf_finish(&sum);
}

static void
test_styles_text(void **state)
{
	(void)state;
	check_stream("chat-azure.sse", &plain,
	    "#0 C=Hello \xc3\xa9\xf0\x9f\x98\x80. [stop] model=asked");
	check_stream("chat-openai.sse", &with_usage,
	    "#0 C=Hello there [stop] model=gpt-4o-2024-11-20 usage=11+7=18");
	check_stream("chat-claude.sse", &with_usage,
	    "#0 C=I can help. [stop] model=claude-sonnet-4.6 usage=20+9=29");
	check_stream("chat-gemini.sse", &with_usage,
	    "#0 C=Hello you. R=**Thinking**\n\nFirst. Then. "
	    "T=**Thinking**\n\nFirst. Then. O=b3BhcXVl [stop] "
	    "model=gemini-3-pro-preview usage=12+105=117");
}

static void
test_styles_tools(void **state)
{
	(void)state;
	check_stream("chat-azure-tools.sse", &plain,
	    "#0 call_a1:get_weather({\"city\":\"Oslo\"}) call_a2:get_time({}) "
	    "[tool_calls] model=asked");
	check_stream("chat-openai-tools.sse", &with_usage,
	    "#0 call_b1:get_weather({\"city\":\"Oslo\"}) call_b2:get_time({}) "
	    "[tool_calls] model=gpt-4o-2024-11-20 usage=11+7=18");
	/* Both calls have index 0 upstream, and the reason is "stop". */
	check_stream("chat-claude-tools.sse", &with_usage,
	    "#0 C=Let me look. toolu_01:get_weather({\"city\": \"Oslo\"}) "
	    "toolu_02:get_time({}) [tool_calls] model=claude-sonnet-4.6 "
	    "usage=20+9=29");
	check_stream("chat-gemini-tools.sse", &with_usage,
	    "#0 R=I need two tools. T=I need two tools. O=b3BhcXVl "
	    "call_g1:get_weather({\"city\":\"Oslo\"}) call_g2:get_time({}) "
	    "[tool_calls] model=gemini-3-pro-preview usage=12+105=117");
}

static void
test_usage_only_when_asked(void **state)
{
	(void)state;
	check_stream("chat-openai.sse", &plain,
	    "#0 C=Hello there [stop] model=gpt-4o-2024-11-20");
	check_stream("chat-gemini.sse", &plain,
	    "#0 C=Hello you. R=**Thinking**\n\nFirst. Then. "
	    "T=**Thinking**\n\nFirst. Then. O=b3BhcXVl [stop] "
	    "model=gemini-3-pro-preview");
}

static void
test_model_name(void **state)
{
	(void)state;
	check_stream("chat-claude.sse", &mapped,
	    "#0 C=I can help. [stop] model=asked");
}

static void
test_choices(void **state)
{
	(void)state;
	check_stream("chat-n3.sse", &three, "#0 C=answer 0 [stop] "
	    "#1 C=answer 1 [length] #2 C=answer 2 [stop] "
	    "model=gpt-4o-2024-11-20 usage=11+7=18");
	/* Text and tool calls in choices of their own, one asked for. */
	check_stream("chat-split.sse", &plain, "#0 C=Looking. "
	    "toolu_01:get_time({}) [tool_calls] model=claude-sonnet-4.6");
}

static void
test_legacy_functions(void **state)
{
	(void)state;
	check_stream("chat-function.sse", &functions, "#0 F=get_weather "
	    "A={\"city\":\"Oslo\"} [function_call] model=asked");
	check_stream("chat-azure-tools.sse", &functions, "#0 F=get_weather "
	    "A={\"city\":\"Oslo\"} [function_call] model=asked");
	check_stream("chat-function.sse", &plain,
	    "#0 call_000000000000000000000000:get_weather({\"city\":\"Oslo\"}) "
	    "[tool_calls] model=asked");
}

static void
test_oddities(void **state)
{
	(void)state;
	check_stream("chat-text.sse", &plain, "#0 C=old style [stop] model=asked");
	check_stream("chat-thinking.sse", &with_usage, "#0 C=Yes. R=Hmm, yes. "
	    "[stop] model=claude-sonnet-4.6 usage=20+9=29");
}

static void
test_ends(void **state)
{
	(void)state;
	check_stream("chat-no-done.sse", &plain,
	    "#0 C=ok [stop] model=gpt-4o-2024-11-20");
	check_stream("chat-no-reason.sse", &with_usage,
	    "#0 C=Done. [stop] model=gemini-3-pro-preview usage=12+105=117");
	check_stream("chat-cut.sse", &plain,
	    "#0 C=half an ans [] model=gpt-4o-2024-11-20 "
	    "error=" BROKEN_OFF);
	/* Asked for three, got one: that isn't the end either. */
	check_stream("chat-no-done.sse", &three,
	    "#0 C=ok [] model=gpt-4o-2024-11-20 "
	    "error=" BROKEN_OFF);
	check_stream("chat-cut-event.sse", &plain,
	    "#0 C=half [] model=gpt-4o-2024-11-20 "
	    "error=" BROKEN_OFF);
}

static void
test_errors(void **state)
{
	(void)state;
	check_stream("chat-error.sse", &plain,
	    "#0 C=half [] model=gpt-4o-2024-11-20 error=Slow down, please.");
	check_stream("chat-bare-error.sse", &plain,
	    "#0 C=half [] model=gpt-4o-2024-11-20 error=Slow down, please.");
	check_stream("chat-garbage.sse", &plain,
	    "#0 C=half [] model=gpt-4o-2024-11-20 "
	    "error=GitHub Copilot sent an event that is not a JSON object.");
}

/* --- Streams written here. */

static void
check_text(int line, const char *in, const struct chat_wanted *w,
    const char *want)
{
	struct buf	sum = { 0 };
	struct run	r;

	begin(&r, w);
	feed(&r, in, strlen(in), 1 << 20);
	mask(&r.out);
	summary(&r.out, w->include_usage, &sum);
	if (strstr(buf_str(&sum), want) == NULL)
		fail_msg("line %d: got %s", line, buf_str(&sum));
	buf_finish(&sum);
	done(&r);
}

#define TEXT(in, w, want) check_text(__LINE__, in, w, want)
#define DELTA(d) "data: {\"choices\":[{\"index\":0,\"delta\":" d "}]}\n\n"
#define CALL(c) DELTA("{\"tool_calls\":[" c "]}")
#define END "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

static void
test_call_pieces(void **state)
{
	(void)state;
	/* No id at all; a repeated id; a repeated name. */
	TEXT(CALL("{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"[\"}}")
	    CALL("{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"]\"}}")
	    CALL("{\"index\":1,\"id\":\"\",\"function\":{\"name\":\"g\"}}")
	    DONE, &plain, "#0 call_000000000000000000000000:f([]) "
	    "call_000000000000000000000000:g({}) [tool_calls]");
	TEXT(CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\"}}")
	    CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"1\"}}")
	    CALL("{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"g\"}}")
	    CALL("{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":\"2\"}}")
	    CALL("{\"index\":0,\"function\":{\"arguments\":\"3\"}}")
	    DONE, &plain, "#0 a:f(12) b:g(3) [tool_calls]");
	/* Neither id nor index: a name begins a call. */
	TEXT(CALL("{\"function\":{\"name\":\"f\",\"arguments\":\"1\"}},"
	    "{\"function\":{\"name\":\"g\",\"arguments\":\"2\"}}")
	    CALL("{\"function\":{\"arguments\":\"3\"}}") DONE, &plain,
	    ":f(1) call_000000000000000000000000:g(23) [tool_calls]");
	/* The name comes late, the index with a gap, arguments as an object. */
	TEXT(CALL("{\"index\":7,\"id\":\"a\",\"function\":{\"arguments\":\"1\"}}")
	    CALL("{\"index\":7,\"function\":{\"name\":\"f\","
	    "\"arguments\":\"2\"}}") CALL("{\"index\":9,\"id\":\"b\","
	    "\"function\":{\"name\":\"g\",\"arguments\":{\"k\":1}}}") DONE,
	    &plain, "#0 a:f(12) b:g({\"k\":1}) [tool_calls]");
	/* A call that never gets a name is none. */
	TEXT(CALL("{\"index\":0,\"id\":\"a\",\"function\":{}}") DONE, &plain,
	    "#0 [stop]");
	TEXT(DELTA("{\"content\":\"x\",\"tool_calls\":[]}")
	    DELTA("{\"tool_calls\":null,\"function_call\":null}")
	    DELTA("{\"tool_calls\":7}") DELTA("{\"tool_calls\":[null,1]}") DONE,
	    &plain, "#0 C=x [stop]");
}

static void
test_reasons(void **state)
{
	(void)state;
	TEXT(DELTA("{}") "data: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\n"
	    DONE, &plain, "[length]");
	TEXT("data: {\"choices\":[{\"finish_reason\":\"content_filter\"}]}\n\n"
	    DONE, &plain, "[content_filter]");
	TEXT("data: {\"choices\":[{\"finish_reason\":\"MAX_TOKENS\"}]}\n\n",
	    &plain, "[length]");
	TEXT("data: {\"choices\":[{\"finish_reason\":\"end_turn\"}]}\n\n",
	    &plain, "[stop]");
	/* It says tool_calls, but there are none to wait for. */
	TEXT("data: {\"choices\":[{\"finish_reason\":\"tool_calls\"}]}\n\n",
	    &plain, "[stop]");
	TEXT("data: {\"choices\":[{\"finish_reason\":\"error\"}]}\n\n" DONE,
	    &plain, "error=GitHub Copilot ended the answer");
	/* Said twice; text behind it; garbage behind it. */
	TEXT(DELTA("{\"content\":\"a\"}") END END DELTA("{\"content\":\"b\"}")
	    "data: oops\n\n" DONE, &plain, "#0 C=ab [stop]");
}

static void
test_reasoning_forms(void **state)
{
	(void)state;
	TEXT(DELTA("{\"thinking\":\"a\",\"signature\":\"s\"}")
	    DELTA("{\"thinking\":\"b\"}") DONE, &plain, "#0 R=ab [stop]");
	TEXT(DELTA("{\"reasoning_text\":\"a\",\"thinking\":\"a\"}")
	    DELTA("{\"thinking\":\"z\"}") DELTA("{\"reasoning_text\":\"b\"}")
	    DONE, &plain, "#0 R=ab T=ab [stop]");
	TEXT(DELTA("{\"reasoning_text\":null,\"reasoning_opaque\":\"o\"}")
	    DONE, &plain, "#0 O=o [stop]");
	TEXT(DELTA("{\"reasoning_content\":\"a\",\"reasoning_text\":\"a\"}")
	    DONE, &plain, "#0 R=a T=a [stop]");
}

/* Clients take one at most: the first, also beside an empty one. */
static void
test_second_opaque(void **state)
{
	(void)state;
	TEXT(DELTA("{\"content\":\"a\",\"reasoning_opaque\":\"\"}")
	    DELTA("{\"content\":\"b\",\"reasoning_opaque\":\"one\"}")
	    DELTA("{\"content\":\"c\",\"reasoning_opaque\":\"two\"}")
	    CALL("{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"f\"}}")
	    DELTA("{\"reasoning_opaque\":\"three\"}") DONE, &plain,
	    "#0 C=abc O=one i:f({}) [tool_calls]");
	/* One for each choice that was asked for. */
	TEXT("data: {\"choices\":[{\"index\":0,\"delta\":{"
	    "\"reasoning_opaque\":\"one\"}},{\"index\":1,\"delta\":{"
	    "\"reasoning_opaque\":\"two\"}},{\"index\":2,\"delta\":{}}]}\n\n"
	    DONE, &three, "#0 O=one [stop] #1 O=two [stop] #2 [stop]");
}

/* An extension's question, which only Copilot's own clients can ask. */
#define CONFIRMATION "\"copilot_confirmation\":{\"type\":\"action\"," \
	"\"title\":\"Sure?\",\"message\":\"It costs.\"," \
	"\"confirmation\":{\"id\":\"1\"}}"

static void
test_confirmation(void **state)
{
	(void)state;
	TEXT("data: {\"choices\":null," CONFIRMATION "}\n\n"
	    DELTA("{\"content\":\"a\"}") "data: {" CONFIRMATION "}\n\n"
	    "data: {\"choices\":[]," CONFIRMATION ",\"id\":\"\"}\n\n"
	    DELTA("{\"content\":\"b\"}") DONE, &plain, "#0 C=ab [stop]");
	/* With nothing else it is no answer. */
	TEXT("data: {\"choices\":[]," CONFIRMATION "}\n\n" DONE, &plain,
	    "error=GitHub Copilot sent an empty answer.");
}

static void
test_hostile(void **state)
{
	static const char *const chunks[] = {
		"{\"choices\":{}}", "{\"choices\":[null,1,[],\"x\"]}",
		"{\"choices\":[{\"delta\":null,\"index\":null}]}",
		"{\"choices\":[{\"delta\":[],\"logprobs\":{}}]}",
		"{\"choices\":[{\"index\":-5,\"delta\":{\"content\":7}}]}",
		"{\"choices\":[{\"index\":99999999,\"delta\":{}}]}",
		"{\"choices\":[{\"delta\":{\"content\":{},\"role\":9}}]}",
		"{\"choices\":[{\"finish_reason\":7}]}",
		"{\"id\":7,\"created\":\"x\",\"model\":[],\"choices\":[{}]}",
		"{\"usage\":7}", "{\"usage\":[]}", "{\"usage\":{\"prompt_tokens\":"
		"-1,\"completion_tokens\":9223372036854775807,"
		"\"total_tokens\":-9223372036854775808,\"reasoning_tokens\":"
		"9223372036854775807,\"prompt_tokens_details\":null}}",
	};
	struct run	r;
	struct buf	in = { 0 }, sum = { 0 };
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(chunks); i++) {
		buf_truncate(&in, 0);
		sse_put(&in, NULL, chunks[i], strlen(chunks[i]));
		buf_puts(&in, DONE);
		begin(&r, &with_usage);
		feed(&r, in.p, in.len, 1 << 20);
		done(&r);
		begin(&r, &three);
		feed(&r, in.p, in.len, 1 << 20);
		done(&r);
	}
	buf_finish(&in);
	TEXT("data: {\"choices\":[{\"index\":200,\"delta\":{}}]}\n\n", &three,
	    "error=GitHub Copilot sent a choice of an impossible index.");
	TEXT("data: [1]\n\n", &plain, "error=GitHub Copilot sent an event");
	TEXT("data: null\n\n", &plain, "error=GitHub Copilot sent an event");
	TEXT("", &plain, "error=" BROKEN_OFF);
	TEXT(DONE, &plain, "error=GitHub Copilot sent an empty answer.");
	TEXT("data: {\"choices\":[],\"copilot_errors\":[{\"message\":\"Bad "
	    "agent.\"}]}\n\n" DONE, &plain, "error=Bad agent.");
	TEXT("event: error\ndata: {\"detail\":1}\n\n", &plain, "error=");
	TEXT("data: {\"type\":\"error\",\"code\":\"x\",\"message\":\"Flat.\"}"
	    "\n\n", &plain, "error=Flat.");
	TEXT(DELTA("{\"content\":\"x\"}") "{}\n" DONE DONE DELTA("{}"), &plain,
	    "#0 C=x [stop]");
	buf_finish(&sum);
}

/* A call's nameless arguments and the number of calls are bounded. */
static void
test_bounds(void **state)
{
	struct buf	in = { 0 };
	struct run	r;
	size_t		i;

	(void)state;
	for (i = 0; i < 1100; i++)
		buf_printf(&in, CALL("{\"id\":\"c%zu\",\"function\":"
		    "{\"name\":\"f\"}}"), i);
	begin(&r, &plain);
	feed(&r, in.p, in.len, 1 << 20);
	assert_false(r.ok);
	done(&r);

	buf_truncate(&in, 0);
	buf_puts(&in, "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\""
	    ":0,\"function\":{\"arguments\":\"");
	for (i = 0; i < 100000; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\"}}]}}]}\n\n");
	begin(&r, &plain);
	for (i = 0; i < 20 && r.ok; i++)
		feed(&r, in.p, in.len, 1 << 20);
	assert_false(r.ok);
	done(&r);
	buf_finish(&in);
}

static void
test_fail_is_last(void **state)
{
	struct run	r;
	struct buf	sum = { 0 };
	size_t		n;

	(void)state;
	begin(&r, &plain);
	err_set(&r.err, 504, ERR_SERVER, "x", NULL, "Too \"slow\".");
	(turn_answer.fail)(r.self, &r.err, &r.out);
	n = r.out.len;
	(turn_answer.fail)(r.self, &r.err, &r.out);
	assert_int_equal(r.out.len, n);
	assert_string_equal(r.out.p, "data: {\"error\":{\"message\":"
	    "\"Too \\\"slow\\\".\",\"type\":\"server_error\",\"param\":null,"
	    "\"code\":\"x\"}}\n\n");
	summary(&r.out, false, &sum);
	buf_finish(&sum);
	done(&r);
}

static void
test_passes_on(void **state)
{
	struct run r;

	(void)state;
	begin(&r, &plain);
	feed(&r, DELTA("{\"content\":\"a\",\"audio\":{\"id\":1}}")
	    "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"logprobs\":"
	    "{\"content\":[{\"token\":\"b\"}]}}],\"service_tier\":\"default\","
	    "\"odd\":null,\"later\":[1]}\n\n" END,
	    strlen(DELTA("{\"content\":\"a\",\"audio\":{\"id\":1}}")
	    "data: {\"choices\":[{\"delta\":{\"content\":\"b\"},\"logprobs\":"
	    "{\"content\":[{\"token\":\"b\"}]}}],\"service_tier\":\"default\","
	    "\"odd\":null,\"later\":[1]}\n\n" END), 1 << 20);
	assert_non_null(strstr(r.out.p, "\"audio\":{\"id\":1}"));
	assert_non_null(strstr(r.out.p, "],\"service_tier\":\"default\","
	    "\"later\":[1]}\n\n"));
	assert_non_null(strstr(r.out.p, "\"logprobs\":{\"content\":"
	    "[{\"token\":\"b\"}],\"refusal\":null}"));
	assert_null(strstr(r.out.p, "odd"));
	done(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_styles_text),
		cmocka_unit_test(test_styles_tools),
		cmocka_unit_test(test_usage_only_when_asked),
		cmocka_unit_test(test_model_name),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_legacy_functions),
		cmocka_unit_test(test_oddities),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_call_pieces),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_reasoning_forms),
		cmocka_unit_test(test_second_opaque),
		cmocka_unit_test(test_confirmation),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_fail_is_last),
		cmocka_unit_test(test_passes_on),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
