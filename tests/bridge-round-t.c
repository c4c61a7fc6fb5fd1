/*
 * There and back: a chat completion request that is carried over /responses,
 * and what came of it carried over chat completions, still says the same. Made
 * of random parts, in the forms that both sides write themselves.
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

#include "api/carry.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "bridge/chat-request.h"
#include "bridge/responses-request.h"
#include "chat/fit.h"
#include "chat/native.h"
#include "copilot/models.h"

#define ROUNDS 1500

static char *efforts[] = {
	(char *)"none", (char *)"low", (char *)"high", NULL
};
static const struct model model = {
	.id = (char *)"m", .vendor = (char *)"OpenAI", .openai = true,
	.reasoning_effort = efforts, .structured_outputs = true
};

/* --- Random requests, the same in each run. */

static uint64_t seed;

static unsigned
below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static bool
maybe(void)
{
	return below(2) == 0;
}

static const char *
words(void)
{
	static const char *const some[] = {
		"x", "two words", "\xc3\xa9\xf0\x9f\x98\x80", "a\nb\t\"c\"\\",
		"messages[0]", "{\"a\":1}", " ", "</s>", "\x01",
	};

	return some[below(COUNT(some))];
}

static json_object *
typed(const char *type)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "type", type);
	return obj;
}

static json_object *
random_part(bool image)
{
	static const char *const details[] = { "auto", "low", "high" };
	json_object *part = typed(image ? "image_url" : "text"), *url;

	if (!image) {
		js_add_str(part, "text", words());
		return part;
	}
	url = json_object_new_object();
	js_add_str(url, "url", maybe() ? "https://h/i" :
	    "data:image/png;base64,AAAA");
	js_add_str(url, "detail", details[below(COUNT(details))]);
	js_add_take(part, "image_url", url);
	return part;
}

/* A user's content: words, or several parts. */
static json_object *
random_content(void)
{
	json_object	*list;
	size_t		 i, n;

	if (maybe())
		return json_object_new_string(words());
	list = json_object_new_array();
	json_object_array_add(list, random_part(true));
	for (i = 0, n = below(3); i < n; i++)
		json_object_array_add(list, random_part(maybe()));
	return list;
}

static json_object *
message(const char *role, json_object *content)
{
	json_object *msg = json_object_new_object();

	js_add_str(msg, "role", role);
	js_add_take(msg, "content", content);
	return msg;
}

static json_object *
random_call(const char *id)
{
	static const char *const names[] = { "f", "get_time", "a-b_c" };
	json_object *call = json_object_new_object();
	json_object *function = json_object_new_object();

	js_add_str(function, "name", names[below(COUNT(names))]);
	js_add_str(function, "arguments", maybe() ? "{}" :
	    "{\"a\": \"b\"}");
	js_add_str(call, "id", id);
	js_add_str(call, "type", "function");
	js_add_take(call, "function", function);
	return call;
}

/* An assistant's turn with n calls, some of which have an id used before. */
static void
random_turn(json_object *messages, unsigned n)
{
	json_object	*msg, *calls = json_object_new_array(), *tool;
	json_object	*results = json_object_new_array();
	char		 id[32];
	unsigned	 i;

	msg = message("assistant", n == 0 || maybe() ?
	    json_object_new_string(words()) : NULL);
	for (i = 0; i < n; i++) {
		snprintf(id, sizeof(id), "call_%u_%u", below(3), i);
		json_object_array_add(calls, random_call(id));
		tool = message("tool", json_object_new_string(words()));
		js_add_str(tool, "tool_call_id", id);
		json_object_array_add(results, tool);
	}
	if (n > 0)
		js_add_ref(msg, "tool_calls", calls);
	json_object_array_add(messages, msg);
	for (i = 0; i < n; i++)
		json_object_array_add(messages, json_object_get(
		    json_object_array_get_idx(results, i)));
	json_object_put(calls);
	json_object_put(results);
}

static json_object *
random_messages(void)
{
	json_object	*messages = json_object_new_array();
	unsigned	 i, n;

	if (maybe())
		json_object_array_add(messages, message("system",
		    json_object_new_string(words())));
	for (i = 0, n = 1 + below(5); i < n; i++) {
		json_object_array_add(messages, message("user",
		    random_content()));
		if (maybe())
			random_turn(messages, below(4));
		if (below(8) == 0)
			json_object_array_add(messages, message("system",
			    json_object_new_string(words())));
	}
	return messages;
}

static json_object *
random_tool(unsigned i)
{
	json_object	*tool = typed("function");
	json_object	*function = json_object_new_object();
	json_object	*schema = typed("object");
	char		 name[32];

	snprintf(name, sizeof(name), "tool_%u", i);
	js_add_str(function, "name", name);
	if (maybe())
		js_add_str(function, "description", words());
	js_add_take(schema, "properties", json_object_new_object());
	js_add_take(function, "parameters", schema);
	js_add_bool(function, "strict", maybe());
	js_add_take(tool, "function", function);
	return tool;
}

