/* How an account is signed in at GitHub. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/hint.h"
#include "base/http.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "copilot/github.h"
#include "copilot/signin.h"

#define COMMAND_MS	20000	/* a password manager may ask a person */
#define COMMAND_KEPT_MS	3600000 /* what it printed; sooner after a 401 */
#define RENEW_MS	300000	/* an App's token: so long before its end */
#define SKEW_MIN	30	/* seconds that can't be why a JWT is refused */

static void	fetch_end(struct fetch *, enum http_end, const char *);
static void	run_end(struct command *, struct buf *, const struct err *);

void
signin_init(struct signin *s, const char *home, bool enterprise,
    const char *given, const char *given_from)
{
	memset(s, 0, sizeof(*s));
	s->home = xstrdup(home);
	s->enterprise = enterprise;
	s->given = given != NULL ? xstrdup(given) : NULL;
	s->given_from = xstrdup(given_from != NULL ? given_from :
	    "--github-token");
	s->fetch.end = fetch_end;
	s->run.end = run_end;
}

void
signin_finish(struct signin *s)
{
	fetch_clear(&s->fetch);
	command_stop(&s->run);
	app_finish(&s->app);
	conf_unref(s->conf);
	free(s->home);
	free(s->given);
	free(s->given_from);
	free(s->name);
	free(s->identity);
	free(s->token);
	memset(s, 0, sizeof(*s));
}

/* --- What is stored. */

/* copilot-token.c and copilot-models.c write them. */
static const char *const caches[] = { "copilot_token.json", "models.json" };

bool
signin_forget_caches(const char *home, struct err *err)
{
	size_t	i;
	bool	ok = true;

	for (i = 0; i < COUNT(caches); i++)
		ok = ok && files_remove(home, caches[i], err);
	return ok;
}

bool
signin_store(const char *home, bool enterprise, const char *token,
    struct err *err)
{
	return files_write(home, github_token_file(enterprise), token,
	    strlen(token), err) &&
	    files_remove(home, APP_FILE, err) &&
	    signin_forget_caches(home, err);
}

/* --- What is in force. */

static void
forget(struct signin *s)
{
	free(s->token);
	s->token = NULL;
	s->until_ms = 0;
}

static void
keep(struct signin *s, const char *token, int64_t until_ms)
{
	forget(s);
	s->token = xstrdup(token);
	s->until_ms = until_ms;
}

static void
done(struct signin *s, const struct err *err)
{
	s->running = false;
	fetch_waiter_wake(&s->waiters, err);
}

/* A call that is under way is another account's. */
static void
stop(struct signin *s)
{
	struct err err;

	if (!s->running)
		return;
	fetch_clear(&s->fetch);
	command_stop(&s->run);
	err_set(&err, 503, ERR_SERVER, "signed_in_anew", NULL,
	    "Somebody signed in meanwhile. Try again.");
	done(s, &err);
}

/* --- What there is. */

/* Another account than last time has another token. */
static void
found_take(struct signin *s, enum signin_kind kind, char *identity)
{
	if (s->identity == NULL || strcmp(s->identity, identity) != 0) {
		forget(s);
		stop(s);
	}
	free(s->identity);
	s->identity = identity;
	s->kind = kind;
}

static bool
look_command(struct signin *s, const struct conf *conf)
{
	struct buf	 line = { 0 };
	char		*const *word = conf->github_token_command;

	if (!s->command || s->given != NULL || *word == NULL)
		return false;
	for (; *word != NULL; word++)
		buf_printf(&line, "%s\n", *word);
	found_take(s, SIGNIN_COMMAND, buf_steal(&line));
	return true;
}

/* *there is false when no App is set up. */
static bool
look_app(struct signin *s, bool *there, struct err *err)
{
	struct app app;

	if (!app_load(s->home, &app, there, err))
		return false;
	if (!*there)
		return true;
	app_finish(&s->app);
	s->app = app;
	found_take(s, SIGNIN_APP, xasprintf("%s %s", app.id,
	    app.installation));
	return true;
}

static bool
not_signed_in(const struct signin *s, struct err *err)
{
	github_not_signed_in(err);
	if (s->name != NULL)
		snprintf(err->msg, sizeof(err->msg), "The account %s is not "
		    "signed in to GitHub. Run: %s auth --account %s%s",
		    s->name, hint_program(), s->name, hint_options());
	return false;
}

