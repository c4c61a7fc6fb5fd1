/* A stored response as events. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "responses/replay.h"

struct replay {
	int64_t		 after;
	int64_t		 sequence;	/* of the next event */
	struct buf	*out;
	struct buf	 text;
	const char	*item_id;
	size_t		 output_index;
};

/* How a text is told: of a part in a list, or of the item itself. */
static const struct telling {
	const char	*type;		/* of the part, or the item */
	const char	*key;		/* the text's name there */
	const char	*delta, *done;	/* events */
	const char	*added, *over;	/* around them; NULL: none */
	const char	*index;		/* of the part; NULL: it is the item */
	const char	*also;		/* a member of the item in "done" */
	bool		 logprobs;
} tellings[] = {
	{ "output_text", "text", "response.output_text.delta",
	    "response.output_text.done", "response.content_part.added",
	    "response.content_part.done", "content_index", NULL, true },
	{ "refusal", "refusal", "response.refusal.delta",
	    "response.refusal.done", "response.content_part.added",
	    "response.content_part.done", "content_index", NULL, false },
	{ "summary_text", "text", "response.reasoning_summary_text.delta",
	    "response.reasoning_summary_text.done",
	    "response.reasoning_summary_part.added",
	    "response.reasoning_summary_part.done", "summary_index", NULL,
	    false },
	{ "reasoning_text", "text", "response.reasoning_text.delta",
	    "response.reasoning_text.done", "response.content_part.added",
	    "response.content_part.done", "content_index", NULL, false },
	{ "function_call", "arguments",
	    "response.function_call_arguments.delta",
	    "response.function_call_arguments.done", NULL, NULL, NULL, "name",
	    false },
	{ "custom_tool_call", "input", "response.custom_tool_call_input.delta",
	    "response.custom_tool_call_input.done", NULL, NULL, NULL, NULL,
	    false },
};

static const struct telling *
find_telling(json_object *obj)
{
	size_t i;

	for (i = 0; i < COUNT(tellings); i++)
		if (js_is(obj, "type", tellings[i].type))
			return &tellings[i];
	return NULL;
}

/* --- Events. */

static json_object *
event_new(struct replay *r, const char *type)
{
	json_object *ev = json_object_new_object();

	js_add_str(ev, "type", type);
	js_add_int(ev, "sequence_number", r->sequence++);
	return ev;
}

static void
event_put(struct replay *r, json_object *take)
{
	if (r->sequence - 1 > r->after) {
		buf_truncate(&r->text, 0);
		js_print(take, &r->text);
		sse_put(r->out, js_str(take, "type"), r->text.p, r->text.len);
	}
	json_object_put(take);
}

/* About a text: which item's, which part's. */
static json_object *
text_event(struct replay *r, const struct telling *t, const char *type,
    size_t part)
{
	json_object *ev = event_new(r, type);

	js_add_str(ev, "item_id", r->item_id);
	js_add_int(ev, "output_index", (int64_t)r->output_index);
	if (t->index != NULL)
		js_add_int(ev, t->index, (int64_t)part);
	return ev;
}

static void
put_part(struct replay *r, const struct telling *t, const char *type,
    size_t part, json_object *take)
{
	json_object *ev;

	if (type != NULL) {
		ev = text_event(r, t, type, part);
		js_add_ref(ev, "part", take);
		event_put(r, ev);
	}
	json_object_put(take);
}

static void
put_item(struct replay *r, const char *type, json_object *take)
{
	json_object *ev = event_new(r, type);

	js_add_int(ev, "output_index", (int64_t)r->output_index);
	js_add_take(ev, "item", take);
	event_put(r, ev);
}

/* --- Beginnings: a copy without what is still to come. */

static json_object *
shallow(json_object *obj)
{
	json_object *copy = json_object_new_object();

	json_object_object_foreach(obj, key, v)
		js_add_ref(copy, key, v);
	return copy;
}

static json_object *
begin_part(json_object *part, const struct telling *t)
{
	json_object *copy = shallow(part);

	js_add_str(copy, t->key, "");
	return copy;
}

