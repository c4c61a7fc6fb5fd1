/* Every form of upstream failure, and what the client is told. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/failure.h"

struct failure {
	int		 line;
	int		 status;
	const char	*body;
	int		 want;
	const char	*type, *code, *param;
	const char	*msg;		/* somewhere in the message */
	bool		 no_retry;
};

#define E(json) "{\"error\":{" json "}}\n"

static const struct failure failures[] = {
	{ __LINE__, 400, E("\"message\":\"The requested model is not supported.\","
	    "\"code\":\"model_not_supported\",\"param\":\"model\","
	    "\"type\":\"invalid_request_error\""),
	    404, ERR_REQUEST, "model_not_found", "model", "not supported.", true },
	{ __LINE__, 400, E("\"message\":\"model \\\"gpt-5.3-codex\\\" is not "
	    "accessible via the /chat/completions endpoint\","
	    "\"code\":\"unsupported_api_for_model\""),
	    400, ERR_REQUEST, "unsupported_api_for_model", "model",
	    "model \"gpt-5.3-codex\" is not accessible", true },
	{ __LINE__, 400, E("\"message\":\"prompt token count of 13613 exceeds the "
	    "limit of 12288\",\"code\":\"model_max_prompt_tokens_exceeded\""),
	    400, ERR_REQUEST, "context_length_exceeded", "", "13613", true },
	{ __LINE__, 400, E("\"message\":\"prompt token count of 3 exceeds the "
	    "limit of 1\",\"code\":\"\""),
	    400, ERR_REQUEST, "context_length_exceeded", "", "count of 3", true },
	{ __LINE__, 400, E("\"message\":\"prompt is too long: 9 tokens > 8 "
	    "maximum\",\"code\":\"invalid_request_body\""),
	    400, ERR_REQUEST, "context_length_exceeded", "", "too long", true },
	{ __LINE__, 400, E("\"message\":\"input length and `max_tokens` exceed "
	    "context limit: 1 + 2 > 2\",\"code\":\"invalid_request_body\""),
	    400, ERR_REQUEST, "context_length_exceeded", "", "1 + 2 > 2", true },
	{ __LINE__, 400, E("\"message\":\"Your input exceeds the context window "
	    "of this model. Please adjust your input and try again.\","
	    "\"code\":\"invalid_request_body\""),
	    400, ERR_REQUEST, "context_length_exceeded", "", "adjust", true },
	{ __LINE__, 413, "Request body is too large for model context window\n",
	    400, ERR_REQUEST, "context_length_exceeded", "", "too large", true },
	{ __LINE__, 400, E("\"message\":\"Unsupported parameter: 'max_tokens' is "
	    "not supported with this model. Use 'max_completion_tokens' "
	    "instead.\",\"code\":\"invalid_request_body\""),
	    400, ERR_REQUEST, "unsupported_parameter", "max_tokens",
	    "Use 'max_completion_tokens'", true },
	{ __LINE__, 400, E("\"message\":\"external image URLs are not supported"
	    "\",\"code\":\"invalid_request_body\""),
	    400, ERR_REQUEST, "invalid_image_url", "", "data URL", true },
	{ __LINE__, 400, E("\"message\":\"Invalid 'max_output_tokens': integer "
	    "below minimum value. Expected a value >= 16, but got 8 "
	    "instead.\",\"code\":\"invalid_request_body\""),
	    400, ERR_REQUEST, "integer_below_min_value", "max_output_tokens",
	    "got 8", true },
	{ __LINE__, 400, E("\"message\":\"Unknown parameter: 'input[0].x'.\","
	    "\"code\":\"invalid_request_body\""),
	    400, ERR_REQUEST, "unknown_parameter", "input[0].x", "", true },
	{ __LINE__, 400, E("\"message\":\"no such thing\","
	    "\"code\":\"unsupported_value\",\"param\":\"context_management\""),
	    400, ERR_REQUEST, "unsupported_value", "context_management",
	    "no such", true },
	{ __LINE__, 400, "bad request: missing Editor-Version header for IDE auth",
	    502, ERR_SERVER, "upstream_version", "", "editorVersion", true },
	{ __LINE__, 466, "bad request: the specified API version is no longer "
	    "supported. You may need to update your client to a newer version.\n",
	    502, ERR_SERVER, "upstream_version", "", "githubApiVersion", true },
	{ __LINE__, 466, "", 502, ERR_SERVER, "upstream_version", "",
	    "config.json", true },
	{ __LINE__, 421, "Misdirected Request\n",
	    502, ERR_SERVER, "upstream_misdirected", "", "copilotBaseUrl", true },
	{ __LINE__, 401, "IDE token expired: unauthorized: token expired\n",
	    401, ERR_AUTH, "", "", "copilot-api auth", true },
	{ __LINE__, 401, E("\"message\":\"input item ID does not belong to this "
	    "connection\",\"code\":\"\""),
	    400, ERR_REQUEST, "invalid_encrypted_content", "", "connection",
	    true },
	{ __LINE__, 400, E("\"message\":\"The encrypted content for item rs_1 "
	    "could not be verified. Reason: Encrypted content could not be "
	    "decrypted or parsed.\",\"code\":\"invalid_request_body\""),
	    400, ERR_REQUEST, "invalid_encrypted_content", "", "rs_1", true },
	{ __LINE__, 400, E("\"message\":\"The encrypted content gAAA...Q== "
	    "could not be verified.\",\"code\":\"invalid_encrypted_content\""),
	    400, ERR_REQUEST, "invalid_encrypted_content", "", "gAAA...Q==",
	    true },
	{ __LINE__, 400, E("\"message\":\"messages.1.content.0: Invalid "
	    "`signature` in `thinking` block\",\"code\":"
	    "\"invalid_request_body\""),
	    400, ERR_REQUEST, "invalid_encrypted_content", "", "messages.1",
	    true },
	{ __LINE__, 400, E("\"message\":\"Unable to submit request because "
	    "Thought signature is not valid.\",\"code\":\"\""),
	    400, ERR_REQUEST, "invalid_encrypted_content", "", "Unable", true },
	{ __LINE__, 400, E("\"message\":\"The requested tool file_search is not "
	    "supported.\",\"code\":\"unsupported_value\",\"param\":\"tools\","
	    "\"type\":\"invalid_request_error\""),
	    400, ERR_REQUEST, "unsupported_value", "tools", "file_search", true },
	{ __LINE__, 402, E("\"message\":\"You have no quota\","
	    "\"code\":\"quota_exceeded\""),
	    429, ERR_QUOTA, "insufficient_quota", "", "no quota", true },
	{ __LINE__, 402, "", 429, ERR_QUOTA, "insufficient_quota", "",
	    "used up", true },
	{ __LINE__, 403, "Unauthorized: not authorized to use this Copilot feature",
	    403, ERR_PERMISSION, "", "", "not authorized", true },
	{ __LINE__, 403, "{\"message\":\"API rate limit exceeded for user ID 1.\","
	    "\"documentation_url\":\"https://x\",\"status\":\"403\"}",
	    429, ERR_RATE, "rate_limit_exceeded", "", "user ID 1", false },
	{ __LINE__, 404, E("\"message\":\"\",\"code\":\"not_found\""),
	    404, ERR_REQUEST, "not_found", "", "does not know", true },
	{ __LINE__, 408, E("\"message\":\"Timed out reading request body. Try "
	    "again, or use a smaller request size.\","
	    "\"code\":\"user_request_timeout\""),
	    408, ERR_REQUEST, "user_request_timeout", "", "Timed out", false },
	{ __LINE__, 413, E("\"message\":\"failed to parse request\",\"code\":\"\""),
	    413, ERR_REQUEST, "request_too_large", "", "too large", true },
	{ __LINE__, 413, "Request Entity Too Large",
	    413, ERR_REQUEST, "request_too_large", "", "too large", true },
	{ __LINE__, 422, "", 400, ERR_REQUEST, "content_filter", "",
	    "content filter", true },
	{ __LINE__, 429, E("\"message\":\"slow\",\"code\":"
	    "\"user_global_rate_limited:pro_plus\""),
	    429, ERR_RATE, "rate_limit_exceeded", "", "slow", false },
	{ __LINE__, 429, "too many requests\n",
	    429, ERR_RATE, "rate_limit_exceeded", "", "too many", false },
	{ __LINE__, 499, "", 503, ERR_SERVER, "", "", "cancelled", false },
	{ __LINE__, 500, "", 500, ERR_SERVER, "", "", "internal", false },
	{ __LINE__, 502, "<!DOCTYPE html>\n<html><body>Unicorn!</body></html>",
	    502, ERR_SERVER, "", "", "gateway", false },
	{ __LINE__, 503, "\xef\xbb\xbf \n<html>", 503, ERR_SERVER, "", "",
	    "overloaded", false },
	{ __LINE__, 503, "upstream connect error\r\n  or disconnect",
	    503, ERR_SERVER, "", "", "error or disconnect", false },
	{ __LINE__, 504, "{}", 504, ERR_SERVER, "", "", "in time", false },
	{ __LINE__, 507, "", 502, ERR_SERVER, "", "", "", false },
	{ __LINE__, 302, "", 502, ERR_SERVER, "", "", "", false },
	{ __LINE__, 418, "teapot", 400, ERR_REQUEST, "", "", "teapot", true },
	{ __LINE__, 400, "null", 400, ERR_REQUEST, "", "", "without saying", true },
	{ __LINE__, 400, "[]", 400, ERR_REQUEST, "", "", "without saying", true },
	{ __LINE__, 400, "{\"error\":\"invalid_grant\","
	    "\"error_description\":\"no way\"}",
	    400, ERR_REQUEST, "", "", "no way", true },
	{ __LINE__, 400, "{\"error\":\"just text\"}",
	    400, ERR_REQUEST, "", "", "just text", true },
	{ __LINE__, 400, "{\"error\":{\"message\":5,\"code\":[],\"param\":{}}}",
	    400, ERR_REQUEST, "", "", "without saying", true },
};

