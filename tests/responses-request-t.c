/* A Responses request: what upstream is sent, and what is refused. */
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
#include "copilot/models.h"
#include "data.h"
#include "responses/native.h"

static char low[] = "low", medium[] = "medium", high[] = "high";
static char *efforts[] = { low, medium, high, NULL };
static const struct model model = { .reasoning_effort = efforts };

/* What a request becomes; NULL when it is refused. */
static char *
translate(const char *text, size_t n, bool web_search, struct responses *r,
    struct err *err)
{
	struct responses_setting set = {
		.upstream = "up", .model = &model, .web_search = web_search
	};
	json_object		*obj = js_parse_quiet(text, n);
	struct body		 body = { 0 };
	bool			 ok;

	assert_non_null(obj);
	ok = responses_request(text, n, obj, &set, r, &body, err);
	json_object_put(obj);
	if (ok)
		return buf_steal(&body.own);
	assert_int_equal(body_len(&body), 0);
	body_finish(&body);
	return NULL;
}

/* The members that are the same in all cases. */
#define IN(rest)  "{\"model\":\"m\"," rest "}"
#define OUT(rest) "{\"model\":\"up\"," rest ",\"store\":false}"
#define ITEMS(i)  "\"input\":[" i "]"
#define HI	  "{\"role\":\"user\",\"content\":\"hi\"}"
#define FN	  "{\"type\":\"function\",\"name\":\"f\"}"
#define WEB	  "{\"type\":\"web_search_preview_2025_03_11\"}"

