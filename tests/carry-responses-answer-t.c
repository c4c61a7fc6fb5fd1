/*
 * A Responses request carried by chat completions: what the client gets.
 * Fixtures are recorded shapes of upstream's styles, whole and byte by byte.
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

#include "api/carry-answer.h"
#include "api/carry.h"
#include "base/body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/models.h"
#include "data.h"
#include "responses-run.h"
#include "responses/events.h"
#include "shape.h"
#include "turn/answer.h"
#include "turn/seal.h"
#include "turn/usage.h"

static char *no_efforts[] = { NULL };
static const struct model gemini = {
	.id = (char *)"gemini", .vendor = (char *)"Google",
	.reasoning_effort = no_efforts
};

/* --- Driving an answer as the exchange does. */

#define TOOLS "\"tools\":[{\"type\":\"custom\",\"name\":\"get_time\"}," \
	"{\"type\":\"namespace\",\"name\":\"get\",\"description\":\"d\"," \
	"\"tools\":[{\"type\":\"function\",\"name\":\"weather\"}]}],"
#define STREAM "\"stream\":true,"
#define SEALED "\"include\":[\"reasoning.encrypted_content\"],"

static void
start(struct run *run, const char *more)
{
	struct responses_setting	 set = {
		.upstream = "up", .model = &gemini, .web_search = true
	};
	struct carry_note		 b;
	struct body			 body = { 0 };
	json_object			*obj;
	char				*text;

	memset(run, 0, sizeof(*run));
	text = xasprintf("{\"model\":\"asked\",%s\"input\":[{\"role\":\"user\","
	    "\"content\":\"x\"}],\"instructions\":\"i\"}", more);
	obj = js_parse_quiet(text, strlen(text));
	assert_true(carry_by_chat(obj, &set, &b, &body, &run->err));
	json_object_put(obj);
	free(text);
	body_finish(&body);
	run->self = carry_answer_responses(&b, 1 << 20, &run->usage);
	run->usage = (struct usage)USAGE_NONE;
	run->ok = true;
}

/* --- A strict client: what it makes of the stream, in one line. */

#define ITEMS 16

struct client {
	int64_t		 sequence;
	char		 response[80];
	struct {
		char	 id[80], type[32];
		bool	 done;
		struct buf deltas;
	}		 items[ITEMS];
	size_t		 n;
	struct buf	 sum;
	bool		 over;
};

/* An item in short; its id has the right beginning. */
static void
sum_item(json_object *item, struct buf *out)
{
	const char	*type = js_str(item, "type");
	json_object	*list, *part;
	size_t		 i;

	if (strcmp(type, "message") == 0) {
		assert_true(util_starts(js_str(item, "id"), "msg_"));
		assert_true(js_is(item, "role", "assistant"));
		buf_puts(out, " M(");
		list = js_array(item, "content");
		for (i = 0; i < js_len(list); i++) {
			part = json_object_array_get_idx(list, i);
			buf_printf(out, "%s%s", js_is(part, "type", "refusal") ?
			    "!" : "", js_is(part, "type", "refusal") ?
			    js_str(part, "refusal") : js_str(part, "text"));
		}
	} else if (strcmp(type, "reasoning") == 0) {
		assert_true(util_starts(js_str(item, "id"), "rs_"));
		buf_puts(out, " R(");
		list = js_array(item, "summary");
		for (i = 0; i < js_len(list); i++)
			buf_puts(out, js_str(json_object_array_get_idx(list,
			    i), "text"));
		part = seal_open(js_str(item, "encrypted_content") != NULL ?
		    js_str(item, "encrypted_content") : "");
		if (part != NULL)
			buf_printf(out, "|%s|%s",
			    js_str(part, "reasoning_text") != NULL ?
			    js_str(part, "reasoning_text") : "",
			    js_str(part, "reasoning_opaque") != NULL ?
			    js_str(part, "reasoning_opaque") : "");
		json_object_put(part);
	} else if (strcmp(type, "function_call") == 0) {
		assert_true(util_starts(js_str(item, "id"), "fc_"));
		if (js_str(item, "namespace") != NULL)
			buf_printf(out, " %s.", js_str(item, "namespace"));
		buf_printf(out, " F(%s %s %s", js_str(item, "call_id"),
		    js_str(item, "name"), js_str(item, "arguments"));
	} else {
		assert_string_equal(type, "custom_tool_call");
		assert_true(util_starts(js_str(item, "id"), "ctc_"));
		buf_printf(out, " C(%s %s %s", js_str(item, "call_id"),
		    js_str(item, "name"), js_str(item, "input"));
	}
	buf_putc(out, ')');
	if (js_is(item, "status", "incomplete"))
		buf_puts(out, "...");
}

