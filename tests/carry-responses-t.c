/* A Responses request carried by chat completions: what upstream gets. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/carry.h"
#include "base/body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"
#include "responses/input.h"
#include "turn/seal.h"

static char *efforts[] = { (char *)"low", (char *)"high", NULL };
static char *no_efforts[] = { NULL };
static const struct model claude = {
	.id = (char *)"claude", .vendor = (char *)"Anthropic",
	.reasoning_effort = efforts, .max_prompt_image_size = 30
};
static const struct model gemini = {
	.id = (char *)"gemini", .vendor = (char *)"Google",
	.reasoning_effort = no_efforts
};
static const struct model gpt = {
	.id = (char *)"gpt", .vendor = (char *)"OpenAI", .openai = true,
	.reasoning_effort = no_efforts, .structured_outputs = true
};

/* --- Requests. */

static bool
translate(const char *text, const struct model *m, bool web_search,
    struct carry_note *b, struct buf *body, struct err *err)
{
	struct responses_setting	 set = {
		.upstream = "up", .model = m, .web_search = web_search
	};
	struct body			 out = { .own = *body };
	json_object			*obj;
	bool				 ok;

	obj = js_parse_quiet(text, strlen(text));
	if (obj == NULL)
		fail_msg("no JSON: %s", text);
	memset(err, 0, sizeof(*err));
	ok = carry_by_chat(obj, &set, b, &out, err);
	*body = out.own;
	json_object_put(obj);
	return ok;
}

#define HEAD "{\"model\":\"up\",\"messages\":["
#define TAIL "\"stream_options\":{\"include_usage\":true}}"
#define USER "{\"role\":\"user\",\"content\":\"x\"}"
#define REQ(rest) "{\"model\":\"m\"," rest "}"
#define CALL(id, name, args) "{\"id\":\"" id "\",\"type\":\"function\"," \
	"\"function\":{\"name\":\"" name "\",\"arguments\":\"" args "\"}}"
#define TOOL(id, text) "{\"role\":\"tool\",\"content\":\"" text "\"," \
	"\"tool_call_id\":\"" id "\"}"
#define FC(id, name, args) "{\"type\":\"function_call\",\"call_id\":\"" id \
	"\",\"name\":\"" name "\",\"arguments\":\"" args "\"}"
#define FCO(id, text) "{\"type\":\"function_call_output\",\"call_id\":\"" id \
	"\",\"output\":\"" text "\"}"
#define F "{\"type\":\"function\",\"name\":\"f\"}"
#define CHAT_F "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"

