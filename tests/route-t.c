/* route.c with auth.c, cors.c and reply.c: who may ask what, and refusals. */
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

#include "api/api.h"
#include "page/page.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "server/mask.h"
#include "server/route.h"

/* A configuration as config.json would give it. */
static struct conf *
configuration(const char *json)
{
	const struct conf_override	 none = { 0 };
	char				 dir[] = "/tmp/route-t.XXXXXX", *path;
	struct conf			*conf;
	struct err			 err;
	FILE				*f;

	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/config.json", dir);
	assert_non_null(f = fopen(path, "w"));
	fputs(json, f);
	fclose(f);
	conf = conf_load(dir, &none, &err);
	unlink(path);
	rmdir(dir);
	free(path);
	assert_non_null(conf);
	return conf;
}

/* Route a request; "env" as in CGI. The exchange holds the reply, if any. */
static struct exchange *
ask(const char *json, char *const *env, exchange_handler **handler)
{
	struct exchange	*x = exchange_create();
	bool		 body;

	request_init(&x->req, env, route_is_head);
	x->conf = configuration(json);
	*handler = route_find(x, &body);
	return x;
}

static void
expect(const char *json, char *const *env, exchange_handler *want, int status,
    const char *header)
{
	exchange_handler	*got;
	struct exchange		*x = ask(json, env, &got);
	struct buf		 out = { 0 };

	assert_true(got == want);
	if (want == NULL) {
		assert_int_equal(x->reply.status, status);
		reply_print(&x->reply, &x->req, &out);
		if (header != NULL && strstr(out.p, header) == NULL)
			fail_msg("no %s in %s", header, out.p);
		if (status >= 400) {
			json_object *obj = js_parse_quiet(x->reply.body.p,
			    x->reply.body.len);
			json_object *e = js_get(obj, "error");

			assert_non_null(js_str(e, "message"));
			assert_non_null(js_str(e, "type"));
			assert_true(js_has(e, "param"));
			assert_true(js_has(e, "code"));
			json_object_put(obj);
		}
	}
	buf_finish(&out);
	exchange_destroy(x);
}

#define ENV(...) (char *const *)(const char *const[]){ __VA_ARGS__, NULL }
#define JSON "CONTENT_TYPE=application/json"

static void
test_routes(void **state)
{
	(void)state;
	expect("", ENV("REQUEST_METHOD=POST", "PATH_INFO=/v1/chat/completions",
	    JSON), api_chat, 0, NULL);
	expect("", ENV("REQUEST_METHOD=POST", "PATH_INFO=/responses/", JSON),
	    api_responses, 0, NULL);
	expect("", ENV("REQUEST_METHOD=POST", "PATH_INFO=/v1/embeddings",
	    "CONTENT_TYPE=application/json; charset=utf-8"), api_embeddings, 0,
	    NULL);
	expect("", ENV("REQUEST_METHOD=POST", "PATH_INFO=/v1/messages",
	    "QUERY_STRING=beta=true", JSON), api_messages, 0, NULL);
	expect("", ENV("REQUEST_METHOD=POST", "PATH_INFO=/messages/"
	    "count_tokens", JSON), api_messages_count, 0, NULL);
	expect("", ENV("PATH_INFO=/v1/messages/batches/b/results"),
	    api_messages_batches, 0, NULL);
	expect("", ENV("PATH_INFO=/v1/models"), api_models, 0, NULL);
	expect("", ENV("REQUEST_METHOD=HEAD", "PATH_INFO=/v1/models"),
	    api_models, 0, NULL);
	expect("", ENV("PATH_INFO=/v1/models/a/b"), api_model, 0, NULL);
	expect("", ENV("PATH_INFO=/v1/responses/resp_1"), api_stored_get, 0,
	    NULL);
	expect("", ENV("REQUEST_METHOD=DELETE", "PATH_INFO=/responses/r"),
	    api_stored_delete, 0, NULL);
	expect("", ENV("PATH_INFO=/mount/v1/responses/responses/input_items"),
	    api_stored_items, 0, NULL);
	expect("", ENV("REQUEST_METHOD=POST",
	    "PATH_INFO=/v1/responses/resp_1/cancel"), api_stored_cancel, 0,
	    NULL);
	expect("", ENV("REQUEST_METHOD=POST",
	    "PATH_INFO=/v1/responses/input_tokens"), api_input_tokens, 0,
	    NULL);
	expect("", ENV("PATH_INFO=/healthz"), api_health, 0, NULL);
	expect("", ENV("PATH_INFO=/usage"), api_usage, 0, NULL);
	expect("", ENV("PATH_INFO=/"), page_root, 0, NULL);
}