static void
sum_response(json_object *r, struct buf *out)
{
	json_object	*list = js_array(r, "output"), *usage;
	size_t		 i;

	assert_true(js_is(r, "object", "response"));
	assert_true(js_is(r, "model", "asked"));
	assert_true(js_is(r, "instructions", "i"));
	for (i = 0; i < js_len(list); i++)
		sum_item(json_object_array_get_idx(list, i), out);
	buf_printf(out, " [%s", js_str(r, "status"));
	if (js_obj(r, "incomplete_details") != NULL)
		buf_printf(out, " %s", js_str(js_obj(r, "incomplete_details"),
		    "reason"));
	buf_puts(out, "]");
	if ((usage = js_obj(r, "usage")) != NULL)
		buf_printf(out, " %d+%d(%d)=%d",
		    (int)js_int(usage, "input_tokens", -1),
		    (int)js_int(usage, "output_tokens", -1),
		    (int)js_int(js_obj(usage, "output_tokens_details"),
		    "reasoning_tokens", -1),
		    (int)js_int(usage, "total_tokens", -1));
	if (js_obj(r, "error") != NULL)
		buf_printf(out, " error=%s", js_str(js_obj(r, "error"),
		    "code"));
}

/* Events that are about an item: each delta counts, the end repeats them. */
static void
see_item(struct client *c, json_object *ev, const char *type)
{
	static const char *const ends[][2] = {
		{ "response.output_text.done", "text" },
		{ "response.refusal.done", "refusal" },
		{ "response.reasoning_summary_text.done", "text" },
		{ "response.function_call_arguments.done", "arguments" },
		{ "response.custom_tool_call_input.done", "input" },
	};
	size_t i, at = (size_t)js_int(ev, "output_index", 99);

	if (strcmp(type, "response.output_item.added") == 0) {
		assert_int_equal(at, c->n);
		assert_true(c->n < ITEMS);
		snprintf(c->items[at].id, 80, "%s",
		    js_str(js_obj(ev, "item"), "id"));
		c->n++;
		return;
	}
	assert_true(at < c->n && !c->items[at].done);
	if (strcmp(type, "response.output_item.done") == 0) {
		assert_true(js_is(js_obj(ev, "item"), "id", c->items[at].id));
		c->items[at].done = true;
		return;
	}
	assert_true(js_is(ev, "item_id", c->items[at].id));
	if (util_ends(type, ".delta"))
		buf_puts(&c->items[at].deltas, js_str(ev, "delta"));
	for (i = 0; i < COUNT(ends); i++)
		if (strcmp(type, ends[i][0]) == 0) {
			assert_string_equal(js_str(ev, ends[i][1]),
			    buf_str(&c->items[at].deltas));
			buf_truncate(&c->items[at].deltas, 0);
		}
}

