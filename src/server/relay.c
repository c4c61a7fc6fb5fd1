/* Carrying an exchange out, on the loop: its phases, and what follows what. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "api/auto.h"
#include "api/detached.h"
#include "api/exchange.h"
#include "api/queue.h"
#include "base/conf.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/autos.h"
#include "copilot/copilot.h"
#include "copilot/models.h"
#include "copilot/quota.h"
#include "remote/remote.h"
#include "server/access-log.h"
#include "server/background.h"
#include "server/call.h"
#include "server/client.h"
#include "server/fan.h"
#include "server/follow.h"
#include "server/handle.h"
#include "server/meter.h"
#include "server/outlet.h"
#include "server/parts.h"
#include "server/refusal.h"
#include "server/relay.h"
#include "server/tally.h"

#define INLINE_MAX	(32u << 10) /* a larger body is a worker's business */
#define BACKLOG_MAX	(8u << 20) /* kept for a slow client, see may_come() */
#define LINGER_MS	200	/* for upstream's end behind the last event */
#define HOLD_STEP	(64u << 10)	/* of memory; less needs no asking */

enum phase {
	MODELS,			/* the list of models is waited for */
	FETCHING,		/* what the client named by an address is */
	HANDLING,		/* a worker has the handler make a call */
	CALLING,		/* upstream is asked, and answers */
	TRANSLATING,		/* a worker has upstream's whole answer */
	KEEPING,		/* a worker keeps a complete answer */
	LINGERING,		/* all is said; upstream shall end, too */
	DRAINING,		/* all is said; the client still reads */
	STOPPING,		/* a worker has it; then comes an error */
	LEAVING			/* a worker has it; nobody waits for it */
};

struct relay {
	struct relay		 *next, **prev;	/* all relays of the server */
	struct server		 *server;
	struct exchange		 *x;
	enum phase		  phase;
	struct outlet		  outlet;
	struct call		  call;
	struct fetch_waiter		  models;
	struct remote_job	  remote;
	struct job		  job;		/* a trip to a worker */
	void			(*errand)(struct relay *);
	struct loop_task	  back;		/* from there */
	struct loop_timer	  linger;
	enum handled		  handled;	/* what the handler said */
	enum answer_said	  said;
	size_t			  base;		/* memory beside buffers */
	size_t			  received;	/* bytes of events */
	struct buf		  last;	/* to be written once it is kept */
	struct err		  err;
	const char		 *remark;	/* for the log */
	bool			  part;		/* of a request that counts */
};

static const struct outlet_ops outlet_ops;

static void	models_ready(struct fetch_waiter *, const struct err *);
static void	session_ready(struct fetch_waiter *, const struct err *);
static void	fetched(struct remote_job *, const struct err *);

/* --- The end. */

static void
release(struct relay *r)
{
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	call_finish(&r->call);
	buf_finish(&r->last);
	r->server->requests -= !r->part;
	meter_load(r->server);
	free(r);
}

/* The client is finished with, the relay is gone. */
static void
end(struct relay *r, bool whole)
{
	int status = r->outlet.why == NULL && r->x->reply.status != 0 ?
	    r->x->reply.status : CLIENT_GONE;

	fetch_waiter_forget(&r->models);
	remote_cancel(&r->remote);
	loop_timer_stop(r->server->loop, &r->linger);
	outlet_finish(&r->outlet, whole);
	handle_leave(r->x);
	tally_cut(r->x, status);
	if (!r->x->part) {
		meter(r->x, status);
		access_log(r->x, r->outlet.bytes, r->call.upstream_id,
		    r->remark);
	}
	exchange_destroy(r->x);
	release(r);
}

static void
leave(struct relay *r)
{
	r->x->accepted |= call_sent(&r->call);
	r->remark = r->outlet.why;
	end(r, false);
}

static void
leave_later(struct relay *r)
{
	r->phase = LEAVING;
}

static void
carry_on(struct relay *r)
{
	(void)r;
}

