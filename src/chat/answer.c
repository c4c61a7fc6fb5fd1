/*
 * The answer of a chat completion to one: it writes its pieces itself, and of
 * the sink it is there are the ends only.
 */
#include "config.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/plain.h"
#include "base/shape.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/answer.h"
#include "chat/collect.h"
#include "chat/pieces.h"
#include "chat/print.h"
#include "chat/usage.h"
#include "chat/usual-answer.h"
#include "turn/sink.h"
#include "turn/stop.h"
#include "turn/terms.h"

struct native {
	struct sink		 sink;
	struct sink		*first;		/* of the answer's */
	struct chat_wanted	 wanted;
	char			*asked;		/* behind wanted.model */
	struct chat_pieces	 pieces;
	struct chat_print	 print;
	struct chat_collect	*collect;	/* NULL when we stream */
	struct shape		 shape;		/* of the last event */
	json_object		*extra;		/* other members, collected */
	struct thought		 thought;	/* of the first choice */
	bool			 kept;
	bool			 told;		/* all of it */
};

/* --- Pieces. */

/* Collected: keeps what a chunk would pass on. */
static void
keep_extra(struct native *n, json_object *chunk)
{
	if (n->extra == NULL)
		n->extra = json_object_new_object();
	json_object_object_foreach(chunk, key, value) {
		if (chat_print_passes(key, value))
			js_add_ref(n->extra, key, value);
	}
}

static void
note(void *arg, json_object *chunk)
{
	struct native *n = arg;

	chat_head_note(&n->print.head, chunk);
	if (n->collect != NULL)
		keep_extra(n, chunk);
}

static void
note_thought(struct thought *t, json_object *piece)
{
	json_object	*delta = js_get(piece, "delta");
	json_object	*calls = js_array(delta, "tool_calls");
	size_t		 i, len = js_len(calls);

	thought_opaque(t, js_get(delta, "reasoning_opaque"));
	thought_text(t, js_get(delta, "reasoning_content"));
	for (i = 0; i < len; i++)
		thought_call(t, js_str(json_object_array_get_idx(calls, i),
		    "id"));
}

static bool
say(void *arg, int64_t index, json_object *piece, json_object *chunk,
    struct buf *out, struct err *err)
{
	struct native *n = arg;

	(void)err;
	if (index == 0 && n->wanted.thoughts.keep != NULL)
		note_thought(&n->thought, piece);
	if (n->collect != NULL)
		chat_collect_add(n->collect, index, piece);
	else
		chat_print_chunk(&n->print, piece, chunk, NULL, out);
	return true;
}

/* --- Reading. */

/* The end, unless what was said waits for the disk. */
static bool
ended(struct native *n, bool ok, struct buf *out, struct err *err)
{
	const struct sink_end end = { .reason = SINK_STOP };

	return ok && (!n->pieces.ended ||
	    sink_finish(n->first, &end, out, err));
}

/* --- Events like the one before: most have a few letters and no news. */

static const struct shape_member told[] = {
	{ "content", SHAPE_SAME },
	{ "obfuscation", SHAPE_SAME },
	{ "padding", SHAPE_LOST },
};

/* The print is behind "at". The role is said once. */
static bool
tells_the_next(const struct native *n, const struct sse_event *ev,
    const struct buf *out, size_t at)
{
	return n->collect == NULL && n->wanted.tap.print == NULL &&
	    n->wanted.stop == NULL && !n->wanted.format_in_prompt &&
	    !n->pieces.ended && !ev->bare && !ev->unfinished &&
	    out->len > at &&
	    !plain_holds(out->p + at, out->len - at, "\"role\"", 6) &&
	    !chat_pieces_news(ev, NULL);
}

static bool
event(void *self, const struct sse_event *ev, struct buf *out, struct err *err)
{
	struct native	*n = self;
	size_t		 at = out->len;

	if (ev->bare || ev->unfinished)
		shape_forget(&n->shape);
	if (shape_follow(&n->shape, told, ev->data, ev->len, 0, out))
		return true;
	if (!chat_pieces_event(&n->pieces, ev, out, err))
		return false;
	if (tells_the_next(n, ev, out, at))
		shape_learn(&n->shape, told, COUNT(told), ev->data, ev->len,
		    out->p + at, out->len - at);
	return ended(n, true, out, err);
}

