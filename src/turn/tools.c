/* The tools of a Responses request as functions of chat completions. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "turn/tools.h"

#define PARAM_SIZE 64
#define HASH_DIGITS 16
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_-"

/* --- Names. */

static const char *
glue(const char *space)
{
	return util_ends(space, "_") ? "" : "__";
}

/* What is too long keeps its beginning and gets a number of its own. */
void
bridge_tools_flat(const char *space, const char *name,
    char flat[static BRIDGE_NAME_SIZE])
{
	char	*whole;
	size_t	 n, i;

	whole = space != NULL && space[0] != '\0' ?
	    xasprintf("%s%s%s", space, glue(space), name) : xstrdup(name);
	n = strlen(whole);
	if (n < BRIDGE_NAME_SIZE)
		memcpy(flat, whole, n + 1);
	else
		snprintf(flat, BRIDGE_NAME_SIZE, "%.*s_%016llx",
		    BRIDGE_NAME_SIZE - HASH_DIGITS - 2, whole,
		    (unsigned long long)util_hash(whole));
	for (i = 0; flat[i] != '\0'; i++)
		if (strchr(NAME_BYTES, flat[i]) == NULL)
			flat[i] = '_';
	free(whole);
}

const struct bridge_tool *
bridge_tools_find(const struct bridge_tools *t, const char *flat)
{
	int64_t i = t->names != NULL ? js_int(t->names, flat, -1) : -1;

	return i >= 0 ? &t->list[i] : NULL;
}

/* --- One tool. */

/* A function of chat's with what the tool has in common with it. */
static json_object *
chat_function(const char *flat, json_object *tool)
{
	json_object *function = json_object_new_object();

	js_add_str(function, "name", flat);
	if (js_str(tool, "description") != NULL)
		js_add_ref(function, "description",
		    js_get(tool, "description"));
	return function;
}

static json_object *
of_function(const char *flat, json_object *tool)
{
	json_object *function = chat_function(flat, tool);

	if (js_obj(tool, "parameters") != NULL)
		js_add_ref(function, "parameters", js_get(tool, "parameters"));
	if (json_object_is_type(js_get(tool, "strict"), json_type_boolean))
		js_add_ref(function, "strict", js_get(tool, "strict"));
	return function;
}

/* The grammar of a custom tool can only be asked for, in its description. */
static void
describe_format(json_object *function, json_object *tool)
{
	json_object	*format = js_obj(tool, "format");
	const char	*syntax, *text = js_str(tool, "description");
	struct buf	 b = { 0 };

	/* Chat completions wrap it. */
	if (js_obj(format, "grammar") != NULL)
		format = js_obj(format, "grammar");
	syntax = js_str(format, "syntax");
	if (js_str(format, "definition") == NULL)
		return;
	if (text != NULL)
		buf_printf(&b, "%s\n\n", text);
	buf_printf(&b, "The input has to follow this %s grammar:\n",
	    syntax != NULL ? syntax : "formal");
	buf_puts(&b, js_str(format, "definition"));
	js_add_str(function, "description", b.p);
	buf_finish(&b);
}

json_object *
tools_custom_function(const char *flat, json_object *tool)
{
	static const char schema[] = "{\"type\":\"object\",\"properties\":{"
	    "\"input\":{\"type\":\"string\","
	    "\"description\":\"The whole input of the tool.\"}},"
	    "\"required\":[\"input\"],\"additionalProperties\":false}";
	json_object	*function = chat_function(flat, tool);

	describe_format(function, tool);
	js_add_take(function, "parameters",
	    js_parse_quiet(schema, sizeof(schema) - 1));
	return function;
}

