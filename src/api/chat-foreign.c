/*
 * Requests of other endpoints, sent to chat completions. Cursor asks a server
 * of one's own there whatever the model: as an agent with the body of
 * Responses, else with messages and tools in several forms, those for names
 * with "claude" in Anthropic's. It wants a chat's answer to all of them
 * (BerriAI/litellm 34029, Soju06/codex-lb 833, askalf/dario 203).
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/chat-foreign.h"
#include "api/exchange.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/terms.h"
#include "chat/usual.h"
#include "turn/complain.h"
#include "turn/hosted.h"
#include "turn/terms.h"
#include "turn/tools.h"
#include "turn/turn.h"

/* --- What a Responses request calls things, at this path. */

static const struct terms_word words[] = {
	{ TERM_LIST,		"input", true },
	{ TERM_LIMIT,		"max_output_tokens", false },
	{ TERM_FORMAT,		"text.format", false },
	{ TERM_FORMAT_INNER,	"text.format", false },
	{ TERM_FORMAT_NAME,	"text.format.name", false },
	{ TERM_FORMAT_DESCRIPTION, "text.format.description", false },
	{ TERM_FORMAT_SCHEMA,	"text.format.schema", false },
	{ TERM_FORMAT_STRICT,	"text.format.strict", false },
	{ TERM_VERBOSITY,	"text.verbosity", false },
	{ TERM_EFFORT,		"reasoning.effort", false },
	{ TERM_TOOLS,		"tools", true },
	{ TERM_CHOICE,		"tool_choice", false },
	{ TERM_CHOICE_NAME,	"tool_choice.name", false },
	{ TERM_CHOICE_TOOLS,	"tool_choice.tools", false },
	{ TERM_CHOICE_MODE,	"tool_choice.mode", false },
	{ TERM_LOGPROBS,	"top_logprobs", true },
	{ TERM_PATH,		"/chat/completions", false },
};

static const struct terms_member members[] = {
	{ TURN_CALL, TERMS_ID, ".call_id", false },
	{ TURN_CALL, TERMS_NAME, ".name", false },
	{ TURN_CALL, TERMS_ARGUMENTS, ".arguments", false },
	{ TURN_RESULT, TERMS_ID, ".call_id", false },
	{ TURN_RESULT, TERMS_CONTENT, ".output", false },
	{ TURN_SYSTEM, TERMS_CONTENT, ".content", false },
	{ TURN_USER, TERMS_CONTENT, ".content", false },
	{ TURN_SAID, TERMS_CONTENT, ".content", false },
};

static const struct terms_side side = {
	.words = words, .nwords = COUNT(words),
	.members = members, .nmembers = COUNT(members),
	.beside = "instructions", .function = "", .custom = "",
	.image = ".image_url"
};

/* --- Tools. */

static const char *const function_members[] = {
	"name", "description", "parameters", "strict"
};

/* A grammar has an object of its own in chat's form. */
static json_object *
format_of(json_object *from)
{
	json_object *to, *grammar;

	if (!js_is(from, "type", "grammar") || js_obj(from, "grammar") != NULL)
		return json_object_get(from);
	to = json_object_new_object();
	grammar = json_object_new_object();
	js_add_str(to, "type", "grammar");
	js_add_given(grammar, "syntax", js_get(from, "syntax"));
	js_add_given(grammar, "definition", js_get(from, "definition"));
	js_add_take(to, "grammar", grammar);
	return to;
}

/* A tool that wraps what it says in an object named as its kind. */
static json_object *
wrapped_take(const char *kind, json_object *inner)
{
	json_object *tool = json_object_new_object();

	js_add_str(tool, "type", kind);
	js_add_take(tool, kind, inner);
	return tool;
}

static json_object *
function_of(json_object *v)
{
	json_object	*in = json_object_new_object();
	size_t		 i;

	for (i = 0; i < COUNT(function_members); i++)
		js_add_given(in, function_members[i],
		    js_get(v, function_members[i]));
	js_add_given(in, "parameters", js_get(v, "input_schema"));
	return wrapped_take("function", in);
}

