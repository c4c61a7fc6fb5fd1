/* The Copilot token, and the calls that are made with it. */
#include "config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/http.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "copilot/call.h"
#include "copilot/copilot-state.h"
#include "copilot/copilot.h"
#include "copilot/fetch.h"
#include "copilot/github.h"
#include "copilot/shared.h"
#include "copilot/signin.h"
#include "copilot/token.h"

#define TOKEN_FILE	"copilot_token.json"
#define TOKEN_LOCK	"copilot_token.lock"

#define LOCK_POLL_MS	100	/* look again whether another process is done */
#define TOKEN_RETRY_MS	20000	/* after a refresh that failed */
#define AWAY_PATIENCE_MS 10000	/* the hosts' database may be slow at first */
#define REFUSED_MS	30000	/* a refusal by GitHub is believed this long */

static void	token_refresh(struct copilot *);
static void	token_exchange(struct copilot *);
static void	token_want_github(struct copilot *);
static void	token_send(struct copilot *);
static void	token_done(struct copilot *, const struct err *);

/* The configuration may have changed since the last fetch. */
void
copilot_take_conf(struct copilot *c)
{
	conf_unref(c->conf);
	c->conf = conf_file_get(c->conf_file);
}

/* --- The Copilot token. */

static void
set_trouble(struct copilot *c, const struct err *err)
{
	const char *text = NULL;

	if (err != NULL)
		text = strcmp(err->code, "not_signed_in") == 0 ?
		    "not signed in to GitHub" : err->status == 401 ?
		    "GitHub refuses the stored token" : err->status == 403 ?
		    "the GitHub account has no access to Copilot" :
		    "no Copilot token can be had from GitHub";
	atomic_store(&c->trouble, text);
}

/* The name of a file that can't be read is no client's business. */
static bool
look(struct copilot *c, const struct conf *conf, struct err *err)
{
	if (signin_look(&c->signin, conf, err))
		return true;
	if (strcmp(err->code, "data_directory") != 0)
		return false;
	log_err("GitHub token: %s", err->msg);
	return err_set(err, 500, ERR_SERVER, "data_directory", NULL,
	    "This server can't read its data directory: its log says why.");
}

/* Account and host, so that no process uses another one's token. */
static void
token_key(struct copilot *c, char *out, size_t size)
{
	char *s = xasprintf("%s %s", c->conf->github_api_base_url,
	    c->signin.identity);

	snprintf(out, size, "%016llx", (unsigned long long)util_hash(s));
	free(s);
}

static void
token_adopt(struct copilot *c)
{
	if (c->shared != NULL && c->lessons_timer.place == 0)
		loop_timer_set(c->loop, &c->lessons_timer, 0);
	c->generation++;
	c->used = false;
	c->refused_until = 0;
	loop_timer_set(c->loop, &c->token_timer,
	    c->token.refresh_ms - loop_now(c->loop));
	log_debug("copilot token: due for refresh in %lld s",
	    (long long)(c->token.refresh_ms - loop_now(c->loop)) / 1000);
}

static bool
token_good(const struct copilot *c)
{
	return c->token.value != NULL &&
	    loop_now(c->loop) < c->token.expires_ms;
}

/* Take over what another process fetched. True when that is fresh. */
static bool
token_read_file(struct copilot *c)
{
	struct copilot_token	 tok = { 0 };
	struct buf		 text = { 0 };
	struct err		 err;
	bool			 fresh;

	fresh = files_read(c->home, TOKEN_FILE, &text, &err) &&
	    copilot_token_read(buf_str(&text), text.len, c->key, &tok) &&
	    loop_now(c->loop) < tok.refresh_ms &&
	    util_hash(tok.value) != c->dead;
	buf_finish(&text);
	if (fresh && c->token.value != NULL &&
	    strcmp(tok.value, c->token.value) == 0 &&
	    loop_now(c->loop) >= c->token.refresh_ms)
		fresh = false;
	if (fresh) {
		copilot_token_finish(&c->token);
		c->token = tok;
		c->token_version = 0;
		token_adopt(c);
	} else
		copilot_token_finish(&tok);
	return fresh;
}

