/* Carrying an exchange out, on the loop. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "conf.h"
#include "copilot.h"
#include "fetch.h"
#include "http.h"
#include "js.h"
#include "log.h"
#include "loop.h"
#include "models.h"
#include "relay.h"
#include "serve.h"
#include "sse.h"
#include "upstream-error.h"
#include "util.h"
#include "workers.h"

#define ERROR_BODY_MAX	(1u << 20)	/* of a failed answer; more is cut off */
#define INLINE_MAX	(32u << 10)	/* a larger body is a worker's business */
#define STALL_MS	120000		/* a client that reads nothing is left */
#define AWAY_MS		1000		/* then a timer looks whether we are back */
#define SPARE_OUT	(64u << 10)	/* more memory is given back when empty */
#define BACKLOG_MAX	(8u << 20)	/* kept for a slow client, see call_events */
#define LINGER_MS	200		/* for upstream's end behind the last event */

enum expect { EXPECT_HEAD, EXPECT_EVENTS, EXPECT_WHOLE, EXPECT_ERROR };

struct relay {
	struct relay		 *next, **prev;	/* all relays of the server */
	struct server		 *server;
	struct exchange		 *x;
	struct client		 *client;

	/* Waiting for what the call needs. */
	struct waiter	  waiter;
	struct job		  job;		/* a trip to a worker .. */
	struct loop_task	  task;		/* .. and back */
	bool			  away;		/* on it: the exchange is not ours */
	enum handled		  handled;

	/* The call. */
	struct http_request	  request;
	struct http_call	 *call;
	unsigned		  generation;	/* of the token it carries */
	bool			  retried;	/* after a network failure */
	bool			  replayed;	/* after a 401 */
	enum expect		  expect;
	int			  status;	/* upstream's */
	char			 *retry_after;
	char			 *upstream_id;
	struct sse		  sse;
	struct buf		  body;		/* of a whole or failed answer */
	struct err		  err;		/* why the answer failed .. */
	bool			  failed;	/* .. if it did */
	bool			  more;		/* one more call is needed */
	char			  silence[64];	/* upstream stopped sending: how */

	/* The client. */
	struct buf		  out;		/* to be written, from out_at */
	size_t			  out_at;
	bool			  head_sent;
	bool			  paused;	/* the call, for a slow client */
	bool			  over;		/* nothing comes behind "out" */
	bool			  gone;		/* nobody listens any more */
	const char		 *remark;	/* for the log */
	size_t			  bytes;
	int64_t			  written;	/* when something last was */
	struct loop_timer	  timer;	/* keep-alive, stalled client */
	struct loop_timer	  linger;	/* of upstream */
};

#define CONTAINER(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

static void	call_start(struct relay *);
static void	job_again(struct job *);
static void	task_again(struct loop_task *);

/* --- Beginning and end. */

static void
relay_free(struct relay *r, bool whole)
{
	struct server *s = r->server;

	waiter_forget(&r->waiter);
	http_cancel(r->call);
	loop_timer_stop(s->loop, &r->timer);
	loop_timer_stop(s->loop, &r->linger);
	r->client->ops->finish(r->client, whole);
	serve_done(s, r->x, r->bytes, r->upstream_id, r->remark);
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	http_request_finish(&r->request);
	sse_finish(&r->sse);
	buf_finish(&r->body);
	buf_finish(&r->out);
	free(r->retry_after);
	free(r->upstream_id);
	exchange_destroy(r->x);
	free(r);
}

static void
abandon(struct relay *r, const char *remark)
{
	r->gone = true;
	r->remark = remark;
	if (!r->away)
		relay_free(r, false);
}

/* --- Writing to the client. */

static void
put_head(struct relay *r)
{
	struct exchange	*x = r->x;
	struct buf	 head = { 0 };

	r->head_sent = true;
	x->reply.status = 200;
	x->reply.content_type = "text/event-stream; charset=utf-8";
	reply_header(&x->reply, "Cache-Control", "no-cache");
	/* nginx buffers the answer without this. */
	reply_header(&x->reply, "X-Accel-Buffering", "no");
	reply_head(&x->reply, &x->req, false, &head);
	buf_append(&head, buf_str(&r->out), r->out.len);
	buf_finish(&r->out);
	r->out = head;
}

