/* config.json: defaults, values, one broken file per message, and edits. */
#include "config.h"

#include <sys/stat.h>

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
#include "base/js.h"
#include "base/util.h"

static char home[] = "/tmp/conf-t.XXXXXX";
static const struct conf_override none;

static void
put_file(const char *text, size_t n)
{
	char	*path = xasprintf("%s/config.json", home);
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
	free(path);
}

static struct conf *
load_with(const char *text, const struct conf_override *o)
{
	struct conf	*c;
	struct err	 err;

	put_file(text, strlen(text));
	if ((c = conf_load(home, o, &err)) == NULL)
		fail_msg("%s: %s", text, err.msg);
	return c;
}

static struct conf *
load(const char *text)
{
	return load_with(text, &none);
}

/* What a key is worth, as JSON. */
static void
assert_value(const struct conf *c, const char *key, const char *json)
{
	struct buf	 out = { 0 };
	json_object	*value;
	size_t		 i;

	for (i = 0; conf_key_name(i) != NULL; i++)
		if (strcmp(conf_key_name(i), key) == 0)
			break;
	assert_non_null(conf_key_name(i));
	value = conf_key_value(c, i);
	js_print(value, &out);
	json_object_put(value);
	assert_string_equal(buf_str(&out), json);
	buf_finish(&out);
}

static const struct {
	const char	*key, *json;
} defaults[] = {
	{ "auth.apiKeys", "[]" },
	{ "auth.open", "false" },
	{ "useResponsesApiWebSearch", "true" },
	{ "modelMappings", "{}" },
	{ "upstreamTransport.headersTimeoutMs", "300000" },
	{ "upstreamTransport.streamInactivityTimeoutMs", "300000" },
	{ "upstreamTransport.connectTimeoutMs", "10000" },
	{ "upstreamTransport.httpVersion", "\"1.1\"" },
	{ "upstreamTransport.caFile", "\"\"" },
	{ "githubBaseUrl", "\"https://github.com\"" },
	{ "githubApiBaseUrl", "\"https://api.github.com\"" },
	{ "copilotBaseUrl", "\"\"" },
	{ "accountType", "\"individual\"" },
	{ "githubTokenCommand", "[]" },
	{ "oauthClientId", "\"Iv1.b507a08c87ecfe98\"" },
	{ "editorVersion", "\"vscode/1.104.3\"" },
	{ "editorPluginVersion", "\"copilot-chat/0.50.1\"" },
	{ "githubApiVersion", "\"2026-08-01\"" },
	{ "copilotIntegrationId", "\"vscode-chat\"" },
	{ "defaultAccount", "\"default\"" },
	{ "autoModel", "\"asked\"" },
	{ "promptCache", "true" },
	{ "longContext", "false" },
	{ "claudeUpstream", "\"messages\"" },
	{ "reasoningSummaries", "\"asked\"" },
	{ "sseKeepAliveSeconds", "10" },
	{ "sseKeepAliveEvents", "\"codex\"" },
	{ "drainTimeoutSeconds", "30" },
	{ "maxRequestBodyBytes", "67108864" },
	{ "maxResponseBodyBytes", "67108864" },
	{ "maxConcurrentRequests", "2048" },
	{ "responders", "1" },
	{ "server.hosts", "[]" },
	{ "maxMemoryBytes", "0" },
	{ "maxKeyPercent", "50" },
	{ "cors.allowOrigins", "[]" },
	{ "fetchImages", "\"public\"" },
	{ "storedResponses.enabled", "true" },
	{ "storedResponses.maxAgeDays", "30" },
	{ "storedResponses.maxBytes", "1073741824" },
	{ "backgroundResponses.maxPerKey", "16" },
	{ "backgroundResponses.maxMinutes", "60" },
	{ "usage.cost", "true" },
	{ "usage.ledger", "true" },
	{ "usage.hourlyDays", "31" },
	{ "usage.dailyDays", "400" },
	{ "usage.monthlyDays", "3650" },
	{ "metrics.enabled", "true" },
	{ "metrics.keyNames", "false" },
	{ "metrics.allowFrom", "[]" },
	{ "stateUrl", "\"\"" },
	{ "stateConnections", "8" },
	{ "logLevel", "\"info\"" },
};

static void
assert_defaults(const struct conf *c)
{
	size_t i;

	for (i = 0; i < COUNT(defaults); i++)
		assert_value(c, defaults[i].key, defaults[i].json);
	assert_null(conf_key_name(i));
}

