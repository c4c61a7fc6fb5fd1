/* What Copilot refuses on /responses. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "jt.h"
#include "responses.h"

#define ID_MAX		64
#define OUTPUT_MIN	16

/*
 * The members an input item may have, and what its own id begins with. Items
 * that carry encrypted content are known by the pair instead.
 */
static const struct shape {
	const char	*type, *members, *prefix;
} shapes[] = {
	{ "message", " type role content id status phase ", "msg" },
	{ "function_call",
	    " type id call_id name arguments status namespace phase "
	    "encrypted_function_args ", "fc" },
	{ "agent_message", " type id author recipient content ", NULL },
	{ "function_call_output", " type id call_id output status ", "fc" },
	{ "custom_tool_call",
	    " type id call_id name input status namespace ", "ctc" },
	{ "custom_tool_call_output", " type id call_id output status ",
	    "ctc" },
	{ "reasoning", " type id summary content encrypted_content status ",
	    NULL },
	{ "compaction", " type id encrypted_content ", NULL },
	{ "web_search_call", " type id status action ", "ws" },
	{ "item_reference", " type id ", NULL },
	{ "tool_search_call", NULL, "ts" },
	{ "tool_search_output", NULL, "ts" },
};

static const char *const tool_types[] = {
	"function", "custom", "web_search", "web_search_preview",
	"web_search_preview_2025_03_11", "namespace", "tool_search",
};

static const struct shape *
find_shape(json_object *item)
{
	const char	*type = js_str(item, "type");
	size_t		 i;

	if (type == NULL && js_has(item, "role"))
		type = "message";
	for (i = 0; i < COUNT(shapes); i++)
		if (type != NULL && strcmp(shapes[i].type, type) == 0)
			return &shapes[i];
	return NULL;
}

static bool
lists_word(const char *words, const char *word)
{
	const char	*p = words;
	size_t		 n = strlen(word);

	while (n > 0 && (p = strstr(p, word)) != NULL) {
		if (p[-1] == ' ' && p[n] == ' ')
			return true;
		p += n;
	}
	return false;
}

static bool
check_members(struct call *c, size_t at, json_object *item,
    const struct shape *s)
{
	if (s->members == NULL)
		return true;
	json_object_object_foreach(item, key, value) {
		(void)value;
		if (!lists_word(s->members, key))
			return refuse_param(c, "Unknown parameter: "
			    "'input[%zu].%s'.", at, key);
	}
	return true;
}

static bool
check_sealed(struct call *c, json_object *item)
{
	const char *id = js_str(item, "id");
	const char *sealed = js_str(item, "encrypted_content");

	if (sealed == NULL || *sealed == '\0')
		return id == NULL || refuse(c, 400, "", "input item ID does "
		    "not belong to this connection");
	if (!issued_has(&c->f->issued, sealed, NULL))
		return refuse_param(c, "The encrypted content for item %.64s "
		    "could not be verified. Reason: Encrypted content could "
		    "not be decrypted or parsed.", id != NULL ? id : "");
	if (id != NULL && !issued_has(&c->f->issued, sealed, id))
		return refuse_param(c, "The encrypted content for item %.64s "
		    "could not be verified. Reason: Encrypted content item_id "
		    "did not match the target item id.", id);
	return true;
}

static bool
check_id(struct call *c, size_t at, json_object *item, const struct shape *s)
{
	const char *id = js_str(item, "id");

	if (s->prefix == NULL)
		return check_sealed(c, item);
	if (id == NULL)
		return true;
	if (strlen(id) > ID_MAX)
		return refuse_param(c, "Invalid 'input[%zu].id': string too "
		    "long. Expected a string with maximum length %d, but got a "
		    "string with length %zu instead.", at, ID_MAX, strlen(id));
	if (!util_starts(id, s->prefix))
		return refuse_param(c, "Invalid 'input[%zu].id': '%s'. "
		    "Expected an ID that begins with '%s'.", at, id,
		    s->prefix);
	return true;
}

/* Content parts, be it of a message or of a tool's output. */
static bool
check_parts(struct call *c, size_t at, const char *where, json_object *parts)
{
	static const char *const types[] = {
		"input_text", "output_text", "input_image", "input_file",
		"refusal", "summary_text", "text",
	};
	json_object	*part;
	const char	*type, *detail;
	size_t		 i, k;

	for (i = 0; i < js_len(parts); i++) {
		part = json_object_array_get_idx(parts, i);
		type = js_str(part, "type");
		for (k = 0; k < COUNT(types); k++)
			if (type != NULL && strcmp(types[k], type) == 0)
				break;
		if (k == COUNT(types))
			return refuse_param(c, "Invalid value: '%s' at "
			    "input[%zu].%s[%zu].type.",
			    type != NULL ? type : "", at, where, i);
		detail = js_str(part, "detail");
		if (strcmp(type, "input_image") == 0 && detail != NULL &&
		    !lists_word(" auto low high ", detail))
			return refuse_param(c, "Invalid value: '%s' at "
			    "input[%zu].%s[%zu].detail.", detail, at, where, i);
	}
	return true;
}

/* Is there a function of that name outside of any namespace? */
static bool
is_top_level(json_object *tools, const char *name, bool *elsewhere)
{
	json_object	*tool, *inner;
	size_t		 i, k;

	*elsewhere = false;
	for (i = 0; i < js_len(tools); i++) {
		tool = json_object_array_get_idx(tools, i);
		if (js_is(tool, "name", name) &&
		    !js_is(tool, "type", "namespace"))
			return true;
		inner = js_array(tool, "tools");
		for (k = 0; k < js_len(inner); k++)
			*elsewhere |= js_is(json_object_array_get_idx(inner,
			    k), "name", name);
	}
	return false;
}

