/* What an exchange waits for before its call: models, Auto, files. */
#include "config.h"

#include <stdlib.h>

#include "api/auto.h"
#include "api/exchange.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/autos.h"
#include "copilot/copilot.h"
#include "copilot/models.h"
#include "remote/remote.h"
#include "server/parts.h"
#include "server/relay-parts.h"

static void
models_ready(struct fetch_waiter *w, const struct err *err)
{
	struct relay *r = CONTAINER(w, struct relay, models);

	r->x->models_tried = true;
	if (err != NULL) {
		free(r->x->models_err);
		r->x->models_err = xmalloc(sizeof(*err));
		*r->x->models_err = *err;
	}
	relay_handle(r);
}

void
relay_want_models(struct relay *r)
{
	r->phase = MODELS;
	r->models.ready = models_ready;
	copilot_want_models(r->x->account->copilot, &r->models);
}

/* That which there is was wrong. */
void
relay_renew_models(struct relay *r)
{
	models_unref(r->x->models);
	r->x->models = NULL;
	r->phase = MODELS;
	r->models.ready = models_ready;
	copilot_renew_models(r->x->account->copilot, &r->models);
}

/* Auto has chosen, so the handler makes the call for that model. */
static void
session_ready(struct fetch_waiter *w, const struct err *err)
{
	struct relay *r = CONTAINER(w, struct relay, models);

	if (err != NULL) {
		*err_room(&r->err) = *err;
		relay_fail(r);
		return;
	}
	auto_apply(r->x, autos_find(r->x->account->autos,
	    r->x->wish.conversation));
	relay_handle(r);
}

void
relay_want_session(struct relay *r)
{
	r->phase = MODELS;
	r->models.ready = session_ready;
	autos_want(r->x->account->autos, &r->x->wish, r->x->conf, &r->models);
}

/* The files by address are there, so the handler puts them in. */
static void
fetched(struct remote_job *job, const struct err *err)
{
	struct relay *r = CONTAINER(job, struct relay, remote);

	if (err != NULL) {
		*err_room(&r->err) = *err;
		relay_fail(r);
		return;
	}
	relay_handle(r);
}

void
relay_want_files(struct relay *r)
{
	r->phase = FETCHING;
	r->remote.list = r->x->remote;
	r->remote.conf = r->x->conf;
	r->remote.memory = &r->x->memory;
	r->remote.ready = fetched;
	remote_start(r->server->remote, &r->remote);
}
