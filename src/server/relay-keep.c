/* An answer that has come to its end: it is kept, and on record. */
#include "config.h"

#include "api/exchange.h"
#include "base/loop.h"
#include "server/parts.h"
#include "server/relay-parts.h"
#include "server/tally.h"

#define INLINE_MAX	(32u << 10) /* a larger body is a worker's business */
#define LINGER_MS	200	/* for upstream's end behind the last event */

void
relay_said(struct relay *r, enum answer_said said, const struct err *err)
{
	r->said = said;
	if (said == ANSWER_FAILED)
		*err_room(&r->err) = *err;
}

void
relay_no_memory(struct relay *r)
{
	r->said = ANSWER_FAILED;
	budget_refuse(&r->x->memory, err_room(&r->err));
}

/* The answer is kept, even if that takes more memory than there is. */
void
relay_commit(struct relay *r)
{
	struct exchange	*x = r->x;
	struct budget_account	*memory = &x->memory;
	size_t		 before = memory->held;
	struct err	 err = { 0 };

	memory->forced = true;
	budget_enter(memory);
	relay_said(r, x->answer->commit(x->self, &x->reply.body, &err) ?
	    ANSWER_COMPLETE : ANSWER_FAILED, &err);
	budget_leave();
	budget_hold(memory, before);
	memory->forced = false;
}

void
relay_record(struct relay *r)
{
	if (r->said != ANSWER_FAILED && r->said != ANSWER_AGAIN)
		tally(r->x, 200);
}

/* --- Of events. */

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

static void
end_events(struct relay *r)
{
	struct exchange *x = r->x;

	if (r->said == ANSWER_FAILED) {
		if (r->call.silence[0] != '\0')
			err_set(err_room(&r->err), 504, ERR_SERVER,
			    "upstream_timeout", NULL,
			    "Copilot stopped sending: %s.", r->call.silence);
		relay_fail(r);
	} else if (x->stream) {
		relay_close(r);
	} else {
		x->reply.body = r->outlet.out;
		r->outlet.out = (struct buf){ 0 };
		reply_whole(&x->reply);
		relay_reply(r);
	}
}

/*
 * Upstream gets a moment to end, since then its connection can be used again.
 * The client has its last event meanwhile, and the end of the stream behind it.
 */
void
relay_kept(struct relay *r)
{
	struct exchange *x = r->x;

	relay_record(r);
	if (x->summarizes && r->said == ANSWER_COMPLETE) {
		relay_ask_on(r);
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

/* --- Of a whole body. */

static void
translate(struct relay *r)
{
	struct exchange		*x = r->x;
	const struct answer_ops	*ops = x->answer;
	struct buf		*in = &r->call.body, *out = &x->reply.body;
	struct err		 err = { 0 };

	x->memory.refused = false;
	budget_enter(&x->memory);
	relay_said(r, ops->whole(x->self, buf_str(in), in->len, out, &err),
	    &err);
	budget_leave();
	if (x->memory.refused)
		relay_no_memory(r);
	else if (r->said == ANSWER_AGAIN) {
		body_finish(&x->call.body);
		x->call.body.own = *out;
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
		relay_commit(r);
}

void
relay_translated(struct relay *r)
{
	struct exchange *x = r->x;

	relay_record(r);
	if (r->said == ANSWER_FAILED)
		relay_fail(r);
	else if (x->summarizes)
		relay_ask_on(r);
	else if (r->said == ANSWER_AGAIN)
		relay_ask_next(r);
	else if (x->stream) {
		buf_append(&r->outlet.out, buf_str(&x->reply.body),
		    x->reply.body.len);
		relay_close(r);
	} else {
		reply_whole(&x->reply);
		relay_reply(r);
	}
}

void
relay_read_whole(struct relay *r)
{
	r->x->estimate.heard += (int64_t)r->call.body.len;
	if (r->call.body.len > INLINE_MAX) {
		relay_travel(r, TRANSLATING, translate_and_commit);
		return;
	}
	translate(r);
	if (r->said == ANSWER_HELD)
		relay_travel(r, TRANSLATING, relay_commit);
	else
		relay_translated(r);
}
