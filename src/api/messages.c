/* POST /v1/messages and what is below it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "messages/check.h"
#include "messages/initiator.h"
#include "messages/model.h"
#include "messages/native-answer.h"
#include "messages/native.h"

static bool
count_whole(void *self, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	json_object	*obj = js_parse_quiet(p, n), *count;
	int64_t		 tokens = js_int(obj, "input_tokens", -1);

	(void)self;
	json_object_put(obj);
	if (tokens < 0)
		return err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
		    "GitHub Copilot's answer could not be read.");
	count = json_object_new_object();
	js_add_int(count, "input_tokens", tokens);
	js_print(count, out);
	json_object_put(count);
	return true;
}

static const struct answer_ops count_ops = { .whole = count_whole };

/* The call upstream, and who awaits its answer. */
static void
set_call(struct exchange *x, struct messages_request *r)
{
	struct messages_wanted wanted = {
		.stream = js_bool(r->obj, "stream", false),
		.request_id = x->req.id,
		.usage = &x->usage
	};

	x->call.method = "POST";
	x->call.path = r->counts ? "/v1/messages/count_tokens" : "/v1/messages";
	x->call.completion = true;
	x->call.vision = r->vision;
	x->call.headers = r->info != NULL ? r->info->request_headers : NULL;
	x->call.betas = r->header;
	r->header = NULL;
	if (r->counts) {
		x->answer = &count_ops;
		return;
	}
	x->stream = x->alive = wanted.stream;
	x->answer = &messages_answer;
	x->self = messages_answer_create(&wanted);
}

static bool
refuse_model(const char *name, struct err *err)
{
	return err_set(err, 400, ERR_REQUEST, "unsupported_api_for_model",
	    "model", "model: %.200s can't be asked over /v1/messages. GET "
	    "/v1/models lists the endpoints of each model.", name);
}

static bool
prepare(struct exchange *x, struct messages_request *r, struct err *err)
{
	struct messages_client client = {
		.claude_code = x->req.claude_code, .subagent = x->req.subagent
	};

	x->model = messages_model(x->conf, x->models, js_str(r->obj, "model"),
	    &r->info, err);
	if (x->model == NULL)
		return false;
	if (x->retry.other_endpoint || (r->info != NULL &&
	    (r->info->endpoints & MODEL_MESSAGES) == 0))
		return refuse_model(x->model, err);
	r->model = x->model;
	r->betas = x->req.anthropic_beta;
	r->unsealed = x->retry.unsealed;
	lessons_recall(x->lessons, x->key, x->model, &x->retry.lesson);
	r->lesson = x->retry.lesson;
	x->call.agent = messages_is_agent(r->obj, &client);
	if (!messages_body(r, x->req.body.p, x->req.body.len, &x->call.body,
	    err))
		return false;
	set_call(x, r);
	return true;
}

/* What is wrong with a request is said before anybody is asked. */
static enum handled
handle(struct exchange *x, bool counts)
{
	struct messages_request	r = { .counts = counts };
	struct err		err;
	enum handled		handled = HANDLED_CALL;

	if (!exchange_parse(x, &r.obj, &err) ||
	    !messages_check(r.obj, counts, &err))
		handled = exchange_refuse(x, &err);
	else if (x->models == NULL && !x->models_tried)
		handled = HANDLED_MODELS;
	else if (!prepare(x, &r, &err))
		handled = exchange_refuse(x, &err);
	x->parsed = r.obj;
	messages_request_finish(&r);
	return handled;
}

enum handled
api_messages(struct exchange *x)
{
	return handle(x, false);
}

enum handled
api_messages_count(struct exchange *x)
{
	return handle(x, true);
}

/* Anthropic's batches, by name: whoever has code for them shall know. */
enum handled
api_messages_batches(struct exchange *x)
{
	struct err err;

	err_set(&err, 404, ERR_REQUEST, NULL, NULL, "Message Batches are not "
	    "available: GitHub Copilot runs no batches. Send each request to "
	    "POST /v1/messages.");
	err.no_retry = true;
	return exchange_refuse(x, &err);
}
