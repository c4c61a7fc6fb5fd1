/* A Messages request carried by another endpoint. */
#include "config.h"

#include <stdlib.h>

#include "api/carry-messages.h"
#include "api/exchange.h"
#include "api/interaction.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/answer-read.h"
#include "chat/native.h"
#include "chat/request-write.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "messages/answer-write.h"
#include "messages/request-read.h"
#include "responses/answer-read.h"
#include "responses/request-write.h"
#include "state/reasoning.h"
#include "turn/answer.h"
#include "turn/cache-marks.h"
#include "turn/hosted.h"
#include "turn/stages.h"
#include "turn/stop.h"
#include "turn/terms.h"
#include "turn/thought.h"
#include "turn/turn.h"

/* The answer has to know this of the request as long as it lasts. */
struct known {
	struct terms	terms;
	struct tools	tools;
};

/* It has to know this when it is made. */
struct carried {
	json_object		*obj;
	const struct model	*model;
	struct known		*known;
	struct stop		*stop;		/* NULL: none */
	bool			 format_in_prompt;
};

/* --- Errors in the client's terms. */

static void
reword(void *self, struct err *err)
{
	struct known *k = self;

	terms_apply(&k->terms, err);
}

static void
forget(void *self)
{
	struct known *k = self;

	terms_finish(&k->terms);
	tools_finish(&k->tools);
	free(k);
}

static const struct answer_terms reworded = { reword, forget };

/* --- The answer. */

static struct sink *
writer(const struct exchange *x, const struct carried *c)
{
	const struct model *m = c->model;
	struct messages_writing how = {
		.model = x->model,
		.vendor = m != NULL && m->vendor != NULL ? m->vendor : "",
		.request_id = x->req.id,
		.stream = x->stream,
		.thoughts = messages_wants_thoughts(c->obj),
		.shown = messages_shows_thoughts(c->obj)
	};

	return messages_write_create(&how);
}

/* The stages that both have; the answer takes over what they need. */
static void
await(struct answer *a, struct exchange *x, struct carried *c)
{
	answer_terms(a, &reworded, c->known);
	c->known = NULL;
	if (c->format_in_prompt)
		answer_stage(a, stage_object_create());
	if (c->stop != NULL)
		answer_stage(a, stage_stop_create(c->stop));
	c->stop = NULL;
	x->answer = &turn_answer;
	x->self = a;
}

static void
await_responses(struct exchange *x, struct carried *c)
{
	struct answer *a = answer_create(writer(x, c));

	await(a, x, c);
	answer_read(a, &responses_reader,
	    responses_reader_create(answer_first(a), &x->usage));
}

/* --- The request. */

/* Where what was sealed can't be opened any more, it is left out. */
static void
unseal(struct turn *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->items[i].kind == TURN_THOUGHT)
			turn_set(&t->items[i].seal.text, NULL);
}

/* Stop strings are honoured here, where upstream knows none. */
static bool
read_stop(const struct turn *t, struct carried *c, struct err *err)
{
	if (t->stop == NULL)
		return true;
	if (js_len(t->stop) > 4)
		return err_param(err, "stop_sequences", "invalid_value",
		    "stop_sequences: this model takes at most 4");
	return stop_read(t->stop, &c->stop, err);
}

static bool
by_responses(struct exchange *x, struct turn *t, struct carried *c,
    struct err *err)
{
	if (!read_stop(t, c, err))
		return false;
	t->search.wanted = t->search.wanted &&
	    x->conf->use_responses_api_web_search &&
	    (x->retry.lesson.without & LESSON_WEB_SEARCH) == 0;
	cache_key_add(t, c->model, interaction_key(x));
	responses_request_write(t, x->model, c->model, &x->retry.lesson,
	    &c->known->terms, &x->call.body.own);
	x->call.path = "/responses";
	await_responses(x, c);
	return true;
}

/* Its owner does what every chat request to this model needs. */
static bool
finish_chat(struct exchange *x, struct chat_request *r, struct carried *c,
    struct err *err)
{
	json_object *messages = js_array(r->obj, "messages");

	/* Thoughts that came too late for a signature were kept here. */
	reasoning_restore(&x->thinker, messages);
	if (!chat_request_fit(r, &x->retry.lesson, true, err)) {
		terms_apply(&c->known->terms, err);
		return false;
	}
	chat_request_body(r, NULL, 0, &x->call.body);
	c->format_in_prompt = r->format_in_prompt;
	c->stop = r->stop;
	r->stop = NULL;
	c->known->terms.before = r->inserted;
	return true;
}

static void
await_chat(struct exchange *x, struct carried *c)
{
	struct thought_keeper	 keeper = exchange_keeper(x);
	const struct tools	*tools = &c->known->tools;
	struct answer		*a = answer_create(writer(x, c));

	if (keeper.keep != NULL)
		answer_stage(a, stage_thought_create(&keeper));
	await(a, x, c);
	answer_read(a, &chat_reader, chat_reader_create(answer_first(a),
	    c->format_in_prompt, tools,
	    (size_t)x->conf->max_response_body_bytes,
	    &x->usage));
}

static bool
by_chat(struct exchange *x, struct turn *t, struct carried *c,
    struct err *err)
{
	struct chat_request	r = { 0 };
	bool			ok;

	exchange_thinks(x, x->model, false);
	ok = chat_request_write(t, x->model, c->model, &r,
	    &c->known->terms, err) && finish_chat(x, &r, c, err);
	chat_request_finish(&r);
	if (!ok)
		return false;
	tools_settle(&t->tools);
	c->known->tools = t->tools;
	t->tools = (struct tools){ 0 };
	x->call.path = "/chat/completions";
	await_chat(x, c);
	return true;
}

static bool
write(struct exchange *x, struct turn *t, struct carried *c,
    unsigned endpoint, struct err *err)
{
	return endpoint == MODEL_RESPONSES ? by_responses(x, t, c, err) :
	    by_chat(x, t, c, err);
}

/* Newer GPT models cache nothing without a key that stays. */
static void
name_conversation(const struct exchange *x, struct turn *t)
{
	if (x->conf->prompt_cache && x->call.interaction[0] != '\0')
		t->cache_key = json_object_new_string(x->call.interaction);
}

bool
carry_messages(struct exchange *x, json_object *obj, const struct model *m,
    unsigned endpoint, struct err *err)
{
	struct carried	c = {
		.obj = obj, .model = m, .known = xcalloc(1, sizeof(*c.known))
	};
	struct turn	t = { 0 };
	bool		ok;

	if ((ok = messages_request_read(obj, m, &t, err))) {
		if (x->retry.unsealed)
			unseal(&t);
		name_conversation(x, &t);
		x->call.vision = t.vision;
		x->stream = x->wants_filler = t.stream;
		ok = write(x, &t, &c, endpoint, err);
		exchange_leaves_out(x, hosted_in(js_array(obj, "tools")) &
		    ~(endpoint == MODEL_RESPONSES && t.search.wanted ?
		    (unsigned)HOSTED_SEARCH : 0u));
	}
	if (c.known != NULL)
		forget(c.known);
	stop_destroy(c.stop);
	turn_finish(&t);
	return ok;
}