/* Of two tools with one name the first counts, as models refuse the pair. */
static void
keep(struct bridge_tools *t, struct bridge_tool *take, const char *flat)
{
	if (t->names == NULL)
		t->names = json_object_new_object();
	if ((t->n & (t->n - 1)) == 0)
		t->list = xrealloc(t->list,
		    (t->n > 0 ? t->n * 2 : 1) * sizeof(*t->list));
	assert(t->list != NULL);	/* made with the first */
	js_add_int(t->names, flat, (int64_t)t->n);
	t->list[t->n++] = *take;
}

static void
add_one(struct bridge_tools *t, const char *space, json_object *tool,
    int64_t at)
{
	const char		*name = js_str(tool, "name");
	struct bridge_tool	 new = { .at = at };
	char			 flat[BRIDGE_NAME_SIZE];
	json_object		*function;

	new.custom = js_is(tool, "type", "custom");
	bridge_tools_flat(space, name != NULL ? name : "", flat);
	if (bridge_tools_find(t, flat) != NULL)
		return;
	function = new.custom ? tools_custom_function(flat, tool) :
	    of_function(flat, tool);
	new.chat = json_object_new_object();
	js_add_str(new.chat, "type", "function");
	js_add_take(new.chat, "function", function);
	new.name = xstrdup(name != NULL ? name : "");
	new.space = space != NULL ? xstrdup(space) : NULL;
	keep(t, &new, flat);
}

/* --- All of them. */

/*
 * Tools that run at OpenAI, and a client works without: Codex always offers
 * web_search, and tool_search only finds what is given to the model anyway.
 */
static bool
is_dispensable(json_object *tool)
{
	const char *type = js_str(tool, "type");

	return type != NULL && (util_starts(type, "web_search") ||
	    strcmp(type, "image_generation") == 0 ||
	    strcmp(type, "tool_search") == 0);
}

static bool
is_own(json_object *tool)
{
	return js_is(tool, "type", "function") || js_is(tool, "type", "custom");
}

/* Codex has image generation in a namespace, too. */
static void
add_namespace(struct bridge_tools *t, json_object *tool, int64_t at)
{
	json_object	*tools = js_array(tool, "tools"), *one;
	const char	*name = js_str(tool, "name");
	size_t		 n = js_len(tools), i;

	if (name == NULL || strcmp(name, "image_gen") == 0)
		return;
	for (i = 0; i < n; i++) {
		one = json_object_array_get_idx(tools, i);
		if (is_own(one))
			add_one(t, name, one, at);
	}
}

static bool
refuse(json_object *tool, size_t i, struct err *err)
{
	const char	*type = js_str(tool, "type");
	char		 param[PARAM_SIZE], shown[PARAM_SIZE];

	snprintf(param, sizeof(param), "tools[%zu].type", i);
	if (type == NULL)
		return err_param(err, param, "missing_required_parameter",
		    "Missing required parameter: '%s'.", param);
	text_clean(type, strlen(type), shown, sizeof(shown));
	return err_param(err, param, "invalid_value",
	    "Invalid value: '%s'. This model runs behind GitHub Copilot's chat "
	    "completions, which support tools of the types 'function', "
	    "'custom' and 'namespace'.", shown);
}

bool
bridge_tools_add(struct bridge_tools *t, json_object *tools, bool strict,
    struct err *err)
{
	json_object	*tool;
	size_t		 n = js_len(tools), i;

	for (i = 0; i < n; i++) {
		tool = json_object_array_get_idx(tools, i);
		if (is_own(tool))
			add_one(t, NULL, tool, strict ? (int64_t)i : -1);
		else if (js_is(tool, "type", "namespace"))
			add_namespace(t, tool, strict ? (int64_t)i : -1);
		else if (strict && !is_dispensable(tool))
			return refuse(tool, i, err);
	}
	return true;
}

json_object *
bridge_tools_chat(const struct bridge_tools *t)
{
	json_object	*tools = json_object_new_array();
	size_t		 i;

	for (i = 0; i < t->n; i++)
		json_object_array_add(tools, json_object_get(t->list[i].chat));
	return tools;
}

