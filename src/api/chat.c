/* POST /v1/chat/completions */
#include "config.h"

#include <string.h>

#include "api/api.h"
#include "api/carry-answer.h"
#include "api/carry-claude.h"
#include "api/carry.h"
#include "api/chat-ask.h"
#include "api/chat-foreign.h"
#include "api/chat-keep.h"
#include "api/inline.h"
#include "api/interaction.h"
#include "api/join.h"
#include "api/split.h"
#include "api/target.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/answer.h"
#include "chat/messages.h"
#include "chat/native.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "state/reasoning.h"
#include "turn/complain.h"

/*
 * Is the request carried over /responses? Only for a model that has nothing
 * else; and the other way round when upstream says that the list is wrong.
 */
static bool
is_bridged(const struct exchange *x, const struct chat_request *r)
{
	unsigned can = r->info != NULL ? r->info->endpoints : 0;

	return ((can & MODEL_CHAT) == 0 && (can & MODEL_RESPONSES) != 0) !=
	    x->retry.other_endpoint;
}

/*
 * Only Responses search the web, where a model has them and this server lets
 * it, unless upstream said that this one does not.
 */
static bool
can_search(const struct exchange *x, const struct chat_request *r)
{
	return x->conf->use_responses_api_web_search && r->info != NULL &&
	    (r->info->endpoints & MODEL_RESPONSES) != 0 &&
	    !x->retry.other_endpoint &&
	    (x->retry.lesson.without & LESSON_WEB_SEARCH) == 0;
}

static bool
refuse_search(const struct exchange *x, const struct chat_request *r,
    struct err *err)
{
	static const char name[] = "web_search_options";

	if (!x->conf->use_responses_api_web_search)
		return err_param(err, name, "unsupported_parameter",
		    "Unsupported parameter: '%s'. This server searches no web "
		    "(useResponsesApiWebSearch).", name);
	return err_param(err, name, "unsupported_parameter", "Unsupported "
	    "parameter: '%s'. The model '%.*s' searches no web at GitHub "
	    "Copilot. Of those that GET /v1/models lists with '/responses' "
	    "most do.", name, complain_clip(r->asked), r->asked);
}

/* Which endpoint is asked? A wrong list is a reason to go back to chat. */
static unsigned
endpoint_of(const struct exchange *x, const struct chat_request *r)
{
	if (r->search)
		return MODEL_RESPONSES;
	if (r->by_messages)
		return x->retry.other_endpoint ? MODEL_CHAT : MODEL_MESSAGES;
	return is_bridged(x, r) ? MODEL_RESPONSES : MODEL_CHAT;
}

static bool
prepare_bridge(struct exchange *x, struct chat_request *r,
    const struct chat_wanted *wanted, struct err *err)
{
	struct carry_note	b;
	bool			ok;

	if ((ok = carry_by_responses(r, &b, &x->call.body, err))) {
		x->call.path = "/responses";
		x->answer = &turn_answer;
		x->self = carry_answer_chat(wanted, &b, &x->usage);
	}
	carry_note_finish(&b);
	return ok;
}

/* The request becomes the call and what awaits its answer. */
static bool
prepare(struct exchange *x, struct chat_request *r, bool edited,
    const struct chat_tap *tap, struct err *err)
{
	/* The answer names the model that Auto chose, not the one asked for. */
	const char *name = x->session != NULL ? r->model : r->asked;
	struct chat_wanted wanted = {
		.model = name,
		.mapped = strcmp(name, r->model) != 0,
		.stream = r->stream,
		.include_usage = r->include_usage,
		.functions = r->functions,
		.custom = r->custom,
		.n = r->n,
		.thoughts = exchange_keeper(x),
		.tap = *tap,
		.max = (size_t)x->conf->max_response_body_bytes
	};
	unsigned to = endpoint_of(x, r);

	exchange_thinks(x, r->model, !js_bool(r->obj, "store", true));
	/*
	 * Most clients give back no thoughts, and some models insist; OpenAI's
	 * have none to give where they are native.
	 */
	if ((r->info == NULL || !r->info->openai || to != MODEL_CHAT) &&
	    (!r->messages.usual || (r->messages.calls &&
	    reasoning_any(&x->thinker))) &&
	    reasoning_restore(&x->thinker, js_array(r->obj, "messages")))
		r->messages.dirty = true;
	if (x->retry.unsealed) {
		chat_messages_forget(js_array(r->obj, "messages"));
		r->messages.dirty = true;
	}
	r->cache_key = interaction_key(x);
	lessons_recall(x->lessons, x->key, r->model, &x->retry.lesson);
	if (r->search && !can_search(x, r))
		return refuse_search(x, r, err);
	x->stream = r->stream;
	x->model = xstrdup(r->model);
	x->thinker.model = x->model;
	x->call.method = "POST";
	x->call.completion = true;
	exchange_initiated(x, r->messages.agent ? INITIATOR_AGENT :
	    INITIATOR_USER);
	x->call.vision = r->messages.vision;
	x->call.headers = r->info != NULL ? r->info->request_headers : NULL;
	/* The body is last, since it changes what was read. */
	if (!chat_request_fit(r, &x->retry.lesson, to == MODEL_CHAT, err))
		return false;
	wanted.format_in_prompt = r->format_in_prompt;
	wanted.stop = r->stop;
	if (to == MODEL_MESSAGES)
		return carry_claude_chat(x, r, &wanted, err);
	if (to == MODEL_RESPONSES)
		return prepare_bridge(x, r, &wanted, err);
	x->call.path = "/chat/completions";
	x->answer = &turn_answer;
	chat_request_body(r, edited ? NULL : x->req.body.p, x->req.body.len,
	    &x->call.body);
	wanted.inserted = r->inserted;
	x->self = chat_answer_create(&wanted, &x->usage);
	return true;
}