static json_object *
custom_of(json_object *v)
{
	json_object *in = json_object_new_object();

	js_add_given(in, "name", js_get(v, "name"));
	js_add_given(in, "description", js_get(v, "description"));
	if (js_obj(v, "format") != NULL)
		js_add_take(in, "format", format_of(js_obj(v, "format")));
	return wrapped_take("custom", in);
}

/* Written flat, or as Anthropic's: the tool in chat's form, else NULL. */
static json_object *
tool_of(json_object *v)
{
	if (js_get(v, "name") == NULL)
		return NULL;
	if (js_is(v, "type", "custom") && js_obj(v, "custom") == NULL &&
	    js_get(v, "input_schema") == NULL)
		return custom_of(v);
	if (js_obj(v, "function") == NULL && js_obj(v, "custom") == NULL &&
	    (js_is(v, "type", "function") || js_get(v, "input_schema") != NULL))
		return function_of(v);
	return NULL;
}

static void
note_tool(struct terms *terms, json_object *v, size_t i)
{
	struct tool tool = { .at = (int64_t)i,
	    .custom = js_is(v, "type", "custom") };

	terms_note_tool(terms, &tool);
}

/*
 * Tools that run at OpenAI are left out, as of a Responses request. "terms"
 * NULL: beside messages, where all tools stay.
 */
static bool
put_tools(json_object *obj, struct terms *terms)
{
	json_object	*list = js_array(obj, "tools"), *v, *tool, *to;
	bool		 changed = false;
	size_t		 i;

	to = json_object_new_array();
	for (i = 0; i < js_len(list); i++) {
		v = json_object_array_get_idx(list, i);
		tool = tool_of(v);
		changed = changed || tool != NULL;
		if (terms != NULL && tool == NULL && hosted_of(v) != 0) {
			changed = true;
			continue;
		}
		json_object_array_add(to, tool != NULL ? tool :
		    json_object_get(v));
		if (terms != NULL)
			note_tool(terms, v, i);
	}
	if (changed)
		js_add_ref(obj, "tools", to);
	json_object_put(to);
	return changed;
}

static json_object *
name_of(json_object *v)
{
	json_object *in = json_object_new_object();

	js_add_ref(in, "name", js_get(v, "name"));
	return wrapped_take(js_is(v, "type", "custom") ? "custom" : "function",
	    in);
}

static bool
is_flat_name(json_object *v)
{
	return js_str(v, "name") != NULL && (js_is(v, "type", "function") ||
	    js_is(v, "type", "custom") || js_is(v, "type", "tool"));
}

/* {"type":"allowed_tools","mode","tools"} has an object of its own here. */
static void
put_allowed(json_object *obj, json_object *choice)
{
	json_object	*in = json_object_new_object(), *v;
	json_object	*list = js_array(choice, "tools");
	json_object	*to = json_object_new_array();
	size_t		 i;

	js_add_given(in, "mode", js_get(choice, "mode"));
	for (i = 0; i < js_len(list); i++) {
		v = json_object_array_get_idx(list, i);
		json_object_array_add(to, is_flat_name(v) ? name_of(v) :
		    json_object_get(v));
	}
	js_add_take(in, "tools", to);
	js_add_take(obj, "tool_choice", wrapped_take("allowed_tools", in));
}

static bool
put_choice(json_object *obj)
{
	json_object *v = js_obj(obj, "tool_choice");

	if (is_flat_name(v))
		js_add_take(obj, "tool_choice", name_of(v));
	else if (js_is(v, "type", "allowed_tools") &&
	    js_array(v, "tools") != NULL)
		put_allowed(obj, v);
	else if (js_is(v, "type", "any"))
		js_add_str(obj, "tool_choice", "required");
	else if (js_is(v, "type", "auto") || js_is(v, "type", "none"))
		js_add_str(obj, "tool_choice", js_str(v, "type"));
	else
		return false;
	return true;
}

