/*
 * Unit tests of chat completions carried over /responses: requests as a table,
 * answers from upstream's shapes, whole and byte by byte, errors in the
 * client's terms, and that an answer given back is what upstream sent.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/api.h"
#include "api/carry-answer.h"
#include "api/carry.h"
#include "api/target.h"
#include "base/body.h"
#include "base/conf.h"
#include "chat-client.h"
#include "chat/native.h"
#include "copilot/models.h"
#include "turn/answer.h"
#include "turn/stop.h"

/* --- Requests. */

static char none[] = "none", low[] = "low", high[] = "high";
static char *efforts[] = { low, high, NULL };
static char *all_efforts[] = { none, low, high, NULL };
static char *empty[] = { NULL };
static char gpt[] = "gpt-5.4", codex[] = "gpt-5.3-codex", odd[] = "odd-1";
static char both[] = "gpt-5-mini", vendor[] = "OpenAI";

static struct model list[] = {
	{ .id = gpt, .vendor = vendor, .openai = true,
	  .endpoints = MODEL_RESPONSES, .reasoning_effort = all_efforts,
	  .request_headers = empty },
	{ .id = codex, .vendor = vendor, .openai = true,
	  .endpoints = MODEL_RESPONSES, .reasoning_effort = efforts,
	  .request_headers = empty },
	{ .id = odd, .vendor = vendor, .endpoints = MODEL_RESPONSES,
	  .reasoning_effort = empty, .request_headers = empty },
	{ .id = both, .vendor = vendor, .openai = true,
	  .endpoints = MODEL_CHAT | MODEL_RESPONSES,
	  .reasoning_effort = efforts, .request_headers = empty },
};
static struct models models = { .list = list, .n = COUNT(list), .refs = 1 };
static char asked[] = "asked";
static struct conf conf = {
	.refs = 1, .max_response_body_bytes = 1 << 20,
	.reasoning_summaries = asked
};

/* As a handler does. */
static bool
choose(struct chat_request *r, const struct models *with, struct err *err)
{
	struct target t;

	target_resolve(&conf, with, r->asked, &t);
	return chat_request_model(r, &conf, t.upstream, t.model, err);
}

/* The translated body of a request; NULL with "err" set. */
static json_object *
translate(const char *in, struct carry_note *b, struct err *err)
{
	struct chat_request	r;
	struct body		out = { 0 };
	json_object		*obj = NULL;

	*b = (struct carry_note){ 0 };
	if (chat_request_read(&r, in, strlen(in), err) &&
	    choose(&r, &models, err) &&
	    carry_by_responses(&r, b, &out, err)) {
		obj = js_parse_quiet(out.own.p, out.own.len);
		assert_non_null(obj);
	}
	chat_request_finish(&r);
	body_finish(&out);
	return obj;
}

/* What the members of a chat request become, beside the constant ones. */
static void
check_members(int line, const char *model, const char *in, const char *want)
{
	static const char *const constant[] = {
		"model", "input", "stream", "store",
	};
	struct carry_note	 b;
	struct err		 err = { 0 };
	struct buf		 out = { 0 };
	json_object		*obj;
	char			*text;
	size_t			 i;

	text = xasprintf("{\"model\":\"%s\",\"messages\":[{\"role\":\"user\","
	    "\"content\":\"hi\"}]%s}", model, in);
	if ((obj = translate(text, &b, &err)) == NULL)
		fail_msg("line %d: %s", line, err.msg);
	assert_false(js_bool(obj, "store", true));
	for (i = 0; i < COUNT(constant); i++) {
		assert_true(js_has(obj, constant[i]));
		js_del(obj, constant[i]);
	}
	if (strstr(want, "\"include\"") == NULL)
		js_del(obj, "include");
	js_print(obj, &out);
	if (strcmp(out.p, want) != 0)
		fail_msg("line %d:\n got %s\nwant %s", line, out.p, want);
	json_object_put(obj);
	buf_finish(&out);
	carry_note_finish(&b);
	free(text);
}

#define MEMBERS(model, in, want) check_members(__LINE__, model, in, want)
#define SUMMARY "\"reasoning\":{\"summary\":\"auto\"}"

static void
test_members(void **state)
{
	(void)state;
	MEMBERS(odd, "", "{}");
	MEMBERS(gpt, "", "{}");
	MEMBERS(gpt, ",\"reasoning\":{}", "{" SUMMARY "}");
	MEMBERS(gpt, ",\"include_reasoning\":true", "{" SUMMARY "}");
	MEMBERS(gpt, ",\"reasoning_effort\":\"max\"",
	    "{\"reasoning\":{\"effort\":\"high\",\"summary\":\"auto\"}}");
	MEMBERS(codex, ",\"reasoning_effort\":\"none\"",
	    "{\"reasoning\":{\"effort\":\"low\"}}");
	MEMBERS(odd, ",\"reasoning_effort\":\"low\"", "{}");
	MEMBERS("unknown", ",\"reasoning_effort\":\"odd\"",
	    "{\"reasoning\":{\"effort\":\"odd\"}}");
	/* At least 16; null is nothing; the new name before the old. */
	MEMBERS(odd, ",\"max_tokens\":5", "{\"max_output_tokens\":16}");
	MEMBERS(odd, ",\"max_completion_tokens\":500",
	    "{\"max_output_tokens\":500}");
	MEMBERS(odd, ",\"max_tokens\":20,\"max_completion_tokens\":30.0",
	    "{\"max_output_tokens\":30}");
	MEMBERS(odd, ",\"max_tokens\":null", "{}");
	/* Refused by models that reason. */
	MEMBERS(gpt, ",\"temperature\":0.5,\"top_p\":1", "{}");
	MEMBERS(gpt, ",\"temperature\":0.5,\"reasoning_effort\":\"none\"",
	    "{\"reasoning\":{\"effort\":\"none\"},"
	    "\"temperature\":0.5}");
	MEMBERS(odd, ",\"temperature\":0,\"top_p\":0.1",
	    "{\"temperature\":0,\"top_p\":0.1}");
	/* What changes nothing, or has no place. */
	MEMBERS(odd, ",\"seed\":1,\"frequency_penalty\":1,\"user\":\"u\","
	    "\"presence_penalty\":1,\"logit_bias\":{},\"metadata\":{},"
	    "\"service_tier\":\"auto\",\"safety_identifier\":\"s\","
	    "\"store\":true,\"n\":1,"
	    "\"stream_options\":{\"include_usage\":true},\"unknown\":1,"
	    "\"prediction\":{\"type\":\"content\",\"content\":\"x\"},"
	    "\"modalities\":[\"text\"],\"stop\":\"x\",\"top_logprobs\":2",
	    "{}");
	MEMBERS(odd, ",\"prompt_cache_key\":\"k\"",
	    "{\"prompt_cache_key\":\"k\"}");
	MEMBERS(odd, ",\"logprobs\":true,\"top_logprobs\":3",
	    "{\"top_logprobs\":3,\"include\":["
	    "\"reasoning.encrypted_content\","
	    "\"message.output_text.logprobs\"]}");
	MEMBERS(odd, ",\"logprobs\":false",
	    "{\"include\":[\"reasoning.encrypted_content\"]}");
}

static void
test_formats(void **state)
{
	(void)state;
	MEMBERS(odd, ",\"verbosity\":\"low\"",
	    "{\"text\":{\"verbosity\":\"low\"}}");
	MEMBERS(odd, ",\"response_format\":{\"type\":\"text\"}",
	    "{\"text\":{\"format\":{\"type\":\"text\"}}}");
	MEMBERS(odd, ",\"response_format\":{\"type\":\"json_object\"},"
	    "\"verbosity\":\"high\"", "{\"text\":{\"format\":{\"type\":"
	    "\"json_object\"},\"verbosity\":\"high\"}}");
	MEMBERS(odd, ",\"response_format\":{\"type\":\"json_schema\","
	    "\"json_schema\":{\"name\":\"n\",\"description\":\"d\","
	    "\"strict\":true,\"schema\":{\"type\":\"object\"}}}",
	    "{\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\","
	    "\"description\":\"d\",\"strict\":true,\"schema\":{\"type\":"
	    "\"object\"}}}}");
	MEMBERS(odd, ",\"response_format\":{\"type\":\"json_schema\","
	    "\"json_schema\":{\"name\":\"n\",\"strict\":null}}",
	    "{\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\","
	    "\"schema\":{\"type\":\"object\",\"properties\":{}}}}}");
}