/* Write while the client takes it. Safe inside of the call's callbacks. */
static void
pump(struct relay *r)
{
	const struct client_ops	*ops = r->client->ops;
	size_t			 n;

	while (r->out_at < r->out.len && !r->gone) {
		if (!ops->room(r->client)) {
			if (r->timer.place == 0)
				loop_timer_set(r->server->loop, &r->timer,
				    STALL_MS);
			break;
		}
		n = r->out.len - r->out_at;
		if (n > CLIENT_PIECE)
			n = CLIENT_PIECE;
		if (!ops->write(r->client, r->out.p + r->out_at, n,
		    r->over && n == r->out.len - r->out_at)) {
			r->gone = true;
			return;
		}
		r->out_at += n;
		r->bytes += n;
		r->written = loop_now(r->server->loop);
	}
	if (r->out_at < r->out.len) {
		/* Seldom enough to cost each byte one move at most. */
		if (r->out_at > SPARE_OUT && r->out_at > r->out.len / 2) {
			buf_consume(&r->out, r->out_at);
			r->out_at = 0;
		}
		return;
	}
	r->out_at = 0;
	if (r->out.cap > SPARE_OUT)
		buf_finish(&r->out);
	else
		buf_truncate(&r->out, 0);
}

/* The same outside of them, with what follows from it. The relay may end. */
static void
push(struct relay *r)
{
	if (r->away)
		return;			/* a worker has the exchange */
	pump(r);
	if (r->gone)
		abandon(r, "client closed the connection");
	else if (r->out.len > 0)
		return;
	else if (r->over)
		relay_free(r, true);
	else if (r->paused) {
		r->paused = false;
		http_resume(r->call);
	}
}

static void
reply(struct relay *r)
{
	reply_print(&r->x->reply, &r->x->req, &r->out);
	r->over = true;
	push(r);
}

/* r->err: before the head as an HTTP error, behind it as an event. */
static void
fail(struct relay *r)
{
	struct exchange *x = r->x;

	r->remark = r->err.msg;
	if (r->head_sent) {
		x->answer->fail(x->self, &r->err, &r->out);
		r->over = true;
		push(r);
		return;
	}
	buf_truncate(&r->out, 0);
	reply_error(&x->reply, &r->err);
	reply(r);
}

static void
end_stream(struct relay *r)
{
	if (!r->head_sent)
		put_head(r);
	r->over = true;
	push(r);
}

static void
client_gone(struct client *c)
{
	abandon(c->owner, "client closed the connection");
}

static void
client_writable(struct client *c)
{
	push(c->owner);
}

/* Silence is told to nobody: SSE comments keep servers and clients patient. */
static void
keep_alive(struct relay *r)
{
	struct server	*s = r->server;
	int64_t		 interval = r->x->conf->sse_keep_alive_ms, due;

	due = r->written + interval - loop_now(s->loop);
	if (due <= 0) {
		buf_puts(&r->out, ": keep-alive\n\n");
		if (!r->head_sent)
			put_head(r);
		due = interval;
	}
	loop_timer_set(s->loop, &r->timer, due);
	push(r);
}

static void
timer(struct loop_timer *t)
{
	struct relay	*r = CONTAINER(t, struct relay, timer);
	struct loop	*loop = r->server->loop;
	int64_t		 interval = r->x->conf->sse_keep_alive_ms;
	int64_t		 left = r->written + STALL_MS - loop_now(loop);

	if (r->away)
		loop_timer_set(loop, t, AWAY_MS);
	else if (r->out.len > 0 && left <= 0)
		abandon(r, "client stopped reading");
	else if (r->out.len > 0)
		/* Perhaps it is all read by then, and time for a comment. */
		loop_timer_set(loop, t, interval > 0 && interval < left ?
		    interval : left);
	else if (r->x->stream && interval > 0 && !r->over)
		keep_alive(r);
}

/* --- The call. */

/* Does the answer want nothing more of a call that still has something? */
static bool
enough(const struct relay *r)
{
	const struct answer_ops *ops = r->x->answer;

	return ops->over != NULL && ops->over(r->x->self);
}

/* If only upstream's end is missing it is not waited for much longer. */
static void
await_end(struct relay *r)
{
	const struct answer_ops *ops = r->x->answer;

	if (ops->done != NULL && r->linger.place == 0 && ops->done(r->x->self))
		loop_timer_set(r->server->loop, &r->linger, LINGER_MS);
}

static bool
on_event(const struct sse_event *ev, void *arg)
{
	struct relay *r = arg;

	if (!r->x->answer->event(r->x->self, ev, &r->out, &r->err))
		r->failed = true;
	return !r->failed && !enough(r);
}

