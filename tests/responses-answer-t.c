/* A Responses answer: upstream's made OpenAI's, streamed and whole. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "data.h"
#include "responses-run.h"
#include "responses/ids.h"
#include "responses/native-answer.h"
#include "responses/native.h"
#include "shape.h"
#include "turn/usage.h"

/* --- Driving an answer as the exchange does. */

static const char request[] = "{\"model\":\"asked\",\"input\":\"x\","
    "\"instructions\":\"Be kind.\",\"metadata\":{\"a\":\"b\"},\"text\":{},"
    "\"tools\":[{\"type\":\"function\",\"name\":\"f\"}],\"temperature\":0.5,"
    "\"user\":\"u1\",\"stream\":true%s}";

static void
start(struct run *run, const char *more)
{
	struct responses_setting	 set = {
		.upstream = "up", .web_search = true
	};
	struct responses		 r = { 0 };
	struct body			 body = { 0 };
	char				 text[1024];
	json_object			*obj;

	snprintf(text, sizeof(text), request, more);
	obj = js_parse_quiet(text, strlen(text));
	memset(run, 0, sizeof(*run));
	assert_true(responses_request(text, strlen(text), obj, &set, &r, &body,
	    &run->err));
	json_object_put(obj);
	body_finish(&body);
	run->self = responses_answer_create(&r, &run->usage);
	run->usage = (struct usage)USAGE_NONE;
	run->ok = true;
}

static void
feed_file(struct run *run, const char *name, size_t step)
{
	struct buf text = { 0 };

	read_data(name, &text);
	feed(run, text.p, text.len, step);
	buf_finish(&text);
}

/* --- Looking at what came out. */

#define EVENTS_MAX 100

struct events {
	json_object	*list[EVENTS_MAX];
	size_t		 n;
};

static bool
on_out(const struct sse_event *ev, void *arg)
{
	struct events	*events = arg;
	json_object	*obj = js_parse_quiet(ev->data, ev->len);

	assert_non_null(obj);
	assert_true(js_is(obj, "type", ev->name));
	assert_int_equal(js_int(obj, "sequence_number", -1), events->n);
	assert_true(events->n < EVENTS_MAX);
	events->list[events->n++] = obj;
	return true;
}

static void
collect(const struct run *run, struct events *events)
{
	struct sse sse = { .max = 16 << 20 };

	*events = (struct events){ .n = 0 };
	sse_feed(&sse, buf_str(&run->out), run->out.len, on_out, events);
	assert_false(sse_partial(&sse));
	sse_finish(&sse);
}

static void
release(struct events *events)
{
	while (events->n > 0)
		json_object_put(events->list[--events->n]);
}

static json_object *
nth(const struct events *events, const char *type, size_t n)
{
	size_t i;

	for (i = 0; i < events->n; i++)
		if (js_is(events->list[i], "type", type) && n-- == 0)
			return events->list[i];
	fail_msg("there is no %s", type);
	return NULL;
}

static json_object *
last(const struct events *events)
{
	assert_true(events->n > 0);
	return events->list[events->n - 1];
}

/* --- Streams. */

/* Each id is constant, short, and of its item's kind. */
static void
check_ids(const struct events *events)
{
	static const char *const prefixes[] = {
		"rs_", "ws_", "msg_", "fc_", "fc_", "ctc_"
	};
	const char	*ids[COUNT(prefixes)] = { NULL }, *id, *response;
	json_object	*ev, *output;
	int64_t		 at;
	size_t		 i;

	response = js_str(js_obj(events->list[0], "response"), "id");
	assert_true(util_starts(response, "resp_"));
	for (i = 0; i < events->n; i++) {
		ev = events->list[i];
		if (js_obj(ev, "response") != NULL)
			assert_string_equal(js_str(js_obj(ev, "response"), "id"),
			    response);
		at = js_int(ev, "output_index", -1);
		if (at < 0)
			continue;
		assert_true(at < (int64_t)COUNT(prefixes));
		id = js_obj(ev, "item") != NULL ?
		    js_str(js_obj(ev, "item"), "id") : js_str(ev, "item_id");
		if (ids[at] == NULL)
			ids[at] = id;
		assert_string_equal(id, ids[at]);
		assert_true(util_starts(id, prefixes[at]));
		assert_true(strlen(id) <= 64);
	}
	output = js_array(js_obj(last(events), "response"), "output");
	assert_int_equal(js_len(output), COUNT(prefixes));
	for (i = 0; i < COUNT(prefixes); i++)
		assert_string_equal(js_str(json_object_array_get_idx(output, i),
		    "id"), ids[i]);
}

