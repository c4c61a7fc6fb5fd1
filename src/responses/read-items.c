/* The output items of a response, said to a sink. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/read-items.h"
#include "turn/calls.h"

#define ITEMS_MAX  4096		/* no answer has so many; more are left out */

/* An output item is known by its index: its id changes with every event. */
struct responses_item_read {
	bool		begun;
	size_t		number;		/* the sink's */
	enum sink_kind	kind;
	int64_t		part;		/* the part in hand */
	size_t		sent;		/* how much of it was said */
	uint64_t	hash;		/* of what was said */
	uint64_t	dense;		/* the same without white space */
	bool		open;		/* a part has begun */
	bool		held;	/* its deltas are nothing that could go on */
	bool		ended;
};

/* Where what is said goes, during a call. */
struct place {
	struct responses_items		*items;
	struct responses_item_read	*it;
	struct buf			*out;
	struct err			*err;
};

/* False when the index is out of bounds. */
static bool
find(struct place *p, int64_t index)
{
	struct responses_items *items = p->items;

	if (index < 0 || index >= ITEMS_MAX)
		return false;
	items->list = util_reach(items->list, &items->n, (size_t)index,
	    sizeof(*items->list));
	p->it = &items->list[index];
	return true;
}

static bool
begin(struct place *p, const struct sink_item *is)
{
	struct responses_item_read *it = p->it;

	if (it->begun)
		return true;
	it->begun = true;
	it->kind = is->kind;
	it->number = p->items->begun++;
	return sink_begin(p->items->to, it->number, is, p->out, p->err);
}

/* --- Text. */

static const enum sink_kind kind_of[SINK_PART__MAX] = {
	[SINK_TEXT]		= SINK_MESSAGE,
	[SINK_REFUSAL]		= SINK_MESSAGE,
	[SINK_SUMMARY]		= SINK_THOUGHT,
	[SINK_ARGUMENTS]	= SINK_CALL,
	[SINK_INPUT]		= SINK_CALL,
	[SINK_QUERY]		= SINK_SEARCH,
};

/* Is this text part of the item in hand? A text begins no call. */
static bool
fits(const struct responses_item_read *it, const struct responses_text *t)
{
	if (!json_object_is_type(t->text, json_type_string))
		return false;
	return it->begun ? it->kind == kind_of[t->part] &&
	    (!it->open || t->index >= it->part) :
	    kind_of[t->part] != SINK_CALL;
}

/* A running hash of text, without its white space. */
static uint64_t
hash_dense(uint64_t hash, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strchr(" \t\r\n", p[i]) == NULL)
			hash = util_hash_more(hash, &p[i], 1);
	return hash;
}

/*
 * Deltas of arguments were reported to be unreadable, the last event never:
 * what doesn't begin as an object waits for that; and "null" for the item.
 */
static bool
is_unreadable(struct responses_item_read *it, const struct responses_text *t)
{
	const char *p = json_object_get_string(t->text);

	if (t->part != SINK_ARGUMENTS || it->open)
		return false;
	if (t->whole)
		return calls_are_none(t->text);
	p += strspn(p, " \t\r\n");
	it->held = it->held || (*p != '{' && *p != '\0');
	return it->held;
}

/*
 * The deltas were something else than the last event says, which is what
 * counts. For text it is too late; a tool must not be called with either,
 * unless they are the same JSON.
 */
static bool
contradict(struct place *p, const struct responses_text *t)
{
	return t->part != SINK_ARGUMENTS || p->it->dense == hash_dense(0,
	    json_object_get_string(t->text),
	    (size_t)json_object_get_string_len(t->text)) ||
	    err_set(p->err, 502, ERR_SERVER, NULL, NULL,
	    "GitHub Copilot sent two different versions of a tool call's "
	    "arguments.");
}

/* The text from "skip" on, which is new. */
static bool
say(struct place *p, const struct responses_text *t, size_t skip)
{
	const char		*s = json_object_get_string(t->text) + skip;
	size_t			 n = (size_t)json_object_get_string_len(
				    t->text) - skip;
	struct sink_delta	 d = {
		.part = t->part, .index = t->index, .text = t->text,
		.logprobs = skip == 0 ? t->logprobs : NULL
	};
	json_object		*rest = NULL;
	bool			 ok;

	p->it->sent += n;
	p->it->hash = util_hash_more(p->it->hash, s, n);
	if (t->part == SINK_ARGUMENTS)
		p->it->dense = hash_dense(p->it->dense, s, n);
	if (skip > 0)
		d.text = rest = json_object_new_string_len(s, (int)n);
	ok = sink_delta(p->items->to, p->it->number, &d, p->out, p->err);
	json_object_put(rest);
	return ok;
}

