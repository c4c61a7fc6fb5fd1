/* POST /v1/responses: upstream's answer made OpenAI's, streamed and whole. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/shape.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "responses/ids.h"
#include "responses/native-answer.h"
#include "responses/native.h"
#include "responses/object.h"
#include "responses/usage.h"
#include "responses/usual-answer.h"
#include "turn/calls.h"
#include "turn/sink.h"

#define ITEMS_MAX 4096	/* no answer has so many */
#define HELD_MAX 262144	/* two responses with the request's instructions */

struct responses_answer {
	struct sink		 sink;
	struct sink		*first;		/* of the answer's */
	struct responses	 r;
	struct responses_ids	 ids;
	struct js_halves	 halves;
	struct usage		*usage;
	int64_t			 created;	/* Unix time */
	int64_t			 sequence;
	json_object		*failed;	/* upstream's failed response */
	json_object		*items;		/* complete, by output_index */
	/*
	 * The beginning is held back until something follows it: when that
	 * is an error, the client gets an HTTP status instead of a stream.
	 */
	struct buf		 held;
	struct buf		 text;		/* of one event */
	struct shape		 shape;		/* of the last one */
	bool			 announced;	/* response.created was made */
	bool			 begun;		/* and has gone out */
	bool			 told;		/* all of a whole */
	/* To be printed at the end: the last event, or the response. */
	json_object		*last;
};

enum {					/* struct kind, flags */
	CREATED	= 1 << 0,		/* the first event */
	HELD	= 1 << 1,		/* no loss if it never goes out */
	LAST	= 1 << 2,		/* the answer is complete */
	ITEM	= 1 << 3,		/* "item" is there */
	DONE	= 1 << 4,		/* and complete */
	PART	= 1 << 5,		/* "part" is there */
	LOGPROBS = 1 << 6,		/* an array that is sometimes null */
	NAME	= 1 << 7		/* OpenAI names the function */
};

static const struct kind {
	const char	*type;
	unsigned	 flags;
	const char	*status;	/* of "response", when it has one */
} kinds[] = {
	{ "response.created", CREATED | HELD, "in_progress" },
	{ "response.queued", HELD, "queued" },
	{ "response.in_progress", HELD, "in_progress" },
	{ "response.completed", LAST, "completed" },
	{ "response.incomplete", LAST, "incomplete" },
	{ "response.output_item.added", ITEM, NULL },
	{ "response.output_item.done", ITEM | DONE, NULL },
	{ "response.content_part.added", PART, NULL },
	{ "response.content_part.done", PART, NULL },
	{ "response.output_text.delta", LOGPROBS, NULL },
	{ "response.output_text.done", LOGPROBS, NULL },
	{ "response.function_call_arguments.done", NAME, NULL }
};
static const struct kind plain = { "", 0, NULL };

static const struct kind *
find_kind(const char *type)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return &plain;
}

/* --- Repairs of one event. */

/*
 * Some answers end with an empty output, though their items were streamed: then
 * those are the output. The array has holes where an item never ended.
 */
static void
give_output(struct responses_answer *a, json_object *response)
{
	json_object	*output, *item;
	size_t		 i;

	if (response == NULL || a->items == NULL ||
	    js_len(js_array(response, "output")) > 0)
		return;
	output = json_object_new_array();
	for (i = 0; i < js_len(a->items); i++)
		if ((item = json_object_array_get_idx(a->items, i)) != NULL)
			json_object_array_add(output, json_object_get(item));
	js_add_take(response, "output", output);
}

/* The counts that upstream has are made OpenAI's in place. */
static void
note_usage(struct responses_answer *a, json_object *ev, json_object *response)
{
	responses_usage_read(a->usage, ev, response);
	if (js_obj(response, "usage") != NULL)
		responses_usage_write(js_obj(response, "usage"), a->usage);
}

static void
fix_response(struct responses_answer *a, json_object *ev, const struct kind *k)
{
	json_object *response = js_obj(ev, "response");

	if ((k->flags & LAST) != 0) {
		give_output(a, response);
		note_usage(a, ev, response);
	}
	response = responses_object(response, &a->r, &a->ids, a->created,
	    k->status);
	js_add_take(ev, "response", response);
}

/* A complete item, kept in case that the end doesn't tell of it. */
static void
keep_item(struct responses_answer *a, json_object *item, int64_t index)
{
	if (index < 0 || index >= ITEMS_MAX)
		return;
	if (a->items == NULL)
		a->items = json_object_new_array();
	json_object_array_put_idx(a->items, (size_t)index,
	    json_object_get(item));
}

