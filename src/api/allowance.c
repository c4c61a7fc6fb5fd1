/* A client's key may use these: models, and the credits of its budget. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "api/allowance.h"
#include "api/exchange.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/copilot.h"
#include "copilot/accounts.h"
#include "copilot/models.h"
#include "state/ledger.h"

void
allowance_enter(struct exchange *x, const struct conf_key *client)
{
	const char *name = client != NULL ? client->account : NULL;

	x->client = client;
	x->key = client != NULL ? client->key : NULL;
	x->account = accounts_find(x->accounts, name != NULL ? name :
	    x->conf->default_account);
	x->lessons = copilot_lessons(x->account->copilot);
}

/* --- Models. */

static bool
no_model(const char *asked, struct err *err)
{
	char shown[256];

	text_clean(asked, strlen(asked), shown, sizeof(shown));
	return err_set(err, 404, ERR_REQUEST, "model_not_found", "model",
	    "The model '%s' does not exist or you do not have access to it.",
	    shown);
}

/*
 * A name that the configuration maps counts as well as what it is mapped to,
 * and so does Auto; others that clients make up do not.
 */
static bool
may_use(const struct exchange *x, const char *asked, const char *upstream)
{
	return conf_key_allows(x->client, upstream) ||
	    ((conf_map_model(x->conf, asked) != asked ||
	    strcmp(asked, MODEL_AUTO) == 0) &&
	    conf_key_allows(x->client, asked));
}

static bool
allowed(const struct model *m, const void *client)
{
	return conf_key_allows(client, m->id);
}

const struct models *
allowance_models(const struct exchange *x)
{
	return x->client == NULL || x->client->models == NULL ?
	    models_ref(x->models) : models_filter(x->models, allowed,
	    x->client);
}

/* --- Credits. */

static bool
is_spent(const char *each, int64_t budget, int64_t spent, int64_t renewed,
    struct err *err)
{
	char day[UTIL_TIME_SIZE];

	if (budget < 0 || spent < budget)
		return false;
	util_time_utc(renewed, day);
	err_set(err, 429, ERR_QUOTA, "insufficient_quota", NULL,
	    "You exceeded your current quota: this API key may spend %.10g "
	    "credits a %s and has spent %.10g. The quota is renewed on %.10s "
	    "(UTC).", (double)budget / CREDIT_NANO, each,
	    (double)spent / CREDIT_NANO, day);
	err->no_retry = true;
	return true;
}

static bool
within_budget(const struct exchange *x, struct err *err)
{
	const struct conf_key	*k = x->client;
	struct ledger_spent	 s;
	int64_t			 now;

	if (k == NULL || (k->monthly < 0 && k->daily < 0))
		return true;
	now = (int64_t)time(NULL);
	if (!ledger_spent(x->ledger, k->name, &s))
		return err_set(err, 503, ERR_SERVER, "budget_unknown", NULL,
		    "This API key has a budget, and what it has spent can't "
		    "be read now.");
	return !is_spent("month", k->monthly, s.month, ledger_month(now, 1),
	    err) &&
	    !is_spent("day", k->daily, s.day, ledger_day(now, 1), err);
}

bool
allowance_check(const struct exchange *x, const char *asked,
    const char *upstream, struct err *err)
{
	if (!may_use(x, asked, upstream))
		return no_model(asked, err);
	return within_budget(x, err);
}

/* --- Who may look. */

const char *
allowance_owner(const struct exchange *x)
{
	return x->client == NULL || x->client->admin || x->conf->nkeys == 1 ?
	    NULL : x->client->name;
}
