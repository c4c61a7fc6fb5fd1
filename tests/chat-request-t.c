/* Unit tests of the request of a chat completion, and of its handler. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/api.h"
#include "api/exchange.h"
#include "api/target.h"
#include "base/body.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/native.h"
#include "copilot/models.h"
#include "turn/effort.h"

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static char low[] = "low", medium[] = "medium", high[] = "high";
static char *efforts[] = { low, medium, high, NULL };
static char *no_efforts[] = { NULL };
static char extra[] = "X-Extra: 1";
static char *headers[] = { extra, NULL };
static char gpt[] = "gpt-5-mini", claude[] = "claude-sonnet-4.6";
static char old[] = "gpt-4.1", vendor[] = "x";

static struct model list[] = {
	{ .id = gpt, .vendor = vendor, .openai = true, .endpoints = MODEL_CHAT,
	  .reasoning_effort = efforts, .request_headers = headers,
	  .max_prompt_image_size = 300, .structured_outputs = true },
	{ .id = claude, .vendor = vendor, .endpoints = MODEL_CHAT,
	  .reasoning_effort = efforts, .request_headers = no_efforts },
	{ .id = old, .vendor = vendor, .openai = true, .endpoints = MODEL_CHAT,
	  .reasoning_effort = no_efforts, .request_headers = no_efforts },
};
static struct models models = { .list = list, .n = COUNT(list), .refs = 1 };

static char from[] = "gpt-4", to[] = "gpt-4.1";
static struct conf_mapping mapping = { from, to };
static char asked[] = "asked";
static struct conf conf = {
	.reasoning_summaries = asked,
	.model_mappings = &mapping, .nmodel_mappings = 1, .refs = 1,
	.max_response_body_bytes = 1 << 20
};

/* As a handler does. */
static bool
choose(struct chat_request *r, const struct models *with, struct err *err)
{
	struct target t;

	target_resolve(&conf, with, r->asked, &t);
	return chat_request_model(r, &conf, t.upstream, t.model, err);
}

/* A request as it is sent on; with == NULL: the list isn't known. */
static void
check_body(int line, const char *in, const struct models *with,
    const char *want)
{
	struct chat_request	r;
	struct err		err;
	struct body		out = { 0 };

	if (!chat_request_read(&r, in, strlen(in), &err) ||
	    !choose(&r, with, &err))
		fail_msg("line %d: %s", line, err.msg);
	chat_request_body(&r, in, strlen(in), &out);
	if (strcmp(buf_str(&out.own), want) != 0)
		fail_msg("line %d:\n got %s\nwant %s", line,
		    buf_str(&out.own), want);
	chat_request_finish(&r);
	body_finish(&out);
}

/* The members given, beside a model and messages. */
static void
check_members(int line, const char *model, const char *in, const char *want)
{
	char *a, *b;

	a = xasprintf("{\"model\":\"%s\"," MESSAGES "%s}", model, in);
	b = xasprintf("{\"model\":\"%s\"," MESSAGES "%s}", model, want);
	check_body(line, a, &models, b);
	free(a);
	free(b);
}

#define MEMBERS(model, in, want) check_members(__LINE__, model, in, want)
#define SAME(model, in) check_members(__LINE__, model, in, in)

static void
test_untouched(void **state)
{
	(void)state;
	SAME(gpt, "");
	SAME(gpt, ",\"temperature\":0.50,\"top_p\":1e0,\"stop\":[\"a\"]");
	SAME(claude, ",\"verbosity\":\"low\"");
	SAME(claude, ",\"user\":\"u\",\"seed\":1,\"logit_bias\":{\"1\":2}");
	SAME(gpt, ",\"prompt_cache_key\":\"k\",\"modalities\":[\"text\"]");
	SAME(gpt, ",\"unknown\":{\"a\":[1, 2]},\"n\":2");
	MEMBERS(gpt, ",\"tools\":null,\"unknown\":null,\"n\":2", ",\"n\":2");
	SAME("never-heard-of", ",\"max_tokens\":5,\"reasoning_effort\":\"x\"");
	SAME(gpt, ",\"stream\":false");
}

