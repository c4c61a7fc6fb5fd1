/* The input items of a Responses request as messages of chat completions. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "bridge/responses-input.h"
#include "bridge/responses-parts.h"
#include "bridge/responses-terms.h"
#include "responses/input.h"
#include "turn/calls.h"
#include "turn/seal.h"
#include "turn/tools.h"

#define PARAM_SIZE 96

/* What an assistant said, thought and called, not yet a message. */
struct turn {
	size_t		 from;		/* its first item */
	bool		 begun;
	bool		 said;
	struct buf	 text;
	struct buf	 reasoning;
	json_object	*opaque;
	json_object	*calls;		/* NULL: none */
};

struct builder {
	struct bridge_input	*in;
	json_object		*items;
	size_t			 n;
	json_object		*messages;
	struct turn		 turn;
	json_object		*outputs;	/* call_id: last first */
	bool			*given;		/* outputs behind their call */
	struct bridge_parts	 parts;
	struct err		*err;
};

static void
message_take(struct builder *b, json_object *msg, int64_t from, bool same)
{
	json_object_array_add(b->messages, msg);
	bridge_terms_add(b->in->terms, from, same);
}

static json_object *
message_new(const char *role, json_object *content)
{
	json_object *msg = json_object_new_object();

	js_add_str(msg, "role", role);
	js_add_take(msg, "content", content);
	return msg;
}

static json_object *
string_of(const struct buf *b)
{
	return json_object_new_string_len(buf_str(b), (int)b->len);
}

static bool
missing(struct builder *b, size_t i, const char *key)
{
	char param[PARAM_SIZE];

	snprintf(param, sizeof(param), "input[%zu].%s", i, key);
	return err_param(b->err, param, "missing_required_parameter",
	    "Missing required parameter: '%s'.", param);
}

/* Only a user's message can hold images: one of their own. */
static void
images_flush(struct builder *b, size_t from)
{
	if (b->parts.images != NULL)
		message_take(b, message_new("user", b->parts.images),
		    (int64_t)from, false);
	b->parts.images = NULL;
}

/* --- The outputs of calls. */

/*
 * Outputs stand anywhere behind their call here, but directly behind it in
 * chat. Each call_id gets the list of its outputs, the first one last, since
 * from there it can be taken; ids are used again by some models.
 */
static void
outputs_find(struct builder *b)
{
	json_object	*item, *list;
	const char	*type, *id;
	size_t		 i;

	b->outputs = json_object_new_object();
	for (i = b->n; i > 0; i--) {
		item = json_object_array_get_idx(b->items, i - 1);
		type = js_str(item, "type");
		id = js_str(item, "call_id");
		if (type == NULL || id == NULL ||
		    !util_ends(type, "_call_output"))
			continue;
		if ((list = js_array(b->outputs, id)) == NULL) {
			list = json_object_new_array();
			js_add_take(b->outputs, id, list);
		}
		json_object_array_add(list,
		    json_object_new_int64((int64_t)i - 1));
	}
}

/* The output of a call that is in item "from" or before; -1: none is left. */
static int64_t
output_take(struct builder *b, const char *id)
{
	json_object	*list = js_array(b->outputs, id);
	size_t		 n = js_len(list);
	int64_t		 i;

	if (n == 0)
		return -1;
	i = json_object_get_int64(json_object_array_get_idx(list, n - 1));
	json_object_array_del_idx(list, n - 1, 1);
	b->given[i] = true;
	return i;
}

static bool
put_output(struct builder *b, const char *id)
{
	int64_t		 i = output_take(b, id);
	json_object	*output, *msg;
	struct buf	 text = { 0 };
	char		 shown[128];

	if (i < 0) {
		text_clean(id, strlen(id), shown, sizeof(shown));
		return err_param(b->err, "input", NULL,
		    "No tool output found for function call %s.", shown);
	}
	output = js_get(json_object_array_get_idx(b->items, (size_t)i),
	    "output");
	if (output == NULL)
		return missing(b, (size_t)i, "output");
	seal_replace_parts(js_array(json_object_array_get_idx(b->items,
	    (size_t)i), "output"));
	if (!bridge_parts_join(&b->parts, (size_t)i, "output", output, "\n",
	    &text)) {
		buf_finish(&text);
		return false;
	}
	if (text.len == 0 && b->parts.images != NULL)
		buf_puts(&text, "(an image, see the next message)");
	msg = message_new("tool", string_of(&text));
	js_add_str(msg, "tool_call_id", id);
	message_take(b, msg, i, false);
	buf_finish(&text);
	return true;
}

/* --- The assistant's turn. */

static void
turn_finish(struct turn *t)
{
	buf_finish(&t->text);
	buf_finish(&t->reasoning);
	json_object_put(t->opaque);
	json_object_put(t->calls);
	*t = (struct turn){ 0 };
}

static void
turn_begin(struct builder *b, size_t i)
{
	if (!b->turn.begun)
		b->turn.from = i;
	b->turn.begun = true;
}

