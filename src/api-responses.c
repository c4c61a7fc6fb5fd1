/* POST /v1/responses. */
#include "config.h"

#include "api.h"
#include "conf.h"
#include "err.h"
#include "js.h"
#include "models.h"
#include "responses-answer.h"
#include "responses-request.h"
#include "target.h"
#include "util.h"

static enum handled
ask(struct exchange *x, json_object *obj)
{
	struct responses	r = { 0 };
	struct target		t;
	struct err		err;

	if (!target_find(x, obj, MODEL_RESPONSES, &t, &err) ||
	    !responses_request(x->req.body.p, x->req.body.len, obj,
	    &(struct responses_setting){ t.upstream, t.model,
	    x->conf->use_responses_api_web_search }, &r, &x->call.body, &err)) {
		responses_finish(&r);
		return exchange_refuse(x, &err);
	}
	x->call.method = "POST";
	x->call.path = "/responses";
	x->call.completion = true;
	x->call.agent = r.agent;
	x->call.vision = r.vision;
	x->call.headers = t.model != NULL ? t.model->request_headers : NULL;
	x->stream = r.stream;
	x->model = xstrdup(t.upstream);
	x->answer = &responses_ops;
	x->self = responses_answer_create(&r, &x->usage);
	return HANDLED_CALL;
}

enum handled
api_responses(struct exchange *x)
{
	json_object	*obj;
	struct err	 err;
	enum handled	 h;

	if (x->models == NULL && !x->models_tried)
		return HANDLED_MODELS;
	if (!js_parse(x->req.body.p, x->req.body.len, &obj, &err))
		return exchange_refuse(x, &err);
	h = ask(x, obj);
	json_object_put(obj);
	return h;
}
