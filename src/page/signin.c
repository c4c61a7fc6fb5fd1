/* Signing an account in from the page, by GitHub's device flow. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/copilot.h"
#include "copilot/github.h"
#include "copilot/pending.h"
#include "page/frame.h"
#include "page/html.h"
#include "page/signin.h"
#include "turn/answer.h"

#define MARGIN	1		/* seconds; a page that comes early waits */

/* One step of it, while GitHub is asked. */
struct step {
	struct copilot	*copilot;
	struct buf	 before;		/* of the page */
	char		*key;			/* to be posted again */
	char		*account, *client;	/* their names */
	struct pending	 pending;
	bool		 poll;			/* else a code is asked for */
	char		*token;			/* GitHub gave it */
	int		 lock;
};

/* --- The section. */

static void
print_key(const char *key, struct buf *out)
{
	buf_puts(out, "<input type=\"hidden\" name=\"key\" value=\"");
	html_text(out, key);
	buf_puts(out, "\">");
}

static void
print_button(const char *what, const char *text, struct buf *out)
{
	buf_printf(out, "<button name=\"signin\" value=\"%s\">%s</button> ",
	    what, text);
}

static void
print_code(const struct pending *p, const char *key, struct buf *out)
{
	char until[UTIL_TIME_SIZE];

	util_time_utc(p->until, until);
	buf_puts(out, "<p>Open <a target=\"_blank\" rel=\"noopener noreferrer\""
	    " href=\"");
	html_text(out, p->uri);
	buf_puts(out, "\">");
	html_text(out, p->uri);
	buf_puts(out, "</a>, as the person whose seat this key is to use, and "
	    "enter this code:</p><p class=\"code\"><code>");
	html_text(out, p->user_code);
	buf_printf(out, "</code></p><p>It is good until %.5s UTC, once, and "
	    "only for you: don't enter a code that somebody sent you.</p>",
	    until + strlen("2026-11-22T"));
	buf_printf(out, "<form method=\"post\" action=\"\" id=\"check\" "
	    "data-every=\"%lld\">", (long long)(p->interval + MARGIN));
	print_key(key, out);
	print_button("check", "I have entered it", out);
	print_button("cancel", "Cancel", out);
	buf_puts(out, "</form>");
}

static void
print_start(const char *account, const char *key, struct buf *out)
{
	buf_puts(out, "<p>Requests with this key go by the account <b>");
	html_text(out, account);
	buf_puts(out, "</b> of this server. Whoever signs in here is that "
	    "account, in place of who was before.</p>"
	    "<form method=\"post\" action=\"\">");
	print_key(key, out);
	print_button("start", "Sign in with GitHub", out);
	buf_puts(out, "</form>");
}

/* "note" NULL: why the last one ended, if it did. */
static void
print_section(const struct pending *p, const char *account, const char *key,
    const char *note, struct buf *out)
{
	buf_puts(out, "<section id=\"signin\"><h2>Your GitHub account</h2>");
	if (note == NULL)
		note = p->ended;
	if (note != NULL) {
		buf_puts(out, "<p class=\"bad\" role=\"alert\">");
		html_text(out, note);
		buf_puts(out, "</p>");
	}
	if (p->device_code != NULL)
		print_code(p, key, out);
	else
		print_start(account, key, out);
	buf_puts(out, "</section>");
}

static void
print_done(struct buf *out)
{
	buf_puts(out, "<section id=\"signin\" data-done=\"yes\"><h2>Your "
	    "GitHub account</h2><p class=\"good\" role=\"status\">Signed in. "
	    "This key goes by that account from now on; Refresh shows its "
	    "plan.</p></section>");
}

static bool
may_sign_in(const struct exchange *x)
{
	return x->client != NULL && x->client->sign_in;
}

/* A code that nobody entered is over. True when that changed it. */
static bool
expire(struct pending *p, int64_t now)
{
	if (p->device_code == NULL || now < p->until)
		return false;
	pending_end(p, "The code has expired before it was entered. Start "
	    "again for a new one.");
	return true;
}

void
signin_print(const struct exchange *x, struct buf *out)
{
	struct pending	p;
	struct err	err = { 0 };

	if (!may_sign_in(x))
		return;
	if (!pending_read(copilot_home(x->account->copilot), &p, &err))
		log_warn("sign-in: %s", err.msg);
	expire(&p, time(NULL));
	print_section(&p, x->account->name, x->key, NULL, out);
	pending_finish(&p);
}

/* --- GitHub's answers. */

