/* A whole Message from the events of one, and the reverse. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "messages/collect.h"

#define BLOCKS_MAX 4096		/* no answer has so many */

/* Members that grow by deltas: the delta's, the block's. */
enum field { TEXT, INPUT, THINKING, SIGNATURE, FIELD__MAX };

static const struct {
	const char	*type, *from, *to;
} fields[FIELD__MAX] = {
	[TEXT] = { "text_delta", "text", "text" },
	[INPUT] = { "input_json_delta", "partial_json", "input" },
	[THINKING] = { "thinking_delta", "thinking", "thinking" },
	[SIGNATURE] = { "signature_delta", "signature", "signature" }
};

struct block {
	json_object	*obj;			/* NULL: there is none */
	struct buf	 grown[FIELD__MAX];
};

struct messages_collect {
	json_object	*message;
	struct block	*blocks;
	size_t		 n;
};

struct messages_collect *
messages_collect_create(void)
{
	return xcalloc(1, sizeof(struct messages_collect));
}

void
messages_collect_destroy(struct messages_collect *c)
{
	size_t i, k;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++) {
		json_object_put(c->blocks[i].obj);
		for (k = 0; k < FIELD__MAX; k++)
			buf_finish(&c->blocks[i].grown[k]);
	}
	json_object_put(c->message);
	free(c->blocks);
	free(c);
}

/* The block that an event is about; NULL: its index is none. */
static struct block *
block_of(struct messages_collect *c, json_object *ev)
{
	int64_t at = js_int(ev, "index", -1);

	if (at < 0 || at >= BLOCKS_MAX)
		return NULL;
	c->blocks = util_reach(c->blocks, &c->n, (size_t)at,
	    sizeof(*c->blocks));
	return &c->blocks[at];
}

static void
grow(struct block *b, json_object *delta)
{
	const char	*type = js_str(delta, "type");
	json_object	*list;
	size_t		 i;

	for (i = 0; type != NULL && i < FIELD__MAX; i++)
		if (strcmp(type, fields[i].type) == 0) {
			js_append_text(&b->grown[i], js_get(delta,
			    fields[i].from));
			return;
		}
	if (!js_is(delta, "type", "citations_delta") ||
	    js_get(delta, "citation") == NULL)
		return;
	list = js_array(b->obj, "citations");
	if (list == NULL) {
		list = json_object_new_array();
		js_add_take(b->obj, "citations", list);
	}
	json_object_array_add(list, json_object_get(js_get(delta,
	    "citation")));
}

/* Every member of the one becomes one of the other. */
static void
merge(json_object *to, json_object *from)
{
	if (from == NULL)
		return;
	json_object_object_foreach(from, key, value)
		if (value != NULL || !js_has(to, key))
			js_add_ref(to, key, value);
}

static void
merge_end(struct messages_collect *c, json_object *ev)
{
	json_object *usage = js_obj(c->message, "usage");

	if (c->message == NULL)
		return;
	merge(c->message, js_obj(ev, "delta"));
	if (js_get(ev, "context_management") != NULL)
		js_add_ref(c->message, "context_management",
		    js_get(ev, "context_management"));
	if (usage == NULL) {
		usage = json_object_new_object();
		js_add_take(c->message, "usage", usage);
	}
	merge(usage, js_obj(ev, "usage"));
}

void
messages_collect_event(struct messages_collect *c, json_object *ev)
{
	const char	*type = js_str(ev, "type");
	struct block	*b;

	if (type == NULL)
		return;
	if (strcmp(type, "message_start") == 0 && c->message == NULL)
		c->message = json_object_get(js_obj(ev, "message"));
	else if (strcmp(type, "message_delta") == 0)
		merge_end(c, ev);
	else if (strcmp(type, "content_block_start") == 0) {
		if ((b = block_of(c, ev)) != NULL && b->obj == NULL)
			b->obj = json_object_get(js_obj(ev, "content_block"));
	} else if (strcmp(type, "content_block_delta") == 0) {
		if ((b = block_of(c, ev)) != NULL && b->obj != NULL)
			grow(b, js_obj(ev, "delta"));
	}
}

/* The text that the block began with, and what came behind it. */
static void
join(struct block *b, enum field f)
{
	struct buf	*grown = &b->grown[f], all = { 0 };
	json_object	*old = js_get(b->obj, fields[f].to), *v;

	if (grown->len == 0)
		return;
	if (f == INPUT) {
		v = js_parse_quiet(grown->p, grown->len);
		/* Damaged by a limit on tokens: the client shall see it. */
		if (v == NULL)
			v = json_object_new_string_len(grown->p,
			    (int)grown->len);
		js_add_take(b->obj, fields[f].to, v);
		return;
	}
	if (json_object_is_type(old, json_type_string))
		js_append_text(&all, old);
	buf_append(&all, grown->p, grown->len);
	js_add_take(b->obj, fields[f].to, json_object_new_string_len(all.p,
	    (int)all.len));
	buf_finish(&all);
}

