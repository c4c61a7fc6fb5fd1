/* A GitHub App: its file, its JWT, and GitHub's answers. */
#include "config.h"

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/http.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/app.h"
#include "copilot/github.h"

#define API_VERSION	"2022-11-28"	/* of GitHub's documented API */
#define LIFETIME	3600		/* s; of an installation's token */

/*
 * GitHub takes a JWT of 600 s at most, by its own clock. It may be a minute
 * behind us and two ahead; app_skew() makes up for more.
 */
#define JWT_BEFORE	60
#define JWT_AFTER	480

/* --- The file. */

/* "12345", "Iv23liAbc": it goes into a URL and a JWT. */
static bool
is_id(const char *s)
{
	size_t n;

	for (n = 0; s != NULL && s[n] != '\0'; n++)
		if (!isalnum((unsigned char)s[n]) && s[n] != '.')
			return false;
	return n > 0 && n <= 64;
}

static char *
text(json_object *obj, const char *key)
{
	const char *s = js_str(obj, key);

	return s != NULL ? xstrdup(s) : NULL;
}

bool
app_load(const char *home, struct app *app, bool *there, struct err *err)
{
	struct buf	 file = { 0 };
	json_object	*obj;
	bool		 ok = files_read(home, APP_FILE, &file, err);

	memset(app, 0, sizeof(*app));
	*there = ok && file.len > 0;
	if (*there) {
		obj = js_parse_quiet(buf_str(&file), file.len);
		app->id = text(obj, "app_id");
		app->key = text(obj, "key");
		app->installation = text(obj, "installation_id");
		json_object_put(obj);
		ok = (is_id(app->id) && is_id(app->installation) &&
		    app->key != NULL) || err_set(err, 500, ERR_SERVER,
		    "github_app_invalid", NULL, "%s/%s can't be read. Run: "
		    "%s auth app%s", home, APP_FILE, hint_program(),
		    hint_options());
	}
	if (!ok)
		app_finish(app);
	buf_finish(&file);
	return ok;
}

bool
app_store(const char *home, const struct app *app, struct err *err)
{
	json_object	*obj = json_object_new_object();
	struct buf	 out = { 0 };
	bool		 ok;

	js_add_str(obj, "app_id", app->id);
	js_add_str(obj, "key", app->key);
	js_add_str(obj, "installation_id", app->installation);
	js_print(obj, &out);
	buf_putc(&out, '\n');
	ok = files_write(home, APP_FILE, out.p, out.len, err);
	buf_finish(&out);
	json_object_put(obj);
	return ok;
}

void
app_finish(struct app *app)
{
	free(app->id);
	free(app->key);
	free(app->installation);
	memset(app, 0, sizeof(*app));
}

/* --- The JWT. */

static bool
key_refused(const struct app *app, const char *why, struct err *err)
{
	err_set(err, 500, ERR_SERVER, "github_app_invalid", NULL,
	    "The GitHub App's private key %s %s", app->key, why);
	err->no_retry = true;
	return false;
}

/* Nobody but the owner may read it. */
static FILE *
key_open(const struct app *app, struct err *err)
{
	struct stat	 st;
	FILE		*f;
	int		 fd;

	fd = open(app->key, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		key_refused(app, strerror(errno), err);
		return NULL;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		key_refused(app, "is not a plain file.", err);
		return NULL;
	}
	if ((st.st_mode & 077) != 0) {
		close(fd);
		key_refused(app, "can be read by other users. Run: chmod 600 "
		    "on it.", err);
		return NULL;
	}
	if ((f = fdopen(fd, "r")) == NULL)
		die("out of memory");
	return f;
}

/* A key with a passphrase is none that a server can use. */
static int
no_passphrase(char *p, int n, int write, void *arg)
{
	(void)p, (void)n, (void)write, (void)arg;
	return -1;
}

static EVP_PKEY *
key_read(const struct app *app, struct err *err)
{
	FILE		*f = key_open(app, err);
	EVP_PKEY	*key;

	if (f == NULL)
		return NULL;
	key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	fclose(f);
	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
		EVP_PKEY_free(key);
		key_refused(app, "is no RSA key in PEM form without a "
		    "passphrase. The App's page on GitHub makes one.", err);
		return NULL;
	}
	return key;
}