static void
fix_item_id(struct responses_answer *a, json_object *ev, const char *type)
{
	char id[RESPONSES_ID_SIZE];

	if (!js_has(ev, "item_id") && !js_has(ev, "output_index"))
		return;
	responses_ids_event(&a->ids, js_int(ev, "output_index", -1), type, id);
	js_add_str(ev, "item_id", id);
}

static void
fix_item(struct responses_answer *a, json_object *ev, const struct kind *k)
{
	json_object *item = js_obj(ev, "item");

	if (item == NULL)
		return;
	responses_ids_item(&a->ids, js_int(ev, "output_index", -1), item);
	responses_item(item, (k->flags & DONE) != 0);
	if ((k->flags & DONE) != 0)
		keep_item(a, item, js_int(ev, "output_index", -1));
	if (a->r.keeper.strip)
		js_add_take(ev, "item", responses_item_stripped(item));
}

static void
fix_name(struct responses_answer *a, json_object *ev)
{
	const char *name;

	name = responses_ids_name(&a->ids, js_int(ev, "output_index", -1));
	if (js_str(ev, "name") == NULL)
		js_add_str(ev, "name", name != NULL ? name : "");
	if (calls_are_none(js_get(ev, "arguments")))
		js_add_str(ev, "arguments", "{}");
}

static void
fix_event(struct responses_answer *a, json_object *ev, const char *type,
    const struct kind *k)
{
	if (k->status != NULL)
		fix_response(a, ev, k);
	else if ((k->flags & ITEM) != 0)
		fix_item(a, ev, k);
	else
		fix_item_id(a, ev, type);
	if ((k->flags & PART) != 0)
		responses_part(js_obj(ev, "part"));
	if ((k->flags & LOGPROBS) != 0 && js_array(ev, "logprobs") == NULL)
		js_add_take(ev, "logprobs", json_object_new_array());
	if ((k->flags & NAME) != 0)
		fix_name(a, ev);
	if (a->r.plain)
		js_del(ev, "obfuscation");
	responses_drop_private(ev);
}

/* --- Output. */

static void
number_event(struct responses_answer *a, json_object *ev, const char *type)
{
	if (!js_is(ev, "type", type))		/* else "type" may be in it */
		js_add_str(ev, "type", type);
	js_add_int(ev, "sequence_number", a->sequence++);
}

static void
print_event(struct responses_answer *a, json_object *ev, const char *type,
    struct buf *out)
{
	buf_truncate(&a->text, 0);
	js_print(ev, &a->text);
	sse_put(out, type, a->text.p, a->text.len);
}

static void
put_event(struct responses_answer *a, json_object *ev, const char *type,
    struct buf *out)
{
	number_event(a, ev, type);
	print_event(a, ev, type, out);
}

/* The last one of the stream. */
static void
put_last(struct responses_answer *a, json_object *ev, const char *type,
    struct buf *out)
{
	number_event(a, ev, type);
	if (a->r.tap.last != NULL)
		a->r.tap.last(a->r.tap.arg, ev);
	print_event(a, ev, type, out);
}

/* An event about the whole response, made by us. */
static json_object *
response_event(const char *type, json_object *take)
{
	json_object *ev = json_object_new_object();

	js_add_str(ev, "type", type);
	js_add_int(ev, "sequence_number", 0);
	js_add_take(ev, "response", take);
	return ev;
}

/* SDKs insist on response.created as the first event. */
static void
put_created(struct responses_answer *a, struct buf *out)
{
	static const char	 type[] = "response.created";
	json_object		*ev;

	if (a->announced)
		return;
	a->announced = true;
	ev = response_event(type, responses_object(NULL, &a->r, &a->ids,
	    a->created, "in_progress"));
	put_event(a, ev, type, out);
	json_object_put(ev);
}

static void
put_held(struct responses_answer *a, struct buf *out)
{
	put_created(a, &a->held);
	buf_append(out, buf_str(&a->held), a->held.len);
	buf_finish(&a->held);
	a->begun = true;
}

/* --- Events. */

/*
 * A failure in any of upstream's forms: response.failed, an "error" event with
 * its members flat or nested, an error object without a type, as the last
 * line even without "data:".
 */
static bool
is_failure(json_object *ev, const char *type, bool bare)
{
	if (type != NULL)
		return strcmp(type, "error") == 0 ||
		    strcmp(type, "response.failed") == 0 ||
		    strcmp(type, "response.cancelled") == 0;
	return js_get(ev, "error") != NULL ||
	    (bare && (js_has(ev, "code") || js_has(ev, "message")));
}