/* No file, an empty one, blanks, {}, nulls and other programs' keys. */
static void
test_defaults(void **state)
{
	static const char *const texts[] = {
		"", " \r\n\t\n", "{}", "\xef\xbb\xbf", "\xef\xbb\xbf{}",
		"{\"auth\":null,\"accountType\":null,\"cors\":{}}",
		("{\"providers\":{\"x\":[1,{\"accountType\":3}]},"
		"\"smallModel\":1,\"upstreamTransport\":"
		"{\"websocketOpenTimeoutMs\":\"x\"}}"),
	};
	struct conf	*c;
	struct err	 err;
	size_t		 i;

	(void)state;
	c = conf_load("/nonexistent/dir", NULL, &err);
	assert_non_null(c);
	assert_defaults(c);
	conf_unref(c);
	for (i = 0; i < COUNT(texts); i++) {
		c = load(texts[i]);
		assert_defaults(c);
		conf_unref(c);
	}
}

static void
test_values(void **state)
{
	static const struct {
		const char *text, *key, *json;
	} t[] = {
		{ "{\"useResponsesApiWebSearch\":false}",
		    "useResponsesApiWebSearch", "false" },
		{ "{\"upstreamTransport\":{\"headersTimeoutMs\":0}}",
		    "upstreamTransport.headersTimeoutMs", "0" },
		{ "{\"responsesTransport\":{\"headersTimeoutMs\":7}}",
		    "upstreamTransport.headersTimeoutMs", "7" },
		{ "{\"responsesTransport\":{\"headersTimeoutMs\":7},"
		    "\"upstreamTransport\":{\"headersTimeoutMs\":9}}",
		    "upstreamTransport.headersTimeoutMs", "9" },
		{ "{\"responsesTransport\":"
		    "{\"streamInactivityTimeoutMs\":5e3}}",
		    "upstreamTransport.streamInactivityTimeoutMs", "5000" },
		{ "{\"upstreamTransport\":{\"httpVersion\":\"2\"}}",
		    "upstreamTransport.httpVersion", "\"2\"" },
		{ "{\"upstreamTransport\":{\"caFile\":\"/etc/passwd\"}}",
		    "upstreamTransport.caFile", "\"/etc/passwd\"" },
		{ "{\"githubBaseUrl\":\"https://octo.ghe.com//\"}",
		    "githubBaseUrl", "\"https://octo.ghe.com\"" },
		{ "{\"copilotBaseUrl\":\"http://127.0.0.1:81/x/\"}",
		    "copilotBaseUrl", "\"http://127.0.0.1:81/x\"" },
		{ "{\"copilotBaseUrl\":\"\"}", "copilotBaseUrl", "\"\"" },
		{ "{\"accountType\":\"business\"}", "accountType",
		    "\"business\"" },
		{ "{\"sseKeepAliveSeconds\":0}", "sseKeepAliveSeconds", "0" },
		{ "{\"sseKeepAliveSeconds\":0.25}", "sseKeepAliveSeconds",
		    "0.25" },
		{ "{\"sseKeepAliveSeconds\":30}", "sseKeepAliveSeconds", "30" },
		{ "{\"sseKeepAliveEvents\":\"always\"}", "sseKeepAliveEvents",
		    "\"always\"" },
		{ "{\"fetchImages\":\"off\"}", "fetchImages", "\"off\"" },
		{ "{\"fetchImages\":[]}", "fetchImages", "\"off\"" },
		{ "{\"fetchImages\":[\"public\"]}", "fetchImages",
		    "\"public\"" },
		{ "{\"fetchImages\":[\"http://*.a-b.c\",\"10.0.0.0/8\","
		    "\"http://fd00::/8\"]}", "fetchImages",
		    "[\"http://*.a-b.c\",\"10.0.0.0/8\","
		    "\"http://fd00::/8\"]" },
		{ "{\"cors\":{\"allowOrigins\":[\" https://a.b/ \",\"*\"]}}",
		    "cors.allowOrigins", "[\"https://a.b\",\"*\"]" },
		{ "{\"storedResponses\":{\"enabled\":false,\"maxAgeDays\":1}}",
		    "storedResponses.enabled", "false" },
		{ "{\"logLevel\":\"debug\"}", "logLevel", "\"debug\"" },
		{ "{\"modelMappings\":{\"a\":\"b\",\"c\":\"codex/d\"}}",
		    "modelMappings", "{\"a\":\"b\"}" },
		{ "{\"auth\":{\"apiKeys\":[\"a\",\"b\"]}}", "auth.apiKeys",
		    "[\"****\",\"****\"]" },
	};
	struct conf	*c;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		c = load(t[i].text);
		assert_value(c, t[i].key, t[i].json);
		conf_unref(c);
	}
}

