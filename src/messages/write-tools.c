/* The tools of a turn as Messages'. */
#include "config.h"

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "messages/write-parts.h"
#include "messages/write-tools.h"
#include "turn/terms.h"
#include "turn/tools.h"
#include "turn/turn.h"

/* A custom tool's text is the one argument of a function. */
static json_object *
custom_schema(void)
{
	static const char text[] = "{\"type\":\"object\",\"properties\":{"
	    "\"input\":{\"type\":\"string\",\"description\":"
	    "\"The whole input of the tool.\"}},\"required\":[\"input\"]}";

	return js_parse_quiet(text, sizeof(text) - 1);
}

/* Its grammar can only be asked for, in the description. */
static void
add_grammar(json_object *to, const struct tool *tool)
{
	json_object	*format = tool->format;
	struct buf	 text = { 0 };

	if (js_obj(format, "grammar") != NULL)
		format = js_obj(format, "grammar");
	if (js_str(format, "definition") == NULL)
		return;
	if (tool->description != NULL) {
		js_append_text(&text, tool->description);
		buf_puts(&text, "\n\n");
	}
	buf_puts(&text, "The input has to follow this grammar:\n");
	buf_puts(&text, js_str(format, "definition"));
	js_add_str(to, "description", text.p);
	buf_finish(&text);
}

static json_object *
tool_of(const struct tool *tool)
{
	json_object	*to = json_object_new_object(), *schema;
	char		 flat[TOOLS_NAME_SIZE];

	tools_flat(tool->space, tool->name, flat);
	js_add_str(to, "name", flat);
	js_add_given(to, "description", tool->description);
	if (tool->custom) {
		add_grammar(to, tool);
		schema = custom_schema();
	} else if (tool->schema != NULL)
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
	if ((choice = choice_of(t)) != NULL)
		js_add_take(to, "tool_choice", choice);
}
