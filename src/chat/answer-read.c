/* Upstream's chat completion, streamed or whole, said to a sink. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/answer-read.h"
#include "chat/pieces.h"
#include "chat/wanted.h"
#include "turn/calls.h"
#include "turn/delta.h"
#include "turn/sink.h"
#include "turn/tools.h"

/* A call stays open until the end: the pieces of several may alternate. */
struct call {
	size_t		item;		/* the sink's */
	bool		custom;		/* its input is inside of this: */
	struct buf	arguments;
};

struct reader {
	struct sink		*to;
	struct chat_wanted	 wanted;
	struct chat_pieces	 pieces;
	struct delta		 delta;
	json_object		*said;		/* by the event in hand */
	size_t			 nsaid;
	const struct tools	*tools;
	size_t			 begun;		/* items of the sink's */

	/* A text or a thought that is under way, one item at a time. */
	bool			 open;
	enum sink_kind		 kind;
	struct sink_delta	 last;	/* its part */

	struct call		*calls;		/* by chat's index */
	size_t			 ncalls;
	json_object		*opaque;	/* that was not said yet */
	bool			 was_opaque;
	enum sink_reason	 reason;
};

/* --- What is said or thought. */

static bool
begin(struct reader *r, enum sink_kind kind, struct buf *out, struct err *err)
{
	const struct sink_item is = { .kind = kind };

	r->open = true;
	r->kind = kind;
	r->last = (struct sink_delta){ .part = SINK_PART__MAX, .index = -1 };
	return sink_begin(r->to, r->begun++, &is, out, err);
}

static bool
close_open(struct reader *r, bool cut, struct buf *out, struct err *err)
{
	json_object	*opaque = r->kind == SINK_THOUGHT ? r->opaque : NULL;
	bool		 ok;

	if (!r->open)
		return true;
	r->open = false;
	ok = opaque == NULL || sink_seal(r->to, r->begun - 1, SINK_OPAQUE,
	    opaque, out, err);
	if (opaque != NULL)
		r->opaque = NULL;
	json_object_put(opaque);
	return ok && sink_end(r->to, r->begun - 1, cut, out, err);
}

/* A seal that came too late for its thought is a thought of its own. */
static bool
put_opaque(struct reader *r, struct buf *out, struct err *err)
{
	if (r->opaque == NULL || (r->open && r->kind == SINK_THOUGHT))
		return true;
	return close_open(r, false, out, err) &&
	    begin(r, SINK_THOUGHT, out, err) &&
	    close_open(r, false, out, err);
}

static bool
take_text(struct reader *r, enum sink_kind kind, enum sink_part part,
    json_object *text, json_object *logprobs, struct buf *out, struct err *err)
{
	if (!json_object_is_type(text, json_type_string) ||
	    json_object_get_string_len(text) == 0)
		return true;
	if ((!r->open || r->kind != kind) && (!close_open(r, false, out,
	    err) || !begin(r, kind, out, err)))
		return false;
	if (r->last.part != part) {
		r->last.part = part;
		r->last.index++;
	}
	r->last.text = text;
	r->last.logprobs = logprobs;
	r->nsaid++;
	json_object_put(r->said);
	r->said = json_object_get(text);
	return sink_delta(r->to, r->begun - 1, &r->last, out, err);
}

/* Once an answer, with or after the reasoning, at the latest at the end. */
static void
take_opaque(struct reader *r, json_object *v)
{
	if (r->was_opaque || !json_object_is_type(v, json_type_string) ||
	    json_object_get_string_len(v) == 0)
		return;
	r->was_opaque = true;
	r->opaque = json_object_get(v);
}

/* --- Calls. */

/* The call of a tool, as the client knows it. */
static bool
begin_call(struct reader *r, json_object *piece, struct buf *out,
    struct err *err)
{
	json_object		*custom = js_obj(piece, "custom");
	const char		*name = js_str(custom != NULL ? custom :
				    js_get(piece, "function"), "name");
	const struct tool	*tool = tools_find(r->tools, name);
	struct sink_item	 is = {
		.kind = SINK_CALL,
		.id = js_str(piece, "id"),
		.name = tool != NULL ? tool->name : name,
		.space = tool != NULL ? tool->space : NULL,
		.plain = tool != NULL && tool->sealed,
		.search = tool != NULL && tool->search,
		.custom = custom != NULL || (tool != NULL && tool->custom)
	};