/* The rest is in "out". */
static void
drain(struct relay *r)
{
	r->phase = DRAINING;
	outlet_last(&r->outlet);
	outlet_push(&r->outlet);
}

static void
send_reply(struct relay *r)
{
	if (r->outlet.state != OUTLET_EMPTY) {	/* see ask_on() */
		buf_append(&r->outlet.out, buf_str(&r->x->reply.body),
		    r->x->reply.body.len);
		drain(r);
		return;
	}
	reply_print_take(&r->x->reply, &r->x->req, &r->outlet.out);
	drain(r);
}

static void
refuse(struct exchange *x, const struct err *err)
{
	if (x->answer == NULL || x->answer->instead == NULL) {
		reply_error(&x->reply, &x->req, err);
		return;
	}
	buf_truncate(&x->reply.body, 0);
	x->answer->instead(x->self, err, &x->reply.body);
	reply_whole(&x->reply);
}

/* r->err: before the head as an HTTP error, behind it as an event. */
static void
fail(struct relay *r)
{
	struct exchange *x = r->x;

	call_cancel(&r->call);
	exchange_terms(x, &r->err);
	r->remark = err_for_log(&r->err);
	if (r->outlet.state == OUTLET_EMPTY) {
		buf_truncate(&r->outlet.out, 0);
		refuse(x, &r->err);
		send_reply(r);
	} else {
		if (x->answer != NULL)
			x->answer->fail(x->self, &r->err, &r->outlet.out);
		drain(r);
	}
}

static void
stop(struct relay *r)
{
	fetch_waiter_forget(&r->models);
	remote_cancel(&r->remote);
	err_set(&r->err, 503, ERR_SERVER, "server_shutting_down", NULL,
	    "This server is shutting down.");
	fail(r);
}

static void
stop_later(struct relay *r)
{
	r->phase = STOPPING;
}

/* A refusal is an end already, also of a stream that has begun: ask_on(). */
static void
stop_now(struct relay *r)
{
	if (r->handled == HANDLED_REPLY)
		send_reply(r);
	else
		stop(r);
}

/* The stream is complete with what is in "out". */
static void
end_stream(struct relay *r)
{
	loop_timer_stop(r->server->loop, &r->linger);
	call_cancel(&r->call);
	outlet_begin(&r->outlet, &r->x->reply, &r->x->req);
	drain(r);
}

/* --- Trips to a worker. */

static void
run_errand(struct job *job)
{
	struct relay *r = CONTAINER(job, struct relay, job);

	if (r->errand != NULL)
		r->errand(r);
	loop_post(r->server->loop, &r->back);
}

/*
 * From here on the exchange is the worker's; the outlet, and what is in it, is
 * still ours. Without an errand it is back in the loop's next turn.
 */
static void
travel(struct relay *r, enum phase phase, void (*errand)(struct relay *))
{
	r->phase = phase;
	r->errand = errand;
	outlet_watch(&r->outlet, 0);
	r->job.run = run_errand;
	r->job.kind = handle_kind(r->x);
	r->job.owner = r->x->memory.holder;
	if (errand != NULL && r->server->workers != NULL)
		workers_submit(r->server->workers, &r->job);
	else
		run_errand(&r->job);
}

static void
make_call(struct relay *r)
{
	r->handled = handle_again(r->x);
}

/* --- Memory. */

/* Hold the memory of this answer, beside what the handler left. */
static bool
hold(struct relay *r)
{
	size_t n = r->base + r->outlet.out.cap + call_bytes(&r->call);

	/* The answer collects what a client gets as a whole, and is kept. */
	if (!r->x->stream || r->x->collects)
		n += 2 * r->received;
	/* At least one step: curl has buffers, too. */
	n += HOLD_STEP - n % HOLD_STEP;
	return n == r->x->memory.held || budget_hold(&r->x->memory, n);
}

static void
no_memory(struct relay *r)
{
	r->said = ANSWER_FAILED;
	budget_refuse(&r->x->memory, &r->err);
}

static void
call_begins(struct relay *r)
{
	r->phase = CALLING;
	r->x->times.called = util_now_ms();
	r->said = ANSWER_MORE;
	r->base = r->x->copied;
}

