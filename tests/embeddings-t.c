/* Embeddings: what upstream is asked, and its answer made OpenAI's. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/embeddings-answer.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"

struct asked {
	int		 line;
	const char	*body;		/* the client's */
	const char	*want;		/* upstream's; NULL: refused */
	const char	*param, *code;	/* of the refusal */
	bool		 base64;
};

#define M "\"model\":\"emb\""
#define U "\"model\":\"up\""

static const struct asked asked[] = {
	{ __LINE__, "{" M ",\"input\":\"hello\"}",
	    "{" U ",\"input\":[\"hello\"]}", "", "", false },
	{ __LINE__, "{\"input\": [ \"a\",\"b\" ], " M "}",
	    "{\"input\":[ \"a\",\"b\" ]," U "}", "", "", false },
	{ __LINE__, "{" M ",\"input\":[\"a\"],\"encoding_format\":\"base64\","
	    "\"dimensions\":512,\"user\":\"me\"}",
	    "{" U ",\"input\":[\"a\"],\"dimensions\":512}", "", "", true },
	{ __LINE__, "{" M ",\"input\":[\"a\"],\"encoding_format\":null,"
	    "\"dimensions\":null,\"user\":null,\"x\":1.50}",
	    "{" U ",\"input\":[\"a\"],\"x\":1.50}", "", "", false },
	{ __LINE__, "{" M ",\"input\":[\"a\"],\"encoding_format\":\"float\"}",
	    "{" U ",\"input\":[\"a\"]}", "", "", false },
	{ __LINE__, "{" M "}", NULL, "input", "missing_required_parameter",
	    false },
	{ __LINE__, "{" M ",\"input\":null}", NULL, "input",
	    "missing_required_parameter", false },
	{ __LINE__, "{" M ",\"input\":\"\"}", NULL, "input", "empty_string",
	    false },
	{ __LINE__, "{" M ",\"input\":[]}", NULL, "input", "empty_array",
	    false },
	{ __LINE__, "{" M ",\"input\":[\"a\",\"\"]}", NULL, "input[1]",
	    "empty_string", false },
	{ __LINE__, "{" M ",\"input\":[\"a\",{}]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[null]}", NULL, "input[0]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":5}", NULL, "input", "invalid_type",
	    false },
	{ __LINE__, "{" M ",\"input\":[true]}", NULL, "input[0]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":{\"a\":\"b\"}}", NULL, "input",
	    "invalid_type", false },
	/* Tokens: "Hello world", a third of a character, two characters. */
	{ __LINE__, "{" M ",\"input\":[9906,1917]}",
	    "{" U ",\"input\":[\"Hello world\"]}", "", "", false },
	{ __LINE__, "{\"dimensions\":5,\"input\": [[9906] ,[1917]], " M "}",
	    "{\"dimensions\":5," U ",\"input\":[\"Hello\",\" world\"]}", "", "",
	    false },
	{ __LINE__, "{" M ",\"input\":[45918]}",
	    "{" U ",\"input\":[\"\xef\xbf\xbd\"]}", "", "", false },
	{ __LINE__, "{" M ",\"input\":[45918,252]}",
	    "{" U ",\"input\":[\"\xe8\xaa\x9e\"]}", "", "", false },
	{ __LINE__, "{" M ",\"input\":[64,188,65,1]}",
	    "{" U ",\"input\":[\"a\\u0000b\\\"\"]}", "", "", false },
	{ __LINE__, "{" M ",\"input\":[[100257]]}",
	    "{" U ",\"input\":[\"<|endoftext|>\"]}", "", "", false },
	{ __LINE__, "{" M ",\"input\":[1,100256]}", NULL, "input[1]",
	    "invalid_value", false },
	{ __LINE__, "{" M ",\"input\":[[1],[2,-1]]}", NULL, "input[1][1]",
	    "invalid_value", false },
	{ __LINE__, "{" M ",\"input\":[99999999999999999999]}", NULL,
	    "input[0]", "invalid_value", false },
	{ __LINE__, "{" M ",\"input\":[1,\"a\"]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[1,[2]]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[1,2.0]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[\"a\",1]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[\"a\",[1]]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[[1],2]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[[1],\"a\"]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[[1],null]}", NULL, "input[1]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[[1],[[2]]]}", NULL, "input[1][0]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[[1],[null]]}", NULL, "input[1][0]",
	    "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":[[]]}", NULL, "input[0]", "empty_array",
	    false },
	{ __LINE__, "{" M ",\"input\":[[1],[]]}", NULL, "input[1]",
	    "empty_array", false },
	{ __LINE__, "{" M ",\"input\":\"a\",\"encoding_format\":\"hex\"}", NULL,
	    "encoding_format", "invalid_value", false },
	{ __LINE__, "{" M ",\"input\":\"a\",\"encoding_format\":1}", NULL,
	    "encoding_format", "invalid_type", false },
	{ __LINE__, "{" M ",\"input\":\"a\",\"dimensions\":0}", NULL,
	    "dimensions", "integer_below_min_value", false },
	{ __LINE__, "{" M ",\"input\":\"a\",\"dimensions\":\"5\"}", NULL,
	    "dimensions", "invalid_type", false },
};

