/* An answer as it comes from upstream, and the end of its call. */
#include "config.h"

#include "api/exchange.h"
#include "base/util.h"
#include "copilot/quota.h"
#include "server/client.h"
#include "server/meter.h"
#include "server/parts.h"
#include "server/refusal.h"
#include "server/relay-parts.h"

#define BACKLOG_MAX	(8u << 20) /* kept for a slow client, see may_come() */
#define HOLD_STEP	(64u << 10)	/* of memory; less needs no asking */

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

void
relay_head(struct call *c, const struct http_reply *reply)
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
	if (call_is_released(c))
		buf_finish(&x->req.body);
	exchange_forget_remote(x);
	hold(r);
}

/* --- While the call lasts. */

/* Behind the end nothing counts, but upstream is heard out. */
bool
relay_event(const struct sse_event *ev, void *call)
{
	struct relay	*r = CONTAINER(call, struct relay, call);
	struct exchange	*x = r->x;
	struct err	 err = { 0 };

	if (r->said == ANSWER_MORE) {
		if (x->ledger != NULL)
			estimate_event(&x->estimate, ev->name, ev->data,
			    ev->len);
		relay_said(r, x->answer->event(x->self, ev, &r->outlet.out,
		    &err), &err);
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
		relay_no_memory(r);
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

enum http_flow
relay_events(struct call *c, const char *p, size_t n)
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
		relay_record(r);
	if (x->stream && r->outlet.out.len > 0) {
		if (x->times.first == 0)
			x->times.first = util_now_ms();
		outlet_begin(&r->outlet, &x->reply, &x->req);
		ok = send_events(r) && ok;
	}
	if (!ok)
		return HTTP_STOP;
	if (done && r->said == ANSWER_HELD)
		relay_travel(r, KEEPING, relay_commit);
	else if (done)
		relay_travel(r, KEEPING, NULL);
	return HTTP_GO;
}

/* --- The call's end. */

static void
read_events(struct relay *r)
{
	struct exchange	*x = r->x;
	size_t		 before = r->outlet.out.len;
	struct err	 err = { 0 };

	if ((!call_feed_end(&r->call) && r->said != ANSWER_ENOUGH) ||
	    r->said == ANSWER_FAILED) {
		relay_fail(r);
		return;
	}
	/* A cut behind the last event is no loss: the answer itself knows. */
	if (r->said == ANSWER_MORE || r->said == ANSWER_ENOUGH)
		relay_said(r, x->answer->end(x->self, &r->outlet.out, &err),
		    &err);
	if (r->said == ANSWER_HELD || r->last.len > 0)
		hold_last(r, before);
	if (r->said == ANSWER_HELD)
		relay_travel(r, KEEPING, relay_commit);
	else
		relay_kept(r);
}

static void
renew_list(struct relay *r)
{
	/* Nothing is said to the client before the list is there. */
	outlet_watch(&r->outlet, 0);
	call_forget(&r->call);
	relay_renew_models(r);
}

static void
read_refusal(struct relay *r)
{
	struct exchange	*x = r->x;
	struct err	*err = err_room(&r->err);

	refusal_read(&r->call, err);
	meter_refusal(x, r->call.status);
	if (r->outlet.state == OUTLET_EMPTY &&
	    refusal_teaches(x, &r->call, err)) {
		meter_second(x, "lesson");
		call_forget(&r->call);
		relay_handle(r);
		return;
	}
	if (r->outlet.state == OUTLET_EMPTY &&
	    refusal_doubts_list(x, &r->call, err)) {
		meter_second(x, "model_list");
		renew_list(r);
		return;
	}
	if (x->answer->explain != NULL)
		x->answer->explain(x->self, err);
	relay_fail(r);
}

static void
read_stopped(struct relay *r)
{
	if (r->outlet.state == OUTLET_GONE)
		relay_leave(r);
	else if (r->said == ANSWER_FAILED)
		relay_fail(r);
	else
		read_events(r);
}

void
relay_ended(struct relay *r)
{
	switch (r->call.answer) {
	case CALL_EVENTS:
		read_events(r);
		break;
	case CALL_WHOLE:
		relay_read_whole(r);
		break;
	case CALL_ERROR:
		read_refusal(r);
		break;
	case CALL_STOPPED:
		read_stopped(r);
		break;
	default:
		meter_refusal(r->x, 0);
		relay_fail(r);
	}
}