static void
check_completed(json_object *ev)
{
	json_object *r = js_obj(ev, "response"), *usage = js_obj(r, "usage");

	assert_true(js_is(ev, "type", "response.completed"));
	assert_false(js_has(ev, "copilot_usage"));
	assert_false(js_has(ev, "copilot_quota_snapshots"));
	assert_false(js_has(r, "copilot_usage"));
	assert_true(js_is(r, "status", "completed"));
	assert_true(js_is(r, "model", "asked"));
	assert_true(js_is(r, "instructions", "Be kind."));
	assert_true(js_is(js_obj(r, "metadata"), "a", "b"));
	assert_true(js_is(r, "user", "u1"));
	assert_true(js_bool(r, "store", false));
	assert_true(js_double(r, "temperature", 0) == 0.5);
	assert_true(js_double(r, "top_p", 0) == 1);
	assert_true(js_is(r, "service_tier", "default"));
	assert_true(js_is(js_obj(js_obj(r, "text"), "format"), "type", "text"));
	assert_true(js_is(js_obj(r, "reasoning"), "effort", "medium"));
	assert_true(js_bool(json_object_array_get_idx(js_array(r, "tools"), 0),
	    "strict", false));
	assert_int_equal(js_int(js_obj(usage, "input_tokens_details"),
	    "cached_tokens", -1), 0);
	assert_int_equal(js_int(js_obj(usage, "output_tokens_details"),
	    "reasoning_tokens", -1), 0);
	assert_int_equal(js_int(r, "created_at", 0), 1770000000);
}

static void
test_stream(void **state)
{
	struct run	run;
	struct events	ev;
	json_object	*e;

	(void)state;
	start(&run, "");
	feed_file(&run, "responses-stream.sse", 4096);
	assert_true(run.ok);
	assert_int_equal(run.usage.input, 900);
	assert_int_equal(run.usage.output, 40);
	collect(&run, &ev);
	assert_int_equal(ev.n, 32);	/* as many as came */
	check_ids(&ev);
	check_completed(last(&ev));
	assert_true(js_is(ev.list[0], "type", "response.created"));
	e = nth(&ev, "response.output_text.delta", 2);
	assert_true(js_is(e, "delta", "\xf0\x9f\x98\x80 \"x\""));
	assert_non_null(js_array(e, "logprobs"));
	assert_true(js_has(e, "obfuscation"));
	e = nth(&ev, "response.function_call_arguments.done", 1);
	assert_true(js_is(e, "name", "list_dir"));
	e = nth(&ev, "response.output_item.done", 2);
	assert_true(js_is(js_obj(e, "item"), "phase", "commentary"));
	e = nth(&ev, "response.output_item.done", 0);
	assert_true(js_is(js_obj(e, "item"), "encrypted_content", "gAAAAblob"));
	release(&ev);
	shape_check("--sse ResponseStreamEvent", &run.out);
	stop(&run);
}

/* Any split of the bytes gives the same, ids apart. */
static void
test_splits(void **state)
{
	static const char *const files[] = {
		"responses-stream.sse", "responses-incomplete.sse",
		"responses-failed-early.sse", "responses-failed-late.sse",
		"responses-error-late.sse"
	};
	static const size_t	steps[] = { 1, 2, 7, 1000 };
	struct run		a, b;
	size_t			i, k;

	(void)state;
	for (i = 0; i < COUNT(files); i++)
		for (k = 0; k < COUNT(steps); k++) {
			start(&a, "");
			start(&b, "");
			feed_file(&a, files[i], 1 << 20);
			feed_file(&b, files[i], steps[k]);
			assert_int_equal(a.out.len, b.out.len);
			assert_int_equal(a.ok, b.ok);
			stop(&a);
			stop(&b);
		}
}

