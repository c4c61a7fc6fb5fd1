/* Copilot's response objects and items, with all that OpenAI's have. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/native.h"
#include "responses/object.h"
#include "turn/calls.h"

/* --- Items. */

static void
need_array(json_object *obj, const char *key)
{
	if (js_array(obj, key) == NULL)
		js_add_take(obj, key, json_object_new_array());
}

static void
need_str(json_object *obj, const char *key, const char *dflt)
{
	if (js_str(obj, key) == NULL)
		js_add_str(obj, key, dflt);
}

void
responses_part(json_object *part)
{
	if (!js_is(part, "type", "output_text"))
		return;
	need_str(part, "text", "");
	need_array(part, "annotations");
	need_array(part, "logprobs");
}

static void
complete_message(json_object *item, bool done)
{
	json_object	*content;
	size_t		 i;

	need_str(item, "role", "assistant");
	need_str(item, "status", done ? "completed" : "in_progress");
	need_array(item, "content");
	content = js_array(item, "content");
	for (i = 0; i < js_len(content); i++)
		responses_part(json_object_array_get_idx(content, i));
}

static void
complete_function_call(json_object *item, bool done)
{
	need_str(item, "arguments", "");
	if (done && calls_are_none(js_get(item, "arguments")))
		js_add_str(item, "arguments", "{}");
	need_str(item, "status", done ? "completed" : "in_progress");
}

static void
complete_custom_call(json_object *item, bool done)
{
	need_str(item, "input", "");
	need_str(item, "status", done ? "completed" : "in_progress");
}

static void
complete_tool_search(json_object *item, bool done)
{
	need_str(item, "status", done ? "completed" : "in_progress");
}

static void
complete_reasoning(json_object *item, bool done)
{
	(void)done;
	need_array(item, "summary");
}

/* OpenAI requires the action from the start, when it isn't known yet. */
static void
complete_web_search(json_object *item, bool done)
{
	json_object *action;

	need_str(item, "status", done ? "completed" : "in_progress");
	if (js_obj(item, "action") != NULL)
		return;
	action = json_object_new_object();
	js_add_str(action, "type", "search");
	js_add_take(item, "action", action);
}

static const struct {
	const char	*type;
	void		(*complete)(json_object *, bool);
} completions[] = {
	{ "message",		complete_message },
	{ "function_call",	complete_function_call },
	{ "custom_tool_call",	complete_custom_call },
	{ "tool_search_call",	complete_tool_search },
	{ "reasoning",		complete_reasoning },
	{ "web_search_call",	complete_web_search }
};

bool
responses_may_be_null(const struct peek_text *name)
{
	return peek_is(name, "phase") || peek_is(name, "caller") ||
	    peek_is(name, "call_id") || peek_is(name, "encrypted_content");
}

static bool
may_be_null(const char *key)
{
	const struct peek_text name = { key, strlen(key) };

	return responses_may_be_null(&name);
}

void
responses_item(json_object *item, bool done)
{
	size_t i;

	if (!json_object_is_type(item, json_type_object) || item == NULL)
		return;
	json_object_object_foreach(item, key, v) {
		if ((v == NULL && !may_be_null(key)) ||
		    responses_is_private(key))
			js_del(item, key);
	}
	for (i = 0; i < COUNT(completions); i++)
		if (js_is(item, "type", completions[i].type))
			completions[i].complete(item, done);
}

json_object *
responses_item_stripped(json_object *item)
{
	json_object *copy;

	if (!js_is(item, "type", "reasoning") ||
	    !js_has(item, "encrypted_content"))
		return json_object_get(item);
	copy = json_object_new_object();
	json_object_object_foreach(item, key, v) {
		if (strcmp(key, "encrypted_content") != 0)
			js_add_ref(copy, key, v);
	}
	return copy;
}

static void
complete_output(json_object *output, struct responses_ids *ids)
{
	size_t n = js_len(output), i;

	responses_ids_output(ids, output);
	for (i = 0; i < n; i++)
		responses_item(json_object_array_get_idx(output, i), true);
}

/* --- The members of the response object. */

