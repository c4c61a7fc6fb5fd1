/* POST /v1/responses. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/carry-answer.h"
#include "api/carry-claude.h"
#include "api/carry.h"
#include "api/inline.h"
#include "api/input-tokens.h"
#include "api/interaction.h"
#include "api/keep.h"
#include "api/queue.h"
#include "api/restore.h"
#include "api/target.h"
#include "base/conf.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "responses/compact.h"
#include "responses/input.h"
#include "responses/items.h"
#include "responses/native-answer.h"
#include "responses/native.h"
#include "responses/tools.h"
#include "responses/usual.h"
#include "state/reasoning.h"
#include "turn/hosted.h"
#include "turn/terms.h"

static bool
wants_format(json_object *obj)
{
	json_object *format = js_obj(js_obj(obj, "text"), "format");

	return format != NULL && !js_is(format, "type", "text");
}

/*
 * Shall this model be asked by chat completions? Its entry in the list decides;
 * one that isn't listed is expected to serve /responses. Unless upstream has
 * said that it is the other way round.
 */
static bool
is_bridged(const struct exchange *x, json_object *obj, const struct model *m)
{
	bool native = m == NULL || (m->endpoints & MODEL_RESPONSES) != 0;

	/*
	 * Over chat completions a format can be told, see chat-format.h, and
	 * an answer begin with a summary that was made here.
	 */
	if (native && m != NULL && (m->endpoints & MODEL_CHAT) != 0 &&
	    (((x->retry.lesson.without & LESSON_FORMAT) != 0 &&
	    wants_format(obj)) || x->summary.len > 0))
		return true;
	return native == x->retry.other_endpoint;
}

/*
 * Codex counts the time between events, and comments are none: five minutes
 * (stream_idle_timeout_ms), then it begins anew. Every version of it skips an
 * event that it does not know, which not every client does.
 */
static bool
wants_events(const struct exchange *x)
{
	const char *whom = x->conf->sse_keep_alive_events;

	return strcmp(whom, "always") == 0 ||
	    (strcmp(whom, "codex") == 0 && x->req.codex);
}

/* Both ways have this in common; "path" is upstream's. */
static void
set_call(struct exchange *x, const struct target *t, const char *path,
    const struct responses_setting *set, struct responses *r)
{
	r->compacts = set->compacts;
	r->retained = json_object_get(set->retained);
	if (x->summarizes)
		r->summary = &x->summary;
	else if (x->summary.len > 0)
		r->compaction = responses_compaction(buf_str(&x->summary));
	if (x->session != NULL) {	/* who was chosen by Auto is named */
		free(r->model);
		r->model = xstrdup(t->upstream);
	}
	x->call.method = "POST";
	x->call.path = path;
	x->call.completion = true;
	exchange_initiated(x, r->agent || r->compacts || set->agent ?
	    INITIATOR_AGENT : INITIATOR_USER);
	x->call.vision = r->vision;
	x->call.headers = t->model != NULL ? t->model->request_headers : NULL;
	x->stream = r->stream;
	x->wants_filler = r->stream && wants_events(x) && x->detached == NULL;
	if (x->detached != NULL)
		queue_name(x, r);
	x->model = xstrdup(t->upstream);
}

/*
 * "stored" is emptied if the answer shall be. A background response is queued:
 * false with "err" set if it can't be.
 */
static bool
set_keeper(struct exchange *x, struct responses *r,
    struct restored *stored, struct err *err)
{
	if (x->detached != NULL && !queue_add(x, stored, err))
		return false;
	free(stored->interaction);
	stored->interaction = xstrdup(x->call.interaction);
	if (stored->keep && !x->summarizes)
		r->keeper = keep_create(x, stored, r->stream);
	return true;
}

/* A request for a summary differs from what was sent in many members. */
static bool
write_native(struct exchange *x, json_object *obj,
    const struct responses_setting *set, struct responses *r, struct err *err)
{
	struct buf	text = { 0 };
	bool		ok;

	if (!set->compacts)
		return responses_request(x->req.body.p, x->req.body.len, obj,
		    set, r, &x->call.body, err);
	js_print(obj, &text);
	ok = responses_request(text.p, text.len, obj, set, r, &x->call.body,
	    err);
	body_settle(&x->call.body);
	buf_finish(&text);
	return ok;
}

