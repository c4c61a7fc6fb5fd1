/* An exchange is put into the ledger. */
#include "config.h"

#include <time.h>

#include "api/exchange.h"
#include "base/conf.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/models.h"
#include "server/tally.h"

#define SLOW_MS	200	/* for the disk, before an answer's end */

/* To count tokens costs nothing. */
bool
tally_wanted(const struct exchange *x)
{
	return x->ledger != NULL && !x->tallied && x->model != NULL &&
	    x->call.path != NULL && !util_ends(x->call.path, "/count_tokens");
}

/*
 * The bill knows better what stands behind a name that the list lacks. Without
 * one it is whatever the client wrote: many names, or a secret.
 */
const char *
tally_model(const struct exchange *x)
{
	if (x->models != NULL && models_find(x->models, x->model) != NULL)
		return x->model;
	return x->usage.model[0] != '\0' ? x->usage.model : "other";
}

static int64_t
known(int64_t n)
{
	return n > 0 ? n : 0;
}

void
tally_sends(struct exchange *x, bool more)
{
	if (!more)
		x->estimate = (struct estimate){ 0, 0 };
	if (x->ledger != NULL)
		estimate_request(&x->estimate, buf_str(&x->call.body),
		    x->call.body.len);
}

/*
 * Upstream's bill is right. Without one, of what was not heard out, and where
 * this account has bills, it is estimated what would be on it.
 */
static void
complete(struct exchange *x)
{
	struct usage	*u = &x->usage;
	bool		 told = u->input >= 0 && u->output >= 0 && !x->cut;

	if (u->nano >= 0)
		x->account->bill = BILL_TOKENS;
	else if (told && x->accepted) {
		if (x->call.completion && x->account->bill == BILL_UNKNOWN)
			x->account->bill = BILL_NONE;
	} else if (x->accepted && x->account->bill != BILL_NONE)
		estimate_usage(&x->estimate, models_find(x->models, x->model),
		    u);
}

static bool
note(struct exchange *x, int status, struct ledger_wait *wait)
{
	const struct usage		*u = &x->usage;
	const struct ledger_keep	 keep = {
		x->conf->usage_hourly_days, x->conf->usage_daily_days,
		x->conf->usage_monthly_days
	};
	struct ledger_row		 r;

	if (!tally_wanted(x))
		return false;
	x->tallied = true;
	complete(x);
	r = (struct ledger_row){
		.start = (int64_t)time(NULL),
		.key = x->client != NULL ? x->client->name : "",
		.model = tally_model(x),
		.endpoint = x->req.path,
		.status = status,
		.initiator = initiator_name(x->initiator),
		.counts = { 1, known(u->input), u->cached, u->cache_write,
		    known(u->output), known(u->nano),
		    u->estimated ? known(u->nano) : 0 }
	};
	return ledger_note(x->ledger, &r, &keep, wait);
}

void
tally(struct exchange *x, int status)
{
	x->cut = true;
	note(x, status, NULL);
}

/* --- Those who wait. */

static void
on_record(struct loop_task *task)
{
	struct tally *t = CONTAINER(task, struct tally, wait.done);

	loop_timer_stop(t->wait.loop, &t->slow);
	t->done(t);
}

static void
too_slow(struct loop_timer *timer)
{
	struct tally *t = CONTAINER(timer, struct tally, slow);

	if (ledger_wait_over(t->ledger, &t->wait))
		t->done(t);
}

bool
tally_wait(struct tally *t, struct exchange *x, struct loop *loop, int status)
{
	t->ledger = x->ledger;
	t->wait.loop = loop;
	t->wait.done.run = on_record;
	t->slow.expired = too_slow;
	if (!note(x, status, &t->wait))
		return false;
	loop_timer_set(loop, &t->slow, SLOW_MS);
	return true;
}