static void
test_requests(void **state)
{
	struct model		 model = { .max_inputs = 3 };
	const struct asked	*a;
	struct embeddings	 e;
	struct buf		 body;
	struct err		 err;
	json_object		*obj;
	bool			 ok;

	(void)state;
	for (a = asked; a < asked + COUNT(asked); a++) {
		e = (struct embeddings){ 0 };
		body = (struct buf){ 0 };
		obj = js_parse_quiet(a->body, strlen(a->body));
		ok = embeddings_request(a->body, strlen(a->body), obj, "up",
		    &model, &e, &body, &err);
		if (ok != (a->want != NULL))
			fail_msg("line %d: %s", a->line,
			    ok ? "taken" : err.msg);
		if (ok && (strcmp(body.p, a->want) != 0 ||
		    e.base64 != a->base64 || strcmp(e.model, "emb") != 0))
			fail_msg("line %d: %s", a->line, body.p);
		if (!ok && (err.status != 400 ||
		    strcmp(err.param, a->param) != 0 ||
		    strcmp(err.code, a->code) != 0))
			fail_msg("line %d: %d %s %s", a->line, err.status,
			    err.param, err.code);
		embeddings_finish(&e);
		buf_finish(&body);
		json_object_put(obj);
	}
}

/* {"model":"emb","input":[...]} of n times the same value; obj is yours. */
static json_object *
repeated(const char *value, size_t n, struct buf *text)
{
	size_t i;

	buf_truncate(text, 0);
	buf_puts(text, "{" M ",\"input\":[");
	for (i = 0; i < n; i++)
		buf_printf(text, "%s%s", i > 0 ? "," : "", value);
	buf_puts(text, "]}");
	return js_parse_quiet(text->p, text->len);
}

/* How n times that value are received: the code of the refusal, else "". */
static void
expect_code(const char *value, size_t n, const char *code, const char *say)
{
	struct buf		 text = { 0 }, body = { 0 };
	struct embeddings	 e = { 0 };
	struct err		 err = { 0 };
	json_object		*obj = repeated(value, n, &text);

	if (embeddings_request(text.p, text.len, obj, "up", NULL, &e, &body,
	    &err) != (say == NULL))
		fail_msg("%zu times %.20s: %s", n, value, err.msg);
	assert_string_equal(err.code, code);
	if (say != NULL && strstr(err.msg, say) == NULL)
		fail_msg("%s", err.msg);
	json_object_put(obj);
	embeddings_finish(&e);
	buf_finish(&text);
	buf_finish(&body);
}