static enum handled
ask_native(struct exchange *x, json_object *obj, const struct target *t,
    const struct responses_setting *set, struct restored *stored)
{
	struct responses		r = { 0 };
	struct carry_note		b = { .stop = NULL };
	struct err			err;

	if (!write_native(x, obj, set, &r, &err)) {
		responses_finish(&r);
		terms_shift("input", x->restored, x->restored_by, &err);
		return exchange_refuse(x, &err);
	}
	set_call(x, t, "/responses", set, &r);
	if (!set_keeper(x, &r, stored, &err)) {
		responses_finish(&r);
		return exchange_refuse(x, &err);
	}
	x->answer = &turn_answer;
	if (r.compacts) {
		b.responses = r;
		x->self = carry_answer_summary(&b, &x->usage);
	} else
		x->self = responses_answer_create(&r, &x->usage);
	return HANDLED_CALL;
}

static enum handled
ask_bridged(struct exchange *x, json_object *obj, const struct target *t,
    const struct responses_setting *set, struct restored *stored)
{
	struct carry_note		b;
	struct err			err;

	if (!carry_by_chat(obj, set, &b, &x->call.body, &err)) {
		carry_note_finish(&b);
		terms_shift("input", x->restored, x->restored_by, &err);
		return exchange_refuse(x, &err);
	}
	set_call(x, t, "/chat/completions", set, &b.responses);
	x->thinker.model = x->model;
	if (!set_keeper(x, &b.responses, stored, &err)) {
		carry_note_finish(&b);
		return exchange_refuse(x, &err);
	}
	b.thoughts = exchange_keeper(x);
	x->answer = &turn_answer;
	x->self = carry_answer_responses(&b,
	    (size_t)x->conf->max_response_body_bytes, &x->usage);
	return HANDLED_CALL;
}

/* Claude, over its own protocol. */
static enum handled
ask_claude(struct exchange *x, json_object *obj, const struct target *t,
    const struct responses_setting *set, struct restored *stored)
{
	struct carry_note	b;
	struct err		err;

	x->call.method = "POST";
	if (!carry_claude_responses(x, obj, set, &b, &err)) {
		carry_note_finish(&b);
		terms_shift("input", x->restored, x->restored_by, &err);
		return exchange_refuse(x, &err);
	}
	set_call(x, t, "/v1/messages", set, &b.responses);
	if (!set_keeper(x, &b.responses, stored, &err)) {
		carry_note_finish(&b);
		return exchange_refuse(x, &err);
	}
	carry_claude_await(x, &b);
	return HANDLED_CALL;
}

/* By the endpoint that the model is asked over, the first of what it has. */
static enum handled
ask_endpoint(struct exchange *x, json_object *obj, const struct target *t,
    const struct responses_setting *set, struct restored *stored)
{
	if (model_by_messages(t->model, x->conf))
		return x->retry.other_endpoint ?
		    ask_bridged(x, obj, t, set, stored) :
		    ask_claude(x, obj, t, set, stored);
	return is_bridged(x, obj, t->model) ?
	    ask_bridged(x, obj, t, set, stored) :
	    ask_native(x, obj, t, set, stored);
}

/* Tools that run at OpenAI, and aren't there where this model is asked. */
static unsigned
left_out(const struct exchange *x, json_object *obj, const struct target *t,
    bool web_search)
{
	bool native = !model_by_messages(t->model, x->conf) &&
	    !is_bridged(x, obj, t->model);

	return hosted_in(js_array(obj, "tools")) & (native ?
	    responses_refused(web_search) : RESPONSES_HOSTED);
}

/*
 * Images and files by address are fetched before the request is stored, so that
 * whoever goes on from it sees the same; then those of a conversation.
 */
static enum inline_said
restore(struct exchange *x, json_object *obj, struct restored *stored,
    struct err *err)
{
	enum inline_said	said;
	bool			edited = false;

