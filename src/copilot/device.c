/* Signing in at GitHub by device flow: a code that a person types in. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/http.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/github.h"

#define GRANT		"urn:ietf:params:oauth:grant-type:device_code"
#define SCOPE		"read:user"

/* Seconds: what GitHub says usually, and the most we believe. */
#define EXPIRES		900
#define EXPIRES_MAX	3600
#define INTERVAL	5
#define INTERVAL_MAX	300
#define SLOWER		5	/* on a slow_down without an interval */
#define MARGIN_MS	500	/* a poll that comes early costs a slow_down */

/* --- What the answers mean. */

static int64_t
seconds(json_object *obj, const char *key, int64_t dflt, int64_t max)
{
	int64_t s = js_int(obj, key, dflt);

	return s < 0 ? dflt : s > max ? max : s;
}

/* Printable ASCII without blanks: it goes to a terminal. */
static bool
plain(const char *s)
{
	size_t n;

	if (s == NULL || s[0] == '\0')
		return false;
	for (n = 0; s[n] != '\0'; n++)
		if (s[n] <= ' ' || s[n] >= 0x7f || n >= 1000)
			return false;
	return true;
}

static bool
device_refused(int status, json_object *obj, struct err *err)
{
	char said[300];

	github_text(said, sizeof(said), js_str(obj, "error_description"));
	if (status == 429)
		return err_set(err, 429, ERR_RATE, NULL, NULL,
		    "GitHub has seen too many sign-ins from here. Wait some "
		    "minutes and try again.");
	if (status == 404 || js_is(obj, "error", "device_flow_disabled"))
		return err_set(err, 502, ERR_SERVER, NULL, NULL,
		    "GitHub offers no device sign-in for this application "
		    "(oauthClientId in config.json)%s%s",
		    said[0] != '\0' ? ": " : "", said);
	return err_set(err, 502, ERR_SERVER, NULL, NULL,
	    "GitHub answered HTTP %d to the request for a sign-in code%s%s",
	    status, said[0] != '\0' ? ": " : "", said);
}

bool
github_device_read(int status, const char *body, size_t n,
    struct github_device *d, struct err *err)
{
	json_object	*obj = js_parse_quiet(body, n);
	const char	*code = js_str(obj, "device_code");
	const char	*user = js_str(obj, "user_code");
	const char	*uri = js_str(obj, "verification_uri");
	bool		 ok;

	memset(d, 0, sizeof(*d));
	if (status < 200 || status > 299 || js_has(obj, "error"))
		ok = device_refused(status, obj, err);
	else if (!plain(code) || !plain(user) || !plain(uri) ||
	    !conf_url_allowed(uri))
		ok = err_set(err, 502, ERR_SERVER, NULL, NULL,
		    "GitHub's answer holds no sign-in code");
	else {
		d->device_code = xstrdup(code);
		d->user_code = xstrdup(user);
		d->verification_uri = xstrdup(uri);
		d->expires_ms = 1000 * seconds(obj, "expires_in", EXPIRES,
		    EXPIRES_MAX);
		d->interval_ms = 1000 * seconds(obj, "interval", INTERVAL,
		    INTERVAL_MAX);
		ok = true;
	}
	json_object_put(obj);
	return ok;
}

void
github_device_finish(struct github_device *d)
{
	free(d->device_code);
	free(d->user_code);
	free(d->verification_uri);
	memset(d, 0, sizeof(*d));
}

/* Answers that end the flow. */
static const struct {
	const char	*error, *why;
} stops[] = {
	{ "expired_token", "The code has expired before it was entered. Start "
	    "again for a new one." },
	{ "access_denied", "The sign-in was cancelled on GitHub's page." },
	{ "incorrect_device_code", "GitHub does not know this sign-in code any "
	    "more. Start again for a new one." },
	{ "incorrect_client_credentials", "GitHub does not know this "
	    "application (oauthClientId in config.json)." },
	{ "device_flow_disabled", "This application may not use device sign-in "
	    "(oauthClientId in config.json)." },
	{ "unsupported_grant_type", "GitHub does not offer device sign-in "
	    "here." },
};

/* Not in the table: GitHub's own words, or at least the status. */
static enum github_poll
stop(const char *error, int status, json_object *obj, struct err *err)
{
	char	said[300], name[60];
	size_t	i;

	github_text(name, sizeof(name), error);
	for (i = 0; i < COUNT(stops); i++)
		if (strcmp(name, stops[i].error) == 0) {
			err_set(err, 403, ERR_AUTH, name, NULL, "%s",
			    stops[i].why);
			return GITHUB_POLL_STOP;
		}
	github_text(said, sizeof(said), js_str(obj, "error_description"));
	err_set(err, 502, ERR_SERVER, name, NULL, "GitHub refused the sign-in "
	    "(HTTP %d%s%s)%s%s", status, name[0] != '\0' ? ", " : "", name,
	    said[0] != '\0' ? ": " : "", said);
	return GITHUB_POLL_STOP;
}