static enum answer_said
take_code(struct step *s, const char *body, size_t n, struct err *err)
{
	struct github_device d;

	if (!github_device_read(200, body, n, &d, err))
		return ANSWER_FAILED;
	pending_take(&s->pending, &d, time(NULL));
	github_device_finish(&d);
	return ANSWER_HELD;
}

/* Entered, refused, or not yet. */
static enum answer_said
take_poll(struct step *s, const char *body, size_t n, struct buf *out)
{
	struct github_device	d;
	struct err		err = { 0 };
	enum answer_said	said = ANSWER_HELD;
	int64_t			was = s->pending.interval;

	pending_device(&s->pending, &d);
	switch (github_poll_read(&d, 200, body, n, &s->token, &err)) {
	case GITHUB_POLL_DONE:
		pending_end(&s->pending, NULL);
		break;
	case GITHUB_POLL_STOP:
		pending_end(&s->pending, err.msg);
		break;
	case GITHUB_POLL_WAIT:
		s->pending.interval = d.interval_ms / 1000;
		s->pending.next_poll += s->pending.interval - was;
		if (s->pending.interval == was) {
			print_section(&s->pending, s->account, s->key, NULL,
			    out);
			frame_foot(out);
			said = ANSWER_COMPLETE;
		}
		break;
	}
	github_device_finish(&d);
	return said;
}

static enum answer_said
step_whole(void *self, const char *body, size_t n, struct buf *out,
    struct err *err)
{
	struct step *s = self;

	if (!s->poll) {
		if (take_code(s, body, n, err) == ANSWER_FAILED)
			return ANSWER_FAILED;
		buf_append(out, buf_str(&s->before), s->before.len);
		return ANSWER_HELD;
	}
	buf_append(out, buf_str(&s->before), s->before.len);
	return take_poll(s, body, n, out);
}

/* On a worker: what came of it is kept. */
static bool
step_commit(void *self, struct buf *out, struct err *err)
{
	struct step	*s = self;
	const char	*home = copilot_home(s->copilot), *note = NULL;
	bool		 ok = true;

	if (s->token != NULL)
		ok = copilot_keep_token(s->copilot, s->token, err);
	ok = ok && pending_write(home, &s->pending, err);
	if (!ok) {
		log_err("sign-in of account %s: %s", s->account, err->msg);
		note = "This server can't write its data directory: its log "
		    "says why.";
	}
	if (ok && s->token != NULL) {
		log_info("account %s: signed in on the page, by the key %s",
		    s->account, s->client);
		print_done(out);
	} else
		print_section(&s->pending, s->account, s->key, note, out);
	frame_foot(out);
	return true;
}

/* GitHub can't be asked, or refuses to be. */
static void
step_instead(void *self, const struct err *err, struct buf *out)
{
	struct step	*s = self;
	char		*note;

	note = s->poll ? xasprintf("GitHub can't be asked just now: %s",
	    err->msg) : xstrdup(err->msg);
	buf_append(out, buf_str(&s->before), s->before.len);
	print_section(&s->pending, s->account, s->key, note, out);
	frame_foot(out);
	free(note);
}

/* In the words of the sign-in; Copilot's don't fit. */
static void
step_explain(void *self, struct err *err)
{
	struct github_device	 d;
	const struct step	*s = self;

	if (!s->poll)
		github_device_read(err->status, "", 0, &d, err);
	else
		err_set(err, 502, ERR_SERVER, "github_error", NULL,
		    "GitHub answered HTTP %d.", err->status);
}

static void
step_destroy(void *self)
{
	struct step *s = self;

	if (s->lock >= 0)
		close(s->lock);
	pending_finish(&s->pending);
	buf_finish(&s->before);
	free(s->key);
	free(s->account);
	free(s->client);
	free(s->token);
	free(s);
}

static const struct answer_ops step_answer = {
	.whole = step_whole, .commit = step_commit, .explain = step_explain,
	.instead = step_instead, .destroy = step_destroy
};

/* --- What is asked for. */

static void
begin_page(struct exchange *x, int status, struct buf *out)
{
	frame_begin(x, status, "text/html; charset=utf-8");
	reply_header(&x->reply, "Cache-Control", "no-store");
	frame_head(x, out);
	frame_again(x, out);
}

static enum handled
refuse(struct exchange *x, int status, const char *why)
{
	struct buf *out = &x->reply.body;

	begin_page(x, status, out);
	buf_puts(out, "<section><p class=\"bad\" role=\"alert\">");
	html_text(out, why);
	buf_puts(out, "</p></section>");
	frame_foot(out);
	return HANDLED_REPLY;
}

