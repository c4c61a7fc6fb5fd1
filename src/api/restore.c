/* A Responses request takes this from the stored ones. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/references.h"
#include "api/restore.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "responses/items.h"
#include "responses/tools.h"
#include "state/conversations.h"

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

/* The id of "conversation", a string or an object; NULL when there is none. */
static const char *
conversation_of(json_object *obj)
{
	const char *id = js_str(obj, "conversation");

	return id != NULL ? id : js_str(js_obj(obj, "conversation"), "id");
}

static bool
no_conversation(const char *id, const char *why, struct err *err)
{
	char shown[128];

	text_clean(id, strlen(id), shown, sizeof(shown));
	return err_set(err, 404, ERR_REQUEST, "conversation_not_found",
	    "conversation", "Conversation with id '%s' not found.%s%s%s", shown,
	    *why != '\0' ? " Conversations are not stored: " : "", why,
	    *why != '\0' ? "." : "");
}

/* The client shall not count on it. */
static void
keep_nothing(struct exchange *x, json_object *obj)
{
	if (js_bool(obj, "store", true)) {
		js_add_bool(obj, "store", false);
		reply_header(&x->reply, STORED_HEADER, "no");
	}
}

/* Nothing is stored here, so nothing can be gone on from. */
static bool
do_without(json_object *obj, const char *why, struct err *err)
{
	const char *previous = js_str(obj, "previous_response_id");
	const char *conversation = conversation_of(obj);

	if (conversation != NULL)
		return no_conversation(conversation, why, err);
	return previous == NULL || no_previous(previous, why, err);
}

/* Note what is to be stored, before references are followed (stored_put()). */
static void
note(struct restored *r, json_object *obj, json_object *items)
{
	const char *previous = js_str(obj, "previous_response_id");
	const char *conversation = conversation_of(obj);

	if (previous != NULL)
		r->previous = xstrdup(previous);
	if (conversation != NULL)
		r->conversation = xstrdup(conversation);
	r->keep = js_bool(obj, "store", true);
	r->strip = !responses_included(js_array(obj, "include"),
	    RESPONSES_SEALED);
	if (r->keep)
		r->ids = responses_items_name(items, &r->input);
}