static enum github_poll
slower(struct github_device *d, int64_t interval_ms)
{
	d->interval_ms = interval_ms > 0 ? interval_ms :
	    d->interval_ms + 1000 * SLOWER;
	if (d->interval_ms > 1000 * INTERVAL_MAX)
		d->interval_ms = 1000 * INTERVAL_MAX;
	return GITHUB_POLL_WAIT;
}

/*
 * All outcomes come with HTTP 200, so the JSON decides. Without any, trouble
 * of the network or of GitHub's front end is waited out.
 */
static enum github_poll
poll_meaning(struct github_device *d, int status, json_object *obj,
    char **token, struct err *err)
{
	const char *error = js_str(obj, "error");
	const char *got = js_str(obj, "access_token");

	if (error == NULL && plain(got)) {
		*token = xstrdup(got);
		return GITHUB_POLL_DONE;
	}
	if (error != NULL && strcmp(error, "authorization_pending") == 0)
		return GITHUB_POLL_WAIT;
	if (error != NULL && strcmp(error, "slow_down") == 0)
		return slower(d, 1000 * seconds(obj, "interval", 0,
		    INTERVAL_MAX));
	if (status == 429)
		return slower(d, 0);
	if (error != NULL)
		return stop(error, status, obj, err);
	if (status == 0 || status == 408 || status >= 500 ||
	    (status >= 200 && status <= 299 &&
	    !json_object_is_type(obj, json_type_object)))
		return GITHUB_POLL_WAIT;
	return stop("", status, obj, err);
}

enum github_poll
github_poll_read(struct github_device *d, int status, const char *body,
    size_t n, char **token, struct err *err)
{
	json_object		*obj = status != 0 ? js_parse_quiet(body, n) :
				    NULL;
	enum github_poll	 what;

	*token = NULL;
	what = poll_meaning(d, status, obj, token, err);
	json_object_put(obj);
	return what;
}

/* --- The conversation. */

void
github_device_ask(const struct conf *conf, const struct github_device *d,
    struct buf *body)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "client_id", conf->oauth_client_id);
	if (d == NULL)
		js_add_str(obj, "scope", SCOPE);
	else {
		js_add_str(obj, "device_code", d->device_code);
		js_add_str(obj, "grant_type", GRANT);
	}
	js_print(obj, body);
	json_object_put(obj);
}

/* "d" NULL: for a code. */
static bool
ask(struct http *http, const struct conf *conf, const struct github_device *d,
    struct http_reply *rep, struct err *err)
{
	struct http_request	req;
	struct buf		body = { 0 };
	bool			ok;

	github_device_ask(conf, d, &body);
	github_login_request(&req, conf, d == NULL ? GITHUB_PATH_CODE :
	    GITHUB_PATH_TOKEN, &body);
	ok = http_fetch(http, conf, &req, rep, err);
	http_request_finish(&req);
	return ok;
}

static bool
ask_code(struct http *http, const struct conf *conf, struct github_device *d,
    struct err *err)
{
	struct http_reply	rep = { 0 };
	bool			ok;

	ok = ask(http, conf, NULL, &rep, err) && github_device_read(
	    rep.status, buf_str(&rep.body), rep.body.len, d, err);
	http_reply_finish(&rep);
	return ok;
}

static enum github_poll
poll_once(struct http *http, const struct conf *conf, struct github_device *d,
    char **token, struct err *err)
{
	struct http_reply	 rep = { 0 };
	enum github_poll	 what;

	if (ask(http, conf, d, &rep, err))
		what = github_poll_read(d, rep.status, buf_str(&rep.body),
		    rep.body.len, token, err);
	else
		what = github_poll_read(d, 0, "", 0, token, err);
	http_reply_finish(&rep);
	return what;
}

static void
wait_ms(int64_t ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	/* A signal that does not end us may shorten the wait: harmless. */
	nanosleep(&ts, NULL);
}

bool
github_device_login(struct http *http, const struct conf *conf, char **token,
    struct err *err)
{
	struct github_device	d;
	enum github_poll	what = GITHUB_POLL_WAIT;
	int64_t			end;

	*token = NULL;
	if (!ask_code(http, conf, &d, err))
		return false;
	printf("To sign in to GitHub, open\n\n    %s\n\nand enter the code\n\n"
	    "    %s\n\nWaiting for you to do so (Ctrl-C to give up) ...\n",
	    d.verification_uri, d.user_code);
	fflush(stdout);
	end = util_now_ms() + d.expires_ms;
	while (what == GITHUB_POLL_WAIT) {
		if (util_now_ms() + d.interval_ms >= end) {
			what = stop("expired_token", 200, NULL, err);
			break;
		}
		wait_ms(d.interval_ms + MARGIN_MS);
		what = poll_once(http, conf, &d, token, err);
	}
	github_device_finish(&d);
	return what == GITHUB_POLL_DONE;
}
