/* A request that is carried by another endpoint than the client's. */
#include "config.h"

#include <stdlib.h>

#include "api/carry.h"
#include "base/body.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/messages.h"
#include "chat/native.h"
#include "chat/request-read.h"
#include "chat/request-write.h"
#include "copilot/models.h"
#include "responses/native.h"
#include "responses/request-read.h"
#include "responses/request-write.h"
#include "responses/tools.h"
#include "state/reasoning.h"
#include "turn/answer.h"
#include "turn/cache-marks.h"
#include "turn/stop.h"
#include "turn/turn.h"

void
carry_note_finish(struct carry_note *n)
{
	terms_finish(&n->terms);
	stop_destroy(n->stop);
	responses_finish(&n->responses);
	tools_finish(&n->tools);
	free(n->vendor);
	*n = (struct carry_note){ 0 };
}

struct carry_note *
carry_note_take(struct carry_note *take)
{
	struct carry_note *n = xmalloc(sizeof(*n));

	*n = *take;
	*take = (struct carry_note){ 0 };
	return n;
}

static void
reword(void *self, struct err *err)
{
	const struct carry_note *n = self;

	terms_apply(&n->terms, err);
}

static void
forget(void *self)
{
	carry_note_finish(self);
	free(self);
}

const struct answer_terms carry_note_words = { reword, forget };

void
carry_note_tools(struct carry_note *n, struct turn *t)
{
	tools_settle(&t->tools);
	n->tools = t->tools;
	t->tools = (struct tools){ 0 };
}

void
carry_note_responses(struct carry_note *n, json_object *obj,
    const struct responses_setting *set, struct turn *t)
{
	n->encrypted = set->sealed || responses_included(
	    js_array(obj, "include"), RESPONSES_SEALED);
	responses_request_echo(obj, t, &n->responses);
	carry_note_tools(n, t);
}

/* Its owner does what every chat request to this model needs. */
static bool
finish_chat(struct chat_request *r, const struct responses_setting *set,
    struct carry_note *b, struct body *body, struct err *err)
{
	json_object *messages = js_array(r->obj, "messages");

	/* A client that keeps no reasoning items can't give any back. */
	if (set->thinker != NULL)
		reasoning_restore(set->thinker, messages);
	if (set->unsealed)
		chat_messages_forget(messages);
	r->cache = set->cache;
	r->cache_key = set->cache_key;
	if (!chat_request_fit(r, &set->lesson, true, err)) {
		terms_apply(&b->terms, err);
		return false;
	}
	chat_request_body(r, NULL, 0, body);
	b->format_in_prompt = r->format_in_prompt;
	b->terms.before = r->inserted;
	return true;
}

static bool
carry(json_object *obj, const struct responses_setting *set, struct turn *t,
    struct carry_note *b, struct body *body, struct err *err)
{
	struct chat_request	r = { 0 };
	bool			ok;

	ok = responses_request_read(obj, set->web_search, t, err) &&
	    chat_request_write(t, set->upstream, set->model, &r, &b->terms,
	    err) && finish_chat(&r, set, b, body, err);
	chat_request_finish(&r);
	return ok;
}

bool
carry_by_chat(json_object *obj, const struct responses_setting *set,
    struct carry_note *b, struct body *body, struct err *err)
{
	const struct model	*m = set->model;
	struct turn		 t = { 0 };
	bool			 ok;

	*b = (struct carry_note){
		.vendor = xstrdup(m != NULL && m->vendor != NULL ?
		    m->vendor : "")
	};
	if ((ok = carry(obj, set, &t, b, body, err)))
		carry_note_responses(b, obj, set, &t);
	turn_finish(&t);
	return ok;
}

bool
carry_by_responses(struct chat_request *r, struct carry_note *b,
    struct body *body, struct err *err)
{
	struct turn	t = { 0 };
	bool		ok;

	*b = (struct carry_note){ 0 };
	if ((ok = chat_request_turn(r, &t, err) &&
	    stop_read(js_get(r->obj, "stop"), &b->stop, err))) {
		cache_key_add(&t, r->info, r->cache_key);
		responses_request_write(&t, r->model, r->info, &r->lesson,
		    &b->terms, &body->own);
		b->terms.limit = chat_request_limit(r);
	}
	turn_finish(&t);
	return ok;
}
