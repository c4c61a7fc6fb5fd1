/*
 * Unit tests of whole chat completions, and of those where upstream streams and
 * the client doesn't, or the reverse.
 */
#include "config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/budget.h"
#include "change.h"
#include "chat-client.h"
#include "whole.h"

/* --- Whole answers. */

static json_object *
whole(const char *file, struct chat_wanted w, struct run *r)
{
	struct buf	 in = { 0 };
	json_object	*obj;

	read_data(file, &in);
	w.stream = false;
	begin(r, &w);
	r->ok = run_whole(&turn_answer, r->self, in.p, in.len, &r->out,
	    &r->err);
	buf_finish(&in);
	if (!r->ok)
		return NULL;
	obj = js_parse_quiet(r->out.p, r->out.len);
	assert_non_null(obj);
	assert_no_private(obj);
	assert_true(js_is(obj, "object", "chat.completion"));
	return obj;
}

static void
same(json_object *obj, const char *key, const char *want)
{
	struct buf out = { 0 };

	js_print(key != NULL ? js_get(obj, key) : obj, &out);
	assert_string_equal(buf_str(&out), want);
	buf_finish(&out);
}

static void
test_whole(void **state)
{
	struct run	 r;
	json_object	*obj;

	(void)state;
	obj = whole("chat-claude.json", plain, &r);
	same(obj, NULL, "{\"id\":\"chatcmpl-msg_02\",\"object\":\"chat.completion\","
	    "\"created\":1741911507,\"model\":\"claude-sonnet-4.6\",\"choices\":"
	    "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
	    "\"Hello.\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":"
	    "\"stop\"}],\"usage\":{\"completion_tokens\":9,\"prompt_tokens\":20,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":0},"
	    "\"total_tokens\":29}}");
	assert_int_equal(r.usage.input, 20);
	assert_int_equal(r.usage.output, 9);
	json_object_put(obj);
	done(&r);

	obj = whole("chat-openai.json", mapped, &r);
	assert_true(js_is(obj, "model", "asked"));
	assert_true(js_is(obj, "service_tier", "default"));
	assert_true(js_is(obj, "system_fingerprint", "fp_ee1d74bde0"));
	same(obj, "choices", "[{\"index\":0,\"message\":{\"role\":\"assistant\","
	    "\"content\":\"Hello.\",\"refusal\":null,\"annotations\":[]},"
	    "\"logprobs\":null,\"finish_reason\":\"stop\"}]");
	json_object_put(obj);
	done(&r);
}

static void
test_whole_tools(void **state)
{
	struct run	 r;
	json_object	*obj;

	(void)state;
	obj = whole("chat-claude-split.json", plain, &r);
	same(obj, "choices", "[{\"index\":0,\"message\":{\"role\":\"assistant\","
	    "\"content\":\"Let me look.\",\"refusal\":null,\"tool_calls\":["
	    "{\"id\":\"toolu_01\",\"type\":\"function\",\"function\":{\"name\":"
	    "\"get_weather\",\"arguments\":\"{\\\"city\\\":\\\"Oslo\\\"}\"}},"
	    "{\"id\":\"toolu_02\",\"type\":\"function\",\"function\":{\"name\":"
	    "\"get_time\",\"arguments\":\"{}\"}}]},\"logprobs\":null,"
	    "\"finish_reason\":\"tool_calls\"}]");
	json_object_put(obj);
	done(&r);

	obj = whole("chat-gemini.json", plain, &r);
	same(obj, "choices", "[{\"index\":0,\"message\":{\"role\":\"assistant\","
	    "\"content\":null,\"refusal\":null,\"reasoning_text\":\"Two tools.\","
	    "\"reasoning_content\":\"Two tools.\",\"reasoning_opaque\":"
	    "\"b3BhcXVl\",\"tool_calls\":[{\"function\":{\"arguments\":\"{}\","
	    "\"name\":\"get_time\"},\"id\":\"call_g1\",\"type\":\"function\"}]},"
	    "\"logprobs\":null,\"finish_reason\":\"tool_calls\"}]");
	same(obj, "usage", "{\"completion_tokens\":105,\"prompt_tokens\":12,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":0},"
	    "\"total_tokens\":117,\"completion_tokens_details\":"
	    "{\"reasoning_tokens\":100}}");
	assert_int_equal(r.usage.output, 105);
	json_object_put(obj);
	done(&r);

	obj = whole("chat-gemini.json", functions, &r);
	same(json_object_array_get_idx(js_array(obj, "choices"), 0), "message",
	    "{\"role\":\"assistant\",\"content\":null,\"refusal\":null,"
	    "\"reasoning_text\":\"Two tools.\",\"reasoning_content\":\"Two "
	    "tools.\",\"reasoning_opaque\":\"b3BhcXVl\",\"function_call\":"
	    "{\"arguments\":\"{}\",\"name\":\"get_time\"}}");
	json_object_put(obj);
	done(&r);
}