/* The output may lack an item that was streamed. */
static void
test_incomplete(void **state)
{
	struct run	 run;
	struct events	 ev;
	json_object	*output;

	(void)state;
	start(&run, "");
	feed_file(&run, "responses-incomplete.sse", 4096);
	assert_true(run.ok);
	collect(&run, &ev);
	assert_true(js_is(last(&ev), "type", "response.incomplete"));
	assert_true(js_is(js_obj(js_obj(last(&ev), "response"),
	    "incomplete_details"), "reason", "max_output_tokens"));
	output = js_array(js_obj(last(&ev), "response"), "output");
	assert_string_equal(js_str(json_object_array_get_idx(output, 0), "id"),
	    js_str(nth(&ev, "response.output_text.done", 0), "item_id"));
	assert_string_equal(js_str(json_object_array_get_idx(output, 1), "id"),
	    js_str(nth(&ev, "response.output_text.done", 1), "item_id"));
	assert_int_equal(run.usage.input, 900);
	release(&ev);
	shape_check("--sse ResponseStreamEvent", &run.out);
	stop(&run);
}

/* Before anything was sent an error is an error, with nothing in "out". */
static void
test_early_failure(void **state)
{
	struct run run;

	(void)state;
	start(&run, "");
	feed_file(&run, "responses-failed-early.sse", 4096);
	assert_false(run.ok);
	assert_int_equal(run.out.len, 0);
	assert_int_equal(run.err.status, 429);
	assert_string_equal(run.err.code, "rate_limit_exceeded");
	/* The exchange may have sent a comment, and with it the head. */
	(turn_answer.fail)(run.self, &run.err, &run.out);
	shape_check("--sse ResponseStreamEvent", &run.out);
	assert_true(util_starts(run.out.p, "event: response.created\n"));
	assert_non_null(strstr(run.out.p, "event: response.failed\n"));
	stop(&run);
}

static void
check_late(const char *file, const char *code, size_t noutput)
{
	struct run	 run;
	struct events	 ev;
	json_object	*r;

	start(&run, "");
	feed_file(&run, file, 4096);
	assert_false(run.ok);
	collect(&run, &ev);
	assert_true(js_is(last(&ev), "type", "response.failed"));
	r = nth(&ev, "error", 0);
	assert_string_equal(js_str(r, "message"),
	    js_str(js_obj(r, "error"), "message"));
	assert_true(js_has(r, "code") && js_has(r, "param"));
	r = js_obj(last(&ev), "response");
	assert_true(js_is(r, "status", "failed"));
	assert_true(js_is(js_obj(r, "error"), "code", code));
	assert_true(strlen(js_str(js_obj(r, "error"), "message")) > 0);
	assert_int_equal(js_len(js_array(r, "output")), noutput);
	assert_string_equal(js_str(r, "id"),
	    js_str(js_obj(ev.list[0], "response"), "id"));
	if (noutput > 0)
		assert_string_equal(js_str(json_object_array_get_idx(
		    js_array(r, "output"), 0), "id"),
		    js_str(nth(&ev, "response.output_text.done", 0), "item_id"));
	release(&ev);
	shape_check("--sse ResponseStreamEvent", &run.out);
	/* It is over: nothing can follow. */
	noutput = run.out.len;
	(turn_answer.fail)(run.self, &run.err, &run.out);
	assert_int_equal(run.out.len, noutput);
	stop(&run);
}

static void
test_late_failure(void **state)
{
	(void)state;
	check_late("responses-error-late.sse", "rate_limit_exceeded", 0);
	check_late("responses-failed-late.sse", "server_error", 1);
}

/* Cut at any byte: never a clean end, always a failure. */
static void
test_cut(void **state)
{
	struct buf	text = { 0 };
	struct run	run;
	size_t		i, end;

	(void)state;
	read_data("responses-stream.sse", &text);
	end = text.len - 2;	/* the last event is whole without its \n\n */
	for (i = 0; i < end; i += 17) {
		start(&run, "");
		feed(&run, text.p, i, 4096);
		assert_false(run.ok);
		assert_int_equal(run.err.status, 502);
		if (run.out.len > 0)
			assert_non_null(strstr(run.out.p,
			    "event: response.failed\n"));
		stop(&run);
	}
	buf_finish(&text);
}

#define CREATED "data: {\"type\":\"response.created\",\"response\":{}}\n\n"
#define DELTA	"event: response.output_text.delta\ndata: {\"output_index\":0," \
		"\"content_index\":0,\"item_id\":\"x\",\"delta\":\"d\"," \
		"\"logprobs\":null,\"obfuscation\":\"abc\"}\n\n"
