/* What upstream taught about its models. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "copilot/lessons.h"

#define SENT "{\"temperature\":1,\"top_p\":1,\"top_k\":1,\"seed\":1," \
	"\"max_tokens\":1,\"reasoning_effort\":\"low\"," \
	"\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"}," \
	"\"context_management\":[],\"user\":\"u\"," \
	"\"text\":{\"verbosity\":\"low\",\"format\":{}},\"prediction\":{}," \
	"\"response_format\":{},\"tools\":[{\"type\":\"web_search\"}]," \
	"\"stop\":\"x\",\"n\":2,\"nested\":{\"frequency_penalty\":1}}"

/* Upstream's body as it comes, and what follows from it. */
static const struct {
	int		 line;
	const char	*message, *code;
	unsigned	 without;	/* 0: the client is told */
	int64_t		 images;
	bool		 lasts;
} refusals[] = {
	{ __LINE__, "Unsupported parameter: 'top_p' is not supported with this "
	    "model.", "invalid_request_body", LESSON_TOP_P, 0, true },
	{ __LINE__, "Unsupported parameter: 'temperature' is not supported with "
	    "this model.", "unsupported_parameter", LESSON_TEMPERATURE, 0,
	    true },
	{ __LINE__, "Unsupported value: 'temperature' does not support 0.2 with "
	    "this model. Only the default (1) value is supported.",
	    "unsupported_value", LESSON_TEMPERATURE, 0, true },
	{ __LINE__, "Unsupported parameter: 'max_tokens' is not supported with "
	    "this model. Use 'max_completion_tokens' instead.",
	    "invalid_request_body", LESSON_MAX_TOKENS, 0, true },
	{ __LINE__, "context_management is not supported with this model.",
	    "unsupported_value", LESSON_COMPACTION, 0, true },
	{ __LINE__, "`temperature` is deprecated for this model.", "",
	    LESSON_TEMPERATURE, 0, true },
	{ __LINE__, "top_p is deprecated for this model.", "", LESSON_TOP_P, 0,
	    true },
	{ __LINE__, "`top_k` is deprecated for this model.", "", LESSON_TOP_K,
	    0, true },
	{ __LINE__, "context_management: Extra inputs are not permitted", "",
	    LESSON_COMPACTION, 0, true },
	{ __LINE__, "temperature.x: Extra inputs are not permitted", "", 0, 0,
	    false },
	{ __LINE__, "`temperature` and `top_p` cannot both be specified for "
	    "this model. Please use only one.", "invalid_request_body",
	    LESSON_ONE_SAMPLER, 0, true },
	{ __LINE__, "Unknown parameter: 'seed'.", "invalid_request_body",
	    LESSON_SEED, 0, true },
	{ __LINE__, "Unsupported parameter: 'reasoning.summary' is not "
	    "supported with this model.", "", LESSON_SUMMARY, 0, true },
	{ __LINE__, "Invalid parameter: 'response_format' of type "
	    "'json_schema' is not supported with this model.", "",
	    LESSON_FORMAT, 0, true },
	{ __LINE__, "too many URL images in request (max 20)", "", 0, 20,
	    true },
	{ __LINE__, "The tool 'web_search' is not supported with this model.",
	    "invalid_request_body", LESSON_WEB_SEARCH, 0, true },
	{ __LINE__, "Hosted tool 'web_search_preview' is not supported with "
	    "gpt-5.", "", LESSON_WEB_SEARCH, 0, true },
	{ __LINE__, "Invalid value: 'web_search'. Supported values are: "
	    "'function' and 'custom'.", "", LESSON_WEB_SEARCH, 0, true },
	/* Of this value only: another one may be taken. */
	{ __LINE__, "reasoning_effort \"xhigh\" is not supported by model "
	    "gemini-3.1-pro-preview", "invalid_request_body", LESSON_EFFORT, 0,
	    false },
	{ __LINE__, "temperature: range: 0..1", "", LESSON_TEMPERATURE, 0,
	    false },
	{ __LINE__, "Unsupported value: 'temperature' does not support 'Only "
	    "the default (1)' with this model.", "", LESSON_TEMPERATURE, 0,
	    false },
	{ __LINE__, "Unsupported value: 'reasoning_effort' does not support "
	    "'x is deprecated for this model' with this model.", "",
	    LESSON_EFFORT, 0, false },
	/* A member of the client's own that has a quote in its name. */
	{ __LINE__, "Unknown parameter: 'seed' x'.", "", LESSON_SEED, 0,
	    false },
	/* A prompt, an item, a function that upstream quotes. */
	{ __LINE__, "The prompt was flagged: \"Unsupported parameter: 'top_p' "
	    "is not supported with this model.\"", "", 0, 0, false },
	{ __LINE__, "Your text 'temperature' is deprecated for this model", "",
	    0, 0, false },
	{ __LINE__, "Invalid input: `temperature` and `top_p` cannot both be "
	    "specified for this model.", "", 0, 0, false },
	{ __LINE__, "Blocked: too many URL images in request (max 1)", "", 0, 0,
	    false },
	{ __LINE__, "too many words about image things, say the max 1", "", 0,
	    0, false },
	{ __LINE__, "too many URL images in request (max 1 as he says)", "", 0,
	    0, false },
	{ __LINE__, "Refused: The tool 'web_search' is not supported", "", 0, 0,
	    false },
	{ __LINE__, "Function 'f' says web_search is not supported", "", 0, 0,
	    false },
	{ __LINE__, "The tool 'web_search' was named in a bad prompt", "", 0, 0,
	    false },
	/* What changes the meaning, and what isn't about a parameter. */
	{ __LINE__, "Unsupported parameter: 'tools' is not supported with this "
	    "model.", "unsupported_parameter", 0, 0, false },
	/* Honoured here. */
	{ __LINE__, "Unsupported parameter: 'stop' is not supported with this "
	    "model.", "unsupported_parameter", LESSON_STOP, 0, true },
	{ __LINE__, "Unsupported value: 'n' does not support 2 with this "
	    "model.", "unsupported_value", 0, 0, false },
	{ __LINE__, "Invalid schema for response_format 'x': no.",
	    "invalid_request_body", 0, 0, false },
	{ __LINE__, "Invalid value: 'huge'. Supported values are: 'low'. "
	    "(reasoning_effort)", "", 0, 0, false },
	{ __LINE__, "max_tokens is too large: 900000.", "", 0, 0, false },
	{ __LINE__, "The user is unknown.", "", 0, 0, false },
	{ __LINE__, "user has no seat", "", 0, 0, false },
	{ __LINE__, "prompt token count of 13613 exceeds the limit of 12288",
	    "model_max_prompt_tokens_exceeded", 0, 0, false },
	/* It was not sent: there is nothing to leave out. */
	{ __LINE__, "Unsupported parameter: 'presence_penalty' is not "
	    "supported with this model.", "", 0, 0, false },
	{ __LINE__, "Unsupported parameter: 'frequency_penalty' is not "
	    "supported with this model.", "", 0, 0, false },
};

