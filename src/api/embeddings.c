/* POST /v1/embeddings. */
#include "config.h"

#include <stdlib.h>

#include "api/api.h"
#include "api/embeddings-answer.h"
#include "api/target.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"

struct embeddings_exchange {
	struct embeddings	 e;
	struct usage		*usage;
};

/* The client gets the "out" of the last of several calls. */
static enum answer_said
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	struct embeddings_exchange	*ex = self;
	struct buf			 body = { 0 };

	if (!embeddings_answer(&ex->e, p, n, out, err))
		return ANSWER_FAILED;
	*ex->usage = ex->e.usage;
	if (!embeddings_next(&ex->e, &body))
		return ANSWER_COMPLETE;
	buf_finish(out);
	*out = body;
	return ANSWER_AGAIN;
}

static void
destroy(void *self)
{
	struct embeddings_exchange *ex = self;

	embeddings_finish(&ex->e);
	free(ex);
}

/* Never a stream: the other members have nothing to do. */
static const struct answer_ops ops = {
	.whole = whole, .destroy = destroy
};

static enum handled
ask(struct exchange *x, json_object *obj)
{
	struct embeddings_exchange	*ex = xcalloc(1, sizeof(*ex));
	struct target			 t;
	struct err			 err;

	if (!target_find(x, obj, MODEL_EMBEDDINGS, &t, &err) ||
	    !embeddings_request(x->req.body.p, x->req.body.len, obj, t.upstream,
	    t.model, &ex->e, &x->call.body.own, &err)) {
		destroy(ex);
		return exchange_refuse(x, &err);
	}
	ex->usage = &x->usage;
	ex->e.usage = (struct usage){ .nano = -1,
	    .show_cost = x->usage.show_cost };
	x->call.method = "POST";
	x->call.path = "/embeddings";
	x->call.headers = t.model != NULL ? t.model->request_headers : NULL;
	x->model = xstrdup(t.upstream);
	x->answer = &ops;
	x->self = ex;
	return HANDLED_CALL;
}

/* These checks need no list of models. */
static bool
check(json_object *obj, struct err *err)
{
	const char *name;

	return target_name(obj, &name, err) && embeddings_check(obj, err);
}

enum handled
api_embeddings(struct exchange *x)
{
	json_object	*obj;
	struct err	 err;
	enum handled	 h;

	if (!exchange_parse(x, &obj, &err))
		return exchange_refuse(x, &err);
	if (x->models != NULL || x->models_tried)
		h = ask(x, obj);
	else
		h = check(obj, &err) ? HANDLED_MODELS :
		    exchange_refuse(x, &err);
	json_object_put(obj);
	return h;
}
