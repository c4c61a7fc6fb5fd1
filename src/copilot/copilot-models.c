/* The model list of an account: from a file, another host, or Copilot. */
#include "config.h"

#include <pthread.h>
#include <time.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/http.h"
#include "base/js.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "copilot/call.h"
#include "copilot/copilot-state.h"
#include "copilot/copilot.h"
#include "copilot/failure.h"
#include "copilot/fetch.h"
#include "copilot/models.h"
#include "copilot/shared.h"

#define MODELS_FILE	"models.json"

#define MODELS_FRESH_MS	600000	/* VS Code reads the list every 10 minutes */
#define MODELS_RETRY_MS	60000	/* after a failed refresh */
#define MODELS_FILE_AGE	86400	/* s; an older cached list is not shown */

void
copilot_models_set(struct copilot *c, struct models *m)
{
	const struct models *old;

	pthread_mutex_lock(&c->models_lock);
	old = c->models;
	c->models = m;
	pthread_mutex_unlock(&c->models_lock);
	models_unref(old);
}

/* The list as upstream sent it, with the account it belongs to. */
static void
models_write_file(struct copilot *c, const struct buf *list)
{
	struct buf	text = { 0 };
	struct err	err;

	buf_printf(&text, "{\"key\":\"%s\",\"fetched_at\":%lld,\"list\":",
	    c->key, (long long)time(NULL));
	buf_append(&text, list->p, list->len);
	buf_puts(&text, "}");
	if (!files_write(c->home, MODELS_FILE, text.p, text.len, &err))
		log_debug("model list: not shared with other processes: %s",
		    err.msg);
	buf_finish(&text);
}

static void
models_read_file(struct copilot *c)
{
	struct buf	 text = { 0 };
	json_object	*obj = NULL;
	struct models	*m;
	struct err	 err;
	int64_t		 age;

	if (!files_read(c->home, MODELS_FILE, &text, &err))
		goto out;
	obj = js_parse_quiet(buf_str(&text), text.len);
	age = time(NULL) - js_int(obj, "fetched_at", 0);
	if (!js_is(obj, "key", c->key) || age < 0 || age > MODELS_FILE_AGE)
		goto out;
	if ((m = models_of(js_get(obj, "list"), &err)) != NULL) {
		m->fetched_ms = loop_now(c->loop) - age * 1000;
		copilot_models_set(c, m);
	}
out:
	json_object_put(obj);
	buf_finish(&text);
}

static void
models_done(struct copilot *c, const struct err *err)
{
	c->models_fetch.running = c->models_renew = c->models_mine = false;
	pthread_mutex_lock(&c->models_lock);
	c->models_next = loop_now(c->loop) +
	    (err != NULL ? MODELS_RETRY_MS : MODELS_FRESH_MS);
	c->models_stale = false;
	pthread_mutex_unlock(&c->models_lock);
	if (err != NULL)
		log_warn("model list: %s", err->msg);
	/* An old list is better than none. */
	fetch_waiter_wake(&c->models_fetch.waiters,
	    c->models != NULL ? NULL : err);
}

/* --- The list of another host. */

static void	models_fetch(struct copilot *);
static void	warn_outdated(const struct copilot *, const struct models *);

static bool
models_adopt(struct copilot *c, const struct shared_ask *ask)
{
	struct err	 err;
	struct models	*m = models_parse(ask->text.p, ask->text.len, &err);

	if (m == NULL)
		return false;
	m->fetched_ms = loop_now(c->loop) + ask->left * 1000 - MODELS_FRESH_MS;
	warn_outdated(c, m);
	copilot_models_set(c, m);
	models_write_file(c, &ask->text);
	c->models_version = ask->version;
	return true;
}

static void
models_answered(struct shared_ask *ask)
{
	struct copilot *c = CONTAINER(ask, struct copilot, models_ask);

	if (ask->answer == SHARED_THERE && models_adopt(c, ask))
		models_done(c, NULL);
	else if (ask->answer == SHARED_BUSY &&
	    loop_now(c->loop) < c->models_since + LOCK_PATIENCE_MS)
		loop_timer_set(c->loop, &c->models_timer, SHARED_POLL_MS);
	else {
		c->models_mine = true;
		models_fetch(c);
	}
}

/* False: this host fetches it. */
static bool
models_look(struct copilot *c)
{
	struct shared_ask *ask = &c->models_ask;

	if (!copilot_share_begin(c, ask, SHARED_LOOK, "models"))
		return false;
	/* One that was wrong about a model is of no use. */
	ask->behind = c->models_renew ? c->models_version : 0;
	ask->done = models_answered;
	c->shared->ask(c->shared, ask);
	return true;
}

static void
models_timer(struct loop_timer *t)
{
	struct copilot *c = CONTAINER(t, struct copilot, models_timer);

	if (!models_look(c))
		models_fetch(c);
}

static void
models_kept(struct shared_ask *ask)
{
	struct copilot *c = CONTAINER(ask, struct copilot, models_ask);

	if (ask->what == SHARED_KEEP && ask->answer == SHARED_THERE)
		c->models_version = ask->version;
}

