/* request.c: the path to route by, the facts of a request, its query. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/request.h"
#include "base/util.h"
#include "server/route.h"

/* What each web server sends (REQUEST_URI, SCRIPT_NAME, PATH_INFO). */
static const struct {
	const char *uri, *script, *info, *want;
} paths[] = {
	/* lighttpd, mounted at "/", with fix-root-scriptname and without */
	{ "/v1/models", "", "/v1/models", "/models" },
	{ "/v1/models", "/v1", "/models", "/models" },
	/* nginx with stock fastcgi_params, and Apache ProxyPass */
	{ "/v1/models", "/v1/models", NULL, "/models" },
	{ "/copilot/v1/models", "/copilot/v1/models", NULL, "/models" },
	/* sub-path mounts */
	{ "/copilot/v1/models", "/copilot", "/v1/models", "/models" },
	{ "/a/b/c/v1/chat/completions?x=1", NULL, NULL, "/chat/completions" },
	{ "/copilot/chat/completions", "/copilot", "/chat/completions",
	    "/chat/completions" },
	/* CGI by hand */
	{ NULL, NULL, "/v1/responses", "/responses" },
	{ NULL, "", "/embeddings", "/embeddings" },
	{ NULL, "/cgi-bin/copilot-api", "/v1/models", "/models" },
	{ NULL, NULL, NULL, "/" },
	{ "", "", "", "/" },
	/* without /v1, with a slash at the end, double slashes, dots */
	{ "/models/", NULL, NULL, "/models" },
	{ "//v1///models//", NULL, NULL, "/models" },
	{ "/v1/./models", NULL, NULL, "/models" },
	{ "/x/../v1/models", NULL, NULL, "/models" },
	{ "/../../v1/models", NULL, NULL, "/models" },
	{ "/v1/models/..", NULL, NULL, "/" },
	/* absolute form, as Apache passes it on */
	{ "http://foo.example/v1/models?x=1", NULL, NULL, "/models" },
	{ "HTTPS://foo.example:8443", NULL, NULL, "/" },
	/* escapes are decoded once */
	{ "/v1/models/a%20b%2Fc%25d", NULL, NULL, "/models/a b/c%d" },
	{ "/v1/models/%2500", NULL, NULL, "/models/%00" },
	{ "/v1/models/%00x", NULL, NULL, "/models/%00x" },
	{ "/v1/models/%", NULL, NULL, "/models/%" },
	{ "/v1/models/%4", NULL, NULL, "/models/%4" },
	{ "/%76%31/models", NULL, NULL, "/models" },
	/* a model's id may look like a route */
	{ "/v1/models/publisher/v1", NULL, NULL, "/models/publisher/v1" },
	{ "/models/v1/x", NULL, NULL, "/models/v1/x" },
	{ "/v1/v1/messages", NULL, NULL, "/messages" },
	/* roots */
	{ "/", "", "/", "/" },
	{ "/v1", NULL, NULL, "/" },
	{ "/v1/", NULL, NULL, "/" },
	{ "/copilot/", "/copilot", "/", "/" },
	{ "/healthz", "", "/healthz", "/healthz" },
	{ "/ai/usage", "/ai", "/usage", "/usage" },
	/* no slash in front, as nobody sends it */
	{ NULL, NULL, "x", "/x" },
	{ "*", NULL, NULL, "/*" },
	{ "v1/models", NULL, NULL, "/models" },
	{ "a", NULL, NULL, "/a" },
	/* not ours */
	{ "/v1/foo", "", "/v1/foo", "/foo" },
	{ "/v1x/models2", "", "/v1x/models2", "/v1x/models2" },
	{ "/favicon.ico", "", "/favicon.ico", "/favicon.ico" },
	{ "/nothing", "/nothing", NULL, "/nothing" },
};

static void
test_path(void **state)
{
	char	*got;
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		got = request_path(paths[i].uri, paths[i].script, paths[i].info,
		    route_is_head);
		if (strcmp(got, paths[i].want) != 0)
			fail_msg("row %zu: %s gave %s, not %s", i,
			    paths[i].uri ? paths[i].uri : "-", got,
			    paths[i].want);
		free(got);
	}
}

static void
test_facts(void **state)
{
	const char *const env[] = { "REQUEST_METHOD=POST", "REQUEST_URI=/v1/responses?a=b",
	    "QUERY_STRING=a=b", "CONTENT_TYPE=Application/JSON; charset=utf-8",
	    "CONTENT_LENGTH=17", "HTTP_AUTHORIZATION=Bearer k",
	    "HTTP_X_API_KEY=kk", "HTTP_ORIGIN=http://x", "no equals sign",
	    "HTTP_CONTENT_ENCODING=gzip",
	    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS=a, b",
	    "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK=true", NULL };
	struct request r;

	(void)state;
	request_init(&r, (char *const *)env, route_is_head);
	assert_string_equal(r.method, "POST");
	assert_string_equal(r.path, "/responses");
	assert_string_equal(r.uri, "/v1/responses");
	assert_string_equal(r.content_type, "application/json");
	assert_int_equal(r.content_length, 17);
	assert_string_equal(r.authorization, "Bearer k");
	assert_string_equal(r.x_api_key, "kk");
	assert_string_equal(r.origin, "http://x");
	assert_string_equal(r.content_encoding, "gzip");
	assert_string_equal(r.acr_headers, "a, b");
	assert_true(r.acr_private_network);
	assert_int_equal(strlen(r.id), 32);
	assert_memory_equal(r.id, "req_", 4);
	request_finish(&r);
}

