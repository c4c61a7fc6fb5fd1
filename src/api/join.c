/* Several answers of one request, put together. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/join.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "turn/usage.h"

struct join {
	size_t		 each;
	json_object	*head;		/* the first object that came */
	json_object	*usage;		/* the sum; NULL: none came */
	json_object	*choices;	/* of wholes: by index, with gaps */
};

/* --- Usage. */

static json_object *
sum_of(json_object *a, json_object *b)
{
	if (json_object_is_type(a, json_type_double) ||
	    json_object_is_type(b, json_type_double))
		return json_object_new_double(json_object_get_double(a) +
		    json_object_get_double(b));
	return json_object_new_int64(json_object_get_int64(a) +
	    json_object_get_int64(b));
}

static bool
is_number(json_object *v)
{
	return json_object_is_type(v, json_type_int) ||
	    json_object_is_type(v, json_type_double);
}

static void
add_numbers(json_object *to, json_object *from)
{
	json_object *old;

	json_object_object_foreach(from, key, v) {
		old = js_get(to, key);
		if (old == NULL)
			js_add_ref(to, key, v);
		else if (json_object_is_type(old, json_type_object) &&
		    json_object_is_type(v, json_type_object))
			add_numbers(old, v);
		else if (is_number(old) && is_number(v))
			js_add_take(to, key, sum_of(old, v));
	}
}

static void
add_usage(struct join *j, json_object *usage)
{
	if (!json_object_is_type(usage, json_type_object))
		return;
	if (j->usage == NULL)
		j->usage = json_object_get(usage);
	else
		add_numbers(j->usage, usage);
}

/* A sum of amounts as they were printed would not be exact. */
static void
put_usage(struct join *j, const struct usage *sum, json_object *to)
{
	json_object *cost = usage_cost(sum);

	if (js_get(j->usage, "cost") != NULL && cost != NULL)
		js_add_ref(j->usage, "cost", cost);
	json_object_put(cost);
	js_add_ref(to, "usage", j->usage);
}

/* --- What they share. */

/* All are one answer, that of the first. */
static void
put_head(struct join *j, json_object *obj)
{
	static const char *const same[] = { "id", "created", "model" };
	size_t i;

	if (j->head == NULL)
		j->head = json_object_get(obj);
	for (i = 0; i < COUNT(same); i++)
		js_add_given(obj, same[i], js_get(j->head, same[i]));
}

static void
set_indexes(struct join *j, size_t k, json_object *choices)
{
	json_object	*choice;
	size_t		 i;

	for (i = 0; i < js_len(choices); i++) {
		choice = json_object_array_get_idx(choices, i);
		js_add_int(choice, "index", js_int(choice, "index", 0) +
		    (int64_t)(k * j->each));
	}
}

/* --- Streams. */

static void
put_event(json_object *obj, struct buf *out)
{
	struct buf text = { 0 };

	js_print(obj, &text);
	sse_put(out, NULL, buf_str(&text), text.len);
	buf_finish(&text);
}

static bool
put_chunk(struct join *j, size_t k, json_object *obj, struct buf *out)
{
	json_object *choices = js_array(obj, "choices");

	if (choices == NULL) {
		put_event(obj, out);
		return false;
	}
	put_head(j, obj);
	add_usage(j, js_get(obj, "usage"));
	if (js_len(choices) == 0)
		return true;
	set_indexes(j, k, choices);
	put_event(obj, out);
	return true;
}

bool
join_event(struct join *j, size_t k, const char *data, size_t n,
    struct buf *out)
{
	json_object	*obj;
	bool		 ok;

	if (n == 6 && memcmp(data, "[DONE]", 6) == 0)
		return true;
	obj = js_parse_quiet(data, n);
	ok = put_chunk(j, k, obj, out);
	json_object_put(obj);
	return ok;
}

void
join_end(struct join *j, const struct usage *sum, struct buf *out)
{
	json_object *last, *none;

	if (j->usage != NULL && j->head != NULL) {
		last = json_object_new_object();
		none = json_object_new_array();
		json_object_object_foreach(j->head, key, v) {
			if (strcmp(key, "choices") != 0)
				js_add_ref(last, key, v);
		}
		js_add_take(last, "choices", none);
		put_usage(j, sum, last);
		put_event(last, out);
		json_object_put(last);
	}
	sse_put(out, NULL, "[DONE]", 6);
}

/* --- Wholes. */

bool
join_whole(struct join *j, size_t k, const char *body, size_t n)
{
	json_object	*obj = js_parse_quiet(body, n);
	json_object	*choices = js_array(obj, "choices"), *choice;
	size_t		 i;

	if (choices == NULL) {
		json_object_put(obj);
		return false;
	}
	put_head(j, obj);
	add_usage(j, js_get(obj, "usage"));
	set_indexes(j, k, choices);
	for (i = 0; i < js_len(choices); i++) {
		choice = json_object_array_get_idx(choices, i);
		json_object_array_put_idx(j->choices, k * j->each + i,
		    json_object_get(choice));
	}
	json_object_put(obj);
	return true;
}

void
join_print(struct join *j, const struct usage *sum, struct buf *out)
{
	js_add_ref(j->head, "choices", j->choices);
	if (j->usage != NULL)
		put_usage(j, sum, j->head);
	js_print(j->head, out);
}

struct join *
join_create(size_t each)
{
	struct join *j = xcalloc(1, sizeof(*j));

	j->each = each;
	j->choices = json_object_new_array();
	return j;
}

void
join_destroy(struct join *j)
{
	if (j == NULL)
		return;
	json_object_put(j->head);
	json_object_put(j->usage);
	json_object_put(j->choices);
	free(j);
}
