/* Messages as a turn and as an answer in no API's words, there and back. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "answer-run.h"
#include "base/body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/models.h"
#include "messages/answer-read.h"
#include "messages/answer-write.h"
#include "messages/check.h"
#include "messages/native-answer.h"
#include "messages/native.h"
#include "messages/request-read.h"
#include "messages/request-write.h"
#include "messages/signature.h"
#include "turn/answer.h"
#include "turn/sink.h"
#include "turn/terms.h"
#include "turn/turn.h"
#include "turn/usage.h"

/* --- Requests. */

static json_object *
parse(const char *text)
{
	json_object	*obj;
	struct err	 err;

	if (!js_parse(text, strlen(text), &obj, &err))
		fail_msg("%s: %s", err.msg, text);
	return obj;
}

/* What is read of a request, written again; NULL with "err" set. */
static json_object *
again(json_object *obj, struct err *err)
{
	struct turn	 t = { 0 };
	struct terms	 terms = { 0 };
	json_object	*to = NULL;
	bool		 in_prompt = false;

	if (messages_check(obj, false, err) &&
	    messages_request_read(obj, NULL, &t, err))
		to = messages_request_write(&t, "claude", NULL, &in_prompt,
		    &terms, err);
	assert_false(in_prompt);
	terms_finish(&terms);
	turn_finish(&t);
	return to;
}

/* One member of it. */
static void
check_member(int line, const char *text, const char *member, const char *want)
{
	json_object	*obj = parse(text), *to;
	struct err	 err;
	struct buf	 got = { 0 };

	if ((to = again(obj, &err)) == NULL)
		fail_msg("line %d: %s", line, err.msg);
	js_print(js_get(to, member), &got);
	if (strcmp(got.p, want) != 0)
		fail_msg("line %d:\n got %s\nwant %s", line, got.p, want);
	buf_finish(&got);
	json_object_put(to);
	json_object_put(obj);
}

#define HEAD "{\"model\":\"claude\",\"max_tokens\":100,"
#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
/* A mark, so that none is placed for the client. */
#define MARK "\"cache_control\":{\"type\":\"ephemeral\"}"
#define MARKED "\"system\":[{\"type\":\"text\",\"text\":\"S\"," MARK "}],"

static const char *const conversations[] = {
	"[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
	    "{\"type\":\"image\",\"source\":{\"type\":\"base64\","
	    "\"media_type\":\"image/png\",\"data\":\"QUJD\"}},"
	    "{\"type\":\"document\",\"source\":{\"type\":\"url\","
	    "\"url\":\"https://a/b.pdf\"},\"title\":\"B\"}]}]",
	"[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},"
	    "{\"role\":\"assistant\",\"content\":["
	    "{\"type\":\"thinking\",\"thinking\":\"Hm.\","
	    "\"signature\":\"c2ln\"},"
	    "{\"type\":\"redacted_thinking\",\"data\":\"ZGF0YQ==\"},"
	    "{\"type\":\"text\",\"text\":\"I call.\"},"
	    "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\","
	    "\"input\":{\"x\":1.50}},"
	    "{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"look\","
	    "\"input\":{}}]},"
	    "{\"role\":\"user\",\"content\":["
	    "{\"type\":\"tool_result\",\"tool_use_id\":\"t1\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"r1\"},"
	    "{\"type\":\"image\",\"source\":{\"type\":\"base64\","
	    "\"media_type\":\"image/png\",\"data\":\"QUJD\"}}]},"
	    "{\"type\":\"tool_result\",\"tool_use_id\":\"t2\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"r2\"}],\"is_error\":true," MARK "},"
	    "{\"type\":\"text\",\"text\":\"and?\"}]},"
	    "{\"role\":\"assistant\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"So.\"}]},"
	    "{\"role\":\"user\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"b\"}]}]"
};

static void
test_conversations(void **state)
{
	char	*text;
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(conversations); i++) {
		text = xasprintf(HEAD MARKED "\"messages\":%s}",
		    conversations[i]);
		check_member(__LINE__, text, "messages", conversations[i]);
		check_member(__LINE__, text, "system",
		    "[{\"type\":\"text\",\"text\":\"S\"," MARK "}]");
		free(text);
	}
}

