/*
 * Requests of the usual form are looked at as text, all others are read as
 * trees: the same must come of both. Conversations as clients send them, and
 * thousands of others made of these by chance, always the same ones.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "change.h"
#include "chat/usual.h"
#include "messages/usual.h"
#include "responses/usual.h"
#include "usual.h"

#define ROUNDS	4000
#define CHANGES	3

#define LONG "a text of some length, so that it has a mark and waits in the tree"
#define TOOL(name) "{\"type\":\"function\",\"function\":{\"name\":\"" name \
	"\",\"description\":\"" LONG "\",\"strict\":false,\"parameters\":{" \
	"\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"}}}}}"
#define CALL(id, arguments) "{\"id\":\"" id "\",\"type\":\"function\"," \
	"\"function\":{\"name\":\"read\",\"arguments\":\"" arguments "\"}}"

static const char *const chats[] = {
	"{\"messages\":[{\"role\":\"system\",\"content\":\"" LONG "\"},"
	    "{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true}",
	"{\"messages\":[{\"role\":\"system\",\"content\":\"You help.\"},"
	    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\""
	    LONG "\"},{\"type\":\"text\",\"text\":\"\xc3\xa9\"}]},"
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    CALL("call_1", "{\\\"path\\\":\\\"a\\\\nb\\\"}") ","
	    CALL("call_2", "{}") "]},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"call_2\",\"content\":\"b\"},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":[{"
	    "\"type\":\"text\",\"text\":\"" LONG "\"}]},"
	    "{\"role\":\"assistant\",\"content\":\"" LONG "\",\"tool_calls\":["
	    CALL("call_3", "{\\\"path\\\":\\\"" LONG "\\\"}") "]},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"call_3\",\"content\":\"\"},"
	    "{\"role\":\"user\",\"content\":\"and now?\",\"name\":\"me\"}],"
	    "\"tools\":[" TOOL("read") "," TOOL("write") "],"
	    "\"tool_choice\":\"auto\",\"temperature\":0.1}",
	"{\"messages\":[{\"role\":\"developer\",\"content\":\"a\"},"
	    "{\"role\":\"user\",\"content\":\"b\"},"
	    "{\"role\":\"assistant\",\"content\":\"c\"},"
	    "{\"role\":\"system\",\"content\":\"d\"},"
	    "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
	    "\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]}],"
	    "\"tools\":[" TOOL("read") "],\"max_tokens\":5}"
};

#define BLOCK(text, more) "{\"type\":\"text\",\"text\":\"" text "\"" more "}"
#define MARKED ",\"cache_control\":{\"type\":\"ephemeral\"}"
#define USE(id) "{\"type\":\"tool_use\",\"id\":\"" id "\",\"name\":\"read\"," \
	"\"input\":{\"path\":\"" LONG "\"}}"
#define RESULT(id, content, more) "{\"type\":\"tool_result\"," \
	"\"tool_use_id\":\"" id "\",\"content\":" content more "}"
#define CLAUDE_TOOL(name, more) "{\"name\":\"" name "\",\"description\":\"" \
	LONG "\",\"input_schema\":{\"type\":\"object\",\"properties\":{" \
	"\"path\":{\"type\":\"string\"}}}" more "}"

static const char *const claudes[] = {
	"{\"max_tokens\":1000,\"messages\":[{\"role\":\"user\","
	    "\"content\":\"hi\"}],\"system\":\"" LONG "\"}",
	"{\"max_tokens\":1000,\"stream\":true,\"system\":["
	    BLOCK("You help.", MARKED) "],\"tools\":["
	    CLAUDE_TOOL("read", "") "," CLAUDE_TOOL("write", "") "],"
	    "\"metadata\":{\"user_id\":\"u_session_1\"},\"messages\":["
	    "{\"role\":\"user\",\"content\":[" BLOCK(LONG, "") ","
	    BLOCK("b", "") "]},"
	    "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
	    "\"thinking\":\"\",\"signature\":\"AbC+/=\"},"
	    BLOCK("I read.", "") "," USE("toolu_1") "," USE("toolu_2") "]},"
	    "{\"role\":\"user\",\"content\":["
	    RESULT("toolu_1", "\"" LONG "\"", "") ","
	    RESULT("toolu_2", "[" BLOCK(LONG, "") "]", ",\"is_error\":true")
	    "]},{\"role\":\"assistant\",\"content\":\"Done.\"},"
	    "{\"role\":\"user\",\"content\":[" BLOCK("and now?", MARKED)
	    "]}]}",
	"{\"max_tokens\":1000,\"messages\":[{\"role\":\"user\","
	    "\"content\":[{\"type\":\"image\",\"source\":{\"type\":"
	    "\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}},"
	    BLOCK("what is it?", "") "]},{\"role\":\"assistant\",\"content\":"
	    "[" USE("toolu_3") "]},{\"role\":\"user\",\"content\":["
	    RESULT("toolu_3", "[" BLOCK("x", MARKED) "]", "") ","
	    BLOCK("go on", "") "]}],\"tools\":["
	    CLAUDE_TOOL("read", MARKED) "],\"thinking\":{\"type\":"
	    "\"enabled\",\"budget_tokens\":500}}",
	"{\"max_tokens\":1000,\"messages\":[{\"role\":\"user\","
	    "\"content\":\"hi\"}],\"system\":[" USE("toolu_4") "]}"
};

#define ITEM(role, type, text) "{\"type\":\"message\",\"role\":\"" role \
	"\",\"content\":[{\"type\":\"" type "\",\"text\":\"" text "\"}]}"
#define FLAT_CALL(id, arguments) "{\"type\":\"function_call\",\"name\":" \
	"\"read\",\"arguments\":\"" arguments "\",\"call_id\":\"" id "\"}"
#define FLAT_OUTPUT(id, output) "{\"type\":\"function_call_output\"," \
	"\"call_id\":\"" id "\",\"output\":" output "}"
#define FLAT_TOOL(name) "{\"type\":\"function\",\"name\":\"" name "\"," \
	"\"description\":\"" LONG "\",\"strict\":false,\"parameters\":{" \
	"\"type\":\"object\",\"properties\":{}}}"

static const char *const codexes[] = {
	"{\"input\":[" ITEM("user", "input_text", "hi") "],"
	    "\"stream\":true,\"store\":false}",
	"{\"instructions\":\"" LONG "\",\"store\":false,\"input\":["
	    ITEM("developer", "input_text", LONG) ","
	    ITEM("user", "input_text", "a") ","
	    "{\"type\":\"reasoning\",\"summary\":[],"
	    "\"encrypted_content\":\"gAAAA" LONG "\"},"
	    FLAT_CALL("call_1", "{\\\"path\\\":\\\"a\\\"}") ","
	    FLAT_OUTPUT("call_1", "\"" LONG "\"") ","
	    "{\"type\":\"custom_tool_call\",\"call_id\":\"call_2\","
	    "\"name\":\"patch\",\"input\":\"x\"},"
	    "{\"type\":\"custom_tool_call_output\",\"call_id\":\"call_2\","
	    "\"output\":[{\"type\":\"input_text\",\"text\":\"y\"}]},"
	    ITEM("assistant", "output_text", "Done.") ","
	    "{\"role\":\"user\",\"content\":\"and now?\"}],"
	    "\"tools\":[" FLAT_TOOL("read") "," FLAT_TOOL("write") "],"
	    "\"tool_choice\":\"auto\",\"include\":["
	    "\"reasoning.encrypted_content\"]}",
	"{\"store\":false,\"input\":[" ITEM("user", "input_text", LONG) ","
	    FLAT_CALL("call_3", "{}") "," FLAT_OUTPUT("call_3", "\"z\"")
	    "],\"tools\":[" FLAT_TOOL("read") ",{\"type\":\"web_search\"}]}"
};

/* Values and names that somebody looks for, to be put anywhere. */
static const char *const odd[] = {
	"null", "true", "0", "\"\"", "\" \\n\"", "\"\\u0020\"", "[]", "{}",
	"\"user\"", "\"assistant\"", "\"system\"", "\"developer\"",
	"\"tool\"", "\"function\"", "\"custom\"", "\"call_1\"", "\"read\"",
	"\"an id?\"", "\"{}\"", "\"[]\"", "\"null\"", "\"{\\\"a\\\":\"",
	"[{\"type\":\"text\",\"text\":\" \"}]", "\"{\\\"a\\\":\\\"\\u00e9\\\"}\"",
	"[{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{}}]",
	"{\"type\":\"ephemeral\"}", "[{\"role\":\"user\",\"content\":\"x\"}]",
	"{\"role\":\"assistant\",\"content\":\"x\"}", "\"a\\u0000b\"",
	"{\"name\":\"read\",\"arguments\":\"{}\"}", "\"" LONG "\"",
	"[{\"type\":\"refusal\",\"refusal\":\"no\"}]", "\"json_object\"",
	"[\"" LONG "\",\"" LONG "\"]",
	"{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{}}}",
	"\"base64\"", "\"url\"", "\"text\"",
	"\"message\"", "\"function_call\"", "\"item_reference\"",
	"\"compaction\"", "\"compaction_trigger\"", "\"input_image\"",
	"\"namespace\"", "\"copilot-api-1.x\"",
	"{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,A\"}",
	"\"tool_use\"", "\"tool_result\"", "\"thinking\"", "\"toolu_1\"",
	"[{\"type\":\"text\",\"text\":\"x\"}]", "\"other:seal\"",
	"{\"type\":\"ephemeral\",\"scope\":\"x\"}",
	"{\"type\":\"image\",\"source\":{\"type\":\"base64\"}}"
};

