/* The messages of a chat completion request as items of a Responses request. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "bridge/chat-input.h"
#include "chat/opaque.h"
#include "chat/check.h"

#define PARAM_SIZE 128

/* Where we are: the input so far, and the message in hand. */
struct place {
	struct bridge_chat_input	*in;
	json_object		*msg;
	size_t			 i;		/* its index */
	bool			 assistant;
	json_object		*customs;	/* ids of custom tools' calls */
	char			 param[PARAM_SIZE];
};

static const char *param(struct place *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* "messages[I]" and what follows, in place->param. */
static const char *
param(struct place *p, const char *fmt, ...)
{
	va_list	ap;
	int	n;

	n = snprintf(p->param, sizeof(p->param), "messages[%zu]", p->i);
	va_start(ap, fmt);
	vsnprintf(p->param + n, sizeof(p->param) - (size_t)n, fmt, ap);
	va_end(ap);
	return p->param;
}

static json_object *
typed(const char *type)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "type", type);
	return obj;
}

/* Note where the items that were added since came from. */
static void
note(struct place *p, enum bridge_chat_part part, size_t call)
{
	struct bridge_chat_input	*in = p->in;
	size_t			 n = js_len(in->items), k;

	for (k = in->norigins; k < n; k++) {
		/* Room grows by doubling: at each power of two. */
		if ((k & (k - 1)) == 0)
			in->origins = xrealloc(in->origins,
			    (k > 0 ? k * 2 : 1) * sizeof(*in->origins));
		in->origins[k] = (struct bridge_chat_origin){
		    part, p->i, call };
	}
	in->norigins = n;
}

static void
add(struct place *p, json_object *item, enum bridge_chat_part part, size_t call)
{
	json_object_array_add(p->in->items, item);
	note(p, part, call);
}

/* --- The parts of a message's content. */

static json_object *
text_part(const struct place *p, json_object *text)
{
	json_object *part = typed(p->assistant ? "output_text" : "input_text");

	js_add_ref(part, "text", text);
	return part;
}

static json_object *
refusal_part(json_object *refusal)
{
	json_object *part = typed("refusal");

	js_add_ref(part, "refusal", refusal);
	return part;
}

/* Upstream takes three values of detail, and wants one. */
static const char *
detail_of(json_object *image)
{
	static const char *const known[] = { "low", "high" };
	size_t i;

	for (i = 0; i < COUNT(known); i++)
		if (js_is(image, "detail", known[i]))
			return known[i];
	return js_is(image, "detail", "original") ? "high" : "auto";
}

/* Some clients write the address where the object with "url" belongs. */
static json_object *
image_part(struct place *p, json_object *from, size_t j, struct err *err)
{
	json_object *image = js_get(from, "image_url"), *url, *part;

	url = json_object_is_type(image, json_type_string) ? image :
	    js_get(image, "url");
	if (!json_object_is_type(url, json_type_string)) {
		param(p, ".content[%zu].image_url.url", j);
		if (url == NULL)
			chat_missing(err, p->param);
		else
			chat_wrong_type(err, p->param, "a string", url);
		return NULL;
	}
	part = typed("input_image");
	js_add_ref(part, "image_url", url);
	js_add_str(part, "detail", detail_of(image));
	return part;
}

/* A file's data, whose address begins with "data:"; upstream keeps no files. */
static json_object *
file_part(struct place *p, json_object *from, size_t j, struct err *err)
{
	json_object *file = js_get(from, "file"), *part;

	if (js_str(file, "file_data") == NULL) {
		chat_missing(err, param(p, ".content[%zu].file.file_data", j));
		return NULL;
	}
	part = typed("input_file");
	js_add_ref(part, "file_data", js_get(file, "file_data"));
	js_add_str(part, "filename", js_str(file, "filename") != NULL ?
	    js_str(file, "filename") : "file.pdf");
	return part;
}

/* A part that is one string, in the member called like its type. */
static json_object *
string_of(struct place *p, json_object *part, size_t j, const char *key,
    struct err *err)
{
	json_object *v = js_get(part, key);

	if (json_object_is_type(v, json_type_string))
		return v;
	param(p, ".content[%zu].%s", j, key);
	if (v == NULL)
		chat_missing(err, p->param);
	else
		chat_wrong_type(err, p->param, "a string", v);
	return NULL;
}

