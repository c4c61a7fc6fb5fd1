/*
 * The answer to a Responses request that was carried by chat completions.
 * The chat answer's own repairs come first; what is here gets clean pieces.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "bridge/responses-answer.h"
#include "bridge/responses-events.h"
#include "bridge/responses-request.h"
#include "chat/answer.h"
#include "responses/object.h"
#include "responses/usage.h"
#include "turn/calls.h"
#include "turn/seal.h"

struct answer {
	struct bridge_request	  b;
	struct bridge_events	  events;
	void			 *chat;
	/*
	 * What is being said or thought, one item at a time; NULL: nothing.
	 * Calls stay open until the end, since their pieces may alternate.
	 */
	struct bridge_item	 *open;
	struct bridge_item	**calls;	/* by chat's index */
	size_t			  ncalls;
	json_object		 *opaque;	/* the client lacks it */
	bool			  was_opaque;
	const char		 *cut;		/* why; NULL: it is not */
	json_object		 *whole;	/* for who wants no stream */
	bool			  over;
};

static bool
too_many(struct err *err)
{
	return err_set(err, 502, ERR_SERVER, NULL, NULL,
	    "GitHub Copilot's answer has more parts than can be handled.");
}

/* --- Items. */

static bool
is_kind(const struct bridge_item *item, const char *type)
{
	return item != NULL && js_is(item->obj, "type", type);
}

/*
 * Reasoning can be given back only if the client keeps it for us. Who doesn't
 * ask gets it where Copilot insists on it.
 */
static void
seal(struct answer *a, struct bridge_item *item)
{
	struct buf sealed = { 0 };

	if (!a->b.encrypted && a->opaque == NULL)
		return;
	seal_close(a->b.vendor, &item->text,
	    a->opaque != NULL ? json_object_get_string(a->opaque) : NULL,
	    &sealed);
	js_add_str(item->obj, "encrypted_content", sealed.p);
	buf_finish(&sealed);
	json_object_put(a->opaque);
	a->opaque = NULL;
}

static void
close_open(struct answer *a, bool cut, struct buf *out)
{
	if (is_kind(a->open, "reasoning"))
		seal(a, a->open);
	if (a->open != NULL)
		bridge_item_end(&a->events, a->open, cut, out);
	a->open = NULL;
}

static bool
open_new(struct answer *a, const char *type, struct buf *out, struct err *err)
{
	json_object *obj;

	close_open(a, false, out);
	obj = json_object_new_object();
	js_add_str(obj, "type", type);
	a->open = bridge_item_begin(&a->events, obj, out);
	return a->open != NULL || too_many(err);
}

/* What came too late for the reasoning that it belongs to. */
static bool
put_opaque(struct answer *a, struct buf *out, struct err *err)
{
	if (a->opaque == NULL || is_kind(a->open, "reasoning"))
		return true;
	if (!open_new(a, "reasoning", out, err))
		return false;
	close_open(a, false, out);
	return true;
}

/* --- Pieces. */

static bool
take_text(struct answer *a, const char *type, enum bridge_part part,
    json_object *text, json_object *logprobs, struct buf *out, struct err *err)
{
	if (!json_object_is_type(text, json_type_string) ||
	    json_object_get_string_len(text) == 0)
		return true;
	if (!is_kind(a->open, type) && !open_new(a, type, out, err))
		return false;
	bridge_item_part(&a->events, a->open, part, out);
	bridge_item_delta(&a->events, a->open, text, logprobs, out);
	return true;
}

/* Once an answer, with or after the reasoning, at the latest at the end. */
static void
take_opaque(struct answer *a, json_object *v)
{
	if (a->was_opaque || !json_object_is_type(v, json_type_string) ||
	    json_object_get_string_len(v) == 0)
		return;
	a->was_opaque = true;
	a->opaque = json_object_get(v);
}

/* The item for a call, as the client knows the tool. */
static json_object *
call_item(struct answer *a, json_object *piece)
{
	const char		*name = js_str(js_get(piece, "function"),
				    "name");
	const struct tool	*tool = tools_find(&a->b.tools, name);
	json_object		*obj = json_object_new_object();

	js_add_str(obj, "type", tool != NULL && tool->custom ?
	    "custom_tool_call" : "function_call");
	js_add_ref(obj, "call_id", js_get(piece, "id"));
	js_add_str(obj, "name", tool != NULL ? tool->name : name);
	if (tool != NULL && tool->space != NULL)
		js_add_str(obj, "namespace", tool->space);
	return obj;
}

static bool
begin_call(struct answer *a, json_object *piece, struct buf *out,
    struct err *err)
{
	struct bridge_item *item;