static void
check(const struct failure *f, const struct err *err)
{
	if (err->status != f->want || strcmp(err->type, f->type) != 0 ||
	    strcmp(err->code, f->code) != 0 ||
	    strcmp(err->param, f->param) != 0 ||
	    strstr(err->msg, f->msg) == NULL || err->msg[0] == '\0' ||
	    strchr(err->msg, '<') != NULL || err->no_retry != f->no_retry)
		fail_msg("line %d: %d %s code=%s param=%s retry=%d: %s", f->line,
		    err->status, err->type, err->code, err->param,
		    !err->no_retry, err->msg);
}

static void
test_failures(void **state)
{
	struct err	err;
	size_t		i;

	(void)state;
	for (i = 0; i < COUNT(failures); i++) {
		memset(&err, 0x5a, sizeof(err));
		failure_read(failures[i].status, failures[i].body,
		    strlen(failures[i].body), NULL, &err);
		check(&failures[i], &err);
		assert_string_equal(err.retry_after, "");
	}
}

static void
test_retry_after(void **state)
{
	struct err	err;
	char		date[64];
	time_t		soon = time(NULL) + 30, later = time(NULL) + 7200;

	(void)state;
	failure_read(429, "", 0, "20", &err);
	assert_string_equal(err.retry_after, "20");
	assert_false(err.no_retry);
	failure_read(429, "", 0, "3600", &err);
	assert_string_equal(err.retry_after, "3600");
	assert_true(err.no_retry);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&soon));
	failure_read(429, "", 0, date, &err);
	assert_string_equal(err.retry_after, date);
	assert_false(err.no_retry);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&later));
	failure_read(503, "", 0, date, &err);
	assert_true(err.no_retry);
	failure_read(503, "", 0, "1\r\nX-Evil: 1", &err);
	assert_null(strchr(err.retry_after, '\n'));
	assert_null(strchr(err.retry_after, '\r'));
}

