/*
 * All that is under /v1/responses/{id}: stored responses, to be read and
 * deleted.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/detached.h"
#include "api/followed.h"
#include "api/query.h"
#include "api/references.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/items.h"
#include "responses/object.h"
#include "responses/replay.h"
#include "responses/tools.h"
#include "state/background.h"
#include "state/stored.h"

/* The response that a request is about, and its owner. */
struct about {
	char	 owner[STATE_OWNER_SIZE];
	char	*id;
};

/* False when nothing is stored here. Release "id". */
static bool
about(struct exchange *x, struct about *a, struct err *err)
{
	static const char	 before[] = "/responses/";
	const char		*p = x->req.path + sizeof(before) - 1;
	char		 why[STORED_WHY_SIZE];

	a->id = xstrndup(p, strcspn(p, "/"));
	state_owner(x->key, a->owner);
	return stored_state(x->stored, x->conf, why) != STORED_OFF ||
	    err_set(err, 400, ERR_REQUEST, "responses_not_stored", NULL,
	    "Responses are not stored by this server: %s.", why);
}

static enum handled
refuse_take(struct exchange *x, struct about *a, const struct err *err)
{
	free(a->id);
	return exchange_refuse(x, err);
}

static enum handled
reply_take(struct exchange *x, json_object *obj)
{
	reply_json(&x->reply, 200);
	js_print(obj, &x->reply.body);
	json_object_put(obj);
	return HANDLED_REPLY;
}

/* --- GET and DELETE. */

static bool
no_response(const struct exchange *x, const struct about *a,
    enum stored_found found, struct err *err)
{
	return found == STORED_TROUBLE ?
	    references_unread(x->stored, err, NULL, "The stored responses") :
	    err_not_found(err, "Response", a->id, NULL);
}

/*
 * A response, whether it runs in the background, or did, or is stored. *events
 * says that it can be followed; NULL: nobody asks.
 */
static json_object *
find_response(struct exchange *x, const struct about *a, bool *events,
    enum stored_found *found)
{
	struct background	 b;
	json_object		*response = NULL;

	*found = background_get(x->stored, a->owner, a->id, &b);
	if (*found == STORED_FOUND) {
		response = detached_object(&b);
		if (events != NULL)
			*events = b.live || b.events > 0 || response != NULL;
	}
	background_release(&b);
	if (response != NULL || *found == STORED_TROUBLE)
		return response;
	return stored_response(x->stored, a->owner, a->id, found);
}

enum handled
api_stored_get(struct exchange *x)
{
	struct about		 a;
	json_object		*response = NULL;
	int64_t			 after = -1;
	struct err		 err;
	bool			 events = false, stream;
	enum stored_found	 found;

	if (!about(x, &a, &err) ||
	    !query_int(&x->req, "starting_after", &after, &err))
		return refuse_take(x, &a, &err);
	stream = query_is(&x->req, "stream", "true");
	response = find_response(x, &a, &events, &found);
	if (response == NULL) {
		no_response(x, &a, found, &err);
		return refuse_take(x, &a, &err);
	}
	if (stream && events) {
		x->followed = followed_create(a.owner, a.id, after);
		free(a.id);
		json_object_put(response);
		return HANDLED_FOLLOW;
	}
	free(a.id);
	if (!query_includes(&x->req, RESPONSES_SEALED))
		responses_items_strip(js_array(response, "output"));
	/* A response that was stored before they were dropped has them. */
	responses_drop_private(response);
	if (!stream)
		return reply_take(x, response);
	x->reply.status = 200;
	x->reply.content_type = "text/event-stream; charset=utf-8";
	reply_header(&x->reply, "Cache-Control", "no-cache");
	responses_replay(response, after, &x->reply.body);
	json_object_put(response);
	return HANDLED_REPLY;
}

enum handled
api_stored_delete(struct exchange *x)
{
	struct about		 a;
	json_object		*obj;
	struct err		 err;
	enum stored_found	 found, running;

	if (!about(x, &a, &err))
		return refuse_take(x, &a, &err);
	running = background_delete(x->stored, a.owner, a.id);
	found = stored_delete(x->stored, a.owner, a.id);
	if (found == STORED_NONE || running == STORED_TROUBLE)
		found = running;
	if (found != STORED_FOUND) {
		no_response(x, &a, found, &err);
		return refuse_take(x, &a, &err);
	}
	obj = json_object_new_object();
	js_add_str(obj, "id", a.id);
	js_add_str(obj, "object", "response");
	js_add_bool(obj, "deleted", true);
	free(a.id);
	return reply_take(x, obj);
}

/* --- The input items. */

/* The items of a turn as they are listed; NULL with "err" set. */
static json_object *
items_of(struct exchange *x, const struct about *a, struct err *err)
{
	size_t			 room;
	json_object		*items;
	enum stored_found	 found;

	room = (size_t)x->conf->max_request_body_bytes;
	items = background_input(x->stored, a->owner, a->id, &found);
	if (found == STORED_NONE)
		items = stored_input(x->stored, a->owner, a->id, &found);
	if (items != NULL && !references_follow(x->stored, a->owner, items,
	    &room, NULL)) {
		json_object_put(items);
		items = NULL;
		found = STORED_TROUBLE;
	}
	if (items == NULL) {
		no_response(x, a, found, err);
		return NULL;
	}
	responses_items_present(items);
	if (!query_includes(&x->req, RESPONSES_SEALED))
		responses_items_strip(items);
	return items;
}

enum handled
api_stored_items(struct exchange *x)
{
	struct about	 a;
	struct query_page p = { .after = NULL };
	json_object	*items = NULL, *list = NULL;
	struct err	 err;

	if (about(x, &a, &err) && query_page_read(&p, &x->req, false, &err)) {
		items = items_of(x, &a, &err);
		if (items != NULL)
			list = query_page_list(&p, items, "Item", &err);
	}
	json_object_put(items);
	query_page_finish(&p);
	if (list == NULL)
		return refuse_take(x, &a, &err);
	free(a.id);
	return reply_take(x, list);
}

/* --- Cancelling. */

/*
 * Whoever runs it finds out within a second. One that has ended stays as it is,
 * and is told so, as often as one likes.
 */
enum handled
api_stored_cancel(struct exchange *x)
{
	struct about		 a;
	json_object		*response = NULL;
	struct err		 err;
	enum stored_found	 found;

	if (!about(x, &a, &err))
		return refuse_take(x, &a, &err);
	found = background_cancel(x->stored, a.owner, a.id);
	if (found != STORED_TROUBLE)
		response = find_response(x, &a, NULL, &found);
	if (response == NULL) {
		no_response(x, &a, found, &err);
		return refuse_take(x, &a, &err);
	}
	if (!js_bool(response, "background", false)) {
		json_object_put(response);
		err_set(&err, 400, ERR_REQUEST, NULL, NULL,
		    "Cannot cancel a synchronous response.");
		return refuse_take(x, &a, &err);
	}
	free(a.id);
	responses_items_strip(js_array(response, "output"));
	return reply_take(x, response);
}
