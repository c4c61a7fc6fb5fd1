/* Items of stored responses. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/ids.h"
#include "responses/items.h"

/* [{"type":TYPE,"text":TEXT}] */
static json_object *
one_part(const char *type, json_object *text)
{
	json_object *list = json_object_new_array();
	json_object *part = json_object_new_object();

	js_add_str(part, "type", type);
	js_add_ref(part, "text", text);
	json_object_array_add(list, part);
	return list;
}

json_object *
responses_items_array(json_object *input)
{
	json_object *list, *item;

	if (!json_object_is_type(input, json_type_string))
		return json_object_get(input);
	list = json_object_new_array();
	item = json_object_new_object();
	js_add_str(item, "type", "message");
	js_add_str(item, "role", "user");
	js_add_take(item, "content", one_part("input_text", input));
	json_object_array_add(list, item);
	return list;
}

bool
responses_items_is_reference(json_object *item)
{
	return js_str(item, "id") != NULL &&
	    (js_is(item, "type", "item_reference") ||
	    (js_get(item, "type") == NULL && js_get(item, "role") == NULL));
}

/* --- Names. */

enum {					/* what an object lacked */
	TYPE	= 1 << 0,
	ID	= 1 << 1
};

static unsigned
complete(json_object *item)
{
	char		 made[RESPONSES_ID_SIZE];
	json_object	*id = js_get(item, "id");
	unsigned	 lacked = 0;

	if (js_get(item, "type") == NULL) {
		js_add_str(item, "type", responses_items_is_reference(item) ?
		    "item_reference" : "message");
		lacked |= TYPE;
	}
	if (!json_object_is_type(id, json_type_string) || id == NULL ||
	    json_object_get_string_len(id) == 0) {
		responses_ids_new(item, made);
		js_add_str(item, "id", made);
		lacked |= ID;
	}
	return lacked;
}

/* Print an item with what it lacks, and take that away again. */
static json_object *
name_item(json_object *item, struct buf *out)
{
	json_object	*id;
	unsigned	 lacked;

	if (!json_object_is_type(item, json_type_object)) {
		js_print(item, out);
		return NULL;
	}
	lacked = complete(item);
	js_print(item, out);
	id = json_object_get(js_is(item, "type", "item_reference") ? NULL :
	    js_get(item, "id"));
	if ((lacked & ID) != 0)
		js_del(item, "id");
	if ((lacked & TYPE) != 0)
		js_del(item, "type");
	return id;
}

json_object *
responses_items_name(json_object *items, struct buf *out)
{
	json_object	*ids = json_object_new_array();
	size_t		 n = js_len(items), i;

	buf_putc(out, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		json_object_array_add(ids, name_item(
		    json_object_array_get_idx(items, i), out));
	}
	buf_putc(out, ']');
	return ids;
}

void
responses_items_complete(json_object *items)
{
	size_t n = js_len(items), i;

	for (i = 0; i < n; i++)
		complete(json_object_array_get_idx(items, i));
}

/* --- What clients see. */

void
responses_items_strip(json_object *items)
{
	json_object	*item;
	size_t		 n = js_len(items), i;

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		if (js_is(item, "type", "reasoning"))
			js_del(item, "encrypted_content");
	}
}

static void
present_parts(json_object *content)
{
	json_object	*part;
	size_t		 n = js_len(content), i;

	for (i = 0; i < n; i++) {
		part = json_object_array_get_idx(content, i);
		if (js_is(part, "type", "output_text")) {
			if (js_array(part, "annotations") == NULL)
				js_add_take(part, "annotations",
				    json_object_new_array());
			if (js_array(part, "logprobs") == NULL)
				js_add_take(part, "logprobs",
				    json_object_new_array());
		} else if (js_is(part, "type", "input_image") &&
		    js_str(part, "detail") == NULL)
			js_add_str(part, "detail", "auto");
	}
}

static void
present(json_object *item)
{
	json_object *content = js_get(item, "content");

	/* Reasoning has none, though some SDKs send back a null. */
	if (js_str(item, "status") == NULL) {
		if (js_is(item, "type", "reasoning"))
			js_del(item, "status");
		else
			js_add_str(item, "status", "completed");
	}
	if (!js_is(item, "type", "message"))
		return;
	if (json_object_is_type(content, json_type_string))
		js_add_take(item, "content", one_part(
		    js_is(item, "role", "assistant") ? "output_text" :
		    "input_text", content));
	present_parts(js_array(item, "content"));
}

void
responses_items_present(json_object *items)
{
	size_t n = js_len(items), i;

	for (i = 0; i < n; i++)
		present(json_object_array_get_idx(items, i));
}

/* Words, and what is called or comes of it: what has a status. */
static bool
is_presentable(json_object *item)
{
	const char *type = js_str(item, "type");

	return type != NULL ? strcmp(type, "message") == 0 ||
	    util_ends(type, "_call") || util_ends(type, "_call_output") :
	    js_get(item, "type") == NULL && js_str(item, "role") != NULL;
}

void
responses_items_settle(json_object *items)
{
	json_object	*item;
	size_t		 n = js_len(items), i;

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		if (!is_presentable(item))
			continue;
		if (js_get(item, "type") == NULL)
			js_add_str(item, "type", "message");
		present(item);
	}
}

json_object *
responses_items_list_take(json_object *items, bool more)
{
	json_object	*obj = json_object_new_object();
	size_t		 n = js_len(items);

	js_add_str(obj, "object", "list");
	js_add_take(obj, "data", items);
	js_add_str(obj, "first_id", n == 0 ? NULL :
	    js_str(json_object_array_get_idx(items, 0), "id"));
	js_add_str(obj, "last_id", n == 0 ? NULL :
	    js_str(json_object_array_get_idx(items, n - 1), "id"));
	js_add_bool(obj, "has_more", more);
	return obj;
}