#define END	"data: {\"type\":\"response.completed\",\"response\":null}\n\n"

static void
run_text(struct run *run, const char *more, const char *text)
{
	start(run, more);
	feed(run, text, strlen(text), 4096);
}

/*
 * Deltas that .done takes back: clients go by .done and by the terminal event,
 * and those say what upstream's say.
 */
static void
test_contradictions(void **state)
{
	static const char in[] =
	    "data: {\"type\":\"response.output_item.added\",\"output_index\":0,"
	    "\"item\":{\"type\":\"function_call\",\"id\":\"A\",\"call_id\":"
	    "\"c\",\"name\":\"f\",\"arguments\":\"\"}}\n\n"
	    "data: {\"type\":\"response.function_call_arguments.delta\","
	    "\"output_index\":0,\"delta\":\"x9Kq\",\"obfuscation\":\"o\"}\n\n"
	    "data: {\"type\":\"response.function_call_arguments.done\","
	    "\"output_index\":0,\"arguments\":\"{}\"}\n\n"
	    "data: {\"type\":\"response.output_item.done\",\"output_index\":0,"
	    "\"item\":{\"type\":\"function_call\",\"id\":\"B\",\"call_id\":"
	    "\"c\",\"name\":\"f\",\"arguments\":\"{}\"}}\n\n"
	    "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"C\","
	    "\"output\":[{\"type\":\"function_call\",\"id\":\"D\","
	    "\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}]}}\n\n";
	struct events	events;
	struct run	run;
	json_object	*item;

	(void)state;
	run_text(&run, "", in);
	assert_true(run.ok);
	collect(&run, &events);
	assert_true(js_is(nth(&events, "response.function_call_arguments.done",
	    0), "arguments", "{}"));
	assert_true(js_is(js_obj(nth(&events, "response.output_item.done", 0),
	    "item"), "arguments", "{}"));
	item = json_object_array_get_idx(js_array(js_obj(last(&events),
	    "response"), "output"), 0);
	assert_true(js_is(item, "arguments", "{}"));
	release(&events);
	stop(&run);
}

/* What upstream leaves out is made up: SDKs insist on the order. */
static void
test_gaps(void **state)
{
	struct run	run;
	struct events	ev;

	(void)state;
	run_text(&run, "", DELTA CREATED "data: [DONE]\n\n" END DELTA);
	assert_true(run.ok);
	collect(&run, &ev);
	assert_int_equal(ev.n, 3);
	assert_true(js_is(ev.list[0], "type", "response.created"));
	assert_true(js_is(ev.list[1], "type", "response.output_text.delta"));
	assert_true(util_starts(js_str(ev.list[1], "item_id"), "msg_"));
	assert_true(js_is(ev.list[2], "type", "response.completed"));
	release(&ev);
	assert_null(strstr(run.out.p, "[DONE]"));
	shape_check("--sse ResponseStreamEvent", &run.out);
	stop(&run);
	run_text(&run, "", CREATED END);
	assert_true(run.ok);
	shape_check("--sse ResponseStreamEvent", &run.out);
	stop(&run);
}

static void
test_obfuscation(void **state)
{
	struct run run;

	(void)state;
	run_text(&run, ",\"stream_options\":{\"include_obfuscation\":false}",
	    CREATED DELTA END);
	assert_null(strstr(run.out.p, "obfuscation"));
	stop(&run);
	run_text(&run, "", CREATED DELTA END);
	assert_non_null(strstr(run.out.p, "\"obfuscation\":\"abc\""));
	stop(&run);
}

