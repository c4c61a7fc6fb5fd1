/* POST /v1/messages and what is below it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/allowance.h"
#include "api/api.h"
#include "api/carry-messages.h"
#include "api/inline.h"
#include "api/interaction.h"
#include "api/target.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "messages/check.h"
#include "messages/estimate.h"
#include "messages/initiator.h"
#include "messages/model.h"
#include "messages/native-answer.h"
#include "messages/native.h"
#include "messages/usual.h"

static void
put_count(int64_t tokens, struct buf *out)
{
	json_object *count = json_object_new_object();

	js_add_int(count, "input_tokens", tokens);
	js_print(count, out);
	json_object_put(count);
}

static enum answer_said
count_whole(void *self, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	json_object	*obj = js_parse_quiet(p, n);
	int64_t		 tokens = js_int(obj, "input_tokens", -1);

	(void)self;
	json_object_put(obj);
	if (tokens < 0) {
		failure_unreadable(err);
		return ANSWER_FAILED;
	}
	put_count(tokens, out);
	return ANSWER_COMPLETE;
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

	x->call.path = r->counts ? "/v1/messages/count_tokens" : "/v1/messages";
	x->call.vision = r->vision;
	x->call.betas = r->header;
	r->header = NULL;
	if (r->counts) {
		x->answer = &count_ops;
		return;
	}
	x->stream = x->wants_filler = wanted.stream;
	x->answer = &turn_answer;
	x->self = messages_answer_create(&wanted);
}

static bool
refuse_model(const char *name, struct err *err)
{
	return err_set(err, 400, ERR_REQUEST, "unsupported_api_for_model",
	    "model", "model: one can't talk to %.200s. GET /v1/models lists "
	    "the endpoints of each model.", name);
}

/*
 * The endpoint that a model is asked over: its own one of this protocol if it
 * has that, else the next best. Where upstream says that the list is wrong, the
 * one after that; 0: there is none.
 */
static unsigned
choose(const struct exchange *x, const struct model *m)
{
	static const unsigned order[] = {
		MODEL_MESSAGES, MODEL_RESPONSES, MODEL_CHAT
	};
	unsigned	can = m != NULL ? m->endpoints : MODEL_MESSAGES;
	bool		other = x->retry.other_endpoint;
	size_t		i;

	for (i = 0; i < COUNT(order); i++) {
		if ((can & order[i]) == 0)
			continue;
		if (!other)
			return order[i];
		other = false;
		if ((can & ~order[i]) == 0)
			return order[i] == MODEL_CHAT ? MODEL_RESPONSES :
			    MODEL_CHAT;
	}
	return 0;
}

/* The request is Copilot's own: its bytes pass. */
static bool
ask_native(struct exchange *x, struct messages_request *r, struct err *err)
{
	r->model = x->model;
	r->betas = x->req.anthropic_beta;
	r->unsealed = x->retry.unsealed;
	r->cache = x->conf->prompt_cache;
	r->lesson = x->retry.lesson;
	if (!messages_body(r, x->req.body.p, x->req.body.len, &x->call.body,
	    err))
		return false;
	set_call(x, r);
	return true;
}

/* Nobody but Anthropic counts before it is asked. */
static enum handled
estimate(struct exchange *x, json_object *obj)
{
	reply_json(&x->reply, 200);
	put_count(messages_estimate(obj), &x->reply.body);
	return HANDLED_REPLY;
}

static bool
find_model(struct exchange *x, struct messages_request *r, struct err *err)
{
	const char	*asked = js_str(r->obj, "model"), *name, *effort;
	char		 bare[TARGET_NAME_SIZE];

	name = target_bare(x->conf, asked, bare, &effort);
	x->model = messages_model(x->conf, x->models, effort != NULL ? name :
	    asked, &r->info, err);
	if (x->model == NULL || !allowance_check(x, asked, x->model, err))
		return false;
	target_set_effort(x, r->obj, effort, TARGET_MESSAGES);
	return true;
}

/* At messages that nobody has to change. */
static void
look(struct messages_request *r)
{
	struct messages_usual	found;
	bool			marked = false;

	r->usual = messages_usual(js_array(r->obj, "messages"), &found);
	if (!r->usual)
		return;
	r->vision = found.vision;
	r->marked = found.marked || (messages_usual_tools(js_array(r->obj,
	    "tools"), &marked) && marked);
}

/* The reply, or the call and who awaits its answer. */
static enum handled
prepare(struct exchange *x, struct messages_request *r, struct err *err)
{
	struct messages_client client = {
		.claude_code = x->req.claude_code, .subagent = x->req.subagent
	};
	unsigned endpoint;

	if (!find_model(x, r, err))
		return exchange_refuse(x, err);
	if ((endpoint = choose(x, r->info)) == 0) {
		refuse_model(x->model, err);
		return exchange_refuse(x, err);
	}
	if (r->counts && endpoint != MODEL_MESSAGES)
		return estimate(x, r->obj);
	interaction_find(x, r->obj, NULL, NULL);
	look(r);
	switch (r->usual ? INLINE_DONE :
	    inline_messages(x, r->obj, &r->edited, err)) {
	case INLINE_REFUSED:
		return exchange_refuse(x, err);
	case INLINE_FETCH:
		return HANDLED_FETCH;
	case INLINE_DONE:
		break;
	}
	lessons_recall(x->lessons, x->key, x->model, &x->retry.lesson);
	x->call.method = "POST";
	x->call.completion = true;
	x->call.headers = r->info != NULL ? r->info->request_headers : NULL;
	exchange_initiated(x, messages_initiator(r->obj, &client));
	if (endpoint == MODEL_MESSAGES ? ask_native(x, r, err) :
	    carry_messages(x, r->obj, r->info, endpoint, err))
		return HANDLED_CALL;
	return exchange_refuse(x, err);
}

/* A faulty request is refused before anybody is asked. */
static enum handled
handle(struct exchange *x, bool counts)
{
	struct messages_request	r = { .counts = counts };
	struct err		err;
	enum handled		handled;

	if (!exchange_parse(x, &r.obj, &err) ||
	    !messages_check(r.obj, counts, &err))
		handled = exchange_refuse(x, &err);
	else if (x->models == NULL && !x->models_tried)
		handled = HANDLED_MODELS;
	else
		handled = prepare(x, &r, &err);
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
