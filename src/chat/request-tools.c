/* The tools of a turn, and its calls, as chat completions'. */
#include "config.h"

#include "base/js.h"
#include "base/util.h"
#include "chat/custom.h"
#include "chat/request-tools.h"
#include "turn/calls.h"
#include "turn/terms.h"
#include "turn/tools.h"
#include "turn/turn.h"

static json_object *
named(const char *flat)
{
	json_object *function = json_object_new_object();

	js_add_str(function, "name", flat);
	return function;
}

static json_object *
typed_take(json_object *function)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "type", "function");
	js_add_take(obj, "function", function);
	return obj;
}

/* --- Tools. */

static json_object *
tool_of(const struct tool *tool)
{
	json_object	*function;
	char		 flat[TOOLS_NAME_SIZE];

	tools_flat(tool->space, tool->name, flat);
	if (tool->custom)
		return typed_take(chat_custom_function(flat,
		    tool->description, tool->format));
	function = named(flat);
	js_add_given(function, "description", tool->description);
	js_add_given(function, "parameters", tool->schema);
	js_add_given(function, "strict", tool->strict);
	return typed_take(function);
}

static json_object *
choice_of(const struct turn_choice *c)
{
	static const char *const modes[] = {
		[TURN_CHOICE_AUTO] = "auto", [TURN_CHOICE_NONE] = "none",
		[TURN_CHOICE_REQUIRED] = "required",
	};
	char flat[TOOLS_NAME_SIZE];

	if (c->kind == TURN_CHOICE_UNSAID)
		return NULL;
	if (c->kind != TURN_CHOICE_TOOL)
		return json_object_new_string(modes[c->kind]);
	turn_flat(&c->names[0], flat);
	return typed_take(named(flat));
}

/* Without tools nothing can be said about them. */
void
chat_write_tools(const struct turn *t, struct terms *terms, json_object *to)
{
	json_object	*tools, *choice;
	size_t		 i;

	if (t->tools.n == 0)
		return;
	tools = json_object_new_array();
	for (i = 0; i < t->tools.n; i++) {
		json_object_array_add(tools, tool_of(&t->tools.list[i]));
		terms_note_tool(terms, &t->tools.list[i]);
	}
	js_add_take(to, "tools", tools);
	if ((choice = choice_of(&t->choice)) != NULL)
		js_add_take(to, "tool_choice", choice);
	js_add_given(to, "parallel_tool_calls", t->parallel);
}

/* --- Calls. */

json_object *
chat_write_call(const struct turn_item *item)
{
	struct turn_name	 name = { item->space, item->name, false };
	json_object		*call = json_object_new_object(), *function;
	char			 flat[TOOLS_NAME_SIZE];

	turn_flat(&name, flat);
	function = named(flat);
	js_add_take(function, "arguments", item->custom ?
	    calls_of_input(item->arguments) :
	    json_object_get(item->arguments));
	js_add_ref(call, "id", item->id);
	js_add_str(call, "type", "function");
	js_add_take(call, "function", function);
	return call;
}