/* RFC 7515: base64url without padding. */
static void
add_base64(struct buf *out, const void *p, size_t n)
{
	char	*text = xmalloc(4 * ((n + 2) / 3) + 1), *s;

	EVP_EncodeBlock((unsigned char *)text, p, (int)n);
	text[strcspn(text, "=")] = '\0';
	for (s = text; *s != '\0'; s++)
		*s = *s == '+' ? '-' : *s == '/' ? '_' : *s;
	buf_puts(out, text);
	free(text);
}

static bool
sign(EVP_PKEY *key, struct buf *jwt)
{
	EVP_MD_CTX	*ctx = EVP_MD_CTX_new();
	unsigned char	*sig = NULL;
	size_t		 n = 0;
	bool		 ok;

	ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    key) == 1 && EVP_DigestSign(ctx, NULL, &n,
	    (const unsigned char *)jwt->p, jwt->len) == 1;
	if (ok) {
		sig = xmalloc(n);
		ok = EVP_DigestSign(ctx, sig, &n,
		    (const unsigned char *)jwt->p, jwt->len) == 1;
	}
	if (ok) {
		buf_putc(jwt, '.');
		add_base64(jwt, sig, n);
	}
	free(sig);
	EVP_MD_CTX_free(ctx);
	return ok;
}