static bool
see(const struct sse_event *e, void *arg)
{
	struct client	*c = arg;
	json_object	*ev = js_parse_quiet(e->data, e->len), *r;
	const char	*type = js_str(ev, "type");

	assert_false(c->over);
	assert_string_equal(type, e->name);
	assert_int_equal(js_int(ev, "sequence_number", -1), c->sequence++);
	if (c->sequence == 1)
		assert_string_equal(type, "response.created");
	if (c->sequence == 2)
		assert_string_equal(type, "response.in_progress");
	if ((r = js_obj(ev, "response")) != NULL) {
		if (c->response[0] == '\0')
			snprintf(c->response, sizeof(c->response), "%s",
			    js_str(r, "id"));
		assert_true(js_is(r, "id", c->response));
		c->over = !js_is(r, "status", "in_progress");
		if (c->over)
			sum_response(r, &c->sum);
	} else if (strcmp(type, "error") != 0)
		see_item(c, ev, type);
	json_object_put(ev);
	return true;
}

static void
summary(const struct buf *stream, struct buf *out)
{
	struct client	c = { 0 };
	struct sse	sse = { .max = 16 << 20 };
	size_t		i;
	bool		failed;

	sse_feed(&sse, buf_str(stream), stream->len, see, &c);
	assert_false(sse_partial(&sse));
	sse_finish(&sse);
	assert_true(c.over);
	failed = strstr(c.sum.p, "[failed]") != NULL;
	for (i = 0; i < c.n; i++) {
		assert_true(c.items[i].done || failed);
		buf_finish(&c.items[i].deltas);
	}
	buf_append(out, c.sum.p, c.sum.len);
	buf_finish(&c.sum);
}

/* Streamed in pieces of all sizes, and collected: the same in the end. */
static void
check(const char *file, const char *more, const char *want)
{
	static const size_t	 steps[] = { 1 << 20, 1, 7 };
	struct buf		 in = { 0 }, sum = { 0 };
	struct run		 run;
	json_object		*obj;
	char			*options;
	size_t			 i;

	read_data(file, &in);
	options = xasprintf(STREAM "%s", more);
	for (i = 0; i < COUNT(steps); i++) {
		start(&run, options);
		feed(&run, in.p, in.len, steps[i]);
		summary(&run.out, &sum);
		if (strcmp(buf_str(&sum), want) != 0)
			fail_msg("%s:\n got %s\nwant %s", file, buf_str(&sum),
			    want);
		buf_truncate(&sum, 0);
		stop(&run);
	}
	free(options);
	start(&run, more);
	feed(&run, in.p, in.len, 1 << 20);
	if (run.ok) {
		obj = js_parse_quiet(run.out.p, run.out.len);
		assert_non_null(obj);
		sum_response(obj, &sum);
		assert_string_equal(sum.p, want);
		json_object_put(obj);
	} else
		assert_int_equal(run.out.len, 0);
	stop(&run);
	buf_finish(&in);
	buf_finish(&sum);
}

static void
test_styles_text(void **state)
{
	(void)state;
	check("chat-azure.sse", "", " M(Hello \xc3\xa9\xf0\x9f\x98\x80.) "
	    "[completed] 0+0(0)=0");
	check("chat-openai.sse", "", " M(Hello there) [completed] 11+7(0)=18");
	check("chat-claude.sse", "", " M(I can help.) [completed] 20+9(0)=29");
	check("chat-gemini.sse", "", " R(**Thinking**\n\nFirst. Then.) "
	    "M(Hello you.) [completed] 12+105(100)=117");
	/* The opaque part came behind the text that it led to. */
	check("chat-gemini.sse", SEALED, " R(**Thinking**\n\nFirst. Then."
	    "|**Thinking**\n\nFirst. Then.|) M(Hello you.) R(||b3BhcXVl) "
	    "[completed] 12+105(100)=117");
}