/* OpenAI repeats tools with their defaults written out. */
static void
complete_tools(json_object *tools)
{
	json_object	*tool;
	size_t		 n = js_len(tools), i;

	for (i = 0; i < n; i++) {
		tool = json_object_array_get_idx(tools, i);
		if (!js_is(tool, "type", "function"))
			continue;
		if (!js_has(tool, "strict"))
			js_add_bool(tool, "strict", true);
		if (!js_has(tool, "parameters"))
			js_add_null(tool, "parameters");
	}
}

/* "text":{} is what some clients send always. */
static void
complete_text(json_object *text)
{
	json_object *format;

	if (js_obj(text, "format") != NULL)
		return;
	format = json_object_new_object();
	js_add_str(format, "type", "text");
	js_add_take(text, "format", format);
}

const struct responses_member responses_members[RESPONSES_MEMBERS] = {
#define UPSTREAM RESPONSES_UPSTREAM
#define REQUEST RESPONSES_REQUEST
	{ PEEK_TEXT("status"), UPSTREAM, json_type_string, NULL },
	{ PEEK_TEXT("background"), REQUEST, json_type_boolean, "false" },
	{ PEEK_TEXT("completed_at"), UPSTREAM, json_type_int, NULL },
	{ PEEK_TEXT("error"), UPSTREAM, json_type_object, NULL },
	{ PEEK_TEXT("incomplete_details"), UPSTREAM, json_type_object, NULL },
	{ PEEK_TEXT("instructions"), UPSTREAM, json_type_null, NULL },
	{ PEEK_TEXT("max_output_tokens"), UPSTREAM, json_type_int, NULL },
	{ PEEK_TEXT("max_tool_calls"), UPSTREAM, json_type_int, NULL },
	{ PEEK_TEXT("model"), RESPONSES_FIXED, json_type_string, NULL },
	{ PEEK_TEXT("output"), UPSTREAM, json_type_array, "[]" },
	{ PEEK_TEXT("parallel_tool_calls"), UPSTREAM, json_type_boolean,
	    "true" },
	{ PEEK_TEXT("previous_response_id"), REQUEST, json_type_string, NULL },
	{ PEEK_TEXT("prompt_cache_key"), REQUEST, json_type_string, NULL },
	{ PEEK_TEXT("reasoning"), UPSTREAM, json_type_object,
	    "{\"effort\":null,\"summary\":null}" },
	{ PEEK_TEXT("safety_identifier"), REQUEST, json_type_string, NULL },
	{ PEEK_TEXT("service_tier"), UPSTREAM, json_type_string,
	    "\"default\"" },
	{ PEEK_TEXT("store"), REQUEST, json_type_boolean, "true" },
	{ PEEK_TEXT("temperature"), UPSTREAM, json_type_null, "1.0" },
	{ PEEK_TEXT("text"), UPSTREAM, json_type_object,
	    "{\"format\":{\"type\":\"text\"}}" },
	{ PEEK_TEXT("tool_choice"), UPSTREAM, json_type_null, "\"auto\"" },
	{ PEEK_TEXT("tools"), UPSTREAM, json_type_array, "[]" },
	{ PEEK_TEXT("top_logprobs"), UPSTREAM, json_type_int, "0" },
	{ PEEK_TEXT("top_p"), UPSTREAM, json_type_null, "1.0" },
	{ PEEK_TEXT("truncation"), UPSTREAM, json_type_string, "\"disabled\"" },
	{ PEEK_TEXT("usage"), UPSTREAM, json_type_object, NULL },
	{ PEEK_TEXT("user"), REQUEST, json_type_string, NULL },
	{ PEEK_TEXT("metadata"), REQUEST, json_type_object, "{}" }
};

static json_object *
typed(json_object *obj, const char *name, json_type type)
{
	json_object *v = js_get(obj, name);

	return v != NULL && (type == json_type_null ||
	    json_object_is_type(v, type)) ? v : NULL;
}

/* What the request says of one, borrowed; NULL: nothing. */
static json_object *
echoed(const struct responses_member *m, json_object *echo)
{
	return m->source != RESPONSES_FIXED ? typed(echo, m->name.p, m->type) :
	    NULL;
}

/* The value of one, with a reference of its own. */
static json_object *
value_of(const struct responses_member *m, json_object *from,
    json_object *echo)
{
	json_object *v = NULL;

	if (m->source == RESPONSES_UPSTREAM)
		v = typed(from, m->name.p, m->type);
	if (v == NULL)
		v = echoed(m, echo);
	if (v != NULL)
		return json_object_get(v);
	return m->dflt != NULL ? js_parse_quiet(m->dflt, strlen(m->dflt)) :
	    NULL;
}

