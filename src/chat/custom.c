/* Custom tools of a chat completion request as functions. */
#include "config.h"

#include "base/js.h"
#include "chat/custom.h"
#include "turn/calls.h"
#include "turn/tools.h"

/* --- A tool as a function. */

json_object *
chat_custom_function(const char *name, json_object *description,
    json_object *format)
{
	json_object *function = json_object_new_object(), *text;

	js_add_str(function, "name", name);
	if ((text = tools_custom_description(description, format)) != NULL)
		js_add_take(function, "description", text);
	js_add_take(function, "parameters", tools_custom_schema());
	return function;
}

/* --- Those of a request. */

static bool
is_custom(json_object *tool)
{
	return js_is(tool, "type", "custom") && js_obj(tool, "custom") != NULL;
}

json_object *
chat_custom_names(json_object *tools)
{
	json_object	*names = NULL, *tool;
	const char	*name;
	size_t		 i, n = js_len(tools);

	for (i = 0; i < n; i++) {
		tool = json_object_array_get_idx(tools, i);
		name = js_str(js_obj(tool, "custom"), "name");
		if (!is_custom(tool) || name == NULL)
			continue;
		if (names == NULL)
			names = json_object_new_object();
		js_add_bool(names, name, true);
	}
	return names;
}

json_object *
chat_function_take(json_object *function)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "type", "function");
	js_add_take(obj, "function", function);
	return obj;
}

json_object *
chat_custom_tools(json_object *tools)
{
	json_object	*list = json_object_new_array(), *tool, *custom;
	size_t		 i, n = js_len(tools);

	for (i = 0; i < n; i++) {
		tool = json_object_array_get_idx(tools, i);
		custom = js_obj(tool, "custom");
		json_object_array_add(list, !is_custom(tool) ?
		    json_object_get(tool) :
		    chat_function_take(chat_custom_function(
		    js_str(custom, "name"), js_get(custom, "description"),
		    js_get(custom, "format"))));
	}
	return list;
}

static json_object *
one_choice(json_object *choice)
{
	json_object *function;

	if (!is_custom(choice))
		return json_object_get(choice);
	function = json_object_new_object();
	js_add_ref(function, "name", js_get(js_obj(choice, "custom"), "name"));
	return chat_function_take(function);
}

json_object *
chat_custom_choice(json_object *choice)
{
	json_object	*from = js_obj(choice, "allowed_tools"), *to, *allowed;
	json_object	*tools = js_array(from, "tools"), *list;
	size_t		 i, n = js_len(tools);

	if (!js_is(choice, "type", "allowed_tools") || tools == NULL)
		return one_choice(choice);
	list = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(list,
		    one_choice(json_object_array_get_idx(tools, i)));
	allowed = json_object_new_object();
	if (js_get(from, "mode") != NULL)
		js_add_ref(allowed, "mode", js_get(from, "mode"));
	js_add_take(allowed, "tools", list);
	to = json_object_new_object();
	js_add_str(to, "type", "allowed_tools");
	js_add_take(to, "allowed_tools", allowed);
	return to;
}

static void
call_to_function(json_object *call)
{
	json_object *custom = js_obj(call, "custom"), *function;

	function = json_object_new_object();
	js_add_ref(function, "name", js_get(custom, "name"));
	js_add_take(function, "arguments",
	    calls_of_input(js_get(custom, "input")));
	js_add_str(call, "type", "function");
	js_add_take(call, "function", function);
	js_del(call, "custom");
}

bool
chat_custom_messages(json_object *messages)
{
	json_object	*calls, *call;
	size_t		 i, k, n = js_len(messages);
	bool		 any = false;

	for (i = 0; i < n; i++) {
		calls = js_array(json_object_array_get_idx(messages, i),
		    "tool_calls");
		for (k = 0; k < js_len(calls); k++) {
			call = json_object_array_get_idx(calls, k);
			if (!is_custom(call))
				continue;
			call_to_function(call);
			any = true;
		}
	}
	return any;
}