	if (!put_opaque(a, out, err))
		return false;
	close_open(a, false, out);
	item = bridge_item_begin(&a->events, call_item(a, piece), out);
	if (item == NULL)
		return too_many(err);
	if ((a->ncalls & (a->ncalls - 1)) == 0)
		a->calls = xrealloc(a->calls, (a->ncalls > 0 ?
		    a->ncalls * 2 : 1) * sizeof(struct bridge_item *));
	a->calls[a->ncalls++] = item;
	if (!is_kind(item, "custom_tool_call"))
		bridge_item_part(&a->events, item, PART_ARGUMENTS, out);
	return true;
}

/* A custom tool's input is inside of the arguments: it waits for the end. */
static bool
take_call(struct answer *a, json_object *piece, struct buf *out,
    struct err *err)
{
	json_object		*args;
	struct bridge_item	*item;
	size_t			 i = (size_t)js_int(piece, "index", 0);

	if (i > a->ncalls)
		return too_many(err);
	if (i == a->ncalls && !begin_call(a, piece, out, err))
		return false;
	item = a->calls[i];
	args = js_get(js_get(piece, "function"), "arguments");
	if (!json_object_is_type(args, json_type_string) ||
	    json_object_get_string_len(args) == 0)
		return true;
	if (item->part == PART_ARGUMENTS)
		bridge_item_delta(&a->events, item, args, NULL, out);
	else
		buf_append(&item->text, json_object_get_string(args),
		    (size_t)json_object_get_string_len(args));
	return true;
}

static bool
take_calls(struct answer *a, json_object *calls, struct buf *out,
    struct err *err)
{
	size_t n = js_len(calls), i;

	for (i = 0; i < n; i++)
		if (!take_call(a, json_object_array_get_idx(calls, i), out,
		    err))
			return false;
	return true;
}

static void
take_reason(struct answer *a, const char *reason)
{
	if (reason != NULL && strcmp(reason, "length") == 0)
		a->cut = "max_output_tokens";
	else if (reason != NULL && strcmp(reason, "content_filter") == 0)
		a->cut = "content_filter";
}

/* For chat_sink. Reasoning first: it is what led to the rest. */
static bool
piece(void *arg, json_object *piece, struct buf *out, struct err *err)
{
	struct answer	*a = arg;
	json_object	*delta = js_get(piece, "delta");
	json_object	*probs = js_get(piece, "logprobs");

	take_reason(a, js_str(piece, "finish_reason"));
	take_opaque(a, js_get(delta, "reasoning_opaque"));
	return take_text(a, "reasoning", PART_SUMMARY,
	    js_get(delta, "reasoning_content"), NULL, out, err) &&
	    take_text(a, "message", PART_TEXT, js_get(delta, "content"),
	    js_array(probs, "content"), out, err) &&
	    take_text(a, "message", PART_REFUSAL, js_get(delta, "refusal"),
	    NULL, out, err) &&
	    take_calls(a, js_get(delta, "tool_calls"), out, err);
}

/* --- The end. */

/* {"input":".."}, or what the model wrote in place of that. */
static void
end_custom(struct answer *a, struct bridge_item *item, struct buf *out)
{
	json_object *text = calls_input(buf_str(&item->text), item->text.len);

	buf_finish(&item->text);
	bridge_item_part(&a->events, item, PART_INPUT, out);
	if (json_object_get_string_len(text) > 0)
		bridge_item_delta(&a->events, item, text, NULL, out);
	json_object_put(text);
}

/* Clients look for a message, and for text in it, even when it is empty. */
static bool
put_empty(struct answer *a, struct buf *out, struct err *err)
{
	if (!open_new(a, "message", out, err))
		return false;
	bridge_item_part(&a->events, a->open, PART_TEXT, out);
	return true;
}

/* Of what is cut off it is the last item. */
static bool
end_items(struct answer *a, struct buf *out, struct err *err)
{
	bool	cut = a->cut != NULL;
	size_t	i;

	if (!is_kind(a->open, "reasoning"))
		close_open(a, cut && a->ncalls == 0, out);
	/* Without a call there is no need to give it back. */
	if (((a->ncalls > 0 || a->b.encrypted) && !put_opaque(a, out, err)) ||
	    (a->events.n == 0 && !cut && !put_empty(a, out, err)))
		return false;
	close_open(a, cut && a->ncalls == 0, out);
	for (i = 0; i < a->ncalls; i++) {
		if (is_kind(a->calls[i], "custom_tool_call"))
			end_custom(a, a->calls[i], out);
		bridge_item_end(&a->events, a->calls[i],
		    cut && i + 1 == a->ncalls, out);
	}
	return true;
}

