/* Carrying an exchange out, on the loop: its phases, and what follows what. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "api/detached.h"
#include "api/exchange.h"
#include "api/queue.h"
#include "base/err.h"
#include "base/util.h"
#include "copilot/fetch.h"
#include "remote/remote.h"
#include "server/background.h"
#include "server/client.h"
#include "server/fan.h"
#include "server/follow.h"
#include "server/meter.h"
#include "server/parts.h"
#include "server/relay-parts.h"
#include "server/relay.h"

static const struct outlet_ops outlet_ops;

/* --- The handler's word. */

/* Several requests take its place. */
static void
hand_over(struct relay *r)
{
	struct server	*s = r->server;
	struct exchange	*x = r->x;
	struct client	*client = r->outlet.client;

	outlet_watch(&r->outlet, 0);
	buf_finish(&r->outlet.out);
	relay_release(r);
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
		relay_reply(r);
		break;
	case HANDLED_MODELS:
		relay_want_models(r);
		break;
	case HANDLED_AUTO:
		relay_want_session(r);
		break;
	case HANDLED_FETCH:
		relay_want_files(r);
		break;
	case HANDLED_CALL:
		relay_ask(r);
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
		relay_leave(r);
		return;
	}
	r->phase = HANDLING;
	proceed(r);
}

/* --- Who leaves, or has to stop. */

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

static void
stop(struct relay *r)
{
	fetch_waiter_forget(&r->models);
	remote_cancel(&r->remote);
	err_set(err_room(&r->err), 503, ERR_SERVER, "server_shutting_down",
	    NULL, "This server is shutting down.");
	relay_fail(r);
}

/* A refusal is an end already, also of a stream that has begun. */
static void
stop_now(struct relay *r)
{
	if (r->handled == HANDLED_REPLY)
		relay_reply(r);
	else
		stop(r);
}

static void
stop_later(struct relay *r)
{
	r->phase = STOPPING;
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
	[MODELS]	= { relay_leave, stop,        NULL,        NULL },
	[FETCHING]	= { relay_leave, stop,        NULL,        NULL },
	[HANDLING]	= { leave_later, stop_later,  NULL,        proceed },
	[CALLING]	= { relay_leave, stop,        relay_ended, NULL },
	[TRANSLATING]	= { leave_later, carry_on, NULL, relay_translated },
	[KEEPING]	= { leave_later, carry_on,    carry_on,    relay_kept },
	[LINGERING]	= { relay_leave, relay_close, relay_close, NULL },
	[DRAINING]	= { relay_leave, carry_on,    NULL,        NULL },
	[STOPPING]	= { leave_later, carry_on,    NULL,        stop_now },
	[LEAVING]	= { NULL,        carry_on,    carry_on,    left },
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
		relay_end(r, true);
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
	relay_close(CONTAINER(t, struct relay, linger));
}

static const struct outlet_ops outlet_ops = {
	outlet_drained, outlet_gone, outlet_silent
};

static const struct call_ops call_ops = {
	relay_head, relay_events, relay_event, call_ended
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
	r = xmalloc(sizeof(*r));
	*r = (struct relay){
		.server = s,
		.x = x,
		.part = x->part != NULL,
		.handled = handled,
		.back.run = came_back,
		.linger.expired = linger_over
	};
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