void
bridge_tools_settle(struct bridge_tools *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		json_object_put(t->list[i].chat);
		t->list[i].chat = NULL;
	}
}

static void
tool_finish(struct bridge_tool *tool)
{
	free(tool->space);
	free(tool->name);
	json_object_put(tool->chat);
}

void
bridge_tools_finish(struct bridge_tools *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		tool_finish(&t->list[i]);
	free(t->list);
	json_object_put(t->names);
	*t = (struct bridge_tools){ 0 };
}

/* --- The choice among them. */

static void
flat_of(json_object *tool, char flat[static BRIDGE_NAME_SIZE])
{
	const char *name = js_str(tool, "name");

	bridge_tools_flat(js_str(tool, "namespace"), name != NULL ? name : "",
	    flat);
}

/* Keep the tools whose name is a member of "allowed". */
static void
restrict_to(struct bridge_tools *t, json_object *allowed)
{
	struct bridge_tools	 left = { 0 };
	const char		*flat;
	size_t			 i;

	for (i = 0; i < t->n; i++) {
		flat = js_str(js_get(t->list[i].chat, "function"), "name");
		if (js_has(allowed, flat))
			keep(&left, &t->list[i], flat);
		else
			tool_finish(&t->list[i]);
	}
	t->n = 0;
	bridge_tools_finish(t);
	*t = left;
}

/* Chat knows no list of allowed tools: the others are left out. */
static json_object *
choose_allowed(struct bridge_tools *t, json_object *choice)
{
	json_object	*tools = js_array(choice, "tools");
	json_object	*allowed = json_object_new_object();
	char		 flat[BRIDGE_NAME_SIZE];
	size_t		 n = js_len(tools), i;

	for (i = 0; i < n; i++) {
		flat_of(json_object_array_get_idx(tools, i), flat);
		js_add_bool(allowed, flat, true);
	}
	restrict_to(t, allowed);
	json_object_put(allowed);
	return js_is(choice, "mode", "required") ?
	    json_object_new_string("required") : NULL;
}

static json_object *
choose_function(json_object *choice)
{
	json_object	*chat = json_object_new_object();
	json_object	*function = json_object_new_object();
	char		 flat[BRIDGE_NAME_SIZE];

	flat_of(choice, flat);
	js_add_str(function, "name", flat);
	js_add_str(chat, "type", "function");
	js_add_take(chat, "function", function);
	return chat;
}

static bool
refuse_choice(json_object *choice, struct err *err)
{
	const char	*type = js_str(choice, "type");
	char		 shown[PARAM_SIZE];

	if (type == NULL)
		type = json_object_is_type(choice, json_type_string) ?
		    json_object_get_string(choice) : "";
	text_clean(type, strlen(type), shown, sizeof(shown));
	return err_param(err, "tool_choice", "invalid_value",
	    "Invalid value for 'tool_choice': '%s'. This model runs behind "
	    "GitHub Copilot's chat completions, which can't be made to use "
	    "this tool.", shown);
}

static bool
is_mode(json_object *choice)
{
	const char *s = json_object_is_type(choice, json_type_string) ?
	    json_object_get_string(choice) : "";

	return strcmp(s, "auto") == 0 || strcmp(s, "none") == 0 ||
	    strcmp(s, "required") == 0;
}

bool
bridge_tools_choose(struct bridge_tools *t, json_object *choice,
    bool web_search, json_object **out, struct err *err)
{
	const char *type = js_str(choice, "type");

	*out = NULL;
	if (choice == NULL)
		return true;
	if (is_mode(choice))
		*out = json_object_get(choice);
	else if (is_own(choice))
		*out = choose_function(choice);
	else if (js_is(choice, "type", "allowed_tools"))
		*out = choose_allowed(t, choice);
	else if (!is_dispensable(choice) ||
	    (web_search && type != NULL && util_starts(type, "web_search")))
		return refuse_choice(choice, err);
	return true;
}