static const struct {
	const char		*in;
	const char		*messages;	/* NULL: as for input "x" */
	const char		*rest;		/* behind "stream" */
	const struct model	*model;		/* NULL: claude */
} good[] = {
	{ REQ("\"input\":\"x\""), USER, "", NULL },
	{ REQ("\"input\":\"x\",\"instructions\":\"Be kind.\""),
	    "{\"role\":\"system\",\"content\":\"Be kind.\"}," USER, "", NULL },
	{ REQ("\"input\":\"x\",\"instructions\":null,\"tools\":null"), USER, "",
	    NULL },
	/* Roles, and both forms of a content. */
	{ REQ("\"input\":[{\"role\":\"developer\",\"content\":\"d\"},"
	    "{\"type\":\"message\",\"role\":\"system\",\"content\":[{\"type\":"
	    "\"input_text\",\"text\":\"s1\"},{\"type\":\"input_text\","
	    "\"text\":\"s2\"}]},{\"role\":\"user\",\"content\":[{\"type\":"
	    "\"input_text\",\"text\":\"u\"}]}]"),
	    "{\"role\":\"system\",\"content\":\"d\"},"
	    "{\"role\":\"system\",\"content\":\"s1\\ns2\"},"
	    "{\"role\":\"user\",\"content\":\"u\"}", "", NULL },
	{ REQ("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
	    "\"input_text\",\"text\":\"a\"},{\"type\":\"input_image\","
	    "\"image_url\":\"data:image/png;base64,AAAA\",\"detail\":"
	    "\"original\"},{\"type\":\"input_image\",\"image_url\":"
	    "\"https://h/i\",\"detail\":null,\"file_id\":null}]}]"),
	    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}"
	    ",{\"type\":\"image_url\",\"image_url\":{\"url\":"
	    "\"data:image/png;base64,AAAA\",\"detail\":\"high\"}},{\"type\":"
	    "\"image_url\",\"image_url\":{\"url\":\"https://h/i\"}}]}", "",
	    NULL },
	/* What an assistant said before, with ids and phase. */
	{ REQ("\"input\":[{\"type\":\"message\",\"id\":\"msg_1\",\"role\":"
	    "\"assistant\",\"status\":\"completed\",\"phase\":\"commentary\","
	    "\"content\":[{\"type\":\"output_text\",\"text\":\"a\","
	    "\"annotations\":[]},{\"type\":\"refusal\",\"refusal\":\"b\"}]},"
	    "{\"role\":\"assistant\",\"content\":\"c\"},"
	    "{\"role\":\"user\",\"content\":\"x\"}]"),
	    "{\"role\":\"assistant\",\"content\":\"ab\"},"
	    "{\"role\":\"assistant\",\"content\":\"c\"}," USER, "", NULL },
	/* Calls of one turn are one message; outputs stand behind it. */
	{ REQ("\"input\":[{\"role\":\"assistant\",\"content\":\"Look.\"},"
	    FC("c1", "f", "{}") "," FC("c2", "g", "") ","
	    FCO("c2", "two") "," FCO("c1", "one") "]"),
	    "{\"role\":\"assistant\",\"content\":\"Look.\",\"tool_calls\":["
	    CALL("c1", "f", "{}") "," CALL("c2", "g", "{}") "]},"
	    TOOL("c1", "one") "," TOOL("c2", "two"), "", NULL },
	/* A message between call and output moves behind them. */
	{ REQ("\"input\":[" FC("c", "f", "{}") ",{\"role\":\"developer\","
	    "\"content\":\"d\"}," FCO("c", "o") "]"),
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    CALL("c", "f", "{}") "]}," TOOL("c", "o") ","
	    "{\"role\":\"user\",\"content\":\"d\"}", "", NULL },
	/* The same id in two turns. */
	{ REQ("\"input\":[" FC("c", "f", "{}") "," FCO("c", "o1") ","
	    FC("c", "f", "[2]") "," FCO("c", "o2") "]"),
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    CALL("c", "f", "{}") "]}," TOOL("c", "o1") ","
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    CALL("call_af63de4c8601eff2", "f", "{\\\"unparsed\\\":[2]}")
	    "]}," TOOL("call_af63de4c8601eff2", "o2"), "", NULL },
	/* Custom tools and those of other kinds. */
	{ REQ("\"input\":[{\"type\":\"custom_tool_call\",\"call_id\":\"c\","
	    "\"name\":\"p\",\"input\":\"a\\n\"},{\"type\":"
	    "\"custom_tool_call_output\",\"call_id\":\"c\",\"output\":[{"
	    "\"type\":\"input_text\",\"text\":\"k\"}]},{\"type\":"
	    "\"local_shell_call\",\"call_id\":\"d\",\"action\":{\"a\":1}},"
	    "{\"type\":\"local_shell_call_output\",\"call_id\":\"d\","
	    "\"output\":\"done\"}]"),
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    CALL("c", "p", "{\\\"input\\\":\\\"a\\\\n\\\"}") "]},"
	    TOOL("c", "k") ","
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    CALL("d", "local_shell", "{\\\"a\\\":1}") "]},"
	    TOOL("d", "done"), "", NULL },
	/* An image that a tool returned. */
	{ REQ("\"input\":[" FC("c", "f", "{}") ",{\"type\":"
	    "\"function_call_output\",\"call_id\":\"c\",\"output\":[{\"type\":"
	    "\"input_image\",\"image_url\":\"https://h/i\"}]}]"),
	    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
	    CALL("c", "f", "{}") "]}," TOOL("c",
	    "(an image, see the next message)") ",{\"role\":\"user\","
	    "\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":"
	    "\"https://h/i\"}}]}", "", NULL },
	/* What only OpenAI can read, or runs there. */
	{ REQ("\"input\":[{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":"
	    "[{\"type\":\"summary_text\",\"text\":\"t\"}],"
	    "\"encrypted_content\":\"gAAAA\"},{\"type\":\"web_search_call\","
	    "\"id\":\"ws_1\",\"status\":\"completed\"},{\"type\":"
	    "\"compaction\",\"encrypted_content\":\"g\"},{\"type\":"
	    "\"of_the_future\"},{\"role\":\"user\",\"content\":\"x\"}]"),
	    USER, "", NULL },
	/* Tools. */
	{ REQ("\"input\":\"x\",\"tools\":[{\"type\":\"function\",\"name\":"
	    "\"f\",\"description\":\"d\",\"parameters\":{\"a\":1},\"strict\":"
	    "false}],\"parallel_tool_calls\":false,\"tool_choice\":"
	    "\"required\""), NULL, "\"tools\":[{\"type\":\"function\","
	    "\"function\":{\"name\":\"f\",\"description\":\"d\",\"parameters\":"
	    "{\"a\":1},\"strict\":false}}],\"tool_choice\":\"required\","
	    "\"parallel_tool_calls\":false,", NULL },
	{ REQ("\"input\":\"x\",\"tools\":[{\"type\":\"custom\",\"name\":\"p\","
	    "\"description\":\"d\",\"format\":{\"type\":\"grammar\",\"syntax\":"
	    "\"lark\",\"definition\":\"start: A\"}}],\"tool_choice\":{\"type\":"
	    "\"custom\",\"name\":\"p\"}"), NULL,
	    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"p\","
	    "\"description\":\"d\\n\\nThe input has to follow this lark "
	    "grammar:\\nstart: A\",\"parameters\":{\"type\":\"object\","
	    "\"properties\":{\"input\":{\"type\":\"string\",\"description\":"
	    "\"The whole input of the tool.\"}},\"required\":[\"input\"],"
	    "\"additionalProperties\":false}}}],\"tool_choice\":{\"type\":"
	    "\"function\",\"function\":{\"name\":\"p\"}},", NULL },
	{ REQ("\"input\":\"x\",\"tools\":[{\"type\":\"web_search\"},{\"type\":"
	    "\"namespace\",\"name\":\"mcp\",\"description\":\"\",\"tools\":["
	    F "]},{\"type\":\"image_generation\"},{\"type\":\"namespace\","
	    "\"name\":\"image_gen\",\"tools\":[" F "]},{\"type\":"
	    "\"tool_search\"}," F "," F "],\"tool_choice\":{\"type\":"
	    "\"function\",\"namespace\":\"mcp\",\"name\":\"f\"}"), NULL,
	    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
	    "\"mcp__f\"}}," CHAT_F "],\"tool_choice\":{\"type\":\"function\","
	    "\"function\":{\"name\":\"mcp__f\"}},", NULL },
	{ REQ("\"input\":\"x\",\"tools\":[" F ",{\"type\":\"function\","
	    "\"name\":\"g\"}],\"tool_choice\":{\"type\":\"allowed_tools\","
	    "\"mode\":\"required\",\"tools\":[{\"type\":\"function\",\"name\":"
	    "\"f\"}]}"), NULL, "\"tools\":[" CHAT_F "],\"tool_choice\":"
	    "\"required\",", NULL },
	{ REQ("\"input\":\"x\",\"tools\":[{\"type\":\"web_search\"}],"
	    "\"tool_choice\":\"auto\",\"parallel_tool_calls\":true,"
	    "\"include\":[\"web_search_call.results\"]"), NULL, "", NULL },
	/* Codex' newest form: tools as an item. */
	{ REQ("\"input\":[{\"type\":\"additional_tools\",\"role\":"
	    "\"developer\",\"tools\":[" F ",{\"type\":\"local_shell\"}]},"
	    "{\"role\":\"user\",\"content\":\"x\"}]"), USER,
	    "\"tools\":[" CHAT_F "],", NULL },
	/* Other members. */
	{ REQ("\"input\":\"x\",\"temperature\":0.5,\"top_p\":1,"
	    "\"max_output_tokens\":20,\"reasoning\":{\"effort\":\"xhigh\"},"
	    "\"text\":{\"verbosity\":\"low\",\"format\":{\"type\":\"text\"}},"
	    "\"store\":false,\"metadata\":{},\"user\":\"u\",\"service_tier\":"
	    "\"auto\",\"truncation\":\"auto\",\"unknown\":1"), NULL,
	    "\"temperature\":0.5,\"top_p\":1,\"max_tokens\":20,"
	    "\"reasoning_effort\":\"high\",", NULL },
	{ REQ("\"input\":\"x\",\"max_output_tokens\":20,\"reasoning\":"
	    "{\"effort\":\"low\"},\"text\":{\"verbosity\":\"low\",\"format\":{"
	    "\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{},\"strict\":"
	    "true,\"description\":null}},\"top_logprobs\":2"), NULL,
	    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{"
	    "\"name\":\"n\",\"schema\":{},\"strict\":true}},\"verbosity\":"
	    "\"low\",\"logprobs\":true,\"top_logprobs\":2,"
	    "\"max_completion_tokens\":20,", &gpt },
	{ REQ("\"input\":\"x\",\"text\":{\"format\":{\"type\":"
	    "\"json_object\"}},\"include\":[\"message.output_text.logprobs\"]"),
	    NULL, "\"response_format\":{\"type\":\"json_object\"},"
	    "\"logprobs\":true,", &gpt },
	/* A model that can't be made to keep to a format is told of it. */
	{ REQ("\"input\":\"x\",\"instructions\":\"i\",\"text\":{\"format\":{"
	    "\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{}}}"),
	    "{\"role\":\"system\",\"content\":\"i\\n\\nYour answer has to be one "
	    "JSON object and nothing else: no words before or behind it, no "
	    "Markdown, no code fence. It has to be valid against this JSON "
	    "Schema, called \\\"n\\\", which is not to be repeated:\\n{}\"},"
	    USER, "", &gemini },
};

