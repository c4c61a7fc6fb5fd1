/* The way of a request to its handler. */
#include "config.h"

#include <string.h>

#include "api/allowance.h"
#include "api/auto.h"
#include "api/queue.h"
#include "base/conf.h"
#include "base/encoding.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/copilot.h"
#include "copilot/models.h"
#include "server/handle.h"
#include "server/parts.h"
#include "server/route.h"

#define LARGE (256u << 10)	/* a body that is not parsed in a moment */
#define QUICK_MAX (16u << 10)	/* nor is a larger one the loop's business */

/* Several keys share; one alone, or none, has it all. */
static int
key_percent(const struct exchange *x)
{
	return x->key != NULL && x->conf->nkeys > 1 ?
	    (int)x->conf->max_key_percent : 100;
}

/*
 * A place among maxConcurrentRequests. A request that is answered at once needs
 * none, unless it has a body to wait for.
 */
static bool
take_place(struct exchange *x, struct err *err)
{
	if (x->place != NULL)
		return true;
	if (!budget_holder_enter(x->memory.holder,
	    x->conf->max_concurrent_requests,
	    err))
		return false;
	x->place = x->memory.holder;
	return true;
}

void
handle_leave(struct exchange *x)
{
	if (x->place != NULL)
		budget_holder_leave(x->place);
	x->place = NULL;
}

/* Why a load balancer should not send requests here; NULL: it should. */
static const char *
unready(const struct server *s, const struct exchange *x)
{
	const struct models	*models;
	const char		*trouble;

	if (s->draining)
		return "this server is shutting down";
	if ((trouble = copilot_trouble(x->account->copilot)) != NULL)
		return trouble;
	/* A CGI program has no list before it needs one. */
	if (s->workers == NULL)
		return NULL;
	models = copilot_models(x->account->copilot);
	models_unref(models);
	return models == NULL ? "the list of models is not there yet" : NULL;
}

enum handle_next
handle_route(struct server *s, struct exchange *x)
{
	struct err	err = { 0 };
	bool		wants_body = false;

	x->conf = conf_file_get(s->conf_file);
	x->usage.show_cost = x->conf->usage_cost;
	x->ledger = x->conf->usage_ledger ? s->ledger : NULL;
	x->accounts = s->accounts;
	x->recent = s->recent;
	x->metrics = x->conf->metrics_enabled ? s->metrics : NULL;
	x->stored = s->stored;
	x->thoughts = s->thoughts;
	x->stays = s->workers != NULL;
	budget_limit(s->budget, x->conf->max_memory_bytes,
	    conf_responders(x->conf));
	if (x->conf->broken != NULL) {
		err_set(&err, 500, ERR_SERVER, "invalid_configuration", NULL,
		    "%s", x->conf->broken);
		exchange_refuse(x, &err);
		return HANDLE_DONE;
	}
	if ((x->handler = route_find(x, &wants_body)) == NULL)
		return HANDLE_DONE;
	allowance_enter(x, x->client);
	x->unready = unready(s, x);
	x->memory.holder = budget_holder(s->budget, x->key, key_percent(x));
	if (wants_body && !take_place(x, &err)) {
		exchange_refuse(x, &err);
		return HANDLE_DONE;
	}
	return wants_body ? HANDLE_READ : HANDLE_RUN;
}

/* Ask the handler; what it takes is paid by the exchange. */
static enum handled
ask(struct exchange *x)
{
	struct err	err = { 0 };
	enum handled	handled;

	x->memory.refused = false;
	budget_enter(&x->memory);
	handled = auto_check(x, x->handler(x));
	budget_leave();
	if (x->memory.refused) {
		queue_withdraw(x);
		exchange_reset(x);
		budget_refuse(&x->memory, &err);
		handled = exchange_refuse(x, &err);
	}
	return handled;
}

/* Found by its underscore, which is rarer than its quote. */
static bool
names_tool_calls(const struct buf *b)
{
	static const char	 before[] = "\"tool", behind[] = "_call";
	const size_t		 n = sizeof(before) - 1;
	const char		*begin = buf_str(b), *end = begin + b->len, *p;

	for (p = begin; (p = memchr(p, '_', (size_t)(end - p))) != NULL; p++)
		if ((size_t)(p - begin) >= n && (size_t)(end - p) >= n &&
		    memcmp(p - n, before, n) == 0 && memcmp(p, behind, n) == 0)
			return true;
	return false;
}

/*
 * May a name be written with escapes, as "\\u0074ool_calls"? Only ASCII counts:
 * what Python escapes in all texts is everything else.
 */
static bool
may_hide_names(const struct buf *b)
{
	static const char	 ascii[] = "\\u00";
	const size_t		 n = sizeof(ascii) - 1;
	const char		*p = buf_str(b), *end = p + b->len;

	for (; (p = memchr(p, '\\', (size_t)(end - p))) != NULL; p++)
		if ((size_t)(end - p) > n && memcmp(p, ascii, n) == 0 &&
		    p[n] >= '2' && p[n] <= '7')
			return true;
	return false;
}

/*
 * Thoughts are found by the calls that they came with, and may be on the disk,
 * as budgets are; what is compressed may become large.
 */
bool
handle_is_quick(const struct exchange *x)
{
	return x->quick && x->req.body.len <= QUICK_MAX &&
	    x->req.content_encoding == NULL &&
	    (x->client == NULL || (x->client->monthly < 0 &&
	    x->client->daily < 0)) &&
	    !names_tool_calls(&x->req.body) &&
	    !may_hide_names(&x->req.body);
}

enum work
handle_kind(const struct exchange *x)
{
	if (x->req.body.len > LARGE)
		return WORK_LARGE;
	return util_starts(x->req.path, "/responses") ||
	    util_starts(x->req.path, "/conversations") ? WORK_STORE : WORK_ANY;
}

static bool
decode(struct exchange *x, struct err *err)
{
	bool ok;

	if (x->req.content_encoding == NULL)
		return true;
	budget_enter(&x->memory);
	ok = encoding_decode(x->req.content_encoding,
	    (size_t)x->conf->max_request_body_bytes, &x->req.body, err);
	budget_leave();
	budget_hold(&x->memory, exchange_bytes(x));
	return ok;
}

enum handled
handle_run(struct exchange *x)
{
	struct err	err = { 0 };
	enum handled	handled;

	if (!decode(x, &err))
		return exchange_refuse(x, &err);
	x->models = copilot_models(x->account->copilot);
	x->unhealthy = copilot_trouble(x->account->copilot);
	handled = ask(x);
	if (handled != HANDLED_REPLY && !take_place(x, &err))
		handled = exchange_refuse(x, &err);
	return handled;
}

enum handled
handle_again(struct exchange *x)
{
	struct handle_leftover	left;
	enum handled	handled;

	exchange_reset(x);
	if (x->models == NULL)
		x->models = copilot_models(x->account->copilot);
	handled = ask(x);
	left = handle_leftover(x);
	handle_leftover_free(&left);
	return handled;
}

struct handle_leftover
handle_leftover(struct exchange *x)
{
	struct handle_leftover left = { .parsed = x->parsed };

	x->parsed = NULL;
	left.memory = budget_split(&x->memory, exchange_bytes(x));
	return left;
}

void
handle_leftover_free(struct handle_leftover *left)
{
	json_object_put(left->parsed);
	budget_close(&left->memory);
}
