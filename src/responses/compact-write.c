/* A conversation becomes a summary: the answer. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/compact.h"
#include "responses/events.h"
#include "responses/items.h"
#include "responses/native.h"
#include "responses/object.h"
#include "responses/usage.h"
#include "turn/seal.h"
#include "turn/sink.h"

struct writer {
	struct sink		 sink;
	const struct responses	*r;
	struct events		 events;
	struct buf		 text;
};

/* --- While it is written. */

static bool
begin(struct sink *s, size_t item, const struct sink_item *it,
    struct buf *out, struct err *err)
{
	struct writer *w = (struct writer *)s;

	(void)item;
	(void)it;
	(void)err;
	if (w->r->summary == NULL)
		events_announce(&w->events, out);
	return true;
}

/* The model's thoughts are no part of it. */
static bool
delta(struct sink *s, size_t item, const struct sink_delta *d,
    struct buf *out, struct err *err)
{
	struct writer *w = (struct writer *)s;

	(void)item;
	(void)out;
	(void)err;
	if (d->part == SINK_TEXT)
		js_append_text(&w->text, d->text);
	return true;
}

static bool
seal(struct sink *s, size_t item, enum sink_seal kind, json_object *text,
    struct buf *out, struct err *err)
{
	(void)s;
	(void)item;
	(void)kind;
	(void)text;
	(void)out;
	(void)err;
	return true;
}

static bool
end(struct sink *s, size_t item, bool cut, struct buf *out, struct err *err)
{
	(void)s;
	(void)item;
	(void)cut;
	(void)out;
	(void)err;
	return true;
}

/* --- The end. */

static bool
too_long(struct err *err)
{
	return err_set(err, 502, ERR_SERVER, "compaction_incomplete", NULL,
	    "The summary of the conversation became too long.");
}

/* False when there is no summary, or not all of it. */
static bool
is_whole(const struct writer *w, const struct sink_end *end, struct err *err)
{
	if (end->reason == SINK_LENGTH)
		return too_long(err);
	if (end->reason == SINK_FILTER)
		return err_set(err, 502, ERR_SERVER, "compaction_incomplete",
		    NULL, "The summary of the conversation was held back by a "
		    "content filter.");
	return w->text.len > 0 || err_set(err, 502, ERR_SERVER,
	    "compaction_incomplete", NULL,
	    "The model wrote no summary of the conversation.");
}

/* NULL when nobody could read it again. */
static json_object *
compaction(const struct writer *w, struct err *err)
{
	json_object	*item = NULL;
	struct buf	 sealed = { 0 };

	if (seal_close_summary(&w->text, &sealed))
		item = responses_compaction(sealed.p);
	else
		too_long(err);
	buf_finish(&sealed);
	return item;
}

/* The answer to POST /v1/responses/compact. */
static void
put_object(struct writer *w, json_object *item, const struct sink_end *end,
    struct buf *out)
{
	json_object	*obj = json_object_new_object(), *items;
	char		 id[RESPONSES_ID_SIZE];

	items = json_object_get(w->r->retained);
	responses_items_present(items);
	responses_ids_new(item, id);
	js_add_str(item, "id", id);
	json_object_array_add(items, item);
	js_add_str(obj, "id", w->events.ids.response);
	js_add_str(obj, "object", "response.compaction");
	js_add_int(obj, "created_at", w->events.created);
	js_add_take(obj, "output", items);
	js_add_take(obj, "usage", responses_usage_new(end->usage));
	js_print(obj, out);
	json_object_put(obj);
}

static bool
put_response(struct writer *w, json_object *summary,
    const struct sink_end *end, struct buf *out, struct err *err)
{
	json_object		*from, *output;
	struct events_item	*item;

	item = events_item_begin(&w->events, summary, out);
	if (item == NULL)
		return err_set(err, 502, ERR_SERVER, NULL, NULL,
		    "The summary could not be told.");
	events_item_end(&w->events, item, false, out);
	from = json_object_new_object();
	output = json_object_new_array();
	json_object_array_add(output, json_object_get(item->obj));
	js_add_int(from, "completed_at", (int64_t)time(NULL));
	js_add_take(from, "output", output);
	js_add_take(from, "usage", responses_usage_new(end->usage));
	events_last(&w->events, "completed", from, out);
	json_object_put(from);
	return true;
}

static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct writer	*w = (struct writer *)s;
	json_object	*item;

	/* Whoever only wanted it first can do without. */
	if (w->r->summary != NULL) {
		if (is_whole(w, end, err))
			seal_close_summary(&w->text, w->r->summary);
		return true;
	}
	if (!is_whole(w, end, err) || (item = compaction(w, err)) == NULL)
		return false;
	if (w->r->retained == NULL)
		return put_response(w, item, end, out, err);
	put_object(w, item, end, out);
	return true;
}

static void
fail(struct sink *s, const struct err *why, struct buf *out)
{
	struct writer *w = (struct writer *)s;

	if (w->r->stream)
		events_failed(&w->events, why, out);
}

static bool
filler(struct sink *s, struct buf *out)
{
	struct writer *w = (struct writer *)s;

	return events_filler(&w->events, out);
}

static bool
keeps(struct sink *s)
{
	const struct writer *w = (const struct writer *)s;

	return w->r->keeper.keep != NULL;
}

static void
destroy(struct sink *s)
{
	struct writer *w = (struct writer *)s;

	events_finish(&w->events);
	buf_finish(&w->text);
	free(w);
}

static const struct sink_ops ops = {
	.begin = begin, .delta = delta, .seal = seal,
	.end = end, .finish = finish, .fail = fail, .filler = filler,
	.keeps = keeps, .destroy = destroy
};

struct sink *
responses_compact_create(const struct responses *r)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->sink.ops = &ops;
	w->r = r;
	events_init(&w->events, r);
	return &w->sink;
}