/* Tokens are masked, whatever surrounds them. */
static void
test_secrets(void **state)
{
	static const char body[] = "bad credentials ghu_abcDEF123, "
	    "'tid=0a1b;exp=17;sku=x:abc' Bearer gho_zzz and github_pat_11A_b.";
	struct err	  err;

	(void)state;
	failure_read(400, body, sizeof(body) - 1, "", &err);
	assert_null(strstr(err.msg, "abcDEF"));
	assert_null(strstr(err.msg, "0a1b"));
	assert_null(strstr(err.msg, "zzz"));
	assert_null(strstr(err.msg, "11A"));
	assert_non_null(strstr(err.msg, "bad credentials ***"));
}

/* Long, binary and broken text stays short, printable and valid UTF-8. */
static void
test_hostile(void **state)
{
	static char	big[300000];
	static const char euro[] = "\xe2\x82\xac";
	struct err	err;
	struct buf	out = { 0 };
	json_object	*obj;
	size_t		i;

	(void)state;
	for (i = 0; i + 3 <= sizeof(big); i += 3)
		memcpy(big + i, euro, 3);
	for (i = 0; i < 4; i++) {
		failure_read(500, big + i, sizeof(big) - i, NULL, &err);
		assert_true(strlen(err.msg) < sizeof(err.msg) - 1);
		err_json(&err, &out);
		obj = js_parse_quiet(out.p, out.len);
		assert_non_null(obj);
		json_object_put(obj);
		buf_finish(&out);
	}
	for (i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 + i / 251);
	failure_read(500, big, sizeof(big), NULL, &err);
	for (i = 0; err.msg[i] != '\0'; i++)
		assert_true((unsigned char)err.msg[i] >= ' ');
	failure_read(500, "a\0b", 3, NULL, &err);
	assert_string_equal(err.msg, "a b");
	memset(big, '[', sizeof(big));
	failure_read(500, big, sizeof(big), NULL, &err);
	assert_int_equal(err.status, 500);
}

