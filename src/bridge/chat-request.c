/* A chat completion request carried over /responses. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "bridge/chat-input.h"
#include "bridge/chat-request.h"
#include "chat/check.h"
#include "chat/native.h"
#include "copilot/models.h"
#include "turn/effort.h"
#include "turn/stop.h"

#define OUTPUT_TOKENS_MIN 16	/* upstream's; chat completions have none */

static json_object *
typed(const char *type)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "type", type);
	return obj;
}

static void
copy(json_object *from, const char *key, json_object *to, const char *name)
{
	if (js_get(from, key) != NULL)
		js_add_ref(to, name, js_get(from, key));
}

/* --- What can't be carried. */

/*
 * Each choice would be a call of its own, and cost one: whoever wants several
 * shall see that, and not on the bill.
 */
static bool
check_n(const struct chat_request *r, struct err *err)
{
	return r->n == 1 || err_param(err, "n", "unsupported_value",
	    "Unsupported value: 'n' has to be 1 with this model. Send several "
	    "requests for several choices.");
}

/* The limit of tokens, by the name the client gave it. */
static bool
check_max(const struct chat_request *r, struct bridge_chat *b,
    struct err *err)
{
	int64_t n;

	b->max_name = js_get(r->obj, "max_completion_tokens") == NULL &&
	    js_get(r->obj, "max_tokens") != NULL ? "max_tokens" :
	    "max_completion_tokens";
	n = js_int(r->obj, b->max_name, 1);
	return n >= 1 || err_param(err, b->max_name, "integer_below_min_value",
	    "Invalid '%s': integer below minimum value. Expected a value >= 1, "
	    "but got %lld instead.", b->max_name, (long long)n);
}

/* A tool by its name, wherever a choice names one. */
static bool
is_named(json_object *v)
{
	return (js_is(v, "type", "function") &&
	    js_str(js_obj(v, "function"), "name") != NULL) ||
	    (js_is(v, "type", "custom") &&
	    js_str(js_obj(v, "custom"), "name") != NULL);
}

static bool
check_choice(const struct chat_request *r, struct err *err)
{
	json_object	*choice = js_get(r->obj, "tool_choice"), *list;
	size_t		 i;

	if (choice == NULL || json_object_is_type(choice, json_type_string) ||
	    is_named(choice))
		return true;
	list = js_array(js_get(choice, "allowed_tools"), "tools");
	if (!js_is(choice, "type", "allowed_tools") || list == NULL)
		return err_param(err, "tool_choice", "invalid_value",
		    "Invalid 'tool_choice': expected 'none', 'auto', "
		    "'required', a function, a custom tool or allowed "
		    "tools.");
	for (i = 0; i < js_len(list); i++)
		if (!is_named(json_object_array_get_idx(list, i)))
			return err_param(err, "tool_choice.allowed_tools.tools",
			    "invalid_value", "Invalid "
			    "'tool_choice.allowed_tools.tools': expected "
			    "tools, each with its name.");
	return true;
}

/* --- Tools. */

static json_object *
empty_schema(void)
{
	json_object *schema = typed("object");

	js_add_take(schema, "properties", json_object_new_object());
	return schema;
}

/* {"type":"grammar","grammar":{..}} has no inner object in Responses. */
static json_object *
custom_format(json_object *from)
{
	json_object	*grammar = js_obj(from, "grammar"), *to;

	if (grammar == NULL)
		return json_object_get(from);
	to = json_object_new_object();
	copy(from, "type", to, "type");
	copy(grammar, "syntax", to, "syntax");
	copy(grammar, "definition", to, "definition");
	return to;
}

static json_object *
custom_of(json_object *custom)
{
	json_object *tool = typed("custom");

	copy(custom, "name", tool, "name");
	copy(custom, "description", tool, "description");
	if (js_obj(custom, "format") != NULL)
		js_add_take(tool, "format",
		    custom_format(js_obj(custom, "format")));
	return tool;
}

/* Here OpenAI's default of "strict" is false, in Responses it is true. */
static json_object *
function_of(json_object *function)
{
	json_object	*tool = typed("function");
	json_object	*schema = js_obj(function, "parameters");

	copy(function, "name", tool, "name");
	copy(function, "description", tool, "description");
	js_add_take(tool, "parameters", schema != NULL ?
	    json_object_get(schema) : empty_schema());
	js_add_bool(tool, "strict", js_bool(function, "strict", false));
	return tool;
}

