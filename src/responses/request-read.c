/* A Responses request as a turn. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/models.h"
#include "responses/input.h"
#include "responses/native.h"
#include "responses/request-read.h"
#include "responses/request-tools.h"
#include "responses/terms.h"
#include "responses/tools.h"
#include "turn/cache-marks.h"
#include "turn/complain.h"
#include "turn/seal.h"
#include "turn/terms.h"
#include "turn/turn.h"

#define PARAM_SIZE 96

struct reader {
	struct turn	*t;
	size_t		 i;		/* the item in hand */
	struct err	*err;
};

static bool
missing(const struct reader *r, const char *key)
{
	char param[PARAM_SIZE];

	snprintf(param, sizeof(param), "input[%zu].%s", r->i, key);
	return complain_missing(r->err, param);
}

/* --- The parts of a content or an output. */

/* The part in hand. */
struct place {
	struct reader		*r;
	struct turn_item	*item;
	const char		*list;		/* "content", "output" */
	size_t			 at;
};

static bool
bad_part(const struct place *p, const char *key, const char *what)
{
	char param[PARAM_SIZE];

	snprintf(param, sizeof(param), "input[%zu].%s[%zu].%s", p->r->i,
	    p->list, p->at, key);
	return err_param(p->r->err, param, "invalid_value", "Invalid '%s': %s",
	    param, what);
}

static bool
bad_type(const struct place *p, json_object *part)
{
	const char	*type = js_str(part, "type");
	char		 shown[64], what[200];

	text_clean(type != NULL ? type : "", type != NULL ? strlen(type) : 0,
	    shown, sizeof(shown));
	snprintf(what, sizeof(what), "'%s'. Supported values are: "
	    "'input_text', 'output_text', 'refusal' and 'input_image'.", shown);
	return bad_part(p, "type", what);
}

static struct turn_part *
add(const struct place *p, enum turn_part_kind kind, json_object *text)
{
	return turn_add_part(p->r->t, p->item, kind, text, (int64_t)p->at);
}

static bool
read_text(const struct place *p, json_object *part)
{
	if (js_str(part, "text") == NULL)
		return bad_type(p, part);
	add(p, TURN_TEXT, js_get(part, "text"));
	return true;
}

static bool
read_refusal(const struct place *p, json_object *part)
{
	if (js_str(part, "refusal") == NULL)
		return bad_type(p, part);
	add(p, TURN_REFUSAL, js_get(part, "refusal"));
	return true;
}

static bool
read_image(const struct place *p, json_object *part)
{
	if (js_str(part, "image_url") == NULL)
		return bad_part(p, js_has(part, "file_id") ? "file_id" :
		    "image_url", "this server keeps no files, the image itself "
		    "is needed: an address or a data URL in 'image_url'.");
	add(p, TURN_IMAGE, js_get(part, "image_url"))->detail =
	    turn_detail(part);
	return true;
}

/* Its data, or an address; one without either is for the writer to refuse. */
static bool
read_file(const struct place *p, json_object *part)
{
	const char		*key = js_str(part, "file_data") != NULL ?
				    "file_data" : "file_url";
	struct turn_part	*new;

	new = add(p, TURN_DOCUMENT, js_str(part, key) != NULL ?
	    js_get(part, key) : NULL);
	if (js_str(part, "filename") != NULL)
		turn_set(&new->name, js_get(part, "filename"));
	return true;
}

/*
 * Only /responses can read what is encrypted. But some versions of Codex say so
 * of a tool's arguments that nobody has encrypted.
 */
static bool
read_encrypted(const struct place *p, json_object *part)
{
	const char	*said = js_str(part, "encrypted_content");
	json_object	*text;

	text = said == NULL || seal_is_upstreams(said) ?
	    json_object_new_string(SEAL_LOST) :
	    json_object_get(js_get(part, "encrypted_content"));
	add(p, TURN_TEXT, text);
	json_object_put(text);
	return true;
}

static bool
read_part(const struct place *p, json_object *part)
{
	static const struct {
		const char	*type;
		bool		(*read)(const struct place *, json_object *);
	} readers[] = {
		{ "input_text",		read_text },
		{ "output_text",	read_text },
		{ "text",		read_text },
		{ "summary_text",	read_text },
		{ "refusal",		read_refusal },
		{ "input_image",	read_image },
		{ "input_file",		read_file },
	};
	size_t i;

	for (i = 0; i < COUNT(readers); i++)
		if (js_is(part, "type", readers[i].type))
			return readers[i].read(p, part);
	if ((strcmp(p->list, "output") == 0 || p->item->kind == TURN_USER) &&
	    js_is(part, "type", "encrypted_content"))
		return read_encrypted(p, part);
	return bad_type(p, part);
}