/* --- An answer that has come to its end, but for what follows from it. */

/* The answer is kept, even if that takes more memory than there is. */
static void
commit(struct relay *r)
{
	struct exchange	*x = r->x;
	struct budget_account	*memory = &x->memory;
	size_t		 before = memory->held;

	memory->forced = true;
	budget_enter(memory);
	r->said = x->answer->commit(x->self, &x->reply.body, &r->err) ?
	    ANSWER_COMPLETE : ANSWER_FAILED;
	budget_leave();
	budget_hold(memory, before);
	memory->forced = false;
}

/* Put on record what it took, before the client has the end. */
static void
record(struct relay *r)
{
	if (r->said != ANSWER_FAILED && r->said != ANSWER_AGAIN)
		tally(r->x, 200);
}

/* A worker's part of the answer follows what is in "out". */
static void
join(struct relay *r)
{
	struct buf *out = &r->outlet.out, *more = &r->x->reply.body;

	if (out->len == 0) {
		buf_finish(out);
		*out = *more;
	} else {
		buf_append(out, buf_str(more), more->len);
		buf_finish(more);
	}
	*more = (struct buf){ 0 };
}

/*
 * The answer was a summary, which is on record: now the request itself is
 * asked, with that, as a call of its own.
 */
static void
ask_on(struct relay *r)
{
	struct exchange	*x = r->x;

	call_cancel(&r->call);
	call_forget(&r->call);
	buf_finish(&r->last);
	x->usage = (struct usage){
		.input = -1, .output = -1, .nano = -1,
		.show_cost = x->usage.show_cost
	};
	x->tallied = x->cut = x->accepted = false;
	x->summarized = true;
	x->begun = r->outlet.state != OUTLET_EMPTY;
	travel(r, HANDLING, make_call);
}

static void
end_events(struct relay *r)
{
	struct exchange *x = r->x;

	if (r->said == ANSWER_FAILED) {
		if (r->call.silence[0] != '\0')
			err_set(&r->err, 504, ERR_SERVER, "upstream_timeout",
			    NULL, "Copilot stopped sending: %s.",
			    r->call.silence);
		fail(r);
	} else if (x->stream) {
		end_stream(r);
	} else {
		x->reply.body = r->outlet.out;
		r->outlet.out = (struct buf){ 0 };
		reply_whole(&x->reply);
		send_reply(r);
	}
}

/*
 * Upstream gets a moment to end, since then its connection can be used again.
 * The client has its last event meanwhile, and the end of the stream behind it.
 */
static void
kept(struct relay *r)
{
	struct exchange *x = r->x;

	if (x->summarizes && r->said == ANSWER_COMPLETE) {
		ask_on(r);
		return;
	}
	buf_append(&r->outlet.out, buf_str(&r->last), r->last.len);
	buf_finish(&r->last);
	join(r);
	if (!call_running(&r->call) || r->said == ANSWER_FAILED) {
		end_events(r);
		return;
	}
	r->phase = LINGERING;
	outlet_begin(&r->outlet, &x->reply, &x->req);
	loop_timer_set(r->server->loop, &r->linger, LINGER_MS);
	outlet_push(&r->outlet);
}

static void
record_kept(struct relay *r)
{
	record(r);
	kept(r);
}

static void
translate(struct relay *r)
{
	struct exchange		*x = r->x;
	const struct answer_ops	*ops = x->answer;
	struct buf		*in = &r->call.body, *out = &x->reply.body;

	x->memory.refused = false;
	budget_enter(&x->memory);
	r->said = ops->whole(x->self, buf_str(in), in->len, out, &r->err);
	budget_leave();
	if (x->memory.refused)
		no_memory(r);
	else if (r->said == ANSWER_AGAIN) {
		buf_finish(&x->call.body);
		x->call.body = *out;
		*out = (struct buf){ 0 };
	}
	buf_finish(in);
	budget_hold(&x->memory, exchange_bytes(x));
}