/* What responses_object() fills up. */
static json_object *
final_of(struct answer *a, const struct usage *u)
{
	json_object	*from = json_object_new_object(), *why;
	json_object	*output = json_object_new_array();
	json_object	*usage = json_object_new_object();
	size_t		 i;

	if (a->cut != NULL) {
		why = json_object_new_object();
		js_add_str(why, "reason", a->cut);
		js_add_take(from, "incomplete_details", why);
	} else
		js_add_int(from, "completed_at", (int64_t)time(NULL));
	for (i = 0; i < a->events.n; i++)
		json_object_array_add(output,
		    json_object_get(a->events.items[i]->obj));
	js_add_take(from, "output", output);
	responses_usage_write(usage, u);
	js_add_take(from, "usage", usage);
	return from;
}

/* For chat_sink. */
static bool
finish(void *arg, const struct usage *usage, struct buf *out, struct err *err)
{
	struct answer	*a = arg;
	json_object	*from;

	if (!end_items(a, out, err))
		return false;
	bridge_events_announce(&a->events, out);
	from = final_of(a, usage);
	a->whole = bridge_events_response(&a->events,
	    a->cut != NULL ? "incomplete" : "completed", from, out);
	a->over = true;
	json_object_put(from);
	return true;
}

static const struct chat_sink sink = { piece, finish };

/* --- The answer. */

static void
answer_explain(void *self, struct err *err)
{
	struct answer *a = self;

	terms_apply(&a->b.terms, err);
}

/* "ok" with the error, if there is one, in the client's terms. */
static bool
told(struct answer *a, bool ok, struct err *err)
{
	if (!ok)
		answer_explain(a, err);
	return ok;
}

static bool
answer_event(void *self, const struct sse_event *ev, struct buf *out,
    struct err *err)
{
	struct answer *a = self;

	return told(a, chat_answer.event(a->chat, ev, out, err), err);
}

/* A whole answer is for those who didn't ask for a stream. */
static bool
put_whole(struct answer *a, struct buf *out)
{
	if (!a->b.responses.stream)
		js_print(a->whole, out);
	return true;
}

static bool
answer_end(void *self, struct buf *out, struct err *err)
{
	struct answer *a = self;

	return told(a, chat_answer.end(a->chat, out, err), err) &&
	    put_whole(a, out);
}

static bool
answer_whole(void *self, const char *text, size_t n, struct buf *out,
    struct err *err)
{
	struct answer *a = self;

	return told(a, chat_answer.whole(a->chat, text, n, out, err), err) &&
	    put_whole(a, out);
}

static void
answer_fail(void *self, const struct err *why, struct buf *out)
{
	struct answer	*a = self;
	json_object	*from;

	if (a->over || !a->b.responses.stream)
		return;
	a->over = true;
	bridge_events_announce(&a->events, out);
	bridge_events_error(&a->events, why, out);
	from = json_object_new_object();
	js_add_take(from, "error", responses_error(why));
	json_object_put(bridge_events_response(&a->events, "failed", from,
	    out));
	json_object_put(from);
}

static bool
answer_alive(void *self, struct buf *out)
{
	struct answer *a = self;

	return !a->over && bridge_events_alive(&a->events, out);
}

static void
answer_commit(void *self)
{
	struct answer *a = self;

	chat_answer.commit(a->chat);
}

static bool
answer_commits(void *self)
{
	struct answer *a = self;

	return chat_answer.commits(a->chat);
}

static bool
answer_done(void *self)
{
	struct answer *a = self;

	return chat_answer.done(a->chat);
}

static void
answer_destroy(void *self)
{
	struct answer *a = self;

	if (a == NULL)
		return;
	if (a->chat != NULL)
		chat_answer.destroy(a->chat);
	bridge_events_finish(&a->events);
	bridge_request_finish(&a->b);
	json_object_put(a->opaque);
	json_object_put(a->whole);
	free(a->calls);
	free(a);
}

const struct answer_ops bridge_responses_ops = {
	.either = true,
	.event = answer_event,
	.end = answer_end,
	.fail = answer_fail,
	.whole = answer_whole,
	.commit = answer_commit,
	.commits = answer_commits,
	.done = answer_done,
	.explain = answer_explain,
	.alive = answer_alive,
	.destroy = answer_destroy
};

void *
bridge_responses_create(struct bridge_request *take, size_t max,
    struct usage *usage)
{
	struct answer		*a = xcalloc(1, sizeof(*a));
	struct chat_wanted	 wanted = {
		.model = take->responses.model, .stream = true, .n = 1,
		.max = max, .thoughts = take->thoughts, .sink = &sink, .arg = a,
		.told = take->told
	};

	a->b = *take;
	*take = (struct bridge_request){ 0 };
	bridge_events_init(&a->events, &a->b.responses);
	a->chat = chat_answer_create(&wanted, usage);
	return a;
}
