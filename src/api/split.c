/* A request that takes several others. */
#include "config.h"

#include "api/exchange.h"
#include "api/split.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"

/* A client that gives a seed wants n answers, not one n times. */
static json_object *
seed_of(json_object *obj, size_t k)
{
	int64_t seed = js_int(obj, "seed", 0);

	return json_object_new_int64(seed < INT64_MAX - SPLIT_MAX ?
	    seed + (int64_t)k : seed - (int64_t)k);
}

/* The body with one choice, as a client would have written it. */
static void
add_part(struct exchange *x, json_object *obj, size_t k, json_object *prompt)
{
	json_object	*seed = seed_of(obj, k);
	struct js_edit	 edits[4] = {
		{ .key = "n", .remove = true },
		{ .key = "best_of", .remove = true }
	};
	size_t		 n = 2;

	if (json_object_is_type(js_get(obj, "seed"), json_type_int))
		edits[n++] = (struct js_edit){ "seed", seed, false };
	if (prompt != NULL)
		edits[n++] = (struct js_edit){ "prompt", prompt, false };
	js_splice(x->req.body.p, x->req.body.len, edits, n,
	    &x->parts[x->nparts++]);
	json_object_put(seed);
}

static void
begin(struct exchange *x, json_object *obj, size_t n)
{
	x->parts = xcalloc(n, sizeof(*x->parts));
	x->stream = js_bool(obj, "stream", false);
}

bool
split_choices(struct exchange *x, json_object *obj, int64_t n,
    struct err *err)
{
	int64_t i;

	if (n > SPLIT_MAX)
		return err_param(err, "n", "integer_above_max_value",
		    "Invalid 'n': integer above maximum value. Expected a "
		    "value <= %d, but got %lld instead. Each choice of this "
		    "model takes a call of its own.", SPLIT_MAX,
		    (long long)n);
	begin(x, obj, (size_t)n);
	for (i = 0; i < n; i++)
		add_part(x, obj, (size_t)i, NULL);
	return true;
}

bool
split_prompts(struct exchange *x, json_object *obj, json_object *prompts,
    struct err *err)
{
	int64_t	each = js_int(obj, "n", 1), i;
	size_t	n = js_len(prompts), k;

	if (each < 1 || each > SPLIT_MAX || n > SPLIT_MAX ||
	    (int64_t)n * each > SPLIT_MAX)
		return err_param(err, "prompt", "array_above_max_length",
		    "Invalid 'prompt': array too long. Each text of each "
		    "prompt takes a call of its own, and there are %d at the "
		    "most, but %zu prompts with 'n' %lld were sent.",
		    SPLIT_MAX, n, (long long)each);
	begin(x, obj, n * (size_t)each);
	for (k = 0; k < n; k++)
		for (i = 0; i < each; i++)
			add_part(x, obj, (size_t)i,
			    json_object_array_get_idx(prompts, k));
	return true;
}