static bool
look_token(struct signin *s, struct err *err)
{
	char *token;

	if (!github_token_load(s->home, s->enterprise, s->given,
	    s->given_from, &token, err))
		return false;
	if (token == NULL)
		return not_signed_in(s, err);
	found_take(s, s->given != NULL ? SIGNIN_GIVEN : SIGNIN_STORED,
	    xstrdup(token));
	keep(s, token, 0);
	free(token);
	return true;
}

bool
signin_look(struct signin *s, const struct conf *conf, struct err *err)
{
	bool there = false;

	s->kind = SIGNIN_NONE;
	if (look_command(s, conf))
		return true;
	if (s->given == NULL && !look_app(s, &there, err))
		return false;
	return there || look_token(s, err);
}

const char *
signin_secret(const struct signin *s)
{
	return s->kind == SIGNIN_APP ? s->app.key : s->token;
}

char *
signin_source(const struct signin *s)
{
	switch (s->kind) {
	case SIGNIN_GIVEN:
		return xstrdup(s->given_from);
	case SIGNIN_COMMAND:
		return xstrdup("githubTokenCommand");
	case SIGNIN_APP:
		return xasprintf("GitHub App %s (%s/%s)", s->app.id, s->home,
		    APP_FILE);
	default:
		return github_token_path(s->home, s->enterprise);
	}
}

/* --- What a command printed. */

static bool
take_printed(struct signin *s, const struct buf *out, struct err *err)
{
	const char	*p = buf_str(out), *at = p + strspn(p, " \t\r\n");
	char		*word = xstrndup(at, strcspn(at, " \t\r\n"));
	bool		 ok;

	at += strlen(word);
	ok = github_is_token(word) && at[strspn(at, " \t\r\n")] == '\0';
	if (ok)
		keep(s, word, util_now_ms() + COMMAND_KEPT_MS);
	free(word);
	return ok || err_set(err, 500, ERR_SERVER, "github_token_invalid",
	    NULL, "githubTokenCommand printed no GitHub token (one word)");
}

static void
explain_command(struct err *err)
{
	char *said = xstrdup(err->msg);

	err_set(err, 500, ERR_SERVER, "github_token_command", NULL,
	    "githubTokenCommand: %s", said);
	free(said);
}

/* --- A token for an App. */

static bool
app_ask(struct signin *s, const struct conf *conf, struct http_request *req,
    struct err *err)
{
	char *jwt;

	if (!app_jwt(&s->app, time(NULL) + s->skew, &jwt, err))
		return false;
	app_token_request(req, conf, &s->app, jwt);
	free(jwt);
	return true;
}

/* A refusal that comes from a clock that is wrong: say the time anew. */
static bool
app_skewed(struct signin *s, int status, const char *date)
{
	int64_t skew = app_skew(date, time(NULL)), by = skew - s->skew;

	if (status != 401 || (by < SKEW_MIN && by > -SKEW_MIN))
		return false;
	log_warn("GitHub's clock is %lld seconds off ours: signing by theirs",
	    (long long)skew);
	s->skew = skew;
	return true;
}

static bool
app_take(struct signin *s, int status, const struct buf *body,
    const char *date, const char *retry_after, struct err *err)
{
	int64_t	 seconds, ms;
	char	*token;

	if (!app_token_read(status, buf_str(body), body->len, date,
	    retry_after, &token, &seconds, err))
		return false;
	ms = seconds * 1000;
	keep(s, token, util_now_ms() + (ms > 2 * RENEW_MS ? ms - RENEW_MS :
	    ms / 2));
	free(token);
	return true;
}

/* --- Waiting for one. */

static bool
at_hand(const struct signin *s)
{
	return s->token != NULL &&
	    (s->until_ms == 0 || util_now_ms() < s->until_ms);
}

static bool
app_wait(struct signin *s, struct http *http, const struct conf *conf,
    struct err *err)
{
	struct http_request	 req;
	struct http_reply	 rep = { 0 };
	char			*date = NULL, *retry = NULL;
	bool			 ok;

	if (!app_ask(s, conf, &req, err))
		return false;
	if ((ok = http_fetch(http, conf, &req, &rep, err))) {
		date = http_reply_header(&rep, "date");
		retry = http_reply_header(&rep, "retry-after");
		s->again = !s->again && app_skewed(s, rep.status, date);
		ok = s->again || app_take(s, rep.status, &rep.body, date,
		    retry, err);
	}
	free(date);
	free(retry);
	http_reply_finish(&rep);
	http_request_finish(&req);
	return ok && (!s->again || app_wait(s, http, conf, err));
}