static void
test_styles_tools(void **state)
{
	(void)state;
	check("chat-azure-tools.sse", "", " F(call_a1 get_weather "
	    "{\"city\":\"Oslo\"}) F(call_a2 get_time {}) "
	    "[completed] 0+0(0)=0");
	check("chat-openai-tools.sse", "", " F(call_b1 get_weather "
	    "{\"city\":\"Oslo\"}) F(call_b2 get_time {}) "
	    "[completed] 11+7(0)=18");
	check("chat-claude-tools.sse", "", " M(Let me look.) "
	    "F(toolu_01 get_weather {\"city\": \"Oslo\"}) "
	    "F(toolu_02 get_time {}) [completed] 20+9(0)=29");
	/* Copilot insists on this opaque, so it comes unasked. */
	check("chat-gemini-tools.sse", "", " R(I need two tools."
	    "|I need two tools.|b3BhcXVl) "
	    "F(call_g1 get_weather {\"city\":\"Oslo\"}) "
	    "F(call_g2 get_time {}) [completed] 12+105(100)=117");
	check("chat-split.sse", "", " M(Looking.) F(toolu_01 get_time {}) "
	    "[completed] 0+0(0)=0");
}

static const char *
one_event(const char *chunk, const char *more, const char *options,
    struct buf *sum)
{
	struct run	run;
	char		*text;

	text = xasprintf("data: %s\n\n%sdata: [DONE]\n\n", chunk, more);
	start(&run, options);
	feed(&run, text, strlen(text), 1 << 20);
	buf_truncate(sum, 0);
	summary(&run.out, sum);
	stop(&run);
	free(text);
	return buf_str(sum);
}

#define CHUNK(delta, reason) "{\"choices\":[{\"index\":0,\"delta\":" delta \
	",\"finish_reason\":" reason "}]}"

static void
test_own_tools_come_back(void **state)
{
	struct buf sum = { 0 };

	(void)state;
	assert_string_equal(one_event(CHUNK("{\"tool_calls\":[{\"index\":0,"
	    "\"id\":\"c1\",\"function\":{\"name\":\"get_time\",\"arguments\":"
	    "\"{\\\"input\\\":\\\"a\\\\nb\\\"}\"}},{\"index\":1,\"id\":\"c2\","
	    "\"function\":{\"name\":\"get__weather\",\"arguments\":\"{}\"}}]}",
	    "\"tool_calls\""), "", STREAM TOOLS, &sum),
	    " C(c1 get_time a\nb) get. F(c2 weather {}) "
	    "[completed] 0+0(0)=0");
	/* Not what was asked for, but what the model wrote. */
	assert_string_equal(one_event(CHUNK("{\"tool_calls\":[{\"index\":0,"
	    "\"id\":\"c1\",\"function\":{\"name\":\"get_time\",\"arguments\":"
	    "\"plain\"}}]}", "\"stop\""), "", STREAM TOOLS, &sum),
	    " C(c1 get_time plain) [completed] 0+0(0)=0");
	buf_finish(&sum);
}

/* The pieces of calls may alternate, and text may follow. */
static void
test_alternating_pieces(void **state)
{
	struct buf sum = { 0 };

	(void)state;
	assert_string_equal(one_event(
	    CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{"
	    "\"name\":\"f\",\"arguments\":\"1\"}},{\"index\":1,\"id\":\"b\","
	    "\"function\":{\"name\":\"g\",\"arguments\":\"2\"}}]}", "null"),
	    "data: " CHUNK("{\"content\":\"t\",\"tool_calls\":[{\"index\":0,"
	    "\"function\":{\"arguments\":\"3\"}},{\"index\":1,\"function\":{"
	    "\"arguments\":\"4\"}}]}", "null") "\n\n"
	    "data: " CHUNK("{\"reasoning_text\":\"r\",\"content\":\"u\"}",
	    "\"stop\"") "\n\n", STREAM, &sum),
	    " F(a f 13) M(t) R(r) M(u) F(b g 24) [completed] 0+0(0)=0");
	buf_finish(&sum);
}