static bool
refers(json_object *items)
{
	json_object	*item;
	size_t		 n = js_len(items), i;

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		if (responses_items_is_reference(item) ||
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
chain_of(struct restored *r, struct exchange *x, json_object *obj,
    size_t *room, struct err *err)
{
	enum stored_found	 found;
	json_object		*all;

	all = stored_chain(x->stored, r->owner, r->previous,
	    js_str(obj, "model"), room, &found);
	if (found == STORED_FULL)
		references_large(err);
	else if (found == STORED_NONE)
		no_previous(r->previous, "", err);
	else if (found == STORED_TROUBLE)
		references_unread(x->stored, err, NULL,
		    "The stored responses");
	return all;
}

/* The first id in "items" that is among "ids", which gets them if "add". */
static const char *
find_id(json_object *items, json_object *ids, bool add)
{
	const char	*id;
	size_t		 i;

	for (i = 0; i < js_len(items); i++) {
		id = js_str(json_object_array_get_idx(items, i), "id");
		if (id == NULL || *id == '\0')
			continue;
		if (js_has(ids, id))
			return id;
		if (add)
			js_add_bool(ids, id, true);
	}
	return NULL;
}

/*
 * An item of the client's that is there twice, or in the conversation already:
 * it keeps one of each.
 */
static bool
repeats(json_object *all, json_object *items, struct err *err)
{
	json_object	*ids = json_object_new_object();
	const char	*id = find_id(items, ids, true);
	char		 shown[128];

	if (id == NULL && json_object_object_length(ids) > 0)
		id = find_id(all, ids, false);
	json_object_put(ids);
	if (id == NULL)
		return false;
	text_clean(id, strlen(id), shown, sizeof(shown));
	err_param(err, "input", NULL, "Duplicate item found with id %s. Remove "
	    "duplicate items from your input and try again.", shown);
	return true;
}

static json_object *
items_of(struct restored *r, struct exchange *x,
    json_object *obj, json_object *items, size_t *room, struct err *err)
{
	enum stored_found	 found;
	json_object		*all;

	all = conversation_items(x->stored, r->owner, r->conversation,
	    js_str(obj, "model"), room, &found);
	if (all != NULL && repeats(all, items, err)) {
		json_object_put(all);
		return NULL;
	}
	if (found == STORED_FULL)
		references_large(err);
	else if (found == STORED_NONE)
		no_conversation(r->conversation, "", err);
	else if (found == STORED_TROUBLE)
		references_unread(x->stored, err, "conversation",
		    "The conversation");
	return all;
}

/* Edit "input"; "items" is the client's as an array. */
static bool
follow(struct restored *r, struct exchange *x, json_object *obj,
    json_object *items, struct err *err)
{
	size_t		 room = (size_t)x->conf->max_request_body_bytes;
	json_object	*all;

	if (r->previous == NULL && r->conversation == NULL &&
	    (r->usual || !refers(items)))
		return true;
	r->edited = true;
	if (!references_follow(x->stored, r->owner, items, &room, err))
		return false;
	if (r->previous == NULL && r->conversation == NULL) {
		js_add_ref(obj, "input", items);
		return true;
	}
	all = r->previous != NULL ? chain_of(r, x, obj, &room, err) :
	    items_of(r, x, obj, items, &room, err);
	if (all == NULL)
		return false;
	if (!references_follow(x->stored, r->owner, all, &room, NULL) ||
	    room == 0) {
		json_object_put(all);
		return room == 0 ? references_large(err) :
		    references_unread(x->stored, err, NULL, "The stored items");
	}
	x->restored = js_len(all);
	x->restored_by = r->previous != NULL ? "previous_response_id" :
	    "conversation";
	append(all, items);
	js_add_take(obj, "input", all);
	if (r->previous != NULL)
		r->interaction = stored_interaction(x->stored, r->owner,
		    r->previous);
	return true;
}

static bool
fits(json_object *obj, const char *key, json_type type)
{
	json_object *v = js_get(obj, key);

	return v == NULL || json_object_is_type(v, type);
}

/* The answer repeats it as an object, whatever the client sent. */
static bool
fit_conversation(json_object *obj, struct err *err)
{
	const char	*id = conversation_of(obj);
	json_object	*shown;

	if (id == NULL)
		return true;
	if (js_str(obj, "previous_response_id") != NULL)
		return err_param(err, NULL, "mutually_exclusive_parameters",
		    "Mutually exclusive parameters. Ensure you are only "
		    "providing one of: 'previous_response_id' or "
		    "'conversation'.");
	shown = json_object_new_object();
	js_add_str(shown, "id", id);
	js_add_take(obj, "conversation", shown);
	return true;
}

/* A response that it goes on from is input enough, as it is for OpenAI. */
static json_object *
input_of(json_object *obj)
{
	if (js_get(obj, "input") == NULL &&
	    (js_str(obj, "previous_response_id") != NULL ||
	    conversation_of(obj) != NULL))
		js_add_take(obj, "input", json_object_new_array());
	return js_get(obj, "input");
}

bool
restore_read(struct restored *r, struct exchange *x,
    json_object *obj, struct err *err)
{
	json_object		*input = input_of(obj), *items;
	enum stored_state	 state;
	char			 why[STORED_WHY_SIZE];
	bool			 ok;

	*r = (struct restored){ .usual = r->usual, .agent = r->agent };
	x->restored = 0;
	if ((!json_object_is_type(input, json_type_string) &&
	    js_array(obj, "input") == NULL) ||
	    !fits(obj, "store", json_type_boolean) ||
	    !fits(obj, "previous_response_id", json_type_string))
		return true;
	if (!fit_conversation(obj, err))
		return false;
	state = stored_state(x->stored, x->conf, why);
	if (state == STORED_BROKEN && stored_is_shared(x->stored) &&
	    js_bool(obj, "store", false))
		return references_unread(x->stored, err, "store",
		    "The response");
	if (state != STORED_USABLE)
		keep_nothing(x, obj);
	if (state == STORED_OFF)
		return do_without(obj, why, err);
	state_owner(x->key, r->owner);
	items = responses_items_array(input);
	note(r, obj, items);
	ok = follow(r, x, obj, items, err);
	if (ok && r->keep) {
		responses_items_settle(js_array(obj, "input"));
		r->edited = true;
	}
	json_object_put(items);
	return ok;
}

void
restore_finish(struct restored *r)
{
	free(r->previous);
	free(r->conversation);
	free(r->interaction);
	buf_finish(&r->input);
	json_object_put(r->ids);
	*r = (struct restored){ 0 };
}