bool
signin_installation(struct signin *s, struct http *http,
    const struct conf *conf, char **who, struct err *err)
{
	struct http_request	 req;
	struct http_reply	 rep = { 0 };
	char			*date = NULL, *jwt;
	bool			 ok, again = false;

	*who = NULL;
	if (!app_jwt(&s->app, time(NULL) + s->skew, &jwt, err))
		return false;
	app_list_request(&req, conf, jwt);
	if ((ok = http_fetch(http, conf, &req, &rep, err))) {
		date = http_reply_header(&rep, "date");
		again = s->skew == 0 && app_skewed(s, rep.status, date);
		ok = again || app_list_read(rep.status, buf_str(&rep.body),
		    rep.body.len, &s->app.installation, who, err);
	}
	free(date);
	free(jwt);
	http_reply_finish(&rep);
	http_request_finish(&req);
	return again ? signin_installation(s, http, conf, who, err) : ok;
}

static bool
command_wait(struct signin *s, const struct conf *conf, struct err *err)
{
	struct buf	out = { 0 };
	bool		ok;

	ok = command_run(conf->github_token_command, COMMAND_MS, &out, err);
	if (!ok)
		explain_command(err);
	ok = ok && take_printed(s, &out, err);
	buf_finish(&out);
	return ok;
}

bool
signin_wait(struct signin *s, struct http *http, const struct conf *conf,
    struct err *err)
{
	s->again = false;
	return at_hand(s) || (s->kind == SIGNIN_COMMAND ?
	    command_wait(s, conf, err) : app_wait(s, http, conf, err));
}

bool
signin_token(struct signin *s, struct http *http, const struct conf *conf,
    char **token, struct err *err)
{
	*token = NULL;
	if (!signin_look(s, conf, err))
		return strcmp(err->code, "not_signed_in") == 0;
	if (!signin_wait(s, http, conf, err))
		return false;
	*token = xstrdup(s->token);
	return true;
}

/* --- On the loop. */

static void
run_end(struct command *c, struct buf *out, const struct err *why)
{
	struct signin	*s = CONTAINER(c, struct signin, run);
	struct err	 err;
	bool		 ok = why == NULL;

	if (ok)
		ok = take_printed(s, out, &err);
	else {
		err = *why;
		explain_command(&err);
	}
	done(s, ok ? NULL : &err);
}

static void
app_start(struct signin *s)
{
	struct err err;

	if (app_ask(s, s->conf, &s->fetch.request, &err))
		fetch_start(&s->fetch, s->http, s->conf);
	else
		done(s, &err);
}

static void
fetch_end(struct fetch *f, enum http_end end, const char *why)
{
	struct signin	*s = CONTAINER(f, struct signin, fetch);
	struct err	 err;
	bool		 ok;

	if (end == HTTP_DONE && !s->again &&
	    app_skewed(s, f->status, f->date)) {
		s->again = true;
		fetch_clear(f);
		app_start(s);
		return;
	}
	if (end != HTTP_DONE)
		ok = err_set(&err, end == HTTP_SILENT ? 504 : 502, ERR_SERVER,
		    "github_unreachable", NULL, "GitHub could not be reached "
		    "for a token of the App: %s", why);
	else
		ok = app_take(s, f->status, &f->body, f->date, f->retry_after,
		    &err);
	fetch_clear(f);
	done(s, ok ? NULL : &err);
}

void
signin_want(struct signin *s, struct loop *loop, struct http *http,
    struct conf *conf, struct fetch_waiter *w)
{
	struct err err;

	if (at_hand(s)) {
		w->ready(w, NULL);
		return;
	}
	fetch_waiter_add(&s->waiters, w);
	if (s->running)
		return;
	s->running = true;
	s->again = false;
	s->loop = loop;
	s->http = http;
	conf_unref(s->conf);
	s->conf = conf_ref(conf);
	if (s->kind == SIGNIN_APP)
		app_start(s);
	else if (!command_start(&s->run, loop, conf->github_token_command,
	    COMMAND_MS, &err)) {
		explain_command(&err);
		done(s, &err);
	}
}

bool
signin_refused(struct signin *s)
{
	if (s->kind != SIGNIN_COMMAND && s->kind != SIGNIN_APP)
		return false;
	forget(s);
	return true;
}