/* One part, new; NULL with "err" set when it can't be carried. */
static json_object *
part_of(struct place *p, json_object *from, size_t j, struct err *err)
{
	const char	*type = js_str(from, "type");
	json_object	*v;

	if (strcmp(type, "text") == 0) {
		v = string_of(p, from, j, "text", err);
		return v != NULL ? text_part(p, v) : NULL;
	}
	if (strcmp(type, "refusal") == 0 && p->assistant) {
		v = string_of(p, from, j, "refusal", err);
		return v != NULL ? refusal_part(v) : NULL;
	}
	if (strcmp(type, "image_url") == 0 && !p->assistant)
		return image_part(p, from, j, err);
	if (strcmp(type, "file") == 0 && !p->assistant)
		return file_part(p, from, j, err);
	err_param(err, param(p, ".content[%zu].type", j), "invalid_value",
	    "Invalid value: '%.*s'. Supported values are: 'text' and '%s'.",
	    chat_clip(type), type, p->assistant ? "refusal" : "image_url");
	return NULL;
}

/* All parts, a new array; NULL with "err" set. */
static json_object *
parts_of(struct place *p, json_object *content, struct err *err)
{
	json_object	*parts = json_object_new_array(), *part;
	size_t		 j, n = js_len(content);

	for (j = 0; j < n; j++) {
		part = part_of(p, json_object_array_get_idx(content, j), j,
		    err);
		if (part == NULL) {
			json_object_put(parts);
			return NULL;
		}
		json_object_array_add(parts, part);
	}
	return parts;
}

/* --- Messages by their role. */

static void
add_message(struct place *p, json_object *content, const char *phase)
{
	json_object *item = typed("message");

	js_add_ref(item, "role", js_get(p->msg, "role"));
	js_add_take(item, "content", content);
	if (phase != NULL && phase[0] != '\0')
		js_add_str(item, "phase", phase);
	add(p, item, BRIDGE_CHAT_MESSAGE, 0);
}

/* "name" has no place in Responses, and changes little: it is left out. */
static bool
read_plain(struct place *p, struct err *err)
{
	json_object *content = js_get(p->msg, "content");

	if (json_object_is_type(content, json_type_array)) {
		content = parts_of(p, content, err);
		if (content == NULL)
			return false;
	} else if (content != NULL)
		json_object_get(content);
	else
		return chat_wrong_type(err, param(p, ".content"),
		    "one of a string or array of objects", content);
	add_message(p, content, NULL);
	return true;
}

static bool
read_result(struct place *p, struct err *err)
{
	json_object	*id = js_get(p->msg, "tool_call_id"), *item;
	json_object	*content = js_get(p->msg, "content");

	if (!json_object_is_type(id, json_type_string)) {
		param(p, ".tool_call_id");
		return id == NULL ? chat_missing(err, p->param) :
		    chat_wrong_type(err, p->param, "a string", id);
	}
	if (json_object_is_type(content, json_type_array)) {
		content = parts_of(p, content, err);
		if (content == NULL)
			return false;
	} else
		content = content != NULL ? json_object_get(content) :
		    json_object_new_string("");
	item = typed(p->customs != NULL &&
	    js_has(p->customs, json_object_get_string(id)) ?
	    "custom_tool_call_output" : "function_call_output");
	js_add_ref(item, "call_id", id);
	js_add_take(item, "output", content);
	add(p, item, BRIDGE_CHAT_OUTPUT, 0);
	return true;
}

/* Arguments are JSON as text; some clients send the JSON itself. */
static json_object *
arguments_of(json_object *function)
{
	json_object	*v = js_get(function, "arguments"), *text;
	struct buf	 out = { 0 };

	if (v == NULL)
		return json_object_new_string("{}");
	if (json_object_is_type(v, json_type_string))
		return json_object_get(v);
	js_print(v, &out);
	text = json_object_new_string_len(out.p, (int)out.len);
	buf_finish(&out);
	return text;
}

static json_object *
custom_input(json_object *custom)
{
	json_object *input = js_get(custom, "input");

	return json_object_is_type(input, json_type_string) ?
	    json_object_get(input) : json_object_new_string("");
}

/* The item of a call without its tool's name and what it was called with. */
static json_object *
call_item(struct place *p, json_object *call, bool custom)
{
	json_object *item = typed(custom ? "custom_tool_call" :
	    "function_call");

	js_add_ref(item, "call_id", js_get(call, "id"));
	if (!custom)
		return item;
	if (p->customs == NULL)
		p->customs = json_object_new_object();
	js_add_bool(p->customs, js_str(call, "id"), true);
	return item;
}

