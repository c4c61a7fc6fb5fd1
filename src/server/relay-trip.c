/* Trips of an exchange to a worker and back. */
#include "config.h"

#include "api/exchange.h"
#include "base/util.h"
#include "server/handle.h"
#include "server/parts.h"
#include "server/relay-parts.h"

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
void
relay_travel(struct relay *r, enum phase phase, void (*errand)(struct relay *))
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

/* The handler's word is wanted, once more. */
void
relay_handle(struct relay *r)
{
	relay_travel(r, HANDLING, make_call);
}
