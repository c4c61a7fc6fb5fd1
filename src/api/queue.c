/* A response that is to run in the background. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/detached.h"
#include "api/exchange.h"
#include "api/followed.h"
#include "api/queue.h"
#include "api/references.h"
#include "api/reply.h"
#include "api/restore.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/native.h"
#include "responses/object.h"

/* --- The handler's. */

/* 503, "why" not; a database elsewhere comes back within seconds. */
static bool
not_now(const struct exchange *x, const char *why, struct err *err)
{
	err_set(err, 503, ERR_SERVER, NULL, "background",
	    "The response could not be queued: %s.", why);
	if (stored_is_shared(x->stored))
		snprintf(err->retry_after, sizeof(err->retry_after),
		    REFERENCES_RETRY);
	return false;
}

/* OpenAI refuses store: false; nobody knows its words. */
static bool
allow(struct exchange *x, json_object *obj, struct err *err)
{
	enum stored_state	 state;
	char			 why[STORED_WHY_SIZE];

	if (!js_bool(obj, "store", true))
		return err_param(err, "background", "unsupported_parameter",
		    "Background mode requires 'store' to be true.");
	if (!x->stays)
		return err_param(err, "background", "unsupported_parameter",
		    "Responses cannot run in the background here: this server "
		    "runs as a CGI program, which ends with each request.");
	if (x->conf->background_max_per_key == 0)
		return err_param(err, "background", "unsupported_parameter",
		    "Responses cannot run in the background on this server: "
		    "backgroundResponses.maxPerKey is 0.");
	state = stored_state(x->stored, x->conf, why);
	if (state == STORED_OFF)
		return err_param(err, "background", "unsupported_parameter",
		    "Responses cannot run in the background on this server, "
		    "since none are stored: %s.", why);
	return state == STORED_USABLE || not_now(x, why, err);
}

bool
queue_read(struct exchange *x, json_object *obj, struct err *err)
{
	struct detached *d = x->detached;

	if (!js_bool(obj, "background", false))
		return true;
	if (d == NULL) {
		if (!allow(x, obj, err))
			return false;
		d = x->detached = xcalloc(1, sizeof(*d));
		memcpy(d->id, "resp_", 5);
		util_random_hex(d->id + 5, 48);
		d->stored = x->stored;
		d->stream = js_bool(obj, "stream", false);
	}
	js_add_bool(obj, "stream", true);
	return true;
}

void
queue_name(struct exchange *x, struct responses *r)
{
	struct detached	*d = x->detached;
	json_object	*obj;

	free(r->id);
	r->id = xstrdup(d->id);
	r->tap = detached_tap(d);
	if (d->response.len > 0)
		return;
	obj = responses_queued(r);
	js_print(obj, &d->response);
	json_object_put(obj);
}

bool
queue_add(struct exchange *x, const struct restored *r, struct err *err)
{
	struct detached			*d = x->detached;
	const struct background_start	 start = {
		d->owner, d->id, &d->response, &r->input,
		x->conf->background_max_per_key,
		x->conf->stored_responses_max_age_days
	};

	if (d->row != 0)
		return true;
	memcpy(d->owner, r->owner, sizeof(d->owner));
	switch (background_add(x->stored, &start, &d->row)) {
	case STORED_FOUND:
		return true;
	case STORED_FULL:
		return err_set(err, 429, ERR_RATE, "rate_limit_exceeded",
		    "background", "Too many responses run in the background "
		    "already: at most %lld at a time "
		    "(backgroundResponses.maxPerKey).",
		    (long long)x->conf->background_max_per_key);
	default:
		return not_now(x, "it could not be stored", err);
	}
}

/* --- The server's. */

void
queue_withdraw(struct exchange *x)
{
	struct detached *d = x->detached;

	if (d == NULL || d->alone || d->row == 0)
		return;
	background_delete(d->stored, d->owner, d->id);
	d->row = 0;
}

struct exchange *
queue_client(struct exchange *x, bool *follows)
{
	struct detached	*d = x->detached;
	struct exchange *y = exchange_twin(x);

	d->alone = true;
	*follows = d->stream;
	if (d->stream)
		y->followed = followed_create(d->owner, d->id, -1);
	else {
		reply_json(&y->reply, 200);
		buf_append(&y->reply.body, d->response.p, d->response.len);
	}
	return y;
}
