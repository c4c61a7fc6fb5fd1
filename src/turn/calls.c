/* Tool calls in the history of a conversation. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/peek.h"
#include "base/scan.h"
#include "base/tree.h"
#include "base/util.h"
#include "turn/calls.h"

#define ID_MAX 64

/* --- Arguments. */

bool
calls_are_none(json_object *v)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return v == NULL;
	s = json_object_get_string(v);
	return s[strspn(s, " \t\r\n")] == '\0' || strcmp(s, "null") == 0;
}

/* An object that holds what is none; empty for what says nothing. */
static json_object *
print_unparsed(json_object *v)
{
	json_object *obj = json_object_new_object(), *text;

	if (!calls_are_none(v) &&
	    (!json_object_is_type(v, json_type_array) || js_len(v) > 0))
		js_add_ref(obj, "unparsed", v);
	text = js_print_string(obj);
	json_object_put(obj);
	return text;
}

/* Without a tree: most are fine, and some have megabytes. */
bool
calls_is_object(const char *p, size_t n)
{
	struct scan_facts f;

	return p[strspn(p, " \t\r\n")] == '{' &&
	    scan_json(p, n, SCAN_ANY, &f);
}

bool
calls_peek_arguments(struct peek *k, struct buf *space)
{
	struct peek_text	 text;
	const char		*p;
	size_t			 n;

	if (!peek_string(k, &text))
		return false;
	p = tree_text(text.p - 1, text.n + 2, space, &n);
	return calls_is_object(p, n);
}

static json_object *
text_arguments(json_object *v)
{
	const char	*p = json_object_get_string(v);
	size_t		 n = (size_t)json_object_get_string_len(v);
	json_object	*parsed, *text;

	if (calls_is_object(p, n))
		return json_object_get(v);
	parsed = js_parse_quiet(p, n);
	text = print_unparsed(parsed != NULL ? parsed : v);
	json_object_put(parsed);
	return text;
}

json_object *
calls_arguments(json_object *v)
{
	if (json_object_is_type(v, json_type_string))
		return text_arguments(v);
	return json_object_is_type(v, json_type_object) && v != NULL ?
	    js_print_string(v) : print_unparsed(v);
}

json_object *
calls_of_input(json_object *input)
{
	json_object *obj = json_object_new_object(), *text;

	if (input != NULL)
		js_add_ref(obj, "input", input);
	else
		js_add_str(obj, "input", "");
	text = js_print_string(obj);
	json_object_put(obj);
	return text;
}

json_object *
calls_input(const char *arguments, size_t n)
{
	json_object *obj = js_parse_quiet(arguments, n), *input;

	input = js_str(obj, "input") != NULL ?
	    json_object_get(js_get(obj, "input")) :
	    json_object_new_string_len(arguments, (int)n);
	json_object_put(obj);
	return input;
}

/* --- Ids. */

struct call_ids {
	json_object	*used;		/* an object: the ids that are taken */
	/* By the client's id: */
	json_object	*open;		/* those without a result, in order */
	json_object	*answered;	/* the last one that has one */
};

struct call_ids *
call_ids_create(void)
{
	struct call_ids *ids = xcalloc(1, sizeof(*ids));

	ids->used = json_object_new_object();
	ids->open = json_object_new_object();
	ids->answered = json_object_new_object();
	return ids;
}

void
call_ids_destroy(struct call_ids *ids)
{
	if (ids == NULL)
		return;
	json_object_put(ids->used);
	json_object_put(ids->open);
	json_object_put(ids->answered);
	free(ids);
}

bool
calls_fine_id(const char *id, size_t n)
{
	return n <= ID_MAX && util_is_name(id, n);
}

bool
calls_peek_id(struct peek *k, struct peek_text *id)
{
	return peek_string(k, id) && calls_fine_id(id->p, id->n);
}

static bool
is_fine(const char *id)
{
	return calls_fine_id(id, strlen(id));
}

static const char *
text_of(json_object *id)
{
	return json_object_is_type(id, json_type_string) ?
	    json_object_get_string(id) : "";
}

/* Another id for this one, the same each time that it is asked for. */
static json_object *
substitute(const struct call_ids *ids, const char *id)
{
	char		 text[32];
	uint64_t	 hash = util_hash(id);

	do {
		snprintf(text, sizeof(text), "call_%016" PRIx64, hash);
		hash = util_hash(text);
	} while (js_has(ids->used, text));
	return json_object_new_string(text);
}

json_object *
call_ids_call(struct call_ids *ids, json_object *id)
{
	const char	*theirs = text_of(id);
	json_object	*ours, *open = js_array(ids->open, theirs);

	ours = is_fine(theirs) && !js_has(ids->used, theirs) ?
	    json_object_get(id) : substitute(ids, theirs);
	js_add_bool(ids->used, json_object_get_string(ours), true);
	if (open == NULL) {
		open = json_object_new_array_ext(1);
		js_add_take(ids->open, theirs, open);
	}
	json_object_array_add(open, json_object_get(ours));
	return ours;
}

/*
 * "id", where ours says the same: what was not changed needs not be printed.
 */
static json_object *
same_or_take(json_object *id, json_object *ours)
{
	if (strcmp(text_of(id), json_object_get_string(ours)) != 0)
		return ours;
	json_object_put(ours);
	return json_object_get(id);
}

json_object *
call_ids_result(struct call_ids *ids, json_object *id)
{
	const char	*theirs = text_of(id);
	json_object	*open = js_array(ids->open, theirs), *ours;

	if (js_len(open) > 0) {
		ours = json_object_get(json_object_array_get_idx(open, 0));
		json_object_array_del_idx(open, 0, 1);
		js_add_ref(ids->answered, theirs, ours);
		return same_or_take(id, ours);
	}
	/* A result that comes twice; or of a call that is not there. */
	if ((ours = js_get(ids->answered, theirs)) != NULL)
		return same_or_take(id, json_object_get(ours));
	return is_fine(theirs) ? json_object_get(id) :
	    substitute(ids, theirs);
}