static void
test_whole_choices(void **state)
{
	struct run	 r;
	json_object	*obj, *choices, *c;
	char		 want[16];
	size_t		 i;

	(void)state;
	obj = whole("chat-n3.json", three, &r);
	choices = js_array(obj, "choices");
	assert_int_equal(js_len(choices), 3);
	for (i = 0; i < 3; i++) {
		c = json_object_array_get_idx(choices, i);
		snprintf(want, sizeof(want), "answer %zu", i);
		assert_int_equal(js_int(c, "index", 9), i);
		assert_true(js_is(js_obj(c, "message"), "content", want));
		assert_true(js_is(c, "finish_reason",
		    i == 1 ? "length" : "stop"));
	}
	json_object_put(obj);
	done(&r);
}

static void
test_whole_errors(void **state)
{
	static const char *const bad[] = {
		"", "null", "[]", "<html>", "{", "{}", "{\"choices\":[]}",
		"{\"choices\":null}", "{\"choices\":[null]}",
		("{\"choices\":[{\"text\":\"a\"},{},{\"message\":7},"
		    "{\"delta\":{},\"finish_reason\":\"error\"}]}"),
		"{\"choices\":[{\"finish_reason\":\"error\"}]}",
	};
	struct chat_wanted	w = plain;
	struct run		r;
	size_t			i;

	(void)state;
	assert_null(whole("chat-copilot-errors.json", plain, &r));
	assert_string_equal(r.err.msg, "The agent failed.");
	assert_int_equal(r.out.len, 0);
	done(&r);
	assert_null(whole("chat-error.json", plain, &r));
	assert_string_equal(r.err.msg, "The model is tired.");
	done(&r);
	w.stream = false;
	for (i = 0; i < COUNT(bad); i++) {
		begin(&r, &w);
		if (run_whole(&turn_answer, r.self, bad[i], strlen(bad[i]),
		    &r.out, &r.err))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(r.err.status, 502);
		assert_string_equal(r.err.type, ERR_SERVER);
		assert_int_equal(r.out.len, 0);
		done(&r);
	}
}

/* --- A stream where a whole was asked for, and the reverse. */

static void
test_stream_becomes_whole(void **state)
{
	static const char *const pairs[][2] = {
		{ "chat-claude-tools.sse", "{\"role\":\"assistant\",\"content\":"
		  "\"Let me look.\",\"refusal\":null,\"tool_calls\":[{\"type\":"
		  "\"function\",\"id\":\"toolu_01\",\"function\":{\"name\":"
		  "\"get_weather\",\"arguments\":\"{\\\"city\\\": \\\"Oslo\\\"}\""
		  "}},{\"type\":\"function\",\"id\":\"toolu_02\",\"function\":"
		  "{\"name\":\"get_time\",\"arguments\":\"{}\"}}]}" },
		{ "chat-gemini.sse", "{\"role\":\"assistant\",\"content\":"
		  "\"Hello you.\",\"refusal\":null,\"reasoning_text\":"
		  "\"**Thinking**\\n\\nFirst. Then.\",\"reasoning_content\":"
		  "\"**Thinking**\\n\\nFirst. Then.\",\"reasoning_opaque\":"
		  "\"b3BhcXVl\"}" },
	};
	struct chat_wanted	w = plain;
	struct buf		in = { 0 };
	struct run		r;
	json_object		*obj, *c;
	size_t			i;

	(void)state;
	w.stream = false;
	for (i = 0; i < COUNT(pairs); i++) {
		read_data(pairs[i][0], &in);
		begin(&r, &w);
		feed(&r, in.p, in.len, 7);
		assert_true(r.ok);
		obj = js_parse_quiet(r.out.p, r.out.len);
		assert_true(js_is(obj, "object", "chat.completion"));
		assert_non_null(js_obj(obj, "usage"));
		c = json_object_array_get_idx(js_array(obj, "choices"), 0);
		same(c, "message", pairs[i][1]);
		json_object_put(obj);
		done(&r);
		buf_truncate(&in, 0);
	}
	/* A bound holds for it, and half an answer isn't one. */
	w.max = in.cap > 0 ? 500 : 0;
	read_data(pairs[0][0], &in);
	begin(&r, &w);
	feed(&r, in.p, in.len, 7);
	assert_false(r.ok);
	assert_int_equal(r.out.len, 0);
	assert_non_null(strstr(r.err.msg, "too large"));
	done(&r);
	buf_finish(&in);
}