/* The reason goes to the exchange, which calls fail() if it is late. */
static bool
take_failure(struct responses_answer *a, json_object *ev, struct err *err)
{
	if (js_is(ev, "type", "response.cancelled"))
		err_set(err, 503, ERR_SERVER, NULL, NULL,
		    "GitHub Copilot cancelled the response.");
	else
		failure_read_event(ev, err);
	note_usage(a, ev, js_obj(ev, "response"));
	if (a->failed == NULL && js_obj(ev, "response") != NULL)
		a->failed = json_object_get(js_obj(ev, "response"));
	return false;
}

static bool
take_event(struct responses_answer *a, json_object *ev, const char *type,
    struct buf *out, struct err *err)
{
	const struct sink_end end = { .reason = SINK_STOP };
	const struct kind *k = find_kind(type);

	/* Repeated, or behind other events: nobody expects it there. */
	if ((k->flags & CREATED) != 0 && a->announced)
		return true;
	if ((k->flags & CREATED) != 0)
		a->announced = true;
	else
		put_created(a, &a->held);
	fix_event(a, ev, type, k);
	if ((k->flags & HELD) != 0 && !a->begun && a->held.len < HELD_MAX) {
		put_event(a, ev, type, &a->held);
		return true;
	}
	put_held(a, out);
	if ((k->flags & LAST) == 0) {
		put_event(a, ev, type, out);
		return true;
	}
	js_add_str(ev, "type", type);
	a->last = json_object_get(ev);
	return sink_finish(a->first, &end, out, err);
}

/* Not what was asked for, and nothing that can be made of it. */
static bool
unreadable(struct err *err)
{
	return failure_unreadable(err);
}

/*
 * Deltas like the one before: upstream gives the same item another id each
 * time, which is nothing to us, and what hides the length of a text goes on
 * with it, unless the client wants none.
 */
static const struct shape_member told[] = {
	{ "delta", SHAPE_SAME },
	{ "item_id", SHAPE_LOST },
	{ "sequence_number", SHAPE_COUNT },
	{ "obfuscation", SHAPE_SAME },
};
static const struct shape_member told_plain[] = {
	{ "delta", SHAPE_SAME },
	{ "item_id", SHAPE_LOST },
	{ "sequence_number", SHAPE_COUNT },
	{ "obfuscation", SHAPE_LOST },
};

static const struct shape_member *
told_of(const struct responses_answer *a)
{
	return a->r.plain ? told_plain : told;
}

static bool
follows(struct responses_answer *a, const struct sse_event *e, struct buf *out)
{
	if (e->bare || e->unfinished)
		shape_forget(&a->shape);
	if (!shape_follow(&a->shape, told_of(a), e->data, e->len, a->sequence,
	    out))
		return false;
	a->sequence++;
	return true;
}

/* The print is behind "at". A delta changes nothing else. */
static void
learn(struct responses_answer *a, const struct sse_event *e, json_object *ev,
    const struct buf *out, size_t at)
{
	const char *type = js_str(ev, "type");

	if (type == NULL || !util_ends(type, ".delta") || e->bare ||
	    e->unfinished || out->len == at)
		return;
	shape_learn(&a->shape, told_of(a), COUNT(told), e->data, e->len,
	    out->p + at, out->len - at);
}

static bool
event(void *self, const struct sse_event *e, struct buf *out, struct err *err)
{
	struct responses_answer	*a = self;
	json_object		*ev;
	const char		*type;
	size_t			 at = out->len;
	bool			 ok = true, begun = a->begun;

	if (follows(a, e, out))
		return true;
	if ((e->len == 6 && memcmp(e->data, "[DONE]", 6) == 0))
		return true;
	if (!a->r.stream)
		return unreadable(err);
	ev = js_parse_event(&a->halves, e->data, e->len);
	if (!json_object_is_type(ev, json_type_object) || ev == NULL) {
		json_object_put(ev);
		return e->bare || e->len == 0 || (e->unfinished ?
		    failure_broken_off(err) : failure_unreadable_event(err));
	}
	type = js_str(ev, "type");
	if (type == NULL && js_get(ev, "error") == NULL)
		type = e->name;
	if (is_failure(ev, type, e->bare))
		ok = take_failure(a, ev, err);
	else if (type != NULL && util_starts(type, "response."))
		ok = take_event(a, ev, type, out, err);
	if (ok && begun)
		learn(a, e, ev, out, at);
	json_object_put(ev);
	return ok;
}

