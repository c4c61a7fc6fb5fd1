/* What a Responses request takes from the stored ones. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "exchange.h"
#include "js.h"
#include "responses-tools.h"
#include "stored-items.h"
#include "stored-request.h"
#include "text.h"
#include "util.h"

#define STORED_HEADER "x-response-stored"

/* "why" may be "". */
static bool
no_previous(const char *id, const char *why, struct err *err)
{
	char shown[128];

	text_clean(id, strlen(id), shown, sizeof(shown));
	return err_param(err, "previous_response_id",
	    "previous_response_not_found",
	    "Previous response with id '%s' not found.%s%s%s", shown,
	    *why != '\0' ? " Responses are not stored: " : "", why,
	    *why != '\0' ? "." : "");
}

/* Responses can't be stored: the client shall not count on it. */
static bool
do_without(struct exchange *x, json_object *obj, const char *why,
    struct err *err)
{
	const char *previous = js_str(obj, "previous_response_id");

	if (js_bool(obj, "store", true)) {
		js_add_bool(obj, "store", false);
		reply_header(&x->reply, STORED_HEADER, "no");
	}
	return previous == NULL || no_previous(previous, why, err);
}

/* What is to be stored; before references are followed, see stored_put(). */
static void
note(struct stored_request *r, json_object *obj, json_object *items)
{
	const char *previous = js_str(obj, "previous_response_id");

	if (previous != NULL)
		r->previous = xstrdup(previous);
	r->keep = js_bool(obj, "store", true);
	r->strip = !responses_included(js_array(obj, "include"),
	    RESPONSES_SEALED);
	if (r->keep)
		r->ids = stored_items_name(items, &r->input);
}

static bool
refers(json_object *items)
{
	json_object	*item;
	size_t		 n = js_len(items), i;

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		if (stored_items_is_reference(item) ||
		    (js_is(item, "type", "reasoning") &&
		    js_get(item, "encrypted_content") == NULL))
			return true;
	}
	return false;
}

static void
append(json_object *to, json_object *items)
{
	size_t n = js_len(items), i;

	for (i = 0; i < n; i++)
		json_object_array_add(to,
		    json_object_get(json_object_array_get_idx(items, i)));
}

static json_object *
chain_of(struct stored_request *r, struct exchange *x, json_object *obj,
    size_t *room, struct err *err)
{
	enum stored_found	 found;
	json_object		*all;

	all = stored_chain(x->stored, r->owner, r->previous,
	    js_str(obj, "model"), room, &found);
	if (found == STORED_FULL)
		stored_items_large(err);
	else if (found == STORED_NONE)
		no_previous(r->previous, "", err);
	else if (found == STORED_TROUBLE)
		stored_items_unread(err, "responses");
	return all;
}

/* Edit "input"; "items" is the client's as an array. */
static bool
follow(struct stored_request *r, struct exchange *x, json_object *obj,
    json_object *items, struct err *err)
{
	size_t		 room = (size_t)x->conf->max_request_body_bytes;
	json_object	*all;

	if (r->previous == NULL && !refers(items))
		return true;
	r->edited = true;
	if (!stored_items_resolve(x->stored, r->owner, items, &room, err))
		return false;
	if (r->previous == NULL) {
		js_add_ref(obj, "input", items);
		return true;
	}
	all = chain_of(r, x, obj, &room, err);
	if (all == NULL)
		return false;
	if (!stored_items_resolve(x->stored, r->owner, all, &room, NULL) ||
	    room == 0) {
		json_object_put(all);
		return room == 0 ? stored_items_large(err) :
		    stored_items_unread(err, "items");
	}
	append(all, items);
	js_add_take(obj, "input", all);
	return true;
}

static bool
fits(json_object *obj, const char *key, json_type type)
{
	json_object *v = js_get(obj, key);

	return v == NULL || json_object_is_type(v, type);
}

bool
stored_request_read(struct stored_request *r, struct exchange *x,
    json_object *obj, struct err *err)
{
	json_object	*input = js_get(obj, "input"), *items;
	char		 why[STORED_WHY_SIZE];
	bool		 ok;

	*r = (struct stored_request){ 0 };
	if ((!json_object_is_type(input, json_type_string) &&
	    js_array(obj, "input") == NULL) ||
	    !fits(obj, "store", json_type_boolean) ||
	    !fits(obj, "previous_response_id", json_type_string))
		return true;
	if (!stored_usable(x->stored, x->conf, why))
		return do_without(x, obj, why, err);
	stored_owner(x->key, r->owner);
	items = stored_items_array(input);
	note(r, obj, items);
	ok = follow(r, x, obj, items, err);
	json_object_put(items);
	return ok;
}

void
stored_request_finish(struct stored_request *r)
{
	free(r->previous);
	buf_finish(&r->input);
	json_object_put(r->ids);
	*r = (struct stored_request){ 0 };
}
