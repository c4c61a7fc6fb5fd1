/*
 * What is under /v1/responses/{id}: stored responses, to be read and deleted.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "conf.h"
#include "err.h"
#include "js.h"
#include "responses-tools.h"
#include "stored-items.h"
#include "stored-replay.h"
#include "stored.h"
#include "text.h"
#include "util.h"

#define LIMIT_DEFAULT	20
#define LIMIT_MAX	100
#define INCLUDE_MAX	16	/* of one form; there are fewer to ask for */

/* Whose response of which id a request is about. */
struct about {
	char	 owner[STORED_OWNER_SIZE];
	char	*id;
};

/* False when there are none at all. Release "id". */
static bool
about(struct exchange *x, struct about *a, struct err *err)
{
	static const char	 before[] = "/responses/";
	const char		*p = x->req.path + sizeof(before) - 1;
	char			 why[STORED_WHY_SIZE];

	a->id = xstrndup(p, strcspn(p, "/"));
	stored_owner(x->key, a->owner);
	return stored_usable(x->stored, x->conf, why) ||
	    err_set(err, 400, ERR_REQUEST, "responses_not_stored", NULL,
	    "Responses are not stored by this server: %s.", why);
}

static bool
not_found(const char *id, struct err *err)
{
	char shown[128];

	text_clean(id, strlen(id), shown, sizeof(shown));
	return err_set(err, 404, ERR_REQUEST, NULL, NULL,
	    "Response with id '%s' not found.", shown);
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

/* --- Parameters. */

/* Is it in a list with commas? */
static bool
lists(char *take, const char *what)
{
	char	*rest = take, *one;
	bool	 found = false;

	while ((one = strsep(&rest, ",")) != NULL)
		found |= strcmp(one, what) == 0;
	free(take);
	return found;
}

/* include[]=WHAT, include=WHAT, again for each, or in one with commas. */
static bool
includes(const struct request *req, const char *what)
{
	static const char *const names[] = {
		"include[]", "include", "include%5B%5D", "include[0]",
		"include[1]"
	};
	char	*value;
	size_t	 i, k;

	for (i = 0; i < COUNT(names); i++)
		for (k = 0; k < INCLUDE_MAX && (value =
		    request_query_at(req, names[i], k)) != NULL; k++)
			if (lists(value, what))
				return true;
	return false;
}

static bool
wrong_integer(const char *name, const char *value, struct err *err)
{
	char shown[64];

	text_clean(value, strlen(value), shown, sizeof(shown));
	return err_param(err, name, "invalid_type", "Invalid type for '%s': "
	    "expected an integer, but got '%s' instead.", name, shown);
}

/* *n stays as it is when the parameter is absent. */
static bool
query_int(const struct request *req, const char *name, int64_t *n,
    struct err *err)
{
	char	*value = request_query(req, name);
	bool	 ok = true;

	if (value != NULL && !util_parse_int64(value, n))
		ok = wrong_integer(name, value, err);
	free(value);
	return ok;
}

static bool
query_is(const struct request *req, const char *name, const char *wanted)
{
	char	*value = request_query(req, name);
	bool	 is = value != NULL && strcmp(value, wanted) == 0;

	free(value);
	return is;
}

/* --- GET and DELETE. */

enum handled
api_stored_get(struct exchange *x)
{
	struct about	 a;
	json_object	*response = NULL;
	int64_t		 after = -1;
	struct err	 err;

	if (!about(x, &a, &err) ||
	    !query_int(&x->req, "starting_after", &after, &err))
		return refuse_take(x, &a, &err);
	response = stored_response(x->stored, a.owner, a.id);
	if (response == NULL) {
		not_found(a.id, &err);
		return refuse_take(x, &a, &err);
	}
	free(a.id);
	if (!includes(&x->req, RESPONSES_SEALED))
		stored_items_strip(js_array(response, "output"));
	if (!query_is(&x->req, "stream", "true"))
		return reply_take(x, response);
	x->reply.status = 200;
	x->reply.content_type = "text/event-stream; charset=utf-8";
	reply_header(&x->reply, "Cache-Control", "no-cache");
	stored_replay(response, after, &x->reply.body);
	json_object_put(response);
	return HANDLED_REPLY;
}

enum handled
api_stored_delete(struct exchange *x)
{
	struct about	 a;
	json_object	*obj;
	struct err	 err;

	if (!about(x, &a, &err) ||
	    (!stored_delete(x->stored, a.owner, a.id) &&
	    !not_found(a.id, &err)))
		return refuse_take(x, &a, &err);
	obj = json_object_new_object();
	js_add_str(obj, "id", a.id);
	js_add_str(obj, "object", "response");
	js_add_bool(obj, "deleted", true);
	free(a.id);
	return reply_take(x, obj);
}

/* --- The input items. */

struct page {
	int64_t	 limit;
	bool	 ascending;
	char	*after;		/* NULL: from the beginning */
};

static bool
wrong_order(const char *order, struct err *err)
{
	char shown[64];

	text_clean(order, strlen(order), shown, sizeof(shown));
	return err_param(err, "order", "invalid_value", "Invalid value: '%s'. "
	    "Supported values are: 'asc' and 'desc'.", shown);
}

/* Release "after". */
static bool
read_page(const struct request *req, struct page *p, struct err *err)
{
	char	*order = request_query(req, "order");
	bool	 ok;

	*p = (struct page){ .limit = LIMIT_DEFAULT };
	p->after = request_query(req, "after");
	p->ascending = order != NULL && strcmp(order, "asc") == 0;
	ok = order == NULL || p->ascending || strcmp(order, "desc") == 0 ||
	    wrong_order(order, err);
	ok = ok && query_int(req, "limit", &p->limit, err);
	free(order);
	if (ok && p->limit < 1)
		return err_param(err, "limit", "integer_below_min_value",
		    "Invalid 'limit': integer below minimum value. Expected a "
		    "value >= 1, but got %lld instead.", (long long)p->limit);
	if (ok && p->limit > LIMIT_MAX)
		return err_param(err, "limit", "integer_above_max_value",
		    "Invalid 'limit': integer above maximum value. Expected a "
		    "value <= %d, but got %lld instead.", LIMIT_MAX,
		    (long long)p->limit);
	return ok;
}

/* The item that is number i in the order wanted. */
static json_object *
item_at(json_object *items, size_t i, const struct page *p)
{
	return json_object_array_get_idx(items,
	    p->ascending ? i : js_len(items) - 1 - i);
}

/* Where the page begins; false when there is no item of that id. */
static bool
find_start(json_object *items, const struct page *p, size_t *at,
    struct err *err)
{
	char	shown[64];
	size_t	n = js_len(items);

	*at = 0;
	if (p->after == NULL)
		return true;
	while (*at < n)
		if (js_is(item_at(items, (*at)++, p), "id", p->after))
			return true;
	text_clean(p->after, strlen(p->after), shown, sizeof(shown));
	return err_set(err, 404, ERR_REQUEST, NULL, "after",
	    "Item with id '%s' not found.", shown);
}

static json_object *
list_of(json_object *items, const struct page *p, size_t at)
{
	json_object	*obj = json_object_new_object();
	json_object	*data = json_object_new_array();
	size_t		 n = js_len(items), count;

	while (at < n && js_len(data) < (size_t)p->limit)
		json_object_array_add(data,
		    json_object_get(item_at(items, at++, p)));
	count = js_len(data);
	js_add_str(obj, "object", "list");
	js_add_take(obj, "data", data);
	js_add_str(obj, "first_id", count == 0 ? NULL :
	    js_str(json_object_array_get_idx(data, 0), "id"));
	js_add_str(obj, "last_id", count == 0 ? NULL :
	    js_str(json_object_array_get_idx(data, count - 1), "id"));
	js_add_bool(obj, "has_more", at < n);
	return obj;
}

/* The items of a turn as they are listed, NULL when there is no such turn. */
static json_object *
items_of(struct exchange *x, const struct about *a)
{
	size_t		 room = (size_t)x->conf->max_request_body_bytes;
	json_object	*items = stored_input(x->stored, a->owner, a->id);

	if (items == NULL)
		return NULL;
	stored_items_resolve(x->stored, a->owner, items, &room, NULL);
	stored_items_present(items);
	if (!includes(&x->req, RESPONSES_SEALED))
		stored_items_strip(items);
	return items;
}

enum handled
api_stored_items(struct exchange *x)
{
	struct about	 a;
	struct page	 p = { .after = NULL };
	json_object	*items = NULL, *list = NULL;
	struct err	 err;
	size_t		 at;

	if (about(x, &a, &err) && read_page(&x->req, &p, &err)) {
		items = items_of(x, &a);
		if (items == NULL)
			not_found(a.id, &err);
		else if (find_start(items, &p, &at, &err))
			list = list_of(items, &p, at);
	}
	json_object_put(items);
	free(p.after);
	if (list == NULL)
		return refuse_take(x, &a, &err);
	free(a.id);
	return reply_take(x, list);
}

/* --- What isn't there. */

/* Nothing here runs in the background. */
enum handled
api_stored_cancel(struct exchange *x)
{
	struct about	 a;
	json_object	*response = NULL;
	struct err	 err;

	if (about(x, &a, &err)) {
		response = stored_response(x->stored, a.owner, a.id);
		if (response == NULL)
			not_found(a.id, &err);
		else
			err_set(&err, 400, ERR_REQUEST, NULL, NULL,
			    "Cannot cancel a synchronous response.");
	}
	json_object_put(response);
	return refuse_take(x, &a, &err);
}

/*
 * Tokens can be counted by those who know the model's vocabulary only, and
 * Copilot compacts nothing: both are as unknown here as any other path.
 */
enum handled
api_stored_missing(struct exchange *x)
{
	struct err err;

	err_set(&err, 404, ERR_REQUEST, NULL, NULL, "Invalid URL (%.10s %.300s)",
	    x->req.method, x->req.uri);
	return exchange_refuse(x, &err);
}