static const struct failure events[] = {
	{ __LINE__, 0, "{\"type\":\"error\",\"code\":\"rate_limited\","
	    "\"message\":\"later\",\"param\":null}",
	    429, ERR_RATE, "rate_limit_exceeded", "", "later", false },
	{ __LINE__, 0, "{\"error\":{\"code\":\"\",\"message\":\"broken\","
	    "\"metadata\":{}}}", 500, ERR_SERVER, "", "", "broken", false },
	{ __LINE__, 0, "{\"type\":\"error\",\"error\":{\"code\":"
	    "\"quota_exceeded\",\"message\":\"none left\"}}",
	    429, ERR_QUOTA, "insufficient_quota", "", "none left", true },
	{ __LINE__, 0, "{\"type\":\"response.failed\",\"response\":{\"error\":"
	    "{\"code\":\"server_error\",\"message\":\"oops\"}}}",
	    500, ERR_SERVER, "server_error", "", "oops", false },
	{ __LINE__, 0, "{\"code\":\"context_length_exceeded\",\"message\":\"\"}",
	    400, ERR_REQUEST, "context_length_exceeded", "", "context", true },
	{ __LINE__, 0, "{\"error\":{\"code\":413,\"message\":\"big\"}}",
	    413, ERR_REQUEST, "request_too_large", "", "too large", true },
	{ __LINE__, 0, "{\"error\":{\"type\":\"overloaded_error\","
	    "\"message\":\"Overloaded\"}}",
	    503, ERR_SERVER, "", "", "Overloaded", false },
	{ __LINE__, 0, "{\"type\":\"error\",\"code\":null,\"message\":null}",
	    500, ERR_SERVER, "", "", "internal error", false },
	{ __LINE__, 0, "\"bare words\"", 500, ERR_SERVER, "", "", "bare", false },
	{ __LINE__, 0, "null", 500, ERR_SERVER, "", "", "internal", false },
	{ __LINE__, 0, "[1]", 500, ERR_SERVER, "", "", "internal", false },
};

static void
test_events(void **state)
{
	struct err	 err;
	json_object	*obj;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(events); i++) {
		obj = js_parse_quiet(events[i].body, strlen(events[i].body));
		failure_read_event(obj, &err);
		check(&events[i], &err);
		json_object_put(obj);
	}
}

/* An event has no header, so what its words say is told in one. */
static void
test_retry_said(void **state)
{
	static const struct {
		const char	*words, *seconds;
	} said[] = {
		{ "Rate limit reached. Please try again in 7s.", "7" },
		{ "Please try again in 7.2s.", "8" },
		{ "Please try again in 120ms. Visit ..", "1" },
		{ "Please try again in 1m30s.", "90" },
		{ "Please try again in 1m0.5s", "61" },
		{ "Please try again in 999999999999999999s", "" },
		{ "Please try again in a while", "" },
		{ "Please try again in ", "" },
		{ "Please try again in 7", "" },
		{ "Slow down.", "" }
	};
	struct err	 err;
	json_object	*obj;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(said); i++) {
		obj = json_object_new_object();
		js_add_str(obj, "type", "error");
		js_add_str(obj, "code", "rate_limit_exceeded");
		js_add_str(obj, "message", said[i].words);
		failure_read_event(obj, &err);
		assert_int_equal(err.status, 429);
		assert_string_equal(err.retry_after, said[i].seconds);
		assert_int_equal(err.no_retry, atoi(said[i].seconds) > 60);
		json_object_put(obj);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_retry_said),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_events)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