static void
translate_and_commit(struct relay *r)
{
	translate(r);
	if (r->said == ANSWER_HELD)
		commit(r);
}

static void
translated(struct relay *r)
{
	struct exchange *x = r->x;

	if (r->said == ANSWER_FAILED)
		fail(r);
	else if (x->summarizes)
		ask_on(r);
	else if (r->said == ANSWER_AGAIN) {
		call_begins(r);
		tally_sends(x, true);
		call_start_next(&r->call);
	} else if (x->stream) {
		buf_append(&r->outlet.out, buf_str(&x->reply.body),
		    x->reply.body.len);
		end_stream(r);
	} else {
		reply_whole(&x->reply);
		send_reply(r);
	}
}

static void
record_translated(struct relay *r)
{
	record(r);
	translated(r);
}

/* --- The call, while it lasts. */

static void
call_head(struct call *c, const struct http_reply *reply)
{
	struct relay	*r = CONTAINER(c, struct relay, call);
	struct exchange	*x = r->x;

	x->reply.upstream_ms = util_now_ms() - x->times.called;
	/* Embeddings spend no quota. */
	quota_note(x->req.anthropic ? QUOTA_ANTHROPIC : QUOTA_OPENAI, x->models,
	    x->call.completion ? x->model : NULL, reply, &x->reply.limits);
	if (reply->status < 200 || reply->status > 299)
		return;
	x->accepted = true;
	if (x->summarizes) {
		hold(r);
		return;
	}
	/* Nothing is asked again: minutes may pass, with megabytes in it. */
	buf_finish(&x->req.body);
	exchange_forget_remote(x);
	hold(r);
}

/* Behind the end nothing counts, but upstream is heard out. */
static bool
call_event(const struct sse_event *ev, void *call)
{
	struct relay	*r = CONTAINER(call, struct relay, call);
	struct exchange	*x = r->x;

	if (r->said == ANSWER_MORE) {
		if (x->ledger != NULL)
			estimate_event(&x->estimate, ev->name, ev->data,
			    ev->len);
		r->said = x->answer->event(x->self, ev, &r->outlet.out,
		    &r->err);
		x->cut |= r->said == ANSWER_ENOUGH;
	}
	return r->said != ANSWER_ENOUGH && r->said != ANSWER_FAILED;
}

/*
 * A client that reads slowly: upstream has to wait. Where its stream shares a
 * connection it can't, so what comes is kept, up to a limit.
 */
static enum http_flow
may_come(struct relay *r)
{
	struct outlet *o = &r->outlet;

	if (!r->x->stream || o->out.len == 0 || outlet_waits(o))
		return HTTP_GO;
	if (!call_multiplexed(&r->call))
		return HTTP_PAUSE;
	if (outlet_backlog(o) <= BACKLOG_MAX)
		return HTTP_GO;
	outlet_give_up(o, "client reads too slowly");
	return HTTP_STOP;
}

/* False: no more of this call. */
static bool
take_events(struct relay *r, const char *p, size_t n)
{
	struct budget_account	*memory = &r->x->memory;
	bool		 ok;

	r->received += n;
	memory->refused = false;
	budget_enter(memory);
	ok = call_feed(&r->call, p, n);
	budget_leave();
	if (memory->refused || (!hold(r) && r->said != ANSWER_FAILED)) {
		no_memory(r);
		return false;
	}
	return ok;
}

/*
 * Is only upstream's end missing? The client isn't kept waiting for that: what
 * has to be on the disk before the last event goes there now.
 */
static bool
is_done(const struct relay *r)
{
	return r->x->stream && (r->said == ANSWER_HELD ||
	    r->said == ANSWER_COMPLETE);
}

/* The bytes of the end, from "at" on, wait until the answer is kept. */
static void
hold_last(struct relay *r, size_t at)
{
	struct buf *out = &r->outlet.out;

	buf_append(&r->last, buf_str(out) + at, out->len - at);
	buf_truncate(out, at);
}

/*
 * Each chunk of HTTP comes by itself, many of them out of one read: they are
 * written once, unless they are much.
 */
