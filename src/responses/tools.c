/* The tools of a Responses request, without those that upstream refuses. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "responses/tools.h"
#include "turn/hosted.h"

unsigned
responses_refused(bool web_search)
{
	return HOSTED_IMAGES | (web_search ? 0 : HOSTED_SEARCH);
}

/* Copilot refuses image generation. */
static bool
is_refused(json_object *tool, bool web_search)
{
	return (hosted_of(tool) & responses_refused(web_search)) != 0;
}

/* Copilot wants a description of a namespace, OpenAI takes an empty one. */
static void
describe(json_object *tool, bool *changed)
{
	const char *text = js_str(tool, "description");

	if (!js_is(tool, "type", "namespace") || js_str(tool, "name") == NULL ||
	    (text != NULL && *text != '\0'))
		return;
	js_add_ref(tool, "description", js_get(tool, "name"));
	*changed = true;
}

json_object *
responses_tools(json_object *tools, bool web_search, bool *changed)
{
	json_object	*kept = json_object_new_array(), *tool;
	size_t		 n = js_len(tools), i;

	for (i = 0; i < n; i++) {
		tool = json_object_array_get_idx(tools, i);
		if (is_refused(tool, web_search)) {
			*changed = true;
			continue;
		}
		describe(tool, changed);
		json_object_array_add(kept, json_object_get(tool));
	}
	return kept;
}

/* {"type":"allowed_tools","mode":..,"tools":[..]} */
static json_object *
allowed_tools(json_object *choice, bool web_search)
{
	json_object	*kept, *copy;
	bool		 changed = false;

	kept = responses_tools(js_array(choice, "tools"), web_search, &changed);
	if (!changed || js_len(kept) == 0) {
		copy = changed ? NULL : json_object_get(choice);
		json_object_put(kept);
		return copy;
	}
	copy = json_object_new_object();
	json_object_object_foreach(choice, key, v)
		js_add_ref(copy, key, v);
	js_add_take(copy, "tools", kept);
	return copy;
}

json_object *
responses_tool_choice(json_object *choice, bool web_search)
{
	if (js_is(choice, "type", "allowed_tools"))
		return allowed_tools(choice, web_search);
	return is_refused(choice, web_search) ? NULL : json_object_get(choice);
}

bool
responses_wants_search(json_object *request)
{
	return hosted_of(js_get(request, "tool_choice")) == HOSTED_SEARCH;
}

json_object *
responses_include(json_object *include, bool web_search, bool *changed)
{
	json_object	*kept = json_object_new_array(), *v;
	const char	*s;
	size_t		 n = js_len(include), i;

	for (i = 0; i < n; i++) {
		v = json_object_array_get_idx(include, i);
		s = json_object_get_string(v);
		if (!web_search && s != NULL &&
		    util_starts(s, "web_search_call.")) {
			*changed = true;
			continue;
		}
		json_object_array_add(kept, json_object_get(v));
	}
	return kept;
}

bool
responses_included(json_object *include, const char *what)
{
	json_object	*v;
	size_t		 n = js_len(include), i;

	for (i = 0; i < n; i++) {
		v = json_object_array_get_idx(include, i);
		if (json_object_is_type(v, json_type_string) &&
		    strcmp(json_object_get_string(v), what) == 0)
			return true;
	}
	return false;
}