#define FUNCTION(name) "{\"type\":\"function\",\"function\":{\"name\":" \
	"\"" name "\"}}"
#define NO_PARAMETERS "\"parameters\":{\"type\":\"object\"," \
	"\"properties\":{}},\"strict\":false}"
#define TOOL_F "{\"type\":\"function\",\"name\":\"f\"," NO_PARAMETERS
#define WITH_F ",\"tools\":[" FUNCTION("f") "]"

static void
test_tools(void **state)
{
	(void)state;
	MEMBERS(odd, ",\"tools\":[{\"type\":\"function\",\"function\":{"
	    "\"name\":\"f\",\"description\":\"d\",\"strict\":true,"
	    "\"parameters\":{\"a\":1}}}," FUNCTION("g") "],"
	    "\"parallel_tool_calls\":false", "{\"tools\":[{\"type\":"
	    "\"function\",\"name\":\"f\",\"description\":\"d\","
	    "\"parameters\":{\"a\":1},\"strict\":true},{\"type\":\"function\","
	    "\"name\":\"g\"," NO_PARAMETERS "],\"parallel_tool_calls\":false}");
	MEMBERS(odd, WITH_F ",\"tool_choice\":\"required\"",
	    "{\"tools\":[" TOOL_F "],\"tool_choice\":\"required\"}");
	MEMBERS(odd, WITH_F ",\"tool_choice\":" FUNCTION("f"),
	    "{\"tools\":[" TOOL_F "],\"tool_choice\":{\"type\":\"function\","
	    "\"name\":\"f\"}}");
	MEMBERS(odd, WITH_F ",\"tool_choice\":{\"type\":\"allowed_tools\","
	    "\"allowed_tools\":{\"mode\":\"auto\",\"tools\":[" FUNCTION("f")
	    "]}}", "{\"tools\":[" TOOL_F "],\"tool_choice\":{\"type\":"
	    "\"allowed_tools\",\"mode\":\"auto\",\"tools\":[{\"type\":"
	    "\"function\",\"name\":\"f\"}]}}");
	MEMBERS(odd, ",\"tools\":[],\"tool_choice\":\"auto\","
	    "\"parallel_tool_calls\":true", "{}");
	MEMBERS(odd, ",\"functions\":[{\"name\":\"f\"}],\"function_call\":"
	    "{\"name\":\"f\"}", "{\"tools\":[" TOOL_F "],"
	    "\"parallel_tool_calls\":false,\"tool_choice\":{\"type\":"
	    "\"function\",\"name\":\"f\"}}");
	MEMBERS(odd, ",\"functions\":[{\"name\":\"f\"}],\"function_call\":"
	    "\"auto\"", "{\"tools\":[" TOOL_F "],\"parallel_tool_calls\":"
	    "false,\"tool_choice\":\"auto\"}");
}

static void
check_input(int line, const char *messages, const char *want)
{
	struct carry_note	 b;
	struct err		 err = { 0 };
	struct buf		 out = { 0 };
	json_object		*obj;
	char			*text;

	text = xasprintf("{\"model\":\"x\",\"messages\":[%s]}", messages);
	if ((obj = translate(text, &b, &err)) == NULL)
		fail_msg("line %d: %s", line, err.msg);
	js_print(js_get(obj, "input"), &out);
	if (strcmp(out.p, want) != 0)
		fail_msg("line %d:\n got %s\nwant %s", line, out.p, want);
	assert_int_equal(b.terms.nelements, js_len(js_get(obj, "input")));
	json_object_put(obj);
	buf_finish(&out);
	carry_note_finish(&b);
	free(text);
}

#define INPUT(messages, want) check_input(__LINE__, messages, want)
#define USER "{\"role\":\"user\",\"content\":\"u\"}"
#define USER_ITEM "{\"type\":\"message\",\"role\":\"user\",\"content\":\"u\"}"
#define SAID(text) "{\"type\":\"message\",\"role\":\"assistant\",\"content\":" \
	"[{\"type\":\"output_text\",\"text\":\"" text "\"}]}"
#define CALL_OF(id, name, args) "{\"id\":\"" id "\",\"type\":\"function\"," \
	"\"function\":{\"name\":\"" name "\",\"arguments\":\"" args "\"}}"
#define CALL_ITEM(id, name, args) "{\"type\":\"function_call\",\"call_id\":" \
	"\"" id "\",\"name\":\"" name "\",\"arguments\":\"" args "\"}"

static void
test_messages(void **state)
{
	(void)state;
	INPUT("{\"role\":\"system\",\"content\":\"s\",\"name\":\"n\"},"
	    "{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":"
	    "\"d\"}]}," USER, "[{\"type\":\"message\",\"role\":\"system\","
	    "\"content\":\"s\"},{\"type\":\"message\",\"role\":\"developer\","
	    "\"content\":[{\"type\":\"input_text\",\"text\":\"d\"}]},"
	    USER_ITEM "]");
	INPUT("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
	    "\"t\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:x\","
	    "\"detail\":\"low\"}},{\"type\":\"image_url\",\"image_url\":"
	    "{\"url\":\"y\",\"detail\":\"original\"}},{\"type\":\"image_url\","
	    "\"image_url\":\"z\"}]}", "[{\"type\":\"message\",\"role\":"
	    "\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"t\"},"
	    "{\"type\":\"input_image\",\"image_url\":\"data:x\",\"detail\":"
	    "\"low\"},{\"type\":\"input_image\",\"image_url\":\"y\","
	    "\"detail\":\"high\"},{\"type\":\"input_image\",\"image_url\":"
	    "\"z\",\"detail\":\"auto\"}]}]");
	INPUT(USER ",{\"role\":\"assistant\",\"content\":\"a\"}," USER,
	    "[" USER_ITEM "," SAID("a") "," USER_ITEM "]");
	INPUT("{\"role\":\"assistant\",\"content\":[{\"type\":\"text\","
	    "\"text\":\"a\"},{\"type\":\"refusal\",\"refusal\":\"r\"}]},"
	    "{\"role\":\"assistant\",\"refusal\":\"no\"},"
	    "{\"role\":\"assistant\",\"content\":\"\"}",
	    "[{\"type\":\"message\",\"role\":\"assistant\",\"content\":["
	    "{\"type\":\"output_text\",\"text\":\"a\"},{\"type\":\"refusal\","
	    "\"refusal\":\"r\"}]},{\"type\":\"message\",\"role\":"
	    "\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":"
	    "\"no\"}]}]");
}

