/* What an exchange took, put into the ledger. */
#include "config.h"

#include <time.h>

#include "api/exchange.h"
#include "base/conf.h"
#include "base/util.h"
#include "copilot/models.h"
#include "server/tally.h"
#include "state/ledger.h"

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
tally(struct exchange *x, int status, bool wait)
{
	const struct usage		*u = &x->usage;
	const struct ledger_keep	 keep = {
		x->conf->usage_hourly_days, x->conf->usage_daily_days,
		x->conf->usage_monthly_days
	};
	struct ledger_row		 r;

	if (!tally_wanted(x))
		return;
	x->tallied = true;
	r = (struct ledger_row){
		.start = (int64_t)time(NULL),
		.key = x->client != NULL ? x->client->name : "",
		.model = tally_model(x),
		.endpoint = x->req.path,
		.status = status,
		.initiator = initiator_name(x->initiator),
		.counts = { 1, known(u->input), u->cached, u->cache_write,
		    known(u->output), known(u->nano) }
	};
	ledger_note(x->ledger, &r, &keep, wait);
}
