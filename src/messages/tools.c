/* The tools of a Messages request, as Copilot takes them. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "messages/fit.h"
#include "messages/tools.h"
#include "messages/usual.h"

/* Claude Code's, which is never to be called. */
#define PLACEHOLDER "DeferredToolPlaceholder"

static bool
is_custom(json_object *tool)
{
	return js_get(tool, "type") == NULL || js_is(tool, "type", "custom");
}

static bool
drop(json_object *obj, const char *key)
{
	if (!js_has(obj, key))
		return false;
	js_del(obj, key);
	return true;
}

/* Copilot refuses $schema, and wants type and properties always there. */
static bool
fit_schema(json_object *schema)
{
	bool changed = drop(schema, "$schema");

	if (js_get(schema, "type") == NULL) {
		js_add_str(schema, "type", "object");
		changed = true;
	}
	if (js_is(schema, "type", "object") &&
	    js_obj(schema, "properties") == NULL) {
		js_add_take(schema, "properties", json_object_new_object());
		changed = true;
	}
	return changed;
}

static bool
fit_tool(json_object *tool, bool tool_search)
{
	bool changed = messages_fit_mark(tool);

	if (!is_custom(tool))
		return changed;
	changed |= drop(tool, "eager_input_streaming");
	if (!tool_search) {
		changed |= drop(tool, "defer_loading");
		changed |= drop(tool, "input_examples");
		changed |= drop(tool, "allowed_callers");
	}
	return fit_schema(js_obj(tool, "input_schema")) || changed;
}

static bool
is_left_out(json_object *tool, bool tool_search, json_object *loaded)
{
	const char *name = js_str(tool, "name");

	return !tool_search && name != NULL &&
	    js_bool(tool, "defer_loading", false) &&
	    (!js_has(loaded, name) || strcmp(name, PLACEHOLDER) == 0);
}

bool
messages_has_deferred(json_object *tools)
{
	size_t i;

	if (messages_usual_tools(tools, NULL))
		return false;
	for (i = 0; i < js_len(tools); i++)
		if (js_bool(json_object_array_get_idx(tools, i),
		    "defer_loading", false))
			return true;
	return false;
}

bool
messages_fit_tools(json_object *req, bool tool_search, json_object *loaded)
{
	json_object	*tools = js_array(req, "tools"), *kept, *names, *tool;
	const char	*name;
	bool		 changed = false;
	size_t		 i, n = js_len(tools);

	if (messages_usual_tools(tools, NULL))
		return false;
	kept = json_object_new_array();
	names = json_object_new_object();
	for (i = 0; i < n; i++) {
		tool = json_object_array_get_idx(tools, i);
		name = js_str(tool, "name");
		/* The first of a name counts. */
		if (is_left_out(tool, tool_search, loaded) ||
		    (name != NULL && js_has(names, name))) {
			changed = true;
			continue;
		}
		if (name != NULL)
			js_add_bool(names, name, true);
		changed |= fit_tool(tool, tool_search);
		json_object_array_add(kept, json_object_get(tool));
	}
	json_object_put(names);
	if (js_len(kept) > 0)
		js_add_ref(req, "tools", kept);
	else
		changed |= drop(req, "tools");
	json_object_put(kept);
	return changed;
}
