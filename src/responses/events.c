/* The events of a Responses stream, made by us. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/js.h"
#include "base/util.h"
#include "responses/events.h"
#include "responses/native.h"
#include "responses/object.h"

/* The names of each kind of part, and where it is kept in its item. */
static const struct {
	const char	*delta, *done;		/* events */
	const char	*added, *over;		/* around them; NULL: none */
	const char	*index;			/* "content_index", or NULL */
	const char	*key;			/* the text's name */
	const char	*type;			/* of the part, or NULL */
	const char	*list;			/* of parts, or NULL */
} parts[PART__MAX] = {
	[PART_TEXT] = {
		"response.output_text.delta", "response.output_text.done",
		"response.content_part.added", "response.content_part.done",
		"content_index", "text", "output_text", "content"
	},
	[PART_REFUSAL] = {
		"response.refusal.delta", "response.refusal.done",
		"response.content_part.added", "response.content_part.done",
		"content_index", "refusal", "refusal", "content"
	},
	[PART_SUMMARY] = {
		"response.reasoning_summary_text.delta",
		"response.reasoning_summary_text.done",
		"response.reasoning_summary_part.added",
		"response.reasoning_summary_part.done",
		"summary_index", "text", "summary_text", "summary"
	},
	[PART_ARGUMENTS] = {
		"response.function_call_arguments.delta",
		"response.function_call_arguments.done",
		NULL, NULL, NULL, "arguments", NULL, NULL
	},
	[PART_INPUT] = {
		"response.custom_tool_call_input.delta",
		"response.custom_tool_call_input.done",
		NULL, NULL, NULL, "input", NULL, NULL
	},
};

void
events_init(struct events *e, const struct responses *r)
{
	*e = (struct events){ .r = r, .created = time(NULL) };
	responses_ids_init(&e->ids, r->id);
}

void
events_finish(struct events *e)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		json_object_put(e->items[i]->obj);
		json_object_put(e->items[i]->logprobs);
		json_object_put(e->items[i]->links);
		buf_finish(&e->items[i]->text);
		free(e->items[i]);
	}
	free(e->items);
	responses_ids_finish(&e->ids);
}

/* --- Printing: js_print prints no line ends. */

static json_object *
event_new(struct events *e, const char *type)
{
	json_object *ev = json_object_new_object();

	js_add_str(ev, "type", type);
	js_add_int(ev, "sequence_number", e->sequence++);
	return ev;
}

static void
event_put(json_object *take, struct buf *out)
{
	buf_printf(out, "event: %s\ndata: ", js_str(take, "type"));
	js_print(take, out);
	buf_puts(out, "\n\n");
	json_object_put(take);
}

/* An event about an item; with the index of its part if it has parts. */
static json_object *
item_event(struct events *e, const struct events_item *item,
    const char *type)
{
	json_object	*ev = event_new(e, type);
	const char	*index = parts[item->part].index;

	js_add_str(ev, "item_id", item->id);
	js_add_int(ev, "output_index", (int64_t)item->index);
	if (index != NULL)
		js_add_int(ev, index, (int64_t)item->nparts);
	return ev;
}

static void
put_item(struct events *e, const struct events_item *item,
    const char *type, struct buf *out)
{
	json_object *ev;

	if (!e->r->stream)
		return;
	ev = event_new(e, type);
	js_add_int(ev, "output_index", (int64_t)item->index);
	js_add_take(ev, "item", e->r->keeper.strip ?
	    responses_item_stripped(item->obj) : json_object_get(item->obj));
	event_put(ev, out);
}

/* --- Items. */

struct events_item *
events_item_begin(struct events *e, json_object *take, struct buf *out)
{
	struct events_item *item;

	if (e->n == EVENTS_ITEMS_MAX) {
		json_object_put(take);
		return NULL;
	}
	events_announce(e, out);
	item = xcalloc(1, sizeof(*item));
	item->index = e->n;
	item->obj = take;
	responses_ids_item(&e->ids, (int64_t)item->index, take);
	responses_item(take, false);
	memcpy(item->id, js_str(take, "id"), strlen(js_str(take, "id")) + 1);
	e->items = util_grow(e->items, e->n, sizeof(*e->items));
	e->items[e->n++] = item;
	put_item(e, item, "response.output_item.added", out);
	return item;
}

