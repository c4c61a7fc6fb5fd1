/* POST /v1/chat/completions */
#include "config.h"

#include <string.h>

#include "api.h"
#include "chat-answer.h"
#include "chat-request.h"
#include "conf.h"
#include "models.h"
#include "util.h"

/* The request becomes the call and what awaits its answer. */
static void
prepare(struct exchange *x, struct chat_request *r)
{
	struct chat_wanted wanted = {
		.model = r->asked,
		.mapped = strcmp(r->asked, r->model) != 0,
		.stream = r->stream,
		.include_usage = r->include_usage,
		.functions = r->functions,
		.n = r->n,
		.max = (size_t)x->conf->max_response_body_bytes
	};

	x->stream = r->stream;
	x->model = xstrdup(r->model);
	x->answer = &chat_answer;
	x->self = chat_answer_create(&wanted, &x->usage);
	x->call.method = "POST";
	x->call.path = "/chat/completions";
	x->call.completion = true;
	x->call.agent = r->messages.agent;
	x->call.vision = r->messages.vision;
	x->call.headers = r->info != NULL ? r->info->request_headers : NULL;
	/* Last, since it changes what was read. */
	chat_request_body(r, x->req.body.p, x->req.body.len, &x->call.body);
}

/*
 * What is wrong with a request is said before the list of models is asked for:
 * that never needs an upstream.
 */
enum handled
api_chat(struct exchange *x)
{
	struct chat_request	r;
	struct err		err;
	enum handled		handled = HANDLED_CALL;

	if (!chat_request_read(&r, buf_str(&x->req.body), x->req.body.len,
	    &err))
		handled = exchange_refuse(x, &err);
	else if (x->models == NULL && !x->models_tried)
		handled = HANDLED_MODELS;
	else if (!chat_request_model(&r, x->conf, x->models, &err))
		handled = exchange_refuse(x, &err);
	else
		prepare(x, &r);
	chat_request_finish(&r);
	return handled;
}