static const char *const names[] = {
	"role", "content", "type", "text", "tool_calls", "tool_call_id", "id",
	"function", "name", "arguments", "refusal", "reasoning_content",
	"reasoning_opaque", "function_call", "copilot_cache_control",
	"cache_control", "output", "custom", "image_url", "file", "index",
	"parameters", "description", "strict", "tools", "tool_choice",
	"messages", "response_format", "n", "user", "prompt_cache_key",
	"input", "functions", "stop", "tool_use_id", "input_schema",
	"is_error", "source", "thinking", "signature", "data", "system",
	"call_id", "encrypted_content", "summary", "status", "phase",
	"include", "store", "previous_response_id", "instructions",
	"namespace", "properties", "$schema", "defer_loading", "max_tokens", "metadata"
};

static const struct changes changes = {
	odd, names, COUNT(odd), COUNT(names)
};
static const char *const words[2] = { "role", "user" };

static bool
look(json_object *obj, const char *const *seeds)
{
	struct chat_usual	facts;
	struct messages_usual	found;
	bool			agent;

	if (seeds == chats)
		return chat_usual_messages(js_array(obj, "messages"), &facts);
	return seeds == claudes ?
	    messages_usual(js_array(obj, "messages"), &found) :
	    responses_usual(js_array(obj, "input"), &agent);
}