	if (!put_opaque(r, out, err) || !close_open(r, false, out, err))
		return false;
	r->calls = util_grow(r->calls, r->ncalls, sizeof(*r->calls));
	r->calls[r->ncalls++] = (struct call){
		.item = r->begun, .custom = is.custom
	};
	return sink_begin(r->to, r->begun++, &is, out, err);
}

/* A custom tool's input waits for the end. Calls are numbered without gaps. */
static bool
take_call(struct reader *r, json_object *piece, struct buf *out,
    struct err *err)
{
	json_object		*args;
	size_t			 i = (size_t)js_int(piece, "index", 0);
	struct sink_delta	 d = { .part = SINK_ARGUMENTS };

	if (i > r->ncalls)
		return true;
	if (i == r->ncalls && !begin_call(r, piece, out, err))
		return false;
	args = js_obj(piece, "custom") != NULL ?
	    js_get(js_get(piece, "custom"), "input") :
	    js_get(js_get(piece, "function"), "arguments");
	if (!json_object_is_type(args, json_type_string) ||
	    json_object_get_string_len(args) == 0)
		return true;
	if (r->calls[i].custom) {
		js_append_text(&r->calls[i].arguments, args);
		return true;
	}
	d.text = args;
	return sink_delta(r->to, r->calls[i].item, &d, out, err);
}

static bool
take_calls(struct reader *r, json_object *calls, struct buf *out,
    struct err *err)
{
	size_t n = js_len(calls), i;

	for (i = 0; i < n; i++)
		if (!take_call(r, json_object_array_get_idx(calls, i), out,
		    err))
			return false;
	return true;
}

static bool
end_call(struct reader *r, const struct call *call, bool cut, struct buf *out,
    struct err *err)
{
	struct sink_delta	d = { .part = SINK_INPUT };
	bool			ok = true;

	if (call->custom) {
		d.text = calls_input(buf_str(&call->arguments),
		    call->arguments.len);
		if (json_object_get_string_len(d.text) > 0)
			ok = sink_delta(r->to, call->item, &d, out, err);
		json_object_put(d.text);
	}
	return ok && sink_end(r->to, call->item, cut, out, err);
}

/* --- Pieces. */

static void
take_reason(struct reader *r, const char *reason)
{
	if (reason != NULL && strcmp(reason, "length") == 0)
		r->reason = SINK_LENGTH;
	else if (reason != NULL && strcmp(reason, "content_filter") == 0)
		r->reason = SINK_FILTER;
}

/* Reasoning first: it is what led to the rest. */
static bool
piece(void *arg, int64_t index, json_object *piece, json_object *chunk,
    struct buf *out, struct err *err)
{
	struct reader	*r = arg;
	json_object	*delta = js_get(piece, "delta");
	json_object	*probs = js_get(piece, "logprobs");

	(void)index;
	(void)chunk;
	take_reason(r, js_str(piece, "finish_reason"));
	take_opaque(r, js_get(delta, "reasoning_opaque"));
	return take_text(r, SINK_THOUGHT, SINK_SUMMARY,
	    js_get(delta, "reasoning_content"), NULL, out, err) &&
	    take_text(r, SINK_MESSAGE, SINK_TEXT, js_get(delta, "content"),
	    js_array(probs, "content"), out, err) &&
	    take_text(r, SINK_MESSAGE, SINK_REFUSAL, js_get(delta, "refusal"),
	    NULL, out, err) &&
	    take_calls(r, js_get(delta, "tool_calls"), out, err);
}