static bool
read_refusal(const char *message, const char *code, int status,
    struct lesson *lesson, bool *lasts)
{
	json_object	*obj = json_object_new_object();
	json_object	*in = json_object_new_object();
	struct buf	 body = { 0 }, sent = { 0 };
	struct err	 err;
	bool		 ok;

	js_add_str(in, "message", message);
	js_add_str(in, "code", code);
	js_add_take(obj, "error", in);
	js_print(obj, &body);
	buf_puts(&sent, SENT);
	failure_read(status, body.p, body.len, NULL, &err);
	ok = lesson_read(&err, &sent, lesson, lasts);
	json_object_put(obj);
	buf_finish(&body);
	buf_finish(&sent);
	return ok;
}

static void
test_refusals(void **state)
{
	struct lesson	l;
	size_t		i;
	bool		ok, lasts;

	(void)state;
	for (i = 0; i < COUNT(refusals); i++) {
		ok = read_refusal(refusals[i].message, refusals[i].code, 400,
		    &l, &lasts);
		if (ok != (refusals[i].without != 0 ||
		    refusals[i].images > 0) ||
		    (ok && (l.without != refusals[i].without ||
		    l.images != refusals[i].images ||
		    lasts != refusals[i].lasts)))
			fail_msg("line %d: %d %x %lld %d", refusals[i].line,
			    ok, l.without, (long long)l.images, lasts);
	}
	assert_false(read_refusal(refusals[0].message, "", 500, &l, &lasts));
}

