/* GitHub: the token file, requests, and what every answer means. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/http.h"
#include "base/util.h"
#include "copilot/github.h"

static char home[] = "/tmp/github-t.XXXXXX";

/* --- Polling. */

static const struct {
	int			 status;
	const char		*body;
	enum github_poll	 what;
	int64_t			 interval_ms;	/* afterwards; 5000 before */
	const char		*text;		/* token, or part of err.msg */
} polls[] = {
	{ 200, "{\"access_token\":\"ghu_x\",\"token_type\":\"bearer\","
	    "\"scope\":\"\"}", GITHUB_POLL_DONE, 5000, "ghu_x" },
	{ 200, "{\"error\":\"authorization_pending\",\"error_description\":"
	    "\"..\",\"error_uri\":\"..\"}", GITHUB_POLL_WAIT, 5000, NULL },
	{ 400, "{\"error\":\"authorization_pending\"}", GITHUB_POLL_WAIT, 5000,
	    NULL },
	{ 200, "{\"error\":\"slow_down\",\"interval\":10}", GITHUB_POLL_WAIT,
	    10000, NULL },
	{ 200, "{\"error\":\"slow_down\"}", GITHUB_POLL_WAIT, 10000, NULL },
	{ 200, "{\"error\":\"slow_down\",\"interval\":-1}", GITHUB_POLL_WAIT,
	    10000, NULL },
	{ 200, "{\"error\":\"slow_down\",\"interval\":999999999999}",
	    GITHUB_POLL_WAIT, 300000, NULL },
	{ 200, "{\"error\":\"expired_token\"}", GITHUB_POLL_STOP, 5000,
	    "expired before it was entered" },
	{ 200, "{\"error\":\"access_denied\"}", GITHUB_POLL_STOP, 5000,
	    "cancelled on GitHub's page" },
	{ 200, "{\"error\":\"unsupported_grant_type\"}", GITHUB_POLL_STOP, 5000,
	    "does not offer device sign-in" },
	{ 200, "{\"error\":\"incorrect_client_credentials\"}",
	    GITHUB_POLL_STOP, 5000, "oauthClientId" },
	{ 200, "{\"error\":\"incorrect_device_code\"}", GITHUB_POLL_STOP, 5000,
	    "does not know this sign-in code" },
	{ 200, "{\"error\":\"device_flow_disabled\"}", GITHUB_POLL_STOP, 5000,
	    "may not use device sign-in" },
	{ 200, "{\"error\":\"new\\u001b[2Jone\",\"error_description\":"
	    "\"Said\\u009b so.\"}", GITHUB_POLL_STOP, 5000,
	    "(HTTP 200, new [2Jone): Said  so." },
	{ 404, "{\"message\":\"Not Found\"}", GITHUB_POLL_STOP, 5000,
	    "HTTP 404" },
	{ 403, "forbidden", GITHUB_POLL_STOP, 5000, "HTTP 403" },
	{ 200, "{\"token_type\":\"bearer\"}", GITHUB_POLL_STOP, 5000,
	    "HTTP 200" },
	{ 200, "{\"access_token\":\"\"}", GITHUB_POLL_STOP, 5000, "HTTP 200" },
	{ 200, "{\"access_token\":\"a\\r\\nb\"}", GITHUB_POLL_STOP, 5000,
	    "HTTP 200" },
	{ 200, "{\"access_token\":7}", GITHUB_POLL_STOP, 5000, "HTTP 200" },
	{ 0, "", GITHUB_POLL_WAIT, 5000, NULL },
	{ 408, "", GITHUB_POLL_WAIT, 5000, NULL },
	{ 429, "{\"message\":\"slow\"}", GITHUB_POLL_WAIT, 10000, NULL },
	{ 500, "", GITHUB_POLL_WAIT, 5000, NULL },
	{ 502, "<html>Unicorn</html>", GITHUB_POLL_WAIT, 5000, NULL },
	{ 503, "{\"message\":\"x\"}", GITHUB_POLL_WAIT, 5000, NULL },
	{ 200, "<html>sign in to the Wi-Fi</html>", GITHUB_POLL_WAIT, 5000,
	    NULL },
	{ 200, "", GITHUB_POLL_WAIT, 5000, NULL },
	{ 200, "[1]", GITHUB_POLL_WAIT, 5000, NULL },
};