static void
random_tools(json_object *req)
{
	static const char *const modes[] = { "auto", "none", "required" };
	json_object	*tools = json_object_new_array(), *choice, *function;
	unsigned	 i, n = 1 + below(3);

	for (i = 0; i < n; i++)
		json_object_array_add(tools, random_tool(i));
	js_add_take(req, "tools", tools);
	if (maybe())
		js_add_bool(req, "parallel_tool_calls", maybe());
	if (maybe())
		js_add_str(req, "tool_choice", modes[below(COUNT(modes))]);
	else if (maybe()) {
		choice = typed("function");
		function = json_object_new_object();
		js_add_str(function, "name", "tool_0");
		js_add_take(choice, "function", function);
		js_add_take(req, "tool_choice", choice);
	}
}

static void
random_format(json_object *req)
{
	json_object *format, *schema;

	if (maybe()) {
		js_add_take(req, "response_format", typed("json_object"));
		return;
	}
	format = typed("json_schema");
	schema = json_object_new_object();
	js_add_str(schema, "name", "n");
	if (maybe())
		js_add_str(schema, "description", words());
	if (maybe())
		js_add_bool(schema, "strict", maybe());
	js_add_take(schema, "schema", typed("object"));
	js_add_take(format, "json_schema", schema);
	js_add_take(req, "response_format", format);
}

static json_object *
random_request(void)
{
	json_object *req = json_object_new_object();

	js_add_str(req, "model", "m");
	js_add_take(req, "messages", random_messages());
	if (maybe())
		random_tools(req);
	if (maybe())
		random_format(req);
	if (maybe())
		js_add_int(req, "max_completion_tokens", 16 + below(1000));
	if (maybe()) {		/* else temperature would be refused */
		js_add_str(req, "reasoning_effort", "none");
		js_add_take(req, "temperature", json_object_new_double(0.5));
		js_add_take(req, "top_p", json_object_new_double(0.25));
	} else if (maybe())
		js_add_str(req, "reasoning_effort", maybe() ? "low" : "high");
	if (maybe())
		js_add_str(req, "verbosity", "low");
	if (maybe()) {
		js_add_bool(req, "logprobs", true);
		js_add_int(req, "top_logprobs", 1 + below(4));
	}
	return req;
}

/* --- There and back. */

static void
to_responses(const struct buf *chat, struct buf *out)
{
	struct chat_request	r;
	struct bridge_chat	b;
	struct err		err;

	if (!chat_request_read(&r, chat->p, chat->len, &err))
		fail_msg("%s: %s", chat->p, err.msg);
	r.info = &model;
	if (!carry_by_responses(&r, &b, out, &err))
		fail_msg("%s: %s", chat->p, err.msg);
	bridge_chat_finish(&b);
	chat_request_finish(&r);
}

static void
to_chat(const struct buf *responses, struct buf *out)
{
	struct responses_setting	 set = {
		.upstream = "m", .model = &model, .web_search = true
	};
	json_object			*obj;
	struct bridge_request		 b;
	struct err			 err;

	obj = js_parse_quiet(responses->p, responses->len);
	if (!carry_by_chat(obj, &set, &b, out, &err))
		fail_msg("%s: %s", responses->p, err.msg);
	bridge_request_finish(&b);
	json_object_put(obj);
}

static void
check_same(json_object *want, json_object *got, const char *via)
{
	static const char *const members[] = {
		"model", "messages", "tools", "tool_choice",
		"parallel_tool_calls", "response_format",
		"max_completion_tokens", "reasoning_effort", "temperature",
		"top_p", "verbosity", "logprobs", "top_logprobs",
	};
	size_t i;

	for (i = 0; i < COUNT(members); i++)
		if (!json_object_equal(js_get(want, members[i]),
		    js_get(got, members[i])))
			fail_msg("%s:\nwant %s\n got %s\nover %s", members[i],
			    json_object_to_json_string(want),
			    json_object_to_json_string(got), via);
}

static void
test_there_and_back(void **state)
{
	json_object	*req, *back;
	struct buf	 chat = { 0 }, responses = { 0 }, again = { 0 };
	int		 i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		seed = (uint64_t)i;
		req = random_request();
		/* Ids that are used twice get others, once. */
		chat_fit_messages(req, &model, true);
		js_print(req, &chat);
		to_responses(&chat, &responses);
		to_chat(&responses, &again);
		back = js_parse_quiet(again.p, again.len);
		check_same(req, back, responses.p);
		json_object_put(req);
		json_object_put(back);
		buf_truncate(&chat, 0);
		buf_truncate(&responses, 0);
		buf_truncate(&again, 0);
	}
	buf_finish(&chat);
	buf_finish(&responses);
	buf_finish(&again);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
