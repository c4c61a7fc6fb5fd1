/* Edits of a JSON object's members. */
#include "config.h"

#include <string.h>

#include "base/edits.h"
#include "base/util.h"

static void
set(struct edits *e, const char *key, json_object *take, bool remove)
{
	size_t i;

	for (i = 0; i < e->n && strcmp(e->list[i].key, key) != 0; i++)
		;
	if (i == EDITS_MAX)
		die("more edits of a request than there are members");
	if (i == e->n)
		e->n++;
	else
		json_object_put(e->list[i].value);
	e->list[i] = (struct js_edit){ key, take, remove };
}

void
edits_set_take(struct edits *e, const char *key, json_object *value)
{
	set(e, key, value, false);
}

void
edits_remove(struct edits *e, const char *key)
{
	set(e, key, NULL, true);
}

void
edits_drop(struct edits *e, json_object *obj, const char *key)
{
	if (js_has(obj, key))
		edits_remove(e, key);
}

void
edits_apply(const struct edits *e, json_object *obj)
{
	size_t i;

	for (i = 0; i < e->n; i++) {
		if (e->list[i].remove)
			js_del(obj, e->list[i].key);
		else
			js_add_ref(obj, e->list[i].key, e->list[i].value);
	}
}

void
edits_finish(struct edits *e)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		json_object_put(e->list[i].value);
	e->n = 0;
}