static void
test_limits(void **state)
{
	struct buf	many = { 0 };
	int		i;

	(void)state;
	expect_code("\"a\"", 2048, "", NULL);
	expect_code("\"a\"", 2049, "array_above_max_length",
	    "maximum length 2048, but got an array with length 2049");
	expect_code("[1]", 2048, "", NULL);
	expect_code("[1]", 2049, "array_above_max_length", "2049");
	expect_code("1", 8192, "", NULL);
	expect_code("1", 8193, "", "maximum context length is 8192 tokens, "
	    "however you requested 8193 tokens");
	buf_puts(&many, "[1");
	for (i = 1; i < 1000; i++)
		buf_puts(&many, ",1");
	buf_puts(&many, "]");
	expect_code(many.p, 300, "", NULL);
	expect_code(many.p, 301, "max_tokens_per_request",
	    "Requested 301000 tokens, max 300000 tokens per request");
	buf_finish(&many);
}

/* Upstream's answer to inputs [from, to): each number is its input's. */
static void
put_reply(struct buf *reply, size_t from, size_t to)
{
	size_t i;

	buf_truncate(reply, 0);
	buf_puts(reply, "{\"data\":[");
	for (i = to; i-- > from; )
		buf_printf(reply, "%s{\"index\":%zu,\"embedding\":[%zu]}",
		    i + 1 < to ? "," : "", i - from, i);
	buf_printf(reply, "],\"usage\":{\"prompt_tokens\":%zu,"
	    "\"total_tokens\":%zu}}", to - from, 2 * (to - from));
}

/* Five inputs, two at a time: three calls, one answer. */
static void
check_parts(const char *input, const char *const *bodies)
{
	struct model		 model = { .max_inputs = 2 };
	struct buf		 text = { 0 }, body = { 0 }, reply = { 0 };
	struct buf		 out = { 0 };
	struct embeddings	 e = { 0 };
	struct err		 err;
	json_object		*obj;
	size_t			 i;

	buf_printf(&text, "{" M ",\"user\":\"x\",\"input\":%s,"
	    "\"dimensions\":7}", input);
	obj = js_parse_quiet(text.p, text.len);
	assert_true(embeddings_request(text.p, text.len, obj, "up", &model, &e,
	    &body, &err));
	json_object_put(obj);
	buf_finish(&text);
	for (i = 0; i < 5; i += 2) {
		assert_string_equal(body.p, bodies[i / 2]);
		assert_int_equal(out.len, 0);
		put_reply(&reply, i, i + 2 < 5 ? i + 2 : 5);
		assert_true(embeddings_answer(&e, reply.p, reply.len, &out,
		    &err));
		buf_truncate(&body, 0);
		assert_int_equal(embeddings_next(&e, &body), i < 4);
	}
	assert_string_equal(out.p, "{\"object\":\"list\",\"data\":["
	    "{\"object\":\"embedding\",\"index\":0,\"embedding\":[0]},"
	    "{\"object\":\"embedding\",\"index\":1,\"embedding\":[1]},"
	    "{\"object\":\"embedding\",\"index\":2,\"embedding\":[2]},"
	    "{\"object\":\"embedding\",\"index\":3,\"embedding\":[3]},"
	    "{\"object\":\"embedding\",\"index\":4,\"embedding\":[4]}],"
	    "\"model\":\"emb\",\"usage\":{\"prompt_tokens\":5,"
	    "\"total_tokens\":10}}");
	embeddings_finish(&e);
	buf_finish(&body);
	buf_finish(&reply);
	buf_finish(&out);
}

#define PART(a) "{" U ",\"dimensions\":7,\"input\":[" a "]}"

static void
test_parts(void **state)
{
	static const char *const bodies[] = {
		PART("\"a\",\"b\""), PART("\"c\",\"d\""), PART("\"e\"")
	};

	(void)state;
	check_parts("[\"a\",\"b\",\"c\",\"d\",\"e\"]", bodies);
	check_parts("[[64],[65],[66],[67],[68]]", bodies);
}