static json_object *
part_text(const struct events_item *item)
{
	return json_object_new_string_len(buf_str(&item->text),
	    (int)item->text.len);
}

/* The part as an object; "full" with what it says by now. */
static json_object *
part_object(const struct events_item *item, bool full)
{
	json_object *part = json_object_new_object();

	js_add_str(part, "type", parts[item->part].type);
	js_add_take(part, parts[item->part].key,
	    full ? part_text(item) : json_object_new_string(""));
	if (full && item->logprobs != NULL)
		js_add_ref(part, "logprobs", item->logprobs);
	if (full && item->links != NULL)
		js_add_ref(part, "annotations", item->links);
	responses_part(part);
	return part;
}

/* The part's own last event; OpenAI names the function in it. */
static void
put_done(struct events *e, const struct events_item *item,
    struct buf *out)
{
	json_object *ev = item_event(e, item, parts[item->part].done);

	js_add_take(ev, parts[item->part].key, part_text(item));
	if (item->part == PART_TEXT)
		js_add_take(ev, "logprobs", item->logprobs != NULL ?
		    json_object_get(item->logprobs) : json_object_new_array());
	if (item->part == PART_ARGUMENTS)
		js_add_ref(ev, "name", js_get(item->obj, "name"));
	event_put(ev, out);
}

static void
put_part(struct events *e, const struct events_item *item,
    const char *type, json_object *part, struct buf *out)
{
	json_object *ev = item_event(e, item, type);

	js_add_ref(ev, "part", part);
	event_put(ev, out);
}

static void
part_end(struct events *e, struct events_item *item, struct buf *out)
{
	json_object	*part;
	const char	*list = parts[item->part].list;

	if (item->part == PART_NONE)
		return;
	if (e->r->stream)
		put_done(e, item, out);
	if (list == NULL)
		js_add_take(item->obj, parts[item->part].key, part_text(item));
	else {
		part = part_object(item, true);
		if (e->r->stream)
			put_part(e, item, parts[item->part].over, part, out);
		json_object_array_add(js_array(item->obj, list), part);
	}
	item->nparts++;
	item->part = PART_NONE;
	buf_finish(&item->text);
	json_object_put(item->logprobs);
	json_object_put(item->links);
	item->logprobs = item->links = NULL;
}

void
events_item_part(struct events *e, struct events_item *item,
    enum events_part kind, struct buf *out)
{
	json_object *part;

	if (item->part == kind)
		return;
	part_end(e, item, out);
	item->part = kind;
	if (parts[kind].list == NULL || !e->r->stream)
		return;
	part = part_object(item, false);
	put_part(e, item, parts[kind].added, part, out);
	json_object_put(part);
}

void
events_item_next(struct events *e, struct events_item *item,
    enum events_part kind, struct buf *out)
{
	part_end(e, item, out);
	events_item_part(e, item, kind, out);
}

static void
keep_logprobs(struct events_item *item, json_object *more)
{
	size_t n = js_len(more), i;

	if (n == 0)
		return;
	if (item->logprobs == NULL)
		item->logprobs = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(item->logprobs,
		    json_object_get(json_object_array_get_idx(more, i)));
}

/* Almost all events are these: printed without a tree, of what needs none. */
static void
put_delta(struct events *e, const struct events_item *item,
    json_object *text, json_object *logprobs, struct buf *out)
{
	const char *type = parts[item->part].delta;

	buf_puts(out, "event: ");
	buf_puts(out, type);
	buf_puts(out, "\ndata: {\"type\":\"");
	buf_puts(out, type);
	buf_puts(out, "\",\"sequence_number\":");
	buf_int(out, e->sequence++);
	buf_puts(out, ",\"item_id\":\"");
	buf_puts(out, item->id);
	buf_puts(out, "\",\"output_index\":");
	buf_int(out, (int64_t)item->index);
	if (parts[item->part].index != NULL) {
		buf_puts(out, ",\"");
		buf_puts(out, parts[item->part].index);
		buf_puts(out, "\":");
		buf_int(out, (int64_t)item->nparts);
	}
	buf_puts(out, ",\"delta\":");
	js_print(text, out);
	if (item->part == PART_TEXT) {
		buf_puts(out, ",\"logprobs\":");
		if (logprobs != NULL)
			js_print(logprobs, out);
		else
			buf_puts(out, "[]");
	}
	buf_puts(out, "}\n\n");
}

