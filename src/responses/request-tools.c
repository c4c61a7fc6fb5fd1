/* The tools of a turn, and the choice among them: those of Responses. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "responses/request-tools.h"
#include "responses/tools.h"
#include "turn/cache-marks.h"
#include "turn/complain.h"
#include "turn/hosted.h"
#include "turn/terms.h"
#include "turn/tools.h"
#include "turn/turn.h"

#define PARAM_SIZE 64

/* --- Tools from the client. */

/*
 * Tools that run at OpenAI, and a client works without: Codex always offers
 * web_search, and tool_search only finds what is given to the model anyway; but
 * see add_search().
 */
static bool
is_dispensable(json_object *tool)
{
	return (hosted_of(tool) & RESPONSES_HOSTED) != 0;
}

static bool
is_own(json_object *tool)
{
	return js_is(tool, "type", "function") || js_is(tool, "type", "custom");
}

/*
 * The schema without what says that OpenAI encrypts an argument, as the tools
 * have by which Codex' agents speak to each other; *sealed tells of one. New.
 */
static json_object *
plain_schema(json_object *schema, bool *sealed)
{
	json_object *copy = NULL;

	if (js_obj(schema, "properties") == NULL ||
	    json_object_deep_copy(schema, &copy, NULL) != 0)
		return json_object_get(schema);
	json_object_object_foreach(js_obj(copy, "properties"), key, v) {
		(void)key;
		*sealed = *sealed || js_has(v, "encrypted");
		js_del(v, "encrypted");
	}
	return copy;
}

static void
set_schema(struct tool *new, json_object *tool)
{
	json_object *schema;

	schema = plain_schema(js_obj(tool, "parameters"), &new->sealed);
	turn_set(&new->schema, schema);
	json_object_put(schema);
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
	new->mark = cache_marks_has(tool);
	if (js_str(tool, "description") != NULL)
		turn_set(&new->description, js_get(tool, "description"));
	if (new->custom) {
		turn_set(&new->format, js_obj(tool, "format"));
		return;
	}
	set_schema(new, tool);
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

/*
 * A search that the client does itself, as Codex does, finds tools that nobody
 * else has: it is a function, and what it found follows in its output.
 */
static void
add_search(struct tools *t, json_object *tool, int64_t at)
{
	struct tool *new = tools_add(t, NULL, RESPONSES_TOOL_SEARCH);

	if (new == NULL)
		return;
	new->at = at;
	new->search = true;
	if (js_str(tool, "description") != NULL)
		turn_set(&new->description, js_get(tool, "description"));
	set_schema(new, tool);
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
		else if (js_is(tool, "type", RESPONSES_TOOL_SEARCH) &&
		    js_is(tool, "execution", "client"))
			add_search(t, tool, at);
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
	c->kind = turn_mode(js_get(choice, "mode"));
	for (i = 0; i < n; i++)
		add_name(c, json_object_array_get_idx(tools, i));
}

bool
responses_read_choice(json_object *choice, bool web_search, struct turn *t,
    struct err *err)
{
	if (choice == NULL)
		return true;
	if ((t->choice.kind = turn_mode(choice)) != TURN_CHOICE_UNSAID)
		return true;
	if (is_own(choice)) {
		t->choice.kind = TURN_CHOICE_TOOL;
		add_name(&t->choice, choice);
	} else if (js_is(choice, "type", "allowed_tools"))
		choose_allowed(choice, &t->choice);
	else if (!is_dispensable(choice) ||
	    (web_search && hosted_of(choice) == HOSTED_SEARCH))
		return refuse_choice(choice, err);
	return true;
}

/* --- To upstream. */

json_object *
responses_empty_schema(void)
{
	json_object *schema = js_typed("object");

	js_add_take(schema, "properties", json_object_new_object());
	return schema;
}

/* OpenAI's default of "strict" is true here, and false elsewhere. */
static json_object *
tool_of(const struct tool *from)
{
	json_object *tool = js_typed(from->custom ? "custom" : "function");

	js_add_str(tool, "name", from->name);
	js_add_given(tool, "description", from->description);
	if (from->custom) {
		js_add_given(tool, "format", from->format);
		return tool;
	}
	js_add_take(tool, "parameters", from->schema != NULL ?
	    json_object_get(from->schema) : responses_empty_schema());
	js_add_bool(tool, "strict", json_object_get_boolean(from->strict));
	return tool;
}

static json_object *
named(const struct turn_name *name)
{
	json_object *tool = js_typed(name->custom ? "custom" : "function");

	js_add_ref(tool, "name", name->name);
	return tool;
}

static json_object *
allowed(const struct turn_choice *c)
{
	json_object	*choice = js_typed("allowed_tools");
	json_object	*tools = json_object_new_array();
	size_t		 i;

	for (i = 0; i < c->n; i++)
		json_object_array_add(tools, named(&c->names[i]));
	if (c->kind != TURN_CHOICE_UNSAID)
		js_add_str(choice, "mode", turn_mode_word(c->kind));
	js_add_take(choice, "tools", tools);
	return choice;
}

static json_object *
choice_of(const struct turn_choice *c)
{
	if (c->limited)
		return allowed(c);
	if (c->kind == TURN_CHOICE_TOOL)
		return named(&c->names[0]);
	return c->kind == TURN_CHOICE_UNSAID ? NULL :
	    json_object_new_string(turn_mode_word(c->kind));
}

static json_object *
search_of(const struct turn_search *s)
{
	json_object *tool = js_typed("web_search"), *filters;

	if (s->hosts != NULL) {
		filters = json_object_new_object();
		js_add_ref(filters, "allowed_domains", s->hosts);
		js_add_take(tool, "filters", filters);
	}
	js_add_given(tool, "user_location", s->place);
	js_add_given(tool, "search_context_size", s->size);
	return tool;
}

static void
put_search(const struct turn_search *s, json_object *to)
{
	json_object *tools = js_array(to, "tools");

	if (!s->wanted)
		return;
	if (tools == NULL) {
		tools = json_object_new_array();
		js_add_take(to, "tools", tools);
	}
	json_object_array_add(tools, search_of(s));
}

/* A request without tools has no choice among them either. */
void
responses_write_tools(const struct turn *t, struct terms *terms,
    json_object *to)
{
	json_object *choice;

	if (t->tools.n == 0) {
		put_search(&t->search, to);
		return;
	}
	terms_put_tools(terms, t, to, tool_of);
	put_search(&t->search, to);
	js_add_given(to, "parallel_tool_calls", t->parallel);
	if ((choice = choice_of(&t->choice)) != NULL)
		js_add_take(to, "tool_choice", choice);
}