static bool
send_events(struct relay *r)
{
	if (outlet_backlog(&r->outlet) >= CLIENT_PIECE)
		return outlet_write(&r->outlet);
	outlet_push_soon(&r->outlet);
	return true;
}

static enum http_flow
call_events(struct call *c, const char *p, size_t n)
{
	struct relay	*r = CONTAINER(c, struct relay, call);
	struct exchange	*x = r->x;
	size_t		 before = r->outlet.out.len;
	enum http_flow	 flow;
	bool		 ok, done;

	if (r->phase != CALLING)
		return HTTP_GO;
	if ((flow = may_come(r)) != HTTP_GO)
		return flow;
	ok = take_events(r, p, n);
	done = ok && is_done(r);
	if ((done && r->said == ANSWER_HELD) || r->said == ANSWER_ENOUGH)
		hold_last(r, before);
	else if (done)
		record(r);
	if (x->stream && r->outlet.out.len > 0) {
		if (x->times.first == 0)
			x->times.first = util_now_ms();
		outlet_begin(&r->outlet, &x->reply, &x->req);
		ok = send_events(r) && ok;
	}
	if (!ok)
		return HTTP_STOP;
	if (done && r->said == ANSWER_HELD)
		travel(r, KEEPING, commit);
	else if (done)
		travel(r, KEEPING, NULL);
	return HTTP_GO;
}

/* --- The call's end. */

static void
read_events(struct relay *r)
{
	struct exchange	*x = r->x;
	size_t		 before = r->outlet.out.len;

	if ((!call_feed_end(&r->call) && r->said != ANSWER_ENOUGH) ||
	    r->said == ANSWER_FAILED) {
		fail(r);
		return;
	}
	/* A cut behind the last event is no loss: the answer itself knows. */
	if (r->said == ANSWER_MORE || r->said == ANSWER_ENOUGH)
		r->said = x->answer->end(x->self, &r->outlet.out, &r->err);
	if (r->said == ANSWER_HELD || r->last.len > 0)
		hold_last(r, before);
	if (r->said == ANSWER_HELD)
		travel(r, KEEPING, commit);
	else
		record_kept(r);
}

static void
read_whole(struct relay *r)
{
	r->x->estimate.heard += (int64_t)r->call.body.len;
	if (r->call.body.len > INLINE_MAX) {
		travel(r, TRANSLATING, translate_and_commit);
		return;
	}
	translate(r);
	if (r->said == ANSWER_HELD)
		travel(r, TRANSLATING, commit);
	else
		record_translated(r);
}

static void
renew_list(struct relay *r)
{
	/* Nothing is said to the client before the list is there. */
	outlet_watch(&r->outlet, 0);
	call_forget(&r->call);
	models_unref(r->x->models);
	r->x->models = NULL;
	r->phase = MODELS;
	r->models.ready = models_ready;
	copilot_renew_models(r->x->account->copilot, &r->models);
}

static void
read_refusal(struct relay *r)
{
	struct exchange *x = r->x;

	refusal_read(&r->call, &r->err);
	meter_refusal(x, r->call.status);
	if (r->outlet.state == OUTLET_EMPTY &&
	    refusal_teaches(x, &r->call, &r->err)) {
		meter_second(x, "lesson");
		call_forget(&r->call);
		travel(r, HANDLING, make_call);
		return;
	}
	if (r->outlet.state == OUTLET_EMPTY &&
	    refusal_doubts_list(x, &r->call, &r->err)) {
		meter_second(x, "model_list");
		renew_list(r);
		return;
	}
	if (x->answer->explain != NULL)
		x->answer->explain(x->self, &r->err);
	fail(r);
}

static void
read_stopped(struct relay *r)
{
	if (r->outlet.state == OUTLET_GONE)
		leave(r);
	else if (r->said == ANSWER_FAILED)
		fail(r);
	else
		read_events(r);
}

