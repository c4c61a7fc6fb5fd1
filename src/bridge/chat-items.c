/* The output items of a response made into the pieces of a choice. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "bridge/chat-chunk.h"
#include "bridge/chat-items.h"
#include "chat/answer.h"
#include "turn/calls.h"
#include "turn/stop.h"

#define ITEMS_MAX  4096		/* no answer has so many; more are left out */
#define SEALED_MAX (4u << 20)	/* the client sends it back with each turn */

/* An output item is known by its index: its id changes with every event. */
struct bridge_chat_item {
	int64_t	call;		/* number of the call, -1: it is none */
	int64_t	part;		/* the part in hand .. */
	size_t	sent;		/* .. and how much of it went on .. */
	uint64_t hash;		/* .. which was this, .. */
	uint64_t dense;		/* .. and this without white space */
	bool	open;		/* a part has begun */
	bool	held;		/* its deltas are nothing that could go on */
	bool	ended;
};

void
bridge_chat_items_init(struct bridge_chat_items *items, void *chat,
    struct chat_stop *stop, size_t max)
{
	*items = (struct bridge_chat_items){
		.chat = chat, .stop = stop, .left = max,
		.message = -1, .thought = -1
	};
}

void
bridge_chat_items_finish(struct bridge_chat_items *items)
{
	bridge_chat_opaque_finish(&items->opaque);
	buf_finish(&items->text);
	free(items->list);
}

/* NULL when the index is out of bounds. */
static struct bridge_chat_item *
item_at(struct bridge_chat_items *items, int64_t index)
{
	size_t i;

	if (index < 0 || index >= ITEMS_MAX)
		return NULL;
	for (i = items->n; i <= (size_t)index; i++) {
		/* Room grows by doubling: at each power of two. */
		if ((i & (i - 1)) == 0)
			items->list = xrealloc(items->list,
			    (i > 0 ? i * 2 : 1) * sizeof(*items->list));
		items->list[i] = (struct bridge_chat_item){ .call = -1 };
		items->n++;
	}
	return &items->list[index];
}

bool
bridge_chat_items_put(struct bridge_chat_items *items, json_object *chunk)
{
	bool ok = chat_answer_chunk(items->chat, chunk, items->out,
	    items->err);

	json_object_put(chunk);
	return ok;
}

/* --- Text. */

static json_object *
delta_of(const struct bridge_chat_item *it, enum bridge_chat_kind kind,
    json_object *take)
{
	/* Copilot's name for reasoning; the clients' is put beside it. */
	static const char *const names[] = {
		[BRIDGE_CHAT_CONTENT] = "content",
		[BRIDGE_CHAT_REFUSAL] = "refusal",
		[BRIDGE_CHAT_REASONING_TEXT] = "reasoning_text"
	};
	json_object *delta;

	if (kind == BRIDGE_CHAT_ARGUMENTS)
		return bridge_chat_arguments(it->call, take);
	delta = json_object_new_object();
	js_add_take(delta, names[kind], take);
	return delta;
}

static bool
put_text(struct bridge_chat_items *items, const struct bridge_chat_item *it,
    enum bridge_chat_kind kind, const char *p, size_t n, json_object *logprobs)
{
	json_object *chunk;

	if (n > items->left || n > INT32_MAX)
		return err_set(items->err, 502, ERR_SERVER, NULL, NULL,
		    "GitHub Copilot sent an answer that is too large.");
	items->left -= n;
	chunk = bridge_chat_chunk(delta_of(it, kind,
	    json_object_new_string_len(p, (int)n)), NULL);
	bridge_chat_chunk_logprobs(chunk, logprobs);
	return bridge_chat_items_put(items, chunk);
}

/* Content goes by the stop strings. */
static bool
put_content(struct bridge_chat_items *items, const char *p, size_t n,
    json_object *logprobs)
{
	struct buf *text = &items->text;

	items->said = true;
	if (items->stop != NULL) {
		buf_truncate(text, 0);
		items->cut = chat_stop_feed(items->stop, p, n, text);
		p = buf_str(text);
		n = text->len;
	}
	return n == 0 || put_text(items, NULL, BRIDGE_CHAT_CONTENT, p, n,
	    logprobs);
}

bool
bridge_chat_items_flush(struct bridge_chat_items *items)
{
	struct buf *text = &items->text;

	if (items->stop == NULL || items->cut)
		return true;
	buf_truncate(text, 0);
	chat_stop_flush(items->stop, text);
	return text->len == 0 || put_text(items, NULL, BRIDGE_CHAT_CONTENT,
	    text->p, text->len, NULL);
}

