/* One call upstream: token, request, second tries, and what comes. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/copilot.h"
#include "server/call.h"
#include "server/parts.h"

#define ERROR_BODY_MAX	(1u << 20) /* of a failed answer; more is cut off */
#define ASK_FROM	(64u << 10) /* less memory needs no asking */

/* Each of these may cost a request one more call. */
enum {
	SPENT_CONNECTION = 1 << 0,	/* it was lost */
	SPENT_TOKEN = 1 << 1,		/* it was refused */
	MAYBE_BILLED = 1 << 2		/* what was lost had been sent */
};

static void	want_token(struct call *);

/* --- How it ends. */

static void
over(struct call *c, enum call_answer answer)
{
	c->answer = answer;
	c->ops->ended(c);
}

static void
fail(struct call *c, const struct err *err)
{
	*err_room(c->err) = *err;
	over(c, CALL_FAILED);
}

static void
too_large(struct call *c)
{
	c->answer = CALL_FAILED;
	err_set(err_room(c->err), 502, ERR_SERVER, "upstream_answer_too_large",
	    NULL,
	    "The upstream answer exceeds %lld bytes (maxResponseBodyBytes).",
	    (long long)c->x->conf->max_response_body_bytes);
}

void
call_forget(struct call *c)
{
	buf_truncate(&c->body, 0);
	free(c->retry_after);
	free(c->upstream_id);
	c->retry_after = c->upstream_id = NULL;
	c->answer = CALL_NONE;
	http_request_finish(&c->request);
}

/* The same request, with a new token or on a new connection. */
static void
try_again(struct call *c, unsigned spent)
{
	c->spent |= spent;
	c->x->call.body = c->request.body;
	c->request.body = (struct body){ 0 };
	call_forget(c);
	want_token(c);
}

/* Neither a status nor a byte has come. */
static void
unanswered(struct call *c, enum http_end how, const char *why)
{
	if ((c->spent & SPENT_CONNECTION) == 0) {
		log_debug("%s: trying once more: %s", c->x->req.id, why);
		try_again(c, SPENT_CONNECTION |
		    (how == HTTP_LOST ? MAYBE_BILLED : 0));
		return;
	}
	err_set(err_room(c->err), 502, ERR_SERVER, "upstream_unreachable",
	    NULL, "Copilot could not be reached: %s.", why);
	over(c, CALL_FAILED);
}

/* The answer broke off; whether a stream was whole is not ours to say. */
static void
broken(struct call *c, enum http_end how, const char *why)
{
	if (c->answer == CALL_EVENTS) {
		if (how == HTTP_SILENT)
			snprintf(c->silence, sizeof(c->silence), "%s", why);
		over(c, CALL_EVENTS);
		return;
	}
	if (how == HTTP_SILENT)
		err_set(err_room(c->err), 504, ERR_SERVER, "upstream_timeout",
		    NULL, "Copilot did not answer in time: %s.", why);
	else
		err_set(err_room(c->err), 502, ERR_SERVER,
		    "upstream_unreachable", NULL,
		    "Copilot could not be reached: %s.", why);
	over(c, CALL_FAILED);
}

static void
answered(struct call *c)
{
	if (c->answer == CALL_ERROR && c->status == 401 &&
	    (c->spent & SPENT_TOKEN) == 0 && !c->x->call.github) {
		copilot_refused(c->x->account->copilot, c->generation);
		try_again(c, SPENT_TOKEN);
	} else
		over(c, c->answer);
}

static void
on_end(void *arg, enum http_end how, const char *why)
{
	struct call *c = arg;

	c->http = NULL;
	switch (how) {
	case HTTP_DONE:
		answered(c);
		break;
	case HTTP_UNREACHABLE:
	case HTTP_LOST:
		unanswered(c, how, why);
		break;
	case HTTP_SILENT:
	case HTTP_CUT:
		broken(c, how, why);
		break;
	case HTTP_REFUSED:
		over(c, c->answer == CALL_FAILED ? CALL_FAILED : CALL_STOPPED);
		break;
	}
}

/* --- What comes. */

/* Tell what came: not all with 200 is what was asked for. */
static enum call_answer
kind_of(const struct exchange *x, const struct http_reply *reply)
{
	bool events;

	if (reply->status < 200 || reply->status > 299)
		return CALL_ERROR;
	events = strcmp(reply->content_type, "text/event-stream") == 0 ||
	    (x->stream && strcmp(reply->content_type,
	    "application/json") != 0);
	if (events && x->answer->event == NULL)
		return CALL_ERROR;
	return events ? CALL_EVENTS : CALL_WHOLE;
}