static json_object *
begin_item(json_object *item)
{
	static const char *const lists[] = { "content", "summary" };
	const struct telling	*t = find_telling(item);
	json_object		*copy;
	size_t			 i;

	if (t != NULL)
		copy = begin_part(item, t);
	else
		copy = shallow(item);
	for (i = 0; i < COUNT(lists); i++)
		if (js_array(item, lists[i]) != NULL)
			js_add_take(copy, lists[i], json_object_new_array());
	if (js_str(copy, "status") != NULL)
		js_add_str(copy, "status", "in_progress");
	return copy;
}

static json_object *
begin_response(json_object *response)
{
	json_object *copy = shallow(response);

	js_add_str(copy, "status", "in_progress");
	js_add_take(copy, "output", json_object_new_array());
	js_add_null(copy, "usage");
	js_add_null(copy, "completed_at");
	js_add_null(copy, "incomplete_details");
	return copy;
}

/* --- The whole. */

/* The text of "obj", a part or an item, in one piece. */
static void
tell(struct replay *r, json_object *obj, json_object *item, size_t part)
{
	const struct telling	*t = find_telling(obj);
	json_object		*ev, *probs;

	if (t == NULL)
		return;
	probs = js_array(obj, "logprobs");
	probs = probs != NULL ? json_object_get(probs) :
	    json_object_new_array();
	put_part(r, t, t->added, part, begin_part(obj, t));
	ev = text_event(r, t, t->delta, part);
	js_add_ref(ev, "delta", js_get(obj, t->key));
	if (t->logprobs)
		js_add_ref(ev, "logprobs", probs);
	event_put(r, ev);
	ev = text_event(r, t, t->done, part);
	js_add_ref(ev, t->key, js_get(obj, t->key));
	if (t->logprobs)
		js_add_ref(ev, "logprobs", probs);
	if (t->also != NULL)
		js_add_ref(ev, t->also, js_get(item, t->also));
	event_put(r, ev);
	put_part(r, t, t->over, part, json_object_get(obj));
	json_object_put(probs);
}

static void
tell_list(struct replay *r, json_object *list, json_object *item)
{
	size_t n = js_len(list), i;

	for (i = 0; i < n; i++)
		tell(r, json_object_array_get_idx(list, i), item, i);
}

static void
tell_item(struct replay *r, json_object *item)
{
	r->item_id = js_str(item, "id");
	put_item(r, "response.output_item.added", begin_item(item));
	tell(r, item, item, 0);
	tell_list(r, js_array(item, "summary"), item);
	tell_list(r, js_array(item, "content"), item);
	put_item(r, "response.output_item.done", json_object_get(item));
}

static void
tell_response(struct replay *r, const char *status, json_object *take)
{
	char		 type[64];
	json_object	*ev;

	snprintf(type, sizeof(type), "response.%s", status);
	ev = event_new(r, type);
	js_add_take(ev, "response", take);
	event_put(r, ev);
}

/*
 * One that ran in the background was told in more events than these, once: who
 * has heard of more of them than there are now hears of the end at least.
 */
static void
catch_up(struct replay *r, json_object *response)
{
	if (js_bool(response, "background", false) && r->sequence <= r->after &&
	    r->after < INT64_MAX)
		r->sequence = r->after + 1;
}

void
responses_replay(json_object *response, int64_t after, struct buf *out)
{
	json_object	*output = js_array(response, "output");
	struct replay	 r = { .after = after, .out = out };
	size_t		 n = js_len(output);

	tell_response(&r, "created", begin_response(response));
	tell_response(&r, "in_progress", begin_response(response));
	for (; r.output_index < n; r.output_index++)
		tell_item(&r, json_object_array_get_idx(output,
		    r.output_index));
	catch_up(&r, response);
	tell_response(&r, js_is(response, "status", "incomplete") ?
	    "incomplete" : "completed", json_object_get(response));
	buf_finish(&r.text);
}