static void
token_write_file(struct copilot *c)
{
	struct buf	text = { 0 };
	struct err	err;

	copilot_token_print(&c->token, c->key, &text);
	if (!files_write(c->home, TOKEN_FILE, text.p, text.len, &err))
		log_warn("copilot token: not shared with other processes: %s",
		    err.msg);
	buf_finish(&text);
}

/* --- The token of another host. */

/* The name of what is shared; false: there is nobody to share with. */
bool
copilot_share_begin(struct copilot *c, struct shared_ask *ask,
    enum shared_what what, const char *kind)
{
	const char *secret = signin_secret(&c->signin);

	if (c->shared == NULL || secret == NULL || ask->running)
		return false;
	ask->what = what;
	shared_name(secret, kind, c->key, ask->name);
	ask->running = true;
	return true;
}

static void
token_postpone(struct copilot *c, const char *why)
{
	log_warn("copilot token: refresh failed, the old one is still good: %s",
	    why);
	c->token.refresh_ms = loop_now(c->loop) + TOKEN_RETRY_MS;
	loop_timer_set(c->loop, &c->token_timer, TOKEN_RETRY_MS);
}

/*
 * This host was not told to make the next one: does it wait, so that one host
 * makes it for all? As long as the old one is good, and else for a while.
 */
static bool
token_waits(struct copilot *c, enum shared_answer answer)
{
	int64_t patience = answer == SHARED_AWAY ? AWAY_PATIENCE_MS :
	    LOCK_PATIENCE_MS;

	if (answer == SHARED_MINE)
		return false;
	if (loop_now(c->loop) < c->lock_since + patience) {
		loop_timer_set(c->loop, &c->token_timer, SHARED_POLL_MS);
		return true;
	}
	if (!token_good(c))
		return false;
	token_postpone(c, "it can't be agreed with other hosts");
	token_done(c, NULL);
	return true;
}

static void
token_answered(struct shared_ask *ask)
{
	struct copilot		*c = CONTAINER(ask, struct copilot, token_ask);
	struct copilot_token	 tok = { 0 };
	const char		*secret = signin_secret(&c->signin);
	bool			 there = ask->answer == SHARED_THERE;

	if (there && (secret == NULL || !shared_open(secret, &ask->text,
	    loop_now(c->loop), ask->left, &tok) ||
	    util_hash(tok.value) == c->dead)) {
		/* It is no good: this host or another makes a new one. */
		copilot_token_finish(&tok);
		c->token_behind = ask->version;
		token_exchange(c);
	} else if (there) {
		copilot_token_finish(&c->token);
		c->token = tok;
		c->token_version = ask->version;
		token_adopt(c);
		token_write_file(c);
		token_done(c, NULL);
	} else if (!token_waits(c, ask->answer)) {
		c->token_mine = true;
		token_want_github(c);
	}
}

/* False: this host goes on alone, or has been told to. */
static bool
token_look(struct copilot *c)
{
	if (c->token_mine || !copilot_share_begin(c, &c->token_ask, SHARED_LOOK,
	    "token"))
		return false;
	c->token_ask.behind = c->token_behind;
	c->token_ask.done = token_answered;
	c->shared->ask(c->shared, &c->token_ask);
	return true;
}

static void
token_kept(struct shared_ask *ask)
{
	struct copilot *c = CONTAINER(ask, struct copilot, token_ask);

	if (ask->what == SHARED_KEEP && ask->answer == SHARED_THERE)
		c->token_version = ask->version;
}

/* Tell those who wait on other hosts what came of it. */
static void
token_share(struct copilot *c, bool ok)
{
	struct shared_ask *ask = &c->token_ask;

	if (!c->token_mine ||
	    !copilot_share_begin(c, ask, SHARED_LEAVE, "token"))
		return;
	buf_truncate(&ask->text, 0);
	if (ok && !c->token.direct &&
	    shared_seal(signin_secret(&c->signin), &c->token, &ask->text)) {
		ask->what = SHARED_KEEP;
		ask->left = (c->token.refresh_ms - loop_now(c->loop)) / 1000;
	}
	ask->done = token_kept;
	c->shared->ask(c->shared, ask);
}

