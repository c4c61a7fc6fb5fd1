/* A sink that prints a Responses answer. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/answer-write.h"
#include "responses/compact.h"
#include "responses/events.h"
#include "responses/native.h"
#include "responses/object.h"
#include "responses/usage.h"
#include "turn/seal.h"
#include "turn/sink.h"

/* An item of the sink's. One that says nothing is none of the client's. */
struct said {
	enum sink_kind		 kind;
	struct events_item	*item;		/* NULL: not begun yet */
	int64_t			 part;	/* the index of the one in hand */
	json_object		*opaque;	/* of a thought */
	json_object		*action;	/* of a search, or NULL */
	bool			 search;	/* of the client's, for tools */
	struct buf		 wanted;	/* its arguments: an object */
	bool			 ended;
};

struct writer {
	struct sink		 sink;
	const struct responses	*r;
	bool			 encrypted;
	const char		*vendor;
	struct events		 events;
	struct said		*said;
	size_t			 n;
	bool			 called;
};

/* A conversation that was compacted for this answer says so first. */
static void
put_compaction(struct writer *w, struct buf *out)
{
	struct events_item *item;

	if (w->r->compaction == NULL || w->events.n > 0)
		return;
	item = events_item_begin(&w->events,
	    json_object_get(w->r->compaction), out);
	events_item_end(&w->events, item, false, out);
}

static bool
begin_item(struct writer *w, struct said *it, json_object *take,
    struct buf *out, struct err *err)
{
	put_compaction(w, out);
	it->item = events_item_begin(&w->events, take, out);
	return it->item != NULL || err_set(err, 502, ERR_SERVER, NULL, NULL,
	    "GitHub Copilot's answer has more parts than can be handled.");
}

static bool
begin_typed(struct writer *w, struct said *it, struct buf *out,
    struct err *err)
{
	json_object *obj;

	if (it->item != NULL)
		return true;
	obj = json_object_new_object();
	js_add_str(obj, "type", it->kind == SINK_THOUGHT ? "reasoning" :
	    it->kind == SINK_SEARCH ? "web_search_call" : "message");
	return begin_item(w, it, obj, out, err);
}

/* --- Thoughts. */

/*
 * Reasoning can be given back only if the client keeps it for us. A client that
 * doesn't ask gets it where Copilot insists on it.
 */
static void
put_sealed(struct writer *w, struct said *it)
{
	struct buf sealed = { 0 };

	if (!w->encrypted && it->opaque == NULL)
		return;
	seal_close(w->vendor, &it->item->text,
	    it->opaque != NULL ? json_object_get_string(it->opaque) : NULL,
	    &sealed);
	js_add_str(it->item->obj, "encrypted_content", sealed.p);
	buf_finish(&sealed);
}

/*
 * One that was only sealed has to be given back with a call. Without one there
 * is no need to, unless somebody asked.
 */
static bool
end_thought(struct writer *w, struct said *it, bool cut, struct buf *out,
    struct err *err)
{
	it->ended = true;
	if (it->item == NULL && (it->opaque == NULL ||
	    (!w->encrypted && !w->called)))
		return true;
	if (!begin_typed(w, it, out, err))
		return false;
	put_sealed(w, it);
	events_item_end(&w->events, it->item, cut, out);
	return true;
}

/* A call comes: what waits for one goes in front of it. */
static bool
end_sealed(struct writer *w, struct buf *out, struct err *err)
{
	size_t i;

	w->called = true;
	for (i = 0; i < w->n; i++)
		if (w->said[i].kind == SINK_THOUGHT && w->said[i].ended &&
		    w->said[i].item == NULL &&
		    !end_thought(w, &w->said[i], false, out, err))
			return false;
	return true;
}

/* --- Items. */

static bool
begin_call(struct writer *w, struct said *it, const struct sink_item *is,
    struct buf *out, struct err *err)
{
	json_object *obj = json_object_new_object();