static bool
is_usual(const struct buf *body, const char *const *seeds)
{
	struct buf	 copy = { 0 };
	json_object	*obj;
	struct err	 err;
	bool		 usual;

	buf_append(&copy, body->p, body->len);
	if (!js_parse_body(&copy, &obj, &err)) {
		buf_finish(&copy);
		return false;
	}
	usual = look(obj, seeds);
	json_object_put(obj);
	buf_finish(&copy);
	return usual;
}

static char *const models[] = {
	usual_gpt, usual_gemini, usual_claude, usual_other
};

static void
check(enum handled (*handler)(struct exchange *), const struct buf *body)
{
	size_t i;

	for (i = 0; i < COUNT(models); i++)
		if (!usual_same(handler, body, models[i], true))
			fail_msg("%s", models[i]);
}

/* Or none of this would prove anything. */
static void
check_path(enum handled (*handler)(struct exchange *), const char *text,
    char *model, const char *path)
{
	struct buf body = { 0 }, out = { 0 };

	buf_puts(&body, text);
	usual_run(handler, &body, model, &out);
	if (strstr(out.p, path) == NULL)
		fail_msg("%s: %s", path, out.p);
	buf_finish(&body);
	buf_finish(&out);
}

/* All by chance, from these. */
static void
both_ways(enum handled (*handler)(struct exchange *), const char *const *seeds,
    size_t nseeds, size_t *usual)
{
	struct buf	 body = { 0 };
	json_object	*obj;
	size_t		 i, k;

	for (i = 0; i < ROUNDS; i++) {
		obj = js_parse_quiet(seeds[i % nseeds],
		    strlen(seeds[i % nseeds]));
		for (k = i < nseeds ? 0 : 1 + chance(CHANGES); k > 0; k--)
			change(&changes, obj);
		change_print(obj, words, &body);
		json_object_put(obj);
		*usual += is_usual(&body, seeds);
		check(handler, &body);
	}
	buf_finish(&body);
}