/* An empty line between two messages, and between two thoughts. */
static bool
put_gap(struct bridge_chat_items *items, const struct bridge_chat_item *it,
    enum bridge_chat_kind kind)
{
	int64_t	index = it - items->list, last;

	switch (kind) {
	case BRIDGE_CHAT_CONTENT:
		last = items->message;
		items->message = index;
		return last < 0 || last == index ||
		    put_content(items, "\n\n", 2, NULL);
	case BRIDGE_CHAT_REASONING_TEXT:
		last = items->thought;
		items->thought = index;
		return last < 0 || put_text(items, it, kind, "\n\n", 2, NULL);
	default:
		return true;
	}
}

/* Does this text belong where the item stands? */
static bool
fits(const struct bridge_chat_item *it, const struct bridge_chat_text *t)
{
	return json_object_is_type(t->text, json_type_string) &&
	    (t->kind == BRIDGE_CHAT_ARGUMENTS) == (it->call >= 0) &&
	    (!it->open || t->part >= it->part);
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
 * what doesn't begin as an object waits for that.
 */
static bool
is_unreadable(struct bridge_chat_item *it, const struct bridge_chat_text *t)
{
	const char *p = json_object_get_string(t->text);

	if (t->kind != BRIDGE_CHAT_ARGUMENTS || t->whole || it->open)
		return false;
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
contradict(struct bridge_chat_items *items, const struct bridge_chat_item *it,
    const struct bridge_chat_text *t)
{
	return t->kind != BRIDGE_CHAT_ARGUMENTS || it->dense == hash_dense(0,
	    json_object_get_string(t->text),
	    (size_t)json_object_get_string_len(t->text)) ||
	    err_set(items->err, 502, ERR_SERVER, NULL, NULL,
	    "GitHub Copilot contradicted itself about the arguments of a tool "
	    "call.");
}

static bool
add_text(struct bridge_chat_items *items, struct bridge_chat_item *it,
    const struct bridge_chat_text *t)
{
	const char	*p = json_object_get_string(t->text);
	size_t		 n = (size_t)json_object_get_string_len(t->text), skip;
	bool		 begins = !it->open || t->part != it->part;

	if (!fits(it, t) || items->cut || is_unreadable(it, t))
		return true;
	/* Some models send all of a part in its last event only. */
	skip = t->whole && !begins ? it->sent : 0;
	if (skip > 0 && n > 0 && (n < skip ||
	    util_hash_more(0, p, skip) != it->hash))
		return contradict(items, it, t);
	if (n <= skip)
		return true;
	if (begins) {
		it->open = true;
		it->part = t->part;
		it->sent = 0;
		it->hash = 0;
		it->dense = 0;
		if (!put_gap(items, it, t->kind) || items->cut)
			return items->cut;
	}
	it->sent += n - skip;
	it->hash = util_hash_more(it->hash, p + skip, n - skip);
	if (t->kind == BRIDGE_CHAT_ARGUMENTS)
		it->dense = hash_dense(it->dense, p + skip, n - skip);
	if (t->kind == BRIDGE_CHAT_CONTENT)
		return put_content(items, p + skip, n - skip,
		    skip == 0 ? t->logprobs : NULL);
	return put_text(items, it, t->kind, p + skip, n - skip, NULL);
}

bool
bridge_chat_items_text(struct bridge_chat_items *items, int64_t index,
    const struct bridge_chat_text *t)
{
	struct bridge_chat_item *it = item_at(items, index);

	return it == NULL || add_text(items, it, t);
}

/* --- Items. */

static bool
begin_call(struct bridge_chat_items *items, struct bridge_chat_item *it,
    json_object *item)
{
	json_object *call, *function;

	if (it->call >= 0 || !js_is(item, "type", "function_call"))
		return true;
	it->call = items->ncalls++;
	call = json_object_new_object();
	function = json_object_new_object();
	if (js_str(item, "call_id") != NULL)
		js_add_ref(call, "id", js_get(item, "call_id"));
	if (js_str(item, "name") != NULL)
		js_add_ref(function, "name", js_get(item, "name"));
	js_add_str(function, "arguments", "");
	return bridge_chat_items_put(items, bridge_chat_chunk(
	    bridge_chat_call(it->call, call, function), NULL));
}

bool
bridge_chat_items_begin(struct bridge_chat_items *items, int64_t index,
    json_object *item)
{
	struct bridge_chat_item *it = item_at(items, index);

	return it == NULL || begin_call(items, it, item);
}

/* Upstream's sealed thoughts, to be given back with the next turn. */
static void
keep_sealed(struct bridge_chat_items *items, json_object *item)
{
	json_object	*sealed = js_get(item, "encrypted_content");
	size_t		 n = (size_t)json_object_get_string_len(sealed);

	if (!json_object_is_type(sealed, json_type_string) || n == 0 ||
	    n > SEALED_MAX - items->sealed)
		return;
	items->sealed += n;
	bridge_chat_opaque_add(&items->opaque, items->ncalls > 0 ?
	    items->ncalls + 1 : items->said, sealed);
}

static bool
end_reasoning(struct bridge_chat_items *items, struct bridge_chat_item *it,
    json_object *item)
{
	struct bridge_chat_text	 t = {
		.kind = BRIDGE_CHAT_REASONING_TEXT, .whole = true
	};
	json_object		*summary = js_array(item, "summary");
	int64_t			 n = (int64_t)js_len(summary);

	for (; t.part < n; t.part++) {
		t.text = js_get(json_object_array_get_idx(summary,
		    (size_t)t.part), "text");
		if (!add_text(items, it, &t))
			return false;
	}
	keep_sealed(items, item);
	return true;
}

static bool
end_part(struct bridge_chat_items *items, struct bridge_chat_item *it,
    int64_t i, json_object *part)
{
	bool			refusal = js_is(part, "type", "refusal");
	struct bridge_chat_text	t = {
		.kind = refusal ? BRIDGE_CHAT_REFUSAL : BRIDGE_CHAT_CONTENT,
		.part = i,
		.whole = true,
		.text = js_get(part, refusal ? "refusal" : "text"),
		.logprobs = js_array(part, "logprobs")
	};

	return add_text(items, it, &t);
}

static bool
end_message(struct bridge_chat_items *items, struct bridge_chat_item *it,
    json_object *item)
{
	json_object	*content = js_array(item, "content");
	const char	*phase = js_str(item, "phase");
	size_t		 i, n = js_len(content);

	for (i = 0; i < n; i++)
		if (!end_part(items, it, (int64_t)i,
		    json_object_array_get_idx(content, i)))
			return false;
	if (phase != NULL && strlen(phase) < sizeof(items->opaque.phase))
		snprintf(items->opaque.phase, sizeof(items->opaque.phase),
		    "%s", phase);
	return bridge_chat_items_flush(items);
}

static bool
end_call(struct bridge_chat_items *items, struct bridge_chat_item *it,
    json_object *item)
{
	struct bridge_chat_text	 t = {
		.kind = BRIDGE_CHAT_ARGUMENTS,
		.whole = true,
		.text = js_get(item, "arguments")
	};
	json_object		*none = NULL;
	bool			 ok;

	if (it->sent == 0 && calls_are_none(t.text))
		t.text = none = json_object_new_string("{}");
	ok = begin_call(items, it, item) && add_text(items, it, &t);
	json_object_put(none);
	return ok;
}

/* A custom tool's input goes on whole, see chat/calls.h. */
static bool
end_custom(struct bridge_chat_items *items, struct bridge_chat_item *it,
    json_object *item)
{
	static const char *const members[] = { "name", "input" };
	json_object	*call = json_object_new_object();
	json_object	*custom = json_object_new_object();
	size_t		 i;

	for (i = 0; i < COUNT(members); i++)
		if (js_str(item, members[i]) != NULL)
			js_add_ref(custom, members[i],
			    js_get(item, members[i]));
	if (js_str(item, "call_id") != NULL)
		js_add_ref(call, "id", js_get(item, "call_id"));
	js_add_str(call, "type", "custom");
	js_add_take(call, "custom", custom);
	it->call = items->ncalls++;
	return items->cut || bridge_chat_items_put(items,
	    bridge_chat_chunk(bridge_chat_call(it->call, call, NULL), NULL));
}

static const struct {
	const char	*type;
	bool		(*end)(struct bridge_chat_items *,
			    struct bridge_chat_item *, json_object *);
} kinds[] = {
	{ "reasoning",		end_reasoning },
	{ "message",		end_message },
	{ "function_call",	end_call },
	{ "custom_tool_call",	end_custom },
};

bool
bridge_chat_items_end(struct bridge_chat_items *items, int64_t index,
    json_object *item)
{
	struct bridge_chat_item	*it = item_at(items, index);
	size_t			 i;

	if (it == NULL || it->ended)
		return true;
	for (i = 0; i < COUNT(kinds); i++)
		if (js_is(item, "type", kinds[i].type)) {
			it->ended = true;
			return kinds[i].end(items, it, item);
		}
	return true;
}