static void
read_answer(struct relay *r)
{
	switch (r->call.answer) {
	case CALL_EVENTS:
		read_events(r);
		break;
	case CALL_WHOLE:
		read_whole(r);
		break;
	case CALL_ERROR:
		read_refusal(r);
		break;
	case CALL_STOPPED:
		read_stopped(r);
		break;
	default:
		meter_refusal(r->x, 0);
		fail(r);
	}
}

/* --- The handler's word. */

static void
start_call(struct relay *r)
{
	struct exchange *x = r->x;

	if (r->outlet.state != OUTLET_EMPTY)
		x->reply.status = 200;	/* which went out before */
	/* A part's client is the fan, which looks after its own. */
	if (x->stream && x->detached == NULL && x->part == NULL)
		outlet_watch(&r->outlet, x->conf->sse_keep_alive_ms);
	call_begins(r);
	tally_sends(x, false);
	call_start(&r->call);
}

/* Several requests take its place. */
static void
hand_over(struct relay *r)
{
	struct server	*s = r->server;
	struct exchange	*x = r->x;
	struct client	*client = r->outlet.client;

	outlet_watch(&r->outlet, 0);
	buf_finish(&r->outlet.out);
	release(r);
	fan_start(s, x, client, relay_start);
}

/* It goes on without its client, who gets another answer. */
static void
detach(struct relay *r)
{
	struct client	*client = r->outlet.client;
	struct exchange	*x;
	bool		 follows;

	x = queue_client(r->x, &follows);
	client->exchange = x;
	outlet_init(&r->outlet, &outlet_ops, r->server->loop,
	    background_start(r->server, r->x));
	relay_start(r->server, x, client,
	    follows ? HANDLED_FOLLOW : HANDLED_REPLY);
}

/* Shall it be taken from its client? */
static bool
is_queued(const struct relay *r)
{
	const struct detached *d = r->x->detached;

	return d != NULL && d->row != 0 && !d->alone;
}

static void
proceed(struct relay *r)
{
	if (is_queued(r))
		detach(r);
	switch (r->handled) {
	case HANDLED_REPLY:
		send_reply(r);
		break;
	case HANDLED_MODELS:
		r->phase = MODELS;
		r->models.ready = models_ready;
		copilot_want_models(r->x->account->copilot, &r->models);
		break;
	case HANDLED_AUTO:
		r->phase = MODELS;
		r->models.ready = session_ready;
		autos_want(r->x->account->autos, &r->x->wish, r->x->conf,
		    &r->models);
		break;
	case HANDLED_FETCH:
		r->phase = FETCHING;
		r->remote.list = r->x->remote;
		r->remote.conf = r->x->conf;
		r->remote.memory = &r->x->memory;
		r->remote.ready = fetched;
		remote_start(r->server->remote, &r->remote);
		break;
	case HANDLED_CALL:
		start_call(r);
		break;
	case HANDLED_PARTS:
		hand_over(r);
		break;
	case HANDLED_FOLLOW:
		break;		/* not a relay's, see relay_start() */
	}
}

/* A client that left may have left something to be done without it. */
static void
left(struct relay *r)
{
	if (!is_queued(r)) {
		leave(r);
		return;
	}
	r->phase = HANDLING;
	proceed(r);
}

/* Auto has chosen, so the handler makes the call for that model. */
static void
session_ready(struct fetch_waiter *w, const struct err *err)
{
	struct relay *r = CONTAINER(w, struct relay, models);

	if (err != NULL) {
		r->err = *err;
		fail(r);
		return;
	}
	auto_apply(r->x, autos_find(r->x->account->autos,
	    r->x->wish.conversation));
	travel(r, HANDLING, make_call);
}

static void
models_ready(struct fetch_waiter *w, const struct err *err)
{
	struct relay *r = CONTAINER(w, struct relay, models);

	r->x->models_tried = true;
	if (err != NULL) {
		free(r->x->models_err);
		r->x->models_err = xmalloc(sizeof(*err));
		*r->x->models_err = *err;
	}
	travel(r, HANDLING, make_call);
}