static void
test_odd_events(void **state)
{
	static const struct {
		const char	*text;
		bool		 ok;
		int		 status;
	} cases[] = {
		{ CREATED DELTA "data: {}\n\n" END, true, 0 },
		{ CREATED DELTA ": hello\n\n" END, true, 0 },
		{ CREATED "data: {\"type\":\"response.new\",\"x\":1}\n\n" END,
		    true, 0 },
		{ CREATED DELTA "data: {\"type\n\n" END, false, 502 },
		{ CREATED DELTA "data: 5\n\n" END, false, 502 },
		{ CREATED DELTA "{\"error\":{\"code\":\"rate_limited\"}}\n",
		    false, 429 },
		{ "{\"error\":{\"message\":\"no\",\"type\":"
		    "\"invalid_request_error\"}}\n", false, 400 },
		{ CREATED DELTA "data: {\"error\":{\"message\":\"x\"}}\n\n" END,
		    false, 500 },
		{ CREATED "event: error\ndata: {\"type\":\"error\",\"error\":{"
		    "\"code\":\"quota_exceeded\"}}\n\n", false, 429 },
		{ CREATED DELTA "data: {\"type\":\"response.cancelled\"}\n\n",
		    false, 503 },
		{ "data: {\"type\":5}\n\n" END, true, 0 },
		{ CREATED "data: {\"type\":\"response.output_item.added\","
		    "\"output_index\":-7,\"item\":null}\n\n"
		    "data: {\"type\":\"response.output_item.added\","
		    "\"output_index\":99999999999,\"item\":{\"type\":\"x\"}}\n\n"
		    "data: {\"type\":\"response.output_item.done\","
		    "\"output_index\":4095,\"item\":{\"name\":5}}\n\n" END,
		    true, 0 },
		{ "data: {\"type\":\"response.completed\",\"response\":{"
		    "\"output\":[null,5,{},{\"type\":\"message\",\"content\":"
		    "[null,{\"type\":\"output_text\"}]}],\"tools\":[null],"
		    "\"usage\":{\"input_tokens\":\"x\"},\"text\":[]}}\n\n",
		    true, 0 },
		{ "data: {\"type\":\"response.completed\",\"response\":{"
		    "\"usage\":{\"input_tokens\":9223372036854775807,"
		    "\"output_tokens\":9223372036854775807}}}\n\n", true, 0 },
		{ "", false, 502 },
	};
	struct run	run;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		run_text(&run, "", cases[i].text);
		if (run.ok != cases[i].ok ||
		    (!run.ok && run.err.status != cases[i].status))
			fail_msg("case %zu: %d %d %s", i, run.ok,
			    run.err.status, buf_str(&run.out));
		stop(&run);
	}
}

/* --- Ids of a shuffled output. */

static void
test_shuffled(void **state)
{
	static const char out[] = "["
	    "{\"type\":\"function_call\",\"call_id\":\"b\"},"
	    "{\"type\":\"message\"},{\"type\":\"new\"},"
	    "{\"type\":\"function_call\",\"call_id\":\"a\"}]";
	struct responses_ids	 ids;
	json_object		*items[3], *list;
	const char		*got[4];
	size_t			 i;

	(void)state;
	responses_ids_init(&ids, NULL);
	items[0] = js_parse_quiet("{\"type\":\"function_call\","
	    "\"call_id\":\"a\"}", 38);
	items[1] = js_parse_quiet("{\"type\":\"function_call\","
	    "\"call_id\":\"b\"}", 38);
	items[2] = js_parse_quiet("{\"type\":\"message\"}", 18);
	for (i = 0; i < 3; i++)
		responses_ids_item(&ids, (int64_t)i, items[i]);
	list = js_parse_quiet(out, sizeof(out) - 1);
	responses_ids_output(&ids, list);
	for (i = 0; i < 4; i++)
		got[i] = js_str(json_object_array_get_idx(list, i), "id");
	assert_string_equal(got[0], js_str(items[1], "id"));
	assert_string_equal(got[1], js_str(items[2], "id"));
	assert_string_equal(got[3], js_str(items[0], "id"));
	for (i = 0; i < 3; i++) {
		assert_string_not_equal(got[2], js_str(items[i], "id"));
		json_object_put(items[i]);
	}
	json_object_put(list);
	responses_ids_finish(&ids);
}

/* --- Whole answers. */

static void
test_whole(void **state)
{
	struct buf	 text = { 0 };
	struct run	 run;
	json_object	*r, *item;

	(void)state;
	read_data("responses-whole.json", &text);
	start(&run, ",\"stream\":false");
	assert_true(run_whole(&turn_answer, run.self, text.p, text.len,
	    &run.out, &run.err));
	r = js_parse_quiet(run.out.p, run.out.len);
	assert_true(js_is(r, "object", "response"));
	assert_true(js_is(r, "model", "asked"));
	assert_true(util_starts(js_str(r, "id"), "resp_"));
	assert_int_equal(js_len(js_array(r, "output")), 6);
	item = json_object_array_get_idx(js_array(r, "output"), 5);
	assert_true(util_starts(js_str(item, "id"), "ctc_"));
	assert_true(js_is(item, "call_id", "call_3"));
	assert_null(strstr(run.out.p, "copilot"));
	assert_int_equal(run.usage.output, 40);
	json_object_put(r);
	shape_check("Response", &run.out);
	stop(&run);
	buf_finish(&text);
}

