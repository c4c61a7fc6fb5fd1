/* The calls upstream of an exchange. */
#include "config.h"

#include "api/exchange.h"
#include "base/conf.h"
#include "base/util.h"
#include "server/relay-parts.h"
#include "server/tally.h"

static void
call_begins(struct relay *r)
{
	r->phase = CALLING;
	r->x->times.called = util_now_ms();
	r->said = ANSWER_MORE;
	r->base = r->x->copied;
}

void
relay_ask(struct relay *r)
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

/* Another call, whose body the answer has made. */
void
relay_ask_next(struct relay *r)
{
	call_begins(r);
	tally_sends(r->x, true);
	call_start_next(&r->call);
}

/*
 * The answer was a summary, which is on record: now the request itself is
 * asked, with that, as a call of its own.
 */
void
relay_ask_on(struct relay *r)
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
	relay_handle(r);
}
