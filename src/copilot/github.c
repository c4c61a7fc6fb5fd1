/* The GitHub side: token file, requests and what GitHub's answers mean. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/http.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/github.h"

/*
 * VS Code sends this to GitHub's own API. The Copilot API moves faster and
 * retires versions; its one is in the configuration (githubApiVersion).
 */
#define API_VERSION	"2025-04-01"

#define CALL_TIMEOUT_MS	30000
#define ANSWER_MAX	(1u << 20)
#define TOKEN_MAX	8192		/* goes into a header */
#define REFRESH_DEFAULT	1500		/* seconds; what GitHub usually says */
#define RETRY_AFTER	"60"		/* when GitHub's limit says no time */
#define SAY_TO_SIGN_IN	"Run: %s auth%s"
#define SAY_TO_FORCE	"Run: %s auth --force%s"

/* --- The token. */

const char *
github_token_file(bool enterprise)
{
	return enterprise ? GITHUB_TOKEN_FILE_ENTERPRISE : GITHUB_TOKEN_FILE;
}

bool
github_is_token(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		if ((unsigned char)s[n] <= ' ' || (unsigned char)s[n] >= 0x7f ||
		    n >= TOKEN_MAX)
			return false;
	return n > 0;
}

/* "s" without the white space around it; NULL when nothing is left. */
static char *
trimmed(const char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	for (n = strlen(s); n > 0 && isspace((unsigned char)s[n - 1]); n--)
		;
	return n > 0 ? xstrndup(s, n) : NULL;
}

static bool
token_usable(const char *token, const char *from, struct err *err)
{
	if (github_is_token(token))
		return true;
	err_set(err, 401, ERR_AUTH, "github_token_invalid", NULL,
	    "%s does not hold a GitHub token (one word on one line). "
	    SAY_TO_FORCE, from, hint_program(), hint_options());
	err->no_retry = true;
	return false;
}

bool
github_token_load(const char *home, bool enterprise, const char *given,
    const char *given_from, char **token, struct err *err)
{
	const char	*name = github_token_file(enterprise);
	struct buf	 text = { 0 };
	char		*path = NULL;
	bool		 ok;

	*token = given != NULL ? trimmed(given) : NULL;
	if (*token != NULL)
		ok = token_usable(*token, given_from != NULL ? given_from :
		    "--github-token", err);
	else if ((ok = files_read(home, name, &text, err)) &&
	    (*token = trimmed(buf_str(&text))) != NULL) {
		path = xasprintf("%s/%s", home, name);
		ok = token_usable(*token, path, err);
	}
	if (!ok) {
		free(*token);
		*token = NULL;
	}
	free(path);
	buf_finish(&text);
	return ok;
}

char *
github_token_path(const char *home, bool enterprise)
{
	return xasprintf("%s/%s", home, github_token_file(enterprise));
}

bool
github_classic(struct err *err)
{
	err_set(err, 401, ERR_AUTH, "github_token_invalid", NULL,
	    "Copilot does not accept classic personal access tokens "
	    "(ghp_...). " SAY_TO_SIGN_IN ", or use a fine-grained one "
	    "(github_pat_...) with the permission \"Copilot Requests\".",
	    hint_program(), hint_options());
	err->no_retry = true;
	return false;
}

bool
github_not_signed_in(struct err *err)
{
	err_set(err, 401, ERR_AUTH, "not_signed_in", NULL,
	    "Not signed in to GitHub. " SAY_TO_SIGN_IN, hint_program(),
	    hint_options());
	err->no_retry = true;
	return false;
}

/* --- Requests. */

char *
github_user_agent(const struct conf *conf)
{
	const char *slash = strchr(conf->editor_plugin_version, '/');

	return xasprintf("GitHubCopilotChat%s", slash != NULL ? slash : "");
}

void
github_request_init(struct http_request *req, const char *method,
    char *url_take)
{
	memset(req, 0, sizeof(*req));
	req->method = method;
	req->url = url_take;
	req->headers_timeout_ms = req->silence_timeout_ms = CALL_TIMEOUT_MS;
	req->body_max = ANSWER_MAX;
	http_request_header(req, "Accept", "application/json");
}