static json_object *
turn_message(struct turn *t)
{
	json_object *msg;

	msg = message_new("assistant", t->text.len > 0 || t->calls == NULL ?
	    string_of(&t->text) : NULL);
	if (t->reasoning.len > 0)
		js_add_take(msg, "reasoning_text", string_of(&t->reasoning));
	if (t->opaque != NULL)
		js_add_ref(msg, "reasoning_opaque", t->opaque);
	if (t->calls != NULL)
		js_add_ref(msg, "tool_calls", t->calls);
	return msg;
}

/*
 * The turn is over: its message, the outputs of its calls, their images. One
 * that only thought left nothing that could be said.
 */
static bool
turn_flush(struct builder *b)
{
	struct turn	*t = &b->turn;
	size_t		 n = js_len(t->calls), i;
	bool		 ok = true;

	if (t->said || n > 0)
		message_take(b, turn_message(t), (int64_t)t->from, false);
	for (i = 0; i < n && ok; i++)
		ok = put_output(b, js_str(json_object_array_get_idx(t->calls,
		    i), "id"));
	images_flush(b, t->from);
	turn_finish(t);
	return ok;
}

/* --- Items. */

/* Text behind other text is a message of its own, behind calls it can't be. */
static bool
take_assistant(struct builder *b, json_object *item, size_t i)
{
	struct turn *t = &b->turn;

	if (t->said && t->calls == NULL && !turn_flush(b))
		return false;
	turn_begin(b, i);
	if (t->text.len > 0)
		buf_puts(&t->text, "\n\n");
	t->said = true;
	return bridge_parts_join(&b->parts, i, "content",
	    js_get(item, "content"), "", &t->text);
}

/* "developer" is what OpenAI's newest models call the system. */
static bool
take_system(struct builder *b, json_object *item, size_t i)
{
	struct buf	text = { 0 };
	bool		ok;

	ok = turn_flush(b) && bridge_parts_join(&b->parts, i, "content",
	    js_get(item, "content"), "\n", &text);
	if (ok) {
		message_take(b, message_new("system", string_of(&text)),
		    (int64_t)i, true);
		images_flush(b, i);
	}
	buf_finish(&text);
	return ok;
}

static bool
take_user(struct builder *b, json_object *item, size_t i)
{
	json_object *content = js_get(item, "content");

	if (!turn_flush(b))
		return false;
	content = json_object_is_type(content, json_type_array) ?
	    bridge_parts_user(&b->parts, i, content) :
	    json_object_get(content);
	if (content == NULL && js_get(item, "content") != NULL)
		return false;
	message_take(b, message_new(js_str(item, "role"), content), (int64_t)i,
	    true);
	return true;
}

static bool
take_message(struct builder *b, json_object *item, size_t i)
{
	if (js_str(item, "role") == NULL)
		return missing(b, i, "role");
	if (js_get(item, "content") == NULL)
		return missing(b, i, "content");
	if (js_is(item, "role", "assistant"))
		return take_assistant(b, item, i);
	if (js_is(item, "role", "system") || js_is(item, "role", "developer"))
		return take_system(b, item, i);
	return take_user(b, item, i);
}

/* Calls of all kinds, and the member that says what for. */
static const struct call_kind {
	const char	*type;
	const char	*name;		/* NULL: the item says it */
	const char	*member;
} call_kinds[] = {
	{ "function_call",	NULL,		"arguments" },
	{ "custom_tool_call",	NULL,		"input" },
	{ "local_shell_call",	"local_shell",	"action" },
	{ "shell_call",		"shell",	"action" },
	{ "apply_patch_call",	"apply_patch",	"operation" },
};

static const struct call_kind *
call_kind(json_object *item)
{
	size_t i;

	for (i = 0; i < COUNT(call_kinds); i++)
		if (js_is(item, "type", call_kinds[i].type))
			return &call_kinds[i];
	return NULL;
}

/* A function's arguments are JSON text already; those of others become it. */
static json_object *
arguments_of(const struct call_kind *k, json_object *item)
{
	json_object	*v = js_get(item, k->member), *text;
	struct buf	 b = { 0 };

	if (strcmp(k->member, "arguments") == 0) {
		if (json_object_is_type(v, json_type_string) &&
		    json_object_get_string_len(v) > 0)
			return json_object_get(v);
		return json_object_new_string("{}");
	}
	if (strcmp(k->member, "input") == 0)
		return calls_of_input(v);
	js_print(v, &b);
	text = string_of(&b);
	buf_finish(&b);
	return text;
}

static bool
take_call(struct builder *b, json_object *item, size_t i)
{
	const struct call_kind	*k = call_kind(item);
	const char		*name = js_str(item, "name");
	json_object		*call, *function;
	char			 flat[BRIDGE_NAME_SIZE];

	if (js_str(item, "call_id") == NULL)
		return missing(b, i, "call_id");
	if (k->name == NULL && name == NULL)
		return missing(b, i, "name");
	bridge_tools_flat(js_str(item, "namespace"),
	    k->name != NULL ? k->name : name, flat);
	function = json_object_new_object();
	js_add_str(function, "name", flat);
	js_add_take(function, "arguments", arguments_of(k, item));
	call = json_object_new_object();
	js_add_ref(call, "id", js_get(item, "call_id"));
	js_add_str(call, "type", "function");
	js_add_take(call, "function", function);
	turn_begin(b, i);
	js_append_take(&b->turn.calls, call);
	return true;
}

