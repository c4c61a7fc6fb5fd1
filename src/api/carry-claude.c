/* Requests of OpenAI's protocols to Claude, carried over /v1/messages. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/carry-answer.h"
#include "api/carry-claude.h"
#include "api/exchange.h"
#include "api/carry.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/native.h"
#include "chat/request-read.h"
#include "chat/wanted.h"
#include "copilot/models.h"
#include "messages/answer-read.h"
#include "messages/native.h"
#include "messages/request-write.h"
#include "messages/seal-stage.h"
#include "responses/answer-write.h"
#include "responses/native.h"
#include "responses/request-read.h"
#include "responses/tools.h"
#include "turn/answer.h"
#include "turn/stages.h"
#include "turn/stop.h"
#include "turn/terms.h"
#include "turn/turn.h"

#define PATH "/v1/messages"

/* --- The request. */

/* Its owner does what every Messages request needs. */
static bool
finish_take(struct exchange *x, json_object *obj, const struct model *m,
    const char *model, struct err *err)
{
	struct messages_request	 r = {
		.obj = obj, .model = model, .info = m,
		.lesson = x->retry.lesson, .unsealed = x->retry.unsealed,
		.cache = x->conf->prompt_cache
	};
	struct buf		 text = { 0 };
	bool			 ok;

	js_print(obj, &text);
	ok = messages_body(&r, text.p, text.len, &x->call.body, err);
	body_settle(&x->call.body);
	x->call.path = PATH;
	x->call.vision = r.vision;
	x->call.betas = r.header;
	r.header = NULL;
	messages_request_finish(&r);
	json_object_put(obj);
	buf_finish(&text);
	return ok;
}

/* What was asked for with them is lost without. */
static bool
refuse_logprobs(const struct turn *t, struct err *err)
{
	const char *name = terms_name(t->side, TERM_LOGPROBS);

	if (t->top_logprobs != NULL && strcmp(name, "include") == 0)
		name = "top_logprobs";
	return err_param(err, name, "unsupported_parameter", "Unsupported "
	    "parameter: '%s'. Claude tells no log probabilities of its tokens, "
	    "so there are no 'logprobs' and no 'top_logprobs'.", name);
}

static bool
write_turn(struct exchange *x, struct turn *t, const struct model *m,
    const char *model, struct terms *terms, bool *in_prompt,
    struct err *err)
{
	json_object *obj;

	if (t->logprobs)
		return refuse_logprobs(t, err);
	obj = messages_request_write(t, model, m, in_prompt, terms, err);
	return obj != NULL && finish_take(x, obj, m, model, err);
}

/* --- Chat completions. */

/*
 * Stop strings without a visible character are refused; where there is such a
 * one all are honoured here.
 */
static bool
read_stop(const struct chat_request *r, struct turn *t,
    struct stop **stop, struct err *err)
{
	if (!stop_read(js_get(r->obj, "stop"), stop, err))
		return false;
	if (*stop != NULL && stop_has_blank(*stop)) {
		turn_set(&t->stop, NULL);
		return true;
	}
	stop_destroy(*stop);
	*stop = NULL;
	return true;
}

static void
await_chat(struct exchange *x, const struct chat_wanted *wanted,
    struct carry_note *take)
{
	struct carry_note	*b = carry_note_take(take);
	struct answer		*a = carry_answer_to_chat(wanted, b);

	answer_stage(a, messages_seal_stage());
	answer_read(a, &messages_reader, messages_reader_create(
	    answer_first(a), &b->tools, &x->usage));
	x->answer = &turn_answer;
	x->self = a;
}

bool
carry_claude_chat(struct exchange *x, struct chat_request *r,
    struct chat_wanted *wanted, struct err *err)
{
	struct carry_note	 note = { .stop = NULL };
	struct turn		 t = { 0 };
	bool			 ok;

	ok = chat_request_turn(r, &t, err) &&
	    read_stop(r, &t, &note.stop, err) &&
	    write_turn(x, &t, r->info, r->model, &note.terms,
	    &wanted->format_in_prompt, err);
	if (ok) {
		note.terms.limit = chat_request_limit(r);
		carry_note_tools(&note, &t);
		await_chat(x, wanted, &note);
	}
	carry_note_finish(&note);
	turn_finish(&t);
	return ok;
}

/* --- Responses. */

static bool
read_and_write(struct exchange *x, json_object *obj,
    const struct responses_setting *set, struct turn *t,
    struct carry_note *b, struct err *err)
{
	return responses_request_read(obj, set->web_search, t, err) &&
	    write_turn(x, t, set->model, set->upstream, &b->terms,
	    &b->format_in_prompt, err);
}

bool
carry_claude_responses(struct exchange *x, json_object *obj,
    const struct responses_setting *set, struct carry_note *b,
    struct err *err)
{
	const char	*vendor = set->model->vendor;
	struct turn	 t = { 0 };
	bool		 ok;

	*b = (struct carry_note){
		.vendor = xstrdup(vendor != NULL ? vendor : "")
	};
	if ((ok = read_and_write(x, obj, set, &t, b, err)))
		carry_note_responses(b, obj, set, &t);
	turn_finish(&t);
	return ok;
}

void
carry_claude_await(struct exchange *x, struct carry_note *take)
{
	struct carry_note	*b = carry_note_take(take);
	struct answer		*a;

	a = answer_create(responses_write_create(&b->responses, b->encrypted,
	    b->vendor));
	answer_terms(a, &carry_note_words, b);
	if (b->format_in_prompt)
		answer_stage(a, stage_object_create());
	answer_stage(a, messages_seal_stage());
	answer_read(a, &messages_reader, messages_reader_create(
	    answer_first(a), &b->tools, &x->usage));
	x->answer = &turn_answer;
	x->self = a;
}