static void
test_whole_becomes_stream(void **state)
{
	static const struct {
		const char			*file;
		const struct chat_wanted	*w;
		const char			*want;
	} cases[] = {
		{ "chat-claude-split.json", &with_usage,
		  "#0 C=Let me look. toolu_01:get_weather({\"city\":\"Oslo\"}) "
		  "toolu_02:get_time({}) [tool_calls] model=claude-sonnet-4.6 "
		  "usage=20+9=29" },
		{ "chat-n3.json", &three, "#0 C=answer 0 [stop] "
		  "#1 C=answer 1 [length] #2 C=answer 2 [stop] "
		  "model=gpt-4o-2024-11-20 usage=11+7=18" },
	};
	struct buf	in = { 0 }, sum = { 0 };
	struct run	r;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		read_data(cases[i].file, &in);
		begin(&r, cases[i].w);
		assert_true(run_whole(&turn_answer, r.self, in.p, in.len,
		    &r.out, &r.err));
		summary(&r.out, true, &sum);
		assert_string_equal(buf_str(&sum), cases[i].want);
		done(&r);
		buf_truncate(&in, 0);
		buf_truncate(&sum, 0);
	}
	buf_finish(&in);
	buf_finish(&sum);
}

/* --- Of the usual form: as a text, and by its tree. */


#define LONG "a text of some length, so that it has a mark and waits in the tree"
#define HEAD "\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\"," \
	"\"created\":1747000000,\"model\":\"gpt-4o-2024-11-20\""
#define COUNTS(in, out, all) "\"usage\":{\"completion_tokens\":" out "," \
	"\"completion_tokens_details\":{\"audio_tokens\":0," \
	"\"reasoning_tokens\":0},\"prompt_tokens\":" in "," \
	"\"prompt_tokens_details\":{\"cached_tokens\":3}," \
	"\"total_tokens\":" all "}"
#define BILL "\"copilot_usage\":{\"total_nano_aiu\":8262952500," \
	"\"token_details\":[{\"token_type\":\"input\",\"token_count\":8," \
	"\"model\":\"gpt-4o\"},{\"token_type\":\"cache_read\"," \
	"\"token_count\":3},{\"token_type\":\"output\",\"token_count\":7}]}"
#define CALL(id, arguments) "{\"index\":0,\"id\":\"" id "\",\"type\":" \
	"\"function\",\"function\":{\"name\":\"read\",\"arguments\":\"" \
	arguments "\"}}"
#define FILTER "\"content_filter_results\":{\"hate\":{\"filtered\":false," \
	"\"severity\":\"safe\"}}"