static enum http_flow
on_head(void *arg, const struct http_reply *reply)
{
	struct call *c = arg;

	c->status = reply->status;
	c->retry_after = http_reply_header(reply, "retry-after");
	c->upstream_id = http_reply_header(reply, "x-github-request-id");
	c->answer = kind_of(c->x, reply);
	/* Minutes may pass from here on, with megabytes in it. */
	if (reply->status >= 200 && reply->status <= 299 &&
	    http_release(c->http))
		http_request_finish(&c->request);
	c->ops->head(c, reply);
	return HTTP_GO;
}

/* Is there memory for so many more bytes in "b", which doubles then? */
static bool
affordable(struct budget_account *memory, const struct buf *b, size_t n)
{
	if (b->len + n < b->cap || b->len + n < ASK_FROM)
		return true;
	return budget_more(memory, b->cap > n ? b->cap : n);
}

static enum http_flow
take_whole(struct call *c, const char *p, size_t n)
{
	struct budget_account *memory = &c->x->memory;

	if (c->body.len + n > (size_t)c->x->conf->max_response_body_bytes) {
		too_large(c);
		return HTTP_STOP;
	}
	if (!affordable(memory, &c->body, n)) {
		c->answer = CALL_FAILED;
		budget_refuse(memory, err_room(c->err));
		return HTTP_STOP;
	}
	buf_append(&c->body, p, n);
	return HTTP_GO;
}

static enum http_flow
on_body(void *arg, const char *p, size_t n)
{
	struct call	*c = arg;
	size_t		 room;

	if (c->answer == CALL_EVENTS)
		return c->ops->events(c, p, n);
	if (c->answer == CALL_WHOLE)
		return take_whole(c, p, n);
	room = ERROR_BODY_MAX - c->body.len;
	buf_append(&c->body, p, n < room ? n : room);
	return HTTP_GO;
}

bool
call_feed(struct call *c, const char *p, size_t n)
{
	if (sse_feed(&c->sse, p, n, c->ops->event, c))
		return true;
	if (sse_too_large(&c->sse))
		too_large(c);
	return false;
}

bool
call_feed_end(struct call *c)
{
	return sse_end(&c->sse, c->ops->event, c);
}

size_t
call_bytes(const struct call *c)
{
	return c->sse.line.cap + c->sse.data.cap + c->body.cap;
}

/* --- How it begins. */

static const struct http_ops http_ops = { on_head, on_body, on_end };

static void
start(struct call *c)
{
	struct server	*s = c->server;
	struct exchange	*x = c->x;
	struct err	 err;

	/*
	 * A call that was sent may have been counted as the user's turn, and
	 * that shall not be paid twice (VS Code's are the agent's then, too).
	 * One that was refused was not counted.
	 */
	x->call.agent = x->call.agent || (c->spent & MAYBE_BILLED) != 0;
	if (!copilot_request(x->account->copilot, x->conf, &x->call,
	    &c->request, &err)) {
		fail(c, &err);
		return;
	}
	c->generation = copilot_generation(x->account->copilot);
	c->sse.max = (size_t)x->conf->max_response_body_bytes;
	c->http = http_start(s->http, x->conf, &c->request, &http_ops, c);
}

static void
token_ready(struct fetch_waiter *w, const struct err *err)
{
	struct call *c = CONTAINER(w, struct call, waiter);

	if (err == NULL)
		start(c);
	else
		fail(c, err);
}

static void
want_token(struct call *c)
{
	if (c->x->call.login)
		start(c);
	else if (c->x->call.github)
		copilot_want_github(c->x->account->copilot, c->x->conf,
		    &c->waiter);
	else
		copilot_want_token(c->x->account->copilot, &c->waiter);
}

void
call_start(struct call *c)
{
	want_token(c);
}

void
call_start_next(struct call *c)
{
	c->spent &= (unsigned)~(SPENT_CONNECTION | SPENT_TOKEN);
	call_forget(c);
	want_token(c);
}

bool
call_running(const struct call *c)
{
	return c->http != NULL;
}

bool
call_sent(const struct call *c)
{
	return c->http != NULL && http_sent(c->http);
}

bool
call_is_released(const struct call *c)
{
	return c->request.url == NULL;
}

bool
call_multiplexed(const struct call *c)
{
	return http_multiplexed(c->http);
}

void
call_resume(struct call *c)
{
	if (c->http != NULL)
		http_resume(c->http);
}

void
call_cancel(struct call *c)
{
	fetch_waiter_forget(&c->waiter);
	http_cancel(c->http);
	c->http = NULL;
}

void
call_init(struct call *c, const struct call_ops *ops, struct server *s,
    struct exchange *x, struct err **err)
{
	*c = (struct call){
		.err = err,
		.ops = ops,
		.server = s,
		.x = x,
		.waiter.ready = token_ready
	};
}

void
call_finish(struct call *c)
{
	call_cancel(c);
	call_forget(c);
	sse_finish(&c->sse);
	buf_finish(&c->body);
}
