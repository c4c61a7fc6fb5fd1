/*
 * There and back: a request that is written and read again, in any two of the
 * protocols, still says the same. Made of random parts, in the forms that all
 * sides write themselves.
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

#include "base/body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/fit.h"
#include "chat/native.h"
#include "chat/request-read.h"
#include "chat/request-write.h"
#include "copilot/models.h"
#include "messages/check.h"
#include "messages/request-read.h"
#include "messages/request-write.h"
#include "responses/request-read.h"
#include "responses/request-write.h"
#include "turn/terms.h"
#include "turn/turn.h"

#define ROUNDS 150		/* of each pair */

static char *efforts[] = {
	(char *)"none", (char *)"low", (char *)"high", NULL
};
static const struct model model = {
	.id = (char *)"m", .vendor = (char *)"OpenAI", .openai = true,
	.reasoning_effort = efforts, .structured_outputs = true
};

/* --- Random requests, the same in each run. */

static uint64_t seed, round_seed;
/*
 * Only what all protocols have: words that are seen, whose turn it is one after
 * the other, no detail of an image, the system first.
 */
static bool plain;

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

	/* The first ones are seen. */
	return some[below(plain ? 3 : COUNT(some))];
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
	if (!plain)
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
	    plain ? "{\"a\":\"b\"}" : "{\"a\": \"b\"}");
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
		if (plain || maybe())
			random_turn(messages, below(4));
		if (!plain && below(8) == 0)
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
	if (!plain)
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
	if (!plain && maybe())
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
	if (!plain && maybe())
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

/* --- The protocols. */

static void
read_chat(const struct buf *text, struct turn *t)
{
	struct chat_request	r;
	struct err		err;

	if (!chat_request_read(&r, text->p, text->len, &err))
		fail_msg("%s: %s", text->p, err.msg);
	r.info = &model;
	if (!chat_request_turn(&r, t, &err))
		fail_msg("%s: %s", text->p, err.msg);
	chat_request_finish(&r);
}

static void
write_chat(struct turn *t, struct buf *out)
{
	struct chat_request	r;
	struct body		body = { .own = *out };
	struct terms		terms;
	struct err		err;

	if (!chat_request_write(t, "m", &model, &r, &terms, &err))
		fail_msg("to chat completions: %s", err.msg);
	assert_int_equal(terms.nelements,
	    js_len(js_array(r.obj, "messages")));
	chat_request_body(&r, NULL, 0, &body);
	*out = body.own;
	chat_request_finish(&r);
	terms_finish(&terms);
}

static void
read_responses(const struct buf *text, struct turn *t)
{
	json_object	*obj = js_parse_quiet(text->p, text->len);
	struct err	 err;

	if (!responses_request_read(obj, true, t, &err))
		fail_msg("%s: %s", text->p, err.msg);
	json_object_put(obj);
}

static void
write_responses(struct turn *t, struct buf *out)
{
	struct lesson	none = { 0 };
	struct terms	terms;

	responses_request_write(t, "m", &model, &none, &terms, out);
	terms_finish(&terms);
}

static void
read_messages(const struct buf *text, struct turn *t)
{
	json_object	*obj = js_parse_quiet(text->p, text->len);
	struct err	 err;

	if (!messages_check(obj, false, &err) ||
	    !messages_request_read(obj, &model, t, &err))
		fail_msg("%s: %s", text->p, err.msg);
	json_object_put(obj);
}

static void
write_messages(struct turn *t, struct buf *out)
{
	json_object	*obj;
	struct terms	 terms;
	struct err	 err;
	bool		 in_prompt;

	obj = messages_request_write(t, "m", &model, &in_prompt, &terms, &err);
	if (obj == NULL)
		fail_msg("to messages: %s", err.msg);
	js_print(obj, out);
	json_object_put(obj);
	terms_finish(&terms);
}

static const struct protocol {
	const char	*name;
	bool		 plain;		/* carries what is plain */
	void		(*write)(struct turn *, struct buf *);
	void		(*read)(const struct buf *, struct turn *);
} protocols[] = {
	{ "chat completions",	false,	write_chat,	read_chat },
	{ "responses",		false,	write_responses, read_responses },
	{ "messages",		true,	write_messages,	read_messages },
};

/* --- There and back. */

/* cmocka's messages have 1 kB: only what differs. */
static void
check_value(const char *what, json_object *want, json_object *got,
    const char *via)
{
	size_t i, n = js_len(want);

	if (json_object_equal(want, got))
		return;
	if (json_object_is_type(want, json_type_array) &&
	    json_object_is_type(got, json_type_array) && n == js_len(got))
		for (i = 0; i < n; i++)
			check_value(what, json_object_array_get_idx(want, i),
			    json_object_array_get_idx(got, i), via);
	fail_msg("%s, seed %llu:\nwant %.400s\n got %.400s\nover %s", what,
	    (unsigned long long)round_seed, json_object_to_json_string(want),
	    json_object_to_json_string(got), via);
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
	size_t i, n = plain ? 4 : COUNT(members);

	for (i = 0; i < n; i++)
		check_value(members[i], js_get(want, members[i]),
		    js_get(got, members[i]), via);
}

static void
forget_details(json_object *content)
{
	json_object	*image;
	size_t		 i, n = js_len(content);

	for (i = 0; i < n; i++) {
		image = js_obj(json_object_array_get_idx(content, i),
		    "image_url");
		if (image != NULL)
			js_del(image, "detail");
	}
}

/* What has to be said in Responses, and is what others mean anyway. */
static void
forget_defaults(json_object *req)
{
	json_object	*tools = js_array(req, "tools");
	json_object	*messages = js_array(req, "messages");
	size_t		 i;

	for (i = 0; i < js_len(tools); i++)
		js_del(js_obj(json_object_array_get_idx(tools, i), "function"),
		    "strict");
	for (i = 0; i < js_len(messages); i++)
		forget_details(js_array(json_object_array_get_idx(messages, i),
		    "content"));
}

/* What becomes of a turn that is written and read. */
static void
hop(struct turn *t, const struct protocol *p, struct buf *via)
{
	struct buf text = { 0 };

	p->write(t, &text);
	turn_finish(t);
	p->read(&text, t);
	buf_printf(via, "%s: %s\n", p->name, text.p);
	buf_finish(&text);
}

static void
check_pair(json_object *req, const struct protocol *a, const struct protocol *b)
{
	struct turn	 t = { 0 };
	struct buf	 chat = { 0 }, via = { 0 }, out = { 0 };
	json_object	*back;

	js_print(req, &chat);
	read_chat(&chat, &t);
	hop(&t, a, &via);
	hop(&t, b, &via);
	write_chat(&t, &out);
	turn_finish(&t);
	back = js_parse_quiet(out.p, out.len);
	if (plain)
		forget_defaults(back);
	check_same(req, back, via.p);
	json_object_put(back);
	buf_finish(&chat);
	buf_finish(&via);
	buf_finish(&out);
}

static void
test_there_and_back(void **state)
{
	const struct protocol	*a, *b;
	const struct protocol	*end = protocols + COUNT(protocols);
	json_object		*req;
	int			 i;

	(void)state;
	for (a = protocols; a < end; a++)
		for (b = protocols; b < end; b++)
			for (i = 0; i < ROUNDS; i++) {
				seed = round_seed = (uint64_t)i;
				plain = a->plain || b->plain;
				req = random_request();
				/* Ids that are used twice get others, once. */
				chat_fit_messages(req, &model, true);
				check_pair(req, a, b);
				json_object_put(req);
			}
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