static const char *const answers[] = {
	"{" HEAD ",\"choices\":[{\"index\":0,\"message\":{\"role\":"
	    "\"assistant\",\"content\":\"" LONG "\",\"refusal\":null,"
	    "\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\","
	    FILTER "}],\"prompt_filter_results\":[{\"prompt_index\":0,"
	    FILTER "}]," COUNTS("11", "7", "18") "," BILL ","
	    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_1\"}",
	"{" HEAD ",\"choices\":[{\"index\":0,\"message\":{\"role\":"
	    "\"assistant\",\"content\":null,\"tool_calls\":["
	    CALL("call_1", "{\\\"path\\\":\\\"" LONG "\\\"}") ","
	    CALL("call_2", "{}") "]},\"finish_reason\":\"tool_calls\"}],"
	    COUNTS("5", "7", "12") "," BILL "}",
	"{\"choices\":[{\"finish_reason\":\"tool_calls\",\"message\":{"
	    "\"content\":\"I \\u003clook\\u003e.\",\"role\":\"assistant\","
	    "\"padding\":\"abc\",\"reasoning_text\":\"First\\n" LONG "\","
	    "\"reasoning_opaque\":\"" LONG "\"}},{\"finish_reason\":\"stop\","
	    "\"message\":{\"role\":\"assistant\",\"tool_calls\":["
	    CALL("call_3", "{\\\"a\\\":1}") "]}},{\"finish_reason\":\"stop\","
	    "\"message\":{\"content\":\"I look.\",\"role\":\"assistant\","
	    "\"tool_calls\":[" CALL("call_4", "{}") "]}}],"
	    "\"created\":1741911507,\"id\":\"msg_01\",\"usage\":{"
	    "\"completion_tokens\":9,\"prompt_tokens\":20,\"total_tokens\":29,"
	    "\"reasoning_tokens\":4},\"model\":\"claude-sonnet-4.6\"}",
	"{" HEAD ",\"choices\":[{\"message\":{\"role\":\"assistant\","
	    "\"content\":\"\xc3\xa9\\n\",\"copilot_annotations\":{\"x\":[]},"
	    "\"annotations\":{\"x\":[]}},\"finish_reason\":\"length\"}],"
	    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2,"
	    "\"total_tokens\":3},\"service_tier\":null}",
};

/* Values and names that somebody looks for, to be put anywhere. */
static const char *const odd[] = {
	"null", "true", "0", "1", "7", "18", "3000000000", "-1", "-0", "1.5",
	"1e2", "12345678901234567890", "\"\"", "\" \"", "\"\\u0020\"", "[]",
	"{}", "\"x\"", "\"call_1\"", "\"a\\u0000b\"", "\"\\ud83d\"", "\"\\/\"",
	"\"{}\"", "\"null\"", "\"nul\"", "\"[]\"", "\"{\"", "\"" LONG "\"",
	"\"" LONG "\\/\\u00e9\"", "[\"" LONG "\"]", "[ 1 , 2 ]", "\"error\"",
	"\"stop\"", "\"tool_calls\"", "\"function_call\"", "\"STOP\"",
	"\"max_tokens\"", "\"chatcmpl-\"", "\"input\"", "\"cache_write\"",
	"{\"prompt_tokens\":1}", "{\"content\":[]}", "{\"cached_tokens\":2}",
	"{\"message\":\"m\",\"code\":\"c\"}", "[{\"type\":\"x\"}]",
	"{\"name\":\"f\",\"arguments\":\"{}\"}",
	"{\"message\":{\"role\":\"assistant\",\"content\":\"b\"}}"
};
static const char *const names[] = {
	"id", "object", "created", "model", "system_fingerprint", "choices",
	"usage", "error", "copilot_usage", "copilot_errors", "padding",
	"prompt_filter_results", "content_filter_x", "service_tier", "index",
	"message", "delta", "text", "logprobs", "finish_reason", "role",
	"content", "refusal", "annotations", "copilot_annotations",
	"tool_calls", "function_call", "function", "custom", "name",
	"arguments", "type", "reasoning_text", "reasoning_content",
	"reasoning_opaque", "thinking", "signature", "cot_id", "cot_summary",
	"audio", "prompt_tokens", "completion_tokens", "total_tokens",
	"input_tokens", "output_tokens", "reasoning_tokens",
	"cache_read_input_tokens", "cached_tokens", "cache_write_tokens",
	"prompt_tokens_details", "completion_tokens_details",
	"input_tokens_details", "cost", "total_nano_aiu", "token_details",
	"token_type", "token_count", ""
};
static const struct changes changes = {
	odd, names, COUNT(odd), COUNT(names)
};
static const char *const words[2] = { "content", "tokens" };

/* As all kinds of clients want it. How many of them go the short way? */
static size_t
both_ways(const char *p, size_t n)
{
	struct chat_wanted	w[5] = { plain, mapped, three, functions };
	char			*copy = xmalloc(n);
	size_t			 i, ways = 0;
	bool			 usual;

	/* Without a NUL behind it, so that a read too far shows. */
	memcpy(copy, p, n);
	w[4] = plain;
	w[4].thoughts.keep = whole_keep;
	for (i = 0; i < COUNT(w); i++) {
		w[i].stream = false;
		if (!whole_same(&w[i], copy, n, i != 1, &usual))
			fail_msg("%zu", i);
		ways += usual;
	}
	free(copy);
	return ways;
}