#define NUMBER(range) "expected a whole number from " range
#define URL "expected an https:// address (plain http:// only for "	\
	"localhost, 127.0.0.0/8 and [::1])"

#define CREDITS "expected a number of credits from 0 to 1000000000"
#define KEYS(list) "{\"auth\":{\"apiKeys\":[" list "]}}"

/* One broken file per message: "PATH:" and what follows it. */
static const struct {
	const char *text, *msg;
} broken[] = {
	{ "{\n\"a\":\n}", "3: not valid JSON: " },
	{ "{\"a\":1", "1: not valid JSON: unexpected end of data at column 7" },
	{ "{}\n{}", "2: not valid JSON: " },
	{ "[]", "1: expected an object in { }" },
	{ "null", "1: expected an object in { }" },
	{ "{\n\n\"auth\": []}", "3: auth: expected an object" },
	{ "{\"auth\":{\n\"apiKeys\":\"x\"}}",
	    "2: auth.apiKeys: expected an array of strings" },
	{ "{\"auth\":{\"apiKeys\":[\"\"]}}", "1: auth.apiKeys[0]: is empty; " },
	{ "{\"auth\":{\"apiKeys\":[\"a\",\" \"]}}", "1: auth.apiKeys[1]: is "
	    "empty; " },
	{ "{\"auth\":{\"apiKeys\":[123]}}", "1: auth.apiKeys: expected an "
	    "array of strings, and none of its entries is one" },
	{ KEYS("{}"), "1: auth.apiKeys[0].key: is missing" },
	{ KEYS("{\"key\":null}"), "1: auth.apiKeys[0].key: is missing" },
	{ KEYS("{\"key\":5}"), "1: auth.apiKeys[0].key: expected a string" },
	{ KEYS("\"a\",{\"key\":\" \"}"), "1: auth.apiKeys[1].key: is empty; " },
	{ KEYS("\"a\",\n{\"key\":\"a\"}"),
	    "1: auth.apiKeys[1].key: another entry has this key, too" },
	{ KEYS("{\"key\":\"a\",\"name\":\"n\"},\"a\""),
	    "1: auth.apiKeys[1]: another entry has this key, too" },
	{ KEYS("{\"key\":\"a\",\"name\":\"n\"},{\"key\":\"b\",\"name\":\"n\"}"),
	    "1: auth.apiKeys[1].name: another entry has it, too" },
	{ KEYS("{\"key\":\"a\",\"name\":\"\"}"),
	    "1: auth.apiKeys[0].name: must not be empty" },
	{ KEYS("{\"key\":\"a\",\"name\":\"a\\u0001b\"}"),
	    "1: auth.apiKeys[0].name: must not contain control characters" },
	{ KEYS("{\"key\":\"a\",\"monthlycredit\":1}"), "1: auth.apiKeys[0]."
	    "monthlycredit: unknown member; did you mean monthlyCredits?" },
	{ KEYS("{\"key\":\"a\",\"%n\":1}"),
	    "1: auth.apiKeys[0].%n: unknown member" },
	{ KEYS("{\"key\":\"a\",\"monthlyCredits\":\"1\"}"),
	    "1: auth.apiKeys[0].monthlyCredits: " CREDITS },
	{ KEYS("{\"key\":\"a\",\"dailyCredits\":-1}"),
	    "1: auth.apiKeys[0].dailyCredits: " CREDITS },
	{ KEYS("{\"key\":\"a\",\"dailyCredits\":1e300}"),
	    "1: auth.apiKeys[0].dailyCredits: " CREDITS },
	{ KEYS("{\"key\":\"a\",\"models\":[]}"),
	    "1: auth.apiKeys[0].models: expected an array of names of models, one at least" },
	{ KEYS("{\"key\":\"a\",\"models\":[\"x\",1]}"),
	    "1: auth.apiKeys[0].models: expected an array of names of models, one at least" },
	{ KEYS("{\"key\":\"a\",\"admin\":1}"),
	    "1: auth.apiKeys[0].admin: expected true or false" },
	{ KEYS("{\"key\":\"a\",\"account\":1}"),
	    "1: auth.apiKeys[0].account: expected a string" },
	{ "{\"usage\":\n{\"ledger\":false},\"auth\":{\"apiKeys\":[{\"key\":\"a\","
	    "\"dailyCredits\":1}]}}", "2: usage.ledger: has to be true, " },
	{ "{\"apiKey\":1}", "1: apiKey: expected a string" },
	{ "{\n\"useResponsesApiWebSearch\":\n1}",
	    "3: useResponsesApiWebSearch: expected true or false" },
	{ "{\"modelMappings\":[]}",
	    "1: modelMappings: expected an object of strings" },
	{ "{\n\"modelMappings\":\n{\"a\":1}}",
	    "3: modelMappings.a: expected the name of a model" },
	{ "{\n\"modelMappings\":\n{\n\"gpt-4.1\":1}}",
	    "3: modelMappings.gpt-4.1: expected the name of a model" },
	{ "{\"upstreamTransport\":{\"headersTimeoutMs\":-1}}",
	    "1: upstreamTransport.headersTimeoutMs: "
	    NUMBER("0 to 86400000") },
	{ "{\"responsesTransport\":{\n\"headersTimeoutMs\":\"1\"}}",
	    "2: responsesTransport.headersTimeoutMs: "
	    NUMBER("0 to 86400000") },
	{ "{\"responsesTransport\":1}",
	    "1: responsesTransport: expected an object" },
	{ "{\"upstreamTransport\":{\"connectTimeoutMs\":0}}",
	    "1: upstreamTransport.connectTimeoutMs: " NUMBER("1 to 600000") },
	{ "{\"upstreamTransport\":{\"connectTimeoutMs\":1.5}}",
	    "1: upstreamTransport.connectTimeoutMs: " NUMBER("1 to 600000") },
	{ "{\"upstreamTransport\":{\"httpVersion\":\"3\"}}",
	    "1: upstreamTransport.httpVersion: expected one of these as a "
	    "string: 1.1, 2" },
	{ "{\"upstreamTransport\":{\"httpVersion\":2}}",
	    "1: upstreamTransport.httpVersion: expected one of these as a "
	    "string: 1.1, 2" },
	{ "{\"upstreamTransport\":{\"caFile\":\"ca.pem\"}}",
	    "1: upstreamTransport.caFile: expected the absolute path of a file "
	    "that can be read" },
	{ "{\"githubBaseUrl\":\"http://github.com\"}",
	    "1: githubBaseUrl: " URL },
	{ "{\"githubBaseUrl\":\"\"}", "1: githubBaseUrl: " URL },
	{ "{\"copilotBaseUrl\":\"x\"}", "1: copilotBaseUrl: " URL },
	{ "{\"copilotBaseUrl\":5}", "1: copilotBaseUrl: expected a string" },
	{ "{\"accountType\":\"team\"}", "1: accountType: expected one of these "
	    "as a string: individual, business, enterprise" },
	{ "{\"oauthClientId\":\"\"}", "1: oauthClientId: must not be empty" },
	{ "{\"editorVersion\":\"a\\r\\nb: c\"}",
	    "1: editorVersion: must not contain control characters" },
	{ "{\"editorVersion\":\"a\\u0000b\"}",
	    "1: editorVersion: must not contain control characters" },
	{ "{\"sseKeepAliveSeconds\":31}",
	    "1: sseKeepAliveSeconds: expected a number from 0 to 30" },
	{ "{\"sseKeepAliveEvents\":\"sometimes\"}",
	    "1: sseKeepAliveEvents: expected one of "
	    "these as a string: codex, always, never" },
	{ "{\"sseKeepAliveSeconds\":\"10\"}",
	    "1: sseKeepAliveSeconds: expected a number from 0 to 30" },
	{ "{\"maxRequestBodyBytes\":1e300}",
	    "1: maxRequestBodyBytes: " NUMBER("1024 to 1073741824") },
	{ "{\"maxRequestBodyBytes\":99999999999999999999999}",
	    "1: maxRequestBodyBytes: " NUMBER("1024 to 1073741824") },
	{ "{\"maxConcurrentRequests\":0}",
	    "1: maxConcurrentRequests: " NUMBER("1 to 65536") },
	{ "{\"cors\":{\"allowOrigins\":\"*\"}}",
	    "1: cors.allowOrigins: expected an array of strings" },
	{ "{\"cors\":{\"allowOrigins\":[\"*\",1]}}", "1: cors.allowOrigins: "
	    "expected an array of strings such as \"https://app.example\" or "
	    "\"*\"" },
	{ "{\"fetchImages\":true}", "1: fetchImages: expected" },
	{ "{\"fetchImages\":\"all\"}", "1: fetchImages: expected" },
	{ "{\"fetchImages\":[\"https://a.b\"]}", "1: fetchImages: expected" },
	{ "{\"fetchImages\":[\"a.b/c\"]}", "1: fetchImages: expected" },
	{ "{\"fetchImages\":[\"10.0.0.0/33\"]}", "1: fetchImages: expected" },
	{ "{\"fetchImages\":[5]}", "1: fetchImages: expected" },
	{ "{\"cors\":\n5}", "2: cors: expected an object" },
	{ "{\"storedResponses\":{\"maxAgeDays\":true}}",
	    "1: storedResponses.maxAgeDays: " NUMBER("1 to 36500") },
	{ "{\"logLevel\":\"loud\"}", "1: logLevel: expected one of these as a "
	    "string: error, warn, info, debug" },
};

