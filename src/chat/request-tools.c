/* The tools of a turn, the choice among them, calls: chat completions'. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/custom.h"
#include "chat/request-tools.h"
#include "turn/cache-marks.h"
#include "turn/calls.h"
#include "turn/complain.h"
#include "turn/terms.h"
#include "turn/tools.h"
#include "turn/turn.h"

/* --- From the client. */

/* A tool's own object, of whichever kind; NULL: none with a name. */
static json_object *
inner_of(json_object *v)
{
	const char	*type = js_str(v, "type");
	json_object	*inner;

	if (type == NULL || (strcmp(type, "function") != 0 &&
	    strcmp(type, "custom") != 0))
		return NULL;
	inner = js_obj(v, type);
	return js_str(inner, "name") != NULL ? inner : NULL;
}

/* {"type":"grammar","grammar":{..}} has no inner object elsewhere. */
static json_object *
format_of(json_object *from)
{
	static const char *const members[] = { "syntax", "definition" };
	json_object	*grammar = js_obj(from, "grammar"), *to;
	size_t		 i;

	if (grammar == NULL)
		return json_object_get(from);
	to = json_object_new_object();
	js_add_given(to, "type", js_get(from, "type"));
	for (i = 0; i < COUNT(members); i++)
		js_add_given(to, members[i], js_get(grammar, members[i]));
	return to;
}

/* "in" is the tool, or stands in it. */
static void
read_tool(struct tools *t, json_object *v, json_object *in, bool custom,
    int64_t at)
{
	struct tool *tool = tools_add(t, NULL, js_str(in, "name"));

	if (tool == NULL)
		return;
	tool->at = at;
	tool->custom = custom;
	tool->mark = cache_marks_has(v) || cache_marks_has(in);
	turn_set(&tool->description, js_get(in, "description"));
	if (custom) {
		tool->format = format_of(js_obj(in, "format"));
		return;
	}
	turn_set(&tool->schema, js_obj(in, "parameters"));
	if (json_object_is_type(js_get(in, "strict"), json_type_boolean))
		turn_set(&tool->strict, js_get(in, "strict"));
}

static void
read_list(json_object *list, bool functions, struct tools *t)
{
	json_object	*v;
	size_t		 i, n = js_len(list);

	for (i = 0; i < n; i++) {
		v = json_object_array_get_idx(list, i);
		read_tool(t, v, functions ? v : inner_of(v),
		    !functions && js_is(v, "type", "custom"), (int64_t)i);
	}
}

static bool
read_mode(json_object *v, const char *param, struct turn_choice *c,
    struct err *err)
{
	const char *s = json_object_get_string(v);

	if ((c->kind = turn_mode(v)) != TURN_CHOICE_UNSAID)
		return true;
	return err_param(err, param, "invalid_value", "Invalid value: '%.*s'. "
	    "Supported values are: 'none', 'auto', and 'required'.",
	    complain_clip(s), s);
}

static bool
read_allowed(json_object *in, struct turn_choice *c, struct err *err)
{
	json_object	*list = js_array(in, "tools"), *v, *inner;
	size_t		 i, n = js_len(list);

	for (i = 0; i < n; i++) {
		v = json_object_array_get_idx(list, i);
		if ((inner = inner_of(v)) == NULL)
			return err_param(err, "tool_choice.allowed_tools.tools",
			    "invalid_value", "Invalid "
			    "'tool_choice.allowed_tools.tools': expected "
			    "tools, each with its name.");
		turn_add_name(c, NULL, js_get(inner, "name"),
		    js_is(v, "type", "custom"));
	}
	c->limited = true;
	c->kind = turn_mode(js_get(in, "mode"));
	return true;
}

static bool
read_choice(json_object *v, struct turn_choice *c, struct err *err)
{
	json_object *inner = inner_of(v);

	if (v == NULL)
		return true;
	if (json_object_is_type(v, json_type_string))
		return read_mode(v, "tool_choice", c, err);
	if (inner != NULL) {
		c->kind = TURN_CHOICE_TOOL;
		turn_add_name(c, NULL, js_get(inner, "name"),
		    js_is(v, "type", "custom"));
		return true;
	}
	inner = js_get(v, "allowed_tools");
	if (js_is(v, "type", "allowed_tools") &&
	    js_array(inner, "tools") != NULL)
		return read_allowed(inner, c, err);
	return err_param(err, "tool_choice", "invalid_value",
	    "Invalid 'tool_choice': expected 'none', 'auto', 'required', a "
	    "function, a custom tool or allowed tools.");
}

/* "function_call"; and functions had no parallel calls. */
static bool
read_function_call(json_object *v, struct turn *t, struct err *err)
{
	t->parallel = json_object_new_boolean(false);
	if (json_object_is_type(v, json_type_string))
		return read_mode(v, "function_call", &t->choice, err);
	if (v != NULL) {
		t->choice.kind = TURN_CHOICE_TOOL;
		turn_add_name(&t->choice, NULL, js_get(v, "name"), false);
	}
	return true;
}

bool
chat_read_tools(json_object *req, bool functions, struct turn *t,
    struct err *err)
{
	read_list(js_array(req, functions ? "functions" : "tools"), functions,
	    &t->tools);
	if (functions)
		return read_function_call(js_get(req, "function_call"), t,
		    err);
	turn_set(&t->parallel, js_get(req, "parallel_tool_calls"));
	return read_choice(js_get(req, "tool_choice"), &t->choice, err);
}

/* --- To upstream. */

static json_object *
named(const char *flat)
{
	json_object *function = json_object_new_object();

	js_add_str(function, "name", flat);
	return function;
}

static json_object *
tool_of(const struct tool *tool)
{
	json_object	*function;
	char		 flat[TOOLS_NAME_SIZE];

	tools_flat(tool->space, tool->name, flat);
	if (tool->custom)
		return chat_function_take(chat_custom_function(flat,
		    tool->description, tool->format));
	function = named(flat);
	js_add_given(function, "description", tool->description);
	js_add_given(function, "parameters", tool->schema);
	js_add_given(function, "strict", tool->strict);
	return chat_function_take(function);
}

static json_object *
marked_tool(const struct tool *tool)
{
	json_object *chat = tool_of(tool);

	if (tool->mark)
		cache_marks_set(chat);
	return chat;
}

static json_object *
choice_of(const struct turn_choice *c)
{
	char flat[TOOLS_NAME_SIZE];

	if (c->kind == TURN_CHOICE_UNSAID)
		return NULL;
	if (c->kind != TURN_CHOICE_TOOL)
		return json_object_new_string(turn_mode_word(c->kind));
	turn_flat(&c->names[0], flat);
	return chat_function_take(named(flat));
}

/* A request without tools has no choice among them either. */
void
chat_write_tools(const struct turn *t, struct terms *terms, json_object *to)
{
	json_object *choice;

	if (t->tools.n == 0)
		return;
	terms_put_tools(terms, t, to, marked_tool);
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
