/* GET /v1/models and GET /v1/models/{id}. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/allowance.h"
#include "api/api.h"
#include "api/models-anthropic.h"
#include "api/models-codex.h"
#include "api/target.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/models.h"

/* The id behind "/models/", which may contain slashes. */
static const char *
id_of(const struct request *req)
{
	static const char	 before[] = "/models/";
	const char		*p = strstr(req->path, before);

	return p != NULL ? p + sizeof(before) - 1 : "";
}

/*
 * Codex says its version and wants its own form of the list. It keeps that for
 * some minutes under the ETag, which it never asks with.
 */
static void
put_list(struct exchange *x, const struct models *models)
{
	char	*version = request_query(&x->req, "client_version");
	char	 etag[24];

	if (version == NULL)
		buf_puts(&x->reply.body, models->json);
	else {
		models_codex(models, version, x->conf->long_context,
		    &x->reply.body);
		snprintf(etag, sizeof(etag), "\"%016llx\"", (unsigned long long)
		    util_hash(buf_str(&x->reply.body)));
		reply_header(&x->reply, "ETag", etag);
	}
	free(version);
}

/* "models" is what the client's key may use. */
static enum handled
reply_list(struct exchange *x, const struct models *models)
{
	struct err err;

	if (x->req.anthropic && !models_anthropic(models, &x->req,
	    &x->reply.body, &err))
		return exchange_refuse(x, &err);
	reply_json(&x->reply, 200);
	if (!x->req.anthropic)
		put_list(x, models);
	return HANDLED_REPLY;
}

/* The list can't be had. */
static enum handled
refuse(struct exchange *x)
{
	struct err err;

	if (x->models_err != NULL)
		return exchange_refuse(x, x->models_err);
	err_set(&err, 503, ERR_SERVER, "models_unavailable", NULL,
	    "The list of models is not known at the moment.");
	return exchange_refuse(x, &err);
}

enum handled
api_models(struct exchange *x)
{
	const struct models	*models;
	enum handled		 handled;

	if (x->models == NULL && !x->models_tried)
		return HANDLED_MODELS;
	if (x->models == NULL)
		return refuse(x);
	models = allowance_models(x);
	handled = reply_list(x, models);
	models_unref(models);
	return handled;
}

enum handled
api_model(struct exchange *x)
{
	const char	*id = id_of(&x->req);
	struct target	 t;
	char		 shown[256];
	struct err	 err;

	if (x->models == NULL && !x->models_tried)
		return HANDLED_MODELS;
	if (x->models == NULL)
		return refuse(x);
	target_resolve(x->conf, x->models, id, &t);
	if (t.model == NULL || !conf_key_allows(x->client, t.model->id)) {
		text_clean(id, strlen(id), shown, sizeof(shown));
		err_set(&err, 404, ERR_REQUEST, "model_not_found", "model",
		    "The model '%s' does not exist or you do not have "
		    "access to it.", shown);
		return exchange_refuse(x, &err);
	}
	reply_json(&x->reply, 200);
	if (x->req.anthropic)
		models_anthropic_one(t.model, &x->reply.body);
	else
		buf_puts(&x->reply.body, t.model->json);
	return HANDLED_REPLY;
}