static bool
end_of_input(void *self, struct buf *out, struct err *err)
{
	struct native *n = self;

	return ended(n, chat_pieces_cut(&n->pieces, err), out, err);
}

static bool
whole(void *self, const char *text, size_t len, struct buf *out,
    struct err *err)
{
	const struct sink_end	 end = { .reason = SINK_STOP };
	struct native		*n = self;

	n->told = chat_usual_answer(&n->wanted, text, len, n->pieces.usage,
	    out);
	if (n->told)
		return sink_finish(n->first, &end, out, err);
	return ended(n, chat_pieces_whole(&n->pieces, text, len, out, err),
	    out, err);
}

static void
none(void *self)
{
	(void)self;
}

static const struct answer_reader reader = {
	event, end_of_input, whole, none
};

/* --- Writing. */

/* A reason for each choice, usage, [DONE]; or the whole body. */
static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct native	*n = (struct native *)s;
	json_object	*counts = n->pieces.counts;

	(void)end;
	if (n->told)
		return true;
	if (!chat_pieces_finish(&n->pieces, out, err))
		return false;
	if (counts != NULL)
		chat_usage_write(counts, n->pieces.usage);
	if (n->collect != NULL)
		chat_print_whole(&n->print, chat_collect_choices(n->collect),
		    counts, n->extra, out);
	else
		chat_print_last(&n->print, counts, out);
	if (n->wanted.tap.keep != NULL)
		n->wanted.tap.keep(n->wanted.tap.arg);
	return true;
}

static void
fail(struct sink *s, const struct err *why, struct buf *out)
{
	const struct native *n = (const struct native *)s;

	chat_print_failure(&n->print, why, out);
}

static bool
over(struct sink *s)
{
	const struct native *n = (const struct native *)s;

	return chat_pieces_over(&n->pieces);
}

static bool
has_thoughts(const struct native *n)
{
	return !n->kept && thought_counts(&n->thought);
}

static bool
keeps(struct sink *s)
{
	const struct native *n = (const struct native *)s;

	return n->wanted.tap.keep != NULL || has_thoughts(n);
}

static void
keep(struct sink *s)
{
	struct native *n = (struct native *)s;

	if (!has_thoughts(n))
		return;
	n->kept = true;
	n->wanted.thoughts.keep(n->wanted.thoughts.arg, &n->thought);
}

static void
destroy(struct sink *s)
{
	struct native *n = (struct native *)s;

	chat_pieces_clear(&n->pieces);
	stop_destroy(n->wanted.stop);
	json_object_put(n->wanted.custom);
	chat_collect_destroy(n->collect);
	json_object_put(n->extra);
	thought_finish(&n->thought);
	shape_finish(&n->shape);
	chat_print_finish(&n->print);
	free(n->asked);
	free(n);
}

static const struct sink_ops ops = {
	.finish = finish, .fail = fail, .over = over, .keeps = keeps,
	.keep = keep, .destroy = destroy
};

/* --- Its making. */

static void
explain_format(void *self, struct err *err)
{
	(void)self;
	terms_shift("messages", 1, NULL, err);
}

static const struct answer_terms inserted = { explain_format, none };

struct answer *
chat_answer_create(const struct chat_wanted *wanted, struct usage *usage)
{
	struct native *n = xcalloc(1, sizeof(*n));
	struct answer *a = answer_create(&n->sink);

	n->sink.ops = &ops;
	n->first = answer_first(a);
	n->wanted = *wanted;
	n->wanted.model = n->asked = xstrdup(wanted->model);
	n->print.wanted = &n->wanted;
	json_object_get(n->wanted.custom);
	if (wanted->stop != NULL)
		n->wanted.stop = stop_copy(wanted->stop);
	if (!wanted->stream)
		n->collect = chat_collect_create();
	n->pieces = (struct chat_pieces){
		.wanted = &n->wanted, .usage = usage, .say = say, .note = note,
		.arg = n, .max = wanted->stream ? 0 : wanted->max
	};
	if (wanted->inserted)
		answer_terms(a, &inserted, NULL);
	answer_read(a, &reader, n);
	return a;
}