static void
token_done(struct copilot *c, const struct err *err)
{
	c->token_fetch.running = c->token_mine = false;
	if (c->lock >= 0)
		close(c->lock);
	c->lock = -1;
	set_trouble(c, err);
	if (err != NULL)
		log_warn("copilot token: %s", err->msg);
	fetch_waiter_wake(&c->token_fetch.waiters, err);
}

/* GitHub makes no Copilot token of it: will Copilot take it as it is? */
static bool
token_direct(struct copilot *c, const struct fetch *f, struct err *err)
{
	const char *github = c->signin.token;

	if (github == NULL || !github_unexchangeable(f->status,
	    buf_str(&f->body), f->body.len))
		return false;
	if (util_hash(github) == c->dead) {
		c->dead = 0;		/* it may be tried again later */
		if (util_starts(github, "ghp_"))
			github_classic(err);
		return false;
	}
	log_info("copilot token: GitHub gives none for this sign-in, its own "
	    "token is sent to Copilot");
	copilot_token_direct(&c->token, github, loop_now(c->loop));
	return true;
}

/* A refusal is believed for a while; "why" NULL: all is well. */
static void
token_settle(struct copilot *c, const struct err *why)
{
	if (why != NULL && why->status < 500) {
		c->refusal = *why;
		c->refused_until = loop_now(c->loop) + REFUSED_MS;
	}
	/* A token that is still good outlives a refresh that failed. */
	if (why != NULL && token_good(c)) {
		token_postpone(c, why->msg);
		why = NULL;
	}
	token_done(c, why);
}

static void
token_end(struct fetch *f, enum http_end end, const char *why)
{
	struct copilot	*c = CONTAINER(f, struct copilot, token_fetch);
	struct github_exchange got = { 0 };
	struct err	 err;
	bool		 ok;

	if (end == HTTP_DONE && f->status == 401 && !c->github_again &&
	    signin_refused(&c->signin)) {
		c->github_again = true;
		fetch_clear(f);
		token_exchange(c);
		return;
	}
	if (end != HTTP_DONE)
		ok = err_set(&err, end == HTTP_SILENT ? 504 : 502, ERR_SERVER,
		    "github_unreachable", NULL,
		    "GitHub could not be reached for a Copilot token: %s", why);
	else if ((ok = github_exchange_read(f->status, buf_str(&f->body),
	    f->body.len, f->retry_after, &got, &err)))
		copilot_token_set(&c->token, &got, loop_now(c->loop));
	else
		ok = token_direct(c, f, &err);
	if (ok) {
		token_adopt(c);
		token_write_file(c);
	}
	token_share(c, ok);
	github_exchange_finish(&got);
	fetch_clear(f);
	token_settle(c, ok ? NULL : &err);
}

/* With the lock, or after waiting long enough for it. */
static void
token_exchange(struct copilot *c)
{
	if (!token_look(c))
		token_want_github(c);
}

static void
token_want_github(struct copilot *c)
{
	signin_want(&c->signin, c->loop, c->http, c->conf, &c->github);
}

static void
github_ready(struct fetch_waiter *w, const struct err *err)
{
	struct copilot *c = CONTAINER(w, struct copilot, github);

	if (err != NULL) {
		token_share(c, false);
		token_settle(c, err);
	} else if (!token_look(c))	/* it had no secret before, perhaps */
		token_send(c);
}

static void
token_send(struct copilot *c)
{
	struct fetch *f = &c->token_fetch;

	github_request(&f->request, c->conf, c->signin.token,
	    GITHUB_PATH_EXCHANGE);
	fetch_start(f, c->http, c->conf);
}