/* A string, a list of parts, or some other JSON, which counts as its text. */
static bool
read_parts(struct reader *r, struct turn_item *item, const char *list,
    json_object *v)
{
	struct place	 p = { r, item, list, 0 };
	json_object	*text;
	size_t		 n = js_len(v);

	if (!json_object_is_type(v, json_type_array)) {
		text = json_object_is_type(v, json_type_string) ?
		    json_object_get(v) : js_print_string(v);
		turn_add_part(r->t, item, TURN_TEXT, text, -1);
		json_object_put(text);
		return true;
	}
	item->listed = true;
	for (; p.at < n; p.at++)
		if (!read_part(&p, json_object_array_get_idx(v, p.at)))
			return false;
	return true;
}

/* --- Items. */

static struct turn_item *
add_item(struct reader *r, enum turn_kind kind)
{
	return turn_add(r->t, kind, (int64_t)r->i, -1);
}

/* "developer" is what OpenAI's newest models call the system. */
static bool
kind_of(const struct reader *r, const char *role, enum turn_kind *kind)
{
	static const struct {
		const char	*role;
		enum turn_kind	 kind;
	} roles[] = {
		{ "assistant",	TURN_SAID },
		{ "system",	TURN_SYSTEM },
		{ "developer",	TURN_SYSTEM },
		{ "user",	TURN_USER },
	};
	char	param[PARAM_SIZE];
	size_t	i;

	for (i = 0; i < COUNT(roles); i++)
		if (strcmp(roles[i].role, role) == 0) {
			*kind = roles[i].kind;
			return true;
		}
	snprintf(param, sizeof(param), "input[%zu].role", r->i);
	return err_param(r->err, param, "invalid_value", "Invalid value: "
	    "'%.*s'. Supported values are: 'assistant', 'system', 'developer', "
	    "and 'user'.", complain_clip(role), role);
}

static bool
check_content(const struct reader *r, json_object *content)
{
	char param[PARAM_SIZE];

	if (json_object_is_type(content, json_type_string) ||
	    json_object_is_type(content, json_type_array))
		return true;
	snprintf(param, sizeof(param), "input[%zu].content", r->i);
	return complain_wrong_type(r->err, param,
	    "one of a string or array of objects", content);
}

static bool
read_message(struct reader *r, json_object *item)
{
	const char		*role = js_str(item, "role");
	json_object		*content = js_get(item, "content");
	struct turn_item	*new;
	enum turn_kind		 kind = TURN_USER;

	if (role == NULL)
		return missing(r, "role");
	if (content == NULL)
		return missing(r, "content");
	if (!kind_of(r, role, &kind) || !check_content(r, content))
		return false;
	new = add_item(r, kind);
	turn_set(&new->phase, js_get(item, "phase"));
	return read_parts(r, new, "content", content);
}