static void
test_whole_refused(void **state)
{
	static const struct {
		const char	*text;
		int		 status;
	} cases[] = {
		{ "", 502 }, { "null", 502 }, { "[]", 502 }, { "{}", 502 },
		{ "<html>", 502 }, { "{\"output\":{}}", 502 },
		{ "{\"error\":{\"code\":\"rate_limited\"}}", 429 },
		{ "{\"output\":[],\"status\":\"failed\",\"error\":{\"code\":"
		    "\"server_error\",\"message\":\"m\"}}", 500 },
	};
	struct run	run;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		start(&run, ",\"stream\":false");
		assert_false(run_whole(&turn_answer, run.self, cases[i].text,
		    strlen(cases[i].text), &run.out, &run.err));
		assert_int_equal(run.err.status, cases[i].status);
		assert_int_equal(run.out.len, 0);
		stop(&run);
	}
}

/* An argument of a megabyte, and two hundred thousand items. */
static void
test_large(void **state)
{
	struct buf	text = { 0 };
	struct run	run;
	int		i;

	(void)state;
	buf_puts(&text, CREATED "data: {\"type\":"
	    "\"response.function_call_arguments.done\",\"output_index\":0,"
	    "\"arguments\":\"");
	for (i = 0; i < 1 << 20; i++)
		buf_putc(&text, 'a');
	buf_puts(&text, "\"}\n\ndata: {\"type\":\"response.completed\","
	    "\"response\":{\"output\":[{}");
	for (i = 0; i < 200000; i++)
		buf_puts(&text, ",{\"type\":\"x\"}");
	buf_puts(&text, "]}}\n\n");
	start(&run, "");
	feed(&run, text.p, text.len, 16384);
	assert_true(run.ok);
	stop(&run);
	buf_finish(&text);
}

static void
feed_text(struct run *run, const char *text)
{
	struct sse sse = { .max = 1 << 20 };

	sse_feed(&sse, text, strlen(text), on_event, run);
	sse_finish(&sse);
	assert_true(run->ok);
}

/*
 * An event that says nothing is one of the others, numbered with them; before
 * the first one and behind the last there is none.
 */
static void
test_alive(void **state)
{
	static const char *const types[] = {
		"response.created", "response.in_progress",
		"response.output_text.delta", "keepalive", "keepalive",
		"response.output_text.delta", "response.completed"
	};
	struct events	events;
	struct run	run;
	size_t		i;

	(void)state;
	start(&run, "");
	assert_false(turn_answer.filler(run.self, &run.out));
	feed_text(&run, "data: {\"type\":\"response.created\"}\n\n"
	    "data: {\"type\":\"response.in_progress\"}\n\n");
	assert_false(turn_answer.filler(run.self, &run.out));
	assert_int_equal(run.out.len, 0);
	feed_text(&run, "data: {\"type\":\"response.output_text.delta\","
	    "\"output_index\":0,\"delta\":\"a\"}\n\n");
	assert_true(turn_answer.filler(run.self, &run.out));
	assert_true(turn_answer.filler(run.self, &run.out));
	feed_text(&run, "data: {\"type\":\"response.output_text.delta\","
	    "\"output_index\":0,\"delta\":\"b\"}\n\n"
	    "data: {\"type\":\"response.completed\",\"response\":"
	    "{\"output\":[]}}\n\n");
	assert_false(turn_answer.filler(run.self, &run.out));
	assert_non_null(strstr(buf_str(&run.out), "\n\nevent: keepalive\n"
	    "data: {\"type\":\"keepalive\",\"sequence_number\":3}\n\n"));
	collect(&run, &events);
	assert_int_equal(events.n, COUNT(types));
	for (i = 0; i < COUNT(types); i++)
		assert_true(js_is(events.list[i], "type", types[i]));
	release(&events);
	stop(&run);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_incomplete),
		cmocka_unit_test(test_early_failure),
		cmocka_unit_test(test_late_failure),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_obfuscation),
		cmocka_unit_test(test_odd_events),
		cmocka_unit_test(test_shuffled),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_whole_refused),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_alive)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