static void
test_chat(void **state)
{
	size_t usual = 0;

	(void)state;
	check_path(api_chat, chats[1], usual_gpt, " /chat/completions ");
	check_path(api_chat, chats[1], usual_claude, " /chat/completions ");
	both_ways(api_chat, chats, COUNT(chats), &usual);
	/* Neither way is rare, or this would prove little. */
	assert_true(usual > ROUNDS / 5 && usual < ROUNDS * 4 / 5);
}

static void
test_messages(void **state)
{
	size_t usual = 0;

	(void)state;
	check_path(api_messages, claudes[1], usual_claude, " /v1/messages ");
	both_ways(api_messages, claudes, COUNT(claudes), &usual);
	assert_true(usual > ROUNDS / 5 && usual < ROUNDS * 4 / 5);
}

static void
test_responses(void **state)
{
	size_t usual = 0;

	(void)state;
	check_path(api_responses, codexes[1], usual_gpt, " /responses ");
	both_ways(api_responses, codexes, COUNT(codexes), &usual);
	assert_true(usual > ROUNDS / 5 && usual < ROUNDS * 4 / 5);
}

/* What is looked at, and what it means. */
static void
test_usual(void **state)
{
	static const struct {
		const char	*messages;
		bool		 usual, strict;
	} cases[] = {
#define USER "{\"role\":\"user\",\"content\":\"x\"}"
		{ "[" USER "]", true, true },
		{ "[ { \"content\" : \"x\" , \"role\" : \"user\" } ]", true,
		    true },
		{ "[]", false, false },
		{ "[{\"role\":\"user\",\"content\":\" \\n\"}]", true, false },
		{ "[{\"role\":\"user\",\"content\":\"\"}]", true, false },
		{ "[{\"role\":\"user\",\"content\":[]}]", true, false },
		{ "[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		    "\"text\":\"\"}," "{\"type\":\"text\",\"text\":\"x\"}]}]",
		    true, false },
		{ "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
		    "\"image_url\":{\"url\":\"x\"}}]}]", false, false },
		{ "[" USER ",{\"role\":\"system\",\"content\":\"x\"}," USER
		    "]", true, false },
		{ "[{\"role\":\"developer\",\"content\":\"x\"}," USER "]",
		    true, false },
		{ "[" USER ",{\"role\":\"assistant\",\"content\":\"x\"}]",
		    true, false },
		{ "[" USER ",{\"role\":\"assistant\",\"tool_calls\":["
		    CALL("c", "{}") "]}]", true, true },
		{ "[" USER ",{\"role\":\"assistant\",\"tool_calls\":["
		    CALL("c", "{}") "," CALL("c", "{}") "]}]", false, false },
		{ "[" USER ",{\"role\":\"assistant\",\"tool_calls\":["
		    CALL("c", "") "]}]", false, false },
		{ "[" USER ",{\"role\":\"assistant\",\"tool_calls\":["
		    CALL("a b", "{}") "]}]", false, false },
		{ "[" USER ",{\"role\":\"assistant\",\"tool_calls\":[]}]",
		    false, false },
		{ "[{\"role\":\"user\",\"content\":\"x\",\"y\":1}]", false,
		    false },
		{ "[{\"role\":\"function\",\"content\":\"x\"}]", false,
		    false },
		{ "[{\"r\\u006fle\":\"user\",\"content\":\"x\"}]", false,
		    false },
		{ "[{\"content\":\"x\"}]", false, false },
		{ "[1]", false, false },
	};
	struct chat_usual	 facts;
	struct buf		 text = { 0 };
	json_object		*obj;
	struct err		 err;
	size_t			 i;
	bool			 usual;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		buf_truncate(&text, 0);
		buf_printf(&text, "{\"messages\":%s}", cases[i].messages);
		assert_true(js_parse_body(&text, &obj, &err));
		usual = chat_usual_messages(js_array(obj, "messages"), &facts);
		if (usual != cases[i].usual ||
		    (usual && facts.strict != cases[i].strict))
			fail_msg("%s: %d %d", cases[i].messages, usual,
			    facts.strict);
		json_object_put(obj);
	}
	buf_finish(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual),
		cmocka_unit_test(test_chat),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_responses),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