/* So do calls and their results, when nothing is wrong with their ids. */
static void
test_calls_untouched(void **state)
{
	static const char text[] = "{\"model\":\"gpt-5-mini\",\"messages\":["
	    "{\"role\":\"user\",\"content\":\"\\u00e9\"}, "
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    "{\"id\":\"call_1\",\"type\":\"function\",\"function\":{"
	    "\"name\":\"f\",\"arguments\":\"{}\"}},"
	    "{\"id\":\"call_2\",\"type\":\"function\",\"function\":{"
	    "\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"call_2\",\"content\":\"b\"},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"a\"},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"a\"}"
	    "]}";

	(void)state;
	check_body(__LINE__, text, &models, text);
}

static void
test_max_tokens(void **state)
{
	(void)state;
	MEMBERS(gpt, ",\"max_tokens\":5", ",\"max_completion_tokens\":5");
	MEMBERS(old, ",\"max_tokens\":5", ",\"max_completion_tokens\":5");
	SAME(gpt, ",\"max_completion_tokens\":5");
	MEMBERS(gpt, ",\"max_tokens\":5,\"max_completion_tokens\":6",
	    ",\"max_completion_tokens\":6");
	SAME(claude, ",\"max_tokens\":5");
	MEMBERS(claude, ",\"max_completion_tokens\":5", ",\"max_tokens\":5");
	MEMBERS(gpt, ",\"max_tokens\":null", "");
	check_body(__LINE__, "{\"model\":\"gpt-5-mini\"," MESSAGES
	    ",\"max_tokens\":5}", NULL, "{\"model\":\"gpt-5-mini\"," MESSAGES
	    ",\"max_tokens\":5}");
}

static void
test_effort(void **state)
{
	static char none[] = "none", xhigh[] = "xhigh";
	static char *const two[] = { low, high, NULL };
	static char *const three[] = { none, medium, xhigh, NULL };
	(void)state;
	assert_string_equal(effort_nearest("low", efforts), "low");
	assert_string_equal(effort_nearest("none", efforts), "low");
	assert_string_equal(effort_nearest("minimal", efforts), "low");
	assert_string_equal(effort_nearest("xhigh", efforts), "high");
	assert_string_equal(effort_nearest("max", efforts), "high");
	assert_string_equal(effort_nearest("odd", efforts), "odd");
	/* Of two equally near ones the lesser. */
	assert_string_equal(effort_nearest("medium", two), "low");
	assert_string_equal(effort_nearest("high", three), "medium");
	assert_null(effort_nearest("low", no_efforts));
	assert_null(effort_nearest("low", NULL));
	MEMBERS(gpt, ",\"reasoning_effort\":\"xhigh\"",
	    ",\"reasoning_effort\":\"high\"");
	MEMBERS(old, ",\"reasoning_effort\":\"low\",\"n\":1", ",\"n\":1");
}

static void
test_stream_options(void **state)
{
	(void)state;
	MEMBERS(gpt, ",\"stream\":true", ",\"stream\":true,"
	    "\"stream_options\":{\"include_usage\":true}");
	MEMBERS(gpt, ",\"stream_options\":{\"include_usage\":false,"
	    "\"include_obfuscation\":false},\"stream\":true",
	    ",\"stream_options\":{\"include_usage\":true},\"stream\":true");
	MEMBERS(gpt, ",\"stream_options\":{\"include_usage\":true}", "");
}