static void
test_poll(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(polls); i++) {
		struct github_device	 d = { .interval_ms = 5000 };
		struct err		 err = { 0 };
		char			*token;

		if (github_poll_read(&d, polls[i].status, polls[i].body,
		    strlen(polls[i].body), &token, &err) != polls[i].what)
			fail_msg("%d %s", polls[i].status, polls[i].body);
		assert_int_equal(d.interval_ms, polls[i].interval_ms);
		if (polls[i].what == GITHUB_POLL_DONE)
			assert_string_equal(token, polls[i].text);
		else
			assert_null(token);
		if (polls[i].what == GITHUB_POLL_STOP &&
		    strstr(err.msg, polls[i].text) == NULL)
			fail_msg("%s: %s", polls[i].body, err.msg);
		free(token);
	}
}

#define CODE "\"device_code\":\"0123abcd\",\"user_code\":\"ABCD-1234\","
#define URI "\"verification_uri\":\"https://github.com/login/device\""

static void
test_device(void **state)
{
	static const struct {
		const char	*body;
		int64_t		 expires_ms, interval_ms;
	} good[] = {
		{ "{" CODE URI ",\"expires_in\":900,\"interval\":5}", 900000,
		    5000 },
		{ "{" CODE URI "}", 900000, 5000 },
		{ "{" CODE URI ",\"expires_in\":99999999999,\"interval\":1e9}",
		    3600000, 300000 },
		{ "{" CODE URI ",\"expires_in\":-5,\"interval\":0}", 900000,
		    0 },
	};
	static const struct {
		int		 status;
		const char	*body, *msg;
	} bad[] = {
		{ 429, "too many requests", "too many sign-ins" },
		{ 404, "Not Found", "oauthClientId" },
		{ 200, "{\"error\":\"device_flow_disabled\"}",
		    "oauthClientId" },
		{ 500, "", "HTTP 500" },
		{ 200, "{}", "no sign-in code" },
		{ 200, "", "no sign-in code" },
		{ 200, "{" URI "}", "no sign-in code" },
		{ 200, "{" CODE "\"verification_uri\":\"http://evil.com\"}",
		    "no sign-in code" },
		{ 200, "{\"device_code\":\"x\",\"user_code\":\"\\u001b[2J\","
		    URI "}", "no sign-in code" },
	};
	struct github_device	d;
	struct err		err;
	size_t			i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		assert_true(github_device_read(200, good[i].body,
		    strlen(good[i].body), &d, &err));
		assert_string_equal(d.device_code, "0123abcd");
		assert_string_equal(d.user_code, "ABCD-1234");
		assert_string_equal(d.verification_uri,
		    "https://github.com/login/device");
		assert_int_equal(d.expires_ms, good[i].expires_ms);
		assert_int_equal(d.interval_ms, good[i].interval_ms);
		github_device_finish(&d);
	}
	for (i = 0; i < COUNT(bad); i++) {
		assert_false(github_device_read(bad[i].status, bad[i].body,
		    strlen(bad[i].body), &d, &err));
		if (strstr(err.msg, bad[i].msg) == NULL)
			fail_msg("%s: %s", bad[i].body, err.msg);
		github_device_finish(&d);
	}
}

/* --- The exchange. */

static const char exchange[] = "{\"token\":\"tid=0a;exp=1;sn=0:ff\","
    "\"expires_at\":1770000000,\"refresh_in\":1200,\"endpoints\":{\"api\":"
    "\"https://api.individual.githubcopilot.com/\",\"proxy\":\"x\"},"
    "\"user_notification\":{\"message\":\"trial ends\"}}";