static bool
read_call(struct place *p, json_object *call, size_t k, struct err *err)
{
	const char	*type = js_str(call, "type");
	bool		 custom = type != NULL && strcmp(type, "custom") == 0;
	const char	*member = custom ? "custom" : "function";
	json_object	*tool = js_obj(call, member), *item;

	if (type != NULL && strcmp(type, member) != 0)
		return err_param(err, param(p, ".tool_calls[%zu].type", k),
		    "invalid_value", "Invalid value: '%.*s'. Supported values "
		    "are: 'function' and 'custom'.", chat_clip(type), type);
	if (js_str(call, "id") == NULL)
		return chat_missing(err, param(p, ".tool_calls[%zu].id", k));
	if (js_str(tool, "name") == NULL)
		return chat_missing(err, param(p, ".tool_calls[%zu].%s.name",
		    k, member));
	item = call_item(p, call, custom);
	js_add_ref(item, "name", js_get(tool, "name"));
	js_add_take(item, custom ? "input" : "arguments",
	    custom ? custom_input(tool) : arguments_of(tool));
	add(p, item, BRIDGE_CHAT_CALL, k);
	return true;
}

/* The text of an assistant's message as parts; an empty array when none. */
static json_object *
said(struct place *p, struct err *err)
{
	json_object	*content = js_get(p->msg, "content"), *parts;
	json_object	*refusal = js_get(p->msg, "refusal");

	if (json_object_is_type(content, json_type_array))
		parts = parts_of(p, content, err);
	else {
		parts = json_object_new_array();
		if (json_object_get_string_len(content) > 0)
			json_object_array_add(parts, text_part(p, content));
	}
	if (parts != NULL && json_object_is_type(refusal, json_type_string) &&
	    json_object_get_string_len(refusal) > 0)
		json_object_array_add(parts, refusal_part(refusal));
	return parts;
}

/*
 * What the model thought, said and called, in this order; thoughts that were
 * between calls go back there. Thoughts that nothing followed are of no use.
 */
static bool
put_assistant(struct place *p, const struct chat_opaque *o,
    json_object *parts, struct err *err)
{
	json_object	*calls = js_array(p->msg, "tool_calls");
	size_t		 at = 0, k, n = js_len(calls);

	if (js_len(parts) > 0) {
		chat_opaque_put(o, &at, 0, p->in->items);
		note(p, BRIDGE_CHAT_REASONING, 0);
		add_message(p, json_object_get(parts), o->phase);
	}
	for (k = 0; k < n; k++) {
		chat_opaque_put(o, &at, 1 + (int64_t)k, p->in->items);
		note(p, BRIDGE_CHAT_REASONING, 0);
		if (!read_call(p, json_object_array_get_idx(calls, k), k, err))
			return false;
	}
	return true;
}

static bool
read_assistant(struct place *p, struct err *err)
{
	struct chat_opaque	 opaque = { 0 };
	json_object		*text = js_get(p->msg, "reasoning_opaque");
	json_object		*parts;
	bool			 ok;

	if ((parts = said(p, err)) == NULL)
		return false;
	if (json_object_is_type(text, json_type_string))
		chat_opaque_read(&opaque, json_object_get_string(text),
		    (size_t)json_object_get_string_len(text));
	ok = put_assistant(p, &opaque, parts, err);
	chat_opaque_finish(&opaque);
	json_object_put(parts);
	return ok;
}

bool
bridge_chat_input_read(struct bridge_chat_input *in, json_object *messages,
    struct err *err)
{
	struct place	p = { .in = in };
	size_t		n = js_len(messages);
	bool		ok = true;

	*in = (struct bridge_chat_input){ .items = json_object_new_array() };
	for (p.i = 0; p.i < n && ok; p.i++) {
		p.msg = json_object_array_get_idx(messages, p.i);
		p.assistant = js_is(p.msg, "role", "assistant");
		if (p.assistant)
			ok = read_assistant(&p, err);
		else if (js_is(p.msg, "role", "tool"))
			ok = read_result(&p, err);
		else
			ok = read_plain(&p, err);
	}
	json_object_put(p.customs);
	return ok;
}

void
bridge_chat_input_finish(struct bridge_chat_input *in)
{
	json_object_put(in->items);
	free(in->origins);
	*in = (struct bridge_chat_input){ 0 };
}
