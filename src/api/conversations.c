/*
 * All that is under /v1/conversations: lists of items that the client and the
 * responses that name them add to (OpenAI's Conversations API).
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/metadata.h"
#include "api/query.h"
#include "api/references.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "responses/items.h"
#include "responses/tools.h"
#include "state/conversations.h"
#include "turn/complain.h"

#define ITEMS_MAX 20	/* in one request, as OpenAI's reference has it */

/* The conversation that a request is about, its owner, and the item of it. */
struct about {
	char	 owner[STATE_OWNER_SIZE];
	char	*id;		/* NULL: none; likewise */
	char	*item;
};

/* The segment of a path at p, NULL when there is none; *p goes behind it. */
static char *
segment(const char **p)
{
	size_t	 n;
	char	*s;

	if (**p != '/')
		return NULL;
	n = strcspn(++*p, "/");
	s = n > 0 ? xstrndup(*p, n) : NULL;
	*p += n;
	return s;
}

/* /conversations[/ID[/items[/ITEM]]]. False when nothing is stored here. */
static bool
about(struct exchange *x, struct about *a, struct err *err)
{
	const char	*p = x->req.path + strlen("/conversations");
	char	 why[STORED_WHY_SIZE];

	a->id = segment(&p);
	free(segment(&p));
	a->item = segment(&p);
	state_owner(x->key, a->owner);
	return stored_state(x->stored, x->conf, why) != STORED_OFF ||
	    err_set(err, 400, ERR_REQUEST, "conversations_not_stored", NULL,
	    "Conversations are not stored by this server: %s.", why);
}

/* Tell the client of a lookup; false with "err" set unless it was found. */
static bool
found_or(const struct exchange *x, const struct about *a,
    enum stored_found found, struct err *err)
{
	switch (found) {
	case STORED_FOUND:
		return true;
	case STORED_NONE:
		return err_not_found(err, "Conversation", a->id, NULL);
	case STORED_FULL:
		return err_set(err, 400, ERR_REQUEST, "conversation_too_large",
		    "items", "The conversation would be larger than this server"
		    " stores (storedResponses.maxBytes).");
	default:
		return references_unread(x->stored, err, NULL,
		    "The conversation");
	}
}

/* The reply, or why not: "obj" NULL. Releases all of it. */
static enum handled
answer_take(struct exchange *x, struct about *a, json_object *obj,
    const struct err *err)
{
	free(a->id);
	free(a->item);
	if (obj == NULL)
		return exchange_refuse(x, err);
	reply_json(&x->reply, 200);
	js_print(obj, &x->reply.body);
	json_object_put(obj);
	return HANDLED_REPLY;
}

static json_object *
conversation_object(const struct conversation *c)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "id", c->id);
	js_add_str(obj, "object", "conversation");
	js_add_int(obj, "created_at", c->created);
	js_add_ref(obj, "metadata", c->metadata);
	return obj;
}

static json_object *
read_conversation(struct exchange *x, const struct about *a, struct err *err)
{
	struct conversation	 c = { .metadata = NULL };
	json_object		*obj = NULL;

	if (found_or(x, a, conversation_get(x->stored, a->owner, a->id, &c),
	    err))
		obj = conversation_object(&c);
	conversation_finish(&c);
	return obj;
}

/* --- Bodies. */

/* An object; no body at all is an empty one. */
static json_object *
parse_body(struct exchange *x, struct err *err)
{
	json_object *obj = NULL;

	if (x->req.body.len == 0)
		return json_object_new_object();
	if (!js_parse_body(&x->req.body, &obj, err))
		return NULL;
	if (json_object_is_type(obj, json_type_object) && obj != NULL)
		return obj;
	json_object_put(obj);
	err_param(err, NULL, NULL, "The request body has to be a JSON object.");
	return NULL;
}

