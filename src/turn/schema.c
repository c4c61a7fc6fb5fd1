/* JSON Schema as a family of models takes it. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "turn/schema.h"

static bool	fit(json_object *);

/* "type": ["string", "null"] */
static bool
fit_types(json_object *schema)
{
	json_object	*types = js_array(schema, "type"), *type, *any, *one;
	size_t		 i, n = js_len(types);
	bool		 nullable = false;

	if (types == NULL)
		return false;
	any = json_object_new_array();
	for (i = 0; i < n; i++) {
		type = json_object_array_get_idx(types, i);
		if (!json_object_is_type(type, json_type_string))
			continue;
		if (strcmp(json_object_get_string(type), "null") == 0) {
			nullable = true;
			continue;
		}
		one = json_object_new_object();
		js_add_ref(one, "type", type);
		json_object_array_add(any, one);
	}
	if (js_len(any) == 1)
		js_add_ref(schema, "type",
		    js_get(json_object_array_get_idx(any, 0), "type"));
	else
		js_del(schema, "type");
	if (js_len(any) > 1 && !js_has(schema, "anyOf"))
		js_add_ref(schema, "anyOf", any);
	if (nullable)
		js_add_bool(schema, "nullable", true);
	json_object_put(any);
	return true;
}

static bool
fit_items(json_object *schema)
{
	json_object *items;

	if (!js_is(schema, "type", "array") || js_obj(schema, "items") != NULL)
		return false;
	items = json_object_new_object();
	js_add_str(items, "type", "string");
	js_add_take(schema, "items", items);
	return true;
}

static bool
fit_enum(json_object *schema)
{
	json_object	*values = js_array(schema, "enum");
	size_t		 i;

	for (i = 0; i < js_len(values); i++)
		if (!json_object_is_type(json_object_array_get_idx(values, i),
		    json_type_string)) {
			js_del(schema, "enum");
			return true;
		}
	return false;
}

/* Every schema that is a member of this object. */
static bool
fit_members(json_object *schemas)
{
	bool changed = false;

	if (schemas == NULL)
		return false;
	json_object_object_foreach(schemas, key, v) {
		(void)key;
		changed |= fit(v);
	}
	return changed;
}

static bool
fit_list(json_object *schemas)
{
	size_t	i;
	bool	changed = false;

	for (i = 0; i < js_len(schemas); i++)
		changed |= fit(json_object_array_get_idx(schemas, i));
	return changed;
}

/* As deep as the JSON parser went. */
static bool
fit(json_object *schema)
{
	static const char *const objects[] = {
		"properties", "$defs", "definitions",
	};
	static const char *const lists[] = { "anyOf", "oneOf", "allOf" };
	bool	changed;
	size_t	i;

	if (!json_object_is_type(schema, json_type_object) || schema == NULL)
		return false;
	changed = fit_types(schema);
	changed |= fit_items(schema);
	changed |= fit_enum(schema);
	changed |= fit(js_obj(schema, "items"));
	for (i = 0; i < COUNT(objects); i++)
		changed |= fit_members(js_obj(schema, objects[i]));
	for (i = 0; i < COUNT(lists); i++)
		changed |= fit_list(js_array(schema, lists[i]));
	return changed;
}

bool
schema_for_gemini(json_object *schema)
{
	return fit(schema);
}