/* "list" NULL: there is none. */
static void
models_share(struct copilot *c, const struct buf *list)
{
	struct shared_ask *ask = &c->models_ask;

	if (!c->models_mine || !copilot_share_begin(c, ask, list != NULL ?
	    SHARED_KEEP : SHARED_LEAVE, "models"))
		return;
	buf_truncate(&ask->text, 0);
	if (list != NULL)
		buf_append(&ask->text, list->p, list->len);
	ask->left = MODELS_FRESH_MS / 1000;
	ask->done = models_kept;
	c->shared->ask(c->shared, ask);
}

/* Once, until Copilot is content again. */
static void
warn_outdated(const struct copilot *c, const struct models *m)
{
	if (m->outdated != NULL &&
	    (c->models == NULL || c->models->outdated == NULL))
		log_warn("Copilot calls this client outdated (%s): set "
		    "githubApiVersion in config.json to a newer version than "
		    "%s, and editorVersion and editorPluginVersion likewise",
		    m->outdated, c->conf->github_api_version);
}

static void
models_end(struct fetch *f, enum http_end end, const char *why)
{
	struct copilot	*c = CONTAINER(f, struct copilot, models_fetch);
	struct models	*m = NULL;
	struct err	 err;

	if (end == HTTP_DONE && f->status == 401 && !c->models_again) {
		c->models_again = true;
		fetch_clear(f);
		copilot_refused(c, c->models_generation);
		copilot_want_token(c, &c->models_token);
		return;
	}
	if (end != HTTP_DONE)
		err_set(&err, end == HTTP_SILENT ? 504 : 502, ERR_SERVER,
		    "upstream_unreachable", NULL,
		    "Copilot could not be reached for the model list: %s", why);
	else if (f->status != 200)
		failure_read(f->status, buf_str(&f->body), f->body.len,
		    f->retry_after, &err);
	else if ((m = models_parse(buf_str(&f->body), f->body.len,
	    &err)) != NULL) {
		m->fetched_ms = loop_now(c->loop);
		warn_outdated(c, m);
		copilot_models_set(c, m);
		models_write_file(c, &f->body);
	}
	models_share(c, m != NULL ? &f->body : NULL);
	fetch_clear(f);
	models_done(c, m != NULL ? NULL : &err);
}

static void
models_with_token(struct fetch_waiter *w, const struct err *why)
{
	struct copilot	*c = CONTAINER(w, struct copilot, models_token);
	struct err	 err;

	if (why == NULL && c->models == NULL && !c->models_again)
		models_read_file(c);
	if (why == NULL && c->models != NULL && !c->models_renew &&
	    loop_now(c->loop) < c->models->fetched_ms + MODELS_FRESH_MS) {
		models_done(c, NULL);
		return;
	}
	c->models_since = loop_now(c->loop);
	if (why != NULL) {
		models_share(c, NULL);
		err = *why;
		models_done(c, &err);
	} else if (c->models_mine || !models_look(c))
		models_fetch(c);
}

static void
models_fetch(struct copilot *c)
{
	struct upstream_call	call = { .method = "GET", .path = "/models",
				    .intent = "model-access" };
	struct err		err;

	if (!copilot_request(c, c->conf, &call, &c->models_fetch.request,
	    &err)) {
		models_share(c, NULL);
		models_done(c, &err);
	} else {
		c->models_generation = c->generation;
		fetch_start(&c->models_fetch, c->http, c->conf);
	}
}

static void
models_refresh(struct copilot *c)
{
	if (c->models_fetch.running)
		return;
	c->models_fetch.running = true;
	c->models_again = false;
	if (c->conf == NULL)
		copilot_take_conf(c);
	copilot_want_token(c, &c->models_token);
}

void
copilot_warm(struct copilot *c)
{
	copilot_take_conf(c);
	if (c->conf->broken == NULL)
		models_refresh(c);
}

void
copilot_want_models(struct copilot *c, struct fetch_waiter *w)
{
	if (c->models != NULL) {
		w->ready(w, NULL);
		return;
	}
	fetch_waiter_add(&c->models_fetch.waiters, w);
	models_refresh(c);
}

void
copilot_renew_models(struct copilot *c, struct fetch_waiter *w)
{
	fetch_waiter_add(&c->models_fetch.waiters, w);
	c->models_renew = true;
	models_refresh(c);
}

static void
models_task(struct loop_task *t)
{
	models_refresh(CONTAINER(t, struct copilot, models_task));
}

const struct models *
copilot_models(struct copilot *c)
{
	const struct models	*m;
	bool			 ask;

	pthread_mutex_lock(&c->models_lock);
	m = models_ref(c->models);
	ask = m != NULL && !c->models_stale && util_now_ms() > c->models_next &&
	    util_now_ms() > m->fetched_ms + MODELS_FRESH_MS;
	if (ask)
		c->models_stale = true;
	pthread_mutex_unlock(&c->models_lock);
	if (ask)
		loop_post(c->loop, &c->models_task);
	return m;
}

void
copilot_wire_models(struct copilot *c)
{
	c->models_fetch.end = models_end;
	c->models_token.ready = models_with_token;
	c->models_task.run = models_task;
	c->models_timer.expired = models_timer;
	pthread_mutex_init(&c->models_lock, NULL);
}
