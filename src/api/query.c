/* Query parameters with a meaning. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/query.h"
#include "api/request.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "responses/items.h"

#define LIMIT_DEFAULT	20
#define LIMIT_MAX	100
#define LIST_MAX	64	/* values of one form */
#define INCLUDE_MAX	16	/* of one form; there are fewer to ask for */

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

bool
query_includes(const struct request *req, const char *what)
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

/* One of those with commas: of the list behind "take", number *i. */
static char *
pick(char *take, size_t *i)
{
	char	*rest = take, *one, *found = NULL;

	while (found == NULL && (one = strsep(&rest, ",")) != NULL)
		if ((*i)-- == 0)
			found = xstrdup(one);
	free(take);
	return found;
}

char *
query_list_at(const struct request *req, const char *name, size_t i)
{
	static const char *const endings[] = { "[]", "%5B%5D", "" };
	char	*form, *value, *found = NULL;
	size_t	 f, k;

	for (f = 0; f < COUNT(endings) && found == NULL; f++) {
		form = xasprintf("%s%s", name, endings[f]);
		for (k = 0; k < LIST_MAX && found == NULL && (value =
		    request_query_at(req, form, k)) != NULL; k++)
			found = pick(value, &i);
		free(form);
	}
	return found;
}

bool
query_list_given(const struct request *req, const char *name)
{
	char	*first = query_list_at(req, name, 0);
	bool	 given = first != NULL;

	free(first);
	return given;
}

bool
query_list_has(const struct request *req, const char *name, const char *value)
{
	char	*one;
	size_t	 i;
	bool	 has = false;

	for (i = 0; !has && (one = query_list_at(req, name, i)) != NULL; i++) {
		has = strcmp(one, value) == 0;
		free(one);
	}
	return has;
}

static bool
wrong_integer(const char *name, const char *value, struct err *err)
{
	char shown[64];

	text_clean(value, strlen(value), shown, sizeof(shown));
	return err_param(err, name, "invalid_type", "Invalid type for '%s': "
	    "expected an integer, but got '%s' instead.", name, shown);
}

bool
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

bool
query_is(const struct request *req, const char *name, const char *wanted)
{
	char	*value = request_query(req, name);
	bool	 is = value != NULL && strcmp(value, wanted) == 0;

	free(value);
	return is;
}

/* --- Pages. */

static bool
wrong_order(const char *order, struct err *err)
{
	char shown[64];

	text_clean(order, strlen(order), shown, sizeof(shown));
	return err_param(err, "order", "invalid_value", "Invalid value: '%s'. "
	    "Supported values are: 'asc' and 'desc'.", shown);
}

bool
query_page_read(struct query_page *p, const struct request *req,
    bool ascending, struct err *err)
{
	char	*order = request_query(req, "order");
	bool	 ok;

	*p = (struct query_page){ .limit = LIMIT_DEFAULT };
	p->after = request_query(req, "after");
	p->ascending = order != NULL ? strcmp(order, "asc") == 0 : ascending;
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

void
query_page_finish(struct query_page *p)
{
	free(p->after);
	p->after = NULL;
}

/* The item that is number i in the order wanted. */
static json_object *
item_at(json_object *items, size_t i, const struct query_page *p)
{
	return json_object_array_get_idx(items,
	    p->ascending ? i : js_len(items) - 1 - i);
}

/* Where the page begins; false when there is no item of that id. */
static bool
find_start(json_object *items, const struct query_page *p, size_t *at)
{
	size_t n = js_len(items);

	*at = 0;
	if (p->after == NULL)
		return true;
	while (*at < n)
		if (js_is(item_at(items, (*at)++, p), "id", p->after))
			return true;
	return false;
}

json_object *
query_page_list(const struct query_page *p, json_object *items,
    const char *what, struct err *err)
{
	json_object	*data;
	size_t		 at, n = js_len(items);

	if (!find_start(items, p, &at)) {
		err_not_found(err, what, p->after, "after");
		return NULL;
	}
	data = json_object_new_array();
	while (at < n && js_len(data) < (size_t)p->limit)
		json_object_array_add(data,
		    json_object_get(item_at(items, at++, p)));
	return responses_items_list_take(data, at < n);
}

/* --- Pairs. */

/* What is in the brackets of "name", NULL when it is none of "of"'s. Edits. */
static const char *
key_in(char *name, const char *of)
{
	size_t n = strlen(of), len = strlen(name);

	if (strncmp(name, of, n) != 0 || name[n] != '[' || len < n + 2 ||
	    name[len - 1] != ']')
		return NULL;
	name[len - 1] = '\0';
	return name + n + 1;
}

json_object *
query_pairs(const struct request *req, const char *name)
{
	json_object	*pairs = NULL;
	const char	*at = req->query, *key;
	char		*given, *value;

	while (request_query_next(&at, &given, &value)) {
		if ((key = key_in(given, name)) != NULL) {
			if (pairs == NULL)
				pairs = json_object_new_object();
			js_add_str(pairs, key, value);
		}
		free(given);
		free(value);
	}
	return pairs;
}