static void
test_ends(void **state)
{
	struct buf sum = { 0 };

	(void)state;
	assert_string_equal(one_event(CHUNK("{\"content\":\"t\"}",
	    "\"length\""), "", STREAM, &sum),
	    " M(t)... [incomplete max_output_tokens] 0+0(0)=0");
	assert_string_equal(one_event(CHUNK("{\"content\":\"\"}",
	    "\"content_filter\""), "", STREAM, &sum),
	    " [incomplete content_filter] 0+0(0)=0");
	assert_string_equal(one_event(CHUNK("{\"content\":\"t\",\"tool_calls\":"
	    "[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}"
	    "]}", "\"length\""), "", STREAM, &sum),
	    " M(t) F(a f {)... [incomplete max_output_tokens] 0+0(0)=0");
	assert_string_equal(one_event(CHUNK("{\"refusal\":\"no\"}",
	    "\"stop\""), "", STREAM, &sum), " M(!no) [completed] 0+0(0)=0");
	assert_string_equal(one_event(CHUNK("{\"content\":\"\"}", "\"stop\""),
	    "", STREAM, &sum), " M() [completed] 0+0(0)=0");
	/* What is cut off is the text, whatever came behind it. */
	assert_string_equal(one_event(CHUNK("{\"content\":\"t\","
	    "\"reasoning_opaque\":\"o\"}", "\"length\""), "", STREAM SEALED,
	    &sum), " M(t)... R(||o) [incomplete max_output_tokens] "
	    "0+0(0)=0");
	buf_finish(&sum);
}

static void
test_logprobs(void **state)
{
	static const char chunks[] =
	    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
	    "\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":-1,"
	    "\"bytes\":[97],\"top_logprobs\":[]}]}}]}\n\n"
	    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},"
	    "\"logprobs\":{\"content\":[{\"token\":\"b\",\"logprob\":-2,"
	    "\"bytes\":[98],\"top_logprobs\":[]}]},\"finish_reason\":\"stop\"}"
	    "]}\n\ndata: [DONE]\n\n";
	struct run	 run;
	json_object	*obj, *part;

	(void)state;
	start(&run, "");
	feed(&run, chunks, strlen(chunks), 1);
	obj = js_parse_quiet(run.out.p, run.out.len);
	part = json_object_array_get_idx(js_array(obj, "output"), 0);
	part = json_object_array_get_idx(js_array(part, "content"), 0);
	assert_int_equal(js_len(js_array(part, "logprobs")), 2);
	json_object_put(obj);
	stop(&run);
}

/* --- Whole answers from upstream, which was asked for a stream. */

static void
test_whole(void **state)
{
	static const struct {
		const char	*file;
		const char	*want;
	} cases[] = {
		{ "chat-claude.json", NULL },
		{ "chat-claude-split.json", NULL },
		{ "chat-gemini.json", NULL },
		{ "chat-openai.json", NULL },
	};
	struct buf	 in, sum, collected;
	struct run	 run;
	json_object	*obj;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		in = sum = collected = (struct buf){ 0 };
		read_data(cases[i].file, &in);
		start(&run, "");
		assert_true(run_whole(&turn_answer, run.self, in.p, in.len,
		    &run.out, &run.err));
		obj = js_parse_quiet(run.out.p, run.out.len);
		sum_response(obj, &collected);
		json_object_put(obj);
		assert_non_null(strstr(collected.p, "[completed]"));
		assert_non_null(strpbrk(collected.p, "MF"));
		stop(&run);
		start(&run, STREAM);
		assert_true(run_whole(&turn_answer, run.self, in.p, in.len,
		    &run.out, &run.err));
		summary(&run.out, &sum);
		assert_string_equal(sum.p, collected.p);
		stop(&run);
		buf_finish(&in);
		buf_finish(&sum);
		buf_finish(&collected);
	}
}

/* --- Failures. */

static void
test_early_error(void **state)
{
	struct buf	in = { 0 };
	struct run	run;

	(void)state;
	buf_puts(&in, "data: {\"error\":{\"message\":\"Unsupported parameter: "
	    "'max_tokens'\",\"code\":\"invalid_request_body\"}}\n\n");
	start(&run, STREAM);
	feed(&run, in.p, in.len, 1);
	assert_false(run.ok);
	assert_int_equal(run.out.len, 0);
	assert_int_equal(run.err.status, 400);
	assert_string_equal(run.err.param, "max_output_tokens");
	assert_string_equal(run.err.msg,
	    "Unsupported parameter: 'max_output_tokens'");
	stop(&run);
	buf_finish(&in);
}