static void
test_broken(void **state)
{
	struct conf	*c;
	struct err	 err;
	char		*want;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(broken); i++) {
		put_file(broken[i].text, strlen(broken[i].text));
		c = conf_load(home, &none, &err);
		if (c != NULL)
			fail_msg("%s was accepted", broken[i].text);
		want = xasprintf("%s/config.json:%s", home, broken[i].msg);
		if (!util_starts(err.msg, want))
			fail_msg("%s: got  %s\nwant %s", broken[i].text,
			    err.msg, want);
		free(want);
	}
}

/* Any byte string gives a configuration or a reason; every prefix does. */
static void
test_hostile(void **state)
{
	static const char text[] = "{\"auth\":{\"apiKeys\":[\"k\",1,null]},"
	    "\"modelMappings\":{\"a.b\":\"c\",\"\":\"x/y\"},\"cors\":"
	    "{\"allowOrigins\":[\"\"]},\"sseKeepAliveSeconds\":1e-9,"
	    "\"githubBaseUrl\":\"https://[::1]:1\",\"x\":\"\\ud83d\\ude00\"}";
	struct err	err;
	size_t		n;

	(void)state;
	for (n = 0; n <= strlen(text); n++) {
		put_file(text, n);
		conf_unref(conf_load(home, &none, &err));
	}
	put_file("\0\0\0", 3);
	assert_null(conf_load(home, &none, &err));
	put_file("{\"\xff\":1}", 7);
	assert_null(conf_load(home, &none, &err));
}

