/* A turn in no API's words. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "turn/turn.h"

enum turn_format_kind
turn_format_kind(json_object *format)
{
	static const struct {
		const char		*type;
		enum turn_format_kind	 kind;
	} kinds[] = {
		{ "text",		TURN_FORMAT_TEXT },
		{ "json_object",	TURN_FORMAT_OBJECT },
		{ "json_schema",	TURN_FORMAT_SCHEMA },
	};
	size_t i;

	for (i = 0; i < COUNT(kinds); i++)
		if (js_is(format, "type", kinds[i].type))
			return kinds[i].kind;
	return TURN_FORMAT_UNSAID;
}

void
turn_set(json_object **member, json_object *v)
{
	json_object *old = *member;

	*member = json_object_get(v);
	json_object_put(old);
}

struct turn_item *
turn_add(struct turn *t, enum turn_kind kind, int64_t index, int64_t part)
{
	t->items = util_grow(t->items, t->n, sizeof(*t->items));
	t->items[t->n] = (struct turn_item){
		.kind = kind, .origin = { index, part }
	};
	return &t->items[t->n++];
}

struct turn_part *
turn_add_part(struct turn *t, struct turn_item *item, enum turn_part_kind kind,
    json_object *text, int64_t at)
{
	item->parts = util_grow(item->parts, item->nparts,
	    sizeof(*item->parts));
	item->parts[item->nparts] = (struct turn_part){
		.kind = kind, .text = json_object_get(text), .at = at
	};
	t->vision |= kind == TURN_IMAGE;
	return &item->parts[item->nparts++];
}

void
turn_add_name(struct turn_choice *c, json_object *space, json_object *name,
    bool custom)
{
	c->names = util_grow(c->names, c->n, sizeof(*c->names));
	c->names[c->n++] = (struct turn_name){
		json_object_get(space), json_object_get(name), custom
	};
}

/* --- Words. */

/* Responses know a fourth detail. */
const char *
turn_detail(json_object *image)
{
	static const char *const known[] = { "auto", "low", "high" };
	size_t i;

	for (i = 0; i < COUNT(known); i++)
		if (js_is(image, "detail", known[i]))
			return known[i];
	return js_is(image, "detail", "original") ? "high" : NULL;
}

static const char *const modes[] = {
	[TURN_CHOICE_AUTO] = "auto", [TURN_CHOICE_NONE] = "none",
	[TURN_CHOICE_REQUIRED] = "required",
};

enum turn_choice_kind
turn_mode(json_object *word)
{
	size_t i;

	for (i = TURN_CHOICE_AUTO; i < COUNT(modes); i++)
		if (json_object_is_type(word, json_type_string) &&
		    strcmp(json_object_get_string(word), modes[i]) == 0)
			return (enum turn_choice_kind)i;
	return TURN_CHOICE_UNSAID;
}

const char *
turn_mode_word(enum turn_choice_kind kind)
{
	return (size_t)kind < COUNT(modes) ? modes[kind] : NULL;
}

/* --- An item that is over. */

static void
item_finish(struct turn_item *item)
{
	size_t i;

	for (i = 0; i < item->nparts; i++) {
		json_object_put(item->parts[i].text);
		json_object_put(item->parts[i].name);
	}
	free(item->parts);
	json_object_put(item->id);
	json_object_put(item->space);
	json_object_put(item->name);
	json_object_put(item->arguments);
	json_object_put(item->phase);
	json_object_put(item->seal.text);
	json_object_put(item->seal.vendor);
}

void
turn_drop_last(struct turn *t)
{
	item_finish(&t->items[--t->n]);
}

static const char *
text_of(json_object *v)
{
	return json_object_is_type(v, json_type_string) ?
	    json_object_get_string(v) : NULL;
}

void
turn_flat(const struct turn_name *name, char flat[static TOOLS_NAME_SIZE])
{
	const char *s = text_of(name->name);

	tools_flat(text_of(name->space), s != NULL ? s : "", flat);
}

void
turn_limit(struct turn *t)
{
	json_object	*names;
	char		 flat[TOOLS_NAME_SIZE];
	size_t		 i;

	if (!t->choice.limited)
		return;
	names = json_object_new_object();
	for (i = 0; i < t->choice.n; i++) {
		turn_flat(&t->choice.names[i], flat);
		js_add_bool(names, flat, true);
	}
	tools_keep(&t->tools, names);
	json_object_put(names);
	t->choice.limited = false;
	if (t->choice.kind != TURN_CHOICE_REQUIRED)
		t->choice.kind = TURN_CHOICE_UNSAID;
}

/* --- Calls and their results. */

/*
 * For each id the results of that id, the first one last, since from there it
 * can be taken.
 */
static json_object *
results_by_id(const struct turn *t)
{
	json_object	*all = json_object_new_object(), *list;
	const char	*id;
	size_t		 i;

	for (i = t->n; i > 0; i--) {
		if (t->items[i - 1].kind != TURN_RESULT)
			continue;
		id = json_object_get_string(t->items[i - 1].id);
		if ((list = js_array(all, id)) == NULL) {
			list = json_object_new_array();
			js_add_take(all, id, list);
		}
		json_object_array_add(list,
		    json_object_new_int64((int64_t)i - 1));
	}
	return all;
}

size_t *
turn_pairs(const struct turn *t)
{
	json_object	*all = results_by_id(t), *list;
	size_t		*pairs = xcalloc(t->n + 1, sizeof(*pairs)), i, k;

	for (i = 0; i < t->n; i++)
		pairs[i] = t->n;
	for (i = 0; i < t->n; i++) {
		if (t->items[i].kind != TURN_CALL)
			continue;
		list = js_array(all, json_object_get_string(t->items[i].id));
		if (js_len(list) == 0)
			continue;
		k = (size_t)json_object_get_int64(json_object_array_get_idx(
		    list, js_len(list) - 1));
		json_object_array_del_idx(list, js_len(list) - 1, 1);
		pairs[i] = k;
		pairs[k] = i;
	}
	json_object_put(all);
	return pairs;
}

static void
choice_finish(struct turn_choice *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		json_object_put(c->names[i].space);
		json_object_put(c->names[i].name);
	}
	free(c->names);
}

void
turn_finish(struct turn *t)
{
	json_object *const values[] = {
		t->format.name, t->format.description, t->format.schema,
		t->format.strict, t->parallel, t->effort, t->verbosity,
		t->temperature, t->top_p, t->top_k, t->limit, t->top_logprobs,
		t->stop, t->cache_key, t->search.hosts, t->search.place,
		t->search.size,
	};
	size_t i;

	for (i = 0; i < t->n; i++)
		item_finish(&t->items[i]);
	free(t->items);
	tools_finish(&t->tools);
	choice_finish(&t->choice);
	for (i = 0; i < COUNT(values); i++)
		json_object_put(values[i]);
	*t = (struct turn){ 0 };
}