void
github_request(struct http_request *req, const struct conf *conf,
    const char *token, const char *path)
{
	char *agent = github_user_agent(conf), *authorization;

	github_request_init(req, "GET", xasprintf("%s%s",
	    conf->github_api_base_url, path));
	authorization = xasprintf("token %s", token);
	http_request_header(req, "Authorization", authorization);
	http_request_header(req, "X-GitHub-Api-Version", API_VERSION);
	http_request_header(req, "Editor-Version", conf->editor_version);
	http_request_header(req, "Editor-Plugin-Version",
	    conf->editor_plugin_version);
	http_request_header(req, "User-Agent", agent);
	free(authorization);
	free(agent);
}

void
github_login_request(struct http_request *req, const struct conf *conf,
    const char *path, struct buf *body)
{
	github_request_init(req, "POST", xasprintf("%s%s",
	    conf->github_base_url, path));
	http_request_header(req, "Content-Type", "application/json");
	req->body.own = *body;
	*body = (struct buf){ 0 };
}

/* --- Answers. */

void
github_text(char *out, size_t size, const char *s)
{
	size_t n = 0;

	for (; s != NULL && *s != '\0' && n < size - 1; s++) {
		if ((unsigned char)*s == 0xc2 &&
		    ((unsigned char)s[1] & 0xe0) == 0x80) {
			s++;			/* U+0080 to U+009F */
			out[n++] = ' ';
		} else if ((unsigned char)*s < 0x20 || *s == 0x7f)
			out[n++] = ' ';
		else
			out[n++] = *s;
	}
	if (s != NULL && (*s & 0xc0) == 0x80) {
		while (n > 0 && (out[n - 1] & 0xc0) == 0x80)
			n--;
		n -= n > 0;
	}
	out[n] = '\0';
}

/* GitHub's own words: "message", else what OAuth calls it. */
static void
message_of(json_object *obj, char *out, size_t size)
{
	const char *s = js_str(js_obj(obj, "error_details"), "message");

	if (s == NULL || s[0] == '\0')
		s = js_str(obj, "message");
	if (s == NULL || s[0] == '\0')
		s = js_str(obj, "error_description");
	github_text(out, size, s);
}

static bool
dead_token(struct err *err)
{
	err_set(err, 401, ERR_AUTH, "github_token_invalid", NULL,
	    "GitHub no longer accepts the stored sign-in. " SAY_TO_FORCE,
	    hint_program(), hint_options());
	err->no_retry = true;
	return false;
}

static bool
rate_limited(const char *said, struct err *err)
{
	return err_set(err, 429, ERR_RATE, "rate_limit_exceeded", NULL,
	    "GitHub limits the rate of requests: %s",
	    said[0] != '\0' ? said : "try again later");
}

/* 403 with error_details: no subscription, a blocked account, a policy. */
static bool
no_access(json_object *obj, const char *said, struct err *err)
{
	json_object	*details = js_obj(obj, "error_details");
	char		 id[60], url[200];

	github_text(id, sizeof(id), js_str(details, "notification_id"));
	github_text(url, sizeof(url), js_str(details, "url"));
	err_set(err, 403, ERR_PERMISSION, id[0] != '\0' ? id :
	    "no_copilot_access", NULL, "GitHub grants this account no access "
	    "to Copilot: %s%s%s", said[0] != '\0' ? said : "no reason given",
	    url[0] != '\0' ? " See " : "", url);
	err->no_retry = true;
	return false;
}

/*
 * An application that Copilot doesn't know, a personal access token: GitHub
 * makes no Copilot token of those, and Copilot may take them as they are.
 */