static void
test_refused(void **state)
{
	(void)state;
	MEMBERS(gpt, ",\"service_tier\":\"auto\",\"store\":true,"
	    "\"metadata\":{},\"safety_identifier\":\"x\",\"n\":1", ",\"n\":1");
	MEMBERS(gpt, ",\"prediction\":{\"type\":\"content\",\"content\":\"\"}",
	    "");
	MEMBERS(gpt, ",\"prediction\":{\"type\":\"content\",\"content\":[]}",
	    "");
	MEMBERS(gpt, ",\"prediction\":null", "");
	SAME(gpt, ",\"prediction\":{\"type\":\"content\",\"content\":\"a\"}");
	MEMBERS(gpt, ",\"tools\":[],\"tool_choice\":\"auto\","
	    "\"parallel_tool_calls\":true", "");
}

static void
test_functions(void **state)
{
	(void)state;
	MEMBERS(gpt, ",\"functions\":[{\"name\":\"f\",\"parameters\":{}}],"
	    "\"function_call\":{\"name\":\"f\"}",
	    ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
	    "\"parameters\":{}}}],\"parallel_tool_calls\":false,"
	    "\"tool_choice\":{\"type\":\"function\",\"function\":"
	    "{\"name\":\"f\"}}");
	MEMBERS(gpt, ",\"functions\":[{\"name\":\"f\"}],"
	    "\"function_call\":\"none\"",
	    ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],"
	    "\"parallel_tool_calls\":false,\"tool_choice\":\"none\"");
	MEMBERS(gpt, ",\"functions\":[],\"function_call\":\"auto\"", "");
	check_body(__LINE__, "{\"model\":\"gpt-4.1\",\"messages\":["
	    "{\"role\":\"user\",\"content\":\"a\"},"
	    "{\"role\":\"assistant\",\"content\":null,\"function_call\":"
	    "{\"name\":\"f\",\"arguments\":\"{}\"}},"
	    "{\"role\":\"function\",\"name\":\"f\",\"content\":\"1\"}]}",
	    &models, "{\"model\":\"gpt-4.1\",\"messages\":["
	    "{\"role\":\"user\",\"content\":\"a\"},"
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"
	    "\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
	    "\"arguments\":\"{}\"}}]},"
	    "{\"role\":\"tool\",\"content\":\"1\",\"tool_call_id\":"
	    "\"call_1\"}]}");
}

static void
test_reasoning_replay(void **state)
{
	(void)state;
	check_body(__LINE__, "{\"model\":\"gpt-4.1\",\"messages\":["
	    "{\"role\":\"assistant\",\"content\":\"b\",\"reasoning_content\":"
	    "\"r\",\"reasoning_opaque\":\"o\"},"
	    "{\"role\":\"assistant\",\"content\":\"b\",\"reasoning_content\":"
	    "\"r\",\"reasoning_text\":\"t\"},"
	    "{\"role\":\"user\",\"content\":\"c\"}]}", &models,
	    "{\"model\":\"gpt-4.1\",\"messages\":["
	    "{\"role\":\"assistant\",\"content\":\"b\",\"reasoning_opaque\":"
	    "\"o\",\"reasoning_text\":\"r\"},"
	    "{\"role\":\"assistant\",\"content\":\"b\",\"reasoning_text\":"
	    "\"t\"},{\"role\":\"user\",\"content\":\"c\"}]}");
}

/* A request as it is sent on, with what upstream taught. */
static void
check_fit(int line, const struct lesson *lesson, const char *in,
    const char *want)
{
	struct chat_request	r;
	struct err		err;
	struct body		out = { 0 };

	if (!chat_request_read(&r, in, strlen(in), &err) ||
	    !choose(&r, &models, &err) ||
	    !chat_request_fit(&r, lesson, true, &err))
		fail_msg("line %d: %s", line, err.msg);
	chat_request_body(&r, in, strlen(in), &out);
	if (strcmp(buf_str(&out.own), want) != 0)
		fail_msg("line %d:\n got %s\nwant %s", line,
		    buf_str(&out.own), want);
	chat_request_finish(&r);
	body_finish(&out);
}