static const struct {
	int		 line;
	bool		 web_search;
	const char	*in, *out;
} accepted[] = {
	{ __LINE__, true, IN("\"input\":\"hi\""), OUT("\"input\":\"hi\"") },
	{ __LINE__, true, IN("\"store\":true,\"input\":\"hi\""),
	    "{\"model\":\"up\",\"store\":false,\"input\":\"hi\"}" },
	{ __LINE__, true, IN("\"store\":null,\"input\":\"hi\""),
	    "{\"model\":\"up\",\"store\":false,\"input\":\"hi\"}" },
	/* Where it leads was followed before (stored-request.c). */
	{ __LINE__, true, IN("\"previous_response_id\":\"resp_1\","
	    "\"input\":\"hi\""), OUT("\"input\":\"hi\"") },
	/* What has not changed is not printed again. */
	{ __LINE__, true, IN("\"x\": 1.500, " ITEMS(" " HI " ")),
	    OUT("\"x\":1.500," ITEMS(" " HI " ")) },
	/* Members that upstream refuses, and nulls. */
	{ __LINE__, true, IN("\"service_tier\":\"default\",\"metadata\":{},"
	    "\"user\":\"u\",\"safety_identifier\":\"s\",\"background\":false,"
	    "\"client_metadata\":{},\"stream_options\":{},\"tools\":null,"
	    "\"previous_response_id\":null,\"conversation\":null,"
	    "\"temperature\":null,\"reasoning\":null,\"include\":null,"
	    "\"instructions\":null,\"tool_choice\":null,\"moderation\":null,"
	    "\"prompt_cache_retention\":\"24h\",\"input\":\"hi\""),
	    OUT("\"input\":\"hi\"") },
	{ __LINE__, true, IN("\"conversation\":{\"id\":\"conv_1\"},"
	    "\"input\":\"hi\""), OUT("\"input\":\"hi\"") },
	{ __LINE__, true, IN("\"temperature\":0.5,\"top_p\":1,\"text\":{},"
	    "\"truncation\":\"auto\",\"max_output_tokens\":16,"
	    "\"prompt_cache_key\":\"k\",\"parallel_tool_calls\":false,"
	    "\"instructions\":\"i\",\"input\":\"hi\""),
	    OUT("\"temperature\":0.5,\"top_p\":1,\"text\":{},"
	    "\"truncation\":\"auto\",\"max_output_tokens\":16,"
	    "\"prompt_cache_key\":\"k\",\"parallel_tool_calls\":false,"
	    "\"instructions\":\"i\",\"input\":\"hi\"") },
	/* Ids, unknown members and nulls of items. */
	{ __LINE__, true, IN(ITEMS("{\"type\":\"function_call\",\"id\":\"fc_1\","
	    "\"call_id\":\"c\",\"name\":\"f\",\"namespace\":\"n\","
	    "\"arguments\":\"{}\",\"status\":\"completed\",\"phase\":null,"
	    "\"new\":1,\" name\":1,\"name status\":2,\"\":3},"
	    "{\"type\":\"function_call_output\",\"id\":null,\"call_id\":\"c\","
	    "\"output\":\"o\"}")),
	    OUT(ITEMS("{\"type\":\"function_call\",\"call_id\":\"c\","
	    "\"name\":\"f\",\"namespace\":\"n\",\"arguments\":\"{}\","
	    "\"status\":\"completed\"},{\"type\":\"function_call_output\","
	    "\"call_id\":\"c\",\"output\":\"o\"}")) },
	{ __LINE__, true, IN(ITEMS("{\"role\":\"assistant\",\"id\":\"msg_1\","
	    "\"phase\":\"commentary\",\"content\":[{\"type\":\"output_text\","
	    "\"text\":\"t\",\"annotations\":[],\"parsed\":null}]}")),
	    OUT(ITEMS("{\"role\":\"assistant\",\"phase\":\"commentary\","
	    "\"content\":[{\"type\":\"output_text\",\"text\":\"t\","
	    "\"annotations\":[]}]}")) },
	{ __LINE__, true, IN(ITEMS("{\"type\":\"reasoning\",\"id\":\"rs_1\","
	    "\"summary\":[],\"encrypted_content\":\"e\",\"status\":null},"
	    "{\"type\":\"reasoning\",\"id\":\"rs_2\",\"summary\":[]},"
	    "{\"type\":\"reasoning\",\"encrypted_content\":\"f\"},"
	    "{\"type\":\"compaction\",\"id\":\"c\",\"encrypted_content\":\"g\"}")),
	    OUT(ITEMS("{\"type\":\"reasoning\",\"summary\":[],"
	    "\"encrypted_content\":\"e\"},{\"type\":\"reasoning\","
	    "\"encrypted_content\":\"f\",\"summary\":[]},"
	    "{\"type\":\"compaction\",\"encrypted_content\":\"g\"}")) },
	{ __LINE__, true, IN(ITEMS("{\"type\":\"new_kind\",\"id\":\"n_1\","
	    "\"internal_chat_message_metadata_passthrough\":{},\"a\":null}")),
	    OUT(ITEMS("{\"type\":\"new_kind\",\"id\":\"n_1\",\"a\":null}")) },
	/* Images, however deep. */
	{ __LINE__, true, IN(ITEMS("{\"type\":\"function_call_output\","
	    "\"call_id\":\"c\",\"output\":[{\"type\":\"x\",\"content\":["
	    "{\"type\":\"input_image\",\"image_url\":\"u\",\"detail\":\"huge\"},"
	    "{\"type\":\"input_image\",\"image_url\":\"u\",\"detail\":null},"
	    "{\"type\":\"input_image\",\"image_url\":\"u\",\"detail\":"
	    "\"original\"},{\"type\":\"input_image\",\"file_id\":null,"
	    "\"image_url\":\"u\",\"detail\":\"low\"}]}]}")),
	    OUT(ITEMS("{\"type\":\"function_call_output\",\"call_id\":\"c\","
	    "\"output\":[{\"type\":\"x\",\"content\":["
	    "{\"type\":\"input_image\",\"image_url\":\"u\",\"detail\":\"auto\"},"
	    "{\"type\":\"input_image\",\"image_url\":\"u\",\"detail\":\"auto\"},"
	    "{\"type\":\"input_image\",\"image_url\":\"u\",\"detail\":\"high\"},"
	    "{\"type\":\"input_image\",\"image_url\":\"u\",\"detail\":\"low\"}"
	    "]}]}")) },
	/* Tools. */
	{ __LINE__, true, IN("\"tools\":[" FN "," WEB "],\"input\":\"hi\""),
	    OUT("\"tools\":[" FN "," WEB "],\"input\":\"hi\"") },
	{ __LINE__, false, IN("\"tools\":[" FN "," WEB "],\"input\":\"hi\","
	    "\"include\":[\"web_search_call.action.sources\",\"a\",1]"),
	    OUT("\"tools\":[" FN "],\"input\":\"hi\",\"include\":[\"a\",1]") },
	{ __LINE__, false, IN("\"tools\":[" WEB "],\"tool_choice\":\"auto\","
	    "\"parallel_tool_calls\":true,\"input\":\"hi\""),
	    OUT("\"input\":\"hi\"") },
	{ __LINE__, false, IN("\"tools\":[" FN "," WEB "],\"tool_choice\":" WEB
	    ",\"input\":\"hi\""),
	    OUT("\"tools\":[" FN "],\"input\":\"hi\"") },
	{ __LINE__, false, IN("\"tools\":[" FN "," WEB "],\"tool_choice\":{"
	    "\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[" WEB ","
	    FN "]},\"input\":\"hi\""),
	    OUT("\"tools\":[" FN "],\"tool_choice\":{\"type\":\"allowed_tools\","
	    "\"mode\":\"auto\",\"tools\":[" FN "]},\"input\":\"hi\"") },
	{ __LINE__, false, IN("\"tools\":[" FN "," WEB "],\"tool_choice\":{"
	    "\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[" WEB
	    "]},\"input\":\"hi\""),
	    OUT("\"tools\":[" FN "],\"input\":\"hi\"") },
	{ __LINE__, true, IN("\"tools\":[{\"type\":\"image_generation\"},"
	    "{\"type\":\"namespace\",\"name\":\"image_gen\",\"tools\":[]},"
	    "{\"type\":\"namespace\",\"name\":\"n\",\"description\":\"\","
	    "\"tools\":[]}],\"tool_choice\":\"required\",\"input\":\"hi\""),
	    OUT("\"tools\":[{\"type\":\"namespace\",\"name\":\"n\","
	    "\"description\":\"n\",\"tools\":[]}],\"tool_choice\":\"required\","
	    "\"input\":\"hi\"") },
	{ __LINE__, false, IN(ITEMS("{\"type\":\"additional_tools\","
	    "\"role\":\"developer\",\"tools\":[" WEB "]}," HI)),
	    OUT(ITEMS(HI)) },
	{ __LINE__, true, IN("\"tools\":[],\"tool_choice\":\"none\","
	    "\"input\":\"hi\""),
	    OUT("\"tools\":[],\"tool_choice\":\"none\",\"input\":\"hi\"") },
	/* Effort. */
	{ __LINE__, true, IN("\"reasoning\":{\"effort\":\"xhigh\","
	    "\"summary\":\"auto\"},\"input\":\"hi\""),
	    OUT("\"reasoning\":{\"effort\":\"high\",\"summary\":\"auto\"},"
	    "\"input\":\"hi\"") },
	{ __LINE__, true, IN("\"reasoning\":{\"effort\":\"minimal\"},"
	    "\"input\":\"hi\""),
	    OUT("\"reasoning\":{\"effort\":\"low\"},\"input\":\"hi\"") },
	{ __LINE__, true, IN("\"reasoning\":{\"effort\":\"none\"},"
	    "\"input\":\"hi\""),
	    OUT("\"reasoning\":{\"effort\":\"low\"},\"input\":\"hi\"") },
	{ __LINE__, true, IN("\"reasoning\":{ \"effort\":\"medium\"},"
	    "\"input\":\"hi\""),
	    OUT("\"reasoning\":{ \"effort\":\"medium\"},\"input\":\"hi\"") },
	{ __LINE__, true, IN("\"reasoning\":{\"effort\":\"odd\"},"
	    "\"input\":\"hi\""),
	    OUT("\"reasoning\":{\"effort\":\"odd\"},\"input\":\"hi\"") },
};