static void
test_keys(void **state)
{
	static const struct conf_override env = { .api_key = " env-key\n" };
	static const struct conf_override blank = { .api_key = "" };
	struct conf *c;

	(void)state;
	c = load("{\"apiKey\":\"old\",\"auth\":{\"apiKeys\":"
	    "[\" a \",\"b\",7,\"a\",null,\"b\\n\"]}}");
	assert_int_equal(c->nkeys, 2);
	assert_string_equal(c->keys[0].key, "a");
	assert_string_equal(c->keys[1].key, "b");
	conf_unref(c);

	c = load_with("{\"auth\":{\"apiKeys\":[\"a\"]}}", &env);
	assert_int_equal(c->nkeys, 1);
	assert_string_equal(c->keys[0].key, "a");
	assert_false(c->from_environment);
	conf_unref(c);

	c = load_with("{\"apiKey\":\"old\"}", &env);
	assert_int_equal(c->nkeys, 1);
	assert_string_equal(c->keys[0].key, "env-key");
	assert_true(c->from_environment);
	conf_unref(c);

	c = load_with("{\"apiKey\":\" old \",\"auth\":{\"apiKeys\":[]}}",
	    &blank);
	assert_string_equal(c->keys[0].key, "old");
	assert_false(c->from_environment);
	conf_unref(c);

	c = load_with("{\"apiKey\":\"\"}", &blank);
	assert_int_equal(c->nkeys, 0);
	conf_unref(c);
}