static void
test_lessons(void **state)
{
	struct lesson l = { .without = LESSON_TOP_P | LESSON_EFFORT };

	(void)state;
	check_fit(__LINE__, &l, "{\"model\":\"gpt-5-mini\",\"top_p\":1,"
	    "\"temperature\":1,\"reasoning_effort\":\"xhigh\"," MESSAGES "}",
	    "{\"model\":\"gpt-5-mini\",\"temperature\":1," MESSAGES "}");
	l.without = LESSON_MAX_COMPLETION;
	check_fit(__LINE__, &l, "{\"model\":\"gpt-5-mini\",\"max_tokens\":5,"
	    MESSAGES "}", "{\"model\":\"gpt-5-mini\",\"max_tokens\":5,"
	    MESSAGES "}");
	l.without = LESSON_MAX_TOKENS;
	check_fit(__LINE__, &l, "{\"model\":\"unheard-of\",\"max_tokens\":5,"
	    MESSAGES "}", "{\"model\":\"unheard-of\"," MESSAGES
	    ",\"max_completion_tokens\":5}");
}

#define TOLD "Your answer has to be one JSON object and nothing else: no words " \
	"before or behind it, no Markdown, no code fence."
#define SCHEMA ",\"response_format\":{\"type\":\"json_schema\"," \
	"\"json_schema\":{\"name\":\"n\",\"description\":\"d\"," \
	"\"schema\":{\"type\":\"object\"}}}"
#define TOLD_SCHEMA TOLD " It has to be valid against this JSON Schema, " \
	"called \\\"n\\\" (d), which is not to be repeated:\\n" \
	"{\\\"type\\\":\\\"object\\\"}"

static void
test_told(void **state)
{
	const struct lesson nothing = { 0 }, format = {
	    .without = LESSON_FORMAT };

	(void)state;
	check_fit(__LINE__, &nothing, "{\"model\":\"claude-sonnet-4.6\","
	    MESSAGES SCHEMA "}", "{\"model\":\"claude-sonnet-4.6\","
	    "\"messages\":[{\"role\":\"system\",\"content\":\"" TOLD_SCHEMA
	    "\"},{\"role\":\"user\",\"content\":\"hi\"}]}");
	check_fit(__LINE__, &nothing, "{\"model\":\"claude-sonnet-4.6\","
	    "\"messages\":[{\"role\":\"developer\",\"content\":\"s\"}],"
	    "\"response_format\":{\"type\":\"json_object\"}}",
	    "{\"model\":\"claude-sonnet-4.6\",\"messages\":[{\"role\":"
	    "\"system\",\"content\":\"s\\n\\n" TOLD "\"},"
	    "{\"role\":\"user\",\"content\":\"Begin.\"}]}");
	/* Those of OpenAI's that lack a schema know JSON. */
	check_fit(__LINE__, &nothing, "{\"model\":\"gpt-4.1\"," MESSAGES
	    ",\"response_format\":{\"type\":\"json_object\"}}",
	    "{\"model\":\"gpt-4.1\"," MESSAGES
	    ",\"response_format\":{\"type\":\"json_object\"}}");
	check_fit(__LINE__, &nothing, "{\"model\":\"gpt-5-mini\"," MESSAGES
	    SCHEMA "}", "{\"model\":\"gpt-5-mini\"," MESSAGES SCHEMA "}");
	check_fit(__LINE__, &format, "{\"model\":\"gpt-5-mini\"," MESSAGES
	    SCHEMA "}", "{\"model\":\"gpt-5-mini\",\"messages\":[{\"role\":"
	    "\"system\",\"content\":\"" TOLD_SCHEMA "\"},{\"role\":\"user\","
	    "\"content\":\"hi\"}]}");
}

#define IMAGE "{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}}"
#define NOTE "{\"type\":\"text\",\"text\":\"[An image was here. This model " \
	"takes 2 at a time, so that only the newest are shown.]\"}"
#define ASSISTANT "{\"role\":\"assistant\",\"content\":\"a\"}"
#define USER(parts) "{\"role\":\"user\",\"content\":[" parts "]}"
#define ALBUM(messages) "{\"model\":\"gpt-5-mini\",\"messages\":[" messages "]}"