/* A later call's answer can be as bad as a first one's. */
static void
test_bad_part(void **state)
{
	struct model		 model = { .max_inputs = 2 };
	struct buf		 text = { 0 }, body = { 0 }, reply = { 0 };
	struct buf		 out = { 0 };
	struct embeddings	 e = { 0 };
	struct err		 err;
	json_object		*obj = repeated("\"a\"", 3, &text);

	(void)state;
	assert_true(embeddings_request(text.p, text.len, obj, "up", &model, &e,
	    &body, &err));
	json_object_put(obj);
	put_reply(&reply, 0, 2);
	assert_true(embeddings_answer(&e, reply.p, reply.len, &out, &err));
	buf_truncate(&body, 0);
	assert_true(embeddings_next(&e, &body));
	assert_false(embeddings_answer(&e, reply.p, reply.len, &out, &err));
	assert_int_equal(err.status, 502);
	assert_int_equal(out.len, 0);
	embeddings_finish(&e);
	buf_finish(&text);
	buf_finish(&body);
	buf_finish(&reply);
}

static char *
answer(const char *p, size_t n, size_t ninputs, bool base64, int64_t *tokens,
    struct err *err)
{
	struct embeddings	 e = {
		.model = xstrdup("emb"), .ninputs = ninputs, .asked = ninputs,
		.most = ninputs, .base64 = base64
	};
	struct buf		 out = { 0 };
	bool			 ok;

	ok = embeddings_answer(&e, p, n, &out, err);
	*tokens = e.usage.input;
	if (ok)
		assert_false(embeddings_next(&e, NULL));
	embeddings_finish(&e);
	assert_int_equal(out.len > 0, ok);
	return ok ? buf_steal(&out) : NULL;
}

#define ONE	"{\"data\":[{\"embedding\":[1]}]}"
#define PAIR	"{\"data\":[{\"embedding\":[1,1]}]}"
#define LIMITED	"{\"error\":{\"code\":\"rate_limited\"}}"
#define SAME	"{\"data\":[{\"embedding\":[1],\"index\":0}," \
		"{\"embedding\":[1],\"index\":0}]}"

static const char two[] = "{\"data\":[{\"embedding\":[0.5, -1e-3 ,3],"
    "\"index\":1,\"object\":\"embedding\"},{\"embedding\":[ 1,0.25,-2.5E+0 ],"
    "\"index\":0}],\"model\":\"other\",\"object\":\"list\",\"x\":[1,\"[2,\"],"
    "\"usage\":{\"prompt_tokens\":7,\"total_tokens\":8}}\n";

static void
test_floats(void **state)
{
	struct err	 err;
	int64_t		 tokens = -1;
	char		*s;

	(void)state;
	s = answer(two, sizeof(two) - 1, 2, false, &tokens, &err);
	assert_string_equal(s, "{\"object\":\"list\",\"data\":["
	    "{\"object\":\"embedding\",\"index\":0,\"embedding\":"
	    "[ 1,0.25,-2.5E+0 ]},"
	    "{\"object\":\"embedding\",\"index\":1,\"embedding\":"
	    "[0.5, -1e-3 ,3]}],\"model\":\"emb\","
	    "\"usage\":{\"prompt_tokens\":7,\"total_tokens\":8}}");
	assert_int_equal(tokens, 7);
	free(s);
}