/* --- Items as messages. */

struct writer {
	struct turn	 turn;		/* where each item was */
	struct terms	*terms;
	json_object	*messages;
	json_object	*said;		/* the assistant's that may go on */
	size_t		 first;		/* its first item */
	struct err	*err;
};

static json_object *
part_of(json_object *v)
{
	const char	*type = js_str(v, "type");
	json_object	*to, *in;

	if (type == NULL || strcmp(type, "input_text") == 0 ||
	    strcmp(type, "output_text") == 0) {
		to = json_object_new_object();
		js_add_str(to, "type", "text");
		js_add_ref(to, "text", js_get(v, "text"));
		return to;
	}
	if (strcmp(type, "input_image") == 0) {
		in = json_object_new_object();
		js_add_given(in, "url", js_get(v, "image_url"));
		js_add_given(in, "detail", js_get(v, "detail"));
		return wrapped_take("image_url", in);
	}
	if (strcmp(type, "input_file") == 0) {
		in = json_object_new_object();
		js_add_given(in, "file_data", js_get(v, "file_data"));
		js_add_given(in, "file_id", js_get(v, "file_id"));
		js_add_given(in, "filename", js_get(v, "filename"));
		return wrapped_take("file", in);
	}
	return json_object_get(v);
}

static json_object *
content_of(json_object *v)
{
	json_object	*to;
	size_t		 i;

	if (!json_object_is_type(v, json_type_array))
		return json_object_get(v);
	to = json_object_new_array();
	for (i = 0; i < js_len(v); i++)
		json_object_array_add(to,
		    part_of(json_object_array_get_idx(v, i)));
	return to;
}

/* Words and calls of one go are one message. */
static void
flush(struct writer *w)
{
	if (w->said == NULL)
		return;
	json_object_array_add(w->messages, w->said);
	w->said = NULL;
	terms_note(w->terms, w->first, w->turn.n - w->first);
}

static void
begin(struct writer *w)
{
	if (w->said != NULL)
		return;
	w->said = json_object_new_object();
	js_add_str(w->said, "role", "assistant");
	w->first = w->turn.n;
}

static void
add_take(struct writer *w, enum turn_kind kind, int64_t i,
    json_object *message)
{
	flush(w);
	turn_add(&w->turn, kind, i, -1);
	json_object_array_add(w->messages, message);
	terms_note(w->terms, w->turn.n - 1, 1);
}

static enum turn_kind
kind_of(const char *role)
{
	return strcmp(role, "user") == 0 ? TURN_USER :
	    strcmp(role, "tool") == 0 ? TURN_RESULT :
	    strcmp(role, "assistant") == 0 ? TURN_SAID : TURN_SYSTEM;
}

static bool
put_message(struct writer *w, int64_t i, json_object *item)
{
	const char	*role = js_str(item, "role");
	json_object	*message;

	if (role != NULL && strcmp(role, "assistant") == 0 &&
	    js_get(item, "tool_calls") == NULL) {
		flush(w);
		begin(w);
		turn_add(&w->turn, TURN_SAID, i, -1);
		js_add_take(w->said, "content",
		    content_of(js_get(item, "content")));
		return true;
	}
	message = json_object_new_object();
	json_object_object_foreach(item, key, v) {
		if (strcmp(key, "type") != 0 && strcmp(key, "id") != 0 &&
		    strcmp(key, "status") != 0 && strcmp(key, "content") != 0)
			js_add_given(message, key, v);
	}
	if (js_get(item, "content") != NULL)
		js_add_take(message, "content",
		    content_of(js_get(item, "content")));
	add_take(w, kind_of(role != NULL ? role : ""), i, message);
	return true;
}