json_object *
messages_collect_end(struct messages_collect *c)
{
	json_object	*content;
	size_t		 i;
	int		 f;

	if (c->message == NULL)
		return NULL;
	content = json_object_new_array();
	for (i = 0; i < c->n; i++) {
		if (c->blocks[i].obj == NULL)
			continue;
		for (f = 0; f < FIELD__MAX; f++)
			join(&c->blocks[i], (enum field)f);
		json_object_array_add(content,
		    json_object_get(c->blocks[i].obj));
	}
	js_add_take(c->message, "content", content);
	return json_object_get(c->message);
}

/* --- A whole one as events. */

void
messages_put(json_object *ev, struct buf *out)
{
	struct buf text = { 0 };

	js_print(ev, &text);
	sse_put(out, js_str(ev, "type"), text.p, text.len);
	buf_finish(&text);
}

void
messages_put_ping(struct buf *out)
{
	static const char ping[] = "{\"type\": \"ping\"}";

	sse_put(out, "ping", ping, sizeof(ping) - 1);
}

static json_object *
event_new(const char *type, int64_t index)
{
	json_object *ev = json_object_new_object();

	js_add_str(ev, "type", type);
	if (index >= 0)
		js_add_int(ev, "index", index);
	return ev;
}

static void
put_take(json_object *ev, struct buf *out)
{
	messages_put(ev, out);
	json_object_put(ev);
}

static void
put_delta(int64_t index, enum field f, json_object *value, struct buf *out)
{
	json_object	*ev = event_new("content_block_delta", index);
	json_object	*delta = json_object_new_object();
	struct buf	 text = { 0 };

	js_add_str(delta, "type", fields[f].type);
	if (json_object_is_type(value, json_type_string))
		js_add_ref(delta, fields[f].from, value);
	else {
		js_print(value, &text);
		js_add_str(delta, fields[f].from, text.p);
		buf_finish(&text);
	}
	js_add_take(ev, "delta", delta);
	put_take(ev, out);
}

/*
 * SDKs take a block's text from its deltas only. So the block that begins is a
 * copy without what grows; the message keeps its own.
 */
static void
put_block(int64_t index, json_object *block, struct buf *out)
{
	json_object	*ev = event_new("content_block_start", index);
	json_object	*begun = json_object_new_object();
	int		 f;

	merge(begun, block);
	for (f = 0; f < FIELD__MAX; f++) {
		if (js_get(begun, fields[f].to) == NULL)
			continue;
		if (f == INPUT)
			js_add_take(begun, "input", json_object_new_object());
		else
			js_add_str(begun, fields[f].to, "");
	}
	js_add_take(ev, "content_block", begun);
	put_take(ev, out);
	for (f = 0; f < FIELD__MAX; f++)
		if (js_get(block, fields[f].to) != NULL)
			put_delta(index, (enum field)f,
			    js_get(block, fields[f].to), out);
	put_take(event_new("content_block_stop", index), out);
}

static void
put_start(json_object *message, struct buf *out)
{
	json_object	*ev = event_new("message_start", -1);
	json_object	*begun = json_object_new_object();

	merge(begun, message);
	js_add_take(begun, "content", json_object_new_array());
	js_add_null(begun, "stop_reason");
	js_add_null(begun, "stop_sequence");
	js_add_take(ev, "message", begun);
	put_take(ev, out);
}

static void
put_end(json_object *message, struct buf *out)
{
	json_object	*ev = event_new("message_delta", -1);
	json_object	*delta = json_object_new_object();

	js_add_ref(delta, "stop_reason", js_get(message, "stop_reason"));
	js_add_ref(delta, "stop_sequence", js_get(message, "stop_sequence"));
	js_add_take(ev, "delta", delta);
	js_add_ref(ev, "usage", js_get(message, "usage"));
	put_take(ev, out);
	put_take(event_new("message_stop", -1), out);
}

void
messages_replay(json_object *message, struct buf *out)
{
	json_object	*content = js_array(message, "content");
	size_t		 i;

	put_start(message, out);
	for (i = 0; i < js_len(content); i++)
		put_block((int64_t)i, json_object_array_get_idx(content, i),
		    out);
	put_end(message, out);
}