static void
test_tool_turns(void **state)
{
	(void)state;
	INPUT(USER ",{\"role\":\"assistant\",\"content\":\"look\","
	    "\"tool_calls\":[" CALL_OF("c1", "f", "{}") ","
	    CALL_OF("c2", "g", "") "]},{\"role\":\"tool\",\"tool_call_id\":"
	    "\"c1\",\"content\":\"r\"},{\"role\":\"tool\",\"tool_call_id\":"
	    "\"c2\",\"content\":[{\"type\":\"text\",\"text\":\"p\"}]}",
	    "[" USER_ITEM "," SAID("look") "," CALL_ITEM("c1", "f", "{}") ","
	    CALL_ITEM("c2", "g", "{}") ",{\"type\":\"function_call_output\","
	    "\"call_id\":\"c1\",\"output\":\"r\"},{\"type\":"
	    "\"function_call_output\",\"call_id\":\"c2\",\"output\":["
	    "{\"type\":\"input_text\",\"text\":\"p\"}]}]");
	/* Arguments as JSON or missing, a result without content. */
	INPUT("{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    "{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":"
	    "{\"x\":1}}},{\"id\":\"b\",\"function\":{\"name\":\"f\"}}]},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"a\"}",
	    "[" CALL_ITEM("a", "f", "{\\\"x\\\":1}") ","
	    CALL_ITEM("b", "f", "{}") ",{\"type\":\"function_call_output\","
	    "\"call_id\":\"a\",\"output\":\"\"}]");
	/* The form before tools. */
	INPUT("{\"role\":\"assistant\",\"content\":null,\"function_call\":"
	    "{\"name\":\"f\",\"arguments\":\"{}\"}},{\"role\":\"function\","
	    "\"name\":\"f\",\"content\":\"r\"}", "[" CALL_ITEM("call_1", "f",
	    "{}") ",{\"type\":\"function_call_output\",\"call_id\":\"call_1\","
	    "\"output\":\"r\"}]");
}

#define THOUGHT(sealed) "{\"type\":\"reasoning\",\"summary\":[]," \
	"\"encrypted_content\":\"" sealed "\"}"
#define OPAQUE(text) "\"reasoning_opaque\":\"{\\\"responses\\\":1," text "}\""
#define SEALED(place, text) "{\\\"place\\\":" place ",\\\"sealed\\\":\\\"" \
	text "\\\"}"

static void
test_thoughts(void **state)
{
	(void)state;
	INPUT(USER ",{\"role\":\"assistant\",\"content\":\"a\",\"tool_calls\":["
	    CALL_OF("c1", "f", "{}") "," CALL_OF("c2", "g", "{}") "],"
	    "\"reasoning_content\":\"shown\","
	    OPAQUE("\\\"phase\\\":\\\"commentary\\\",\\\"reasoning\\\":["
	    SEALED("0", "A") "," SEALED("1", "B") "," SEALED("2", "C") ","
	    SEALED("3", "D") "]") "}",
	    "[" USER_ITEM "," THOUGHT("A") ",{\"type\":\"message\",\"role\":"
	    "\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":"
	    "\"a\"}],\"phase\":\"commentary\"}," THOUGHT("B") ","
	    CALL_ITEM("c1", "f", "{}") "," THOUGHT("C") ","
	    CALL_ITEM("c2", "g", "{}") "]");
	/* Without text the first call gets what was before it. */
	INPUT("{\"role\":\"assistant\",\"tool_calls\":["
	    CALL_OF("c1", "f", "{}") "]," OPAQUE("\\\"reasoning\\\":["
	    SEALED("0", "A") "," SEALED("0", "B") "]") "}",
	    "[" THOUGHT("A") "," THOUGHT("B") "," CALL_ITEM("c1", "f", "{}")
	    "]");
	/* Another model's, damaged, hostile: left out. */
	INPUT("{\"role\":\"assistant\",\"content\":\"a\",\"reasoning_opaque\":"
	    "\"b3BhcXVl\"}", "[" SAID("a") "]");
	INPUT("{\"role\":\"assistant\",\"content\":\"a\"," OPAQUE("\\\"x") "}",
	    "[" SAID("a") "]");
	INPUT("{\"role\":\"assistant\",\"content\":\"a\"," OPAQUE(
	    "\\\"phase\\\":[],\\\"reasoning\\\":[null,7,{},{\\\"sealed\\\":"
	    "[]},{\\\"sealed\\\":\\\"\\\"},{\\\"place\\\":-5,\\\"sealed\\\":"
	    "\\\"Z\\\"}]") "}", "[" THOUGHT("Z") "," SAID("a") "]");
	INPUT("{\"role\":\"assistant\",\"content\":\"a\","
	    "\"reasoning_opaque\":{}}", "[" SAID("a") "]");
}

/* --- What is refused. */

static void
check_refused(int line, const char *members, const char *param,
    const char *code)
{
	struct carry_note	 b;
	struct err		 err = { 0 };
	char			*text;

	text = xasprintf("{\"model\":\"x\",%s%s}",
	    strstr(members, "\"messages\"") != NULL ? "" :
	    "\"messages\":[" USER "],", members);
	if (translate(text, &b, &err) != NULL)
		fail_msg("line %d: not refused", line);
	if (strcmp(err.param, param) != 0 || strcmp(err.code, code) != 0 ||
	    err.status != 400)
		fail_msg("line %d: %d %s %s: %s", line, err.status, err.param,
		    err.code, err.msg);
	carry_note_finish(&b);
	free(text);
}

#define REFUSED(members, param, code) \
	check_refused(__LINE__, members, param, code)

static void
test_refused(void **state)
{
	(void)state;
	REFUSED("\"n\":2", "n", "unsupported_value");
	REFUSED("\"max_tokens\":0", "max_tokens", "integer_below_min_value");
	REFUSED("\"max_completion_tokens\":-1", "max_completion_tokens",
	    "integer_below_min_value");
	REFUSED("\"stop\":7", "stop", "invalid_type");
	REFUSED("\"stop\":[\"a\",null]", "stop", "invalid_type");
	REFUSED("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop",
	    "array_above_max_length");
	REFUSED("\"response_format\":{}", "response_format.type",
	    "missing_required_parameter");
	REFUSED("\"response_format\":{\"type\":\"json_schema\"}",
	    "response_format.json_schema", "missing_required_parameter");
	REFUSED("\"response_format\":{\"type\":\"json_schema\","
	    "\"json_schema\":[]}", "response_format.json_schema",
	    "invalid_type");
	REFUSED("\"response_format\":{\"type\":\"json_schema\","
	    "\"json_schema\":{}}", "response_format.json_schema.name",
	    "missing_required_parameter");
	REFUSED("\"tool_choice\":{\"type\":\"custom\"}", "tool_choice",
	    "invalid_value");
	REFUSED("\"tool_choice\":7", "tool_choice", "invalid_value");
	REFUSED("\"tool_choice\":{\"type\":\"allowed_tools\","
	    "\"allowed_tools\":{\"mode\":\"auto\",\"tools\":[{}]}}",
	    "tool_choice.allowed_tools.tools", "invalid_value");
	REFUSED("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
	    "\"input_audio\"}]}]", "messages[0].content[0].type",
	    "invalid_value");
	REFUSED("\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
	    "\"text\"}]}]", "messages[0].content[0].text",
	    "missing_required_parameter");
	REFUSED("\"messages\":[" USER ",{\"role\":\"user\",\"content\":[{"
	    "\"type\":\"image_url\",\"image_url\":{}}]}]",
	    "messages[1].content[0].image_url.url",
	    "missing_required_parameter");
	REFUSED("\"messages\":[{\"role\":\"user\"}]", "messages[0].content",
	    "invalid_type");
	REFUSED("\"messages\":[{\"role\":\"tool\",\"content\":\"r\"}]",
	    "messages[0].tool_call_id", "missing_required_parameter");
	REFUSED("\"messages\":[{\"role\":\"tool\",\"tool_call_id\":7}]",
	    "messages[0].tool_call_id", "invalid_type");
	REFUSED("\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{"
	    "\"type\":\"mcp\"}]}]", "messages[0].tool_calls[0].type",
	    "invalid_value");
	REFUSED("\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{"
	    "\"type\":\"custom\",\"id\":\"c\"}]}]",
	    "messages[0].tool_calls[0].custom.name",
	    "missing_required_parameter");
	REFUSED("\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{}]}]",
	    "messages[0].tool_calls[0].id", "missing_required_parameter");
	REFUSED("\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[null,"
	    "7]}]", "messages[0].tool_calls[0].id",
	    "missing_required_parameter");
	REFUSED("\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{"
	    "\"id\":\"c\",\"function\":{}}]}]",
	    "messages[0].tool_calls[0].function.name",
	    "missing_required_parameter");
	REFUSED("\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
	    "\"image_url\",\"image_url\":\"https://h/i\"}]}]",
	    "messages[0].content[0].type",
	    "invalid_value");
}

/* --- Upstream's errors in the client's terms. */

static const struct {
	const char	*theirs, *ours;
} terms[] = {
	{ "max_output_tokens", "max_tokens" },
	{ "input", "messages" },
	{ "input[0]", "messages[0]" },
	{ "input[1].encrypted_content", "messages[1].reasoning_opaque" },
	{ "input[2].content[0].text", "messages[1].content[0].text" },
	{ "input[3].call_id", "messages[1].tool_calls[0].id" },
	{ "input[4].arguments",
	    "messages[1].tool_calls[1].function.arguments" },
	{ "input[4].name", "messages[1].tool_calls[1].function.name" },
	{ "input[4]", "messages[1].tool_calls[1]" },
	{ "input[5].output[2].image_url", "messages[2].content[2].image_url" },
	{ "input[5].call_id", "messages[2].tool_call_id" },
	{ "input[6]", "messages[3]" },
	{ "text.format", "response_format" },
	{ "text.format.schema", "response_format.json_schema.schema" },
	{ "text.format.type", "response_format.type" },
	{ "text.verbosity", "verbosity" },
	{ "reasoning.effort", "reasoning_effort" },
	{ "tools", "tools" },
	{ "tools[3].name", "tools[3].function.name" },
	{ "tools[3].parameters.x", "tools[3].function.parameters.x" },
	{ "tools[3].type", "tools[3].type" },
	{ "tools[3]", "tools[3]" },
	{ "tool_choice", "tool_choice" },
	{ "tool_choice.name", "tool_choice.function.name" },
	{ "top_p", "top_p" },
	/* Not what they look like. */
	{ "input[7]", "messages" },
	{ "input[99999999999999999999]", "input[99999999999999999999]" },
	{ "input[-1]", "input[-1]" },
	{ "inputs", "inputs" },
	{ "", "" },
};

#define TURNS USER ",{\"role\":\"assistant\",\"content\":\"a\"," \
	"\"tool_calls\":[" CALL_OF("c1", "f", "{}") "," \
	CALL_OF("c2", "g", "{}") "]," OPAQUE("\\\"reasoning\\\":[" \
	SEALED("0", "A") "]") "},{\"role\":\"tool\",\"tool_call_id\":\"c1\"," \
	"\"content\":\"r\"}," USER

static void
check_term(const struct carry_note *b, const char *theirs, const char *ours)
{
	struct err	 err;
	char		*want;

	err_param(&err, theirs, "x", "Invalid '%s': it's no 'good', "
	    "input[0] isn't.", theirs);
	want = xasprintf("Invalid '%s': it's no 'good', messages%s isn't.",
	    ours, b->terms.nelements > 0 ? "[0]" : "");
	terms_apply(&b->terms, &err);
	assert_string_equal(err.param, ours);
	assert_string_equal(err.msg, want);
	free(want);
}

static void
test_terms(void **state)
{
	struct carry_note	b;
	struct err		err;
	size_t			i;

	(void)state;
	json_object_put(translate("{\"model\":\"x\",\"max_tokens\":50,"
	    "\"tools\":[" FUNCTION("a") "," FUNCTION("b") "," FUNCTION("c") ","
	    FUNCTION("d") "],\"messages\":[" TURNS "]}", &b, &err));
	for (i = 0; i < COUNT(terms); i++)
		check_term(&b, terms[i].theirs, terms[i].ours);
	err_param(&err, "model", "unsupported_api_for_model",
	    "model \"x\" is not accessible via the /responses endpoint");
	terms_apply(&b.terms, &err);
	assert_null(strstr(err.msg, "/responses"));
	carry_note_finish(&b);
	json_object_put(translate("{\"model\":\"x\",\"functions\":[{\"name\":"
	    "\"f\"}],\"messages\":[" USER "]}", &b, &err));
	check_term(&b, "tools[0].name", "functions[0].name");
	check_term(&b, "tool_choice", "function_call");
	check_term(&b, "max_output_tokens", "max_completion_tokens");
	carry_note_finish(&b);
}

/* A long message or name can't run over. */
static void
test_long_terms(void **state)
{
	struct carry_note	b;
	struct err		err;
	char			text[1000];

	(void)state;
	json_object_put(translate("{\"model\":\"x\",\"messages\":[" USER "]}",
	    &b, &err));
	memset(text, '\'', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_param(&err, text, NULL, "%s", text);
	terms_apply(&b.terms, &err);
	assert_string_equal(err.msg, text);
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "text.format", 11);
	err_param(&err, "text.format", NULL, "%s 'text.format' 'text'", text);
	terms_apply(&b.terms, &err);
	assert_string_equal(err.param, "response_format");
	carry_note_finish(&b);
}

/* --- Stop strings. */

static void
check_stop(int line, const char *stops, const char *in, const char *want,
    const char *found)
{
	json_object		*req = js_parse_quiet(stops, strlen(stops));
	struct stop	*s;
	struct err		 err;
	struct buf		 out = { 0 };
	size_t			 step, at, n, len = strlen(in);
	bool			 hit;

	for (step = 1; step <= len; step++) {
		assert_true(stop_read(js_get(req, "stop"), &s, &err));
		assert_non_null(s);
		hit = false;
		for (at = 0; at < len && !hit; at += n) {
			n = len - at < step ? len - at : step;
			hit = stop_feed(s, in + at, n, &out);
		}
		if (!hit)
			stop_flush(s, &out);
		if (strcmp(buf_str(&out), want) != 0 ||
		    hit != (found != NULL))
			fail_msg("line %d, step %zu: %s", line, step,
			    buf_str(&out));
		if (hit)
			assert_string_equal(stop_found(s), found);
		else
			assert_null(stop_found(s));
		buf_truncate(&out, 0);
		stop_destroy(s);
	}
	buf_finish(&out);
	json_object_put(req);
}

#define STOP(stops, in, want, found) \
	check_stop(__LINE__, "{\"stop\":" stops "}", in, want, found)

static void
test_stop(void **state)
{
	(void)state;
	STOP("\"END\"", "one ENtwo END three", "one ENtwo ", "END");
	STOP("\"END\"", "no EN", "no EN", NULL);
	STOP("\"aab\"", "aaab", "a", "aab");
	STOP("\"abab\"", "abaabab!", "aba", "abab");
	STOP("[\"xyz\",\"y\"]", "a xyz", "a x", "y");
	STOP("[\"\",\"bc\",\"abc\"]", "zabcd", "z", "abc");
	STOP("[\"longer than it\",\"l\"]", "all", "a", "l");
	STOP("\"\xc3\xa9\xc3\xa9\"", "\xc3\xa9 \xc3\xa9\xc3\xa8\xc3\xa9\xc3\xa9"
	    ".", "\xc3\xa9 \xc3\xa9\xc3\xa8", "\xc3\xa9\xc3\xa9");
	STOP("[\"\\n\\n\",\"Observation:\"]", "a\nb\nObservation: c",
	    "a\nb\n", "Observation:");
	/* More of a longer one has matched. */
	STOP("[\"xxabc\",\"ab\"]", "xxab", "xx", "ab");
}

static void
test_no_stop(void **state)
{
	static const char *const nothing[] = {
		"{}", "{\"stop\":null}", "{\"stop\":\"\"}", "{\"stop\":[]}",
		"{\"stop\":[\"\",\"\"]}",
	};
	struct stop	*s;
	struct err		 err;
	json_object		*req;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(nothing); i++) {
		req = js_parse_quiet(nothing[i], strlen(nothing[i]));
		assert_true(stop_read(js_get(req, "stop"), &s, &err));
		assert_null(s);
		json_object_put(req);
	}
}