static bool
cut(void *self, struct buf *out, struct err *err)
{
	(void)self;
	(void)out;
	return failure_broken_off(err);
}

static void
put_error(struct responses_answer *a, const struct err *err, struct buf *out)
{
	json_object *ev = responses_error_event(err);

	put_event(a, ev, "error", out);
	json_object_put(ev);
}

static void
fail(struct sink *s, const struct err *err, struct buf *out)
{
	static const char	 type[] = "response.failed";
	struct responses_answer	*a = (struct responses_answer *)s;
	json_object		*response, *ev;

	if (!a->r.stream)
		return;
	put_held(a, out);
	put_error(a, err, out);
	response = responses_object(a->failed, &a->r, &a->ids, a->created,
	    "failed");
	js_add_str(response, "status", "failed");
	js_add_take(response, "error", responses_error(err));
	ev = response_event(type, response);
	put_last(a, ev, type, out);
	json_object_put(ev);
}

/*
 * OpenAI's own API bridges long silences by this event, which it does not
 * document: {"type":"keepalive","sequence_number":466}, numbered like the
 * others (openai-node issue 1964, openai-java issue 767).
 */
static bool
filler(struct sink *s, struct buf *out)
{
	struct responses_answer	*a = (struct responses_answer *)s;
	json_object		*ev;

	if (!a->begun)
		return false;
	ev = json_object_new_object();
	put_event(a, ev, "keepalive", out);
	json_object_put(ev);
	return true;
}

/* --- A whole answer. */

static bool
take_whole(struct responses_answer *a, json_object *obj, struct buf *out,
    struct err *err)
{
	const struct sink_end end = { .reason = SINK_STOP };

	if (js_array(obj, "output") == NULL || js_is(obj, "status", "failed")) {
		if (js_get(obj, "error") == NULL)
			return failure_unreadable(err);
		failure_read_event(obj, err);
		return false;
	}
	note_usage(a, NULL, obj);
	if (a->r.stream)
		return unreadable(err);
	a->last = responses_object(obj, &a->r, &a->ids, a->created,
	    "completed");
	return sink_finish(a->first, &end, out, err);
}

static bool
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	const struct sink_end	 end = { .reason = SINK_STOP };
	struct responses_answer	*a = self;
	json_object		*obj;
	bool			 ok;

	a->told = responses_usual_answer(p, n, &a->r, &a->ids, a->usage, out);
	if (a->told)
		return sink_finish(a->first, &end, out, err);
	obj = js_parse_quiet(p, n);
	ok = take_whole(a, obj, out, err);
	json_object_put(obj);
	return ok;
}

/* --- The end. */

static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct responses_answer	*a = (struct responses_answer *)s;
	json_object		*response = a->r.stream ?
				    js_obj(a->last, "response") : a->last;

	(void)end;
	(void)err;
	if (a->told)
		return true;
	if (a->r.keeper.keep != NULL)
		a->r.keeper.keep(a->r.keeper.arg, response);
	if (a->r.stream)
		put_last(a, a->last, js_str(a->last, "type"), out);
	else
		js_print(response, out);
	return true;
}

static bool
keeps(struct sink *s)
{
	const struct responses_answer *a = (const struct responses_answer *)s;

	return a->r.keeper.keep != NULL;
}

/* --- Life. */

static void
destroy(struct sink *s)
{
	struct responses_answer *a = (struct responses_answer *)s;

	responses_finish(&a->r);
	responses_ids_finish(&a->ids);
	json_object_put(a->failed);
	json_object_put(a->items);
	json_object_put(a->last);
	buf_finish(&a->held);
	buf_finish(&a->text);
	shape_finish(&a->shape);
	free(a);
}

static void
none(void *self)
{
	(void)self;
}

static const struct answer_reader reader = { event, cut, whole, none };

static const struct sink_ops ops = {
	.finish = finish, .fail = fail, .filler = filler, .keeps = keeps,
	.destroy = destroy
};

struct answer *
responses_answer_create(struct responses *take, struct usage *usage)
{
	struct responses_answer	*n = xcalloc(1, sizeof(*n));
	struct answer		*a = answer_create(&n->sink);

	n->sink.ops = &ops;
	n->first = answer_first(a);
	n->r = *take;
	*take = (struct responses){ 0 };
	n->usage = usage;
	n->created = (int64_t)time(NULL);
	responses_ids_init(&n->ids, n->r.id);
	answer_read(a, &reader, n);
	return a;
}