	x->restored = 0;
	interaction_find(x, obj, NULL, NULL);
	stored->usual = responses_usual(js_array(obj, "input"),
	    &stored->agent);
	said = stored->usual ? INLINE_DONE :
	    inline_items(x, js_array(obj, "input"), &edited, err);
	if (said != INLINE_DONE)
		return said;
	if (!restore_read(stored, x, obj, err))
		return INLINE_REFUSED;
	interaction_find(x, obj, stored->conversation, stored->interaction);
	if (stored->edited || x->summary.len > 0)
		stored->usual = false;
	if (stored->usual)
		return INLINE_DONE;
	said = inline_items(x, js_array(obj, "input"), &edited, err);
	if (said == INLINE_REFUSED)
		exchange_terms(x, err);
	stored->edited |= edited;
	return said;
}

/* Is this model asked where upstream compacts by itself? */
static bool
is_compacted(const struct exchange *x, json_object *obj,
    const struct target *t)
{
	return !model_by_messages(t->model, x->conf) &&
	    !is_bridged(x, obj, t->model) &&
	    ((x->retry.lesson.without & LESSON_COMPACTION) == 0 ||
	    t->model == NULL || (t->model->endpoints & MODEL_CHAT) == 0);
}

/*
 * Has the conversation become as long as "context_management" says, and is this
 * where it is compacted? Then a summary comes first. False with "err" set.
 */
static bool
weigh(struct exchange *x, json_object *obj, const struct target *t,
    struct err *err)
{
	int64_t threshold, most = t->model != NULL ?
	    t->model->max_prompt_tokens * 4 / 5 : 0;

	x->summarizes = false;
	if (x->summarized || x->compacts ||
	    js_array(obj, "context_management") == NULL ||
	    is_compacted(x, obj, t))
		return true;
	if (!responses_compact_threshold(obj, most, &threshold, err))
		return false;
	x->summarizes = threshold > 0 &&
	    input_tokens(obj, t->upstream) >= threshold;
	return true;
}

/*
 * Summaries of the conversation that come back are opened, and one is asked for
 * if the request wants that. False with "err" set.
 */
static bool
compact(struct exchange *x, json_object *obj, const struct target *t,
    struct restored *stored, struct responses_setting *set, struct err *err)
{
	bool changed = false;

	if (x->summary.len > 0) {
		set->agent = responses_compact_agent(obj);
		responses_compact_add(obj, buf_str(&x->summary));
	}
	if (!stored->usual)
		changed = responses_compact_open(obj, &x->restored);
	/* Its reader refuses any other input. */
	if (js_array(obj, "input") == NULL && js_str(obj, "input") == NULL)
		return true;
	if (!stored->usual && !responses_compact_trigger(obj, x->restored,
	    &set->compacts, &changed, err))
		return false;
	if (!set->compacts && !weigh(x, obj, t, err))
		return false;
	set->compacts = set->compacts || x->compacts || x->summarizes;
	if (x->compacts)
		set->retained = responses_compact_retained(obj);
	if (set->compacts)
		responses_compact_ask(obj);
	stored->edited = stored->edited || changed || set->compacts;
	return true;
}

static enum handled
ask(struct exchange *x, json_object *obj, struct restored *stored)
{
	struct responses_setting	set, how = { .retained = NULL };
	struct target			t;
	struct err			err;
	unsigned			hosted;
	enum handled			h;

	if (!target_find(x, obj, MODEL_RESPONSES | MODEL_CHAT |
	    MODEL_MESSAGES, &t, &err))
		return exchange_refuse(x, &err);
	switch (restore(x, obj, stored, &err)) {
	case INLINE_REFUSED:
		return exchange_refuse(x, &err);
	case INLINE_FETCH:
		return HANDLED_FETCH;
	case INLINE_DONE:
		break;
	}
	target_set_effort(x, obj, t.effort, TARGET_RESPONSES);
	exchange_thinks(x, t.upstream, !stored->keep);
	lessons_recall(x->lessons, x->key, t.upstream, &x->retry.lesson);
	if (!compact(x, obj, &t, stored, &how, &err))
		return exchange_refuse(x, &err);
	set = (struct responses_setting){
		.upstream = t.upstream,
		.model = t.model,
		.web_search = x->conf->use_responses_api_web_search &&
		    ((x->retry.lesson.without & LESSON_WEB_SEARCH) == 0 ||
		    responses_wants_search(obj)),
		.edited = stored->edited,
		.usual = stored->usual,
		.usual_agent = stored->agent,
		.unsealed = x->retry.unsealed,
		.sealed = stored->keep,
		.cache = x->conf->prompt_cache,
		.cache_key = interaction_key(x),
		.thinker = &x->thinker,
		.lesson = x->retry.lesson,
		.compacts = how.compacts,
		.agent = how.agent,
		.retained = how.retained
	};
	hosted = left_out(x, obj, &t, set.web_search);
	h = ask_endpoint(x, obj, &t, &set, stored);
	if (h == HANDLED_CALL)
		exchange_leaves_out(x, hosted);
	json_object_put(how.retained);
	return h;
}