static void
too_large(struct relay *r)
{
	r->failed = true;
	err_set(&r->err, 502, ERR_SERVER, "upstream_answer_too_large", NULL,
	    "The upstream answer exceeds %lld bytes (maxResponseBodyBytes).",
	    (long long)r->x->conf->max_response_body_bytes);
}

static enum http_flow
call_head(void *arg, const struct http_reply *reply)
{
	struct relay *r = arg;

	r->status = reply->status;
	r->retry_after = http_reply_header(reply, "retry-after");
	r->upstream_id = http_reply_header(reply, "x-github-request-id");
	/* Minutes may pass from here on, with megabytes in these. */
	if (reply->status >= 200 && reply->status <= 299) {
		buf_finish(&r->x->req.body);
		if (http_sent(r->call))
			buf_finish(&r->request.body);
	}
	if (reply->status < 200 || reply->status > 299)
		r->expect = EXPECT_ERROR;
	else if (strcmp(reply->content_type, "text/event-stream") == 0 ||
	    (r->x->stream &&
	    strcmp(reply->content_type, "application/json") != 0))
		r->expect = EXPECT_EVENTS;
	else
		r->expect = EXPECT_WHOLE;
	/* Not what was asked for, and nothing the endpoint can make of it. */
	if (r->expect != EXPECT_ERROR && !r->x->answer->either &&
	    r->x->stream != (r->expect == EXPECT_EVENTS))
		r->expect = EXPECT_ERROR;
	return HTTP_GO;
}

/*
 * A client that reads slowly: upstream has to wait. Where its stream shares a
 * connection it can't, so what comes is kept, up to a limit.
 */
static enum http_flow
call_events(struct relay *r, const char *p, size_t n)
{
	bool ok;

	if (r->x->stream && r->out.len > 0 && !http_multiplexed(r->call)) {
		r->paused = true;
		return HTTP_PAUSE;
	}
	if (r->x->stream && r->out.len - r->out_at > BACKLOG_MAX) {
		r->gone = true;
		r->remark = "client reads too slowly";
		return HTTP_STOP;
	}
	ok = sse_feed(&r->sse, p, n, on_event, r);
	if (!ok && !r->failed && !enough(r))
		too_large(r);
	if (r->out.len > 0 && r->x->stream) {
		if (!r->head_sent)
			put_head(r);
		pump(r);
	}
	if (!ok || r->gone)
		return HTTP_STOP;
	await_end(r);
	return HTTP_GO;
}

static enum http_flow
call_body(void *arg, const char *p, size_t n)
{
	struct relay	*r = arg;
	size_t		 room;

	switch (r->expect) {
	case EXPECT_EVENTS:
		return call_events(r, p, n);
	case EXPECT_WHOLE:
		if (r->body.len + n >
		    (size_t)r->x->conf->max_response_body_bytes) {
			too_large(r);
			return HTTP_STOP;
		}
		buf_append(&r->body, p, n);
		return HTTP_GO;
	default:
		room = ERROR_BODY_MAX - r->body.len;
		buf_append(&r->body, p, n < room ? n : room);
		return HTTP_GO;
	}
}

/* Forget the last call's answer. */
static void
call_clear(struct relay *r)
{
	buf_truncate(&r->body, 0);
	free(r->retry_after);
	free(r->upstream_id);
	r->retry_after = r->upstream_id = NULL;
	r->expect = EXPECT_HEAD;
}

/*
 * Send the request again, with a new token or on a new connection; or the next
 * one, whose body is in the call already.
 */
static void
call_again(struct relay *r)
{
	struct upstream_call *call = &r->x->call;

	if (call->body.p == NULL) {
		call->body = r->request.body;
		r->request.body = (struct buf){ 0 };
	}
	http_request_finish(&r->request);
	call_clear(r);
	if (call->github)
		call_start(r);
	else
		copilot_want_token(r->server->copilot, &r->waiter);
}

static bool
commits(const struct relay *r)
{
	const struct answer_ops *ops = r->x->answer;

	return ops->commit != NULL &&
	    (ops->commits == NULL || ops->commits(r->x->self));
}

/* Fetch and translate are done; what comes of it is in the reply, or "err". */
static void
whole(struct relay *r)
{
	struct exchange		*x = r->x;
	const struct answer_ops	*ops = x->answer;
	struct buf		*out = &x->reply.body;

	if (!ops->whole(x->self, buf_str(&r->body), r->body.len, out, &r->err))
		r->failed = true;
	else if (ops->next != NULL && ops->next(x->self, &x->call.body)) {
		r->more = true;
		buf_truncate(out, 0);
	} else if (commits(r))
		ops->commit(x->self);
}

