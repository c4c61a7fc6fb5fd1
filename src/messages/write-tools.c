/* The tools of a turn as Messages'. */
#include "config.h"

#include "base/js.h"
#include "messages/write-parts.h"
#include "messages/write-tools.h"
#include "turn/terms.h"
#include "turn/tools.h"
#include "turn/turn.h"

static json_object *
tool_of(const struct tool *tool)
{
	json_object	*to = json_object_new_object(), *schema, *text;
	char		 flat[TOOLS_NAME_SIZE];

	tools_flat(tool->space, tool->name, flat);
	js_add_str(to, "name", flat);
	text = tool->custom ? tools_custom_description(tool->description,
	    tool->format) : json_object_get(tool->description);
	if (text != NULL)
		js_add_take(to, "description", text);
	if (tool->custom)
		schema = tools_custom_schema();
	else if (tool->schema != NULL)
		schema = json_object_get(tool->schema);
	else
		schema = js_typed("object");
	js_add_take(to, "input_schema", schema);
	messages_mark(to, tool->mark);
	return to;
}

static json_object *
choice_of(const struct turn *t)
{
	static const char *const kinds[] = {
		[TURN_CHOICE_UNSAID] = "auto", [TURN_CHOICE_AUTO] = "auto",
		[TURN_CHOICE_NONE] = "none", [TURN_CHOICE_REQUIRED] = "any",
		[TURN_CHOICE_TOOL] = "tool"
	};
	bool		 single = t->parallel != NULL &&
			    !json_object_get_boolean(t->parallel);
	json_object	*choice;
	char		 flat[TOOLS_NAME_SIZE];

	if (t->choice.kind == TURN_CHOICE_UNSAID && !single)
		return NULL;
	choice = js_typed(kinds[t->choice.kind]);
	if (t->choice.kind == TURN_CHOICE_TOOL) {
		turn_flat(&t->choice.names[0], flat);
		js_add_str(choice, "name", flat);
	}
	if (single && t->choice.kind != TURN_CHOICE_NONE)
		js_add_bool(choice, "disable_parallel_tool_use", true);
	return choice;
}

void
messages_write_tools(const struct turn *t, struct terms *terms,
    json_object *to)
{
	json_object *choice;

	if (t->tools.n == 0)
		return;
	terms_put_tools(terms, t, to, tool_of);
	if ((choice = choice_of(t)) != NULL)
		js_add_take(to, "tool_choice", choice);
}