static bool
put_call(struct writer *w, int64_t i, json_object *item)
{
	bool		 custom = js_is(item, "type", "custom_tool_call");
	json_object	*in = json_object_new_object(), *call;
	json_object	*calls;

	begin(w);
	turn_add(&w->turn, TURN_CALL, i, -1);
	js_add_given(in, "name", js_get(item, "name"));
	if (custom)
		js_add_given(in, "input", js_get(item, "input"));
	else
		js_add_given(in, "arguments", js_get(item, "arguments"));
	call = wrapped_take(custom ? "custom" : "function", in);
	js_add_given(call, "id", js_get(item, "call_id"));
	if ((calls = js_array(w->said, "tool_calls")) == NULL) {
		calls = json_object_new_array();
		js_add_take(w->said, "tool_calls", calls);
	}
	json_object_array_add(calls, call);
	return true;
}

static bool
put_result(struct writer *w, int64_t i, json_object *item)
{
	json_object *message = json_object_new_object();

	js_add_str(message, "role", "tool");
	js_add_given(message, "tool_call_id", js_get(item, "call_id"));
	js_add_take(message, "content", content_of(js_get(item, "output")));
	add_take(w, TURN_RESULT, i, message);
	return true;
}

/* A chat has no place for what was thought elsewhere. */
static bool
skip(struct writer *w, int64_t i, json_object *item)
{
	(void)w;
	(void)i;
	(void)item;
	return true;
}

static bool
put_item(struct writer *w, int64_t i, json_object *item)
{
	static const struct {
		const char	*type;
		bool		(*put)(struct writer *, int64_t,
				    json_object *);
	} kinds[] = {
		{ "message",			put_message },
		{ "function_call",		put_call },
		{ "custom_tool_call",		put_call },
		{ "function_call_output",	put_result },
		{ "custom_tool_call_output",	put_result },
		{ "reasoning",			skip },
	};
	const char	*type = js_str(item, "type");
	char		 param[48];
	size_t		 k;

	snprintf(param, sizeof(param), "input[%lld]", (long long)i);
	if (!json_object_is_type(item, json_type_object))
		return complain_wrong_type(w->err, param, "an object", item);
	if (type == NULL)
		type = "message";
	for (k = 0; k < COUNT(kinds); k++)
		if (strcmp(kinds[k].type, type) == 0)
			return kinds[k].put(w, i, item);
	snprintf(param, sizeof(param), "input[%lld].type", (long long)i);
	return err_param(w->err, param, "unsupported_value", "Unsupported "
	    "value: '%.*s' at '%s'. Chat completions have no such item; send "
	    "the request to /v1/responses.", complain_clip(type), type, param);
}

static void
put_words(struct writer *w, enum turn_kind kind, int64_t place,
    const char *role, json_object *text)
{
	json_object *message = json_object_new_object();

	js_add_str(message, "role", role);
	js_add_ref(message, "content", text);
	add_take(w, kind, place, message);
}

static bool
put_input(struct writer *w, json_object *obj)
{
	json_object	*input = js_get(obj, "input");
	json_object	*text = js_get(obj, "instructions");
	size_t		 i, n = js_len(js_array(obj, "input"));

	if (text != NULL && !json_object_is_type(text, json_type_string))
		return complain_wrong_type(w->err, "instructions", "a string",
		    text);
	if (text != NULL && json_object_get_string_len(text) > 0)
		put_words(w, TURN_SYSTEM, TURN_INSTRUCTIONS, "system", text);
	if (json_object_is_type(input, json_type_string)) {
		put_words(w, TURN_USER, TURN_WHOLE_INPUT, "user", input);
		return true;
	}
	if (!json_object_is_type(input, json_type_array))
		return complain_wrong_type(w->err, "input",
		    "a string or an array", input);
	for (i = 0; i < n; i++)
		if (!put_item(w, (int64_t)i, json_object_array_get_idx(input,
		    i)))
			return false;
	flush(w);
	return true;
}

/* --- The other members. */