static void
test_accepted(void **state)
{
	struct responses	 r;
	struct err		 err;
	char			*s;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(accepted); i++) {
		r = (struct responses){ 0 };
		s = translate(accepted[i].in, strlen(accepted[i].in),
		    accepted[i].web_search, &r, &err);
		if (s == NULL || strcmp(s, accepted[i].out) != 0)
			fail_msg("line %d: %s", accepted[i].line,
			    s != NULL ? s : err.msg);
		assert_string_equal(r.model, "m");
		free(s);
		responses_finish(&r);
	}
}

static const struct {
	int		 line;
	const char	*in;
	int		 status;
	const char	*param, *code, *msg;
} refused[] = {
	{ __LINE__, IN("\"a\":1"), 400, "input", "missing_required_parameter",
	    "'input'" },
	{ __LINE__, IN("\"input\":null"), 400, "input",
	    "missing_required_parameter", "'input'" },
	{ __LINE__, IN("\"input\":5"), 400, "input", "invalid_type",
	    "but got an integer instead" },
	{ __LINE__, IN("\"input\":[\"text\"]"), 400, "input[0]", "invalid_type",
	    "input item" },
	{ __LINE__, IN("\"input\":[" HI ",null]"), 400, "input[1]",
	    "invalid_type", "input item" },
	{ __LINE__, IN("\"input\":[{\"type\":5,\"role\":\"user\"}]"), 400,
	    "input[0]", "invalid_type", "input item" },
	{ __LINE__, IN("\"input\":[{}]"), 400, "input[0]", "invalid_type",
	    "input item" },
	{ __LINE__, IN("\"input\":[{\"type\":\"item_reference\","
	    "\"id\":\"msg_9\"}]"), 404, "input", "",
	    "Item with id 'msg_9' not found." },
	{ __LINE__, IN("\"input\":[{\"id\":\"rs_9\"}]"), 404, "input", "",
	    "Item with id 'rs_9' not found." },
	{ __LINE__, IN("\"input\":[{\"type\":\"item_reference\"}]"), 404,
	    "input", "", "Item with id '' not found." },
	{ __LINE__, IN("\"input\":\"hi\",\"conversation\":[]"), 400,
	    "conversation", "invalid_type", "expected a string or an object" },
	{ __LINE__, IN("\"input\":\"hi\",\"conversation\":{}"), 400,
	    "conversation.id", "missing_required_parameter",
	    "'conversation.id'" },
	{ __LINE__, IN("\"input\":\"hi\",\"max_output_tokens\":8"), 400,
	    "max_output_tokens", "integer_below_min_value",
	    "Expected a value >= 16, but got 8 instead." },
	{ __LINE__, IN("\"input\":\"hi\",\"max_output_tokens\":1.5"), 400,
	    "max_output_tokens", "invalid_type", "decimal" },
	{ __LINE__, IN("\"input\":\"hi\",\"stream\":\"yes\""), 400, "stream",
	    "invalid_type", "a boolean" },
	{ __LINE__, IN("\"input\":\"hi\",\"tools\":{}"), 400, "tools",
	    "invalid_type", "an object" },
	{ __LINE__, IN("\"input\":\"hi\",\"temperature\":\"1\""), 400,
	    "temperature", "invalid_type", "a number" },
	{ __LINE__, IN("\"input\":\"hi\",\"text\":[]"), 400, "text",
	    "invalid_type", "an array" },
};