/* stream_options is appended by the last step, wherever it changes more. */
static void
normal(const char *text, struct buf *out)
{
	json_object *obj = js_parse_quiet(text, strlen(text));

	if (obj == NULL)
		fail_msg("no JSON: %s", text);
	js_del(obj, "stream_options");
	js_print(obj, out);
	json_object_put(obj);
}

static void
test_requests(void **state)
{
	struct carry_note	 b;
	struct buf		 body, want, got;
	struct err		 err;
	char			*text;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		body = want = got = (struct buf){ 0 };
		if (!translate(good[i].in, good[i].model != NULL ?
		    good[i].model : &claude, false, &b, &body, &err))
			fail_msg("%s: %s", good[i].in, err.msg);
		text = xasprintf(HEAD "%s],\"stream\":true,%s" TAIL,
		    good[i].messages != NULL ? good[i].messages : USER,
		    good[i].rest);
		assert_non_null(strstr(body.p, "\"include_usage\":true"));
		normal(text, &want);
		normal(body.p, &got);
		if (strcmp(want.p, got.p) != 0)
			fail_msg("%s:\n got %s\nwant %s", good[i].in, got.p,
			    want.p);
		carry_note_finish(&b);
		buf_finish(&body);
		buf_finish(&want);
		buf_finish(&got);
		free(text);
	}
}

