/* Auto: sessions in which Copilot chooses the model. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/hint.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "copilot/app.h"
#include "copilot/auto.h"
#include "copilot/autos.h"
#include "copilot/call.h"
#include "copilot/copilot.h"
#include "copilot/failure.h"
#include "copilot/fetch.h"

#define SESSIONS_MAX	1024	/* conversations; the one used first goes */
#define RENEW_MS	300000	/* before its end, at the most a fifth of it */

struct session {
	struct session		*next;		/* the one used before */
	struct autos		*owner;
	struct auto_wish	 wish;
	struct auto_session	 session;	/* token NULL: none yet */
	int64_t			 until_ms;	/* then a new one is due */
	struct fetch_waiter	 token;		/* it needs the Copilot token */
	struct fetch		 fetch;
	struct conf		*conf;		/* of what runs */
	unsigned		 generation;
	bool			 again;		/* a 401 was replayed */
	bool			 old;		/* the form that is tried */
};

struct autos {
	struct loop	*loop;
	struct http	*http;
	struct copilot	*copilot;
	struct session	*sessions;	/* the one used last comes first */
	size_t		 n;
	bool		 old;		/* the form that this account has */
};

#define SESSION_OF(p, member) ((struct session *)(void *)((char *)(p) - \
	offsetof(struct session, member)))

static void
session_free(struct session *s)
{
	fetch_waiter_forget(&s->token);
	fetch_clear(&s->fetch);
	auto_wish_finish(&s->wish);
	auto_session_finish(&s->session);
	conf_unref(s->conf);
	free(s);
}

static void
done(struct session *s, const struct err *err)
{
	s->fetch.running = false;
	if (err != NULL)
		log_warn("auto: %s", err->msg);
	fetch_waiter_wake(&s->fetch.waiters, err);
}

/* Neither form is there. */
static void
no_auto(struct err *err)
{
	err_set(err, 404, ERR_REQUEST, "model_not_found", "model",
	    "Copilot offers this sign-in no Auto. It offers it to the editors' "
	    "application: leave oauthClientId, GH_TOKEN and the like out, then "
	    "run on the server: %s auth --force%s", hint_program(),
	    hint_options());
	err->no_retry = true;
}

static void
ask(struct session *s)
{
	struct upstream_call	 call = { .method = "POST",
				    .path = s->old ? "/models/session" :
				    "/auto", .intent = "model-access",
				    .version = s->old ? "2025-07-16" : NULL };
	struct err		 err;

	if (s->old)
		auto_ask_old(&call.body.own);
	else
		auto_ask_new(&s->wish, &call.body.own);
	s->generation = copilot_generation(s->owner->copilot);
	if (copilot_request(s->owner->copilot, s->conf, &call,
	    &s->fetch.request, &err))
		fetch_start(&s->fetch, s->owner->http, s->conf);
	else {
		body_finish(&call.body);
		done(s, &err);
	}
}

static void
token_ready(struct fetch_waiter *w, const struct err *err)
{
	struct session *s = SESSION_OF(w, token);

	if (err != NULL)
		done(s, err);
	else
		ask(s);
}

/* A 401 for an old token, a 404 for the other form: ask once more. */
static bool
asks_again(struct session *s, int status)
{
	if (status == 401 && !s->again) {
		s->again = true;
		copilot_refused(s->owner->copilot, s->generation);
	} else if (status == 404 && s->old == s->owner->old)
		s->old = !s->old;
	else
		return false;
	fetch_clear(&s->fetch);
	copilot_want_token(s->owner->copilot, &s->token);
	return true;
}

static void
keep_take(struct session *s, struct auto_session *got, int64_t now)
{
	int64_t life = got->seconds * 1000;

	s->owner->old = s->old;
	auto_session_finish(&s->session);
	s->session = *got;
	s->until_ms = now + life - (life / 5 < RENEW_MS ? life / 5 : RENEW_MS);
}

static void
fetch_end(struct fetch *f, enum http_end end, const char *why)
{
	struct session		*s = SESSION_OF(f, fetch);
	struct auto_session	 got;
	struct err		 err;
	int64_t			 now = time(NULL);
	bool			 ok = false;

	if (end == HTTP_DONE && asks_again(s, f->status))
		return;
	if (end != HTTP_DONE)
		err_set(&err, end == HTTP_SILENT ? 504 : 502, ERR_SERVER,
		    "upstream_unreachable", NULL,
		    "Copilot could not be reached for Auto: %s", why);
	else if (f->status == 404)
		no_auto(&err);
	else if (f->status != 200)
		failure_read(f->status, buf_str(&f->body), f->body.len,
		    f->retry_after, &err);
	else if ((ok = auto_read(buf_str(&f->body), f->body.len,
	    now + app_skew(f->date, now), &got, &err)))
		keep_take(s, &got, loop_now(s->owner->loop));
	fetch_clear(f);
	done(s, ok ? NULL : &err);
}

/* The session of that name, moved to the front; NULL when there is none. */
static struct session *
find(struct autos *a, const char *conversation)
{
	struct session **p, *s;

	for (p = &a->sessions; (s = *p) != NULL; p = &s->next)
		if (strcmp(s->wish.conversation, conversation) == 0) {
			*p = s->next;
			s->next = a->sessions;
			a->sessions = s;
			return s;
		}
	return NULL;
}

/* One that nobody waits for, and that was not used for the longest time. */
static void
drop_oldest(struct autos *a)
{
	struct session **p, **last = NULL, *s;

	for (p = &a->sessions; *p != NULL; p = &(*p)->next)
		if (!(*p)->fetch.running)
			last = p;
	if (last == NULL)
		return;
	s = *last;
	*last = s->next;
	session_free(s);
	a->n--;
}

static struct session *
add(struct autos *a, const char *conversation)
{
	struct session *s = xcalloc(1, sizeof(*s));

	if (a->n >= SESSIONS_MAX)
		drop_oldest(a);
	s->owner = a;
	s->wish.conversation = xstrdup(conversation);
	s->token.ready = token_ready;
	s->fetch.end = fetch_end;
	s->next = a->sessions;
	a->sessions = s;
	a->n++;
	return s;
}

void
autos_want(struct autos *a, const struct auto_wish *wish, struct conf *conf,
    struct fetch_waiter *w)
{
	struct session *s = find(a, wish->conversation);

	if (s == NULL)
		s = add(a, wish->conversation);
	if (s->session.token != NULL && loop_now(a->loop) < s->until_ms) {
		w->ready(w, NULL);
		return;
	}
	fetch_waiter_add(&s->fetch.waiters, w);
	if (s->fetch.running)
		return;
	s->fetch.running = true;
	s->again = false;
	s->old = a->old;
	s->wish.image = wish->image;
	free(s->wish.prompt);
	s->wish.prompt = xstrdup(wish->prompt);
	conf_unref(s->conf);
	s->conf = conf_ref(conf);
	copilot_want_token(a->copilot, &s->token);
}

const struct auto_session *
autos_find(struct autos *a, const char *conversation)
{
	struct session *s = find(a, conversation);

	return s != NULL && s->session.token != NULL ? &s->session : NULL;
}

struct autos *
autos_create(struct loop *loop, struct http *http, struct copilot *copilot)
{
	struct autos *a = xcalloc(1, sizeof(*a));

	a->loop = loop;
	a->http = http;
	a->copilot = copilot;
	return a;
}

void
autos_destroy(struct autos *a)
{
	struct session *s;

	while (a != NULL && (s = a->sessions) != NULL) {
		a->sessions = s->next;
		session_free(s);
	}
	free(a);
}