/* Entries with names and budgets, beside those that are only keys. */
static void
test_key_objects(void **state)
{
	static const char	 text[] = KEYS("\"plain\","
	    "{\"key\":\" k1 \",\"name\":\"alice\",\"monthlyCredits\":12.5,"
	    "\"dailyCredits\":0,\"models\":[\"gpt-5*\",\"claude-x\"],"
	    "\"account\":\"work\"},{\"key\":\"k2\",\"name\":null}");
	const struct conf_key	*k;
	struct conf		*c = load(text);

	(void)state;
	assert_int_equal(c->nkeys, 3);
	k = c->keys;
	assert_false(k->named);
	assert_int_equal(strlen(k->name), 10);
	assert_true(util_starts(k->name, "key-"));
	assert_true(k->monthly == -1 && k->daily == -1);
	assert_null(k->account);
	assert_true(conf_key_allows(k, "any"));
	assert_true(conf_key_allows(NULL, "any"));
	k++;
	assert_string_equal(k->key, "k1");
	assert_string_equal(k->name, "alice");
	assert_true(k->named);
	assert_true(k->monthly == INT64_C(12500000000) && k->daily == 0);
	assert_string_equal(k->account, "work");
	assert_true(conf_key_allows(k, "gpt-5.5"));
	assert_true(conf_key_allows(k, "claude-x"));
	assert_false(conf_key_allows(k, "claude-x2"));
	assert_false(conf_key_allows(k, "gpt-4.1"));
	k++;
	assert_string_equal(k->key, "k2");
	assert_string_not_equal(k->name, c->keys[0].name);
	assert_value(c, "auth.apiKeys", "[\"****\",{\"key\":\"****\","
	    "\"name\":\"alice\",\"monthlyCredits\":12.5,\"dailyCredits\":0.0,"
	    "\"models\":[\"gpt-5*\",\"claude-x\"],\"account\":\"work\"},"
	    "\"****\"]");
	conf_unref(c);
}

static void
test_enterprise(void **state)
{
	static const char *const good[] = {
		"octo.ghe.com", "https://octo.ghe.com", "octo.ghe.com/",
		"HTTPS://octo.ghe.com//",
	};
	static const char *const bad[] = {
		"octo ghe", "http://octo.ghe.com", "a/b", "user@octo.ghe.com",
		"https://", "/", "[::1]", "a?b", "a\nb",
	};
	struct conf_override	 o = { 0 };
	struct conf		*c;
	struct err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		o.enterprise_url = good[i];
		c = load_with("{}", &o);
		assert_string_equal(c->github_base_url, "https://octo.ghe.com");
		assert_string_equal(c->github_api_base_url,
		    "https://api.octo.ghe.com");
		assert_string_equal(c->copilot_base_url,
		    "https://copilot-api.octo.ghe.com");
		conf_unref(c);
	}
	c = load_with("{\"copilotBaseUrl\":\"http://[::1]:9/\"}", &o);
	assert_string_equal(c->copilot_base_url, "http://[::1]:9");
	assert_string_equal(c->github_base_url, "https://octo.ghe.com");
	conf_unref(c);
	for (i = 0; i < COUNT(bad); i++) {
		o.enterprise_url = bad[i];
		assert_null(conf_load(home, &o, &err));
		assert_true(util_starts(err.msg, "--enterprise-url: "));
	}
}

static void
test_override(void **state)
{
	struct conf_override	 o = { .account_type = "enterprise",
				    .verbose = true };
	struct conf		*c;
	struct err		 err;

	(void)state;
	c = load_with("{\"accountType\":\"business\",\"logLevel\":\"error\"}",
	    &o);
	assert_string_equal(c->account_type, "enterprise");
	assert_int_equal(c->log_level, LOG_DEBUG);
	conf_unref(c);
	o.account_type = "solo";
	assert_null(conf_load(home, &o, &err));
	assert_true(util_starts(err.msg, "--account-type: "));
}