void
responses_put_member(const struct responses_member *m, json_object *echo,
    struct buf *out)
{
	json_object *v = echoed(m, echo);

	if (v == NULL) {
		buf_puts(out, m->dflt != NULL ? m->dflt : "null");
		return;
	}
	if (peek_is(&m->name, "tools"))
		complete_tools(v);
	else if (peek_is(&m->name, "text"))
		complete_text(v);
	js_print(v, out);
}

/*
 * Copilot's own: its accounts, and what its filters thought of each piece,
 * which takes 100 kB where a model runs on Azure.
 */
bool
responses_is_private_name(const struct peek_text *name)
{
	return peek_starts(name, "copilot_") ||
	    peek_is(name, "content_filters") ||
	    peek_is(name, "content_filter_results");
}

bool
responses_is_private(const char *key)
{
	const struct peek_text name = { key, strlen(key) };

	return responses_is_private_name(&name);
}

void
responses_drop_private(json_object *obj)
{
	json_object_object_foreach(obj, key, v) {
		(void)v;
		if (responses_is_private(key))
			js_del(obj, key);
	}
}

/* Members that upstream has beyond the table. */
static void
add_others(json_object *obj, json_object *from)
{
	if (from == NULL)
		return;
	json_object_object_foreach(from, key, v) {
		if (v != NULL && !js_has(obj, key) &&
		    !responses_is_private(key))
			js_add_ref(obj, key, v);
	}
}

json_object *
responses_object(json_object *from, const struct responses *r,
    struct responses_ids *ids, int64_t created, const char *status)
{
	json_object	*obj = json_object_new_object();
	size_t		 i;

	js_add_str(obj, "id", ids->response);
	js_add_str(obj, "object", "response");
	js_add_int(obj, "created_at", js_int(from, "created_at", 0) > 0 ?
	    js_int(from, "created_at", 0) : created);
	for (i = 0; i < RESPONSES_MEMBERS; i++)
		js_add_take(obj, responses_members[i].name.p,
		    value_of(&responses_members[i], from, r->echo));
	js_add_str(obj, "model", r->model);
	/* Only where there is one. */
	if (js_obj(r->echo, "conversation") != NULL)
		js_add_ref(obj, "conversation", js_obj(r->echo,
		    "conversation"));
	need_str(obj, "status", status);
	add_others(obj, from);
	complete_output(js_array(obj, "output"), ids);
	complete_tools(js_array(obj, "tools"));
	complete_text(js_obj(obj, "text"));
	return obj;
}

json_object *
responses_queued(const struct responses *r)
{
	struct responses_ids	 ids;
	json_object		*obj;

	responses_ids_init(&ids, r->id);
	obj = responses_object(NULL, r, &ids, (int64_t)time(NULL), "queued");
	responses_ids_finish(&ids);
	return obj;
}

/* --- Errors. */

/*
 * Codex acts on the code alone. OpenAI's description has one name for what is
 * not the client's affair.
 */
static const char *
error_code(const struct err *err)
{
	const char *code = err->code;

	if (err->type == NULL || strcmp(err->type, ERR_SERVER) != 0)
		return *code != '\0' ? code : "invalid_prompt";
	return strcmp(code, "server_is_overloaded") == 0 ||
	    strcmp(code, "slow_down") == 0 ? code : "server_error";
}

json_object *
responses_error(const struct err *err)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "code", error_code(err));
	js_add_str(obj, "message", err->msg);
	return obj;
}

/*
 * OpenAI sends this ahead of response.failed, its members within "error";
 * its description has them flat, so they are both. It is all that LangChain
 * sees of a failure, and what makes the official packages throw: by "error",
 * whose code they act on.
 */
json_object *
responses_error_event(const struct err *err)
{
	json_object *ev = err_json_new(err), *error = js_obj(ev, "error");

	js_add_str(error, "code", error_code(err));
	js_add_str(ev, "type", "error");
	js_add_ref(ev, "code", js_get(error, "code"));
	js_add_ref(ev, "message", js_get(error, "message"));
	js_add_ref(ev, "param", js_get(error, "param"));
	return ev;
}