static void
check_body(unsigned without, const char *in, const char *want)
{
	struct lesson	 l = { .without = without };
	json_object	*obj = js_parse_quiet(in, strlen(in));
	struct buf	 out = { 0 };

	lesson_apply(&l, obj);
	js_print(obj, &out);
	assert_string_equal(out.p, want);
	buf_finish(&out);
	json_object_put(obj);
}

static void
test_bodies(void **state)
{
	(void)state;
	check_body(0, "{\"top_p\":1}", "{\"top_p\":1}");
	check_body(LESSON_TOP_P, "{\"top_p\":1,\"a\":{\"top_p\":1}}",
	    "{\"a\":{\"top_p\":1}}");
	check_body(LESSON_PENALTIES | LESSON_LOGPROBS, "{\"logprobs\":true,"
	    "\"top_logprobs\":2,\"presence_penalty\":1,\"frequency_penalty\":1,"
	    "\"stop\":\"a\"}", "{\"stop\":\"a\"}");
	check_body(LESSON_EFFORT | LESSON_VERBOSITY, "{\"reasoning\":{"
	    "\"effort\":\"low\",\"summary\":\"auto\"},\"text\":{\"verbosity\":"
	    "\"low\"},\"reasoning_effort\":\"low\"}",
	    "{\"reasoning\":{\"summary\":\"auto\"},\"text\":{}}");
	check_body(LESSON_ONE_SAMPLER, "{\"top_p\":1}", "{\"top_p\":1}");
	check_body(LESSON_ONE_SAMPLER, "{\"top_p\":1,\"temperature\":1}",
	    "{\"temperature\":1}");
	/* One call at a time is something that a client relies on. */
	check_body(LESSON_PARALLEL, "{\"parallel_tool_calls\":false}",
	    "{\"parallel_tool_calls\":false}");
	check_body(LESSON_PARALLEL, "{\"parallel_tool_calls\":true}", "{}");
}

/* A parameter that upstream names in "param" needs no sentence of a list. */
static void
test_param(void **state)
{
	static const char sent[] = "{\"seed\":1}";
	struct err	err = { .status = 400 };
	struct buf	body = { 0 };
	struct lesson	l;
	bool		lasts;

	(void)state;
	buf_puts(&body, sent);
	snprintf(err.param, sizeof(err.param), "seed");
	snprintf(err.msg, sizeof(err.msg), "Not here.");
	assert_true(lesson_read(&err, &body, &l, &lasts));
	assert_int_equal(l.without, LESSON_SEED);
	assert_false(lasts);
	snprintf(err.code, sizeof(err.code), "unsupported_parameter");
	assert_true(lesson_read(&err, &body, &l, &lasts) && lasts);
	snprintf(err.param, sizeof(err.param), "input[0].seed");
	assert_false(lesson_read(&err, &body, &l, &lasts));
	buf_finish(&body);
}

static void
check_known(struct lessons *t, const char *key, const char *model,
    unsigned without, int64_t images)
{
	struct lesson got = { 0 };

	lessons_recall(t, key, model, &got);
	assert_int_equal(got.without, without);
	assert_int_equal(got.images, images);
}

static void
test_table(void **state)
{
	struct lessons	*t = lessons_create();
	struct lesson	 l = { .without = LESSON_TOP_P }, got = { 0 };
	char		 name[32];
	int		 i, known = 0;

	(void)state;
	check_known(t, "k", "a", 0, 0);
	lessons_note(t, "k", "a", &l);
	l = (struct lesson){ .without = LESSON_SEED, .images = 20 };
	lessons_note(t, "k", "a", &l);
	check_known(t, "k", "a", LESSON_TOP_P | LESSON_SEED, 20);
	/* What one key's requests taught changes no other key's. */
	check_known(t, "other", "a", 0, 0);
	check_known(t, NULL, "a", 0, 0);
	lessons_note(t, NULL, "a", &l);
	check_known(t, NULL, "a", LESSON_SEED, 20);
	/* Clients can name any number of models. */
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		lessons_note(t, "k", name, &l);
	}
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		got = (struct lesson){ 0 };
		lessons_recall(t, "k", name, &got);
		known += got.images == 20;
	}
	assert_true(known >= 100 && known <= 512);
	lessons_destroy(t);
	lessons_note(NULL, "k", "a", &l);
	lessons_recall(NULL, "k", "a", &got);
	lessons_destroy(NULL);
}

