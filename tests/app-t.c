/* A GitHub App: JWTs that verify, keys that are refused, GitHub's answers. */
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
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/app.h"
#include "dir.h"

static char	 home[] = "/tmp/app-t.XXXXXX";
static char	*key_path;
static EVP_PKEY	*key;

static void
write_key(EVP_PKEY *k, mode_t mode)
{
	FILE *f = fopen(key_path, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL,
	    NULL), 1);
	fclose(f);
	assert_int_equal(chmod(key_path, mode), 0);
}

/* The bytes of base64url. */
static size_t
decode(const char *s, size_t n, unsigned char *out)
{
	char	text[2048];
	size_t	i, len = n;

	for (i = 0; i < n; i++)
		text[i] = s[i] == '-' ? '+' : s[i] == '_' ? '/' : s[i];
	while (len % 4 != 0)
		text[len++] = '=';
	assert_true(EVP_DecodeBlock(out, (unsigned char *)text,
	    (int)len) > 0);
	return n * 3 / 4;
}

static void
test_jwt(void **state)
{
	struct app	 app = { (char *)"12345", key_path, NULL };
	struct err	 err;
	unsigned char	 out[2048] = { 0 };
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	json_object	*claims;
	char		*jwt, *one, *two;
	size_t		 n;

	(void)state;
	write_key(key, 0600);
	assert_true(app_jwt(&app, 1800000000, &jwt, &err));
	assert_null(strpbrk(jwt, "+/=\n"));
	one = strchr(jwt, '.');
	two = strchr(one + 1, '.');
	decode(one + 1, (size_t)(two - one - 1), out);
	claims = js_parse_quiet((char *)out, strlen((char *)out));
	assert_true(js_is(claims, "iss", "12345"));
	assert_true(js_int(claims, "iat", 0) < 1800000000);
	assert_true(js_int(claims, "exp", 0) > 1800000000);
	assert_true(js_int(claims, "exp", 0) - js_int(claims, "iat", 0) <=
	    600);
	json_object_put(claims);
	n = decode(two + 1, strlen(two + 1), out);
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL,
	    key), 1);
	assert_int_equal(EVP_DigestVerify(ctx, out, n, (unsigned char *)jwt,
	    (size_t)(two - jwt)), 1);
	EVP_MD_CTX_free(ctx);
	free(jwt);
}

static void
assert_refused(const char *msg)
{
	struct app	 app = { (char *)"12345", key_path, NULL };
	struct err	 err;
	char		*jwt;

	assert_false(app_jwt(&app, 1800000000, &jwt, &err));
	assert_null(jwt);
	if (strstr(err.msg, msg) == NULL || strstr(err.msg, "BEGIN") != NULL)
		fail_msg("%s", err.msg);
}

static void
test_keys(void **state)
{
	static const mode_t	 modes[] = { 0644, 0640, 0604, 0660, 0602 };
	EVP_PKEY		*other = EVP_EC_gen("P-256");
	FILE			*f;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(modes); i++) {
		write_key(key, modes[i]);
		assert_refused("chmod 600");
	}
	write_key(other, 0600);
	EVP_PKEY_free(other);
	assert_refused("no RSA key");
	f = fopen(key_path, "w");
	assert_int_equal(PEM_write_PrivateKey(f, key, EVP_aes_128_cbc(),
	    (const unsigned char *)"secret", 6, NULL, NULL), 1);
	fclose(f);
	assert_refused("passphrase");
	assert_int_equal(truncate(key_path, 20), 0);
	assert_refused("no RSA key");
	unlink(key_path);
	assert_refused("No such file");
	assert_int_equal(mkdir(key_path, 0700), 0);
	assert_refused("plain file");
	rmdir(key_path);
}

static void
test_file(void **state)
{
	struct app	app = { (char *)"Iv23liX", (char *)"/k.pem",
			    (char *)"678" }, got;
	struct err	err;
	bool		there;

	(void)state;
	assert_true(app_load(home, &got, &there, &err));
	assert_false(there);
	assert_true(app_store(home, &app, &err));
	assert_true(app_load(home, &got, &there, &err));
	assert_true(there);
	assert_string_equal(got.id, "Iv23liX");
	assert_string_equal(got.key, "/k.pem");
	assert_string_equal(got.installation, "678");
	app_finish(&got);
	app.installation = (char *)"1/../2";
	assert_true(app_store(home, &app, &err));
	assert_false(app_load(home, &got, &there, &err));
	assert_non_null(strstr(err.msg, "copilot-api auth app"));
}