static void
token_attempt(struct copilot *c)
{
	struct err	 err;
	char		 key[sizeof(c->key)];
	bool		 busy = false;

	if (!look(c, c->conf, &err)) {
		token_done(c, &err);
		return;
	}
	token_key(c, key, sizeof(key));
	if (strcmp(key, c->key) != 0) {		/* signed in anew */
		snprintf(c->key, sizeof(c->key), "%s", key);
		copilot_token_finish(&c->token);
		c->token_version = c->token_behind = 0;
		c->refused_until = 0;
		c->changed(c);
	}
	if (token_read_file(c)) {
		token_done(c, NULL);
	} else if (loop_now(c->loop) < c->refused_until) {
		token_done(c, &c->refusal);
	} else {
		if (c->lock < 0)
			c->lock = files_lock(c->home, TOKEN_LOCK, false, &busy);
		if (busy &&
		    loop_now(c->loop) < c->lock_since + LOCK_PATIENCE_MS)
			loop_timer_set(c->loop, &c->token_timer, LOCK_POLL_MS);
		else if (c->lock >= 0 && token_read_file(c))
			token_done(c, NULL);	/* done between look and lock */
		else
			token_exchange(c);
	}
}

static void
token_refresh(struct copilot *c)
{
	if (c->token_fetch.running)
		return;
	c->token_fetch.running = true;
	c->github_again = false;
	loop_timer_stop(c->loop, &c->token_timer);	/* of a refused token */
	c->lock_since = loop_now(c->loop);
	copilot_take_conf(c);
	token_attempt(c);
}

/* Due: ahead of time if it was used, else when somebody asks again. */
static void
token_timer(struct loop_timer *t)
{
	struct copilot *c = CONTAINER(t, struct copilot, token_timer);

	if (c->token_fetch.running)
		token_attempt(c);
	else if (c->used)
		token_refresh(c);
}

void
copilot_want_token(struct copilot *c, struct fetch_waiter *w)
{
	c->used = true;
	if (token_good(c) && loop_now(c->loop) >= c->token.refresh_ms)
		token_refresh(c);
	/* No longer so if somebody else has signed in meanwhile. */
	if (token_good(c)) {
		w->ready(w, NULL);
		return;
	}
	fetch_waiter_add(&c->token_fetch.waiters, w);
	token_refresh(c);
}

const char *
copilot_home(const struct copilot *c)
{
	return c->home;
}

bool
copilot_keep_token(const struct copilot *c, const char *token,
    struct err *err)
{
	return signin_store(c->home, c->signin.enterprise, token, err);
}

unsigned
copilot_generation(const struct copilot *c)
{
	return c->generation;
}

void
copilot_refused(struct copilot *c, unsigned generation)
{
	if (generation != c->generation || c->token.value == NULL)
		return;			/* a newer one is there already */
	log_info("copilot token: refused by Copilot, fetching a new one");
	c->dead = util_hash(c->token.value);
	c->token_behind = c->token_version;
	copilot_token_finish(&c->token);
}

const char *
copilot_trouble(const struct copilot *c)
{
	return atomic_load(&((struct copilot *)c)->trouble);
}

/* --- Addressing a call. */

void
copilot_want_github(struct copilot *c, struct conf *conf,
    struct fetch_waiter *w)
{
	struct err err;

	if (look(c, conf, &err))
		signin_want(&c->signin, c->loop, c->http, conf, w);
	else
		w->ready(w, &err);
}

bool
copilot_request(struct copilot *c, const struct conf *conf,
    struct upstream_call *call, struct http_request *r, struct err *err)
{
	const struct copilot_identity id = { c->token.value, c->token.api,
	    c->session, c->token.direct };

	if (call->login) {
		/* Nobody waits long for a code; its time limits are those. */
		github_login_request(r, conf, call->path, &call->body.own);
		return true;
	}
	if (call->github) {
		if (c->signin.token == NULL)
			return github_not_signed_in(err);
		github_request(r, conf, c->signin.token, call->path);
	} else {
		if (c->token.value == NULL)
			return err_set(err, 503, ERR_SERVER, NULL, NULL,
			    "There is no Copilot token.");
		copilot_call_address(conf, &id, call, r);
	}
	r->headers_timeout_ms = conf->headers_timeout_ms;
	r->silence_timeout_ms = conf->stream_inactivity_timeout_ms;
	return true;
}

void
copilot_wire_token(struct copilot *c)
{
	c->github.ready = github_ready;
	c->lock = -1;
	c->token_fetch.end = token_end;
	c->token_timer.expired = token_timer;
}
