/* The format of an answer, told to models that can't be made to keep to one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "turn/format.h"

static const char plain[] = "Your answer has to be one JSON object and nothing "
    "else: no words before or behind it, no Markdown, no code fence.";

static bool
is_schema(json_object *format)
{
	return js_is(format, "type", "json_schema");
}

bool
format_is_json(json_object *request)
{
	json_object *format = js_obj(request, "response_format");

	return is_schema(format) || js_is(format, "type", "json_object");
}

static void
put_schema(json_object *in, struct buf *out)
{
	const char *about = js_str(in, "description");

	buf_printf(out, " It has to be valid against this JSON Schema, called "
	    "\"%s\"", js_str(in, "name"));
	if (about != NULL && about[0] != '\0')
		buf_printf(out, " (%s)", about);
	buf_puts(out, ", which is not to be repeated:\n");
	js_print(js_get(in, "schema"), out);
}

/* The words for the model, a new string. */
static json_object *
instruction(json_object *request)
{
	json_object	*format = js_obj(request, "response_format"), *text;
	json_object	*in = js_obj(format, "json_schema");
	struct buf	 out = { 0 };

	buf_puts(&out, plain);
	if (js_len(js_array(request, "tools")) > 0 ||
	    js_len(js_array(request, "functions")) > 0)
		buf_puts(&out, " This is about what you answer in the end: "
		    "tools can be called before.");
	if (is_schema(format) && js_obj(in, "schema") != NULL)
		put_schema(in, &out);
	text = json_object_new_string_len(out.p, (int)out.len);
	buf_finish(&out);
	return text;
}

/* Add to a message that is there; false when its content is something odd. */
static bool
add_behind(json_object *msg, json_object *text)
{
	json_object	*content = js_get(msg, "content"), *part;
	struct buf	 out = { 0 };

	if (json_object_is_type(content, json_type_array)) {
		part = json_object_new_object();
		js_add_str(part, "type", "text");
		js_add_ref(part, "text", text);
		json_object_array_add(content, part);
		return true;
	}
	if (!json_object_is_type(content, json_type_string))
		return false;
	js_append_text(&out, content);
	buf_puts(&out, "\n\n");
	js_append_text(&out, text);
	js_add_take(msg, "content",
	    json_object_new_string_len(out.p, (int)out.len));
	buf_finish(&out);
	return true;
}

static json_object *
message(json_object *text)
{
	json_object *msg = json_object_new_object();

	js_add_str(msg, "role", "system");
	js_add_ref(msg, "content", text);
	return msg;
}

bool
format_tell(json_object *request)
{
	json_object	*old = js_array(request, "messages"), *list;
	json_object	*first = json_object_array_get_idx(old, 0);
	json_object	*text = instruction(request);
	size_t		 i;
	bool		 added;

	added = (js_is(first, "role", "system") ||
	    js_is(first, "role", "developer")) && add_behind(first, text);
	if (!added) {
		list = json_object_new_array();
		json_object_array_add(list, message(text));
		for (i = 0; i < js_len(old); i++)
			json_object_array_add(list, json_object_get(
			    json_object_array_get_idx(old, i)));
		js_add_take(request, "messages", list);
	}
	json_object_put(text);
	return !added;
}