/* --- Answers. */

static void
start(struct run *r, struct chat_wanted w, const char *members)
{
	struct carry_note	 b;
	struct err		 err;
	char			*text;

	text = xasprintf("{\"model\":\"x\",\"messages\":[" TURNS "]%s}",
	    members);
	json_object_put(translate(text, &b, &err));
	*r = (struct run){ .usage = USAGE_NONE, .ok = true };
	r->self = carry_answer_chat(&w, &b, &r->usage);
	assert_null(b.terms.items);
	free(text);
}

static void
check_events(int line, const char *members, const char *in, size_t n,
    const char *want)
{
	static const size_t	steps[] = { 1 << 20, 1, 7 };
	struct buf		sum = { 0 };
	struct run		r;
	size_t			i;

	for (i = 0; i < COUNT(steps); i++) {
		start(&r, with_usage, members);
		feed(&r, in, n, steps[i]);
		mask(&r.out);
		summary(&r.out, true, &sum);
		if (strcmp(buf_str(&sum), want) != 0)
			fail_msg("line %d:\n got %s\nwant %s", line,
			    buf_str(&sum), want);
		buf_truncate(&sum, 0);
		done(&r);
	}
	buf_finish(&sum);
}

#define EVENTS(members, in, want) \
	check_events(__LINE__, members, in, strlen(in), want)