	if ((it->search = is->search)) {
		js_add_str(obj, "type", "tool_search_call");
		js_add_str(obj, "call_id", is->id);
		js_add_str(obj, "execution", "client");
		js_add_take(obj, "arguments", json_object_new_object());
		return begin_item(w, it, obj, out, err);
	}
	js_add_str(obj, "type", is->custom ? "custom_tool_call" :
	    "function_call");
	js_add_str(obj, "call_id", is->id);
	js_add_str(obj, "name", is->name);
	if (is->space != NULL)
		js_add_str(obj, "namespace", is->space);
	/* Codex takes them for encrypted else, and passes them on as that. */
	if (is->plain)
		js_add_take(obj, "encrypted_function_args",
		    json_object_new_array());
	if (!begin_item(w, it, obj, out, err))
		return false;
	if (!is->custom)
		events_item_part(&w->events, it->item, PART_ARGUMENTS, out);
	return true;
}

static bool
begin(struct sink *s, size_t item, const struct sink_item *is, struct buf *out,
    struct err *err)
{
	struct writer	*w = (struct writer *)s;
	struct said	*it;

	if (is->kind == SINK_CALL && !end_sealed(w, out, err))
		return false;
	w->said = util_grow(w->said, item, sizeof(*w->said));
	it = &w->said[item];
	*it = (struct said){
		.kind = is->kind, .part = is->kind == SINK_CALL ? 0 : -1
	};
	w->n = item + 1;
	return is->kind == SINK_CALL ? begin_call(w, it, is, out, err) :
	    is->kind != SINK_SEARCH || begin_typed(w, it, out, err);
}

static json_object *
action_of(struct said *it)
{
	if (it->action == NULL)
		it->action = js_typed("search");
	return it->action;
}

static const enum events_part parts[SINK_PART__MAX] = {
	[SINK_TEXT]		= PART_TEXT,
	[SINK_REFUSAL]		= PART_REFUSAL,
	[SINK_SUMMARY]		= PART_SUMMARY,
	[SINK_ARGUMENTS]	= PART_ARGUMENTS,
	[SINK_INPUT]		= PART_INPUT,
};

static bool
delta(struct sink *s, size_t item, const struct sink_delta *d, struct buf *out,
    struct err *err)
{
	struct writer	*w = (struct writer *)s;
	struct said	*it = &w->said[item];

	if (d->part == SINK_QUERY) {
		js_add_ref(action_of(it), "query", d->text);
		return true;
	}
	if (it->search) {
		js_append_text(&it->wanted, d->text);
		return true;
	}
	if (!begin_typed(w, it, out, err))
		return false;
	if (it->part != d->index)
		events_item_next(&w->events, it->item, parts[d->part], out);
	else
		events_item_part(&w->events, it->item, parts[d->part], out);
	it->part = d->index;
	events_item_delta(&w->events, it->item, d->text, d->logprobs, out);
	return true;
}

static bool
seal(struct sink *s, size_t item, enum sink_seal form, json_object *text,
    struct buf *out, struct err *err)
{
	struct writer	*w = (struct writer *)s;
	struct said	*it = &w->said[item];

	(void)out;
	(void)err;
	if (form == SINK_OPAQUE && it->opaque == NULL)
		it->opaque = json_object_get(text);
	return true;
}

static void
add_page(struct said *it, json_object *url)
{
	json_object	*action = action_of(it), *page = js_typed("url");
	json_object	*list = js_array(action, "sources");

	if (list == NULL) {
		list = json_object_new_array();
		js_add_take(action, "sources", list);
	}
	js_add_ref(page, "url", url);
	json_object_array_add(list, page);
}

/* A page that was found, or a link of the text in hand. */
static bool
source(struct sink *s, size_t item, const struct sink_source *from,
    struct buf *out, struct err *err)
{
	struct writer	*w = (struct writer *)s;
	struct said	*it = &w->said[item];
	json_object	*link;

	(void)err;
	if (it->kind == SINK_SEARCH) {
		add_page(it, from->url);
		return true;
	}
	if (it->item == NULL || it->item->part != PART_TEXT ||
	    it->part != from->index)
		return true;
	link = js_typed("url_citation");
	js_add_int(link, "start_index", from->start);
	js_add_int(link, "end_index", from->end);
	js_add_ref(link, "url", from->url);
	js_add_ref(link, "title", from->title != NULL ? from->title :
	    from->url);
	events_item_link(&w->events, it->item, link, out);
	json_object_put(link);
	return true;
}

/* OpenAI has them as an object, not as its text. */
static void
put_wanted(struct said *it)
{
	json_object *v = js_parse_quiet(buf_str(&it->wanted), it->wanted.len);

	if (json_object_is_type(v, json_type_object))
		js_add_ref(it->item->obj, "arguments", v);
	json_object_put(v);
	buf_finish(&it->wanted);
}

