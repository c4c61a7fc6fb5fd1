/* An exchange is put into the ledger. */
#include "config.h"

#include <time.h>

#include "api/exchange.h"
#include "base/conf.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/models.h"
#include "server/tally.h"
#include "state/ledger.h"

/*
 * Has it asked a model, and is not in the ledger yet? To count tokens costs
 * nothing.
 */
static bool
is_wanted(const struct exchange *x)
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

static void
estimate_sent(struct estimate *e, const struct body *b)
{
	size_t i;

	estimate_request(e, buf_str(&b->own), b->own.len);
	for (i = 0; i < b->nlent; i++)
		estimate_request(e, b->lent[i].p, b->lent[i].n);
}

void
tally_sends(struct exchange *x, bool more)
{
	if (!more)
		x->estimate = (struct estimate){ 0, 0 };
	if (x->ledger != NULL)
		estimate_sent(&x->estimate, &x->call.body);
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

static void
note(struct exchange *x, int status)
{
	const struct usage		*u = &x->usage;
	const struct ledger_keep	 keep = {
		x->conf->usage_hourly_days, x->conf->usage_daily_days,
		x->conf->usage_monthly_days
	};
	struct ledger_row		 r;

	if (!is_wanted(x))
		return;
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
	ledger_note(x->ledger, &r, &keep);
}

void
tally(struct exchange *x, int status)
{
	note(x, status);
}

void
tally_cut(struct exchange *x, int status)
{
	x->cut = true;
	note(x, status);
}