static void
test_url(void **state)
{
	static const char *const good[] = {
		"https://github.com", "https://a_b.c-d.e:8443/x/y",
		"HTTPS://X", "http://localhost", "http://LOCALHOST:80/",
		"http://127.0.0.1:8080", "http://127.255.1.2", "http://[::1]",
		"http://[::1]:1/x", "https://[2001:db8::1]:443",
		"http://[0:0:0:0:0:0:0:1]",
	};
	static const char *const bad[] = {
		"", "github.com", "ftp://x", "https://", "https:///x",
		"http://github.com", "http://localhost.evil.com",
		"http://127.0.0.1.evil.com", "http://localhost@evil.com",
		"http://127.0.0.1:80@evil.com", "https://user:pw@host",
		"http://128.0.0.1", "http://0x7f.1", "http://[::2]",
		"http://[::1", "http://[]", "http://[::1]x",
		"http://[::1]@evil.com", "https://a b", "https://a\nb",
		"https://a?x", "https://a#x", "https://a:", "https://a:12x",
		"https://a:1234567", "https://\xc3\xa4", "http://localhost\\@x",
		"https://:80", "http://127.1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++)
		if (!conf_url_allowed(good[i]))
			fail_msg("refused: %s", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		if (conf_url_allowed(bad[i]))
			fail_msg("accepted: %s", bad[i]);
}

static void
test_map(void **state)
{
	struct conf *c = load("{\"modelMappings\":{\"gpt-4\":\"gpt-4.1\","
	    "\"gpt-4.1\":\"x\",\"self\":\"self\"}}");

	(void)state;
	assert_string_equal(conf_map_model(c, "gpt-4"), "gpt-4.1");
	assert_string_equal(conf_map_model(c, "gpt-4.1"), "x");
	assert_string_equal(conf_map_model(c, "self"), "self");
	assert_string_equal(conf_map_model(c, "GPT-4"), "GPT-4");
	assert_string_equal(conf_map_model(c, ""), "");
	conf_unref(c);
}

/* The file's log level in force, after at most so many looks. */
static void
assert_becomes(struct conf_file *f, const char *type, int tries)
{
	struct conf	*c;
	bool		 yes = false;

	while (!yes && tries-- > 0) {
		usleep(1050000);
		c = conf_file_get(f);
		yes = strcmp(c->account_type, type) == 0;
		conf_unref(c);
	}
	assert_true(yes);
}

static void
write_text(const char *text)
{
	put_file(text, strlen(text));
}

/* An edit counts, a broken one does not, a vanished file only when it stays. */
static void
test_edit(void **state)
{
	struct conf_file	*f;
	struct conf		*old, *c;
	char			*path = xasprintf("%s/config.json", home);

	(void)state;
	write_text("{\"accountType\":\"business\",\"logLevel\":\"error\"}");
	f = conf_file_create(home, &none);
	assert_false(log_enabled(LOG_WARN));
	old = conf_file_get(f);
	c = conf_file_get(f);
	assert_ptr_equal(c, old);
	conf_unref(c);

	write_text("{\"accountType\":\"enterprise\",\"logLevel\":\"warn\"}");
	assert_becomes(f, "enterprise", 1);
	assert_true(log_enabled(LOG_WARN));
	assert_string_equal(old->account_type, "business");
	conf_unref(old);

	write_text("{\"accountType\":\"indi");
	assert_becomes(f, "enterprise", 1);
	write_text("{\"accountType\":\"business\"}");
	assert_becomes(f, "business", 1);

	write_text("");
	assert_becomes(f, "business", 1);
	write_text("{\"accountType\":\"enterprise\"}");
	assert_becomes(f, "enterprise", 1);

	assert_int_equal(unlink(path), 0);
	assert_becomes(f, "enterprise", 1);
	assert_becomes(f, "individual", 1);
	conf_file_destroy(f);
	conf_file_destroy(NULL);
	conf_unref(NULL);

	/* From the start: nobody is let in, until it is mended. */
	write_text("{\"logLevel\":1}");
	f = conf_file_create(home, &none);
	c = conf_file_get(f);
	assert_non_null(strstr(c->broken, "config.json:1: logLevel: "));
	conf_unref(c);
	write_text("{\"accountType\":\"business\"}");
	assert_becomes(f, "business", 1);
	c = conf_file_get(f);
	assert_null(c->broken);
	conf_unref(c);
	conf_file_destroy(f);
	free(path);
	log_set_level(LOG_ERR);
}

static int
setup(void **state)
{
	(void)state;
	log_set_level(LOG_ERR);
	return mkdtemp(home) == NULL;
}

static int
teardown(void **state)
{
	char *path = xasprintf("%s/config.json", home);

	(void)state;
	unlink(path);
	free(path);
	return rmdir(home);
}

/* After so many looks at the file: an empty one is believed at the second. */
static size_t
count_keys(struct conf_file *f, int looks)
{
	struct conf	*c;
	size_t		 n;

	for (; looks > 0; looks--) {
		usleep(1050000);
		conf_unref(conf_file_get(f));
	}
	c = conf_file_get(f);
	n = c->nkeys;
	conf_unref(c);
	return n;
}

/* Members that are no keys, and the nearest key. */
static void
test_unknown(void **state)
{
	static const struct {
		const char *file, *at, *meant;
	} cases[] = {
		{ "{\"apikeys\":[\"k\"]}", ":1: apikeys: ", "auth.apiKeys" },
		{ "{\n\"authh\":{\"apiKeys\":[\"k\"]}}", ":2: authh: ",
		    "auth?" },
		{ "{\"auth\":{\n\"apiKey\":[]}}", ":2: auth.apiKey: ",
		    "auth.apiKeys" },
		{ "{\"Auth\":{}}", ":1: Auth: ", "auth?" },
		{ "{\"loglevel\":\"warn\"}", ":1: loglevel: ", "logLevel" },
		{ "{\"smallModel\":\"x\"}", ":1: smallModel: unknown key",
		    NULL },
		{ "{\"$schema\":\"x\",\"//\":\"y\",\"modelMappings\":{"
		    "\"a\":\"b\"}}", NULL, NULL },
	};
	struct conf	*c;
	struct err	 err;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		write_text(cases[i].file);
		c = conf_load(home, &none, &err);
		assert_non_null(c);
		assert_int_equal(c->nwarnings, cases[i].at != NULL);
		if (cases[i].at != NULL)
			assert_non_null(strstr(c->warnings[0], cases[i].at));
		if (cases[i].meant != NULL)
			assert_non_null(strstr(c->warnings[0],
			    cases[i].meant));
		conf_unref(c);
	}
}

/* Once there are keys, no accident with the file lets everybody in. */
static void
test_keys_stay(void **state)
{
	static const struct conf_override closed = { .need_keys = true };
	static const char *const lost[] = {
		"", "{}", "{\"auth\":{\"apiKeys\":[\"k\"", "{\"auth\":null}",
		"{\"Auth\":{\"apiKeys\":[\"k\"]}}", "{\"auth\":{}}",
		"{\"auth\":{\"apiKeys\":null}}",
		"{\"auth\":{\"apiKeys\":[\"\"]}}",
		"{\"auth\":{\"apiKeys\":[{\"key\":\"k\",\"kind\":1}]}}",
	};
	static const char	 keys[] = "{\"auth\":{\"apiKeys\":[\"k\"]}}";
	static const char	 open[] = "{\"auth\":{\"apiKeys\":[]}}";
	struct conf_file	*f;
	size_t			 i;
	int			 need;

	(void)state;
	for (need = 0; need < 2; need++) {
		put_file(keys, strlen(keys));
		f = conf_file_create(home, need ? &closed : &none);
		for (i = 0; i < COUNT(lost) && !need; i++) {
			put_file(lost[i], strlen(lost[i]));
			assert_int_equal(count_keys(f, i == 0 ? 2 : 1), 1);
		}
		put_file(open, strlen(open));
		assert_int_equal(count_keys(f, 1), need);
		conf_file_destroy(f);
	}
}

static void
check_start(const char *json, const struct conf_override *o, bool closed)
{
	struct conf_file	*f;
	struct conf		*c;

	put_file(json, strlen(json));
	assert_non_null(f = conf_file_create(home, o));
	c = conf_file_get(f);
	assert_int_equal(c->closed, closed);
	conf_unref(c);
	conf_file_destroy(f);
}

/* A process that is started after the file was lost knows of the keys. */
static void
test_keys_stay_after_a_start(void **state)
{
	static const struct conf_override key = { .api_key = "k" };
	static const char *const lost[] = {
		"", "{}", "{\"auth\":null}", "{\"auth\":{}}",
		"{\"Auth\":{\"apiKeys\":[\"k\"]}}",
		"{\"auth\":{\"apiKeys\":null}}",
	};
	static const char	 keys[] = "{\"auth\":{\"apiKeys\":[\"k\"]}}";
	static const char *const open[] = {
		"{\"auth\":{\"apiKeys\":[]}}", "{\"auth\":{\"open\":true}}",
	};
	size_t			 i, j;

	(void)state;
	check_start(open[0], &none, false);
	for (i = 0; i < COUNT(open); i++) {
		check_start("{}", &none, false);
		check_start(keys, &none, false);
		for (j = 0; j < COUNT(lost); j++)
			check_start(lost[j], &none, true);
		check_start("{}", &key, false);
		check_start("{}", &none, true);
		check_start(open[i], &none, false);
	}
	/* A key that comes from the environment is not the file's to lose. */
	check_start("{}", &key, false);
	check_start("{}", &none, false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_key_objects),
		cmocka_unit_test(test_enterprise),
		cmocka_unit_test(test_override),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_keys_stay),
		cmocka_unit_test(test_keys_stay_after_a_start),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