/* --- Several hosts. */

/* Hear each line of what another host tells; how many there are. */
static int
hear_all(struct lessons *t, const struct buf *lines)
{
	const char	*at = buf_str(lines), *end, *rest;
	int		 n = 0;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1, n++) {
		rest = memchr(at, ' ', (size_t)(end - at));
		assert_non_null(rest);
		/* The name: what is told twice is one line of a table. */
		assert_int_equal(strspn(at, "-0123456789abcdef"), rest - at);
		lessons_hear(t, rest + 1, (size_t)(end - rest - 1));
	}
	return n;
}

static void
test_hosts(void **state)
{
	const struct lesson	 l = { .without = LESSON_TOP_P, .images = 5 };
	struct lessons		*one = lessons_create();
	struct lessons		*two = lessons_create();
	struct lesson		 got = { 0 };
	struct buf		 lines = { 0 };
	uint64_t		 last;

	(void)state;
	lessons_secret(one, "between them");
	lessons_secret(two, "between them");
	lessons_note(one, "k", "a model \"m\"", &l);
	last = lessons_news(one, &lines);
	assert_int_equal(hear_all(two, &lines), 1);
	assert_null(strstr(lines.p, "\"k\""));
	lessons_recall(two, "k", "a model \"m\"", &got);
	assert_int_equal(got.without, LESSON_TOP_P);
	assert_int_equal(got.images, 5);
	got = (struct lesson){ 0 };
	lessons_recall(two, "another", "a model \"m\"", &got);
	assert_int_equal(got.without, 0);

	/* Not told yet: once more. Heard is not learnt: it is not told on. */
	buf_truncate(&lines, 0);
	lessons_news(one, &lines);
	assert_int_equal(hear_all(two, &lines), 1);
	lessons_told(one, last);
	buf_truncate(&lines, 0);
	lessons_news(one, &lines);
	lessons_news(two, &lines);
	assert_int_equal(lines.len, 0);

	/* A host with another secret hears of nobody that it knows. */
	lessons_secret(two, "of others");
	got = (struct lesson){ 0 };
	lessons_recall(two, "k", "a model \"m\"", &got);
	assert_int_equal(got.without, 0);
	buf_finish(&lines);
	lessons_destroy(one);
	lessons_destroy(two);
}

/* The client is known here, lest another one's lesson hide a mistake. */
static void
test_heard_nonsense(void **state)
{
	static const char *const rests[] = {
		"", ",\"without\":1", ",\"model\":7,\"without\":1",
		",\"model\":\"m\",\"without\":-1",
		",\"model\":\"m\",\"without\":9999999999",
		",\"model\":\"m\",\"without\":1,\"images\":-5"
	};
	const struct lesson	 l = { .without = LESSON_SEED };
	struct lessons		*t = lessons_create();
	struct lesson		 got = { 0 };
	struct buf		 lines = { 0 };
	char			*text;
	size_t			 i;

	(void)state;
	lessons_note(t, "k", "m", &l);
	lessons_news(t, &lines);
	for (i = 0; i < COUNT(rests); i++) {
		text = xasprintf("{\"client\":\"%.16s\"%s}", lines.p, rests[i]);
		lessons_hear(t, text, strlen(text));
		free(text);
	}
	lessons_hear(t, "[]", 2);
	lessons_hear(t, "{", 1);
	lessons_hear(t, "{\"model\":\"m\",\"without\":1}", 25);
	lessons_recall(t, "k", "m", &got);
	assert_int_equal(got.without, LESSON_SEED);
	assert_int_equal(got.images, 0);
	text = xasprintf("{\"client\":\"%.16s\",\"model\":\"m\","
	    "\"without\":1}", lines.p);
	lessons_hear(t, text, strlen(text));
	lessons_recall(t, "k", "m", &got);
	assert_int_equal(got.without, LESSON_SEED | LESSON_TEMPERATURE);
	free(text);
	buf_finish(&lines);
	lessons_destroy(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_param),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_heard_nonsense)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