bool
app_jwt(const struct app *app, int64_t now, char **jwt, struct err *err)
{
	static const char	 head[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
	EVP_PKEY		*key = key_read(app, err);
	struct buf		 out = { 0 };
	char			*claims;
	bool			 ok;

	*jwt = NULL;
	if (key == NULL)
		return false;
	claims = xasprintf("{\"iat\":%lld,\"exp\":%lld,\"iss\":\"%s\"}",
	    (long long)(now - JWT_BEFORE), (long long)(now + JWT_AFTER),
	    app->id);
	add_base64(&out, head, sizeof(head) - 1);
	buf_putc(&out, '.');
	add_base64(&out, claims, strlen(claims));
	ok = sign(key, &out) || key_refused(app, "can't sign.", err);
	if (ok)
		*jwt = buf_steal(&out);
	free(claims);
	buf_finish(&out);
	EVP_PKEY_free(key);
	return ok;
}

/* --- Requests. */

static void
request(struct http_request *req, const char *method, char *url_take,
    const char *jwt)
{
	char *authorization = xasprintf("Bearer %s", jwt);

	github_request_init(req, method, url_take);
	http_request_header(req, "Authorization", authorization);
	http_request_header(req, "X-GitHub-Api-Version", API_VERSION);
	http_request_header(req, "User-Agent", PACKAGE "/" PACKAGE_VERSION);
	free(authorization);
}

void
app_list_request(struct http_request *req, const struct conf *conf,
    const char *jwt)
{
	request(req, "GET", xasprintf("%s/app/installations",
	    conf->github_api_base_url), jwt);
}

void
app_token_request(struct http_request *req, const struct conf *conf,
    const struct app *app, const char *jwt)
{
	request(req, "POST", xasprintf("%s/app/installations/%s/access_tokens",
	    conf->github_api_base_url, app->installation), jwt);
	http_request_header(req, "Content-Type", "application/json");
	buf_puts(&req->body.own, "{}");
}

/* --- Answers. */

/* Unix seconds of a time in this form, -1 when it is none. */
static int64_t
time_of(const char *s, const char *form)
{
	struct tm	 tm = { 0 };
	const char	*end = s != NULL ? strptime(s, form, &tm) : NULL;

	return end != NULL && *end == '\0' ? (int64_t)timegm(&tm) : -1;
}

static int64_t
date_of(const char *date)
{
	return time_of(date, "%a, %d %b %Y %H:%M:%S GMT");
}

int64_t
app_skew(const char *date, int64_t now)
{
	int64_t theirs = date_of(date);

	return theirs >= 0 ? theirs - now : 0;
}

static const struct {
	int		 status;
	const char	*said, *why;	/* "said": in GitHub's message; or "" */
} refusals[] = {
	{ 401, "", "GitHub refuses the App's signature: is the key file one of "
	    "this App, and is this machine's clock right?" },
	{ 403, "suspended", "The GitHub App's installation is suspended. Its "
	    "organisation's owner can lift that." },
	{ 404, "", "GitHub doesn't know this installation of the App: it was "
	    "removed, or has another number. Install the App, then run: "
	    "{auth app}" },
};

/* *obj as github_answer() gives it. */
static bool
answer(int status, const char *body, size_t n, const char *retry_after,
    json_object **obj, struct err *err)
{
	char	said[200], why[512];
	size_t	i;

	if (github_answer(status, body, n, retry_after, obj, err))
		return true;
	github_text(said, sizeof(said), js_str(*obj, "message"));
	for (i = 0; i < COUNT(refusals); i++) {
		if (refusals[i].status != status ||
		    strcasestr(said, refusals[i].said) == NULL)
			continue;
		hint_text(why, sizeof(why), refusals[i].why);
		err_set(err, status == 401 ? 401 : 403, ERR_AUTH,
		    "github_app_refused", NULL, "%s%s%s%s", why,
		    said[0] != '\0' ? " (" : "", said,
		    said[0] != '\0' ? ")" : "");
		err->no_retry = true;
		break;
	}
	return false;
}

/* There are several: name them, so that one can be chosen. */
static bool
choose(json_object *list, struct err *err)
{
	char		 names[300] = "", one[80], who[40];
	json_object	*entry;
	size_t		 i, n = js_len(list);

	for (i = 0; i < n && i < 5; i++) {
		entry = json_object_array_get_idx(list, i);
		github_text(who, sizeof(who),
		    js_str(js_obj(entry, "account"), "login"));
		snprintf(one, sizeof(one), "%s%lld (%s)", i > 0 ? ", " : "",
		    (long long)js_int(entry, "id", 0), who);
		strncat(names, one, sizeof(names) - strlen(names) - 1);
	}
	return err_set(err, 400, ERR_REQUEST, NULL, NULL, n == 0 ?
	    "The App is not installed anywhere. Install it in the organisation "
	    "that pays for Copilot%s" : "The App has several installations; "
	    "choose one with --installation: %s", names);
}

bool
app_list_read(int status, const char *body, size_t n, char **installation,
    char **who, struct err *err)
{
	json_object	*list = js_parse_quiet(body, n), *one;
	char		 name[80];
	bool		 ok;

	*installation = *who = NULL;
	if (status == 200 && json_object_is_type(list, json_type_array) &&
	    list != NULL) {
		one = json_object_array_get_idx(list, 0);
		ok = js_len(list) == 1 && js_int(one, "id", 0) > 0;
		if (!ok)
			choose(list, err);
		else {
			*installation = xasprintf("%lld",
			    (long long)js_int(one, "id", 0));
			github_text(name, sizeof(name),
			    js_str(js_obj(one, "account"), "login"));
			*who = name[0] != '\0' ? xstrdup(name) : NULL;
		}
		json_object_put(list);
		return ok;
	}
	json_object_put(list);
	ok = answer(status, body, n, NULL, &list, err) && err_set(err, 502,
	    ERR_SERVER, "github_error", NULL,
	    "GitHub's answer holds no list of installations");
	json_object_put(list);
	return ok;
}

bool
app_token_read(int status, const char *body, size_t n, const char *date,
    const char *retry_after, char **token, int64_t *seconds, struct err *err)
{
	json_object	*obj;
	const char	*got;
	int64_t		 ends, now = date_of(date);
	bool		 ok;

	*token = NULL;
	ok = answer(status, body, n, retry_after, &obj, err);
	got = js_str(obj, "token");
	if (ok && (got == NULL || !github_is_token(got)))
		ok = err_set(err, 502, ERR_SERVER, "github_error", NULL,
		    "GitHub's answer holds no installation token");
	if (ok) {
		*token = xstrdup(got);
		/* Both times are GitHub's: our clock has no part in it. */
		ends = time_of(js_str(obj, "expires_at"), "%Y-%m-%dT%H:%M:%SZ");
		*seconds = ends > now && now >= 0 && ends - now < LIFETIME ?
		    ends - now : LIFETIME;
	}
	json_object_put(obj);
	return ok;
}
