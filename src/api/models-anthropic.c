/* The list of models as Anthropic has it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/models-anthropic.h"
#include "api/request.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"

#define LIMIT_DEFAULT	20		/* Anthropic's, and its maximum */
#define LIMIT_MAX	1000

/* One can talk to these; others only make vectors. */
#define TALKS (MODEL_CHAT | MODEL_RESPONSES | MODEL_MESSAGES)

/* Which entries of the list a page has: from "at" up to "end". */
struct page {
	size_t	at, end;
	int64_t	limit;
};

static void
add_limit(json_object *obj, const char *key, int64_t n)
{
	if (n > 0)
		js_add_int(obj, key, n);
}

static json_object *
object_of(const struct model *m)
{
	json_object	*obj = json_object_new_object();
	char		 time[UTIL_TIME_SIZE];

	util_time_utc(m->created, time);
	js_add_str(obj, "type", "model");
	js_add_str(obj, "id", m->id);
	js_add_str(obj, "display_name", m->name[0] != '\0' ? m->name : m->id);
	js_add_str(obj, "created_at", time);
	add_limit(obj, "max_input_tokens", m->max_prompt_tokens);
	add_limit(obj, "max_tokens", m->max_output_tokens);
	return obj;
}

void
models_anthropic_one(const struct model *m, struct buf *out)
{
	json_object *obj = object_of(m);

	js_print(obj, out);
	json_object_put(obj);
}

static bool
read_limit(const struct request *r, int64_t *limit, struct err *err)
{
	char	*text = request_query(r, "limit");
	bool	 ok = true;

	*limit = LIMIT_DEFAULT;
	if (text != NULL && (!util_parse_int64(text, limit) || *limit < 1 ||
	    *limit > LIMIT_MAX))
		ok = err_param(err, "limit", "invalid_value", "limit: Input "
		    "should be a number from 1 to %d", LIMIT_MAX);
	free(text);
	return ok;
}

/* Where the model that the query names is; "dflt" when it names none. */
static bool
read_place(const struct models *models, const struct request *r,
    const char *name, size_t dflt, size_t *at, struct err *err)
{
	char			*id = request_query(r, name);
	const struct model	*m = id != NULL ? models_find(models, id) :
				    NULL;
	bool			 ok = id == NULL || m != NULL ||
				    err_param(err, name, "invalid_value",
				    "%s: there is no such model", name);

	*at = m != NULL ? (size_t)(m - models->list) : dflt;
	free(id);
	return ok;
}

static bool
read_page(const struct models *models, const struct request *r,
    struct page *page, struct err *err)
{
	char *after = request_query(r, "after_id");

	if (!read_limit(r, &page->limit, err) ||
	    !read_place(models, r, "after_id", 0, &page->at, err) ||
	    !read_place(models, r, "before_id", models->n, &page->end, err)) {
		free(after);
		return false;
	}
	page->at += after != NULL;
	free(after);
	return true;
}

/* A page before something ends with it: the last ones count. */
static void
skip_first(const struct models *models, struct page *page)
{
	size_t	i, n = 0;

	for (i = page->end; i > page->at; i--)
		if ((models->list[i - 1].endpoints & TALKS) != 0 &&
		    n++ == (size_t)page->limit)
			break;
	page->at = i;
}

bool
models_anthropic(const struct models *models, const struct request *r,
    struct buf *out, struct err *err)
{
	json_object		*obj, *data;
	const struct model	*m;
	struct page		 page;
	bool			 more = false;
	size_t			 i;

	if (!read_page(models, r, &page, err))
		return false;
	if (page.end < models->n) {
		i = page.at;
		skip_first(models, &page);
		more = page.at > i;
	}
	data = json_object_new_array();
	for (i = page.at; i < page.end; i++) {
		m = &models->list[i];
		if ((m->endpoints & TALKS) == 0)
			continue;
		if (js_len(data) == (size_t)page.limit) {
			more = true;
			break;
		}
		json_object_array_add(data, object_of(m));
	}
	obj = json_object_new_object();
	i = js_len(data);
	js_add_take(obj, "data", data);
	js_add_bool(obj, "has_more", more);
	js_add_str(obj, "first_id", i > 0 ? js_str(
	    json_object_array_get_idx(data, 0), "id") : NULL);
	js_add_str(obj, "last_id", i > 0 ? js_str(
	    json_object_array_get_idx(data, i - 1), "id") : NULL);
	js_print(obj, out);
	json_object_put(obj);
	return true;
}