static void
whole_done(struct relay *r)
{
	struct exchange *x = r->x;

	if (r->failed)
		fail(r);
	else if (r->more) {
		r->more = r->retried = r->replayed = false;
		buf_finish(&r->request.body);
		call_again(r);
	} else if (x->stream) {
		buf_append(&r->out, buf_str(&x->reply.body), x->reply.body.len);
		end_stream(r);
	} else {
		reply_json(&x->reply, 200);
		reply(r);
	}
}

static void
job_whole(struct job *job)
{
	struct relay *r = CONTAINER(job, struct relay, job);

	whole(r);
	loop_post(r->server->loop, &r->task);
}

static void
task_whole(struct loop_task *task)
{
	struct relay *r = CONTAINER(task, struct relay, task);

	r->away = false;
	if (r->gone)
		abandon(r, r->remark);
	else
		whole_done(r);
}

static void
travel(struct relay *r, void (*run)(struct job *),
    void (*back)(struct loop_task *))
{
	r->away = true;
	r->job.run = run;
	r->task.run = back;
	if (r->server->workers != NULL)
		workers_submit(r->server->workers, &r->job);
	else
		run(&r->job);
}

static void
end_whole(struct relay *r)
{
	if (r->body.len > INLINE_MAX || r->x->answer->commit != NULL)
		travel(r, job_whole, task_whole);
	else {
		whole(r);
		whole_done(r);
	}
}

/* All events have come: let the answer say whether that was all. */
static void
events_done(struct relay *r)
{
	struct exchange *x = r->x;

	if (!x->answer->end(x->self, &r->out, &r->err)) {
		if (r->silence[0] != '\0')
			err_set(&r->err, 504, ERR_SERVER, "upstream_timeout",
			    NULL, "Copilot stopped sending: %s.", r->silence);
		fail(r);
	} else if (x->stream) {
		end_stream(r);
	} else {
		x->reply.body = r->out;
		r->out = (struct buf){ 0 };
		reply_json(&x->reply, 200);
		reply(r);
	}
}

static void
job_commit(struct job *job)
{
	struct relay *r = CONTAINER(job, struct relay, job);

	r->x->answer->commit(r->x->self);
	loop_post(r->server->loop, &r->task);
}

static void
task_commit(struct loop_task *task)
{
	struct relay *r = CONTAINER(task, struct relay, task);

	r->away = false;
	if (r->gone)
		abandon(r, r->remark);
	else
		events_done(r);
}

static void
end_events(struct relay *r, enum http_end end, const char *why)
{
	/* A cut behind the last event is no loss: the answer itself knows. */
	if (end == HTTP_SILENT)
		snprintf(r->silence, sizeof(r->silence), "%s", why);
	if ((!sse_end(&r->sse, on_event, r) && !enough(r)) || r->failed)
		fail(r);
	else if (commits(r))
		travel(r, job_commit, task_commit);
	else
		events_done(r);
}

static void
linger_over(struct loop_timer *t)
{
	struct relay *r = CONTAINER(t, struct relay, linger);

	http_cancel(r->call);
	r->call = NULL;
	r->paused = false;
	end_events(r, HTTP_DONE, "");
}

static void
end_error(struct relay *r)
{
	json_object *obj;

	if (r->status == 401 && !r->replayed && !r->x->call.github) {
		r->replayed = true;
		copilot_refused(r->server->copilot, r->generation);
		call_again(r);
		return;
	}
	if (r->status >= 200 && r->status <= 299) {
		obj = js_parse_quiet(buf_str(&r->body), r->body.len);
		if (js_get(obj, "error") == NULL && js_get(obj, "message") == NULL)
			err_set(&r->err, 502, ERR_SERVER, "upstream_invalid",
			    NULL, "Copilot's answer could not be read.");
		else
			upstream_error_event(obj, &r->err);
		json_object_put(obj);
	} else
		upstream_error(r->status, buf_str(&r->body), r->body.len,
		    r->retry_after, &r->err);
	if (strcmp(r->err.code, "unsupported_api_for_model") == 0 &&
	    !r->x->other_endpoint && !r->head_sent) {
		r->x->other_endpoint = true;
		call_clear(r);
		http_request_finish(&r->request);
		travel(r, job_again, task_again);
		return;
	}
	if (r->x->answer->explain != NULL)
		r->x->answer->explain(r->x->self, &r->err);
	fail(r);
}

