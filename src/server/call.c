/* Carrying an exchange out: the call upstream and its answer. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/log.h"
#include "copilot/copilot.h"
#include "copilot/failure.h"
#include "copilot/quota.h"
#include "server/parts.h"
#include "server/relay-state.h"

#define ERROR_BODY_MAX	(1u << 20) /* of a failed answer; more is cut off */
#define INLINE_MAX	(32u << 10) /* a larger body is a worker's business */
#define BACKLOG_MAX	(8u << 20) /* kept for a slow client, see call_events */
#define LINGER_MS	200	/* for upstream's end behind the last event */
#define LESSONS_MAX	4		/* calls that a request may cost more */

/* Does the answer want nothing more of a call that still has something? */
static bool
enough(const struct relay *r)
{
	const struct answer_ops *ops = r->x->answer;

	return ops->over != NULL && ops->over(r->x->self);
}

/* --- Memory. */

#define STEP	(64u << 10)	/* less needs no asking */

/* What this answer holds: kept by the caller's "base". */
static bool
hold(struct relay *r)
{
	size_t n = r->base + r->out.cap + r->sse.line.cap + r->sse.data.cap +
	    r->body.cap;

	/* The answer collects what a client gets as a whole. */
	if (!r->x->stream)
		n += 2 * r->received;
	n -= n % STEP;
	return n == r->x->memory.held || account_hold(&r->x->memory, n);
}

static void
no_memory(struct relay *r)
{
	r->failed = true;
	budget_refuse(&r->x->memory, &r->err);
}

/* Is there memory for so many more bytes in "b", which doubles then? */
static bool
affordable(struct relay *r, const struct buf *b, size_t n)
{
	if (b->len + n < b->cap || b->len + n < STEP)
		return true;
	return account_more(&r->x->memory, b->cap > n ? b->cap : n);
}

/* --- The answer. */

static void	job_commit(struct job *);
static void	task_done(struct loop_task *);

/*
 * Is only upstream's end missing? The client isn't kept waiting for that: what
 * is held back until it is on the disk goes there now.
 */