static void
test_refusals(void **state)
{
	(void)state;
	expect("", ENV("PATH_INFO=/v1/foo"), NULL, 404, "x-request-id: req_");
	expect("", ENV("PATH_INFO=/v1/responses"), NULL, 405,
	    "\r\nAllow: POST, OPTIONS\r\n");
	expect("", ENV("REQUEST_METHOD=PUT", "PATH_INFO=/v1/chat/completions"),
	    NULL, 405, "\r\nAllow: POST, GET, HEAD, OPTIONS\r\n");
	expect("", ENV("REQUEST_METHOD=DELETE", "PATH_INFO=/v1/models"), NULL,
	    405, "\r\nAllow: GET, HEAD, OPTIONS\r\n");
	expect("", ENV("REQUEST_METHOD=PUT", "PATH_INFO=/v1/responses/resp_1"),
	    NULL, 405, "\r\nAllow: GET, HEAD, DELETE, OPTIONS\r\n");
	expect("", ENV("PATH_INFO=/v1/responses/resp_1/cancel"), NULL, 405,
	    "\r\nAllow: POST, OPTIONS\r\n");
	expect("", ENV("PATH_INFO=/v1/responses/resp_1/x/y"), NULL, 404, NULL);
	expect("", ENV("REQUEST_METHOD=POST", "PATH_INFO=/v1/responses",
	    "CONTENT_TYPE=text/plain"), NULL, 415,
	    "Content-Type: application/json\r\n");
	expect("", ENV("REQUEST_METHOD=POST", "PATH_INFO=/v1/responses", JSON,
	    "HTTP_CONTENT_ENCODING=br"), NULL, 415,
	    "\r\nAccept-Encoding: gzip, deflate, zstd\r\n");
	expect("", ENV("REQUEST_METHOD=POST", "PATH_INFO=/v1/responses", JSON,
	    "HTTP_CONTENT_ENCODING=zstd"), api_responses, 0, NULL);
	expect("{\"maxRequestBodyBytes\":2000}", ENV("REQUEST_METHOD=POST",
	    "PATH_INFO=/v1/responses", JSON, "CONTENT_LENGTH=2001"), NULL, 413,
	    NULL);
}

#define KEYS "{\"auth\":{\"apiKeys\":[\"k1\",\"key-two\"]}}"

static void
test_keys(void **state)
{
	(void)state;
	expect(KEYS, ENV("PATH_INFO=/v1/models"), NULL, 401,
	    "\r\nWWW-Authenticate: Bearer");
	expect(KEYS, ENV("PATH_INFO=/v1/models", "HTTP_X_API_KEY=k1"),
	    api_models, 0, NULL);
	expect(KEYS, ENV("PATH_INFO=/v1/models",
	    "HTTP_AUTHORIZATION=Bearer key-two"), api_models, 0, NULL);
	expect(KEYS, ENV("PATH_INFO=/v1/models",
	    "HTTP_AUTHORIZATION=bearer   k1"), api_models, 0, NULL);
	/* Some clients send both, one of them a placeholder. */
	expect(KEYS, ENV("PATH_INFO=/v1/models", "HTTP_X_API_KEY=dummy",
	    "HTTP_AUTHORIZATION=Bearer k1"), api_models, 0, NULL);
	expect(KEYS, ENV("PATH_INFO=/v1/models", "HTTP_X_API_KEY=k"), NULL, 401,
	    NULL);
	expect(KEYS, ENV("PATH_INFO=/v1/models", "HTTP_X_API_KEY=k11"), NULL,
	    401, NULL);
	expect(KEYS, ENV("PATH_INFO=/v1/models", "HTTP_X_API_KEY="), NULL, 401,
	    NULL);
	expect(KEYS, ENV("PATH_INFO=/v1/models", "HTTP_AUTHORIZATION=Basic k1"),
	    NULL, 401, NULL);
	/* No key list: any key, and none, will do. */
	expect("", ENV("PATH_INFO=/v1/models", "HTTP_X_API_KEY=dummy"),
	    api_models, 0, NULL);
	/* Open routes, and 404 does not tell strangers apart from friends. */
	expect(KEYS, ENV("PATH_INFO=/healthz"), api_health, 0, NULL);
	expect(KEYS, ENV("PATH_INFO=/"), page_root, 0, NULL);
}

static void
test_preflight(void **state)
{
	(void)state;
	expect(KEYS, ENV("REQUEST_METHOD=OPTIONS",
	    "PATH_INFO=/v1/chat/completions", "HTTP_ORIGIN=https://app.example",
	    "HTTP_ACCESS_CONTROL_REQUEST_HEADERS=authorization,x-stainless-os"),
	    NULL, 204, "\r\nAccess-Control-Allow-Headers: "
	    "authorization,x-stainless-os\r\n");
	expect(KEYS, ENV("REQUEST_METHOD=OPTIONS", "PATH_INFO=/v1/models",
	    "HTTP_ORIGIN=https://app.example"), NULL, 204,
	    "\r\nAccess-Control-Allow-Origin: https://app.example\r\n");
	/* Errors must be readable for the page, too. */
	expect(KEYS, ENV("PATH_INFO=/v1/models", "HTTP_ORIGIN=https://a.example"),
	    NULL, 401, "\r\nAccess-Control-Allow-Origin: https://a.example\r\n");
	expect(KEYS, ENV("PATH_INFO=/v1/models", "HTTP_ORIGIN=https://a.example"),
	    NULL, 401, "Access-Control-Expose-Headers: x-request-id");
}