void
events_item_delta(struct events *e, struct events_item *item,
    json_object *text, json_object *logprobs, struct buf *out)
{
	js_append_text(&item->text, text);
	keep_logprobs(item, logprobs);
	if (e->r->stream)
		put_delta(e, item, text, logprobs, out);
}

void
events_item_link(struct events *e, struct events_item *item,
    json_object *annotation, struct buf *out)
{
	json_object *ev;

	js_append_take(&item->links, json_object_get(annotation));
	if (!e->r->stream)
		return;
	ev = item_event(e, item, "response.output_text.annotation.added");
	js_add_int(ev, "annotation_index", (int64_t)js_len(item->links) - 1);
	js_add_ref(ev, "annotation", annotation);
	event_put(ev, out);
}

/* A search that came to nothing has failed; all else was cut off. */
static const char *
cut_status(json_object *item)
{
	return js_is(item, "type", "web_search_call") ? "failed" : "incomplete";
}

void
events_item_end(struct events *e, struct events_item *item, bool cut,
    struct buf *out)
{
	if (item->done)
		return;
	part_end(e, item, out);
	item->done = true;
	if (js_has(item->obj, "status"))
		js_add_str(item->obj, "status",
		    cut ? cut_status(item->obj) : "completed");
	put_item(e, item, "response.output_item.done", out);
}

/* --- The response. */

void
events_error(struct events *e, const struct err *err,
    struct buf *out)
{
	json_object *ev = responses_error_event(err);

	js_add_int(ev, "sequence_number", e->sequence++);
	event_put(ev, out);
}

bool
events_filler(struct events *e, struct buf *out)
{
	if (!e->announced || !e->r->stream)
		return false;
	event_put(event_new(e, "keepalive"), out);
	return true;
}

static void
put_last(struct events *e, const char *status, json_object *response,
    struct buf *out)
{
	const struct responses_tap	*tap = &e->r->tap;
	json_object			*ev;
	char				 type[64] = "response.";

	strncat(type, status, sizeof(type) - strlen(type) - 1);
	ev = event_new(e, type);
	js_add_ref(ev, "response", response);
	if (tap->last != NULL)
		tap->last(tap->arg, ev);
	event_put(ev, out);
}

void
events_last(struct events *e, const char *status, json_object *from,
    struct buf *out)
{
	const struct responses_keeper	*keeper = &e->r->keeper;
	json_object			*response;

	events_announce(e, out);
	response = responses_object(from, e->r, &e->ids, e->created, status);
	if (keeper->keep != NULL && strcmp(status, "failed") != 0)
		keeper->keep(keeper->arg, response);
	if (e->r->stream)
		put_last(e, status, response, out);
	else
		js_print(response, out);
	json_object_put(response);
}

void
events_failed(struct events *e, const struct err *why, struct buf *out)
{
	json_object *from = json_object_new_object();

	events_announce(e, out);
	events_error(e, why, out);
	js_add_take(from, "error", responses_error(why));
	events_last(e, "failed", from, out);
	json_object_put(from);
}

void
events_announce(struct events *e, struct buf *out)
{
	json_object *response, *ev;

	if (e->announced)
		return;
	e->announced = true;
	if (!e->r->stream)
		return;
	response = responses_object(NULL, e->r, &e->ids, e->created,
	    "in_progress");
	ev = event_new(e, "response.created");
	js_add_ref(ev, "response", response);
	event_put(ev, out);
	ev = event_new(e, "response.in_progress");
	js_add_take(ev, "response", response);
	event_put(ev, out);
}