static void
look_done(struct relay *r)
{
	const struct answer_ops *ops = r->x->answer;

	if (!r->x->stream || ops->done == NULL || !ops->done(r->x->self))
		return;
	r->done = true;
	relay_travel(r, job_commit, task_done);
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
	/* Embeddings spend no quota. */
	quota_note(r->x->models, r->x->call.completion ? r->x->model : NULL,
	    reply, &r->x->reply.limits);
	/* Minutes may pass from here on, with megabytes in these. */
	if (reply->status >= 200 && reply->status <= 299) {
		buf_finish(&r->x->req.body);
		r->base = r->x->answer->commit != NULL ?
		    r->request.body.cap : 0;
		if (http_sent(r->call))
			buf_finish(&r->request.body);
		hold(r);
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
	r->received += n;
	r->x->memory.refused = false;
	budget_enter(&r->x->memory);
	ok = sse_feed(&r->sse, p, n, on_event, r);
	budget_leave();
	if (r->x->memory.refused || (!hold(r) && !r->failed)) {
		no_memory(r);
		ok = false;
	} else if (!ok && !r->failed && !enough(r))
		too_large(r);
	if (r->out.len > 0 && r->x->stream) {
		if (!r->head_sent)
			relay_put_head(r);
		relay_pump(r);
	}
	if (!ok || r->gone)
		return HTTP_STOP;
	look_done(r);
	return HTTP_GO;
}

static enum http_flow
call_body(void *arg, const char *p, size_t n)
{
	struct relay	*r = arg;
	size_t		 room;

	if (r->done)
		return HTTP_GO;
	switch (r->expect) {
	case EXPECT_EVENTS:
		return call_events(r, p, n);
	case EXPECT_WHOLE:
		if (r->body.len + n >
		    (size_t)r->x->conf->max_response_body_bytes) {
			too_large(r);
			return HTTP_STOP;
		}
		if (!affordable(r, &r->body, n)) {
			no_memory(r);
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
		relay_call_start(r);
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

/* What was answered is kept, even if that takes more than there is. */
static void
commit(struct relay *r)
{
	size_t before = r->x->memory.held;

	r->x->memory.forced = true;
	assert(r->x->answer->commit != NULL);
	r->x->answer->commit(r->x->self);
	account_hold(&r->x->memory, before);
	r->x->memory.forced = false;
}

/* Fetch and translate are done; what comes of it is in the reply, or "err". */
static void
whole(struct relay *r)
{
	struct exchange		*x = r->x;
	const struct answer_ops	*ops = x->answer;
	struct buf		*out = &x->reply.body;
	bool			 ok;

	x->memory.refused = false;
	budget_enter(&x->memory);
	ok = ops->whole(x->self, buf_str(&r->body), r->body.len, out, &r->err);
	if (x->memory.refused)
		no_memory(r);
	else if (!ok)
		r->failed = true;
	else if (ops->next != NULL && ops->next(x->self, &x->call.body)) {
		r->more = true;
		buf_truncate(out, 0);
	} else if (commits(r))
		commit(r);
	budget_leave();
	buf_finish(&r->body);
	account_hold(&x->memory, exchange_bytes(x));
}

static void
whole_done(struct relay *r)
{
	struct exchange *x = r->x;

	if (r->failed)
		relay_fail(r);
	else if (r->more) {
		r->more = r->retried = r->replayed = false;
		buf_finish(&r->request.body);
		call_again(r);
	} else if (x->stream) {
		buf_append(&r->out, buf_str(&x->reply.body), x->reply.body.len);
		relay_end_stream(r);
	} else {
		reply_json(&x->reply, 200);
		relay_reply(r);
	}
}

static void
job_whole(struct job *job)
{
	struct relay *r = RELAY_OF(job, job);

	whole(r);
	loop_post(r->server->loop, &r->task);
}

static void
task_whole(struct loop_task *task)
{
	struct relay *r = RELAY_OF(task, task);

	r->away = false;
	if (r->gone)
		relay_abandon(r, r->remark);
	else
		whole_done(r);
}

static void
end_whole(struct relay *r)
{
	if (r->body.len > INLINE_MAX || r->x->answer->commit != NULL)
		relay_travel(r, job_whole, task_whole);
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
		relay_fail(r);
	} else if (x->stream) {
		relay_end_stream(r);
	} else {
		x->reply.body = r->out;
		r->out = (struct buf){ 0 };
		reply_json(&x->reply, 200);
		relay_reply(r);
	}
}

static void
job_commit(struct job *job)
{
	struct relay *r = RELAY_OF(job, job);

	if (r->x->answer->commit != NULL) {
		budget_enter(&r->x->memory);
		commit(r);
		budget_leave();
	}
	loop_post(r->server->loop, &r->task);
}

static void
task_commit(struct loop_task *task)
{
	struct relay *r = RELAY_OF(task, task);

	r->away = false;
	if (r->gone)
		relay_abandon(r, r->remark);
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
		relay_fail(r);
	else if (commits(r))
		relay_travel(r, job_commit, task_commit);
	else
		events_done(r);
}

/*
 * What was held back is on the disk. Upstream gets a moment to end, since then
 * its connection can be used again; so does the stream to the client.
 */
static void
task_done(struct loop_task *task)
{
	struct relay	*r = RELAY_OF(task, task);

	r->away = false;
	if (r->gone)
		relay_abandon(r, r->remark);
	else if (r->call == NULL)
		events_done(r);
	else if (!r->x->answer->end(r->x->self, &r->out, &r->err))
		relay_fail(r);
	else {
		if (!r->head_sent)
			relay_put_head(r);
		loop_timer_set(r->server->loop, &r->linger, LINGER_MS);
		relay_push(r);
	}
}

void
relay_linger_over(struct loop_timer *t)
{
	struct relay *r = RELAY_OF(t, linger);

	http_cancel(r->call);
	r->call = NULL;
	relay_end_stream(r);
}

/*
 * Does r->err say what this model doesn't take? Each call teaches something
 * new, so that they come to an end, but a request shall not pay for many.
 */
static bool
learn(struct relay *r)
{
	struct exchange	*x = r->x;
	struct lesson	 lesson;
	bool		 lasts;

	if (r->lessons == LESSONS_MAX ||
	    !lesson_read(&r->err, &r->request.body, &lesson, &lasts) ||
	    !lesson_add(&x->lesson, &lesson))
		return false;
	r->lessons++;
	if (lasts && x->model != NULL)
		lessons_note(x->lessons, x->model, &lesson);
	log_info("%s: %s refuses %s: asking again without", x->req.id,
	    x->model != NULL ? x->model : "upstream", lesson_name(&lesson));
	return true;
}

/*
 * Does r->err say how the call has to be changed? Then the handler makes
 * another one of the request, once. A 200 has cost us the client's body:
 * nothing to ask again with.
 */
static bool
ask_otherwise(struct relay *r)
{
	struct exchange	*x = r->x;
	bool		*told = NULL;

	if (r->status < 400 || r->head_sent || !x->call.completion)
		return false;
	if (strcmp(r->err.code, "unsupported_api_for_model") == 0)
		told = &x->other_endpoint;
	else if (strcmp(r->err.code, "invalid_encrypted_content") == 0)
		told = &x->unsealed;
	if (told == NULL ? !learn(r) : *told)
		return false;
	if (told != NULL)
		*told = true;
	call_clear(r);
	http_request_finish(&r->request);
	relay_handle_again(r);
	return true;
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
		if (js_get(obj, "error") == NULL &&
		    js_get(obj, "message") == NULL)
			err_set(&r->err, 502, ERR_SERVER, "upstream_invalid",
			    NULL, "Copilot's answer could not be read.");
		else
			upstream_error_event(obj, &r->err);
		json_object_put(obj);
	} else
		upstream_error(r->status, buf_str(&r->body), r->body.len,
		    r->retry_after, &r->err);
	if (ask_otherwise(r))
		return;
	if (r->x->answer->explain != NULL)
		r->x->answer->explain(r->x->self, &r->err);
	relay_fail(r);
}

static void
call_end(void *arg, enum http_end end, const char *why)
{
	struct relay	*r = arg;
	bool		 unanswered;

	unanswered = end == HTTP_UNREACHABLE || end == HTTP_LOST;
	r->call = NULL;
	loop_timer_stop(r->server->loop, &r->linger);
	r->paused = false;
	if (r->away)
		return;			/* task_done() sees it */
	if (r->gone)
		relay_abandon(r, r->remark != NULL ? r->remark :
		    "client closed the connection");
	else if (r->done)
		relay_end_stream(r);
	else if (r->failed)
		relay_fail(r);
	else if (unanswered && !r->retried) {
		log_debug("%s: trying once more: %s", r->x->req.id, why);
		r->retried = true;
		r->counted = end == HTTP_LOST;
		call_again(r);
	} else if (unanswered || (end == HTTP_CUT &&
	    r->expect != EXPECT_EVENTS)) {
		err_set(&r->err, 502, ERR_SERVER, "upstream_unreachable", NULL,
		    "Copilot could not be reached: %s.", why);
		relay_fail(r);
	} else if (end == HTTP_SILENT && r->expect != EXPECT_EVENTS) {
		err_set(&r->err, 504, ERR_SERVER, "upstream_timeout", NULL,
		    "Copilot did not answer in time: %s.", why);
		relay_fail(r);
	} else if (r->expect == EXPECT_EVENTS)
		end_events(r, end, why);
	else if (r->expect == EXPECT_WHOLE)
		end_whole(r);
	else
		end_error(r);
}

static const struct http_ops call_ops = { call_head, call_body, call_end };

void
relay_call_start(struct relay *r)
{
	struct server	*s = r->server;
	struct exchange	*x = r->x;

	/*
	 * A call that was sent may have been counted as the user's turn, and
	 * that shall not be paid twice (VS Code's are the agent's then, too).
	 * One that was refused was not counted.
	 */
	x->call.agent = x->call.agent || r->counted;
	if (!copilot_request(s->copilot, x->conf, &x->call, &r->request,
	    &r->err)) {
		relay_fail(r);
		return;
	}
	r->generation = copilot_generation(s->copilot);
	r->sse.max = (size_t)x->conf->max_response_body_bytes;
	r->call = http_start(s->http, x->conf, &r->request, &call_ops, r);
}