static void
test_exchange(void **state)
{
	static const struct {
		const char	*body;
		int64_t		 refresh_in;
		const char	*api;
	} good[] = {
		{ "{\"token\":\"t\",\"expires_at\":1,\"refresh_in\":7}", 7,
		    NULL },
		{ "{\"token\":\"t\",\"refresh_in\":0}", 1500, NULL },
		{ "{\"token\":\"t\",\"refresh_in\":-9,\"endpoints\":null}",
		    1500, NULL },
		{ "{\"token\":\"t\",\"refresh_in\":1e18,\"endpoints\":{}}",
		    1500, NULL },
		{ "{\"token\":\"t\",\"endpoints\":{\"api\":\"http://evil\"}}",
		    1500, NULL },
		{ "{\"token\":\"t\",\"endpoints\":{\"api\":7}}", 1500, NULL },
		{ "{\"token\":\"t\",\"endpoints\":{\"api\":"
		    "\"http://127.0.0.1:9\"}}", 1500, "http://127.0.0.1:9" },
	};
	struct github_exchange	x;
	struct err		err;
	size_t			i;

	(void)state;
	assert_true(github_exchange_read(200, exchange, strlen(exchange), NULL,
	    &x, &err));
	assert_string_equal(x.token, "tid=0a;exp=1;sn=0:ff");
	assert_int_equal(x.expires_at, 1770000000);
	assert_int_equal(x.refresh_in, 1200);
	assert_string_equal(x.api, "https://api.individual.githubcopilot.com");
	github_exchange_finish(&x);
	for (i = 0; i < COUNT(good); i++) {
		assert_true(github_exchange_read(200, good[i].body,
		    strlen(good[i].body), NULL, &x, &err));
		assert_int_equal(x.refresh_in, good[i].refresh_in);
		if (good[i].api == NULL)
			assert_null(x.api);
		else
			assert_string_equal(x.api, good[i].api);
		github_exchange_finish(&x);
	}
	/* Cut anywhere it is no token, and no crash. */
	for (i = 0; i < strlen(exchange); i++) {
		assert_false(github_exchange_read(200, exchange, i, NULL, &x,
		    &err));
		github_exchange_finish(&x);
	}
}

static void
test_exchange_refused(void **state)
{
	static const struct {
		int		 status;
		const char	*body;
		int		 want;
		const char	*code, *msg;
		bool		 no_retry;
	} t[] = {
		{ 401, "{\"message\":\"Bad credentials\"}", 401,
		    "github_token_invalid", "copilot-api auth --force", true },
		{ 403, "{\"can_signup_for_limited\":true,\"error_details\":"
		    "{\"message\":\"No access.\",\"notification_id\":"
		    "\"no_copilot_access\",\"url\":\"https://github.com/x\"}}",
		    403, "no_copilot_access",
		    "No access. See https://github.com/x", true },
		{ 403, "{\"error_details\":{\"message\":\"x\","
		    "\"notification_id\":\"subscription_ended\"}}", 403,
		    "subscription_ended", "x", true },
		{ 403, "{\"message\":\"API rate limit exceeded for user ID 1. "
		    "..\",\"status\":\"403\"}", 429, "rate_limit_exceeded",
		    "API rate limit", false },
		{ 429, "", 429, "rate_limit_exceeded", "try again later",
		    false },
		{ 403, "Forbidden", 403, "no_copilot_access",
		    "no reason given", true },
		{ 404, "{\"message\":\"Not Found\"}", 403, "no_copilot_access",
		    "no subscription", true },
		{ 500, "", 502, "github_error", "HTTP 500", false },
		{ 502, "<html>", 502, "github_error", "HTTP 502", false },
		{ 200, "<html>", 502, "github_error", "not a JSON object",
		    false },
		{ 200, "{}", 502, "github_error", "no Copilot token", false },
		{ 200, "{\"token\":\"a\\nb\"}", 502, "github_error",
		    "no Copilot token", false },
		{ 302, "", 502, "github_error", "HTTP 302", false },
	};
	struct github_exchange	x;
	struct err		err;
	size_t			i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		assert_false(github_exchange_read(t[i].status, t[i].body,
		    strlen(t[i].body), NULL, &x, &err));
		assert_int_equal(err.status, t[i].want);
		assert_string_equal(err.code, t[i].code);
		assert_int_equal(err.no_retry, t[i].no_retry);
		assert_string_equal(err.retry_after,
		    t[i].want == 429 ? "60" : "");
		if (strstr(err.msg, t[i].msg) == NULL)
			fail_msg("%s: %s", t[i].body, err.msg);
	}
	assert_false(github_exchange_read(429, "", 0, "17", &x, &err));
	assert_string_equal(err.retry_after, "17");
}

/* --- Quota, login, text. */