static json_object *
tool_of(json_object *tool)
{
	return js_is(tool, "type", "custom") ?
	    custom_of(js_obj(tool, "custom")) :
	    function_of(js_obj(tool, "function"));
}

static void
put_tools(const struct chat_request *r, json_object *to)
{
	json_object	*list, *tools, *v;
	size_t		 i;

	list = js_array(r->obj, r->functions ? "functions" : "tools");
	tools = json_object_new_array();
	for (i = 0; i < js_len(list); i++) {
		v = json_object_array_get_idx(list, i);
		json_object_array_add(tools,
		    r->functions ? function_of(v) : tool_of(v));
	}
	js_add_take(to, "tools", tools);
}

static json_object *
named(const char *type, json_object *tool)
{
	json_object *choice = typed(type);

	copy(tool, "name", choice, "name");
	return choice;
}

static json_object *
named_of(json_object *choice)
{
	const char *type = js_str(choice, "type");

	return named(type, js_obj(choice, type));
}

static json_object *
allowed(json_object *from)
{
	json_object	*choice = typed("allowed_tools");
	json_object	*tools = json_object_new_array();
	json_object	*list = js_array(from, "tools");
	size_t		 i;

	for (i = 0; i < js_len(list); i++)
		json_object_array_add(tools,
		    named_of(json_object_array_get_idx(list, i)));
	copy(from, "mode", choice, "mode");
	js_add_take(choice, "tools", tools);
	return choice;
}

static json_object *
choice_of(json_object *choice)
{
	if (js_is(choice, "type", "allowed_tools"))
		return allowed(js_obj(choice, "allowed_tools"));
	if (json_object_is_type(choice, json_type_object))
		return named_of(choice);
	return json_object_get(choice);
}

/* Without tools nothing can be said about them. */
static void
put_all_tools(const struct chat_request *r, json_object *to)
{
	json_object *call = js_get(r->obj, "function_call");
	json_object *choice = js_get(r->obj, "tool_choice");

	if (!r->functions && js_len(js_array(r->obj, "tools")) == 0)
		return;
	put_tools(r, to);
	if (r->functions) {
		/* They had no parallel calls. */
		js_add_bool(to, "parallel_tool_calls", false);
		if (call != NULL)
			js_add_take(to, "tool_choice",
			    json_object_is_type(call, json_type_object) ?
			    named("function", call) : json_object_get(call));
		return;
	}
	copy(r->obj, "parallel_tool_calls", to, "parallel_tool_calls");
	if (choice != NULL)
		js_add_take(to, "tool_choice", choice_of(choice));
}

/* --- The other members. */

static json_object *
format_of(json_object *from)
{
	static const char *const passed[] = {
		"name", "description", "strict",
	};
	json_object	*format = json_object_new_object();
	json_object	*schema = js_obj(from, "json_schema");
	size_t		 i;

	copy(from, "type", format, "type");
	if (!js_is(from, "type", "json_schema"))
		return format;
	for (i = 0; i < COUNT(passed); i++)
		copy(schema, passed[i], format, passed[i]);
	js_add_take(format, "schema", js_obj(schema, "schema") != NULL ?
	    json_object_get(js_obj(schema, "schema")) : empty_schema());
	return format;
}

static void
put_text(const struct chat_request *r, json_object *to)
{
	json_object	*text = json_object_new_object();
	json_object	*format = js_get(r->obj, "response_format");

	if (format != NULL && !r->formless)
		js_add_take(text, "format", format_of(format));
	copy(r->obj, "verbosity", text, "verbosity");
	if (json_object_object_length(text) > 0)
		js_add_take(to, "text", text);
	else
		json_object_put(text);
}

/* A model that can choose how much to think is one that thinks. */
static bool
reasons(const struct chat_request *r)
{
	return r->info != NULL && r->info->reasoning_effort != NULL &&
	    r->info->reasoning_effort[0] != NULL;
}