bool
github_unexchangeable(int status, const char *body, size_t n)
{
	json_object	*obj;
	char		 said[400];
	bool		 yes = status == 404;

	if (status != 403)
		return yes;
	obj = js_parse_quiet(body, n);
	message_of(obj, said, sizeof(said));
	yes = js_obj(obj, "error_details") == NULL &&
	    util_starts_nocase(said, "Resource not accessible");
	json_object_put(obj);
	return yes;
}

/* Any answer of GitHub's REST API but a good one. Always false. */
static bool
refused(int status, json_object *obj, const char *retry_after,
    struct err *err)
{
	char said[400];

	message_of(obj, said, sizeof(said));
	if (status == 401)
		dead_token(err);
	else if (status == 429 || (status == 403 &&
	    strcasestr(said, "rate limit") != NULL))
		rate_limited(said, err);
	else if (status == 403)
		no_access(obj, said, err);
	else if (status == 404) {
		err_set(err, 403, ERR_PERMISSION, "no_copilot_access", NULL,
		    "This GitHub account has no Copilot access: it has no "
		    "subscription, or the token is of another application. "
		    SAY_TO_FORCE, hint_program(), hint_options());
		err->no_retry = true;
	} else
		err_set(err, 502, ERR_SERVER, "github_error", NULL,
		    "GitHub answered HTTP %d%s%s", status,
		    said[0] != '\0' ? ": " : "", said);
	if (retry_after == NULL)
		retry_after = err->status == 429 ? RETRY_AFTER : "";
	snprintf(err->retry_after, sizeof(err->retry_after), "%s",
	    retry_after);
	return false;
}

bool
github_answer(int status, const char *body, size_t n,
    const char *retry_after, json_object **obj, struct err *err)
{
	*obj = js_parse_quiet(body, n);
	if (status < 200 || status > 299)
		return refused(status, *obj, retry_after, err);
	if (json_object_is_type(*obj, json_type_object))
		return true;
	return err_set(err, 502, ERR_SERVER, "github_error", NULL,
	    "GitHub answered HTTP %d with something that is not a JSON object",
	    status);
}

/* A member as cleaned text, NULL when absent or empty. */
static char *
text_member(json_object *obj, const char *key)
{
	char out[200];

	github_text(out, sizeof(out), js_str(obj, key));
	return out[0] != '\0' ? xstrdup(out) : NULL;
}

/* The base URL of the Copilot API, when the answer names one we may use. */
static char *
api_endpoint(json_object *obj)
{
	const char	*api = js_str(js_obj(obj, "endpoints"), "api");
	size_t		 n;

	if (api == NULL || !conf_url_allowed(api))
		return NULL;
	for (n = strlen(api); n > 0 && api[n - 1] == '/'; n--)
		;
	return xstrndup(api, n);
}

bool
github_exchange_read(int status, const char *body, size_t n,
    const char *retry_after, struct github_exchange *x, struct err *err)
{
	json_object	*obj;
	const char	*token;
	bool		 ok;

	memset(x, 0, sizeof(*x));
	ok = github_answer(status, body, n, retry_after, &obj, err);
	token = js_str(obj, "token");
	if (ok && (token == NULL || !github_is_token(token)))
		ok = err_set(err, 502, ERR_SERVER, "github_error", NULL,
		    "GitHub's answer holds no Copilot token");
	if (ok) {
		x->token = xstrdup(token);
		x->expires_at = js_int(obj, "expires_at", 0);
		x->refresh_in = js_int(obj, "refresh_in", 0);
		if (x->refresh_in <= 0 || x->refresh_in > 24 * 3600)
			x->refresh_in = REFRESH_DEFAULT;
		x->api = api_endpoint(obj);
		x->plan = text_member(obj, "sku");
	}
	json_object_put(obj);
	return ok;
}

void
github_exchange_finish(struct github_exchange *x)
{
	free(x->token);
	free(x->api);
	free(x->plan);
	memset(x, 0, sizeof(*x));
}

bool
github_login_read(int status, const char *body, size_t n, char **login,
    struct err *err)
{
	json_object	*obj;
	bool		 ok;