static const char usage[] = "{\"login\":\"octo\",\"copilot_plan\":"
    "\"individual_pro\",\"quota_reset_date\":\"2026-07-01\","
    "\"quota_snapshots\":{\"chat\":{\"entitlement\":-1,"
    "\"unlimited\":true,\"percent_remaining\":100},"
    "\"completions\":{\"entitlement\":-1},"
    "\"premium_interactions\":{\"entitlement\":4000,\"remaining\":3830,"
    "\"quota_remaining\":3830.0,\"unlimited\":false,"
    "\"percent_remaining\":95.7}}}";

static void
assert_near(double a, double b)
{
	if (a < b - 0.001 || a > b + 0.001)
		fail_msg("%g is not %g", a, b);
}

static void
test_usage(void **state)
{
	struct github_usage	u;
	struct github_quota	*q = &u.quotas[GITHUB_QUOTA_PREMIUM];
	struct err		err;
	size_t			i;

	(void)state;
	assert_true(github_usage_read(200, usage, strlen(usage), &u, &err));
	assert_string_equal(u.login, "octo");
	assert_string_equal(u.plan, "individual_pro");
	assert_string_equal(u.reset_date, "2026-07-01");
	assert_true(u.quotas[GITHUB_QUOTA_CHAT].unlimited);
	assert_true(u.quotas[GITHUB_QUOTA_COMPLETIONS].unlimited);
	assert_true(q->present && !q->unlimited);
	assert_near(q->entitlement, 4000);
	assert_near(q->used, 172);
	assert_near(q->percent_used, 4.3);
	github_usage_finish(&u);
	for (i = 0; i < strlen(usage); i++)
		assert_false(github_usage_read(200, usage, i, &u, &err));
}

static void
test_usage_odd(void **state)
{
	static const struct {
		const char	*body;
		bool		 present;
		double		 entitlement, used, percent;
	} t[] = {
		{ "{}", false, 0, 0, 0 },
		{ "{\"quota_snapshots\":null}", false, 0, 0, 0 },
		{ "{\"quota_snapshots\":{\"chat\":5}}", false, 0, 0, 0 },
		{ "{\"quota_snapshots\":{\"chat\":{\"entitlement\":50,"
		    "\"remaining\":20}}}", true, 50, 30, 60 },
		{ "{\"quota_snapshots\":{\"chat\":{\"entitlement\":50,"
		    "\"percent_remaining\":-20}}}", true, 50, 60, 120 },
		{ "{\"quota_snapshots\":{\"chat\":{\"entitlement\":50,"
		    "\"percent_remaining\":120.5}}}", true, 50, 0, 0 },
		{ "{\"quota_snapshots\":{\"chat\":{\"entitlement\":1e300,"
		    "\"percent_remaining\":-1e300}}}", true, 0, 0, 0 },
		{ "{\"quota_snapshots\":{\"chat\":{\"entitlement\":0}}}", true,
		    0, 0, 100 },
		{ "{\"quota_snapshots\":{\"chat\":{\"percent_remaining\":25}}}",
		    true, 0, 0, 75 },
		{ "{\"limited_user_quotas\":{\"chat\":40},\"monthly_quotas\":"
		    "{\"chat\":50}}", true, 50, 10, 20 },
		{ "{\"limited_user_quotas\":{\"chat\":40}}", true, 40, 0, 0 },
	};
	struct github_usage	u;
	struct github_quota	*q = &u.quotas[GITHUB_QUOTA_CHAT];
	struct err		err;
	size_t			i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		assert_true(github_usage_read(200, t[i].body, strlen(t[i].body),
		    &u, &err));
		assert_int_equal(q->present, t[i].present);
		assert_false(q->unlimited);
		assert_near(q->entitlement, t[i].entitlement);
		assert_near(q->used, t[i].used);
		assert_near(q->percent_used, t[i].percent);
		github_usage_finish(&u);
	}
}

static void
test_login(void **state)
{
	static const char body[] = "{\"login\":\"oc\\u001bto\"}";
	struct err	 err;
	char		*login;

	(void)state;
	assert_true(github_login_read(200, body, strlen(body), &login, &err));
	assert_string_equal(login, "oc to");
	free(login);
	assert_false(github_login_read(200, "{}", 2, &login, &err));
	assert_null(login);
	assert_false(github_login_read(401, "", 0, &login, &err));
	assert_int_equal(err.status, 401);
}