/* Blocks that no other API has arrive as texts. */
static void
test_texts(void **state)
{
	static const struct {
		int		 line;
		const char	*in, *want;
	} cases[] = {
		{ __LINE__, "[{\"role\":\"user\",\"content\":[{\"type\":"
		    "\"document\",\"source\":{\"type\":\"text\","
		    "\"media_type\":\"text/plain\",\"data\":\"All.\"}}]}]",
		    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		    "\"text\":\"All.\"}]}]" },
		{ __LINE__, "[{\"role\":\"user\",\"content\":[{\"type\":"
		    "\"document\",\"source\":{\"type\":\"content\","
		    "\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}}]}]",
		    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		    "\"text\":\"[{\\\"type\\\":\\\"text\\\","
		    "\\\"text\\\":\\\"x\\\"}]\"}]}]" },
		{ __LINE__, "[{\"role\":\"user\",\"content\":\"a\"},"
		    "{\"role\":\"system\",\"content\":\"Be brief.\"}]",
		    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		    "\"text\":\"a\"},{\"type\":\"text\",\"text\":"
		    "\"<system-reminder>\\nBe brief.\\n"
		    "</system-reminder>\"}]}]" },
		{ __LINE__, "[{\"role\":\"user\",\"content\":\"a\"},"
		    "{\"role\":\"assistant\",\"content\":\"b\"},"
		    "{\"role\":\"system\",\"content\":[{\"type\":\"text\","
		    "\"text\":\"Be brief.\"}]}]",
		    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		    "\"text\":\"a\"}]},{\"role\":\"assistant\","
		    "\"content\":[{\"type\":\"text\",\"text\":\"b\"}]},"
		    "{\"role\":\"user\",\"content\":[{\"type\":\"text\","
		    "\"text\":\"<system-reminder>\\nBe brief.\\n"
		    "</system-reminder>\"}]}]" },
		{ __LINE__, "[{\"role\":\"assistant\",\"content\":[{\"type\":"
		    "\"tool_use\",\"id\":\"t\",\"name\":\"find\","
		    "\"input\":{}}]},{\"role\":\"user\",\"content\":[{"
		    "\"type\":\"tool_result\",\"tool_use_id\":\"t\","
		    "\"content\":[{\"type\":\"tool_reference\","
		    "\"tool_name\":\"look\"}]}]}]",
		    "[{\"role\":\"assistant\",\"content\":[{\"type\":"
		    "\"tool_use\",\"id\":\"t\",\"name\":\"find\","
		    "\"input\":{}}]},{\"role\":\"user\",\"content\":[{"
		    "\"type\":\"tool_result\",\"tool_use_id\":\"t\","
		    "\"content\":[{\"type\":\"text\",\"text\":"
		    "\"The tool look can be called now.\"}]}]}]" }
	};
	char	*text;
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = xasprintf(HEAD MARKED "\"messages\":%s}", cases[i].in);
		check_member(cases[i].line, text, "messages", cases[i].want);
		free(text);
	}
}

static void
test_members(void **state)
{
	static const struct {
		int		 line;
		const char	*in, *member, *want;
	} cases[] = {
		{ __LINE__, "\"temperature\":0.5", "temperature", "0.5" },
		{ __LINE__, "\"top_k\":3", "top_k", "3" },
		{ __LINE__, "\"stop_sequences\":[\"a\",\"b\"]",
		    "stop_sequences", "[\"a\",\"b\"]" },
		{ __LINE__, "\"thinking\":{\"type\":\"adaptive\"},"
		    "\"output_config\":{\"effort\":\"low\"}",
		    "output_config", "{\"effort\":\"low\"}" },
		{ __LINE__, "\"thinking\":{\"type\":\"adaptive\"}",
		    "thinking",
		    "{\"type\":\"adaptive\",\"display\":\"summarized\"}" },
		{ __LINE__, "\"thinking\":{\"type\":\"disabled\"}",
		    "thinking", "null" },
		{ __LINE__, "\"tools\":[{\"name\":\"f\",\"description\":\"d\","
		    "\"input_schema\":{\"type\":\"object\","
		    "\"properties\":{}}}]", "tools",
		    "[{\"name\":\"f\",\"description\":\"d\","
		    "\"input_schema\":{\"type\":\"object\","
		    "\"properties\":{}}}]" },
		{ __LINE__, "\"tool_choice\":{\"type\":\"tool\","
		    "\"name\":\"f\",\"disable_parallel_tool_use\":true},"
		    "\"tools\":[{\"name\":\"f\",\"input_schema\":{"
		    "\"type\":\"object\",\"properties\":{}}}]", "tool_choice",
		    "{\"type\":\"tool\",\"name\":\"f\","
		    "\"disable_parallel_tool_use\":true}" }
	};
	char	*text;
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = xasprintf(HEAD MARKED HI ",%s}", cases[i].in);
		check_member(cases[i].line, text, cases[i].member,
		    cases[i].want);
		free(text);
	}
}