/* One of Codex' agents speaks to another one. */
static bool
read_agent_message(struct reader *r, json_object *item)
{
	json_object *content = js_get(item, "content");

	if (content == NULL)
		return missing(r, "content");
	return check_content(r, content) && read_parts(r,
	    add_item(r, TURN_USER), "content", content);
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
	{ "tool_search_call",	RESPONSES_TOOL_SEARCH, "arguments" },
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

/* A function's arguments are JSON text already; an action's become it. */
static json_object *
arguments_of(const struct call_kind *k, json_object *item)
{
	json_object *v = js_get(item, k->member);

	if (strcmp(k->member, "input") == 0)
		return json_object_get(v);
	if (strcmp(k->member, "arguments") != 0 ||
	    json_object_is_type(v, json_type_object))
		return js_print_string(v);
	return json_object_is_type(v, json_type_string) &&
	    json_object_get_string_len(v) > 0 ? json_object_get(v) :
	    json_object_new_string("{}");
}

static bool
read_call(struct reader *r, json_object *item)
{
	const struct call_kind	*k = call_kind(item);
	struct turn_item	*new;

	if (js_str(item, "call_id") == NULL)
		return missing(r, "call_id");
	if (k->name == NULL && js_str(item, "name") == NULL)
		return missing(r, "name");
	new = add_item(r, TURN_CALL);
	turn_set(&new->id, js_get(item, "call_id"));
	if (k->name == NULL)
		turn_set(&new->name, js_get(item, "name"));
	else
		new->name = json_object_new_string(k->name);
	if (js_str(item, "namespace") != NULL)
		turn_set(&new->space, js_get(item, "namespace"));
	new->custom = strcmp(k->member, "input") == 0;
	new->arguments = arguments_of(k, item);
	return true;
}

static bool
read_result(struct reader *r, json_object *item)
{
	struct turn_item *new;

	if (js_str(item, "call_id") == NULL)
		return missing(r, "call_id");
	if (js_get(item, "output") == NULL)
		return missing(r, "output");
	new = add_item(r, TURN_RESULT);
	turn_set(&new->id, js_get(item, "call_id"));
	new->custom = js_is(item, "type", "custom_tool_call_output");
	return read_parts(r, new, "output", js_get(item, "output"));
}

/* One that ran at OpenAI has no call_id, and was none of the client's. */
static bool
read_search(struct reader *r, json_object *item)
{
	return js_str(item, "call_id") == NULL || read_call(r, item);
}

/* The names of the tools from number "from" on, as the model sees them. */
static json_object *
names_from(const struct tools *t, size_t from)
{
	struct buf	 text = { 0 };
	char		 flat[TOOLS_NAME_SIZE];
	json_object	*s;
	size_t		 i;

	buf_puts(&text, from < t->n ? "These tools can be called now:" :
	    "No other tools were found.");
	for (i = from; i < t->n; i++) {
		tools_flat(t->list[i].space, t->list[i].name, flat);
		buf_printf(&text, "%s %s", i > from ? "," : "", flat);
	}
	s = json_object_new_string_len(text.p, (int)text.len);
	buf_finish(&text);
	return s;
}

/* From now on the model has the tools that the client found. */
static bool
read_found(struct reader *r, json_object *item)
{
	size_t			 from = r->t->tools.n;
	struct turn_item	*new;
	json_object		*text;

	if (!responses_read_tools(js_array(item, "tools"), false, &r->t->tools,
	    r->err))
		return false;
	if (js_str(item, "call_id") == NULL)
		return true;
	new = add_item(r, TURN_RESULT);
	turn_set(&new->id, js_get(item, "call_id"));
	text = names_from(&r->t->tools, from);
	turn_add_part(r->t, new, TURN_TEXT, text, -1);
	json_object_put(text);
	return true;
}

/* One that was made of another endpoint's thoughts is those again. */
static void
open_seal(struct reader *r, struct turn_item *item, json_object *opened)
{
	if (js_str(opened, "reasoning_text") != NULL)
		turn_add_part(r->t, item, TURN_TEXT,
		    js_get(opened, "reasoning_text"), -1);
	if (js_str(opened, "reasoning_opaque") != NULL)
		turn_set(&item->seal.text, js_get(opened, "reasoning_opaque"));
	turn_set(&item->seal.vendor, js_get(opened, "vendor"));
	item->seal.endpoint = MODEL_CHAT;
}

static bool
read_reasoning(struct reader *r, json_object *item)
{
	const char		*sealed = js_str(item, "encrypted_content");
	struct turn_item	*new;
	json_object		*opened;

	if (sealed == NULL || sealed[0] == '\0')
		return true;
	if (!seal_is(sealed)) {
		new = add_item(r, TURN_THOUGHT);
		turn_set(&new->seal.text, js_get(item, "encrypted_content"));
		new->seal.endpoint = MODEL_RESPONSES;
		return true;
	}
	if ((opened = seal_open(sealed)) == NULL)
		return true;
	open_seal(r, add_item(r, TURN_THOUGHT), opened);
	json_object_put(opened);
	return true;
}

static bool
read_more_tools(struct reader *r, json_object *item)
{
	return responses_read_tools(js_array(item, "tools"), false,
	    &r->t->tools, r->err);
}

static bool
read_item(struct reader *r, json_object *item)
{
	static const struct {
		const char	*type;
		bool		(*read)(struct reader *, json_object *);
	} readers[] = {
		{ "message",			read_message },
		{ "agent_message",		read_agent_message },
		{ "function_call",		read_call },
		{ "custom_tool_call",		read_call },
		{ "local_shell_call",		read_call },
		{ "shell_call",			read_call },
		{ "apply_patch_call",		read_call },
		{ "function_call_output",	read_result },
		{ "custom_tool_call_output",	read_result },
		{ "local_shell_call_output",	read_result },
		{ "shell_call_output",		read_result },
		{ "apply_patch_call_output",	read_result },
		{ "tool_search_call",		read_search },
		{ "tool_search_output",		read_found },
		{ "reasoning",			read_reasoning },
		{ "additional_tools",		read_more_tools },
	};
	const char	*type = js_str(item, "type");
	size_t		 k;

	if (type == NULL)
		type = "message";
	for (k = 0; k < COUNT(readers); k++)
		if (strcmp(readers[k].type, type) == 0)
			return readers[k].read(r, item);
	return true;
}

static bool
read_items(struct turn *t, json_object *list, struct err *err)
{
	struct reader	 r = { .t = t, .err = err };
	json_object	*item;
	size_t		 n = js_len(list), before;

	for (; r.i < n; r.i++) {
		item = json_object_array_get_idx(list, r.i);
		if (!responses_input_check(item, r.i, err))
			return false;
		t->agent = js_str(item, "role") == NULL ||
		    js_is(item, "role", "assistant");
		before = t->n;
		if (!read_item(&r, item))
			return false;
		if (t->n > before && cache_marks_has(item))
			t->items[t->n - 1].mark = true;
	}
	return true;
}

/* Words that are no item: "instructions", or "input" as a string. */
static void
add_words(struct turn *t, enum turn_kind kind, int64_t index,
    json_object *text)
{
	turn_add_part(t, turn_add(t, kind, index, -1), TURN_TEXT, text, -1);
}

static bool
read_input(json_object *obj, struct turn *t, struct err *err)
{
	json_object	*instructions = js_get(obj, "instructions");
	json_object	*input = js_get(obj, "input");

	if (json_object_is_type(instructions, json_type_string) &&
	    json_object_get_string_len(instructions) > 0)
		add_words(t, TURN_SYSTEM, TURN_INSTRUCTIONS, instructions);
	if (!json_object_is_type(input, json_type_string))
		return read_items(t, input, err);
	add_words(t, TURN_USER, TURN_WHOLE_INPUT, input);
	return true;
}

/* --- The other members. */

static void
read_format(json_object *format, struct turn_format *f)
{
	f->kind = turn_format_kind(format);
	if (f->kind != TURN_FORMAT_SCHEMA)
		return;
	turn_set(&f->name, js_get(format, "name"));
	turn_set(&f->description, js_get(format, "description"));
	turn_set(&f->schema, js_get(format, "schema"));
	turn_set(&f->strict, js_get(format, "strict"));
}

static void
read_members(json_object *obj, struct turn *t)
{
	json_object	*text = js_obj(obj, "text");
	json_object	*reasoning = js_obj(obj, "reasoning");

	turn_set(&t->temperature, js_get(obj, "temperature"));
	turn_set(&t->top_p, js_get(obj, "top_p"));
	turn_set(&t->limit, js_get(obj, "max_output_tokens"));
	turn_set(&t->effort, js_get(reasoning, "effort"));
	turn_set(&t->verbosity, js_get(text, "verbosity"));
	turn_set(&t->parallel, js_get(obj, "parallel_tool_calls"));
	turn_set(&t->cache_key, js_get(obj, "prompt_cache_key"));
	if (js_int(obj, "top_logprobs", 0) > 0)
		turn_set(&t->top_logprobs, js_get(obj, "top_logprobs"));
	t->logprobs = t->top_logprobs != NULL ||
	    responses_included(js_array(obj, "include"),
	    "message.output_text.logprobs");
	t->summaries = js_get(reasoning, "summary") != NULL;
	t->stream = js_bool(obj, "stream", false);
	read_format(js_obj(text, "format"), &t->format);
}

bool
responses_request_read(json_object *obj, bool web_search, struct turn *t,
    struct err *err)
{
	*t = (struct turn){ .side = &responses_terms };
	if (!responses_check(obj, err))
		return false;
	read_members(obj, t);
	return responses_read_tools(js_array(obj, "tools"), true, &t->tools,
	    err) && read_input(obj, t, err) &&
	    responses_read_choice(js_get(obj, "tool_choice"), web_search, t,
	    err);
}

/* --- The answer repeats what there is, as it does natively. */

/* A request without tools has no choice among them. */
static void
drop_choice(json_object *obj, const struct turn *t)
{
	if (t->tools.n == 0 || (t->choice.kind == TURN_CHOICE_UNSAID &&
	    !js_is(js_get(obj, "tool_choice"), "type", "allowed_tools")))
		js_del(obj, "tool_choice");
}

void
responses_request_echo(json_object *obj, const struct turn *t,
    struct responses *r)
{
	json_object	*kept;
	bool		 changed = false;

	drop_choice(obj, t);
	if (js_array(obj, "tools") != NULL) {
		kept = responses_tools(js_array(obj, "tools"), false,
		    &changed);
		if (changed)
			js_add_ref(obj, "tools", kept);
		json_object_put(kept);
	}
	responses_note(obj, r);
	r->vision = t->vision;
	r->agent = t->agent;
}