static void
test_late_errors(void **state)
{
	struct buf sum = { 0 };

	(void)state;
	assert_string_equal(one_event(CHUNK("{\"content\":\"t\"}", "null"),
	    "data: {\"error\":{\"message\":\"m\",\"code\":\"rate_limited\"}}"
	    "\n\n", STREAM, &sum),
	    " [failed] error=rate_limit_exceeded");
	assert_string_equal(one_event(CHUNK("{\"content\":\"t\"}", "null"),
	    "data: nonsense\n\n", STREAM, &sum),
	    " [failed] error=server_error");
	buf_finish(&sum);
	check("chat-cut.sse", "", " [failed] error=server_error");
	check("chat-error.sse", "", " [failed] error=rate_limit_exceeded");
}

/* As on the other way (responses-answer-t): numbered, and only in between. */
static void
test_alive(void **state)
{
	static const char	one[] = "data: " CHUNK("{\"content\":\"u\"}",
	    "null") "\n\n";
	struct sse		sse = { .max = 1 << 20 };
	struct run		run;
	char			want[64];
	int			n = 0;
	const char		*p;

	(void)state;
	start(&run, STREAM);
	assert_false(turn_answer.filler(run.self, &run.out));
	assert_int_equal(run.out.len, 0);
	sse_feed(&sse, one, sizeof(one) - 1, on_event, &run);
	assert_true(turn_answer.filler(run.self, &run.out));
	feed(&run, one, sizeof(one) - 1, sizeof(one));
	for (p = buf_str(&run.out); (p = strstr(p, "\"sequence_number\":")) !=
	    NULL; p += 18, n++) {
		snprintf(want, sizeof(want), "\"sequence_number\":%d", n);
		assert_true(util_starts(p, want));
	}
	assert_true(n > 5);
	assert_non_null(strstr(buf_str(&run.out), "\n\nevent: keepalive\n"
	    "data: {\"type\":\"keepalive\",\"sequence_number\":"));
	assert_false(turn_answer.filler(run.self, &run.out));
	sse_finish(&sse);
	stop(&run);
}

static void
test_limits(void **state)
{
	struct buf	in = { 0 };
	struct run	run;
	size_t		i;

	(void)state;
	for (i = 0; i <= EVENTS_ITEMS_MAX; i++)
		buf_puts(&in, "data: " CHUNK("{\"reasoning_text\":\"r\","
		    "\"content\":\"u\"}", "null") "\n\n");
	start(&run, STREAM);
	feed(&run, in.p, in.len, 1 << 16);
	assert_false(run.ok);
	assert_int_equal(run.err.status, 502);
	stop(&run);
	/* More bytes than the configuration allows. */
	buf_truncate(&in, 0);
	for (i = 0; i < 20000; i++)
		buf_puts(&in, "data: " CHUNK("{\"content\":\"uuuuuuuuuuuuuu\"}",
		    "null") "\n\n");
	start(&run, "");
	feed(&run, in.p, in.len, 1 << 16);
	assert_false(run.ok);
	assert_int_equal(run.err.status, 502);
	assert_int_equal(run.out.len, 0);
	stop(&run);
	buf_finish(&in);
}

/* --- Errors about the call, in the client's terms. */