/* The members of a request that the writer made, with marks or without. */
static void
check_cached(int line, const char *in, bool cache, const char *system,
    const char *messages)
{
	struct messages_request	 r = { .model = "claude", .cache = cache };
	json_object		*obj = parse(in);
	struct buf		 text = { 0 };
	struct body		 out = { 0 };
	struct err		 err;
	char			*want;

	r.obj = again(obj, &err);
	assert_non_null(r.obj);
	js_print(r.obj, &text);
	assert_true(messages_body(&r, text.p, text.len, &out, &err));
	want = xasprintf("\"system\":%s,\"messages\":%s,", system, messages);
	if (strstr(out.own.p, want) == NULL)
		fail_msg("line %d:\n got %s\nwant %s", line, out.own.p, want);
	free(want);
	body_finish(&out);
	buf_finish(&text);
	messages_request_finish(&r);
	json_object_put(r.obj);
	json_object_put(obj);
}

/* Without marks of the client's they are placed: it would cache nothing. */
static void
test_marks(void **state)
{
	(void)state;
	check_cached(__LINE__, HEAD "\"system\":\"S\"," HI "}", true,
	    "[{\"type\":\"text\",\"text\":\"S\"," MARK "}]",
	    "[{\"role\":\"user\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"Hi\"," MARK "}]}]");
	check_cached(__LINE__, HEAD "\"system\":\"S\"," HI "}", false,
	    "[{\"type\":\"text\",\"text\":\"S\"}]",
	    "[{\"role\":\"user\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"Hi\"}]}]");
	check_cached(__LINE__, HEAD MARKED HI "}", true,
	    "[{\"type\":\"text\",\"text\":\"S\"," MARK "}]",
	    "[{\"role\":\"user\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"Hi\"}]}]");
}

static void
test_refused(void **state)
{
	static const struct {
		const char *in, *words;
	} cases[] = {
		{ "\"tools\":[{\"type\":\"bash_20250124\",\"name\":\"bash\"}],"
		    HI, "tools.0: only Claude knows" },
		{ "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		    "\"image\",\"source\":{\"type\":\"file\","
		    "\"file_id\":\"f\"}}]}]", "messages.0.content.0.image" },
		{ "\"messages\":[{\"role\":\"user\",\"content\":\" \"}]",
		    "messages: at least one" },
		{ "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
		    "\"tool_result\",\"tool_use_id\":\"x\"}]}]",
		    "No tool call found" },
		{ "\"messages\":[{\"role\":\"assistant\",\"content\":[{"
		    "\"type\":\"tool_use\",\"id\":\"x\",\"name\":\"f\","
		    "\"input\":{}}]}]", "No tool output found" }
	};
	json_object	*obj;
	struct err	 err;
	char		*text;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = xasprintf(HEAD "%s}", cases[i].in);
		obj = parse(text);
		assert_null(again(obj, &err));
		if (strstr(err.msg, cases[i].words) == NULL)
			fail_msg("%s: %s", cases[i].in, err.msg);
		json_object_put(obj);
		free(text);
	}
}

static void
test_signatures(void **state)
{
	static const struct {
		unsigned	 endpoint;
		const char	*vendor, *text;
	} cases[] = {
		{ MODEL_CHAT, "Google", "a:b" },
		{ MODEL_RESPONSES, "Azure OpenAI", "gAAA==" },
		{ MODEL_RESPONSES, "", "x" }
	};
	json_object		*text, *sealed;
	struct turn_seal	 seal;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		text = json_object_new_string(cases[i].text);
		sealed = messages_signature(cases[i].endpoint,
		    cases[i].vendor, text);
		seal = (struct turn_seal){ 0 };
		messages_signature_read(sealed, &seal);
		assert_int_equal(seal.endpoint, cases[i].endpoint);
		assert_string_equal(json_object_get_string(seal.vendor),
		    cases[i].vendor);
		assert_string_equal(json_object_get_string(seal.text),
		    cases[i].text);
		json_object_put(seal.text);
		json_object_put(seal.vendor);
		json_object_put(sealed);
		json_object_put(text);
	}
}