/* These checks need no list of models and nothing that is stored. */
static bool
check(json_object *obj, struct err *err)
{
	json_object	*input, *item;
	const char	*name;
	size_t		 i;

	if (!target_name(obj, &name, err) || !responses_check(obj, err))
		return false;
	input = js_array(obj, "input");
	for (i = 0; i < js_len(input); i++) {
		item = json_object_array_get_idx(input, i);
		if (!responses_items_is_reference(item) &&
		    !responses_input_check(item, i, err))
			return false;
	}
	return true;
}

/*
 * A refusal that comes behind a summary, for a client that has the head of a
 * stream already: the event "error" in place of the error.
 */
static void
refuse_begun(struct exchange *x)
{
	struct buf	*body = &x->reply.body, text = { 0 };
	json_object	*obj = err_json_new(x->refusal);
	json_object	*error = js_obj(obj, "error"), *ev = js_typed("error");

	js_add_int(ev, "sequence_number", 0);
	js_add_ref(ev, "code", js_get(error, "code"));
	js_add_ref(ev, "message", js_get(error, "message"));
	js_add_ref(ev, "param", js_get(error, "param"));
	js_print(ev, &text);
	buf_truncate(body, 0);
	sse_put(body, "error", text.p, text.len);
	buf_finish(&text);
	json_object_put(ev);
	json_object_put(obj);
}

enum handled
api_responses(struct exchange *x)
{
	struct restored	 stored = { 0 };
	json_object		*obj;
	struct err		 err;
	enum handled		 h;

	if (!exchange_parse(x, &obj, &err))
		return exchange_refuse(x, &err);
	if (!queue_read(x, obj, &err))
		h = exchange_refuse(x, &err);
	else if (x->models != NULL || x->models_tried)
		h = ask(x, obj, &stored);
	else
		h = check(obj, &err) ? HANDLED_MODELS :
		    exchange_refuse(x, &err);
	if (h == HANDLED_REPLY && x->begun && x->refusal != NULL)
		refuse_begun(x);
	restore_finish(&stored);
	json_object_put(obj);
	return h;
}

/* The body is an object, which will be read again. */
static void
set_off(struct exchange *x, json_object *obj)
{
	static const char *const	 off[] = {
		"stream", "store", "background"
	};
	json_object			*no = json_object_new_boolean(false);
	struct js_edit			 edits[COUNT(off)];
	struct buf			 body = { 0 };
	size_t				 i;

	for (i = 0; i < COUNT(off); i++)
		edits[i] = (struct js_edit){ .key = off[i], .value = no };
	js_splice(x->req.body.p, x->req.body.len, edits, COUNT(off), &body);
	exchange_body_take(x, obj, &body);
	json_object_put(no);
}

/*
 * OpenAI's packages and older versions of Codex call this: nothing is stored,
 * and nothing streamed.
 */
enum handled
api_responses_compact(struct exchange *x)
{
	json_object	*obj;
	struct err	 err;

	if (x->compacts)
		return api_responses(x);
	if (!exchange_parse(x, &obj, &err))
		return exchange_refuse(x, &err);
	if (json_object_is_type(obj, json_type_object) && obj != NULL)
		set_off(x, obj);
	json_object_put(obj);
	x->compacts = true;
	return api_responses(x);
}