static void
test_terms(void **state)
{
	static const struct {
		const char	*param, *msg;		/* upstream's */
		const char	*our_param, *our_msg;	/* NULL: the same */
	} cases[] = {
		{ "messages[0].content", "Invalid 'messages[0].content'.",
		    "instructions", "Invalid 'instructions'." },
		{ "messages[1].content[2].image_url.url",
		    "Invalid 'messages[1].content[2].image_url.url': bad.",
		    "input[0].content[2].image_url",
		    "Invalid 'input[0].content[2].image_url': bad." },
		{ "messages[9]", "messages[9] is bad.", "input",
		    "input is bad." },
		{ "messages", "Invalid 'messages': messages are many",
		    "input", "Invalid 'input': messages are many" },
		{ "tools[0].function.name", "see tools[0].function.name",
		    "tools[0].name", "see tools[0].name" },
		{ "tools[1].function.name", "see tools[1].function.name",
		    "tools[1]", "see tools[1]" },
		{ "tools[2].function.parameters", "tools[7]", "tools[2]."
		    "parameters", "tools" },
		{ "max_completion_tokens", "max_tokens, xmax_tokens, "
		    "max_tokens_", "max_output_tokens", "max_output_tokens, "
		    "xmax_tokens, max_tokens_" },
		{ "response_format.json_schema.name", "'response_format' and "
		    "reasoning_effort \"xhigh\"", "text.format.name",
		    "'text.format' and reasoning.effort \"xhigh\"" },
		{ "verbosity", "verbosity of 'verbosity'", "text.verbosity",
		    "verbosity of 'text.verbosity'" },
		{ "tool_choice.function.name", "not via /chat/completions.",
		    "tool_choice.name", "not via /responses." },
		{ "temperature", "messages[ and messages[x] and tools[]", NULL,
		    NULL },
		{ "", "", NULL, NULL },
	};
	struct run	run;
	struct err	err;
	size_t		i;

	(void)state;
	start(&run, "\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{"
	    "\"type\":\"namespace\",\"name\":\"n\",\"tools\":[{\"type\":"
	    "\"function\",\"name\":\"g\"}]},{\"type\":\"custom\",\"name\":"
	    "\"c\"}],");
	for (i = 0; i < COUNT(cases); i++) {
		err_set(&err, 400, ERR_REQUEST, NULL, cases[i].param, "%s",
		    cases[i].msg);
		turn_answer.explain(run.self, &err);
		assert_string_equal(err.param, cases[i].our_param != NULL ?
		    cases[i].our_param : cases[i].param);
		assert_string_equal(err.msg, cases[i].our_msg != NULL ?
		    cases[i].our_msg : cases[i].msg);
	}
	stop(&run);
}

/* --- OpenAI's own description. */

static void
test_shape(void **state)
{
	static const char *const files[] = {
		"chat-azure.sse", "chat-openai.sse", "chat-claude.sse",
		"chat-gemini.sse", "chat-azure-tools.sse",
		"chat-openai-tools.sse", "chat-claude-tools.sse",
		"chat-gemini-tools.sse", "chat-split.sse", "chat-error.sse",
		"chat-cut.sse",
	};
	struct buf	in = { 0 }, all = { 0 };
	struct run	run;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(files); i++) {
		buf_truncate(&in, 0);
		read_data(files[i], &in);
		start(&run, STREAM TOOLS SEALED);
		feed(&run, in.p, in.len, 1 << 20);
		buf_append(&all, buf_str(&run.out), run.out.len);
		stop(&run);
	}
	shape_check("--sse ResponseStreamEvent", &all);
	buf_truncate(&all, 0);
	for (i = 0; i < 9; i++) {
		buf_truncate(&in, 0);
		read_data(files[i], &in);
		start(&run, TOOLS SEALED);
		feed(&run, in.p, in.len, 1 << 20);
		buf_printf(&all, "data: %s\n\n", run.out.p);
		stop(&run);
	}
	shape_check("--sse Response", &all);
	buf_finish(&in);
	buf_finish(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_styles_text),
		cmocka_unit_test(test_styles_tools),
		cmocka_unit_test(test_own_tools_come_back),
		cmocka_unit_test(test_alternating_pieces),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_logprobs),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_early_error),
		cmocka_unit_test(test_late_errors),
		cmocka_unit_test(test_alive),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_shape),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