static size_t
all_of(const char *dir, size_t *ways)
{
	struct dirent	*entry;
	struct buf	 in = { 0 };
	size_t		 n = 0;
	char		*path;
	DIR		*d = opendir(dir);

	while (d != NULL && (entry = readdir(d)) != NULL) {
		if (!util_ends(entry->d_name, ".json") ||
		    strstr(entry->d_name, "chat") == NULL)
			continue;
		path = xasprintf("%s/%s", dir, entry->d_name);
		data_read(path, &in);
		*ways += both_ways(in.p, in.len);
		buf_truncate(&in, 0);
		free(path);
		n++;
	}
	if (d != NULL)
		closedir(d);
	buf_finish(&in);
	return n;
}

/* Also of the real service, where they are. */
static void
test_recordings(void **state)
{
	const char	*dir = getenv("srcdir");
	char		*data = xasprintf("%s/tests/data", dir ? dir : ".");
	char		*real = xasprintf("%s/../shared/captures", dir ? dir :
			    ".");
	size_t		 ways = 0;

	(void)state;
	assert_true(all_of(data, &ways) >= 7);
	assert_true(ways > 12);
	all_of(real, &ways);
	free(data);
	free(real);
}

static bool
some_way(json_object *obj, const struct buf *text)
{
	(void)obj;
	return both_ways(text->p, text->len) > 0;
}

static void
test_by_chance(void **state)
{
	size_t i;

	(void)state;
	change_rounds(answers, COUNT(answers), &changes, words, some_way);
	for (i = 0; i < COUNT(answers); i++)
		assert_true(both_ways(answers[i], strlen(answers[i])) >= 2);
}

/* Of split choices each may have annotations that are none of OpenAI's. */
static void
test_annotated_twice(void **state)
{
	static const char *const second[] = { "{}", "null" };
	char		*text;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(second); i++) {
		text = xasprintf("{" HEAD ",\"choices\":[{\"message\":{"
		    "\"content\":\"x\",\"annotations\":[],"
		    "\"copilot_annotations\":{}}},{\"message\":{"
		    "\"copilot_annotations\":%s}}]}", second[i]);
		both_ways(text, strlen(text));
		free(text);
	}
}

/* Is it read with so much memory? */
static bool
reads(const char *p, size_t n, bool general, int64_t most)
{
	struct budget		*b = budget_create();
	struct budget_account	 account = { .holder = budget_holder(b, NULL,
				    100) };
	struct buf		 out = { 0 };
	struct chat_wanted	 w = plain;
	bool			 ok;

	w.stream = false;
	budget_limit(b, most, 1);
	budget_enter(&account);
	whole_run(w, p, n, general, false, &out);
	budget_leave();
	ok = !account.refused && buf_str(&out)[0] == '1';
	budget_close(&account);
	assert_int_equal(budget_used(b), 0);
	budget_destroy(b);
	buf_finish(&out);
	return ok;
}

/* Who looks in vain needs no more memory than who hasn't looked. */
static void
test_short_of_memory(void **state)
{
	struct buf	text = { 0 };
	int64_t		most;
	size_t		n;

	(void)state;
	buf_puts(&text, "{" HEAD ",\"choices\":[{\"message\":{"
	    "\"content\":\"");
	for (n = 0; n < 500000; n++)
		buf_putc(&text, 'x');
	buf_puts(&text, "\",\"refusal\":\"no\"},"
	    "\"finish_reason\":\"stop\"}]}");
	for (most = 100000; !reads(text.p, text.len, true, most); most += 50000)
		assert_false(reads(text.p, text.len, false, most));
	assert_true(reads(text.p, text.len, false, most));
	buf_finish(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_whole_tools),
		cmocka_unit_test(test_whole_choices),
		cmocka_unit_test(test_whole_errors),
		cmocka_unit_test(test_stream_becomes_whole),
		cmocka_unit_test(test_whole_becomes_stream),
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_by_chance),
		cmocka_unit_test(test_annotated_twice),
		cmocka_unit_test(test_short_of_memory),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
