/* What the client of a chat completion gets. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/err-json.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/print.h"
#include "chat/repair.h"
#include "chat/wanted.h"

/* Members of a chunk that are handled by name. */
static const char *const known[] = {
	"id", "object", "created", "model", "system_fingerprint", "choices",
	"usage", "error",
};

bool
chat_print_passes(const char *key, json_object *value)
{
	size_t i;

	for (i = 0; i < COUNT(known); i++)
		if (strcmp(known[i], key) == 0)
			return false;
	return value != NULL && !chat_is_private(key);
}

/* --- Without a tree. */

/* ,"key":value */
static void
put_member(struct buf *out, const char *key, json_object *value)
{
	json_object *name = json_object_new_string(key);

	buf_putc(out, ',');
	js_print(name, out);
	buf_putc(out, ':');
	js_print(value, out);
	json_object_put(name);
}

/* js_print prints no line ends, so that it needs no second look by sse_put. */
void
chat_print_open(struct chat_print *p, struct buf *out)
{
	const struct buf *head = chat_head_text(&p->head,
	    p->wanted->model, p->wanted->mapped);

	buf_puts(out, "data: ");
	buf_append(out, head->p, head->len);
	buf_puts(out, ",\"choices\":[");
}

void
chat_print_close(struct chat_print *p, json_object *from, json_object *usage,
    struct buf *out)
{
	buf_putc(out, ']');
	if (from != NULL) {
		json_object_object_foreach(from, key, value)
			if (chat_print_passes(key, value))
				put_member(out, key, value);
	}
	if (p->wanted->include_usage) {
		buf_puts(out, ",\"usage\":");
		js_print(usage, out);
	}
	buf_puts(out, "}\n\n");
}

/* --- As a tree. */

static json_object *
tree_new(struct chat_print *p, const char *object, json_object *choices)
{
	json_object *obj = chat_head_new(&p->head, object, p->wanted->model,
	    p->wanted->mapped);

	js_add_take(obj, "choices", choices);
	return obj;
}

static void
add_members(json_object *obj, json_object *from)
{
	if (from == NULL)
		return;
	json_object_object_foreach(from, key, value)
		if (chat_print_passes(key, value))
			js_add_ref(obj, key, value);
}

void
chat_print_tree(json_object *obj, bool stream, struct buf *out)
{
	if (!stream) {
		js_print(obj, out);
		return;
	}
	buf_puts(out, "data: ");
	if (obj != NULL)
		js_print(obj, out);
	else
		buf_puts(out, "[DONE]");
	buf_puts(out, "\n\n");
}

static void
put_tree(const struct chat_print *p, json_object *take, struct buf *out)
{
	const struct chat_tap *tap = &p->wanted->tap;

	if (tap->print != NULL)
		tap->print(tap->arg, take, out);
	else
		chat_print_tree(take, p->wanted->stream, out);
	json_object_put(take);
}

/* --- What goes out. */

void
chat_print_chunk(struct chat_print *p, json_object *choice, json_object *from,
    json_object *usage, struct buf *out)
{
	json_object *choices, *chunk;

	if (p->wanted->tap.print == NULL) {
		chat_print_open(p, out);
		if (choice != NULL)
			js_print(choice, out);
		chat_print_close(p, from, usage, out);
		return;
	}
	choices = json_object_new_array();
	if (choice != NULL)
		json_object_array_add(choices, json_object_get(choice));
	chunk = tree_new(p, CHAT_CHUNK, choices);
	add_members(chunk, from);
	if (p->wanted->include_usage)
		js_add_ref(chunk, "usage", usage);
	put_tree(p, chunk, out);
}

void
chat_print_last(struct chat_print *p, json_object *usage, struct buf *out)
{
	if (p->wanted->include_usage && usage != NULL)
		chat_print_chunk(p, NULL, NULL, usage, out);
	put_tree(p, NULL, out);
}

void
chat_print_whole(struct chat_print *p, json_object *choices,
    json_object *usage, json_object *from, struct buf *out)
{
	json_object *obj = tree_new(p, "chat.completion", choices);

	js_add_given(obj, "usage", usage);
	add_members(obj, from);
	put_tree(p, obj, out);
}

void
chat_print_failure(const struct chat_print *p, const struct err *why,
    struct buf *out)
{
	struct buf body = { 0 };

	if (!p->wanted->stream)
		return;
	err_json(why, &body);
	sse_put(out, NULL, body.p, body.len);
	buf_finish(&body);
}

void
chat_print_finish(struct chat_print *p)
{
	chat_head_finish(&p->head);
}