static void
call_end(void *arg, enum http_end end, const char *why)
{
	struct relay *r = arg;

	r->call = NULL;
	loop_timer_stop(r->server->loop, &r->linger);
	r->paused = false;
	if (r->gone)
		abandon(r, r->remark != NULL ? r->remark :
		    "client closed the connection");
	else if (r->failed)
		fail(r);
	else if (end == HTTP_UNREACHABLE && !r->retried) {
		log_debug("%s: trying once more: %s", r->x->req.id, why);
		r->retried = true;
		call_again(r);
	} else if (end == HTTP_UNREACHABLE || (end == HTTP_CUT &&
	    r->expect != EXPECT_EVENTS)) {
		err_set(&r->err, 502, ERR_SERVER, "upstream_unreachable", NULL,
		    "Copilot could not be reached: %s.", why);
		fail(r);
	} else if (end == HTTP_SILENT && r->expect != EXPECT_EVENTS) {
		err_set(&r->err, 504, ERR_SERVER, "upstream_timeout", NULL,
		    "Copilot did not answer in time: %s.", why);
		fail(r);
	} else if (r->expect == EXPECT_EVENTS)
		end_events(r, end, why);
	else if (r->expect == EXPECT_WHOLE)
		end_whole(r);
	else
		end_error(r);
}

static const struct http_ops call_ops = { call_head, call_body, call_end };

static void
call_start(struct relay *r)
{
	struct server	*s = r->server;
	struct exchange	*x = r->x;

	if (!copilot_request(s->copilot, x->conf, &x->call, &r->request,
	    &r->err)) {
		fail(r);
		return;
	}
	r->generation = copilot_generation(s->copilot);
	r->sse.max = (size_t)x->conf->max_response_body_bytes;
	r->call = http_start(s->http, x->conf, &r->request, &call_ops, r);
}

static void
token_ready(struct waiter *w, const struct err *err)
{
	struct relay *r = CONTAINER(w, struct relay, waiter);

	if (err != NULL) {
		r->err = *err;
		fail(r);
	} else
		call_start(r);
}

/* --- The model list, when the handler could not do without. */

static void	proceed(struct relay *);

static void
job_again(struct job *job)
{
	struct relay *r = CONTAINER(job, struct relay, job);

	r->handled = serve_again(r->server, r->x);
	loop_post(r->server->loop, &r->task);
}

static void
task_again(struct loop_task *task)
{
	struct relay *r = CONTAINER(task, struct relay, task);

	r->away = false;
	if (r->gone)
		abandon(r, r->remark);
	else
		proceed(r);
}

static void
models_ready(struct waiter *w, const struct err *err)
{
	struct relay *r = CONTAINER(w, struct relay, waiter);

	r->x->models_tried = true;
	if (err != NULL)
		r->x->models_err = *err;
	travel(r, job_again, task_again);
}

static void
proceed(struct relay *r)
{
	struct copilot *copilot = r->server->copilot;

	switch (r->handled) {
	case HANDLED_REPLY:
		reply(r);
		break;
	case HANDLED_MODELS:
		r->waiter.ready = models_ready;
		copilot_want_models(copilot, &r->waiter);
		break;
	case HANDLED_CALL:
		if (r->x->stream && r->x->conf->sse_keep_alive_ms > 0 &&
		    r->timer.place == 0)
			loop_timer_set(r->server->loop, &r->timer,
			    r->x->conf->sse_keep_alive_ms);
		r->waiter.ready = token_ready;
		if (r->x->call.github)
			call_start(r);
		else
			copilot_want_token(copilot, &r->waiter);
		break;
	}
}

void
relay_start(struct server *s, struct exchange *x, struct client *client,
    enum handled handled)
{
	struct relay *r = xcalloc(1, sizeof(*r));

	r->server = s;
	r->x = x;
	r->client = client;
	r->handled = handled;
	r->written = loop_now(s->loop);
	r->timer.expired = timer;
	r->linger.expired = linger_over;
	client->owner = r;
	client->gone = client_gone;
	client->writable = client_writable;
	r->next = s->relays;
	r->prev = &s->relays;
	if (r->next != NULL)
		r->next->prev = &r->next;
	s->relays = r;
	proceed(r);
}

void
relay_stop_all(struct server *s)
{
	struct relay *r, *next;

	for (r = s->relays; r != NULL; r = next) {
		next = r->next;
		if (r->away || r->over)
			continue;
		waiter_forget(&r->waiter);
		loop_timer_stop(s->loop, &r->linger);
		http_cancel(r->call);
		r->call = NULL;
		err_set(&r->err, 503, ERR_SERVER, "server_shutting_down", NULL,
		    "This server is shutting down.");
		fail(r);
	}
}