/* "abc" comes as the deltas "a" and "bc", as one "abc" at the end, or both. */
static bool
add_text(struct place *p, const struct responses_text *t)
{
	struct responses_item_read	*it = p->it;
	const struct sink_item		 is = { .kind = kind_of[t->part] };
	size_t				 n, skip;
	bool				 begins = !it->open ||
					    t->index != it->part;

	if (!fits(it, t) || is_unreadable(it, t))
		return true;
	n = (size_t)json_object_get_string_len(t->text);
	/* Some models send all of a part in its last event only. */
	skip = t->whole && !begins ? it->sent : 0;
	if (skip > 0 && n > 0 && (n < skip || util_hash_more(0,
	    json_object_get_string(t->text), skip) != it->hash))
		return contradict(p, t);
	if (n <= skip)
		return true;
	if (!begin(p, &is))
		return false;
	if (begins) {
		it->open = true;
		it->part = t->index;
		it->sent = 0;
		it->hash = it->dense = 0;
	}
	return say(p, t, skip);
}

bool
responses_items_text(struct responses_items *items, int64_t index,
    const struct responses_text *t, struct buf *out, struct err *err)
{
	struct place p = { .items = items, .out = out, .err = err };

	return !find(&p, index) || p.it->ended || add_text(&p, t);
}

/* --- Items. */

static bool
begin_reasoning(struct place *p, json_object *item)
{
	const struct sink_item is = { .kind = SINK_THOUGHT };

	(void)item;
	return begin(p, &is);
}

static bool
begin_message(struct place *p, json_object *item)
{
	const struct sink_item is = { .kind = SINK_MESSAGE };

	(void)item;
	return begin(p, &is);
}

static bool
begin_call(struct place *p, json_object *item)
{
	const struct sink_item is = {
		.kind = SINK_CALL,
		.id = js_str(item, "call_id"),
		.name = js_str(item, "name"),
		.space = js_str(item, "namespace"),
		.custom = js_is(item, "type", "custom_tool_call")
	};

	return begin(p, &is);
}

/* A string that only upstream can read; NULL and "" say nothing. */
static bool
seal(struct place *p, enum sink_seal form, json_object *text)
{
	return !json_object_is_type(text, json_type_string) ||
	    json_object_get_string_len(text) == 0 ||
	    sink_seal(p->items->to, p->it->number, form, text, p->out, p->err);
}

static bool
end_reasoning(struct place *p, json_object *item)
{
	struct responses_text	 t = { .part = SINK_SUMMARY, .whole = true };
	json_object		*summary = js_array(item, "summary");
	int64_t			 n = (int64_t)js_len(summary);

	for (; t.index < n; t.index++) {
		t.text = js_get(json_object_array_get_idx(summary,
		    (size_t)t.index), "text");
		if (!add_text(p, &t))
			return false;
	}
	return seal(p, SINK_ENCRYPTED, js_get(item, "encrypted_content"));
}

static bool
end_part(struct place *p, int64_t i, json_object *part)
{
	bool			refusal = js_is(part, "type", "refusal");
	struct responses_text	t = {
		.part = refusal ? SINK_REFUSAL : SINK_TEXT,
		.index = i,
		.whole = true,
		.text = js_get(part, refusal ? "refusal" : "text"),
		.logprobs = js_array(part, "logprobs")
	};

	return add_text(p, &t);
}

/* A link of a text. Here are no files that an annotation could mean. */
static bool
end_annotation(struct place *p, int64_t i, json_object *annotation)
{
	const struct sink_source source = {
		.url = js_get(annotation, "url"),
		.title = js_get(annotation, "title"),
		.index = i,
		.start = js_int(annotation, "start_index", 0),
		.end = js_int(annotation, "end_index", 0)
	};

	return !p->it->begun || !js_is(annotation, "type", "url_citation") ||
	    js_str(annotation, "url") == NULL || sink_source(p->items->to,
	    p->it->number, &source, p->out, p->err);
}