/* --- Answers. */

#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" \
	rest "}\n\n"
#define START EVENT("message_start", ",\"message\":{\"id\":\"m\",\"type\":" \
	"\"message\",\"role\":\"assistant\",\"model\":\"c\",\"content\":[]," \
	"\"usage\":{\"input_tokens\":5,\"cache_read_input_tokens\":2," \
	"\"cache_creation_input_tokens\":0,\"output_tokens\":1}}")
#define BEGIN(i, block) EVENT("content_block_start", ",\"index\":" #i \
	",\"content_block\":" block)
#define DELTA(i, delta) EVENT("content_block_delta", ",\"index\":" #i \
	",\"delta\":" delta)
#define STOP(i) EVENT("content_block_stop", ",\"index\":" #i)

static const char stream[] = START
    EVENT("ping", "")
    BEGIN(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}")
    DELTA(0, "{\"type\":\"thinking_delta\",\"thinking\":\"H\"}")
    DELTA(0, "{\"type\":\"thinking_delta\",\"thinking\":\"m.\"}")
    DELTA(0, "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}")
    STOP(0)
    BEGIN(1, "{\"type\":\"redacted_thinking\",\"data\":\"ZGF0YQ==\"}")
    STOP(1)
    BEGIN(2, "{\"type\":\"text\",\"text\":\"\"}")
    DELTA(2, "{\"type\":\"text_delta\",\"text\":\"So \\u00e9\"}")
    DELTA(2, "{\"type\":\"text_delta\",\"text\":\" it is\"}")
    STOP(2)
    BEGIN(3, "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\","
	"\"input\":{}}")
    DELTA(3, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}")
    DELTA(3, "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"x\"}")
    DELTA(3, "{\"type\":\"input_json_delta\",\"partial_json\":\"\\\":1}\"}")
    STOP(3)
    BEGIN(4, "{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"go\","
	"\"input\":{}}")
    STOP(4)
    EVENT("message_delta", ",\"delta\":{\"stop_reason\":\"tool_use\","
	"\"stop_sequence\":null},\"usage\":{\"output_tokens\":9}")
    EVENT("message_stop", "")
    "data: [DONE]\n\n";

static const char content[] = "[{\"type\":\"thinking\",\"thinking\":\"Hm.\","
    "\"signature\":\"c2ln\"},{\"type\":\"redacted_thinking\",\"data\":"
    "\"ZGF0YQ==\"},{\"type\":\"text\",\"text\":\"So \xc3\xa9 it is\"},"
    "{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"look\",\"input\":{"
    "\"x\":1}},{\"type\":\"tool_use\",\"id\":\"t2\",\"name\":\"go\","
    "\"input\":{}}]";

/* The same text in pieces of so many bytes; 0: all at once. */
static void
feed(struct run *w, const char *text, size_t piece)
{
	size_t len = strlen(text);

	run_stream(w, 1 << 20, text, len, piece > 0 ? piece : len);
}

static void
native_way(struct run *w, bool streamed, struct usage *usage)
{
	struct messages_wanted wanted = {
		.stream = streamed, .request_id = "req", .usage = usage
	};

	*w = (struct run){ .usage = USAGE_NONE };
	w->self = messages_answer_create(&wanted);
}

static void
carried_way(struct run *w, bool streamed, struct usage *usage)
{
	struct messages_writing how = {
		.model = "c", .vendor = "", .request_id = "req",
		.stream = streamed, .thoughts = true, .shown = true
	};
	struct answer *a = answer_create(messages_write_create(&how));

	answer_read(a, &messages_reader,
	    messages_reader_create(answer_first(a), NULL, usage));
	*w = (struct run){ .self = a, .usage = USAGE_NONE };
}

static void (*const ways[])(struct run *, bool, struct usage *) = {
	native_way, carried_way
};

static void
finish(struct run *w)
{
	turn_answer.destroy(w->self);
	buf_finish(&w->out);
}