	*login = NULL;
	ok = github_answer(status, body, n, NULL, &obj, err);
	if (ok && (*login = text_member(obj, "login")) == NULL)
		ok = err_set(err, 502, ERR_SERVER, "github_error", NULL,
		    "GitHub's answer holds no login name");
	json_object_put(obj);
	return ok;
}

bool
github_login_name(struct http *http, const struct conf *conf,
    const char *token, char **login, struct err *err)
{
	struct http_request	req;
	struct http_reply	rep = { 0 };
	bool			ok;

	*login = NULL;
	github_request(&req, conf, token, GITHUB_PATH_LOGIN);
	ok = http_fetch(http, conf, &req, &rep, err) &&
	    github_login_read(rep.status, buf_str(&rep.body), rep.body.len,
	    login, err);
	http_reply_finish(&rep);
	http_request_finish(&req);
	return ok;
}

/* --- The quota. */

static const char *const snapshot_names[GITHUB_QUOTA__MAX] = {
	"chat", "completions", "premium_interactions"
};

/* Never a NaN, nothing absurd, so that it can be printed. */
static double
bounded(double d)
{
	return d >= 0 && d <= 1e12 ? d : 0;
}

/*
 * used = entitlement x (1 - percent_remaining / 100), never below 0 (VS Code
 * reckons so); entitlement -1 is "no limit", too, and so is 0 where credits are
 * paid.
 */
static void
snapshot_read(json_object *snap, bool credits, struct github_quota *q)
{
	double left, entitlement;

	if (snap == NULL)
		return;
	entitlement = js_double(snap, "entitlement", 0);
	q->present = true;
	q->unlimited = js_bool(snap, "unlimited", false) ||
	    !(entitlement >= 0) || (credits && entitlement == 0);
	if (q->unlimited)
		return;
	q->entitlement = bounded(entitlement);
	left = js_double(snap, "remaining", 0);
	left = js_double(snap, "quota_remaining", left);
	left = entitlement > 0 ? 100 * left / entitlement : 0;
	left = js_double(snap, "percent_remaining", left);
	q->percent_used = bounded(100 - left);
	q->used = bounded(q->entitlement * q->percent_used / 100);
}

/* The free plan: what is left in one object, the month's amount in another. */
static void
free_read(json_object *obj, const char *name, struct github_quota *q)
{
	json_object	*left = js_obj(obj, "limited_user_quotas");
	double		 n = js_double(left, name, -1), all;

	if (q->present || !(n >= 0))
		return;
	all = js_double(js_obj(obj, "monthly_quotas"), name, n);
	q->present = true;
	q->entitlement = bounded(all);
	q->used = bounded(all - n);
	q->percent_used = all > 0 ? bounded(100 * q->used / all) : 0;
}

bool
github_usage_read(int status, const char *body, size_t n,
    struct github_usage *u, struct err *err)
{
	json_object	*obj, *snaps;
	bool		 ok;
	size_t		 i;

	memset(u, 0, sizeof(*u));
	ok = github_answer(status, body, n, NULL, &obj, err);
	if (ok) {
		u->login = text_member(obj, "login");
		u->plan = text_member(obj, "copilot_plan");
		u->reset_date = text_member(obj, "quota_reset_date");
		if (u->reset_date == NULL)
			u->reset_date = text_member(obj,
			    "limited_user_reset_date");
		u->credits_used = js_double(obj, "credits_used", -1);
		if (u->credits_used >= 0)
			u->credits_used = bounded(u->credits_used);
		snaps = js_obj(obj, "quota_snapshots");
		for (i = 0; i < GITHUB_QUOTA__MAX; i++) {
			snapshot_read(js_obj(snaps, snapshot_names[i]),
			    u->credits_used >= 0, &u->quotas[i]);
			free_read(obj, snapshot_names[i], &u->quotas[i]);
		}
	}
	json_object_put(obj);
	return ok;
}

void
github_usage_finish(struct github_usage *u)
{
	free(u->login);
	free(u->plan);
	free(u->reset_date);
	memset(u, 0, sizeof(*u));
}
