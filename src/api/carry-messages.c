/* A Messages request carried by another endpoint. */
#include "config.h"

#include <stdlib.h>

#include "api/carry-messages.h"
#include "api/exchange.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"
#include "messages/answer-write.h"
#include "messages/request-read.h"
#include "responses/answer-read.h"
#include "responses/request-write.h"
#include "turn/answer.h"
#include "turn/stages.h"
#include "turn/stop.h"
#include "turn/terms.h"
#include "turn/turn.h"

/* What the answer has to know of the request. */
struct carried {
	json_object		*obj;
	const struct model	*model;
	struct terms		*terms;
	struct chat_stop	*stop;		/* NULL: none */
};

/* --- Errors in the client's terms. */

static void
reword(void *self, struct err *err)
{
	terms_apply(self, err);
}

static void
forget(void *self)
{
	terms_finish(self);
	free(self);
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

static void
await_responses(struct exchange *x, struct carried *c)
{
	struct answer *a = answer_create(writer(x, c));

	answer_terms(a, &reworded, c->terms);
	c->terms = NULL;
	if (c->stop != NULL)
		answer_stage(a, stage_stop_create(c->stop));
	c->stop = NULL;
	answer_read(a, &responses_reader,
	    responses_reader_create(answer_first(a), &x->usage));
	x->answer = &turn_answer;
	x->self = a;
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
	json_object	*obj;
	bool		 ok;

	if (t->stop == NULL)
		return true;
	if (js_len(t->stop) > 4)
		return err_param(err, "stop_sequences", "invalid_value",
		    "stop_sequences: this model takes at most 4");
	obj = json_object_new_object();
	js_add_ref(obj, "stop", t->stop);
	ok = chat_stop_read(obj, &c->stop, err);
	json_object_put(obj);
	return ok;
}

static bool
by_responses(struct exchange *x, struct turn *t, struct carried *c,
    struct err *err)
{
	if (!read_stop(t, c, err))
		return false;
	responses_request_write(t, x->model, c->model, &x->retry.lesson,
	    c->terms, &x->call.body);
	x->call.path = "/responses";
	await_responses(x, c);
	return true;
}

static bool
write(struct exchange *x, struct turn *t, struct carried *c,
    unsigned endpoint, struct err *err)
{
	if (endpoint == MODEL_RESPONSES)
		return by_responses(x, t, c, err);
	return err_set(err, 400, ERR_REQUEST, "unsupported_api_for_model",
	    "model", "model: %.200s can't be asked over /v1/messages.",
	    x->model);
}

bool
carry_messages(struct exchange *x, json_object *obj, const struct model *m,
    unsigned endpoint, struct err *err)
{
	struct carried	c = {
		.obj = obj, .model = m, .terms = xcalloc(1, sizeof(*c.terms))
	};
	struct turn	t = { 0 };
	bool		ok;

	if ((ok = messages_request_read(obj, m, &t, err))) {
		if (x->retry.unsealed)
			unseal(&t);
		x->call.vision = t.vision;
		x->stream = x->alive = t.stream;
		ok = write(x, &t, &c, endpoint, err);
	}
	if (c.terms != NULL)
		forget(c.terms);
	chat_stop_destroy(c.stop);
	turn_finish(&t);
	return ok;
}