/* Who is Codex: by its name, or by headers that nobody else sends. */
static void
test_codex(void **state)
{
	static const struct {
		const char	*header;
		bool		 want;
	} cases[] = {
		{ "HTTP_USER_AGENT=codex_exec/0.169.0 (Debian 12)", true },
		{ "HTTP_USER_AGENT=codex_cli_rs/0.72.0", true },
		{ "HTTP_USER_AGENT=Codex Desktop/1.0", true },
		{ "HTTP_USER_AGENT=myeditor/1 (codex)", false },
		{ "HTTP_USER_AGENT=OpenAI/JS 7.57.0", false },
		{ "HTTP_X_CODEX_WINDOW_ID=0", true },
		{ "HTTP_X_CODEX_=0", false },
		{ "HTTP_X_CODEXES=0", false },
		{ "HTTP_USER_AGENT=", false },
	};
	const char	*env[] = { NULL, NULL };
	struct request	 r;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		env[0] = cases[i].header;
		request_init(&r, (char *const *)env, route_is_head);
		if (r.codex != cases[i].want)
			fail_msg("row %zu: %s", i, cases[i].header);
		request_finish(&r);
	}
}

/* nginx: "include fastcgi_params" and then one variable once more. */
static void
test_last_one_counts(void **state)
{
	const char *const env[] = { "SCRIPT_NAME=/v1/models", "PATH_INFO=/wrong",
	    "SCRIPT_NAME=", "PATH_INFO=/v1/models", NULL };
	struct request r;

	(void)state;
	request_init(&r, (char *const *)env, route_is_head);
	assert_string_equal(r.path, "/models");
	request_finish(&r);
}

static void
test_absent(void **state)
{
	static const char *const lengths[] = { "CONTENT_LENGTH=",
	    "CONTENT_LENGTH=-5", "CONTENT_LENGTH=1x",
	    "CONTENT_LENGTH=99999999999999999999" };
	const char	*env[2] = { NULL, NULL };
	struct request	 r;
	size_t		 i;

	(void)state;
	request_init(&r, (char *const *)env, route_is_head);
	assert_string_equal(r.method, "GET");
	assert_string_equal(r.content_type, "");
	assert_string_equal(r.query, "");
	assert_int_equal(r.content_length, -1);
	assert_null(r.authorization);
	assert_null(r.x_api_key);
	request_finish(&r);
	for (i = 0; i < COUNT(lengths); i++) {
		env[0] = lengths[i];
		request_init(&r, (char *const *)env, route_is_head);
		assert_int_equal(r.content_length, -1);
		request_finish(&r);
	}
}

static void
test_query(void **state)
{
	const char	*env[] = { "QUERY_STRING=a=1&b=x%20y+z&c&ab=2&d=", NULL };
	struct request	 r;
	char		*v;

	(void)state;
	request_init(&r, (char *const *)env, route_is_head);
	v = request_query(&r, "a");
	assert_string_equal(v, "1");
	free(v);
	v = request_query(&r, "b");
	assert_string_equal(v, "x y z");
	free(v);
	v = request_query(&r, "c");
	assert_string_equal(v, "");
	free(v);
	v = request_query(&r, "d");
	assert_string_equal(v, "");
	free(v);
	assert_null(request_query(&r, "e"));
	request_finish(&r);
}

/* Azure's paths and header, and Apache's name for a header. */
static void
test_azure(void **state)
{
	static const char *const env[] = {
		"REQUEST_URI=/openai/deployments/gpt-4.1/chat/completions?"
		    "api-version=2025-01-01",
		"HTTP_API_KEY=k", "REDIRECT_HTTP_AUTHORIZATION=Bearer b", NULL
	};
	static const char *const v1[] = {
		"REQUEST_URI=/openai/v1/responses", "HTTP_API_KEY=k",
		"HTTP_X_API_KEY=x", "HTTP_AUTHORIZATION=Bearer a",
		"REDIRECT_HTTP_AUTHORIZATION=Bearer b", NULL
	};
	struct request r;

	(void)state;
	request_init(&r, (char *const *)env, route_is_head);
	assert_string_equal(r.path, "/chat/completions");
	assert_string_equal(r.deployment, "gpt-4.1");
	assert_string_equal(r.x_api_key, "k");
	assert_string_equal(r.authorization, "Bearer b");
	request_finish(&r);
	request_init(&r, (char *const *)v1, route_is_head);
	assert_string_equal(r.path, "/responses");
	assert_null(r.deployment);
	assert_string_equal(r.x_api_key, "x");
	assert_string_equal(r.authorization, "Bearer a");
	request_finish(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_codex),
		cmocka_unit_test(test_last_one_counts),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_azure),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
