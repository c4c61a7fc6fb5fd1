/* What Copilot refuses on /chat/completions. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "chat.h"

#define TOOLS_MAX 128

static const char *const roles[] = {
	"system", "user", "assistant", "tool", "developer",
};

void
chat_content(json_object *content, struct buf *out, int *images)
{
	json_object	*part;
	const char	*s;
	size_t		 i;

	if (json_object_is_type(content, json_type_string))
		buf_puts(out, json_object_get_string(content));
	for (i = 0; i < js_len(content); i++) {
		part = json_object_array_get_idx(content, i);
		if ((s = js_str(part, "text")) != NULL)
			buf_puts(out, s);
		else if (js_has(part, "image_url"))
			++*images;
	}
}

struct seen {
	int	images;
	bool	address;	/* one of them is one */
};

static void
see_image(json_object *part, struct seen *seen)
{
	const char *url = js_str(js_obj(part, "image_url"), "url");

	seen->images++;
	seen->address |= url != NULL && util_starts_nocase(url, "http");
}

static bool
check_parts(struct call *c, size_t at, json_object *parts, struct seen *seen)
{
	static const char *const types[] = { "text", "image_url", "refusal" };
	const char	*type;
	size_t		 i, k;

	for (i = 0; i < js_len(parts); i++) {
		type = js_str(json_object_array_get_idx(parts, i), "type");
		for (k = 0; k < COUNT(types); k++)
			if (type != NULL && strcmp(type, types[k]) == 0)
				break;
		if (k == COUNT(types))
			return refuse_param(c, "Invalid value: '%s' at "
			    "messages[%zu].content[%zu].type.",
			    type != NULL ? type : "", at, i);
		if (strcmp(type, "image_url") == 0)
			see_image(json_object_array_get_idx(parts, i), seen);
	}
	return true;
}

static bool
check_message(struct call *c, size_t at, json_object *msg, struct seen *seen)
{
	const char	*role = js_str(msg, "role");
	json_object	*content = js_get(msg, "content");
	size_t		 k;

	for (k = 0; k < COUNT(roles); k++)
		if (role != NULL && strcmp(role, roles[k]) == 0)
			break;
	if (k == COUNT(roles))
		return refuse_param(c, "Invalid value: '%s' at "
		    "messages[%zu].role.", role != NULL ? role : "", at);
	if (content != NULL && !json_object_is_type(content,
	    json_type_string) && !json_object_is_type(content,
	    json_type_array))
		return refuse_param(c, "Invalid type for "
		    "'messages[%zu].content'.", at);
	if (strcmp(role, "tool") == 0 && js_str(msg, "tool_call_id") == NULL)
		return refuse_param(c, "Missing required parameter: "
		    "'messages[%zu].tool_call_id'.", at);
	return check_parts(c, at, content, seen);
}

/*
 * Gemini 3 fails when an assistant turn that called tools comes back without
 * the reasoning_opaque it was given.
 */
static bool
check_echo(struct call *c, json_object *msg)
{
	json_object	*calls = js_array(msg, "tool_calls");
	const char	*opaque = js_str(msg, "reasoning_opaque"), *id;
	size_t		 i;

	for (i = 0; i < js_len(calls); i++) {
		id = js_str(json_object_array_get_idx(calls, i), "id");
		if (id != NULL && issued_has(&c->f->issued, id, NULL) &&
		    (opaque == NULL ||
		    !issued_has(&c->f->issued, id, opaque)))
			return refuse_param(c, "Function call is missing a "
			    "thought_signature in functionCall parts.");
	}
	return true;
}

static bool
check_messages(struct call *c, const struct model *m)
{
	json_object	*messages = js_array(c->body, "messages"), *msg;
	const char	*vision;
	struct seen	 seen = { 0 };
	size_t		 i, n = js_len(messages);

	if (n == 0)
		return refuse_param(c, "messages: expected a non-empty array");
	for (i = 0; i < n; i++) {
		msg = json_object_array_get_idx(messages, i);
		if (!check_message(c, i, msg, &seen))
			return false;
		if ((m->flags & MODEL_OPAQUE) && !check_echo(c, msg))
			return false;
	}
	vision = req_header(c->req, "Copilot-Vision-Request");
	if (seen.images > 0 && setting_bool(c->f, "check_headers") &&
	    (vision == NULL || strcmp(vision, "true") != 0))
		return refuse(c, 400, "", "missing required "
		    "Copilot-Vision-Request header for vision requests");
	return catalog_images(c, m, seen.images, seen.address);
}

static bool
name_fits(const char *s)
{
	return s != NULL && *s != '\0' && strspn(s,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
	    == strlen(s);
}

static bool
check_tools(struct call *c)
{
	json_object	*tools = js_array(c->body, "tools"), *tool;
	const char	*name;
	size_t		 i;

	if (js_len(tools) > TOOLS_MAX)
		return refuse_text(c, 400, "Bad Request\n");
	for (i = 0; i < js_len(tools); i++) {
		tool = json_object_array_get_idx(tools, i);
		name = js_str(js_obj(tool, "function"), "name");
		if (!js_is(tool, "type", "function") || name == NULL)
			return refuse_param(c, "Invalid "
			    "'tools[%zu].function.name': empty string.", i);
		if (!name_fits(name))
			return refuse_param(c, "Invalid "
			    "'tools[%zu].function.name': string does not match "
			    "pattern. Expected a string that matches the "
			    "pattern '^[a-zA-Z0-9_-]+$'.", i);
	}
	return true;
}

static bool
unsupported(struct call *c, const char *name, const char *more)
{
	return refuse_param(c, "Unsupported parameter: '%s' is not supported "
	    "with this model.%s", name, more);
}

/* What upstream really does here isn't known for all: the worst is imitated. */
static bool
check_format(struct call *c, const struct model *m)
{
	json_object	*format = js_obj(c->body, "response_format");
	bool		 gpt = m->family == FAMILY_GPT ||
			    m->family == FAMILY_GPT4;

	if ((js_is(format, "type", "json_schema") &&
	    !(m->flags & MODEL_SCHEMA)) ||
	    (js_is(format, "type", "json_object") && !gpt))
		return refuse_param(c, "Invalid parameter: 'response_format' "
		    "of type '%s' is not supported with this model.",
		    js_str(format, "type"));
	return true;
}

static bool
check_parameters(struct call *c, const struct model *m)
{
	json_object	*b = c->body;
	const char	*effort = js_str(b, "reasoning_effort"), *s;

	if (!catalog_parameters(c, m) || !check_format(c, m))
		return false;
	if ((m->flags & MODEL_MAX_COMPLETION) && js_has(b, "max_tokens"))
		return unsupported(c, "max_tokens",
		    " Use 'max_completion_tokens' instead.");
	if ((m->flags & MODEL_NO_TOP_P) && js_get(b, "top_p") != NULL)
		return unsupported(c, "top_p", "");
	if (!catalog_effort(m, effort))
		return refuse_param(c, "reasoning_effort \"%s\" is not "
		    "supported by model %s", effort, m->id);
	s = js_str(js_obj(b, "prediction"), "content");
	if (s != NULL && *s == '\0')
		return refuse_param(c, "prediction.content: empty string");
	if (js_int(b, "n", 1) < 1 || js_int(b, "n", 1) > 16)
		return refuse_param(c, "Invalid 'n': integer out of range.");
	return true;
}

bool
chat_check(struct call *c, const struct model *m)
{
	return check_parameters(c, m) && check_tools(c) &&
	    check_messages(c, m);
}