static void
check_whole(const char *text, size_t n)
{
	json_object	*obj = js_parse_quiet(text, n);
	struct buf	 got = { 0 };

	js_print(js_get(obj, "content"), &got);
	assert_string_equal(got.p, content);
	assert_true(js_is(obj, "stop_reason", "tool_use"));
	assert_true(js_is(obj, "role", "assistant"));
	assert_int_equal(js_int(js_obj(obj, "usage"),
	    "cache_read_input_tokens", 0), 2);
	assert_int_equal(js_int(js_obj(obj, "usage"), "output_tokens", 0), 9);
	assert_int_equal(js_int(js_obj(obj, "usage"), "input_tokens", 0), 5);
	buf_finish(&got);
	json_object_put(obj);
}

/* Collected, and its events collected again: all say the same. */
static void
check_way(size_t which, bool streamed, size_t piece)
{
	struct usage	usage = USAGE_NONE, other = USAGE_NONE;
	struct run	w, second;

	ways[which](&w, streamed, &usage);
	feed(&w, stream, piece);
	assert_true(w.ok);
	assert_int_equal(usage.input, 7);
	assert_int_equal(usage.output, 9);
	assert_null(strstr(w.out.p, "[DONE]"));
	if (!streamed)
		check_whole(w.out.p, w.out.len);
	else {
		native_way(&second, false, &other);
		feed(&second, w.out.p, piece);
		assert_true(second.ok);
		check_whole(second.out.p, second.out.len);
		finish(&second);
	}
	finish(&w);
}

static void
test_answers(void **state)
{
	static const size_t	pieces[] = { 0, 1, 7, 100 };
	size_t			i, k;

	(void)state;
	for (i = 0; i < COUNT(ways); i++)
		for (k = 0; k < COUNT(pieces); k++) {
			check_way(i, true, pieces[k]);
			check_way(i, false, pieces[k]);
		}
}

/* A whole Message in place of events. */
static void
test_whole(void **state)
{
	struct usage	usage = USAGE_NONE, other = USAGE_NONE;
	struct run	w, second;
	char		*text;
	size_t		 i;

	(void)state;
	text = xasprintf("{\"type\":\"message\",\"role\":\"assistant\",\"id\":"
	    "\"m\",\"model\":\"c\",\"content\":%s,\"stop_reason\":\"tool_use\","
	    "\"stop_sequence\":null,\"usage\":{\"input_tokens\":5,"
	    "\"cache_read_input_tokens\":2,\"cache_creation_input_tokens\":0,"
	    "\"output_tokens\":9},\"copilot_usage\":{}}", content);
	for (i = 0; i < COUNT(ways) * 2; i++) {
		ways[i / 2](&w, i % 2 == 1, &usage);
		assert_true(run_whole(&turn_answer, w.self, text, strlen(text),
		    &w.out, &w.err));
		if (i % 2 == 0)
			check_whole(w.out.p, w.out.len);
		else {
			native_way(&second, false, &other);
			feed(&second, w.out.p, 0);
			check_whole(second.out.p, second.out.len);
			finish(&second);
		}
		finish(&w);
	}
	free(text);
}

/* Cut behind each of its events, the answer is none. */
static void
test_cut(void **state)
{
	struct usage	 usage = USAGE_NONE;
	struct run	 w;
	const char	*end = stream;
	char		*text;
	size_t		 i;

	(void)state;
	while ((end = strstr(end, "\n\n")) != NULL) {
		end += 2;
		if (strstr(end, "stop_reason") == NULL)
			break;		/* the rest can be made up for */
		text = xstrndup(stream, (size_t)(end - stream));
		for (i = 0; i < COUNT(ways); i++) {
			ways[i](&w, true, &usage);
			feed(&w, text, 0);
			assert_false(w.ok);
			assert_int_equal(w.err.status, 502);
			(turn_answer.fail)(w.self, &w.err, &w.out);
			assert_non_null(strstr(w.out.p, "event: error\ndata: "
			    "{\"type\":\"error\""));
			finish(&w);
		}
		free(text);
	}
}

static void
test_failure(void **state)
{
	static const char	 text[] = START EVENT("error",
	    ",\"error\":{\"type\":\"overloaded_error\",\"message\":\"No\"}");
	struct usage		 usage = USAGE_NONE;
	struct run		 w;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(ways); i++) {
		ways[i](&w, true, &usage);
		feed(&w, text, 0);
		assert_false(w.ok);
		assert_int_equal(w.err.status, 503);
		/* Nothing went out: it can still be an HTTP status. */
		assert_int_equal(w.out.len, 0);
		finish(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversations),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_failure)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