/* They need what is kept of Responses; their values that ask for nothing. */
static bool
check_kept(json_object *obj, struct err *err)
{
	static const char *const names[] = {
		"previous_response_id", "conversation", "prompt", "background"
	};
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (js_get(obj, names[i]) != NULL &&
		    js_bool(obj, names[i], true))
			return err_param(err, names[i],
			    "unsupported_parameter", "Unsupported parameter: "
			    "'%s'. Chat completions don't have it; send the "
			    "request to /v1/responses.", names[i]);
	return true;
}

static void
put_format(json_object *obj, json_object *format)
{
	static const char *const names[] = {
		"name", "description", "schema", "strict"
	};
	json_object	*in;
	size_t		 i;

	if (!js_is(format, "type", "json_schema") ||
	    js_get(format, "json_schema") != NULL) {
		js_add_ref(obj, "response_format", format);
		return;
	}
	in = json_object_new_object();
	for (i = 0; i < COUNT(names); i++)
		js_add_given(in, names[i], js_get(format, names[i]));
	js_add_take(obj, "response_format", wrapped_take("json_schema", in));
}

/* A member under chat's name, unless the client used that, too. */
static void
rename_member(json_object *obj, const char *as, json_object *v)
{
	if (v != NULL && js_get(obj, as) == NULL)
		js_add_ref(obj, as, v);
}

static void
put_members(json_object *obj)
{
	static const char *const gone[] = {
		"input", "instructions", "max_output_tokens", "reasoning",
		"text", "include", "truncation", "previous_response_id",
		"conversation", "prompt", "background", "max_tool_calls",
		"context_management"
	};
	json_object	*text = js_obj(obj, "text");
	size_t		 i;

	rename_member(obj, "max_completion_tokens",
	    js_get(obj, "max_output_tokens"));
	rename_member(obj, "reasoning_effort",
	    js_get(js_obj(obj, "reasoning"), "effort"));
	rename_member(obj, "verbosity", js_get(text, "verbosity"));
	if (js_obj(text, "format") != NULL &&
	    js_get(obj, "response_format") == NULL)
		put_format(obj, js_obj(text, "format"));
	if (js_int(obj, "top_logprobs", 0) > 0)
		js_add_bool(obj, "logprobs", true);
	for (i = 0; i < COUNT(gone); i++)
		js_del(obj, gone[i]);
}

static bool
make_chat(struct exchange *x, json_object *obj, struct err *err)
{
	struct writer w = {
		.turn.side = &side, .err = err,
		.terms = xcalloc(1, sizeof(*w.terms)),
		.messages = json_object_new_array()
	};
	struct terms	elements;
	bool		ok = check_kept(obj, err) && put_input(&w, obj);

	/* The items are known by now, the elements stay. */
	elements = *w.terms;
	terms_begin(w.terms, &w.turn, &chat_terms);
	w.terms->elements = elements.elements;
	w.terms->nelements = elements.nelements;
	x->terms = w.terms;
	if (ok) {
		exchange_leaves_out(x, hosted_in(js_array(obj, "tools")));
		js_add_ref(obj, "messages", w.messages);
		put_tools(obj, x->terms);
		put_choice(obj);
		put_members(obj);
	}
	json_object_put(w.said);
	json_object_put(w.messages);
	turn_finish(&w.turn);
	return ok;
}

bool
chat_foreign(struct exchange *x, json_object *obj, bool *edited,
    struct err *err)
{
	json_object *messages = js_get(obj, "messages");

	*edited = false;
	if (js_get(obj, "input") != NULL && (messages == NULL ||
	    (json_object_is_type(messages, json_type_array) &&
	    js_len(messages) == 0))) {
		*edited = true;
		return make_chat(x, obj, err);
	}
	if (json_object_is_type(obj, json_type_object)) {
		*edited = chat_usual_tools(js_array(obj, "tools")) == 0 &&
		    put_tools(obj, NULL);
		*edited = put_choice(obj) || *edited;
	}
	return true;
}