#define EV(type, members) "event: response." type "\ndata: {\"type\":" \
	"\"response." type "\"," members "}\n\n"
#define CREATED EV("created", "\"response\":{\"id\":\"AbC/\",\"created_at\":" \
	"1770000000,\"model\":\"asked-2026-03-05\",\"status\":\"in_progress\"}")
#define USAGE "\"usage\":{\"input_tokens\":11,\"input_tokens_details\":" \
	"{\"cached_tokens\":4},\"output_tokens\":7,\"output_tokens_details\":" \
	"{\"reasoning_tokens\":5},\"total_tokens\":18}"
#define COMPLETED EV("completed", "\"copilot_usage\":{\"total_nano_aiu\":1}," \
	"\"response\":{\"status\":\"completed\"," USAGE "}")
#define ADDED(i, item) EV("output_item.added", "\"output_index\":" i \
	",\"item\":{" item "}")
#define ENDED(i, item) EV("output_item.done", "\"output_index\":" i \
	",\"item\":{" item "}")
#define TEXT_DELTA(i, s) EV("output_text.delta", "\"output_index\":" i \
	",\"content_index\":0,\"delta\":\"" s "\",\"logprobs\":[]," \
	"\"obfuscation\":\"x\",\"item_id\":\"Zz/\"")
#define ARGS(i, s) EV("function_call_arguments.delta", "\"output_index\":" i \
	",\"delta\":\"" s "\"")
#define CALL_BEGUN(i, id, name) ADDED(i, "\"type\":\"function_call\"," \
	"\"call_id\":\"" id "\",\"name\":\"" name "\",\"arguments\":\"\"," \
	"\"id\":\"Q\",\"status\":\"in_progress\"")
#define CALL_DONE(i, id, name, args) ENDED(i, "\"type\":\"function_call\"," \
	"\"call_id\":\"" id "\",\"name\":\"" name "\",\"arguments\":\"" args \
	"\",\"status\":\"completed\"")
#define MESSAGE_DONE(i, text) ENDED(i, "\"type\":\"message\",\"content\":[" \
	"{\"type\":\"output_text\",\"text\":\"" text "\",\"logprobs\":null}]")
#define END " model=asked-2026-03-05 usage=11+7=18"

static void
test_recorded(void **state)
{
	struct buf in = { 0 };

	(void)state;
	read_data("responses-stream.sse", &in);
	check_events(__LINE__, "", in.p, in.len, "#0 C=Gr\xc3\xbc\xc3\x9f" "e "
	    "aus\n\xf0\x9f\x98\x80 \"x\" "
	    "O={\"responses\":1,\"phase\":\"commentary\",\"reasoning\":[{"
	    "\"place\":0,\"sealed\":\"gAAAAblob\"}]} "
	    "call_1:read_file({\"path\":\"a\"}) call_2:list_dir({}) "
	    "call_3:apply_patch(*** Begin) [tool_calls] "
	    "model=asked usage=900+40=940");
	buf_finish(&in);
}

static void
test_text(void **state)
{
	(void)state;
	EVENTS("", CREATED ADDED("0", "\"type\":\"message\"")
	    TEXT_DELTA("0", "Hel") TEXT_DELTA("0", "lo \xc3\xa9")
	    EV("output_text.done", "\"output_index\":0,\"content_index\":0,"
	    "\"text\":\"Hello \xc3\xa9\"") MESSAGE_DONE("0", "Hello \xc3\xa9")
	    COMPLETED, "#0 C=Hello \xc3\xa9 [stop]" END);
	/* Text that comes at its end only, or the rest of it. */
	EVENTS("", CREATED EV("output_text.done", "\"output_index\":0,"
	    "\"content_index\":0,\"text\":\"All\"") COMPLETED,
	    "#0 C=All [stop]" END);
	EVENTS("", CREATED TEXT_DELTA("0", "Al") MESSAGE_DONE("0", "All of it")
	    COMPLETED, "#0 C=All of it [stop]" END);
	EVENTS("", CREATED MESSAGE_DONE("3", "All") COMPLETED
	    "data: [DONE]\n\n",
	    "#0 C=All [stop]" END);
	/* Two messages; an item twice; nothing at all. */
	EVENTS("", CREATED TEXT_DELTA("0", "One.") MESSAGE_DONE("0", "One.")
	    TEXT_DELTA("1", "Two.") MESSAGE_DONE("1", "Two.")
	    MESSAGE_DONE("1", "Two. Three.") COMPLETED,
	    "#0 C=One.\n\nTwo. [stop]" END);
	EVENTS("", CREATED COMPLETED, "#0 [stop]" END);
	/* The response is the only event. */
	EVENTS("", EV("completed", "\"response\":{\"model\":\"asked-2026-03-05\","
	    "\"output\":[{\"type\":\"message\",\"content\":[{\"type\":"
	    "\"output_text\",\"text\":\"All\"}]}]," USAGE "}"),
	    "#0 C=All [stop]" END);
}

static void
test_calls(void **state)
{
	(void)state;
	/* All are added before the first delta. */
	EVENTS("", CREATED CALL_BEGUN("1", "a", "f") CALL_BEGUN("2", "b", "g")
	    ARGS("1", "{\\\"x\\\"") ARGS("2", "[") ARGS("1", ":1}")
	    ARGS("2", "]") CALL_DONE("1", "a", "f", "{\\\"x\\\":1}")
	    CALL_DONE("2", "b", "g", "[]") COMPLETED,
	    "#0 a:f({\"x\":1}) b:g([]) [tool_calls]" END);
	/* Only at the end; arguments without a beginning; a rest. */
	EVENTS("", CREATED ARGS("0", "lost") CALL_DONE("0", "a", "f", "{}")
	    CALL_BEGUN("1", "b", "g") ARGS("1", "{")
	    EV("function_call_arguments.done", "\"output_index\":1,"
	    "\"arguments\":\"{}\"") COMPLETED,
	    "#0 a:f({}) b:g({}) [tool_calls]" END);
	EVENTS(",\"functions\":null", CREATED TEXT_DELTA("0", "So: ")
	    CALL_BEGUN("1", "a", "f") ARGS("1", "{}") COMPLETED,
	    "#0 C=So:  a:f({}) [tool_calls]" END);
}