/* "edited": the client's text is of another endpoint. */
static bool
find_model(struct exchange *x, struct chat_request *r, bool edited,
    struct target *t, struct err *err)
{
	if (!target_find(x, r->obj, MODEL_CHAT | MODEL_RESPONSES, t, err))
		return false;
	target_set_effort(edited ? NULL : x, r->obj, t->effort, TARGET_CHAT);
	return chat_request_model(r, x->conf, t->upstream, t->model, err);
}

/* With what it names by an address in it. */
static enum handled
ask(struct exchange *x, struct chat_request *r, bool edited,
    const struct chat_tap *tap, struct err *err)
{
	interaction_find(x, r->obj, NULL, NULL);
	if (!r->messages.vision && !r->messages.file)
		return prepare(x, r, edited, tap, err) ? HANDLED_CALL :
		    chat_refuse(x, err);
	switch (inline_chat(x, r->obj, &edited, err)) {
	case INLINE_REFUSED:
		return chat_refuse(x, err);
	case INLINE_FETCH:
		return HANDLED_FETCH;
	case INLINE_DONE:
		break;
	}
	return prepare(x, r, edited, tap, err) ? HANDLED_CALL :
	    chat_refuse(x, err);
}

/*
 * Does upstream give so many choices at once? OpenAI's models do over chat
 * completions; Claude's and Gemini's are not known to, and Responses have none.
 */
static bool
has_choices(const struct exchange *x, const struct chat_request *r)
{
	return r->n == 1 || (endpoint_of(x, r) == MODEL_CHAT &&
	    (r->info == NULL || r->info->openai));
}

static enum handled
split(struct exchange *x, const struct chat_request *r)
{
	struct err err;

	return split_choices(x, r->obj, r->n, &err) ? HANDLED_PARTS :
	    chat_refuse(x, &err);
}

/*
 * A faulty request is refused before anybody asks for the list of models: that
 * never needs an upstream.
 */
enum handled
chat_ask_take(struct exchange *x, json_object *take, bool edited,
    const struct chat_tap *tap)
{
	struct chat_request	r = { 0 };
	struct target		t;
	struct err		err;
	enum handled		handled;

	if (!chat_request_take(&r, take, &err))
		handled = chat_refuse(x, &err);
	else if (x->models == NULL && !x->models_tried)
		handled = HANDLED_MODELS;
	else if (!find_model(x, &r, edited, &t, &err))
		handled = chat_refuse(x, &err);
	else if (!has_choices(x, &r))
		handled = split(x, &r);
	else
		handled = ask(x, &r, edited, tap, &err);
	x->parsed = r.obj;
	r.obj = NULL;
	chat_request_finish(&r);
	return handled;
}

enum handled
chat_refuse(struct exchange *x, struct err *err)
{
	exchange_terms(x, err);
	return exchange_refuse(x, err);
}

enum handled
api_chat(struct exchange *x)
{
	struct chat_tap	 tap;
	json_object	*obj;
	struct err	 err;
	bool		 edited;

	if (!exchange_parse(x, &obj, &err))
		return exchange_refuse(x, &err);
	if (!chat_foreign(x, obj, &edited, &err) ||
	    !chat_keep_read(x, obj, &tap, &err)) {
		json_object_put(obj);
		return exchange_refuse(x, &err);
	}
	if (x->part != NULL)
		tap = join_tap(x->part);
	return chat_keep_settle(x, chat_ask_take(x, obj, edited, &tap));
}