static void
test_refused(void **state)
{
	struct responses	 r = { 0 };
	struct err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(refused); i++) {
		assert_null(translate(refused[i].in, strlen(refused[i].in),
		    true, &r, &err));
		if (err.status != refused[i].status ||
		    strcmp(err.param, refused[i].param) != 0 ||
		    strcmp(err.code, refused[i].code) != 0 ||
		    strstr(err.msg, refused[i].msg) == NULL)
			fail_msg("line %d: %d %s %s %s", refused[i].line,
			    err.status, err.param, err.code, err.msg);
	}
}

/* Who began this turn is decided by the last item. */
static void
test_initiator(void **state)
{
	static const struct {
		const char	*in;
		bool		 agent, vision;
	} cases[] = {
		{ IN("\"input\":\"hi\""), false, false },
		{ IN("\"input\":[]"), false, false },
		{ IN("\"input\":[" HI "]"), false, false },
		{ IN("\"input\":[{\"role\":\"assistant\",\"content\":\"a\"},"
		    HI "]"), false, false },
		{ IN("\"input\":[" HI ",{\"role\":\"assistant\","
		    "\"content\":\"a\"}]"), true, false },
		{ IN("\"input\":[" HI ",{\"type\":\"function_call_output\","
		    "\"call_id\":\"c\",\"output\":[{\"type\":\"input_image\","
		    "\"image_url\":\"u\"}]}]"), true, true },
		{ IN("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
		    "\"input_image\",\"image_url\":\"u\"}]}]"), false, true },
		{ IN("\"input\":[" HI ",{\"type\":\"reasoning\"}]"), true,
		    false },
	};
	struct responses	 r;
	struct err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		r = (struct responses){ 0 };
		free(translate(cases[i].in, strlen(cases[i].in), true, &r,
		    &err));
		if (r.agent != cases[i].agent || r.vision != cases[i].vision)
			fail_msg("case %zu: %d %d", i, r.agent, r.vision);
		responses_finish(&r);
	}
}

