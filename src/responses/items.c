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
#include "state/stored.h"

#define REFERENCES_MAX 2048	/* of one request */

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
stored_items_array(json_object *input)
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
stored_items_is_reference(json_object *item)
{
	return js_str(item, "id") != NULL &&
	    (js_is(item, "type", "item_reference") ||
	    (js_get(item, "type") == NULL && js_get(item, "role") == NULL));
}

/* --- Names. */

/* Print an item with what it lacks, and take that away again. */
static json_object *
name_item(json_object *item, struct buf *out)
{
	char		 made[RESPONSES_ID_SIZE] = "";
	json_object	*id = js_get(item, "id");
	bool		 typed = js_get(item, "type") != NULL;

	if (!json_object_is_type(item, json_type_object)) {
		js_print(item, out);
		return NULL;
	}
	if (!typed)
		js_add_str(item, "type", stored_items_is_reference(item) ?
		    "item_reference" : "message");
	if (!json_object_is_type(id, json_type_string) || id == NULL ||
	    json_object_get_string_len(id) == 0) {
		responses_ids_new(item, made);
		js_add_str(item, "id", made);
	}
	js_print(item, out);
	id = json_object_get(js_is(item, "type", "item_reference") ? NULL :
	    js_get(item, "id"));
	if (made[0] != '\0')
		js_del(item, "id");
	if (!typed)
		js_del(item, "type");
	return id;
}

json_object *
stored_items_name(json_object *items, struct buf *out)
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

/* --- References. */

bool
stored_items_large(struct err *err)
{
	return err_set(err, 413, ERR_REQUEST, "request_too_large", NULL,
	    "The request is too large together with the stored items that it "
	    "refers to (maxRequestBodyBytes).");
}

bool
stored_items_unread(struct err *err, const char *what)
{
	return err_set(err, 500, ERR_SERVER, NULL, NULL,
	    "The stored %s could not be read. Please try again.", what);
}

/*
 * Reasoning that came with its id only: it is known as long as its sealed text
 * is kept here.
 */
static bool
lacks_text(json_object *item)
{
	return js_is(item, "type", "reasoning") && js_str(item, "id") != NULL &&
	    js_get(item, "encrypted_content") == NULL;
}

static void
refill(json_object *item, json_object *found)
{
	if (js_is(found, "type", "reasoning") &&
	    js_get(found, "encrypted_content") != NULL)
		js_add_ref(item, "encrypted_content",
		    js_get(found, "encrypted_content"));
}

/* Why one could not be resolved. */
static bool
unresolved(const struct stored_wanted *w, struct err *err)
{
	return w->found == STORED_TROUBLE ? stored_items_unread(err, "items") :
	    w->found == STORED_FULL ? stored_items_large(err) :
	    err_not_found(err, "Item", w->id, "input");
}

/* What has to be looked up, in the order of the items. NULL: nothing. */
static struct stored_wanted *
wanted_by(json_object *items, size_t *n)
{
	struct stored_wanted	*w;
	json_object		*item;
	size_t			 i;

	*n = 0;
	w = xcalloc(js_len(items), sizeof(*w));
	for (i = 0; i < js_len(items); i++) {
		item = json_object_array_get_idx(items, i);
		if (stored_items_is_reference(item) || lacks_text(item))
			w[(*n)++].id = js_str(item, "id");
	}
	return w;
}

/*
 * Replace the items by what was found for them. False with "err" set for the
 * first one that was not; with "err" NULL it is left out.
 */
static bool
replace(json_object *items, struct stored_wanted *w, struct err *err)
{
	json_object	*item, *in;
	size_t		 i, kept = 0, n = js_len(items);

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		in = json_object_get(item);
		if (stored_items_is_reference(item)) {
			if (w->found != STORED_FOUND && err != NULL) {
				json_object_put(in);
				return unresolved(w, err);
			}
			json_object_put(in);
			in = json_object_get(w++->item);
		} else if (lacks_text(item))
			refill(item, w++->item);
		/* A null of the client's stays: it is for others to refuse. */
		if (in != NULL || item == NULL)
			json_object_array_put_idx(items, kept++, in);
	}
	json_object_array_del_idx(items, kept, n - kept);
	return true;
}

/* Was there one that the disk refused? */
static bool
any_trouble(const struct stored_wanted *w, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (w[i].found == STORED_TROUBLE)
			return true;
	return false;
}

bool
stored_items_resolve(struct stored *s, const char *owner, json_object *items,
    size_t *room, struct err *err)
{
	struct stored_wanted	*w;
	size_t			 n, i;
	bool			 ok = true, trouble;

	w = wanted_by(items, &n);
	if (n > REFERENCES_MAX && err != NULL)
		ok = err_param(err, "input", "array_above_max_length",
		    "Invalid 'input': it refers to %zu stored items, but %d "
		    "are the most.", n, REFERENCES_MAX);
	if (ok) {
		stored_find(s, owner, w, n, room);
		trouble = any_trouble(w, n);
		ok = (err == NULL || !trouble || stored_items_unread(err,
		    "items")) && replace(items, w, err) && !trouble;
	}
	for (i = 0; i < n; i++)
		json_object_put(w[i].item);
	free(w);
	return ok && (*room > 0 || err == NULL || stored_items_large(err));
}

/* --- What clients see. */

void
stored_items_strip(json_object *items)
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

void
stored_items_present(json_object *items)
{
	json_object	*item, *content;
	size_t		 n = js_len(items), i;

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		/* Reasoning has none, though some SDKs send back a null. */
		if (js_str(item, "status") == NULL) {
			if (js_is(item, "type", "reasoning"))
				js_del(item, "status");
			else
				js_add_str(item, "status", "completed");
		}
		if (!js_is(item, "type", "message"))
			continue;
		content = js_get(item, "content");
		if (json_object_is_type(content, json_type_string))
			js_add_take(item, "content", one_part(
			    js_is(item, "role", "assistant") ? "output_text" :
			    "input_text", content));
		present_parts(js_array(item, "content"));
	}
}

json_object *
stored_items_list_take(json_object *items, bool more)
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
