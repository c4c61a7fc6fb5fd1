/* What is under /v1/chat/completions: those that were stored. */
#include "config.h"

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
#include "base/util.h"
#include "responses/items.h"
#include "state/completions.h"
#include "turn/complain.h"

/* Whose completion of which id a request is about. */
struct about {
	char	 owner[STATE_OWNER_SIZE];
	char	*id;		/* "" for the list */
};

/* False when nothing is stored here. Release "id". */
static bool
about(struct exchange *x, struct about *a, struct err *err)
{
	const char	*p = x->req.path + strlen("/chat/completions");
	char		 why[STORED_WHY_SIZE];

	p += *p == '/';
	a->id = xstrndup(p, strcspn(p, "/"));
	state_owner(x->key, a->owner);
	return stored_state(x->stored, x->conf, why) != STORED_OFF ||
	    err_set(err, 400, ERR_REQUEST, "completions_not_stored", NULL,
	    "Chat completions are not stored by this server: %s.", why);
}

/* Tell the client of a lookup; false with "err" set unless it was found. */
static bool
found_or(const struct exchange *x, const struct about *a,
    enum stored_found found, struct err *err)
{
	if (found == STORED_FOUND)
		return true;
	return found == STORED_NONE ?
	    err_not_found(err, "Completion", a->id, NULL) :
	    references_unread(x->stored, err, NULL,
	    "The stored chat completions");
}

/* The reply, or why not: "obj" NULL. Releases all of it. */
static enum handled
answer_take(struct exchange *x, struct about *a, json_object *obj,
    const struct err *err)
{
	free(a->id);
	if (obj == NULL)
		return exchange_refuse(x, err);
	reply_json(&x->reply, 200);
	js_print(obj, &x->reply.body);
	json_object_put(obj);
	return HANDLED_REPLY;
}

static json_object *
read_completion(struct exchange *x, const struct about *a, struct err *err)
{
	enum stored_found	 found;
	json_object		*obj;

	obj = completion_get(x->stored, a->owner, a->id, &found);
	if (obj == NULL)
		found_or(x, a, found, err);
	return obj;
}

enum handled
api_chat_get(struct exchange *x)
{
	struct about	 a;
	json_object	*obj = NULL;
	struct err	 err;

	if (about(x, &a, &err))
		obj = read_completion(x, &a, &err);
	return answer_take(x, &a, obj, &err);
}

enum handled
api_chat_delete(struct exchange *x)
{
	struct about	 a;
	json_object	*obj = NULL;
	struct err	 err;

	if (about(x, &a, &err) && found_or(x, &a, completion_delete(x->stored,
	    a.owner, a.id), &err)) {
		obj = json_object_new_object();
		js_add_str(obj, "object", "chat.completion.deleted");
		js_add_str(obj, "id", a.id);
		js_add_bool(obj, "deleted", true);
	}
	return answer_take(x, &a, obj, &err);
}

/* --- Metadata, all that can be changed. */

static json_object *
update(struct exchange *x, const struct about *a, json_object *body,
    struct err *err)
{
	json_object *metadata, *obj = NULL;

	if (!json_object_is_type(body, json_type_object))
		complain_wrong_type(err, NULL, "an object", body);
	else if (!js_has(body, "metadata"))
		complain_missing(err, "metadata");
	else if ((metadata = metadata_read(body, err)) != NULL) {
		if (found_or(x, a, completion_update(x->stored, a->owner,
		    a->id, metadata), err))
			obj = read_completion(x, a, err);
		json_object_put(metadata);
	}
	return obj;
}

enum handled
api_chat_update(struct exchange *x)
{
	struct about	 a;
	json_object	*body = NULL, *obj = NULL;
	struct err	 err;

	if (about(x, &a, &err) && exchange_parse(x, &body, &err))
		obj = update(x, &a, body, &err);
	json_object_put(body);
	return answer_take(x, &a, obj, &err);
}

/* --- Lists. */

static json_object *
list(struct exchange *x, const struct about *a, const struct query_page *p,
    struct err *err)
{
	json_object		*pairs = query_pairs(&x->req, "metadata");
	char			*model = request_query(&x->req, "model");
	struct completion_cursor cursor = {
		.limit = p->limit, .ascending = p->ascending,
		.after = p->after, .model = model, .metadata = pairs
	};
	struct completion_page	 page;
	json_object		*obj = NULL;

	if (found_or(x, a, completion_list(x->stored, a->owner, &cursor,
	    (size_t)x->conf->max_request_body_bytes, &page), err)) {
		if (page.no_after)
			err_not_found(err, "Completion", p->after, "after");
		else
			obj = responses_items_list_take(page.items, page.more);
	}
	json_object_put(pairs);
	free(model);
	return obj;
}

enum handled
api_chat_list(struct exchange *x)
{
	struct query_page	 p = { .after = NULL };
	struct about		 a;
	json_object		*obj = NULL;
	struct err		 err;

	if (about(x, &a, &err) && query_page_read(&p, &x->req, true, &err))
		obj = list(x, &a, &p, &err);
	query_page_finish(&p);
	return answer_take(x, &a, obj, &err);
}

/* Content of several parts has a member of its own. */
static void
present(json_object *message, const char *id, size_t i)
{
	json_object	*parts = js_array(message, "content");
	char		*own = xasprintf("%s-%zu", id, i);

	js_add_str(message, "id", own);
	js_add_ref(message, "content_parts", parts);
	if (parts != NULL || !js_has(message, "content"))
		js_add_null(message, "content");
	if (!js_has(message, "name"))
		js_add_null(message, "name");
	free(own);
}

static json_object *
messages(struct exchange *x, const struct about *a, const struct query_page *p,
    struct err *err)
{
	enum stored_found	 found;
	json_object		*all, *obj = NULL;
	size_t			 i;

	all = completion_messages(x->stored, a->owner, a->id, &found);
	if (found_or(x, a, found, err)) {
		for (i = 0; i < js_len(all); i++)
			present(json_object_array_get_idx(all, i), a->id, i);
		obj = query_page_list(p, all, "Message", err);
	}
	json_object_put(all);
	return obj;
}

enum handled
api_chat_messages(struct exchange *x)
{
	struct query_page	 p = { .after = NULL };
	struct about		 a;
	json_object		*obj = NULL;
	struct err		 err;

	if (about(x, &a, &err) && query_page_read(&p, &x->req, true, &err))
		obj = messages(x, &a, &p, &err);
	query_page_finish(&p);
	return answer_take(x, &a, obj, &err);
}