static void
test_many_images(void **state)
{
	static const char	too_many[] = ALBUM(ASSISTANT ","
				    USER(IMAGE "," IMAGE) "," USER(IMAGE));
	const struct lesson	two = { .images = 2 };
	struct chat_request	r;
	struct err		err;

	(void)state;
	check_fit(__LINE__, &two, ALBUM(USER(IMAGE "," IMAGE)),
	    ALBUM(USER(IMAGE "," IMAGE)));
	check_fit(__LINE__, &two, ALBUM(USER(IMAGE "," IMAGE) "," ASSISTANT ","
	    USER(IMAGE)), ALBUM(USER(NOTE "," IMAGE) "," ASSISTANT ","
	    USER(IMAGE)));
	check_fit(__LINE__, &two, ALBUM(USER(IMAGE) "," ASSISTANT ","
	    USER(IMAGE "," IMAGE)), ALBUM(USER(NOTE) "," ASSISTANT ","
	    USER(IMAGE "," IMAGE)));
	assert_true(chat_request_read(&r, too_many, strlen(too_many), &err));
	assert_true(choose(&r, &models, &err));
	assert_false(chat_request_fit(&r, &two, true, &err));
	assert_string_equal(err.code, "too_many_images");
	chat_request_finish(&r);
}

/* Unchanged messages keep their very bytes. */
static void
test_bytes(void **state)
{
	(void)state;
	check_body(__LINE__, " {\n \"messages\" : [ {\"role\":\"user\", "
	    "\"content\":\"\\u00e9\\/\"} ] , \"model\":\"gpt-4\" }\n", &models,
	    "{\"messages\":[ {\"role\":\"user\", \"content\":\"\\u00e9\\/\"} ],"
	    "\"model\":\"gpt-4.1\"}");
}