static void
test_base64(void **state)
{
	struct err	 err;
	int64_t		 tokens;
	char		*s;

	(void)state;
	s = answer(two, sizeof(two) - 1, 2, true, &tokens, &err);
	/* 1, 0.25, -2.5 and 0.5, -0.001, 3 as singles */
	assert_non_null(strstr(s, "\"index\":0,\"embedding\":"
	    "\"AACAPwAAgD4AACDA\"}"));
	assert_non_null(strstr(s, "\"index\":1,\"embedding\":"
	    "\"AAAAP28Sg7oAAEBA\"}"));
	free(s);
	s = answer(ONE, strlen(ONE), 1, true, &tokens,
	    &err);
	assert_non_null(strstr(s, "\"AACAPw==\""));
	assert_non_null(strstr(s, "\"prompt_tokens\":0,\"total_tokens\":0"));
	free(s);
	s = answer(PAIR, strlen(PAIR), 1, true, &tokens,
	    &err);
	assert_non_null(strstr(s, "\"AACAPwAAgD8=\""));
	free(s);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"", "null", "[]", "[1,2]", "{}", "<html>", "{\"data\":[]}",
		"{\"data\":[1]}", "{\"data\":[{}]}",
		"{\"data\":[{\"embedding\":[]}]}",
		"{\"data\":[{\"embedding\":[1,]}]}",
		"{\"data\":[{\"embedding\":[01]}]}",
		"{\"data\":[{\"embedding\":[1.]}]}",
		"{\"data\":[{\"embedding\":[-]}]}",
		"{\"data\":[{\"embedding\":[1e]}]}",
		"{\"data\":[{\"embedding\":[0x1]}]}",
		"{\"data\":[{\"embedding\":[NaN]}]}",
		"{\"data\":[{\"embedding\":[1,null]}]}",
		"{\"data\":[{\"embedding\":\"AACAPw==\"}]}",
		"{\"data\":[{\"embedding\":5}]}",
		"{\"data\":[{\"embedding\":-1}]}",
		"{\"data\":[{\"embedding\":[1],\"index\":1}]}",
		"{\"data\":[{\"embedding\":[1]}],"
		    "\"usage\":{\"prompt_tokens\":-1}}",
		"{\"data\":[{\"embedding\":[1]}],"
		    "\"usage\":{\"total_tokens\":9e18}}",
		"{\"data\":[{\"embedding\":[1]}],"
		    "\"usage\":{\"total_tokens\":9000000000000000000}}",
		"{\"data\":[{\"embedding\":[1],\"index\":-1}]}",
		"{\"data\":[{\"embedding\":[1]},{\"embedding\":[1]}]}",
	};
	struct err	err;
	int64_t		tokens;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++) {
		assert_null(answer(bad[i], strlen(bad[i]), 1, i % 2, &tokens,
		    &err));
		assert_int_equal(err.status, 502);
	}
	assert_null(answer(LIMITED, strlen(LIMITED), 1,
	    true, &tokens, &err));
	assert_int_equal(err.status, 429);
	assert_null(answer(SAME, strlen(SAME), 2, true, &tokens, &err));
	/* Cut anywhere, nothing is read behind the end. */
	for (i = 0; i < sizeof(two) - 2; i++) {
		char *copy = malloc(i ? i : 1);

		memcpy(copy, two, i);
		assert_null(answer(copy, i, 2, true, &tokens, &err));
		free(copy);
	}
}

/* The largest batch: 512 vectors of 1536 numbers. */
static void
test_large(void **state)
{
	struct buf	 text = { 0 };
	struct err	 err;
	json_object	*obj, *last;
	int64_t		 tokens;
	char		*s;
	int		 i, k;

	(void)state;
	buf_puts(&text, "{\"data\":[");
	for (i = 0; i < 512; i++) {
		buf_printf(&text, "%s{\"index\":%d,\"embedding\":[",
		    i ? "," : "", i);
		for (k = 0; k < 1536; k++)
			buf_printf(&text, "%s-0.0%d", k ? "," : "", i * k + 1);
		buf_puts(&text, "]}");
	}
	buf_puts(&text, "]}");
	s = answer(text.p, text.len, 512, true, &tokens, &err);
	obj = js_parse_quiet(s, strlen(s));
	assert_int_equal(js_len(js_array(obj, "data")), 512);
	last = json_object_array_get_idx(js_array(obj, "data"), 511);
	assert_int_equal(js_int(last, "index", 0), 511);
	assert_int_equal(strlen(js_str(last, "embedding")), 1536 * 4 / 3 * 4);
	json_object_put(obj);
	free(s);
	buf_finish(&text);
	/* Brackets without end are looked at once. */
	for (i = 0; i < 1000000; i++)
		buf_puts(&text, "[1,");
	assert_null(answer(text.p, text.len, 1, true, &tokens, &err));
	buf_finish(&text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_bad_part),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_large)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
