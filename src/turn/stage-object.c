/* Only the JSON object of what a model says, as a stage of an answer. */
#include "config.h"

#include <stdlib.h>

#include "base/js.h"
#include "base/util.h"
#include "turn/object.h"
#include "turn/sink.h"
#include "turn/stages.h"

struct stage {
	struct sink		 sink;
	struct object		 object;
	size_t			 item;		/* whose text was last */
	struct sink_delta	 last;	/* the delta that was last */
	bool			 said;
	bool			 waits;		/* that item, to end */
	bool			 called;
};

static bool
put(struct stage *st, const struct buf *text, struct buf *out, struct err *err)
{
	bool ok;

	st->last.text = json_object_new_string_len(buf_str(text),
	    (int)text->len);
	ok = sink_delta(st->sink.next, st->item, &st->last, out, err);
	json_object_put(st->last.text);
	st->last.text = NULL;
	return ok;
}

static bool
begin(struct sink *s, size_t item, const struct sink_item *is, struct buf *out,
    struct err *err)
{
	struct stage *st = (struct stage *)s;

	st->called = st->called || is->kind == SINK_CALL;
	return sink_begin(s->next, item, is, out, err);
}

static bool
end_waiting(struct stage *st, struct buf *out, struct err *err)
{
	if (!st->waits)
		return true;
	st->waits = false;
	return sink_end(st->sink.next, st->item, false, out, err);
}

/* The text is no longer what logprobs are about. */
static bool
delta(struct sink *s, size_t item, const struct sink_delta *d, struct buf *out,
    struct err *err)
{
	struct stage	*st = (struct stage *)s;
	struct buf	 text = { 0 };
	bool		 ok;

	if (d->part != SINK_TEXT)
		return sink_delta(s->next, item, d, out, err);
	if (st->item != item && !end_waiting(st, out, err))
		return false;
	/* Should there be none, a reader sees two texts. */
	if (st->said && st->item != item)
		object_feed(&st->object, "\n\n", 2, &text);
	st->said = true;
	st->item = item;
	st->last = (struct sink_delta){ .part = d->part, .index = d->index };
	object_feed(&st->object, json_object_get_string(d->text),
	    (size_t)json_object_get_string_len(d->text), &text);
	ok = put(st, &text, out, err);
	buf_finish(&text);
	return ok;
}

/* Text that still may have to be told keeps its item open. */
static bool
end(struct sink *s, size_t item, bool cut, struct buf *out, struct err *err)
{
	struct stage *st = (struct stage *)s;

	if (!st->said || st->item != item ||
	    object_rest(&st->object) == NULL)
		return sink_end(s->next, item, cut, out, err);
	st->waits = true;
	return true;
}

/* Words before a call are no object, and parsers would fail on them. */
static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct stage		*st = (struct stage *)s;
	const struct buf	*rest = object_rest(&st->object);

	if (rest != NULL && !st->called && !put(st, rest, out, err))
		return false;
	return end_waiting(st, out, err) &&
	    sink_finish(s->next, end, out, err);
}

static void
destroy(struct sink *s)
{
	struct stage *st = (struct stage *)s;

	object_finish(&st->object);
	free(st);
}

static const struct sink_ops ops = {
	.begin = begin, .delta = delta, .end = end, .finish = finish,
	.destroy = destroy
};

struct sink *
stage_object_create(void)
{
	struct stage *st = xcalloc(1, sizeof(*st));

	st->sink.ops = &ops;
	return &st->sink;
}