static void
test_echo(void **state)
{
	static const char in[] = IN("\"input\":\"hi\",\"stream\":true,"
	    "\"metadata\":{\"a\":\"b\"},\"user\":\"u\",\"temperature\":0.25,"
	    "\"tools\":[" WEB "],\"tool_choice\":\"auto\",\"text\":null,"
	    "\"stream_options\":{\"include_obfuscation\":false}");
	struct responses	 r = { 0 };
	struct err		 err;

	(void)state;
	free(translate(in, sizeof(in) - 1, false, &r, &err));
	assert_true(r.stream);
	assert_true(r.plain);
	assert_true(js_is(js_obj(r.echo, "metadata"), "a", "b"));
	assert_true(js_is(r.echo, "user", "u"));
	assert_true(js_double(r.echo, "temperature", 0) == 0.25);
	assert_false(js_has(r.echo, "tools"));
	assert_false(js_has(r.echo, "tool_choice"));
	assert_false(js_has(r.echo, "text"));
	assert_false(js_has(r.echo, "input"));
	responses_finish(&r);
}

/* A request with everything that Codex sends in a tool loop. */
static void
test_codex(void **state)
{
	static const char *const gone[] = {
		"image_gen", "service_tier", "client_metadata", "metadata",
		"passthrough", "\"id\"", "\"user\":null", "rs_2", "original",
		"web_search_call.action", "\"type\":\"web_search\"", "xhigh",
		"null"
	};
	static const char *const kept[] = {
		"\"namespace\":\"mcp__x\"", "\"phase\":\"commentary\"",
		"gAAAAblob", "\"prompt_cache_key\":\"k\"", "\"description\":\"mcp__x\"",
		"\"detail\":\"high\"", "*** Begin", "\"effort\":\"high\"",
		"\"instructions\":\"You help.\""
	};
	struct buf		 text = { 0 };
	struct responses	 r = { 0 };
	struct err		 err;
	json_object		*obj;
	char			*s;
	size_t			 i;

	(void)state;
	read_data("responses-request.json", &text);
	s = translate(text.p, text.len, false, &r, &err);
	assert_non_null(s);
	for (i = 0; i < COUNT(gone); i++)
		if (strstr(s, gone[i]) != NULL)
			fail_msg("%s is still there: %s", gone[i], s);
	for (i = 0; i < COUNT(kept); i++)
		if (strstr(s, kept[i]) == NULL)
			fail_msg("%s is lost: %s", kept[i], s);
	obj = js_parse_quiet(s, strlen(s));
	assert_int_equal(js_len(js_array(obj, "input")), 9);
	assert_int_equal(js_len(js_array(obj, "tools")), 2);
	assert_true(r.agent);
	assert_true(r.vision);
	json_object_put(obj);
	free(s);
	responses_finish(&r);
	buf_finish(&text);
}

/* Every value of every member may be anything: no crash, no leak. */
static void
test_hostile(void **state)
{
	static const char *const values[] = {
		"null", "5", "-1e999", "\"\"", "\"\\u0000\"", "[]", "{}",
		"[null]", "[[[[]]]]", "[{}]", "[{\"type\":null}]",
		"[{\"type\":\"message\",\"role\":[],\"content\":[null,5,[]]}]",
		"[{\"type\":\"namespace\"}]", "[{\"type\":\"reasoning\","
		"\"encrypted_content\":{}}]", "{\"type\":\"allowed_tools\","
		"\"tools\":[null]}", "{\"effort\":[]}", "true"
	};
	static const char *const names[] = {
		"input", "tools", "tool_choice", "include", "reasoning",
		"store", "stream", "stream_options", "conversation",
		"previous_response_id", "metadata", "text"
	};
	struct buf		 text = { 0 };
	struct responses	 r = { 0 };
	struct err		 err;
	size_t			 i, k;

	(void)state;
	for (i = 0; i < COUNT(names); i++)
		for (k = 0; k < COUNT(values); k++) {
			buf_printf(&text, "{\"model\":\"m\",\"%s\":%s%s}",
			    names[i], values[k], i == 0 ? "" :
			    ",\"input\":\"x\"");
			free(translate(text.p, text.len, k % 2 == 0, &r, &err));
			responses_finish(&r);
			buf_finish(&text);
		}
}

/* A hundred thousand items, half of them left out, in linear time. */
static void
test_large(void **state)
{
	struct buf		 text = { 0 };
	struct responses	 r = { 0 };
	struct err		 err;
	char			*s;
	int			 i;

	(void)state;
	buf_puts(&text, "{\"model\":\"m\",\"input\":[" HI);
	for (i = 0; i < 50000; i++)
		buf_puts(&text, ",{\"type\":\"reasoning\"}," HI);
	buf_puts(&text, "]}");
	s = translate(text.p, text.len, true, &r, &err);
	assert_null(strstr(s, "reasoning"));
	free(s);
	responses_finish(&r);
	buf_finish(&text);
}