static const struct {
	const char	*in;
	int		 status;
	const char	*param;
	const char	*says;		/* in the message; NULL: whatever */
} bad[] = {
	{ REQ("\"input\":null"), 400, "input", NULL },
	{ REQ("\"input\":5"), 400, "input", NULL },
	{ REQ("\"input\":[]"), 400, "input", "'input'" },
	{ REQ("\"input\":\"x\",\"prompt\":{\"id\":\"p\"}"), 400, "prompt",
	    NULL },
	{ REQ("\"input\":[{\"type\":\"item_reference\",\"id\":\"msg_1\"}]"),
	    404, "input", "msg_1" },
	{ REQ("\"input\":[5]"), 400, "input[0]", NULL },
	{ REQ("\"input\":[{\"role\":\"user\"}]"), 400, "input[0].content",
	    NULL },
	{ REQ("\"input\":[{\"role\":\"boss\",\"content\":\"x\"}]"), 400,
	    "input[0].role", "'boss'" },
	{ REQ("\"instructions\":\"i\",\"input\":[{\"role\":\"user\","
	    "\"content\":\"x\"},{\"role\":\"user\",\"content\":5}]"), 400,
	    "input[1].content", "'input[1].content'" },
	{ REQ("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
	    "\"input_text\",\"text\":\"x\"},{\"type\":\"input_file\","
	    "\"file_id\":\"f\"}]}]"), 400, "input[0].content[1].type",
	    "files" },
	{ REQ("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
	    "\"input_image\",\"file_id\":\"f\"}]}]"), 400,
	    "input[0].content[0].file_id", "keeps no files" },
	{ REQ("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":"
	    "\"input_audio\"}]}]"), 400, "input[0].content[0].type",
	    "'input_audio'" },
	{ REQ("\"input\":[" FC("c", "f", "{}") ",{\"type\":"
	    "\"function_call_output\",\"call_id\":\"c\",\"output\":[{\"type\":"
	    "\"input_file\"}]}]"), 400, "input[1].output[0].type", NULL },
	{ REQ("\"input\":[" FC("c", "f", "{}") "]"), 400, "input",
	    "No tool output found for function call c." },
	{ REQ("\"input\":[" FCO("c", "o") "," FC("c", "f", "{}") "]"), 400,
	    "input", "No tool call found" },
	{ REQ("\"input\":[{\"type\":\"function_call\",\"name\":\"f\"}]"), 400,
	    "input[0].call_id", NULL },
	{ REQ("\"input\":\"x\",\"tools\":[{\"type\":\"web_search\"},{\"type\":"
	    "\"file_search\"}]"), 400, "tools[1].type", "'file_search'" },
	{ REQ("\"input\":\"x\",\"tools\":[{\"name\":\"f\"}]"), 400,
	    "tools[0].type", NULL },
	{ REQ("\"input\":\"x\",\"tools\":[{\"type\":\"web_search\"},{\"type\":"
	    "\"function\",\"name\":\"\"}]"), 400, "tools[1].name",
	    "'tools[1].name'" },
	{ REQ("\"input\":\"x\",\"tools\":[" F "],\"tool_choice\":{\"type\":"
	    "\"web_search\"}"), 400, "tool_choice", "'web_search'" },
	{ REQ("\"input\":\"x\",\"tools\":[" F "],\"tool_choice\":\"any\""),
	    400, "tool_choice", "'any'" },
	{ REQ("\"input\":\"x\",\"max_output_tokens\":1"), 400,
	    "max_output_tokens", NULL },
	{ REQ("\"input\":\"x\",\"text\":5"), 400, "text", NULL },
};