/* Cut between characters at every size, no control characters. */
static void
test_text(void **state)
{
	static const char in[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f\xc2"
	    "\x9b.";
	static const size_t lens[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 12,
	    13, 13 };
	char	out[16];
	size_t	i;

	(void)state;
	for (i = 0; i < COUNT(lens); i++) {
		memset(out, '#', sizeof(out));
		github_text(out, i + 1, in);
		assert_int_equal(strlen(out), lens[i]);
		assert_int_equal(out[i + 1], '#');
	}
	assert_string_equal(out, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80  .");
	github_text(out, sizeof(out), NULL);
	assert_string_equal(out, "");
}

/* --- The token and the requests. */

static void
put_token(const char *name, const char *text)
{
	struct err err;

	assert_true(files_write(home, name, text, strlen(text), &err));
}

static void
assert_token(bool enterprise, const char *given, const char *want)
{
	struct err	 err;
	char		*token;

	assert_true(github_token_load(home, enterprise, given, "GH_TOKEN",
	    &token, &err));
	if (want == NULL)
		assert_null(token);
	else
		assert_string_equal(token, want);
	free(token);
}

static void
assert_no_token(const char *given, const char *msg)
{
	struct err	 err;
	char		*token;

	assert_false(github_token_load(home, false, given, "GH_TOKEN", &token,
	    &err));
	assert_null(token);
	assert_int_equal(err.status, 401);
	assert_true(err.no_retry);
	if (strstr(err.msg, msg) == NULL)
		fail_msg("%s", err.msg);
	if (given != NULL)
		assert_null(strstr(err.msg, given));
}

static void
test_token(void **state)
{
	struct err	 err;
	char		*token;

	(void)state;
	assert_token(false, NULL, NULL);
	put_token("github_token", "");
	assert_token(false, NULL, NULL);
	put_token("github_token", "ghu_file\r\n\n");
	assert_token(false, NULL, "ghu_file");
	assert_token(false, " \n", "ghu_file");
	assert_token(false, " ghu_given\n", "ghu_given");
	assert_token(true, NULL, NULL);
	put_token("ent_github_token", " ghu_ent ");
	assert_token(true, NULL, "ghu_ent");
	assert_token(false, NULL, "ghu_file");

	assert_no_token("ghu_a ghu_b", "GH_TOKEN does not hold");
	put_token("github_token", "{\"access_token\": \"ghu_x\"}");
	assert_no_token(NULL, "/github_token does not hold");
	put_token("github_token", "ghp_old\n");
	assert_token(false, NULL, "ghp_old");

	token = xmalloc(20001);
	memset(token, 'x', 20000);
	token[20000] = '\0';
	put_token("github_token", token);
	free(token);
	assert_no_token(NULL, "does not hold a GitHub token");
	assert_false(github_not_signed_in(&err));
	assert_int_equal(err.status, 401);
	assert_string_equal(err.type, ERR_AUTH);
	assert_string_equal(err.code, "not_signed_in");
	assert_true(err.no_retry);
}

static void
test_request(void **state)
{
	static const char *const want[] = {
		"Accept: application/json",
		"Authorization: token ghu_x",
		"X-GitHub-Api-Version: 2025-04-01",
		"Editor-Version: vscode/1.104.3",
		"Editor-Plugin-Version: copilot-chat/0.50.1",
		"User-Agent: GitHubCopilotChat/0.50.1",
	};
	struct http_request	 req;
	struct err		 err;
	struct conf		*conf = conf_load("/nonexistent", NULL, &err);
	const char		*header;
	size_t			 i;

	(void)state;
	github_request(&req, conf, "ghu_x", GITHUB_PATH_EXCHANGE);
	assert_string_equal(req.method, "GET");
	assert_string_equal(req.url,
	    "https://api.github.com/copilot_internal/v2/token");
	assert_int_equal(req.nheaders, COUNT(want));
	header = req.headers.p;
	for (i = 0; i < COUNT(want); i++, header += strlen(header) + 1)
		assert_string_equal(header, want[i]);
	assert_true(req.headers_timeout_ms > 0 && req.body_max > 0);
	http_request_finish(&req);
	conf_unref(conf);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(home) == NULL;
}

static int
teardown(void **state)
{
	struct err err;

	(void)state;
	files_remove(home, "github_token", &err);
	files_remove(home, "ent_github_token", &err);
	return rmdir(home);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_poll),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_exchange_refused),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_usage_odd),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_request),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
