/* The tools of a Responses request, and the choice among them, as a turn's. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "responses/request-tools.h"
#include "turn/complain.h"
#include "turn/tools.h"
#include "turn/turn.h"

#define PARAM_SIZE 64

/* --- Tools. */

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

static void
add_one(struct tools *t, const char *space, json_object *tool, int64_t at)
{
	const char	*name = js_str(tool, "name");
	struct tool	*new = tools_add(t, space, name != NULL ? name : "");

	if (new == NULL)
		return;
	new->at = at;
	new->custom = js_is(tool, "type", "custom");
	if (js_str(tool, "description") != NULL)
		turn_set(&new->description, js_get(tool, "description"));
	if (new->custom) {
		turn_set(&new->format, js_obj(tool, "format"));
		return;
	}
	turn_set(&new->schema, js_obj(tool, "parameters"));
	if (json_object_is_type(js_get(tool, "strict"), json_type_boolean))
		turn_set(&new->strict, js_get(tool, "strict"));
}

/* Codex has image generation in a namespace, too. */
static void
add_namespace(struct tools *t, json_object *tool, int64_t at)
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
		return complain_missing(err, param);
	text_clean(type, strlen(type), shown, sizeof(shown));
	return err_param(err, param, "invalid_value",
	    "Invalid value: '%s'. This model runs behind GitHub Copilot's chat "
	    "completions, which support tools of the types 'function', "
	    "'custom' and 'namespace'.", shown);
}

bool
responses_read_tools(json_object *list, bool members, struct tools *t,
    struct err *err)
{
	json_object	*tool;
	size_t		 n = js_len(list), i;
	int64_t		 at;

	for (i = 0; i < n; i++) {
		tool = json_object_array_get_idx(list, i);
		at = members ? (int64_t)i : -1;
		if (is_own(tool))
			add_one(t, NULL, tool, at);
		else if (js_is(tool, "type", "namespace"))
			add_namespace(t, tool, at);
		else if (members && !is_dispensable(tool))
			return refuse(tool, i, err);
	}
	return true;
}

/* --- The choice among them. */

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

static enum turn_choice_kind
mode_of(json_object *v)
{
	static const char *const modes[] = {
		[TURN_CHOICE_AUTO] = "auto", [TURN_CHOICE_NONE] = "none",
		[TURN_CHOICE_REQUIRED] = "required",
	};
	size_t i;

	for (i = TURN_CHOICE_AUTO; i < COUNT(modes); i++)
		if (json_object_is_type(v, json_type_string) &&
		    strcmp(json_object_get_string(v), modes[i]) == 0)
			return (enum turn_choice_kind)i;
	return TURN_CHOICE_UNSAID;
}

static void
add_name(struct turn_choice *c, json_object *tool)
{
	turn_add_name(c, js_get(tool, "namespace"), js_get(tool, "name"),
	    js_is(tool, "type", "custom"));
}

static void
choose_allowed(json_object *choice, struct turn_choice *c)
{
	json_object	*tools = js_array(choice, "tools");
	size_t		 i, n = js_len(tools);

	c->limited = true;
	c->kind = mode_of(js_get(choice, "mode"));
	for (i = 0; i < n; i++)
		add_name(c, json_object_array_get_idx(tools, i));
}

bool
responses_read_choice(json_object *choice, bool web_search, struct turn *t,
    struct err *err)
{
	const char *type = js_str(choice, "type");

	if (choice == NULL)
		return true;
	if ((t->choice.kind = mode_of(choice)) != TURN_CHOICE_UNSAID)
		return true;
	if (is_own(choice)) {
		t->choice.kind = TURN_CHOICE_TOOL;
		add_name(&t->choice, choice);
	} else if (js_is(choice, "type", "allowed_tools"))
		choose_allowed(choice, &t->choice);
	else if (!is_dispensable(choice) ||
	    (web_search && type != NULL && util_starts(type, "web_search")))
		return refuse_choice(choice, err);
	return true;
}