/* It becomes part of a path, and is told apart from others as a C string. */
static bool
check_id(json_object *id, const char *item, struct err *err)
{
	static const char	 fine[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789_-";
	const char		*s;
	char			 param[40], shown[128];

	snprintf(param, sizeof(param), "%s.id", item);
	if (id == NULL)
		return true;
	if (!json_object_is_type(id, json_type_string))
		return complain_wrong_type(err, param, "a string", id);
	s = json_object_get_string(id);
	if (strspn(s, fine) == (size_t)json_object_get_string_len(id))
		return true;
	text_clean(s, strlen(s), shown, sizeof(shown));
	return err_param(err, param, "invalid_value", "Invalid '%s': '%s'. "
	    "Expected an ID that contains letters, numbers, underscores, or "
	    "dashes, but this value contained additional characters.", param,
	    shown);
}

static bool
check_item(json_object *item, const char *param, struct err *err)
{
	json_object	*type = js_get(item, "type");
	char		 type_param[40];

	if (!json_object_is_type(item, json_type_object))
		return complain_wrong_type(err, param, "an object", item);
	snprintf(type_param, sizeof(type_param), "%s.type", param);
	if (type != NULL && !json_object_is_type(type, json_type_string))
		return complain_wrong_type(err, type_param, "a string", type);
	if (type == NULL && js_str(item, "role") == NULL &&
	    !responses_items_is_reference(item))
		return err_param(err, param, "missing_required_parameter",
		    "Missing required parameter: '%s'.", type_param);
	return check_id(js_get(item, "id"), param, err);
}

static bool
check_items(json_object *items, struct err *err)
{
	size_t	n = js_len(items), i;
	char	param[32];

	if (n > ITEMS_MAX)
		return err_param(err, "items", "array_above_max_length",
		    "Invalid 'items': array too long. Expected an array with "
		    "maximum length %d, but got an array with length %zu "
		    "instead.", ITEMS_MAX, n);
	for (i = 0; i < n; i++) {
		snprintf(param, sizeof(param), "items[%zu]", i);
		if (!check_item(json_object_array_get_idx(items, i), param,
		    err))
			return false;
	}
	return true;
}

/*
 * The items of a request as they are kept and shown: with ids, references
 * followed. NULL: "err" is set.
 */
static json_object *
read_items(struct exchange *x, const struct about *a, json_object *obj,
    bool needed, struct err *err)
{
	size_t		 room = (size_t)x->conf->max_request_body_bytes;
	json_object	*items = js_get(obj, "items");

	if (items == NULL && !needed)
		return json_object_new_array();
	if (items == NULL)
		complain_missing(err, "items");
	else if (!json_object_is_type(items, json_type_array))
		complain_wrong_type(err, "items", "an array of items", items);
	if (js_array(obj, "items") == NULL || !check_items(items, err) ||
	    !references_follow(x->stored, a->owner, items, &room, err))
		return NULL;
	responses_items_complete(items);
	responses_items_present(items);
	return json_object_get(items);
}

/* Tell the client of items; false with "err" set unless they were added. */
static bool
added(const struct exchange *x, const struct about *a, json_object *items,
    enum stored_found found, int twice, struct err *err)
{
	char		 shown[128];
	const char	*id;

	if (twice < 0)
		return found_or(x, a, found, err);
	id = js_str(json_object_array_get_idx(items, (size_t)twice), "id");
	text_clean(id, strlen(id), shown, sizeof(shown));
	return err_param(err, "items", NULL, "Duplicate item found with id %s. "
	    "Remove duplicate items from your input and try again.", shown);
}

/* --- The conversations. */

static json_object *
create(struct exchange *x, const struct about *a, json_object *body,
    struct err *err)
{
	struct conversation	 c = { .metadata = NULL };
	json_object		*items = NULL, *obj = NULL;
	enum stored_found	 found;
	int			 again;

	if ((c.metadata = metadata_read(body, err)) != NULL &&
	    (items = read_items(x, a, body, false, err)) != NULL) {
		found = conversation_create(x->stored, x->conf, a->owner, &c,
		    items, &again);
		if (added(x, a, items, found, again, err))
			obj = conversation_object(&c);
	}
	json_object_put(items);
	conversation_finish(&c);
	return obj;
}

enum handled
api_conv_create(struct exchange *x)
{
	struct about	 a = { .id = NULL };
	json_object	*body = NULL, *obj = NULL;
	struct err	 err;

	if (about(x, &a, &err) && (body = parse_body(x, &err)) != NULL)
		obj = create(x, &a, body, &err);
	json_object_put(body);
	return answer_take(x, &a, obj, &err);
}

enum handled
api_conv_get(struct exchange *x)
{
	struct about	 a = { .id = NULL };
	json_object	*obj = NULL;
	struct err	 err;

	if (about(x, &a, &err))
		obj = read_conversation(x, &a, &err);
	return answer_take(x, &a, obj, &err);
}

static json_object *
update(struct exchange *x, const struct about *a, json_object *body,
    struct err *err)
{
	json_object *metadata, *obj = NULL;

	if (!js_has(body, "metadata")) {
		complain_missing(err, "metadata");
		return NULL;
	}
	if ((metadata = metadata_read(body, err)) != NULL &&
	    found_or(x, a, conversation_update(x->stored, a->owner, a->id,
	    metadata), err))
		obj = read_conversation(x, a, err);
	json_object_put(metadata);
	return obj;
}

enum handled
api_conv_update(struct exchange *x)
{
	struct about	 a = { .id = NULL };
	json_object	*body = NULL, *obj = NULL;
	struct err	 err;

	if (about(x, &a, &err) && (body = parse_body(x, &err)) != NULL)
		obj = update(x, &a, body, &err);
	json_object_put(body);
	return answer_take(x, &a, obj, &err);
}

enum handled
api_conv_delete(struct exchange *x)
{
	struct about	 a = { .id = NULL };
	json_object	*obj = NULL;
	struct err	 err;

	if (about(x, &a, &err) && found_or(x, &a, conversation_delete(x->stored,
	    a.owner, a.id), &err)) {
		obj = json_object_new_object();
		js_add_str(obj, "id", a.id);
		js_add_str(obj, "object", "conversation.deleted");
		js_add_bool(obj, "deleted", true);
	}
	return answer_take(x, &a, obj, &err);
}

/* --- Their items. */

/* A list; takes over the items and shows what was asked for. */
static json_object *
list_take(struct exchange *x, json_object *items, bool more)
{
	if (!query_includes(&x->req, RESPONSES_SEALED))
		responses_items_strip(items);
	return responses_items_list_take(items, more);
}

enum handled
api_conv_list(struct exchange *x)
{
	struct query_page	 p = { .after = NULL };
	struct about		 a = { .id = NULL };
	struct conversation_page	 page;
	json_object		*obj = NULL;
	struct err		 err;

	if (about(x, &a, &err) && query_page_read(&p, &x->req, false, &err) &&
	    found_or(x, &a, conversation_list(x->stored, a.owner, a.id,
	    &(struct conversation_cursor){ p.limit, p.ascending, p.after },
	    (size_t)x->conf->max_request_body_bytes, &page), &err)) {
		if (page.no_after)
			err_not_found(&err, "Item", p.after, "after");
		else
			obj = list_take(x, page.items, page.more);
	}
	query_page_finish(&p);
	return answer_take(x, &a, obj, &err);
}

static json_object *
add(struct exchange *x, const struct about *a, json_object *body,
    struct err *err)
{
	enum stored_found	 found;
	json_object		*items = read_items(x, a, body, true, err);
	int			 again;

	if (items == NULL)
		return NULL;
	found = conversation_add(x->stored, x->conf, a->owner, a->id, items,
	    &again);
	if (added(x, a, items, found, again, err))
		return list_take(x, items, false);
	json_object_put(items);
	return NULL;
}

enum handled
api_conv_add(struct exchange *x)
{
	struct about	 a = { .id = NULL };
	json_object	*body = NULL, *obj = NULL;
	struct err	 err;

	if (about(x, &a, &err) && (body = parse_body(x, &err)) != NULL)
		obj = add(x, &a, body, &err);
	json_object_put(body);
	return answer_take(x, &a, obj, &err);
}

enum handled
api_conv_item(struct exchange *x)
{
	enum stored_found	 found;
	struct about		 a = { .id = NULL };
	json_object		*items, *obj = NULL;
	struct err		 err;

	if (!about(x, &a, &err))
		return answer_take(x, &a, NULL, &err);
	obj = conversation_item(x->stored, a.owner, a.id, a.item, &found);
	if (obj == NULL && found_or(x, &a, found, &err))
		err_not_found(&err, "Item", a.item, NULL);
	if (obj != NULL && !query_includes(&x->req, RESPONSES_SEALED)) {
		items = json_object_new_array();
		json_object_array_add(items, json_object_get(obj));
		responses_items_strip(items);
		json_object_put(items);
	}
	return answer_take(x, &a, obj, &err);
}

/* The conversation that it was taken out of is the answer. */
enum handled
api_conv_item_delete(struct exchange *x)
{
	enum stored_found	 found;
	struct about		 a = { .id = NULL };
	json_object		*obj = NULL;
	struct err		 err;

	if (about(x, &a, &err) && (obj = read_conversation(x, &a, &err)) !=
	    NULL) {
		found = conversation_item_delete(x->stored, a.owner, a.id,
		    a.item);
		if (found == STORED_NONE ? !err_not_found(&err, "Item", a.item,
		    NULL) : !found_or(x, &a, found, &err)) {
			json_object_put(obj);
			obj = NULL;
		}
	}
	return answer_take(x, &a, obj, &err);
}