/* Without keys a page of the internet must not spend the user's quota. */
static void
test_origins(void **state)
{
	static const struct {
		const char	*origin;
		bool		 allowed;
	} rows[] = {
		{ "HTTP_ORIGIN=http://localhost:3000", true },
		{ "HTTP_ORIGIN=http://127.0.0.1", true },
		{ "HTTP_ORIGIN=http://[::1]:80", true },
		{ "HTTP_ORIGIN=http://127.0.0.2:80", true },
		{ "HTTP_ORIGIN=https://app.localhost:1", true },
		{ "HTTP_ORIGIN=vscode-webview://abc", true },
		{ "HTTP_ORIGIN=app://obsidian.md", true },
		{ "HTTP_ORIGIN=https://listed.example", true },
		{ "HTTP_ORIGIN=https://evil.example", false },
		{ "HTTP_ORIGIN=http://localhost.evil.example", false },
		{ "HTTP_ORIGIN=http://127.0.0.1.evil.example", false },
		{ "HTTP_ORIGIN=http://evil.example:80/localhost", false },
		{ "HTTP_ORIGIN=http://evillocalhost", false },
		{ "HTTP_ORIGIN=tauri://localhost", true },
		{ "HTTP_ORIGIN=chrome-extension://abcdef", false },
		{ "HTTP_ORIGIN=ftp://evil.example", false },
		{ "HTTP_ORIGIN=blob:https://evil.example", false },
		{ "HTTP_ORIGIN=httpx://evil.example", false },
		{ "HTTP_ORIGIN=null", false },
		{ "HTTP_ORIGIN=file://", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		expect("{\"cors\":{\"allowOrigins\":[\"https://listed.example\"]}}",
		    ENV("PATH_INFO=/v1/models", rows[i].origin),
		    rows[i].allowed ? api_models : NULL, 403, NULL);
}

/* A page whose name means this machine, and requests without an origin. */
static void
test_pages(void **state)
{
	static const struct {
		const char	*conf, *host, *addr, *site, *mode, *path;
		int		 status;	/* 0: let through */
	} rows[] = {
		{ "{}", "HTTP_HOST=localhost:4141", "SERVER_ADDR=127.0.0.1", "X=",
		    "Y=", "PATH_INFO=/v1/models", 0 },
		{ "{}", "HTTP_HOST=[::1]:4141", "SERVER_ADDR=::1", "X=", "Y=",
		    "PATH_INFO=/v1/models", 0 },
		{ "{}", "HTTP_HOST=evil.example:4141", "SERVER_ADDR=127.0.0.1",
		    "X=", "Y=", "PATH_INFO=/v1/models", 403 },
		{ "{}", "HTTP_HOST=evil.example", "SERVER_ADDR=::1", "X=", "Y=",
		    "PATH_INFO=/usage", 403 },
		{ "{}", "HTTP_HOST=site.example", "SERVER_ADDR=192.0.2.1", "X=",
		    "Y=", "PATH_INFO=/v1/models", 0 },
		{ "{}", "HTTP_HOST=site.example", "X=", "X=", "Y=",
		    "PATH_INFO=/v1/models", 0 },
		{ "{\"server\":{\"hosts\":[\"copilot.lan\"]}}",
		    "HTTP_HOST=Copilot.LAN:4141", "SERVER_ADDR=127.0.0.1", "X=",
		    "Y=", "PATH_INFO=/v1/models", 0 },
		{ "{}", "HTTP_HOST=localhost", "SERVER_ADDR=127.0.0.1",
		    "HTTP_SEC_FETCH_SITE=cross-site",
		    "HTTP_SEC_FETCH_MODE=no-cors", "PATH_INFO=/v1/models", 403 },
		{ "{}", "HTTP_HOST=localhost", "SERVER_ADDR=127.0.0.1",
		    "HTTP_SEC_FETCH_SITE=cross-site",
		    "HTTP_SEC_FETCH_MODE=navigate", "PATH_INFO=/v1/models", 403 },
		{ "{}", "HTTP_HOST=localhost", "SERVER_ADDR=127.0.0.1",
		    "HTTP_SEC_FETCH_SITE=same-origin",
		    "HTTP_SEC_FETCH_MODE=cors", "PATH_INFO=/v1/models", 0 },
		{ "{}", "HTTP_HOST=localhost", "SERVER_ADDR=127.0.0.1",
		    "HTTP_SEC_FETCH_SITE=none", "HTTP_SEC_FETCH_MODE=navigate",
		    "PATH_INFO=/v1/models", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		expect(rows[i].conf, ENV(rows[i].host, rows[i].addr,
		    rows[i].site, rows[i].mode, rows[i].path),
		    rows[i].status == 0 ? api_models : NULL, rows[i].status,
		    NULL);
	/* With keys the name is no secret, and a visit may see the page. */
	expect("{\"auth\":{\"apiKeys\":[\"k\"]}}", ENV("PATH_INFO=/v1/models",
	    "HTTP_HOST=site.example", "SERVER_ADDR=127.0.0.1",
	    "HTTP_X_API_KEY=k"), api_models, 0, NULL);
	expect("{}", ENV("PATH_INFO=/", "HTTP_SEC_FETCH_SITE=cross-site",
	    "HTTP_SEC_FETCH_MODE=navigate"), page_root, 0, NULL);
}

/* A header value from outside must not bring a line of its own. */
static void
test_header_injection(void **state)
{
	exchange_handler	*handler;
	struct exchange		*x;
	struct buf		 out = { 0 };

	(void)state;
	x = ask(KEYS, ENV("REQUEST_METHOD=OPTIONS", "PATH_INFO=/v1/models",
	    "HTTP_ORIGIN=https://a.example\r\nSet-Cookie: x=1"), &handler);
	reply_print(&x->reply, &x->req, &out);
	assert_null(strstr(out.p, "Set-Cookie"));
	buf_finish(&out);
	exchange_destroy(x);
}

/* What the log shows of a path. */
static const struct {
	const char *path, *shown;
} paths[] = {
	{ "/v1/chat/completions", "/v1/chat/completions" },
	{ "/copilot/v1/models/", "/copilot/v1/models/" },
	{ "/v1/v1/chat/completion", "/v1/v1/chat/completion" },
	{ "/v1/models/gpt-4o-2024-05-13", "/v1/models/gpt-4o-2024-05-13" },
	{ "/openai/deployments/claude-sonnet-4.6/chat/completions?"
	    "api-version=2024-10-21", "/openai/deployments/claude-sonnet-4.6/"
	    "chat/completions?api-version=2024-10-21" },
	{ "/v1/responses/resp_0123456789abcdef/input_items?limit=20&order=asc&"
	    "include[]=a.b&after=msg_12ab", "/v1/responses/resp_0123456789abcdef"
	    "/input_items?limit=20&order=asc&include[]=a.b&after=msg_12ab" },
	{ "/", "/" },
	{ "", "" },
	{ "*", "***" },
	/* Keys as services call them, as they look, and as they are here. */
	{ "/v1/sk-abc/models", "/v1/***/models" },
	{ "/SK-proj-1/v1/models", "/***/v1/models" },
	{ "/ghu_abcdefgh/v1/models", "/***/v1/models" },
	{ "/v1/models/sk-proj-abc", "/v1/models/***" },
	{ "/v1/models?key=abc", "/v1/models?key=***" },
	{ "/v1/models?limit=1;api_key=abc&token=x", "/v1/models?limit=1;"
	    "api_key=***&token=***" },
	{ "/8f14e45fceea167a/v1/models", "/***/v1/models" },
	{ "/v1/models?a=8f14e45fceea167a", "/v1/models?a=***" },
	{ "/v1/%73k-abc", "/v1/***" },
	{ "/our-word/v1/models", "/***/v1/models" },
	{ "/models/xour-wordx", "/models/***" },
	{ "/v1/models?our-word", "/v1/models?***" },
	{ "/a/\xc3\xa4", "/a/***" },
};

static void
test_mask(void **state)
{
	struct conf	*conf = configuration("{\"auth\": {\"apiKeys\": ["
			    "\"our-word\"]}}");
	char		 out[200], little[8], *many;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		mask_path(paths[i].path, conf, out, sizeof(out));
		assert_string_equal(out, paths[i].shown);
	}
	assert_string_equal(mask_model("openai/gpt-5.4", conf),
	    "openai/gpt-5.4");
	assert_string_equal(mask_model("sk-abc", conf), "***");
	assert_string_equal(mask_model("my our-word", conf), "***");
	many = xcalloc(1, 100001);
	memset(many, '/', 100000);
	mask_path(many, conf, out, sizeof(out));
	assert_int_equal(strlen(out), sizeof(out) - 1);
	free(many);
	mask_path("/v1/8f14e45fceea167a/v1", conf, little, sizeof(little));
	assert_string_equal(little, "/v1/***");
	conf_unref(conf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_preflight),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_mask),
		cmocka_unit_test(test_header_injection),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