static bool
end_item(struct writer *w, struct said *it, bool cut, struct buf *out,
    struct err *err)
{
	if (it->ended)
		return true;
	if (it->kind == SINK_THOUGHT)
		return end_thought(w, it, cut, out, err);
	it->ended = true;
	if (it->item == NULL)
		return true;
	if (it->action != NULL)
		js_add_ref(it->item->obj, "action", it->action);
	if (it->search)
		put_wanted(it);
	/* Also when it is called with nothing. */
	if (js_is(it->item->obj, "type", "custom_tool_call"))
		events_item_part(&w->events, it->item, PART_INPUT, out);
	events_item_end(&w->events, it->item, cut, out);
	return true;
}

static bool
end(struct sink *s, size_t item, bool cut, struct buf *out, struct err *err)
{
	struct writer *w = (struct writer *)s;

	return end_item(w, &w->said[item], cut, out, err);
}

/* --- The end. */

/* Clients look for a message, and for text in it, even when it is empty. */
static bool
put_empty(struct writer *w, struct buf *out, struct err *err)
{
	struct said it = { .kind = SINK_MESSAGE };

	if (!begin_typed(w, &it, out, err))
		return false;
	events_item_part(&w->events, it.item, PART_TEXT, out);
	return end_item(w, &it, false, out, err);
}

/* Why it is incomplete; NULL: it is not. */
static const char *
cut_by(enum sink_reason reason)
{
	return reason == SINK_LENGTH ? "max_output_tokens" :
	    reason == SINK_FILTER ? "content_filter" : NULL;
}

/* The end of a response, to which responses_object() adds what is missing. */
static json_object *
final_of(struct writer *w, const struct sink_end *end)
{
	json_object	*from = json_object_new_object(), *why;
	json_object	*output = json_object_new_array();
	size_t		 i;

	if (cut_by(end->reason) != NULL) {
		why = json_object_new_object();
		js_add_str(why, "reason", cut_by(end->reason));
		js_add_take(from, "incomplete_details", why);
	} else
		js_add_int(from, "completed_at", (int64_t)time(NULL));
	for (i = 0; i < w->events.n; i++)
		json_object_array_add(output,
		    json_object_get(w->events.items[i]->obj));
	js_add_take(from, "output", output);
	js_add_take(from, "usage", responses_usage_new(end->usage));
	return from;
}

static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct writer	*w = (struct writer *)s;
	bool		 cut = cut_by(end->reason) != NULL;
	json_object	*from;
	size_t		 i;

	for (i = 0; i < w->n; i++)
		if (!end_item(w, &w->said[i], cut && i + 1 == w->n, out, err))
			return false;
	if (w->events.n == 0 && !cut && !put_empty(w, out, err))
		return false;
	from = final_of(w, end);
	events_last(&w->events, cut ? "incomplete" : "completed", from, out);
	json_object_put(from);
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
keeps(struct sink *s)
{
	const struct writer *w = (const struct writer *)s;

	return w->r->keeper.keep != NULL;
}

static bool
filler(struct sink *s, struct buf *out)
{
	struct writer *w = (struct writer *)s;

	return events_filler(&w->events, out);
}

static void
destroy(struct sink *s)
{
	struct writer	*w = (struct writer *)s;
	size_t		 i;

	for (i = 0; i < w->n; i++) {
		json_object_put(w->said[i].opaque);
		json_object_put(w->said[i].action);
		buf_finish(&w->said[i].wanted);
	}
	free(w->said);
	events_finish(&w->events);
	free(w);
}

static const struct sink_ops ops = {
	.begin = begin, .delta = delta, .seal = seal,
	.source = source, .end = end, .finish = finish,
	.fail = fail, .filler = filler,
	.keeps = keeps, .destroy = destroy
};

struct sink *
responses_write_create(const struct responses *r, bool encrypted,
    const char *vendor)
{
	struct writer *w;

	if (r->compacts)
		return responses_compact_create(r);
	w = xcalloc(1, sizeof(*w));
	w->sink.ops = &ops;
	w->r = r;
	w->encrypted = encrypted;
	w->vendor = vendor;
	events_init(&w->events, r);
	return &w->sink;
}
