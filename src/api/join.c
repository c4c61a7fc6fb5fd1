/* Several answers of one request, put together. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include "api/join.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/print.h"
#include "chat/wanted.h"
#include "turn/usage.h"

struct join_part {
	struct join	*join;
	size_t		 k;
	json_object	*first;		/* chunk, or the whole */
	json_object	*usage;
	bool		 ended;
};

struct join {
	bool			 stream;
	struct chat_tap		 tap;
	pthread_mutex_t		 lock;
	struct join_part	*head;	/* who spoke first, or ended */
	/* Of that, as it was printed, since a chunk belongs to its thread. */
	char			*id, *model;
	int64_t			 created;
	json_object		*usage;	/* the sum; NULL: none came */
	size_t			 n;
	struct join_part	 parts[];
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

/* --- What they say. */

static char *
copy(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

/* All are one answer, that of the first. */
static void
put_head(struct join *j, struct join_part *p, json_object *obj)
{
	if (j->head == NULL) {
		j->head = p;
		j->id = copy(js_str(obj, "id"));
		j->model = copy(js_str(obj, "model"));
		j->created = js_int(obj, "created", 0);
	} else if (j->head != p) {
		js_add_str(obj, "id", j->id);
		js_add_int(obj, "created", j->created);
		js_add_str(obj, "model", j->model);
	}
}

static void
put(const struct join *j, json_object *obj, struct buf *out)
{
	if (j->tap.print != NULL)
		j->tap.print(j->tap.arg, obj, out);
	else
		chat_print_tree(obj, j->stream, out);
}

static void
put_chunk(struct join_part *p, json_object *chunk, struct buf *out)
{
	struct join *j = p->join;

	pthread_mutex_lock(&j->lock);
	put_head(j, p, chunk);
	put(j, chunk, out);
	pthread_mutex_unlock(&j->lock);
}

/* One choice each, whose number is the answer's. */
static void
set_indexes(const struct join_part *p, json_object *choices)
{
	size_t i;

	for (i = 0; i < js_len(choices); i++)
		js_add_int(json_object_array_get_idx(choices, i), "index",
		    (int64_t)p->k);
}

/* A whole is printed for its measure only: see server/fan.c. */
static void
print(void *arg, json_object *obj, struct buf *out)
{
	struct join_part	*p = arg;
	json_object		*choices = js_array(obj, "choices");
	json_object		*usage = js_obj(obj, "usage");

	p->ended = obj == NULL || !p->join->stream;
	if (usage != NULL) {
		json_object_put(p->usage);
		p->usage = json_object_get(usage);
	}
	if (p->first == NULL)
		p->first = json_object_get(obj);
	set_indexes(p, choices);
	if (!p->join->stream)
		chat_print_tree(obj, false, out);
	else if (js_len(choices) > 0)
		put_chunk(p, obj, out);
}

struct join_part *
join_part(struct join *j, size_t k)
{
	return &j->parts[k];
}

struct chat_tap
join_tap(struct join_part *p)
{
	return (struct chat_tap){
		.print = p != NULL ? print : NULL, .arg = p
	};
}

bool
join_add(struct join *j, size_t k)
{
	struct join_part *p = &j->parts[k];

	if (!p->ended)
		return false;
	add_usage(j, p->usage);
	if (j->head == NULL)
		j->head = p;
	return true;
}

/* --- All of them. */

static void
end_stream(struct join *j, const struct usage *sum, struct buf *out)
{
	json_object *last;

	if (j->usage != NULL) {
		last = json_object_new_object();
		json_object_object_foreach(j->head->first, key, v)
			js_add_ref(last, key, v);
		js_add_take(last, "choices", json_object_new_array());
		put_usage(j, sum, last);
		put(j, last, out);
		json_object_put(last);
	}
	put(j, NULL, out);
}

static void
end_whole(struct join *j, const struct usage *sum, struct buf *out)
{
	json_object	*obj = j->head->first, *own;
	json_object	*choices = json_object_new_array();
	size_t		 k, i;

	for (k = 0; k < j->n; k++) {
		own = js_array(j->parts[k].first, "choices");
		for (i = 0; i < js_len(own); i++)
			json_object_array_add(choices, json_object_get(
			    json_object_array_get_idx(own, i)));
	}
	js_add_take(obj, "choices", choices);
	if (j->usage != NULL)
		put_usage(j, sum, obj);
	put(j, obj, out);
}

void
join_end(struct join *j, const struct usage *sum, struct buf *out)
{
	if (j->stream)
		end_stream(j, sum, out);
	else
		end_whole(j, sum, out);
}

bool
join_keeps(const struct join *j)
{
	return j->tap.keep != NULL;
}

void
join_keep(struct join *j)
{
	j->tap.keep(j->tap.arg);
}

struct join *
join_create(size_t n, bool stream, const struct chat_tap *tap)
{
	struct join	*j = xcalloc(1, sizeof(*j) + n * sizeof(j->parts[0]));
	size_t		 i;

	j->stream = stream;
	if (tap != NULL)
		j->tap = *tap;
	pthread_mutex_init(&j->lock, NULL);
	j->n = n;
	for (i = 0; i < n; i++)
		j->parts[i] = (struct join_part){ .join = j, .k = i };
	return j;
}

void
join_destroy(struct join *j)
{
	size_t i;

	if (j == NULL)
		return;
	for (i = 0; i < j->n; i++) {
		json_object_put(j->parts[i].first);
		json_object_put(j->parts[i].usage);
	}
	json_object_put(j->usage);
	pthread_mutex_destroy(&j->lock);
	free(j->id);
	free(j->model);
	free(j);
}
