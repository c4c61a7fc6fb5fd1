/* References to stored items. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "api/references.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/items.h"
#include "state/stored.h"

#define REFERENCES_MAX 2048	/* of one request */
#define ITEMS "The stored items"

bool
references_large(struct err *err)
{
	return err_set(err, 413, ERR_REQUEST, "request_too_large", NULL,
	    "The request is too large together with the stored items that it "
	    "refers to (maxRequestBodyBytes).");
}

bool
references_unread(const struct stored *s, struct err *err, const char *param,
    const char *what)
{
	if (!stored_is_shared(s))
		return err_set(err, 500, ERR_SERVER, NULL, param,
		    "%s could not be read or written. Please try again.",
		    what);
	err_set(err, 503, ERR_SERVER, NULL, param, "%s could not be read or "
	    "written: the database is away. Please try again.", what);
	snprintf(err->retry_after, sizeof(err->retry_after), REFERENCES_RETRY);
	return false;
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
unresolved(const struct stored *s, const struct stored_wanted *w,
    struct err *err)
{
	return w->found == STORED_TROUBLE ?
	    references_unread(s, err, NULL, ITEMS) :
	    w->found == STORED_FULL ? references_large(err) :
	    err_not_found(err, "Item", w->id, "input");
}

/* The ids to be looked up, in the order of the items. NULL: none. */
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
		if (responses_items_is_reference(item) || lacks_text(item))
			w[(*n)++].id = js_str(item, "id");
	}
	return w;
}

/*
 * Replace the items by what was found for them. False with "err" set for the
 * first one that was not; with "err" NULL it is left out.
 */
static bool
replace(const struct stored *s, json_object *items, struct stored_wanted *w,
    struct err *err)
{
	json_object	*item, *in;
	size_t		 i, kept = 0, n = js_len(items);

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		in = json_object_get(item);
		if (responses_items_is_reference(item)) {
			if (w->found != STORED_FOUND && err != NULL) {
				json_object_put(in);
				return unresolved(s, w, err);
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
references_follow(struct stored *s, const char *owner, json_object *items,
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
		ok = (err == NULL || !trouble || references_unread(s, err,
		    NULL, ITEMS)) && replace(s, items, w, err) && !trouble;
	}
	for (i = 0; i < n; i++)
		json_object_put(w[i].item);
	free(w);
	return ok && (*room > 0 || err == NULL || references_large(err));
}
