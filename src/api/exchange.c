/* One client request and the upstream call it becomes. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/detached.h"
#include "api/exchange.h"
#include "api/followed.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/models.h"
#include "remote/remote.h"
#include "turn/hosted.h"
#include "turn/thought.h"
#include "turn/terms.h"

void
exchange_body_take(struct exchange *x, struct json_object *obj,
    struct buf *body)
{
	js_read_all(obj);
	buf_finish(&x->req.body);
	x->req.body = *body;
	*body = (struct buf){ 0 };
}

bool
exchange_parse(struct exchange *x, struct json_object **obj, struct err *err)
{
	struct js_edit	 model = { .key = "model" };
	struct buf	 body = { 0 };

	if (!js_parse_body(&x->req.body, obj, err))
		return false;
	if (x->req.deployment == NULL || js_get(*obj, "model") != NULL ||
	    !json_object_is_type(*obj, json_type_object))
		return true;
	js_add_str(*obj, "model", x->req.deployment);
	model.value = js_get(*obj, "model");
	js_splice(x->req.body.p, x->req.body.len, &model, 1, &body);
	exchange_body_take(x, *obj, &body);
	return true;
}

/* The message sends a user who may sign in on the page there, to no shell. */
static void
name_page(const struct exchange *x, struct err *err)
{
	bool on_page = x->answer != NULL && x->answer->instead != NULL;

	if (x->client == NULL || !x->client->sign_in ||
	    (strcmp(err->code, "not_signed_in") != 0 &&
	    strcmp(err->code, "github_token_invalid") != 0))
		return;
	snprintf(err->msg, sizeof(err->msg), "The account %s of this key is "
	    "not signed in to GitHub, or no longer. %s", x->account->name,
	    on_page ? "Sign in below." : "Open this server's page in a "
	    "browser, enter the key, and sign in there.");
}

void
exchange_terms(const struct exchange *x, struct err *err)
{
	name_page(x, err);
	terms_shift("input", x->restored, x->restored_by, err);
	if (x->terms != NULL)
		terms_apply(x->terms, err);
}

void
exchange_leaves_out(struct exchange *x, unsigned hosted)
{
	char names[HOSTED_NAMES_SIZE];

	if (hosted == 0)
		return;
	hosted_names(hosted, names);
	reply_header(&x->reply, "x-tools-left-out", names);
}

void
exchange_initiated(struct exchange *x, enum initiator who)
{
	x->initiator = who;
	x->call.agent = who != INITIATOR_USER;
}

void
exchange_thinks(struct exchange *x, const char *model, bool memory_only)
{
	x->thinker = (struct reasoning_scope){ x->thoughts, x->conf, x->key,
	    model, memory_only };
}

static void
keep_thought(void *arg, const struct thought *t)
{
	reasoning_keep(arg, json_object_get_string(t->opaque),
	    thought_kept_text(t), t->calls);
}

struct thought_keeper
exchange_keeper(struct exchange *x)
{
	return (struct thought_keeper){
		.keep = x->thoughts != NULL ? keep_thought : NULL,
		.arg = &x->thinker
	};
}

struct exchange *
exchange_create(void)
{
	struct exchange *x = xcalloc(1, sizeof(*x));

	x->usage = (struct usage)USAGE_NONE;
	return x;
}

struct exchange *
exchange_part(struct exchange *x, size_t k, struct join_part *part)
{
	struct exchange *p = exchange_create();

	request_copy(&p->req, &x->req);
	p->req.body = x->parts[k];
	x->parts[k] = (struct buf){ 0 };
	p->conf = conf_ref(x->conf);
	p->client = x->client;
	p->key = x->key;
	p->stored = x->stored;
	p->thoughts = x->thoughts;
	p->ledger = x->ledger;
	p->metrics = x->metrics;
	p->account = x->account;
	p->lessons = x->lessons;
	p->route = x->route;
	p->handler = x->handler;
	p->retry.other_endpoint = x->retry.other_endpoint;
	p->usage.show_cost = x->usage.show_cost;
	p->memory.holder = x->memory.holder;
	p->part = part;
	return p;
}

struct exchange *
exchange_twin(const struct exchange *x)
{
	struct exchange *y = exchange_create();

	request_copy(&y->req, &x->req);
	y->conf = conf_ref(x->conf);
	y->client = x->client;
	y->key = x->key;
	y->stored = x->stored;
	y->memory.holder = x->memory.holder;
	buf_append(&y->reply.always, buf_str(&x->reply.always),
	    x->reply.always.len);
	return y;
}

/* The call counts twice: a copy of it may be stored. */
size_t
exchange_bytes(const struct exchange *x)
{
	return x->req.body.cap + 2 * x->call.body.own.cap + x->reply.body.cap +
	    x->summary.cap + remote_bytes(x->remote);
}

void
exchange_forget_remote(struct exchange *x)
{
	remote_finish(x->remote);
	free(x->remote);
	x->remote = NULL;
}

static void
forget_parts(struct exchange *x)
{
	size_t i;

	for (i = 0; i < x->nparts; i++)
		buf_finish(&x->parts[i]);
	free(x->parts);
	x->parts = NULL;
	x->nparts = 0;
}

static void
forget_terms(struct exchange *x)
{
	if (x->terms != NULL)
		terms_finish(x->terms);
	free(x->terms);
	x->terms = NULL;
}

void
exchange_reset(struct exchange *x)
{
	forget_terms(x);
	forget_parts(x);
	if (x->self != NULL)
		x->answer->destroy(x->self);
	x->answer = NULL;
	x->self = NULL;
	if (x->kept != NULL)
		x->forget(x->kept);
	x->kept = NULL;
	x->tap = NULL;
	x->copied = 0;
	x->collects = false;
	json_object_put(x->parsed);
	x->parsed = NULL;
	reply_reset(&x->reply);
	body_finish(&x->call.body);
	free(x->call.betas);
	memset(&x->call, 0, sizeof(x->call));
	free(x->model);
	x->model = NULL;
	x->stream = x->wants_filler = false;
}

void
exchange_destroy(struct exchange *x)
{
	if (x == NULL)
		return;
	exchange_reset(x);
	exchange_forget_remote(x);
	reply_finish(&x->reply);
	request_finish(&x->req);
	models_unref(x->models);
	auto_wish_finish(&x->wish);
	free(x->session);
	buf_finish(&x->summary);
	free(x->models_err);
	free(x->refusal);
	if (x->detached != NULL && !x->detached->alone)
		detached_destroy(x->detached);
	followed_destroy(x->followed);
	conf_unref(x->conf);
	budget_close(&x->memory);
	free(x);
}

enum handled
exchange_refuse(struct exchange *x, const struct err *err)
{
	struct err ours = *err;

	name_page(x, &ours);
	free(x->refusal);
	x->refusal = xmalloc(sizeof(ours));
	*x->refusal = ours;
	reply_error(&x->reply, &x->req, &ours);
	return HANDLED_REPLY;
}