/* Says what there is, without asking GitHub. */
static enum handled
print_state(struct exchange *x, const struct pending *p, const char *note)
{
	struct buf *out = &x->reply.body;

	begin_page(x, 200, out);
	print_section(p, x->account->name, x->key, note, out);
	frame_foot(out);
	return HANDLED_REPLY;
}

/* Takes over the state and the lock. */
static enum handled
ask_github(struct exchange *x, struct pending *p, bool poll, int *lock)
{
	struct step		*s = xcalloc(1, sizeof(*s));
	struct github_device	 d = { 0 };

	s->copilot = x->account->copilot;
	s->account = xstrdup(x->account->name);
	s->client = xstrdup(x->client->name);
	s->key = xstrdup(x->key);
	s->poll = poll;
	s->lock = *lock;
	*lock = -1;
	begin_page(x, 200, &s->before);
	if (poll)
		pending_device(p, &d);
	github_device_ask(x->conf, poll ? &d : NULL, &x->call.body.own);
	github_device_finish(&d);
	s->pending = *p;
	*p = (struct pending){ 0 };
	x->call.method = "POST";
	x->call.path = poll ? GITHUB_PATH_TOKEN : GITHUB_PATH_CODE;
	x->call.github = x->call.login = true;
	x->answer = &step_answer;
	x->self = s;
	return HANDLED_CALL;
}

/* Before anything else happens. */
static bool
keep(const struct exchange *x, const struct pending *p)
{
	struct err err = { 0 };

	if (pending_write(copilot_home(x->account->copilot), p, &err))
		return true;
	log_err("sign-in of account %s: %s", x->account->name, err.msg);
	return false;
}

static enum handled
unwritable(struct exchange *x)
{
	return refuse(x, 500, "This server can't write its data directory: "
	    "its log says why.");
}

static enum handled
start(struct exchange *x, struct pending *p, int *lock)
{
	int64_t now = time(NULL);

	/* One at a time: whoever posts twice sees the first one's code. */
	if (p->device_code != NULL)
		return print_state(x, p, NULL);
	if (p->began <= now && now < p->began + PENDING_EVERY)
		return print_state(x, p, "That was quick. Wait some seconds, "
		    "then try again.");
	pending_end(p, NULL);
	p->began = now;
	if (!keep(x, p))
		return unwritable(x);
	return ask_github(x, p, false, lock);
}

static enum handled
check(struct exchange *x, struct pending *p, int *lock)
{
	int64_t now = time(NULL);

	if (p->device_code == NULL || now < p->next_poll)
		return print_state(x, p, NULL);
	p->next_poll = now + p->interval;
	if (!keep(x, p))
		return unwritable(x);
	return ask_github(x, p, true, lock);
}

static enum handled
cancel(struct exchange *x, struct pending *p, int *lock)
{
	(void)lock;
	if (p->device_code != NULL) {
		pending_end(p, "The sign-in was cancelled.");
		if (!keep(x, p))
			return unwritable(x);
	}
	return print_state(x, p, NULL);
}

static const struct {
	const char	*name;
	enum handled	(*run)(struct exchange *, struct pending *, int *);
} actions[] = {
	{ "start", start }, { "check", check }, { "cancel", cancel }
};

static enum handled
act(struct exchange *x, size_t action)
{
	const char	*home = copilot_home(x->account->copilot);
	struct pending	 p;
	struct err	 err = { 0 };
	bool		 busy = false;
	int		 lock = pending_lock(home, &busy);
	enum handled	 handled;

	if (!pending_read(home, &p, &err)) {
		log_err("sign-in of account %s: %s", x->account->name,
		    err.msg);
		handled = unwritable(x);
	} else if (busy)
		handled = print_state(x, &p, actions[action].run == cancel ?
		    "GitHub is being asked just now: try again." : NULL);
	else if (expire(&p, time(NULL)) && !keep(x, &p))
		handled = unwritable(x);
	else
		handled = actions[action].run(x, &p, &lock);
	pending_finish(&p);
	if (lock >= 0)
		close(lock);
	return handled;
}

enum handled
signin_posted(struct exchange *x, const char *what)
{
	size_t i;

	if (!may_sign_in(x))
		return refuse(x, 403, "This key may not sign an account in. "
		    "The administrator of this server can allow it: signIn in "
		    "auth.apiKeys.");
	for (i = 0; i < COUNT(actions); i++)
		if (strcmp(actions[i].name, what) == 0)
			return act(x, i);
	return refuse(x, 400, "There is no such button.");
}