static bool
end_annotations(struct place *p, int64_t i, json_object *list)
{
	size_t k, n = js_len(list);

	for (k = 0; k < n; k++)
		if (!end_annotation(p, i, json_object_array_get_idx(list, k)))
			return false;
	return true;
}

static bool
end_message(struct place *p, json_object *item)
{
	json_object	*content = js_array(item, "content"), *part;
	size_t		 i, n = js_len(content);

	for (i = 0; i < n; i++) {
		part = json_object_array_get_idx(content, i);
		if (!end_part(p, (int64_t)i, part) || !end_annotations(p,
		    (int64_t)i, js_array(part, "annotations")))
			return false;
	}
	return seal(p, SINK_PHASE, js_get(item, "phase"));
}

static bool
end_call(struct place *p, json_object *item)
{
	struct responses_text	 t = {
		.part = SINK_ARGUMENTS,
		.whole = true,
		.text = js_get(item, "arguments")
	};
	json_object		*none = NULL;
	bool			 ok;

	if (p->it->sent == 0 && calls_are_none(t.text))
		t.text = none = json_object_new_string("{}");
	ok = add_text(p, &t);
	json_object_put(none);
	return ok;
}

static bool
end_custom(struct place *p, json_object *item)
{
	struct responses_text t = {
		.part = SINK_INPUT, .whole = true, .text = js_get(item, "input")
	};

	return add_text(p, &t);
}

static bool
begin_search(struct place *p, json_object *item)
{
	const struct sink_item is = { .kind = SINK_SEARCH };

	(void)item;
	return begin(p, &is);
}

/* Say what it looked for, and what upstream says that it found. */
static bool
end_search(struct place *p, json_object *item)
{
	json_object		*action = js_obj(item, "action"), *page;
	json_object		*sources = js_array(action, "sources");
	json_object		*queries = js_array(action, "queries");
	struct responses_text	 t = { .part = SINK_QUERY, .whole = true };
	size_t			 i, n = js_len(sources);
	bool			 ok;

	t.text = js_str(action, "query") != NULL ? js_get(action, "query") :
	    js_len(queries) > 0 ? json_object_array_get_idx(queries, 0) : NULL;
	ok = add_text(p, &t);
	for (i = 0; ok && i < n; i++) {
		page = json_object_array_get_idx(sources, i);
		if (js_str(page, "url") != NULL)
			ok = sink_source(p->items->to, p->it->number,
			    &(struct sink_source){ .url = js_get(page, "url"),
			    .title = js_get(page, "title") }, p->out, p->err);
	}
	return ok;
}

static const struct kind {
	const char	*type;
	enum sink_kind	 kind;
	bool		 late;	/* it begins when it ends */
	bool		 (*begin)(struct place *, json_object *);
	bool		 (*end)(struct place *, json_object *);
} kinds[] = {
	{ "reasoning", SINK_THOUGHT, false, begin_reasoning, end_reasoning },
	{ "message", SINK_MESSAGE, false, begin_message, end_message },
	{ "function_call", SINK_CALL, false, begin_call, end_call },
	{ "custom_tool_call", SINK_CALL, true, begin_call, end_custom },
	{ "web_search_call", SINK_SEARCH, false, begin_search, end_search },
};

static const struct kind *
find_kind(json_object *item)
{
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (js_is(item, "type", kinds[i].type))
			return &kinds[i];
	return NULL;
}

bool
responses_items_begin(struct responses_items *items, int64_t index,
    json_object *item, struct buf *out, struct err *err)
{
	struct place		 p = { .items = items, .out = out, .err = err };
	const struct kind	*k = find_kind(item);

	return !find(&p, index) || k == NULL || k->late || p.it->ended ||
	    k->begin(&p, item);
}

bool
responses_items_end(struct responses_items *items, int64_t index,
    json_object *item, struct buf *out, struct err *err)
{
	struct place		 p = { .items = items, .out = out, .err = err };
	const struct kind	*k = find_kind(item);

	if (!find(&p, index) || k == NULL || p.it->ended ||
	    (p.it->begun && p.it->kind != k->kind))
		return true;
	p.it->ended = true;
	return k->begin(&p, item) && k->end(&p, item) &&
	    sink_end(items->to, p.it->number, js_is(item, "status",
	    "incomplete") || js_is(item, "status", "failed"), out, err);
}

void
responses_items_finish(struct responses_items *items)
{
	free(items->list);
}