static void
test_refusals(void **state)
{
	struct carry_note	b;
	struct buf		body = { 0 };
	struct err		err;
	size_t			i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		if (translate(bad[i].in, &claude, true, &b, &body, &err))
			fail_msg("accepted: %s", bad[i].in);
		if (err.status != bad[i].status ||
		    strcmp(err.param, bad[i].param) != 0 ||
		    (bad[i].says != NULL &&
		    strstr(err.msg, bad[i].says) == NULL) ||
		    strstr(err.msg, "messages") != NULL)
			fail_msg("%s: %d %s %s", bad[i].in, err.status,
			    err.param, err.msg);
		carry_note_finish(&b);
	}
	assert_int_equal(body.len, 0);
}

/* A forced search is refused only where searching is offered at all. */
static void
test_forced_search(void **state)
{
	static const char	in[] = REQ("\"input\":\"x\",\"tools\":[" F "],"
	    "\"tool_choice\":{\"type\":\"web_search_preview\"}");
	struct carry_note	b;
	struct buf		body = { 0 };
	struct err		err;

	(void)state;
	assert_false(translate(in, &claude, true, &b, &body, &err));
	carry_note_finish(&b);
	assert_true(translate(in, &claude, false, &b, &body, &err));
	assert_null(strstr(body.p, "tool_choice"));
	assert_null(js_get(b.responses.echo, "tool_choice"));
	carry_note_finish(&b);
	buf_finish(&body);
}

static void
test_facts(void **state)
{
	static const struct {
		const char	*in;
		bool		 agent, vision, stream, encrypted;
	} cases[] = {
		{ REQ("\"input\":\"x\""), false, false, false, false },
		{ REQ("\"input\":\"x\",\"stream\":true,\"include\":["
		    "\"reasoning.encrypted_content\"]"), false, false, true,
		    true },
		{ REQ("\"input\":[" FC("c", "f", "{}") ",{\"type\":"
		    "\"function_call_output\",\"call_id\":\"c\",\"output\":[{"
		    "\"type\":\"input_image\",\"image_url\":\"u\"}]}]"), true,
		    true, false, false },
		{ REQ("\"input\":[{\"role\":\"assistant\",\"content\":\"a\"},{"
		    "\"role\":\"user\",\"content\":\"b\"}]"), false, false,
		    false, false },
	};
	struct carry_note	b;
	struct buf		body = { 0 };
	struct err		err;
	size_t			i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		assert_true(translate(cases[i].in, NULL, true, &b, &body,
		    &err));
		assert_int_equal(b.responses.agent, cases[i].agent);
		assert_int_equal(b.responses.vision, cases[i].vision);
		assert_int_equal(b.responses.stream, cases[i].stream);
		assert_int_equal(b.encrypted, cases[i].encrypted);
		carry_note_finish(&b);
	}
	buf_finish(&body);
}