/* What .done says counts, as far as the client has not been told otherwise. */
static void
test_contradictions(void **state)
{
	(void)state;
	/* Text that was shown stays; nothing of the other one is put behind. */
	EVENTS("", CREATED TEXT_DELTA("0", "One two") MESSAGE_DONE("0",
	    "Uno dos tres") COMPLETED, "#0 C=One two [stop]" END);
	EVENTS("", CREATED TEXT_DELTA("0", "One two") MESSAGE_DONE("0", "One")
	    TEXT_DELTA("1", "and") COMPLETED,
	    "#0 C=One two\n\nand [stop]" END);
	/* Deltas that are no JSON: the arguments come whole. */
	EVENTS("", CREATED CALL_BEGUN("1", "a", "f") ARGS("1", "x9Kq")
	    ARGS("1", "{\\\"y\\\":2}") EV("function_call_arguments.done",
	    "\"output_index\":1,\"arguments\":\"{\\\"x\\\":1}\"")
	    CALL_DONE("1", "a", "f", "{\\\"x\\\":1}") COMPLETED,
	    "#0 a:f({\"x\":1}) [tool_calls]" END);
	/* The same JSON, written otherwise. */
	EVENTS("", CREATED CALL_BEGUN("1", "a", "f") ARGS("1", "{\\\"x\\\":")
	    ARGS("1", "1}") CALL_DONE("1", "a", "f", "{ \\\"x\\\": 1 }")
	    COMPLETED, "#0 a:f({\"x\":1}) [tool_calls]" END);
	/* Nobody shall call a tool with arguments that were taken back. */
	EVENTS("", CREATED CALL_BEGUN("1", "a", "f") ARGS("1", "{\\\"x\\\":1}")
	    CALL_DONE("1", "a", "f", "{\\\"x\\\":2}") COMPLETED,
	    "#0 a:f({\"x\":1}) [] model=asked-2026-03-05 error=GitHub Copilot "
	    "sent two different versions of a tool call's arguments.");
	EVENTS("", CREATED CALL_BEGUN("1", "a", "f") ARGS("1", "{\\\"x\\\":1}")
	    CALL_DONE("1", "a", "f", "{}") COMPLETED,
	    "#0 a:f({\"x\":1}) [] model=asked-2026-03-05 error=GitHub Copilot "
	    "sent two different versions of a tool call's arguments.");
}

static void
test_reasoning(void **state)
{
	(void)state;
#define SUM(part, s) EV("reasoning_summary_text.delta", "\"output_index\":0," \
	"\"summary_index\":" part ",\"delta\":\"" s "\"")
#define SUMMED "\"type\":\"reasoning\",\"summary\":[{\"type\":" \
	"\"summary_text\",\"text\":\"First.\"},{\"type\":\"summary_text\",\"text\":" \
	"\"Second.\"}],\"encrypted_content\":\"gA\""
#define THOUGHTS "R=First.\n\nSecond. T=First.\n\nSecond. O={\"responses\":1," \
	"\"reasoning\":[{\"place\":0,\"sealed\":\"gA\"}]}"
	EVENTS("", CREATED SUM("0", "Fir") SUM("0", "st.") SUM("1", "Second.")
	    ENDED("0", SUMMED) TEXT_DELTA("1", "Hi") COMPLETED,
	    "#0 C=Hi " THOUGHTS " [stop]" END);
	EVENTS("", CREATED ENDED("0", SUMMED) TEXT_DELTA("1", "Hi") COMPLETED,
	    "#0 C=Hi " THOUGHTS " [stop]" END);
	/* Between text and calls; no empty ones. */
	EVENTS("", CREATED TEXT_DELTA("0", "Hi")
	    ENDED("1", "\"type\":\"reasoning\",\"encrypted_content\":\"B\"")
	    CALL_DONE("2", "a", "f", "{}")
	    ENDED("3", "\"type\":\"reasoning\",\"encrypted_content\":\"C\"")
	    ENDED("4", "\"type\":\"reasoning\",\"encrypted_content\":null")
	    ENDED("5", "\"type\":\"reasoning\",\"encrypted_content\":\"\"")
	    CALL_DONE("6", "b", "g", "{}") COMPLETED,
	    "#0 C=Hi O={\"responses\":1,\"reasoning\":[{\"place\":1,\"sealed\":"
	    "\"B\"},{\"place\":2,\"sealed\":\"C\"}]} a:f({}) b:g({}) "
	    "[tool_calls]" END);
}

static void
test_ends(void **state)
{
	(void)state;
	EVENTS("", CREATED TEXT_DELTA("0", "Hal") EV("incomplete",
	    "\"response\":{\"status\":\"incomplete\",\"incomplete_details\":"
	    "{\"reason\":\"max_output_tokens\"}," USAGE "}"),
	    "#0 C=Hal [length]" END);
	EVENTS("", CREATED CALL_BEGUN("0", "a", "f") ARGS("0", "{") EV(
	    "incomplete", "\"response\":{\"incomplete_details\":{\"reason\":"
	    "\"max_output_tokens\"}," USAGE "}"), "#0 a:f({) [length]" END);
	EVENTS("", CREATED TEXT_DELTA("0", "Hal") EV("incomplete",
	    "\"response\":{\"status\":\"incomplete\",\"incomplete_details\":"
	    "{\"reason\":\"content_filter\"}," USAGE "}"),
	    "#0 C=Hal [content_filter]" END);
	EVENTS("", CREATED TEXT_DELTA("0", "Hal"), "#0 C=Hal [] "
	    "model=asked-2026-03-05 error=" BROKEN_OFF);
	EVENTS("", CREATED "data: [DONE]\n\n",
	    " error=" BROKEN_OFF);
}

static void
test_failures(void **state)
{
	(void)state;
	EVENTS("", CREATED TEXT_DELTA("0", "Hal") "event: error\ndata: "
	    "{\"type\":\"error\",\"code\":\"rate_limited\",\"message\":"
	    "\"Slow down.\",\"param\":null}\n\n", "#0 C=Hal [] "
	    "model=asked-2026-03-05 error=Slow down.");
	EVENTS("", CREATED EV("failed", "\"response\":{\"status\":\"failed\","
	    "\"error\":{\"code\":\"server_error\",\"message\":\"Broken.\"}}"),
	    " error=Broken.");
	EVENTS("", CREATED EV("cancelled", "\"response\":{}"),
	    " error=GitHub Copilot cancelled the response.");
	EVENTS("", CREATED "{\"code\":\"x\",\"message\":\"Bare.\"}\n",
	    " error=Bare.");
	EVENTS("", CREATED "data: {\"error\":{\"message\":\"Nested.\"}}\n\n",
	    " error=Nested.");
	EVENTS("", CREATED "data: oops\n\n",
	    " error=GitHub Copilot sent an event that is not a JSON object.");
	/* By the client's names. */
	EVENTS(",\"max_tokens\":9", CREATED "data: {\"type\":\"error\","
	    "\"message\":\"Invalid 'max_output_tokens', 'input[5].output'.\"}"
	    "\n\n", " error=Invalid 'max_tokens', 'messages[2].content'.");
}

static void
test_refusal(void **state)
{
	static const char in[] = CREATED EV("refusal.delta", "\"output_index\":"
	    "0,\"content_index\":0,\"delta\":\"I ca\"") EV("refusal.done",
	    "\"output_index\":0,\"content_index\":0,\"refusal\":\"I can't\"")
	    ENDED("0", "\"type\":\"message\",\"content\":[{\"type\":\"refusal\""
	    ",\"refusal\":\"I can't\"}]") COMPLETED;
	struct chat_wanted	 w = plain;
	struct run		 r;
	json_object		*obj, *message;

	(void)state;
	EVENTS("", in, "#0 [stop]" END);
	w.stream = false;
	start(&r, w, "");
	feed(&r, in, strlen(in), 5);
	assert_true(r.ok);
	obj = js_parse_quiet(r.out.p, r.out.len);
	message = js_obj(json_object_array_get_idx(js_array(obj, "choices"),
	    0), "message");
	assert_true(js_is(message, "refusal", "I can't"));
	assert_true(js_is(message, "content", ""));
	json_object_put(obj);
	done(&r);
}