#define DATE "Thu, 26 Nov 2026 12:00:00 GMT"

static void
test_answers(void **state)
{
	static const struct {
		int		 status;
		const char	*body, *date;
		int64_t		 seconds;	/* -1: refused */
		int		 want;
		const char	*msg;
	} t[] = {
		{ 201, "{\"token\":\"ghs_a\",\"expires_at\":"
		    "\"2026-11-26T13:00:00Z\"}", DATE, 3600, 0, "" },
		{ 201, "{\"token\":\"ghs_a\",\"expires_at\":"
		    "\"2026-11-26T12:10:00Z\"}", DATE, 600, 0, "" },
		{ 201, "{\"token\":\"ghs_a\",\"expires_at\":"
		    "\"2026-11-26T11:00:00Z\"}", DATE, 3600, 0, "" },
		{ 201, "{\"token\":\"ghs_a\"}", NULL, 3600, 0, "" },
		{ 201, "{\"token\":\"a\\nb\"}", DATE, -1, 502, "no install" },
		{ 201, "{}", DATE, -1, 502, "no installation token" },
		{ 401, "{\"message\":\"bad \\u001b[m\"}", DATE, -1, 401,
		    "App's signature" },
		{ 403, "{\"message\":\"This installation has been "
		    "suspended\"}", DATE, -1, 403, "is suspended" },
		{ 403, "{\"message\":\"API rate limit exceeded\"}", DATE, -1,
		    429, "rate" },
		{ 404, "{\"message\":\"Not Found\"}", DATE, -1, 403,
		    "doesn't know this installation" },
		{ 500, "<html>", DATE, -1, 502, "HTTP 500" },
	};
	struct err	 err;
	char		*token;
	int64_t		 seconds;
	size_t		 i;
	bool		 ok;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		ok = app_token_read(t[i].status, t[i].body, strlen(t[i].body),
		    t[i].date, NULL, &token, &seconds, &err);
		assert_int_equal(ok, t[i].seconds >= 0);
		if (ok)
			assert_int_equal(seconds, t[i].seconds);
		else if (err.status != t[i].want ||
		    strstr(err.msg, t[i].msg) == NULL ||
		    strchr(err.msg, '\033') != NULL)
			fail_msg("%zu: %d %s", i, err.status, err.msg);
		free(token);
	}
	assert_int_equal(app_skew(DATE, 1795694400), 0);
	assert_int_equal(app_skew(DATE, 1795694400 - 90), 90);
	assert_int_equal(app_skew("yesterday", 1795694400), 0);
	assert_int_equal(app_skew(NULL, 1795694400), 0);
}

static void
test_installations(void **state)
{
	static const struct {
		const char	*body, *id, *who, *msg;
	} t[] = {
		{ "[{\"id\":678,\"account\":{\"login\":\"acme\"}}]", "678",
		    "acme", "" },
		{ "[{\"id\":678}]", "678", NULL, "" },
		{ "[]", NULL, NULL, "not installed" },
		{ "[{\"id\":1,\"account\":{\"login\":\"a\"}},{\"id\":2}]",
		    NULL, NULL, "1 (a), 2 ()" },
		{ "{}", NULL, NULL, "no list" },
		{ "[null]", NULL, NULL, "--installation" },
	};
	struct err	 err;
	char		*id, *who;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(t); i++) {
		if (app_list_read(200, t[i].body, strlen(t[i].body), &id, &who,
		    &err) != (t[i].id != NULL))
			fail_msg("%s", t[i].body);
		if (t[i].id != NULL)
			assert_string_equal(id, t[i].id);
		else if (strstr(err.msg, t[i].msg) == NULL)
			fail_msg("%s", err.msg);
		assert_int_equal(who != NULL, t[i].who != NULL);
		free(id);
		free(who);
	}
}

static int
setup(void **state)
{
	(void)state;
	key = EVP_RSA_gen(2048);
	if (mkdtemp(home) == NULL)
		return -1;
	key_path = xasprintf("%s/key.pem", home);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(key_path);
	EVP_PKEY_free(key);
	return dir_remove(home);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jwt),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_installations),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