static void
test_long_names(void **state)
{
	char	space[200], a[TOOLS_NAME_SIZE], b[TOOLS_NAME_SIZE];

	(void)state;
	tools_flat("mcp__x__", "f", a);
	assert_string_equal(a, "mcp__x__f");
	tools_flat("a.b", "f g", a);
	assert_string_equal(a, "a_b__f_g");
	memset(space, 'x', sizeof(space) - 1);
	space[sizeof(space) - 1] = '\0';
	tools_flat(space, "one", a);
	tools_flat(space, "two", b);
	assert_int_equal(strlen(a), 64);
	assert_string_not_equal(a, b);
	tools_flat(space, "one", b);
	assert_string_equal(a, b);
}

/* --- Reasoning. */

static void
test_reasoning_comes_back(void **state)
{
	static const char	 form[] = REQ("\"input\":[{\"role\":\"user\","
	    "\"content\":\"x\"},{\"type\":\"reasoning\",\"summary\":[],"
	    "\"encrypted_content\":\"%s\"}," FC("c", "f", "{}") ","
	    FCO("c", "o") "]");
	struct buf		 text = { 0 }, sealed = { 0 }, body = { 0 };
	struct carry_note	 b;
	struct err		 err;
	json_object		*obj, *msg;
	char			*in;

	(void)state;
	buf_puts(&text, "I \"think\" \xc3\xa9.");
	seal_close("Google", &text, "b3Bh", &sealed);
	in = xasprintf(form, sealed.p);
	assert_true(translate(in, &gemini, false, &b, &body, &err));
	obj = js_parse_quiet(body.p, body.len);
	msg = json_object_array_get_idx(js_array(obj, "messages"), 1);
	assert_true(js_is(msg, "reasoning_text", text.p));
	assert_true(js_is(msg, "reasoning_opaque", "b3Bh"));
	json_object_put(obj);
	carry_note_finish(&b);
	buf_truncate(&body, 0);
	/* Another vendor's model couldn't read it. */
	assert_true(translate(in, &claude, false, &b, &body, &err));
	assert_null(strstr(body.p, "reasoning"));
	carry_note_finish(&b);
	free(in);
	buf_finish(&text);
	buf_finish(&sealed);
	buf_finish(&body);
}

static void
test_reasoning_hostile(void **state)
{
	static const char *const bad_blobs[] = {
		"", "gAAAA", "copilot-api-1.", "copilot-api-1.!!",
		"copilot-api-1.e30", "copilot-api-1.W10",
		"copilot-api-1.bnVsbA", "copilot-api-1.AAAA",
	};
	struct buf	 text = { 0 }, sealed = { 0 };
	json_object	*obj;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(bad_blobs); i++)
		assert_null(seal_open(bad_blobs[i]));
	/* Every length, for the base64. */
	for (i = 0; i < 20; i++) {
		buf_putc(&text, (char)('a' + i));
		buf_truncate(&sealed, 0);
		seal_close("", &text, NULL, &sealed);
		obj = seal_open(sealed.p);
		assert_true(seal_is_for(js_get(obj, "vendor"), "Google"));
		assert_true(js_is(obj, "reasoning_text", text.p));
		assert_false(js_has(obj, "reasoning_opaque"));
		json_object_put(obj);
	}
	buf_finish(&text);
	buf_finish(&sealed);
}

/* On the native endpoint it would be refused. */
static void
test_reasoning_not_sent_natively(void **state)
{
	struct buf		 text = { 0 }, sealed = { 0 };
	struct responses_input	 in = { 0 };
	struct err		 err;
	json_object		*items, *item, *kept;

	(void)state;
	seal_close("Google", &text, "b3Bh", &sealed);
	item = json_object_new_object();
	js_add_str(item, "type", "reasoning");
	js_add_str(item, "encrypted_content", sealed.p);
	items = json_object_new_array();
	json_object_array_add(items, item);
	kept = responses_input(items, &in, &err);
	assert_int_equal(js_len(kept), 0);
	json_object_put(kept);
	json_object_put(items);
	buf_finish(&sealed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_forced_search),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_reasoning_comes_back),
		cmocka_unit_test(test_reasoning_hostile),
		cmocka_unit_test(test_reasoning_not_sent_natively),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