/* Upstream can't open what was sealed: all of it stays behind, no more. */
static void
test_unsealed(void **state)
{
	static const char	 in[] = IN(ITEMS(HI ",{\"type\":\"reasoning\","
	    "\"summary\":[],\"encrypted_content\":\"e\"},{\"type\":"
	    "\"compaction\",\"encrypted_content\":\"g\"}," HI));
	struct responses_setting set = {
		.upstream = "up", .model = &model, .unsealed = true
	};
	json_object		*obj = js_parse_quiet(in, strlen(in));
	struct responses	 r = { 0 };
	struct body		 body = { 0 };
	struct err		 err;

	(void)state;
	assert_true(responses_request(in, strlen(in), obj, &set, &r, &body,
	    &err));
	assert_string_equal(body.own.p, OUT(ITEMS(HI ",{\"type\":\"compaction\","
	    "\"encrypted_content\":\"g\"}," HI)));
	json_object_put(obj);
	body_finish(&body);
	responses_finish(&r);
}

/* What upstream taught of the model; the answer doesn't repeat it either. */
static void
test_lessons(void **state)
{
	static const char	 in[] = "{\"model\":\"m\",\"temperature\":1,"
	    "\"top_p\":1,\"reasoning\":{\"effort\":\"xhigh\",\"summary\":"
	    "\"auto\"},\"text\":{\"verbosity\":\"low\"},\"user\":\"u\","
	    "\"input\":\"hi\"}";
	struct responses_setting set = {
		.upstream = "up", .model = &model, .lesson = { .without =
		    LESSON_TEMPERATURE | LESSON_SUMMARY | LESSON_VERBOSITY |
		    LESSON_USER }
	};
	json_object		*obj = js_parse_quiet(in, strlen(in));
	struct responses	 r = { 0 };
	struct body		 body = { 0 };
	struct err		 err;

	(void)state;
	assert_true(responses_request(in, strlen(in), obj, &set, &r, &body,
	    &err));
	assert_string_equal(body.own.p, "{\"model\":\"up\",\"top_p\":1,"
	    "\"reasoning\":{\"effort\":\"high\"},\"text\":{},"
	    "\"input\":\"hi\",\"store\":false}");
	assert_false(js_has(r.echo, "temperature"));
	assert_true(js_has(r.echo, "top_p"));
	json_object_put(obj);
	body_finish(&body);
	responses_finish(&r);
}

/* What no model takes, wherever it is. */
static void
test_images(void **state)
{
	static char		 png[] = "image/png";
	static char		*types[] = { png, NULL };
	static const struct model tiny = {
		.reasoning_effort = efforts, .image_types = types,
		.max_prompt_image_size = 30
	};
	static const struct {
		const char *in, *param, *code;
	} bad[] = {
		{ IN(ITEMS(HI ",{\"role\":\"user\",\"content\":[{\"type\":"
		    "\"input_image\",\"image_url\":\"data:image/gif;base64,"
		    "AAAA\"}]}")), "input[1].content[0].image_url",
		    "invalid_image_format" },
		{ IN(ITEMS("{\"type\":\"function_call_output\",\"call_id\":"
		    "\"c\",\"output\":[{\"type\":\"x\",\"content\":[{"
		    "\"type\":\"input_image\",\"image_url\":\"data:image/tiff;"
		    "base64,AAAA\"}]}]}")),
		    "input[0].output[0].content[0].image_url",
		    "invalid_image_format" },
		{ IN(ITEMS("{\"type\":\"function_call_output\",\"call_id\":"
		    "\"c\",\"output\":[{\"type\":\"x\",\"output\":[{"
		    "\"type\":\"input_image\",\"image_url\":\"data:text/plain,"
		    "x\"}]}]}")), "input[0].output[0].output[0].image_url",
		    "invalid_image_format" },
	};
	struct responses_setting set = { .upstream = "up", .model = &tiny };
	struct responses	 r = { 0 };
	struct body		 body = { 0 };
	struct err		 err;
	json_object		*obj;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		obj = js_parse_quiet(bad[i].in, strlen(bad[i].in));
		assert_false(responses_request(bad[i].in, strlen(bad[i].in),
		    obj, &set, &r, &body, &err));
		assert_string_equal(err.param, bad[i].param);
		assert_string_equal(err.code, bad[i].code);
		json_object_put(obj);
		responses_finish(&r);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsealed),
		cmocka_unit_test(test_lessons),
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_initiator),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_codex),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_large)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