static const struct refusal {
	const char	*body;
	const char	*param;
	const char	*code;
	const char	*msg;
} refusals[] = {
	{ "{\"model\":\"m\"}", "messages", "missing_required_parameter",
	  "Missing required parameter: 'messages'." },
	{ "{" MESSAGES "}", "model", "missing_required_parameter",
	  "Missing required parameter: 'model'." },
	{ "{\"model\":\"\"," MESSAGES "}", "model",
	  "missing_required_parameter", "Missing" },
	{ "{\"model\":null," MESSAGES "}", "model",
	  "missing_required_parameter", "Missing" },
	{ "{\"model\":7," MESSAGES "}", "model", "invalid_type",
	  "Invalid type for 'model': expected a string, but got an integer "
	  "instead." },
	{ "[]", "", "invalid_type", "expected an object, but got an array" },
	{ "null", "", "invalid_type", "expected an object, but got null" },
	{ "{\"model\":\"m\",\"messages\":\"x\"}", "messages", "invalid_type",
	  "expected an array of objects, but got a string instead." },
	{ "{\"model\":\"m\",\"messages\":[]}", "messages", "empty_array",
	  "Invalid 'messages': empty array." },
	{ "{\"model\":\"m\",\"messages\":[7]}", "messages[0]", "invalid_type",
	  "expected an object, but got an integer" },
	{ "{\"model\":\"m\",\"messages\":[{}]}", "messages[0].role",
	  "missing_required_parameter", "Missing" },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":1}]}", "messages[0].role",
	  "invalid_type", "a string" },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"boss\"}]}",
	  "messages[0].role", "invalid_value", "Invalid value: 'boss'. "
	  "Supported values are: 'system', 'assistant', 'user', 'function', "
	  "'tool', and 'developer'." },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":7}]}",
	  "messages[0].content", "invalid_type",
	  "expected one of a string or array of objects" },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[7]}]}",
	  "messages[0].content[0]", "invalid_type", "an object" },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{}]}]}",
	  "messages[0].content[0].type", "missing_required_parameter", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"stream\":\"yes\"}", "stream",
	  "invalid_type", "expected a boolean, but got a string" },
	{ "{\"model\":\"m\"," MESSAGES ",\"max_tokens\":1.5}", "max_tokens",
	  "invalid_type", "expected an integer, but got a decimal" },
	{ "{\"model\":\"m\"," MESSAGES ",\"temperature\":\"hot\"}",
	  "temperature", "invalid_type", "expected a decimal" },
	{ "{\"model\":\"m\"," MESSAGES ",\"temperature\":7}", "temperature",
	  "decimal_above_max_value", "Invalid 'temperature': decimal above "
	  "maximum value. Expected a value <= 2, but got 7 instead." },
	{ "{\"model\":\"m\"," MESSAGES ",\"top_p\":-0.1}", "top_p",
	  "decimal_below_min_value", "Expected a value >= 0, but got -0.1" },
	{ "{\"model\":\"m\"," MESSAGES ",\"top_logprobs\":21}",
	  "top_logprobs", "integer_above_max_value", "<= 20, but got 21" },
	{ "{\"model\":\"m\"," MESSAGES ",\"response_format\":{}}",
	  "response_format.type", "missing_required_parameter", "Missing" },
	{ "{\"model\":\"m\"," MESSAGES ",\"response_format\":{\"type\":"
	  "\"xml\"}}", "response_format.type", "invalid_value",
	  "Supported values are: 'text', 'json_object', and 'json_schema'." },
	{ "{\"model\":\"m\"," MESSAGES ",\"response_format\":{\"type\":"
	  "\"json_schema\",\"json_schema\":{\"schema\":{}}}}",
	  "response_format.json_schema.name", "missing_required_parameter",
	  "Missing" },
	{ "{\"model\":\"m\"," MESSAGES ",\"response_format\":{\"type\":"
	  "\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{"
	  "\"type\":\"string\"}}}}", "response_format", "invalid_json_schema",
	  "got 'type: \"string\"'" },
	{ "{\"model\":\"m\"," MESSAGES ",\"n\":0}", "n",
	  "integer_below_min_value", "Expected a value >= 1, but got 0" },
	{ "{\"model\":\"m\"," MESSAGES ",\"n\":129}", "n",
	  "integer_above_max_value", "Expected a value <= 128, but got 129" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":{}}", "tools",
	  "invalid_type", "expected an array of objects" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[1]}", "tools[0]",
	  "invalid_type", "an object" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{}]}", "tools[0].type",
	  "missing_required_parameter", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{\"type\":\"custom\","
	  "\"custom\":{\"name\":\"\"}}]}", "tools[0].custom.name",
	  "empty_string", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{\"type\":\"custom\"}]}",
	  "tools[0].custom", "missing_required_parameter", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{\"type\":\"web_search\"}]}",
	  "tools[0].type", "invalid_value",
	  "Invalid value: 'web_search'. Supported values are: 'function' and "
	  "'custom'." },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{\"type\":\"function\"}]}",
	  "tools[0].function", "missing_required_parameter", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{\"type\":\"function\","
	  "\"function\":{}}]}", "tools[0].function.name",
	  "missing_required_parameter", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{\"type\":\"function\","
	  "\"function\":{\"name\":\"\"}}]}", "tools[0].function.name",
	  "empty_string", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{\"type\":\"function\","
	  "\"function\":{\"name\":\"a b\"}}]}", "tools[0].function.name",
	  "invalid_value", "'^[a-zA-Z0-9_-]+$'" },
	{ "{\"model\":\"m\"," MESSAGES ",\"tools\":[{\"type\":\"function\","
	  "\"function\":{\"name\":\"a\\u0000\"}}]}", "tools[0].function.name",
	  "invalid_value", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"functions\":[{\"name\":\"a.b\"}]}",
	  "functions[0].name", "invalid_value", "" },
	{ "{\"model\":\"m\"," MESSAGES ",\"function_call\":7}", "function_call",
	  "invalid_type", "" },
	{ "{\"model\":\"m\"," MESSAGES, "", "", "unexpected end" },
	{ "", "", "", "empty" },
};

static void
test_refusals(void **state)
{
	const struct refusal	*r;
	struct chat_request	 req;
	struct err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(refusals); i++) {
		r = &refusals[i];
		if (chat_request_read(&req, r->body, strlen(r->body), &err))
			fail_msg("accepted: %s", r->body);
		chat_request_finish(&req);
		assert_int_equal(err.status, 400);
		assert_string_equal(err.type, ERR_REQUEST);
		if (strcmp(err.param, r->param) != 0 ||
		    strcmp(err.code, r->code) != 0 ||
		    strstr(err.msg, r->msg) == NULL)
			fail_msg("%s: %s, %s, %s", r->body, err.param,
			    err.code, err.msg);
	}
}

static void
test_too_many_tools(void **state)
{
	struct chat_request	req;
	struct err		err;
	struct buf		b = { 0 };
	size_t			n, i;

	(void)state;
	for (n = 128; n <= 129; n++) {
		buf_truncate(&b, 0);
		buf_puts(&b, "{\"model\":\"m\"," MESSAGES ",\"tools\":[");
		for (i = 0; i < n; i++)
			buf_printf(&b, "%s{\"type\":\"function\",\"function\":"
			    "{\"name\":\"f%zu\"}}", i > 0 ? "," : "", i);
		buf_puts(&b, "]}");
		assert_int_equal(chat_request_read(&req, b.p, b.len, &err),
		    n == 128);
		chat_request_finish(&req);
	}
	assert_string_equal(err.param, "tools");
	assert_string_equal(err.code, "array_above_max_length");
	assert_string_equal(err.msg, "Invalid 'tools': array too long. Expected "
	    "an array with maximum length 128, but got an array with length "
	    "129 instead.");
	buf_finish(&b);
}

/* A long word of the client is cut between characters. */
static void
test_clipped(void **state)
{
	struct chat_request	req;
	struct err		err;
	struct buf		b = { 0 }, out = { 0 };
	size_t			i;

	(void)state;
	buf_puts(&b, "{\"model\":\"m\",\"messages\":[{\"role\":\"x");
	for (i = 0; i < 100; i++)
		buf_puts(&b, "\xf0\x9f\x98\x80");
	buf_puts(&b, "\"}]}");
	assert_false(chat_request_read(&req, b.p, b.len, &err));
	chat_request_finish(&req);
	err_json(&err, &out);
	json_object_put(req.obj = js_parse_quiet(out.p, out.len));
	assert_non_null(req.obj);
	buf_finish(&b);
	buf_finish(&out);
}

#define ROLE(r) "{\"role\":\"" r "\",\"content\":\"x\"}"

static void
test_agent(void **state)
{
	static const struct {
		const char	*messages;
		bool		 agent;
	} cases[] = {
		{ ROLE("user"), false },
		{ ROLE("system"), false },
		{ ROLE("user") "," ROLE("assistant") "," ROLE("user"), false },
		{ ROLE("user") "," ROLE("assistant"), true },
		{ ROLE("user") "," ROLE("assistant") "," ROLE("tool"), true },
		{ ROLE("user") "," ROLE("function"), true },
		{ ROLE("user") "," ROLE("system"), false },
		{ ROLE("user") "," ROLE("developer"), false },
		{ ROLE("tool") "," ROLE("system"), true },
	};
	struct chat_request	r;
	struct err		err;
	char			*body;
	size_t			i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		body = xasprintf("{\"model\":\"m\",\"messages\":[%s]}",
		    cases[i].messages);
		assert_true(chat_request_read(&r, body, strlen(body), &err));
		assert_int_equal(r.messages.agent, cases[i].agent);
		assert_false(r.messages.vision);
		chat_request_finish(&r);
		free(body);
	}
}

/* --- The handler. */

static struct exchange *
exchange(const char *body)
{
	struct exchange *x = exchange_create();

	x->conf = conf_ref(&conf);
	buf_puts(&x->req.body, body);
	return x;
}

static void
test_handler(void **state)
{
	struct exchange *x = exchange("{\"model\":\"gpt-5-mini\",\"stream\":true"
	    ",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
	    "\"text\":\"a\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
	    "\"https://example.com/a.png\"}}]}]}");

	(void)state;
	assert_int_equal(api_chat(x), HANDLED_MODELS);
	exchange_reset(x);
	x->models = models_ref(&models);
	assert_int_equal(api_chat(x), HANDLED_CALL);
	assert_string_equal(x->call.method, "POST");
	assert_string_equal(x->call.path, "/chat/completions");
	assert_true(x->call.completion);
	assert_true(x->call.vision);
	assert_false(x->call.agent);
	assert_true(x->stream);
	assert_ptr_equal(x->call.headers, headers);
	assert_string_equal(x->model, gpt);
	assert_non_null(x->self);
	assert_non_null(strstr(x->call.body.own.p, "\"include_usage\":true"));
	exchange_destroy(x);
}

static void
test_handler_without_models(void **state)
{
	struct exchange *x = exchange("{\"model\":\"gpt-4\"," MESSAGES "}");

	(void)state;
	x->models_tried = true;
	assert_int_equal(api_chat(x), HANDLED_CALL);
	assert_string_equal(x->model, "gpt-4.1");
	assert_string_equal(x->call.body.own.p, "{\"model\":\"gpt-4.1\"," MESSAGES
	    "}");
	assert_null(x->call.headers);
	assert_false(x->stream);
	exchange_destroy(x);
}

/* Needs no list of models to see that. */
static void
test_handler_refuses(void **state)
{
	struct exchange *x = exchange("{\"model\":\"m\"}");

	(void)state;
	assert_int_equal(api_chat(x), HANDLED_REPLY);
	assert_int_equal(x->reply.status, 400);
	assert_non_null(strstr(x->reply.body.p, "missing_required_parameter"));
	exchange_destroy(x);
	/* Where a file can go depends on the model. */
	x = exchange("{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\","
	    "\"content\":[{\"type\":\"file\",\"file\":{}}]}]}");
	x->models = models_ref(&models);
	assert_int_equal(api_chat(x), HANDLED_REPLY);
	assert_non_null(strstr(x->reply.body.p, "Invalid value: 'file'."));
	assert_non_null(strstr(x->reply.body.p, "messages[0].content[0].type"));
	exchange_destroy(x);
}

static void
test_images(void **state)
{
	struct exchange	*x;
	struct buf	 b = { 0 };
	size_t		 n, i;

	(void)state;
	/* The size that the list names is upstream's affair. */
	for (n = 400; n <= 440; n += 40) {
		buf_truncate(&b, 0);
		buf_puts(&b, "{\"model\":\"gpt-5-mini\",\"messages\":[{\"role\":"
		    "\"user\",\"content\":[{\"type\":\"image_url\","
		    "\"image_url\":{\"url\":\"data:image/png;base64,");
		for (i = 0; i < n; i++)
			buf_putc(&b, 'A');
		buf_puts(&b, "\"}}]}]}");
		x = exchange(b.p);
		x->models = models_ref(&models);
		assert_int_equal(api_chat(x), HANDLED_CALL);
		exchange_destroy(x);
	}
	buf_finish(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_calls_untouched),
		cmocka_unit_test(test_max_tokens),
		cmocka_unit_test(test_effort),
		cmocka_unit_test(test_stream_options),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_reasoning_replay),
		cmocka_unit_test(test_lessons),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_many_images),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_too_many_tools),
		cmocka_unit_test(test_clipped),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_handler),
		cmocka_unit_test(test_handler_without_models),
		cmocka_unit_test(test_handler_refuses),
		cmocka_unit_test(test_images),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