/* The effort that is asked for, NULL when the model decides. */
static const char *
effort_of(const struct chat_request *r)
{
	const char *asked = js_str(r->obj, "reasoning_effort");

	if (asked == NULL || r->info == NULL)
		return asked;
	return effort_nearest(asked, r->info->reasoning_effort);
}

/* A summary is all of its thoughts that a model shows, and costs tokens. */
static void
put_reasoning(const struct chat_request *r, json_object *to)
{
	json_object	*reasoning = json_object_new_object();
	const char	*effort = effort_of(r);

	if (effort != NULL)
		js_add_str(reasoning, "effort", effort);
	if (reasons(r) && r->summaries)
		js_add_str(reasoning, "summary", "auto");
	if (json_object_object_length(reasoning) > 0)
		js_add_take(to, "reasoning", reasoning);
	else
		json_object_put(reasoning);
}

/*
 * A model that reasons refuses both, and many clients send them always; when it
 * is told not to reason it takes them.
 */
static void
put_sampling(const struct chat_request *r, json_object *to)
{
	const char *effort = effort_of(r);

	if (reasons(r) && (effort == NULL || strcmp(effort, "none") != 0))
		return;
	copy(r->obj, "temperature", to, "temperature");
	copy(r->obj, "top_p", to, "top_p");
}

static void
put_limit(const struct chat_request *r, const struct bridge_chat *b,
    json_object *to)
{
	int64_t n = js_int(r->obj, b->max_name, 0);

	if (n > 0)
		js_add_int(to, "max_output_tokens",
		    n < OUTPUT_TOKENS_MIN ? OUTPUT_TOKENS_MIN : n);
}

/* Upstream keeps nothing: its thoughts come sealed, to be given back. */
static void
put_include(const struct chat_request *r, json_object *to)
{
	json_object *include = json_object_new_array();

	json_object_array_add(include,
	    json_object_new_string("reasoning.encrypted_content"));
	if (js_bool(r->obj, "logprobs", false)) {
		json_object_array_add(include,
		    json_object_new_string("message.output_text.logprobs"));
		copy(r->obj, "top_logprobs", to, "top_logprobs");
	}
	js_add_take(to, "include", include);
	js_add_bool(to, "store", false);
}

/* --- The whole. */

static bool
put_input(struct chat_request *r, struct bridge_chat *b,
    json_object *to, struct err *err)
{
	struct bridge_chat_input	 in;
	size_t				 i;
	bool				 ok;

	chat_request_messages(r, false);
	ok = bridge_chat_input_read(&in, js_array(r->obj, "messages"), err);
	if (ok) {
		js_add_ref(to, "input", in.items);
		b->origins = in.origins;
		b->norigins = in.norigins;
		in.origins = NULL;
	}
	for (i = 0; r->inserted && i < b->norigins; i++)
		if (b->origins[i].message > 0)
			b->origins[i].message--;
	bridge_chat_input_finish(&in);
	return ok;
}

static bool
build(struct chat_request *r, struct bridge_chat *b, json_object *to,
    struct err *err)
{
	js_add_str(to, "model", r->model);
	if (!put_input(r, b, to, err))
		return false;
	js_add_bool(to, "stream", r->stream);
	put_include(r, to);
	put_reasoning(r, to);
	put_sampling(r, to);
	put_text(r, to);
	put_limit(r, b, to);
	put_all_tools(r, to);
	copy(r->obj, "prompt_cache_key", to, "prompt_cache_key");
	lesson_apply(&r->lesson, to);
	return true;
}

bool
bridge_chat_request(struct chat_request *r, struct bridge_chat *b,
    struct buf *body, struct err *err)
{
	json_object	*to;
	bool		 ok;

	*b = (struct bridge_chat){ .functions = r->functions };
	if (!check_n(r, err) || !check_max(r, b, err) ||
	    (!r->functions && !check_choice(r, err)) ||
	    !chat_stop_read(r->obj, &b->stop, err))
		return false;
	to = json_object_new_object();
	if ((ok = build(r, b, to, err)))
		js_print(to, body);
	json_object_put(to);
	return ok;
}

void
bridge_chat_finish(struct bridge_chat *b)
{
	chat_stop_destroy(b->stop);
	free(b->origins);
	*b = (struct bridge_chat){ 0 };
}