/* The files by address are there, so the handler puts them in. */
static void
fetched(struct remote_job *job, const struct err *err)
{
	struct relay *r = CONTAINER(job, struct relay, remote);

	if (err != NULL) {
		r->err = *err;
		fail(r);
		return;
	}
	travel(r, HANDLING, make_call);
}

/* --- The phases: what happens in each, and what that means. */

typedef void	cell(struct relay *);

/*
 * The client has gone; the program stops; the call has ended; it is back from a
 * worker. NULL: that can't happen.
 */
static const struct {
	cell	*gone, *stop, *ended, *back;
} in[] = {
	[MODELS]	= { leave,       stop,       NULL,        NULL },
	[FETCHING]	= { leave,       stop,       NULL,        NULL },
	[HANDLING]	= { leave_later, stop_later, NULL,        proceed },
	[CALLING]	= { leave,       stop,       read_answer, NULL },
	[TRANSLATING]	= { leave_later, carry_on, NULL, record_translated },
	[KEEPING]	= { leave_later, carry_on, carry_on, record_kept },
	[LINGERING]	= { leave,       end_stream, end_stream,  NULL },
	[DRAINING]	= { leave,       carry_on,   NULL,        NULL },
	[STOPPING]	= { leave_later, carry_on,   NULL,        stop_now },
	[LEAVING]	= { NULL,        carry_on,   carry_on,    left },
};

static void
outlet_gone(struct outlet *o)
{
	struct relay *r = CONTAINER(o, struct relay, outlet);

	assert(in[r->phase].gone != NULL);
	in[r->phase].gone(r);
}

static void
call_ended(struct call *c)
{
	struct relay *r = CONTAINER(c, struct relay, call);

	assert(in[r->phase].ended != NULL);
	in[r->phase].ended(r);
}

static void
came_back(struct loop_task *task)
{
	struct relay *r = CONTAINER(task, struct relay, back);

	assert(in[r->phase].back != NULL);
	in[r->phase].back(r);
}

void
relay_stop_all(struct server *s)
{
	struct relay *r, *next;

	for (r = s->relays; r != NULL; r = next) {
		next = r->next;
		in[r->phase].stop(r);
	}
}

static void
outlet_drained(struct outlet *o)
{
	struct relay *r = CONTAINER(o, struct relay, outlet);

	if (r->phase == DRAINING)
		end(r, true);
	else
		call_resume(&r->call);
}

/*
 * SSE comments keep servers and clients patient, and no client sees them; those
 * that count events get one when the answer has one.
 */
static void
outlet_silent(struct outlet *o)
{
	struct relay		*r = CONTAINER(o, struct relay, outlet);
	struct exchange		*x = r->x;
	const struct answer_ops	*ops = x->answer;

	if (!x->wants_filler || ops->filler == NULL ||
	    !ops->filler(x->self, &o->out))
		buf_puts(&o->out, ": keep-alive\n\n");
	outlet_begin(o, &x->reply, &x->req);
	outlet_push(o);
}

static void
linger_over(struct loop_timer *t)
{
	end_stream(CONTAINER(t, struct relay, linger));
}

static const struct outlet_ops outlet_ops = {
	outlet_drained, outlet_gone, outlet_silent
};

static const struct call_ops call_ops = {
	call_head, call_events, call_event, call_ended
};

void
relay_start(struct server *s, struct exchange *x, struct client *client,
    enum handled handled)
{
	struct relay *r;

	if (handled == HANDLED_FOLLOW) {
		follow_start(s, x, client);
		return;
	}
	r = xcalloc(1, sizeof(*r));
	r->server = s;
	r->x = x;
	r->part = x->part;
	r->handled = handled;
	r->back.run = came_back;
	r->linger.expired = linger_over;
	outlet_init(&r->outlet, &outlet_ops, s->loop, client);
	call_init(&r->call, &call_ops, s, x, &r->err);
	r->next = s->relays;
	r->prev = &s->relays;
	if (r->next != NULL)
		r->next->prev = &r->next;
	s->relays = r;
	s->requests += !r->part;
	meter_load(s);
	proceed(r);
}