static bool
check_call(struct call *c, size_t at, json_object *item)
{
	const char	*name = js_str(item, "name");
	bool		 elsewhere;

	if (js_str(item, "call_id") == NULL)
		return refuse_param(c, "Missing required parameter: "
		    "'input[%zu].call_id'.", at);
	if (js_is(item, "type", "function_call") && name != NULL &&
	    js_str(item, "namespace") == NULL &&
	    !is_top_level(js_array(c->body, "tools"), name, &elsewhere) &&
	    elsewhere)
		return refuse_param(c, "Missing namespace for function_call "
		    "'%s'.", name);
	return true;
}

static bool
check_item(struct call *c, size_t at, json_object *item)
{
	const struct shape	*s = find_shape(item);
	const char		*type = js_str(item, "type");

	if (s == NULL)
		return refuse_param(c, "Invalid value: '%s' at "
		    "input[%zu].type.", type != NULL ? type : "", at);
	if (strcmp(s->type, "item_reference") == 0)
		return refuse(c, 404, "not_found", "%s", "");
	if (!check_members(c, at, item, s) || !check_id(c, at, item, s))
		return false;
	if (strstr(s->members != NULL ? s->members : "", "call_id") != NULL &&
	    !check_call(c, at, item))
		return false;
	return check_parts(c, at, "content", js_get(item, "content")) &&
	    check_parts(c, at, "output", js_get(item, "output"));
}

static bool
check_input(struct call *c)
{
	json_object	*input = js_get(c->body, "input");
	size_t		 i;

	if (json_object_is_type(input, json_type_string) && input != NULL)
		return true;
	if (js_len(input) == 0)
		return refuse_param(c, "Missing required parameter: 'input'.");
	for (i = 0; i < js_len(input); i++)
		if (!check_item(c, i, json_object_array_get_idx(input, i)))
			return false;
	return true;
}

/* As recorded, the only refusal here that has all of its members. */
static bool
refuse_tool(struct call *c, const char *type)
{
	char *msg = xasprintf("The requested tool %s is not supported.", type);

	answer_begin(c->ans, 400, setting_str(c->f, "error_content_type"));
	jt(&c->ans->text, "{'error':{'message':%s,'code':'unsupported_value',"
	    "'param':'tools','type':'invalid_request_error'}}\n", msg);
	free(msg);
	return false;
}

static bool
check_tools(struct call *c)
{
	json_object	*tools = js_array(c->body, "tools"), *tool;
	const char	*type, *name;
	size_t		 i, k;

	for (i = 0; i < js_len(tools); i++) {
		tool = json_object_array_get_idx(tools, i);
		type = js_str(tool, "type");
		name = js_str(tool, "name");
		for (k = 0; k < COUNT(tool_types); k++)
			if (type != NULL && strcmp(type, tool_types[k]) == 0)
				break;
		if (k == COUNT(tool_types) ||
		    (name != NULL && strcmp(name, "image_gen") == 0))
			return refuse_tool(c, type != NULL ? type : "");
		if (k < 2 && (name == NULL || *name == '\0'))
			return refuse_param(c, "Missing required parameter: "
			    "'tools[%zu].name'.", i);
		if (strcmp(type, "namespace") == 0 &&
		    js_is(tool, "description", ""))
			return refuse_param(c, "Invalid "
			    "'tools[%zu].description': empty string.", i);
	}
	return true;
}

static bool
unsupported(struct call *c, const char *name)
{
	return refuse_param(c, "Unsupported parameter: '%s' is not supported "
	    "with this model.", name);
}

static bool
check_parameters(struct call *c, const struct model *m)
{
	json_object	*b = c->body;
	const char	*effort = js_str(js_obj(b, "reasoning"), "effort");
	int64_t		 max = js_int(b, "max_output_tokens", OUTPUT_MIN);

	if (!catalog_parameters(c, m))
		return false;
	if (js_get(b, "service_tier") != NULL)
		return refuse_param(c, "service_tier is not supported");
	if (js_get(b, "previous_response_id") != NULL)
		return refuse(c, 400, "previous_response_not_found",
		    "Previous response with id '%.64s' not found.",
		    json_object_get_string(js_get(b,
		    "previous_response_id")));
	if (max < OUTPUT_MIN)
		return refuse_param(c, "Invalid 'max_output_tokens': integer "
		    "below minimum value. Expected a value >= %d, but got %lld "
		    "instead.", OUTPUT_MIN, (long long)max);
	if ((m->flags & MODEL_NO_TOP_P) && js_get(b, "top_p") != NULL)
		return unsupported(c, "top_p");
	if ((m->flags & MODEL_NO_TEMPERATURE) &&
	    js_get(b, "temperature") != NULL)
		return unsupported(c, "temperature");
	if ((m->flags & MODEL_NO_COMPACTION) &&
	    js_get(b, "context_management") != NULL)
		return refuse(c, 400, "unsupported_value",
		    "context_management is not supported with this model.");
	if (!catalog_effort(m, effort))
		return refuse_param(c, "reasoning_effort \"%s\" is not "
		    "supported by model %s", effort, m->id);
	return true;
}

bool
responses_check(struct call *c, const struct model *m)
{
	return check_parameters(c, m) && check_tools(c) && check_input(c);
}