/* It is behind its call by now, or there was no such call. */
static bool
take_output(struct builder *b, json_object *item, size_t i)
{
	const char	*id = js_str(item, "call_id");
	char		 shown[128];

	if (id == NULL)
		return missing(b, i, "call_id");
	if (!turn_flush(b))
		return false;
	if (b->given[i])
		return true;
	text_clean(id, strlen(id), shown, sizeof(shown));
	return err_param(b->err, "input", NULL, "No tool call found for "
	    "function call output with call_id %s.", shown);
}

/* What was thought before, or between, what the same turn said and called. */
static bool
take_reasoning(struct builder *b, json_object *item, size_t i)
{
	const char	*sealed = js_str(item, "encrypted_content");
	json_object	*r;

	if (sealed == NULL ||
	    (r = bridge_reasoning_open(sealed, b->in->vendor)) == NULL)
		return true;
	turn_begin(b, i);
	if (js_str(r, "reasoning_text") != NULL)
		js_append_text(&b->turn.reasoning, js_get(r, "reasoning_text"));
	if (b->turn.opaque == NULL)
		b->turn.opaque = json_object_get(js_get(r,
		    "reasoning_opaque"));
	json_object_put(r);
	return true;
}

static bool
take_tools(struct builder *b, json_object *item, size_t i)
{
	(void)i;
	return bridge_tools_add(b->in->tools, js_array(item, "tools"), false,
	    b->err);
}

static bool
refuse_compaction(struct builder *b, json_object *item, size_t i)
{
	char param[PARAM_SIZE];

	(void)item;
	snprintf(param, sizeof(param), "input[%zu].type", i);
	return err_param(b->err, param, "invalid_value", "Invalid '%s': "
	    "'compaction_trigger'. This model can't compact a conversation.",
	    param);
}

/*
 * What is not here is the work of tools that run at OpenAI, or what only its
 * own models can read: nothing that another model could use.
 */
static const struct {
	const char	*type;
	bool		(*take)(struct builder *, json_object *, size_t);
} takers[] = {
	{ "message",			take_message },
	{ "function_call",		take_call },
	{ "custom_tool_call",		take_call },
	{ "local_shell_call",		take_call },
	{ "shell_call",			take_call },
	{ "apply_patch_call",		take_call },
	{ "function_call_output",	take_output },
	{ "custom_tool_call_output",	take_output },
	{ "local_shell_call_output",	take_output },
	{ "shell_call_output",		take_output },
	{ "apply_patch_call_output",	take_output },
	{ "reasoning",			take_reasoning },
	{ "additional_tools",		take_tools },
	{ "compaction_trigger",		refuse_compaction },
};

static bool
take_item(struct builder *b, json_object *item, size_t i)
{
	const char	*type = js_str(item, "type");
	size_t		 k;

	if (type == NULL)
		type = "message";
	for (k = 0; k < COUNT(takers); k++)
		if (strcmp(takers[k].type, type) == 0)
			return takers[k].take(b, item, i);
	return true;
}

static bool
take_items(struct builder *b)
{
	json_object	*item;
	size_t		 i;

	b->n = js_len(b->items);
	b->given = xcalloc(b->n + 1, sizeof(*b->given));
	outputs_find(b);
	for (i = 0; i < b->n; i++) {
		item = json_object_array_get_idx(b->items, i);
		if (!responses_input_check(item, i, b->err))
			return false;
		b->in->agent = js_str(item, "role") == NULL ||
		    js_is(item, "role", "assistant");
		if (!take_item(b, item, i))
			return false;
	}
	return turn_flush(b);
}

static void
builder_finish(struct builder *b)
{
	turn_finish(&b->turn);
	json_object_put(b->outputs);
	json_object_put(b->parts.images);
	free(b->given);
}

json_object *
bridge_input(json_object *instructions, json_object *input,
    struct bridge_input *in, struct err *err)
{
	struct builder	b = {
		.in = in, .items = input, .parts.err = err, .err = err
	};
	bool		ok = true;

	b.messages = json_object_new_array();
	if (json_object_is_type(instructions, json_type_string) &&
	    json_object_get_string_len(instructions) > 0)
		message_take(&b, message_new("system",
		    json_object_get(instructions)), BRIDGE_INSTRUCTIONS, true);
	if (json_object_is_type(input, json_type_string))
		message_take(&b, message_new("user", json_object_get(input)),
		    BRIDGE_INPUT, false);
	else
		ok = take_items(&b);
	in->vision = b.parts.vision;
	builder_finish(&b);
	if (ok)
		return b.messages;
	json_object_put(b.messages);
	return NULL;
}
