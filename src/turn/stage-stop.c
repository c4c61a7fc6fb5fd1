/* Stop strings, as a stage of an answer. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "turn/sink.h"
#include "turn/stages.h"
#include "turn/stop.h"

struct stage {
	struct sink		 sink;
	struct stop		*stop;
	struct buf		 text;	/* that has passed */
	size_t			 item;	/* whose text may be held back */
	struct sink_delta	 last;	/* the delta that is held */
	bool			 said, any;
	size_t			 gap;	/* bytes of one that have to pass */
	bool			 cut;	/* at one of them */
};

#define GAP "\n\n"

/* The text that has passed goes on as a delta like this, without the gap. */
static bool
put(struct stage *st, const struct sink_delta *like, struct buf *out,
    struct err *err)
{
	struct sink_delta	 d = *like;
	json_object		*text = NULL;
	size_t			 gap = st->gap < st->text.len ? st->gap :
				    st->text.len;
	bool			 ok;

	st->gap -= gap;
	buf_consume(&st->text, gap);
	if (st->text.len == 0)
		return true;
	/* Nearly always it is all of it. */
	if (d.text == NULL || st->text.len !=
	    (size_t)json_object_get_string_len(d.text) || memcmp(st->text.p,
	    json_object_get_string(d.text), st->text.len) != 0)
		d.text = text = json_object_new_string_len(st->text.p,
		    (int)st->text.len);
	ok = sink_delta(st->sink.next, st->item, &d, out, err);
	json_object_put(text);
	return ok;
}

/* The text is over: what was held back is no stop string. */
static bool
flush(struct stage *st, struct buf *out, struct err *err)
{
	if (!st->said || st->cut)
		return true;
	st->said = false;
	buf_truncate(&st->text, 0);
	stop_flush(st->stop, &st->text);
	return put(st, &st->last, out, err);
}

/*
 * Between two texts there is an empty line where a client has only one: a stop
 * string may begin or be there.
 */
static bool
feed_gap(struct stage *st, struct buf *out, struct err *err)
{
	buf_truncate(&st->text, 0);
	st->gap = strlen(GAP);
	st->cut = stop_feed(st->stop, GAP, strlen(GAP), &st->text);
	return put(st, &st->last, out, err);
}

static bool
begin(struct sink *s, size_t item, const struct sink_item *is, struct buf *out,
    struct err *err)
{
	struct stage *st = (struct stage *)s;

	return st->cut || sink_begin(s->next, item, is, out, err);
}

static bool
delta(struct sink *s, size_t item, const struct sink_delta *d, struct buf *out,
    struct err *err)
{
	struct stage *st = (struct stage *)s;

	if (st->cut)
		return true;
	if (d->part != SINK_TEXT)
		return sink_delta(s->next, item, d, out, err);
	if (st->any && st->item != item && (!flush(st, out, err) ||
	    !feed_gap(st, out, err)))
		return false;
	if (st->cut)
		return true;
	st->any = st->said = true;
	st->item = item;
	st->last = (struct sink_delta){ .part = d->part, .index = d->index };
	buf_truncate(&st->text, 0);
	st->cut = stop_feed(st->stop, json_object_get_string(d->text),
	    (size_t)json_object_get_string_len(d->text), &st->text);
	return put(st, d, out, err);
}

static bool
end(struct sink *s, size_t item, bool cut, struct buf *out, struct err *err)
{
	struct stage *st = (struct stage *)s;

	if (st->cut)
		return true;
	return (!st->said || st->item != item || flush(st, out, err)) &&
	    sink_end(s->next, item, cut, out, err);
}

static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct stage	*st = (struct stage *)s;
	struct sink_end	 is = *end;

	if (!flush(st, out, err))
		return false;
	if (st->cut) {
		is.reason = SINK_AT_STRING;
		is.string = stop_found(st->stop);
	}
	return sink_finish(s->next, &is, out, err);
}

static bool
over(struct sink *s)
{
	const struct stage *st = (const struct stage *)s;

	return st->cut;
}

static void
destroy(struct sink *s)
{
	struct stage *st = (struct stage *)s;

	stop_destroy(st->stop);
	buf_finish(&st->text);
	free(st);
}

static const struct sink_ops ops = {
	.begin = begin, .delta = delta, .end = end, .finish = finish,
	.over = over, .destroy = destroy
};

struct sink *
stage_stop_create(struct stop *take)
{
	struct stage *st = xcalloc(1, sizeof(*st));

	st->sink.ops = &ops;
	st->stop = take;
	return &st->sink;
}
