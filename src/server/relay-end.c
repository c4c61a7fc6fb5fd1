/* The end of an exchange: its last bytes, an error, a client that left. */
#include "config.h"

#include <stdlib.h>

#include "api/exchange.h"
#include "copilot/fetch.h"
#include "remote/remote.h"
#include "server/access-log.h"
#include "server/client.h"
#include "server/handle.h"
#include "server/meter.h"
#include "server/parts.h"
#include "server/relay-parts.h"
#include "server/tally.h"

void
relay_release(struct relay *r)
{
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	call_finish(&r->call);
	buf_finish(&r->last);
	r->server->requests -= !r->part;
	meter_load(r->server);
	free(r->err);
	free(r);
}

/* The client is finished with, the relay is gone. */
void
relay_end(struct relay *r, bool whole)
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
	/* What the exchange has is lent to its call. */
	call_cancel(&r->call);
	exchange_destroy(r->x);
	relay_release(r);
}

void
relay_leave(struct relay *r)
{
	r->x->accepted |= call_sent(&r->call);
	r->remark = r->outlet.why;
	relay_end(r, false);
}

/* --- What goes out last. */

/* The rest is in "out". */
static void
drain(struct relay *r)
{
	r->phase = DRAINING;
	outlet_last(&r->outlet);
	outlet_push(&r->outlet);
}

void
relay_reply(struct relay *r)
{
	if (r->outlet.state != OUTLET_EMPTY) {	/* see relay_ask_on() */
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
		exchange_refuse(x, err);
		return;
	}
	buf_truncate(&x->reply.body, 0);
	x->answer->instead(x->self, err, &x->reply.body);
	reply_whole(&x->reply);
}

/* r->err: before the head as an HTTP error, behind it as an event. */
void
relay_fail(struct relay *r)
{
	struct exchange	*x = r->x;
	struct err	*err = err_room(&r->err);

	call_cancel(&r->call);
	exchange_terms(x, err);
	r->remark = err_for_log(err);
	if (r->outlet.state == OUTLET_EMPTY) {
		buf_truncate(&r->outlet.out, 0);
		refuse(x, err);
		relay_reply(r);
	} else {
		if (x->answer != NULL)
			x->answer->fail(x->self, err, &r->outlet.out);
		drain(r);
	}
}

/* The stream is complete with what is in "out". */
void
relay_close(struct relay *r)
{
	loop_timer_stop(r->server->loop, &r->linger);
	call_cancel(&r->call);
	outlet_begin(&r->outlet, &r->x->reply, &r->x->req);
	drain(r);
}