static void
test_stopped(void **state)
{
	(void)state;
#define AT_END ",\"stop\":[\"END\",\"xx\"]"
	/* Found: nothing follows, and usage never came. */
	EVENTS(AT_END, CREATED TEXT_DELTA("0", "one E")
	    TEXT_DELTA("0", "Ntwo E") TEXT_DELTA("0", "ND three")
	    CALL_BEGUN("1", "a", "f") COMPLETED,
	    "#0 C=one ENtwo  [stop] model=asked-2026-03-05");
	EVENTS(AT_END, CREATED TEXT_DELTA("0", "END") COMPLETED,
	    "#0 [stop] model=asked-2026-03-05");
	EVENTS(AT_END, CREATED MESSAGE_DONE("0", "a xx b") COMPLETED,
	    "#0 C=a  [stop] model=asked-2026-03-05");
	/* What was held back comes when the text is over. */
	EVENTS(AT_END, CREATED TEXT_DELTA("0", "an EN") MESSAGE_DONE("0",
	    "an EN") CALL_DONE("1", "a", "f", "END") COMPLETED,
	    "#0 C=an EN a:f(END) [tool_calls]" END);
	EVENTS(AT_END, CREATED TEXT_DELTA("0", "an EN") COMPLETED,
	    "#0 C=an EN [stop]" END);
	/* The thoughts are not searched, and the opaque ones come in time. */
	EVENTS(AT_END, CREATED SUM("0", "END") ENDED("0", "\"type\":"
	    "\"reasoning\",\"summary\":[],\"encrypted_content\":\"A\"")
	    TEXT_DELTA("1", "a xx"), "#0 C=a  R=END T=END O={\"responses\":1,"
	    "\"reasoning\":[{\"place\":0,\"sealed\":\"A\"}]} [stop] "
	    "model=asked-2026-03-05");
}

/* --- Whole answers, and those of the other kind. */

static void
check_whole(int line, const char *members, bool stream, const char *in,
    const char *want)
{
	struct chat_wanted	w = with_usage;
	struct run		r;
	struct buf		sum = { 0 };

	w.stream = stream;
	start(&r, w, members);
	r.ok = run_whole(&turn_answer, r.self, in, strlen(in), &r.out,
	    &r.err);
	mask(&r.out);
	if (!r.ok)
		buf_puts(&sum, r.err.msg);
	else if (stream)
		summary(&r.out, true, &sum);
	else
		buf_append(&sum, r.out.p, r.out.len);
	if (strcmp(buf_str(&sum), want) != 0)
		fail_msg("line %d:\n got %s\nwant %s", line, buf_str(&sum),
		    want);
	buf_finish(&sum);
	done(&r);
}

#define WHOLE(members, in, want) \
	check_whole(__LINE__, members, false, in, want)
#define STREAMED(in, want) check_whole(__LINE__, "", true, in, want)
#define RESPONSE(output, more) "{\"id\":\"AbC/\",\"created_at\":1770000000," \
	"\"model\":\"asked-2026-03-05\",\"error\":null,\"output\":[" output "]," \
	USAGE more "}"
#define HEAD "{\"id\":\"chatcmpl-00000000000000000000000000000000\"," \
	"\"object\":\"chat.completion\",\"created\":1111111111,\"model\":" \
	"\"asked-2026-03-05\",\"choices\":[{\"index\":0,\"message\":{\"role\":" \
	"\"assistant\","
#define TAIL(reason) "},\"logprobs\":null,\"finish_reason\":\"" reason "\"}]," \
	"\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7," \
	"\"total_tokens\":18,\"prompt_tokens_details\":{\"cached_tokens\":4}," \
	"\"completion_tokens_details\":{\"reasoning_tokens\":5}}}"
#define WORDS(s) "{\"type\":\"message\",\"phase\":null,\"content\":[{" \
	"\"type\":\"output_text\",\"text\":\"" s "\",\"logprobs\":null}]}"
#define CALLED(id) "{\"type\":\"function_call\",\"call_id\":\"" id "\"," \
	"\"name\":\"f\",\"arguments\":\"{}\"}"

static void
test_whole(void **state)
{
	(void)state;
	WHOLE("", RESPONSE(WORDS("Hi"), ""), HEAD "\"content\":\"Hi\","
	    "\"refusal\":null" TAIL("stop"));
	WHOLE("", RESPONSE("{" SUMMED "}," CALLED("a") "," CALLED("b"), ""),
	    HEAD "\"content\":null,\"refusal\":null,\"reasoning_text\":"
	    "\"First.\\n\\nSecond.\",\"reasoning_content\":"
	    "\"First.\\n\\nSecond.\",\"reasoning_opaque\":\"{\\\"responses\\\":"
	    "1,\\\"reasoning\\\":[{\\\"place\\\":0,\\\"sealed\\\":\\\"gA\\\"}]"
	    "}\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\","
	    "\"arguments\":\"{}\"},\"type\":\"function\"},{\"id\":\"b\","
	    "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"},"
	    "\"type\":\"function\"}]" TAIL("tool_calls"));
	WHOLE("", RESPONSE(WORDS("Hal"), ",\"status\":\"incomplete\","
	    "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}"),
	    HEAD "\"content\":\"Hal\",\"refusal\":null" TAIL("length"));
	/* Cut here, but upstream was asked and counted. */
	WHOLE(AT_END, RESPONSE(WORDS("one END two") "," CALLED("a"), ""),
	    HEAD "\"content\":\"one \",\"refusal\":null" TAIL("stop"));
	STREAMED(RESPONSE(WORDS("Hi") "," CALLED("a"), ""),
	    "#0 C=Hi a:f({}) [tool_calls]" END);
}

static void
test_whole_failures(void **state)
{
	(void)state;
	WHOLE("", "{\"status\":\"failed\",\"error\":{\"message\":"
	    "\"Invalid 'input'.\"},\"output\":[]}", "Invalid 'messages'.");
	WHOLE("", "{\"error\":{\"message\":\"No.\"}}", "No.");
	WHOLE("", "{}", "GitHub Copilot sent an answer that is no response.");
	WHOLE("", "[]", "GitHub Copilot sent an answer that is no response.");
	WHOLE("", "", "GitHub Copilot sent an answer that is no response.");
}

static void
test_logprobs(void **state)
{
	static const char in[] = CREATED EV("output_text.delta",
	    "\"output_index\":0,\"content_index\":0,\"delta\":\"a\","
	    "\"logprobs\":[{\"token\":\"a\",\"logprob\":-1,\"top_logprobs\":["
	    "{\"token\":\"b\",\"logprob\":-2}]},{\"token\":\"\",\"logprob\":0,"
	    "\"bytes\":[1]}]") EV("output_text.delta", "\"output_index\":0,"
	    "\"content_index\":0,\"delta\":\"b\",\"logprobs\":[7]") COMPLETED;
	struct run r;

	(void)state;
	start(&r, plain, ",\"logprobs\":true");
	feed(&r, in, strlen(in), 1 << 20);
	assert_true(r.ok);
	assert_non_null(strstr(r.out.p, "\"logprobs\":{\"content\":[{\"token\":"
	    "\"a\",\"logprob\":-1,\"top_logprobs\":[{\"token\":\"b\","
	    "\"logprob\":-2,\"bytes\":null}],\"bytes\":null},{\"token\":\"\","
	    "\"logprob\":0,\"bytes\":[1],\"top_logprobs\":[]}],\"refusal\":"
	    "null}"));
	assert_non_null(strstr(r.out.p, "\"content\":\"b\""));
	done(&r);
}

/* --- Hostile upstreams. */