/* The last item is what was cut off. */
static bool
end_items(struct reader *r, struct buf *out, struct err *err)
{
	bool	cut = r->reason == SINK_LENGTH || r->reason == SINK_FILTER;
	size_t	i;

	if ((r->kind == SINK_MESSAGE &&
	    !close_open(r, cut && r->ncalls == 0, out, err)) ||
	    !put_opaque(r, out, err) ||
	    !close_open(r, cut && r->ncalls == 0, out, err))
		return false;
	for (i = 0; i < r->ncalls; i++)
		if (!end_call(r, &r->calls[i], cut && i + 1 == r->ncalls, out,
		    err))
			return false;
	return true;
}

static bool
finish(struct reader *r, struct buf *out, struct err *err)
{
	struct sink_end end;

	if (!chat_pieces_finish(&r->pieces, out, err) ||
	    !end_items(r, out, err))
		return false;
	end = (struct sink_end){
		.reason = r->reason, .usage = r->pieces.usage
	};
	return sink_finish(r->to, &end, out, err);
}

/* --- Events like the one before. */

/* The one member that says what the event says, when nothing else is news. */
static const char *
member_of(const struct reader *r, const struct sse_event *ev)
{
	static const char *const thoughts[] = {
		"reasoning_text", "reasoning_content"
	};
	size_t i;

	if (r->kind == SINK_MESSAGE)
		return chat_pieces_news(ev, NULL) ? NULL : "content";
	for (i = 0; i < COUNT(thoughts); i++)
		if (!chat_pieces_news(ev, thoughts[i]))
			return thoughts[i];
	return NULL;
}

static void
learn(struct reader *r, const struct sse_event *ev)
{
	const char *member;

	if (r->nsaid == 1 && r->last.part != SINK_REFUSAL &&
	    !r->wanted.format_in_prompt && !r->pieces.ended &&
	    (member = member_of(r, ev)) != NULL)
		delta_learn(&r->delta, ev, member, r->said);
}

/* NULL: it is of another kind. */
static bool
same_event(struct reader *r, const struct sse_event *ev, json_object *text,
    struct buf *out, struct err *err)
{
	return chat_pieces_count(&r->pieces, ev->len, err) &&
	    take_text(r, r->kind, r->last.part, text, NULL, out, err);
}

/* --- The reader. */

static bool
ended(struct reader *r, bool ok, struct buf *out, struct err *err)
{
	return ok && (!r->pieces.ended || finish(r, out, err));
}

static bool
event(void *self, const struct sse_event *ev, struct buf *out, struct err *err)
{
	struct reader	*r = self;
	json_object	*text = delta_text(&r->delta, ev);
	bool		 ok;

	if (text != NULL) {
		ok = same_event(r, ev, text, out, err);
		json_object_put(text);
		return ok;
	}
	r->nsaid = 0;
	ok = chat_pieces_event(&r->pieces, ev, out, err);
	if (ok)
		learn(r, ev);
	return ended(r, ok, out, err);
}

static bool
end_of_input(void *self, struct buf *out, struct err *err)
{
	struct reader *r = self;

	return ended(r, chat_pieces_cut(&r->pieces, err), out, err);
}

static bool
whole(void *self, const char *text, size_t n, struct buf *out, struct err *err)
{
	struct reader *r = self;

	return ended(r, chat_pieces_whole(&r->pieces, text, n, out, err), out,
	    err);
}

static void
destroy(void *self)
{
	struct reader	*r = self;
	size_t		 i;

	chat_pieces_clear(&r->pieces);
	for (i = 0; i < r->ncalls; i++)
		buf_finish(&r->calls[i].arguments);
	free(r->calls);
	json_object_put(r->opaque);
	json_object_put(r->said);
	delta_finish(&r->delta);
	free(r);
}

const struct answer_reader chat_reader = {
	event, end_of_input, whole, destroy
};

void *
chat_reader_create(struct sink *to, bool in_prompt, const struct tools *tools,
    size_t max, struct usage *usage)
{
	struct reader *r = xcalloc(1, sizeof(*r));

	r->to = to;
	r->tools = tools;
	r->wanted = (struct chat_wanted){ .n = 1,
	    .format_in_prompt = in_prompt };
	r->pieces = (struct chat_pieces){
		.wanted = &r->wanted, .usage = usage, .max = max,
		.say = piece, .arg = r
	};
	return r;
}