static void
test_hostile(void **state)
{
	static const char *const events[] = {
		"{\"type\":7}", "{\"type\":\"response.completed\"}",
		"{\"type\":\"response.completed\",\"response\":[]}",
		"{\"type\":\"response.completed\",\"response\":{\"usage\":7,"
		"\"output\":{}}}",
		"{\"type\":\"response.completed\",\"response\":{\"output\":["
		"null,7,{},{\"type\":\"message\",\"content\":[null,7,{}]},"
		"{\"type\":\"reasoning\",\"summary\":[null,{}]}],\"usage\":{"
		"\"input_tokens\":-1,\"input_tokens_details\":7}}}",
		"{\"type\":\"response.output_item.added\"}",
		"{\"type\":\"response.output_item.added\",\"output_index\":"
		"-1,\"item\":{\"type\":\"function_call\"}}",
		"{\"type\":\"response.output_item.added\",\"output_index\":"
		"9223372036854775807,\"item\":{\"type\":\"function_call\"}}",
		"{\"type\":\"response.output_item.added\",\"output_index\":"
		"4095,\"item\":{\"type\":\"function_call\",\"name\":[]}}",
		"{\"type\":\"response.output_item.done\",\"output_index\":0,"
		"\"item\":7}",
		"{\"type\":\"response.output_text.delta\",\"output_index\":0,"
		"\"content_index\":-9223372036854775808,\"delta\":\"x\"}",
		"{\"type\":\"response.output_text.delta\",\"output_index\":0,"
		"\"delta\":[]}",
		"{\"type\":\"response.output_text.done\",\"output_index\":0,"
		"\"content_index\":{},\"text\":null}",
		"{\"type\":\"response.created\",\"response\":{\"model\":{},"
		"\"created_at\":\"x\"}}",
		"{\"type\":\"error\"}", "{\"error\":7}",
	};
	struct buf	in = { 0 };
	struct run	r;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(events); i++) {
		buf_truncate(&in, 0);
		buf_printf(&in, "data: %s\n\n%s", events[i], COMPLETED);
		start(&r, with_usage, AT_END);
		feed(&r, in.p, in.len, 1 << 20);
		assert_true(r.ok || r.err.status >= 400);
		done(&r);
	}
	buf_finish(&in);
	/* A rest that begins inside a character is none. */
	EVENTS("", CREATED TEXT_DELTA("0", "x") MESSAGE_DONE("0", "\xc3\xa9z")
	    COMPLETED, "#0 C=x [stop]" END);
	/* Parts and items that go back. */
	EVENTS("", CREATED EV("output_text.delta", "\"output_index\":0,"
	    "\"content_index\":5,\"delta\":\"b\"") TEXT_DELTA("0", "a")
	    COMPLETED, "#0 C=b [stop]" END);
}

/* A whole answer is bounded, whatever upstream streams. */
static void
test_bounds(void **state)
{
	struct chat_wanted	w = plain;
	struct buf		in = { 0 };
	struct run		r;
	size_t			i;

	(void)state;
	w.stream = false;
	w.max = 1000;
	for (i = 0; i < 300; i++)
		buf_puts(&in, TEXT_DELTA("0", "four"));
	buf_puts(&in, COMPLETED);
	start(&r, w, "");
	feed(&r, in.p, in.len, 1 << 20);
	assert_false(r.ok);
	assert_string_equal(r.err.msg,
	    "GitHub Copilot sent an answer that is too large.");
	done(&r);
	buf_finish(&in);
}

/* --- There and back: what a client gives back is what upstream sent. */

static unsigned
chance(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % n;
}

/* Reasoning, text and calls, in an order that models choose. */
static void
make_output(uint64_t *seed, struct buf *out)
{
	unsigned	i, calls = chance(seed, 4);
	bool		text = calls == 0 || chance(seed, 2);

	for (i = 0; i < calls + text; i++) {
		if (i > 0)
			buf_putc(out, ',');
		while (chance(seed, 2))
			buf_printf(out, THOUGHT("s%u") ",", chance(seed, 999));
		if (i == 0 && text)
			buf_printf(out, SAID("t%u \\u00e9\\n\\\"") "",
			    chance(seed, 999));
		else
			buf_printf(out, CALL_ITEM("c%u", "f%u",
			    "{\\\"a\\\":%u}"), i, chance(seed, 9),
			    chance(seed, 999));
	}
}

static void
check_round(const char *output)
{
	struct chat_wanted	 w = plain;
	struct carry_note	 b;
	struct run		 r;
	struct err		 err;
	struct buf		 in = { 0 }, got = { 0 }, want = { 0 };
	json_object		*obj, *message;

	w.stream = false;
	start(&r, w, "");
	buf_printf(&in, "{\"output\":[%s]}", output);
	assert_true(run_whole(&turn_answer, r.self, in.p, in.len, &r.out,
	    &r.err));
	obj = js_parse_quiet(r.out.p, r.out.len);
	message = js_get(json_object_array_get_idx(js_array(obj, "choices"),
	    0), "message");
	buf_truncate(&in, 0);
	buf_puts(&in, "{\"model\":\"x\",\"messages\":[");
	js_print(message, &in);
	buf_puts(&in, "]}");
	json_object_put(obj);
	obj = translate(in.p, &b, &err);
	js_print(js_get(obj, "input"), &got);
	json_object_put(obj);
	buf_printf(&want, "[%s]", output);
	obj = js_parse_quiet(want.p, want.len);
	buf_truncate(&want, 0);
	js_print(obj, &want);
	assert_string_equal(got.p, want.p);
	json_object_put(obj);
	carry_note_finish(&b);
	done(&r);
	buf_finish(&in);
	buf_finish(&got);
	buf_finish(&want);
}

static void
test_round(void **state)
{
	uint64_t	seed = 4;
	struct buf	output = { 0 };
	int		i;

	(void)state;
	for (i = 0; i < 500; i++) {
		buf_truncate(&output, 0);
		make_output(&seed, &output);
		check_round(output.p);
	}
	buf_finish(&output);
}

/* --- The handler chooses. */

static const char *
path_of(const char *model, bool other, bool known, const char *more)
{
	struct exchange	*x = exchange_create();
	const char	*path = NULL;

	x->conf = conf_ref(&conf);
	x->models = known ? models_ref(&models) : NULL;
	x->models_tried = true;
	x->retry.other_endpoint = other;
	buf_printf(&x->req.body, "{\"model\":\"%s\",\"messages\":[" USER "]%s}",
	    model, more);
	if (api_chat(x) == HANDLED_CALL)
		path = x->call.path;
	exchange_destroy(x);
	return path;
}

static void
test_choice(void **state)
{
	(void)state;
	assert_string_equal(path_of(gpt, false, true, ""), "/responses");
	assert_string_equal(path_of("gpt-5-4", false, true, ""), "/responses");
	assert_string_equal(path_of(both, false, true, ""),
	    "/chat/completions");
	assert_string_equal(path_of("new", false, true, ""),
	    "/chat/completions");
	assert_string_equal(path_of(gpt, false, false, ""),
	    "/chat/completions");
	/* The list was wrong. */
	assert_string_equal(path_of(gpt, true, true, ""), "/chat/completions");
	assert_string_equal(path_of(both, true, true, ""), "/responses");
	assert_string_equal(path_of("new", true, false, ""), "/responses");
	assert_null(path_of(gpt, false, true, ",\"n\":2"));
	assert_string_equal(path_of(both, false, true, ",\"n\":2"),
	    "/chat/completions");
}

/* Another model's turn can't read these thoughts. */
static void
test_native_drops_thoughts(void **state)
{
	static const char in[] = "{\"model\":\"gpt-5-mini\",\"messages\":["
	    TURNS ",{\"role\":\"assistant\",\"content\":\"b\","
	    "\"reasoning_opaque\":\"b3BhcXVl\"}]}";
	struct chat_request	r;
	struct err		err;
	struct body		out = { 0 };

	(void)state;
	assert_true(chat_request_read(&r, in, strlen(in), &err));
	assert_true(choose(&r, &models, &err));
	chat_request_body(&r, in, strlen(in), &out);
	assert_null(strstr(out.own.p, "sealed"));
	assert_non_null(strstr(out.own.p, "\"reasoning_opaque\":\"b3BhcXVl\""));
	chat_request_finish(&r);
	body_finish(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_tools),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_tool_turns),
		cmocka_unit_test(test_thoughts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_long_terms),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_no_stop),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_reasoning),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_whole_failures),
		cmocka_unit_test(test_logprobs),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_native_drops_thoughts),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
