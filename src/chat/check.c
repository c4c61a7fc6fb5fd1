/* Is a chat completion request well-formed? If not, what OpenAI would say. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/check.h"
#include "chat/usual.h"
#include "turn/complain.h"
#include "turn/tuning.h"

#define PARAM_SIZE 128

enum kind { STRING, INTEGER, NUMBER, BOOLEAN, OBJECT, ARRAY, KIND__MAX };

static const char *const kind_names[KIND__MAX] = {
	[STRING] = "a string",
	[INTEGER] = "an integer",
	[NUMBER] = "a decimal",
	[BOOLEAN] = "a boolean",
	[OBJECT] = "an object",
	[ARRAY] = "an array of objects"
};

/* Members whose type is checked here; null counts as absent, as at OpenAI. */
static const struct {
	const char	*key;
	enum kind	 kind;
} members[] = {
	{ "model",			STRING },
	{ "messages",			ARRAY },
	{ "stream",			BOOLEAN },
	{ "stream_options",		OBJECT },
	{ "n",				INTEGER },
	{ "max_tokens",			INTEGER },
	{ "max_completion_tokens",	INTEGER },
	{ "temperature",		NUMBER },
	{ "top_p",			NUMBER },
	{ "frequency_penalty",		NUMBER },
	{ "presence_penalty",		NUMBER },
	{ "seed",			INTEGER },
	{ "logprobs",			BOOLEAN },
	{ "top_logprobs",		INTEGER },
	{ "logit_bias",			OBJECT },
	{ "user",			STRING },
	{ "reasoning_effort",		STRING },
	{ "response_format",		OBJECT },
	{ "prediction",			OBJECT },
	{ "tools",			ARRAY },
	{ "functions",			ARRAY },
	{ "parallel_tool_calls",	BOOLEAN },
	{ "store",			BOOLEAN },
	{ "web_search_options",		OBJECT },
};

static bool
is_kind(json_object *v, enum kind kind)
{
	double d;

	switch (kind) {
	case STRING:
		return json_object_is_type(v, json_type_string);
	case BOOLEAN:
		return json_object_is_type(v, json_type_boolean);
	case OBJECT:
		return json_object_is_type(v, json_type_object);
	case ARRAY:
		return json_object_is_type(v, json_type_array);
	case NUMBER:
		return json_object_is_type(v, json_type_int) ||
		    json_object_is_type(v, json_type_double);
	default:
		if (!json_object_is_type(v, json_type_double))
			return json_object_is_type(v, json_type_int);
		/* Some languages print the integer 100 as 100.0. */
		d = json_object_get_double(v);
		return d > -1e15 && d < 1e15 && d == (double)(int64_t)d;
	}
}

static bool
check_types(json_object *req, struct err *err)
{
	json_object	*v;
	size_t		 i;

	for (i = 0; i < COUNT(members); i++)
		if ((v = js_get(req, members[i].key)) != NULL &&
		    !is_kind(v, members[i].kind))
			return complain_wrong_type(err, members[i].key,
			    kind_names[members[i].kind], v);
	return true;
}

static bool
check_n(json_object *req, struct err *err)
{
	int64_t n = js_int(req, "n", 1);

	if (n < 1)
		return err_param(err, "n", "integer_below_min_value",
		    "Invalid 'n': integer below minimum value. Expected a "
		    "value >= 1, but got %lld instead.", (long long)n);
	if (n > CHAT_N_MAX)
		return err_param(err, "n", "integer_above_max_value",
		    "Invalid 'n': integer above maximum value. Expected a "
		    "value <= %d, but got %lld instead.", CHAT_N_MAX,
		    (long long)n);
	return true;
}

static bool
check_length(json_object *array, const char *param, struct err *err)
{
	if (js_len(array) <= CHAT_TOOLS_MAX)
		return true;
	return err_param(err, param, "array_above_max_length",
	    "Invalid '%s': array too long. Expected an array with maximum "
	    "length %d, but got an array with length %zu instead.", param,
	    CHAT_TOOLS_MAX, js_len(array));
}

/* A function's name, at "where.name". */
static bool
check_name(json_object *function, const char *where, struct err *err)
{
	json_object	*v = js_get(function, "name");
	char		 param[PARAM_SIZE];
	const char	*s;
	size_t		 n;

	snprintf(param, sizeof(param), "%s.name", where);
	if (v == NULL)
		return complain_missing(err, param);
	if (!json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, param, "a string", v);
	s = json_object_get_string(v);
	n = (size_t)json_object_get_string_len(v);
	if (n == 0)
		return err_param(err, param, "empty_string",
		    "Invalid '%s': empty string. Expected a string with "
		    "minimum length 1, but got an empty string instead.",
		    param);
	if (!util_is_name(s, n))
		return err_param(err, param, "invalid_value",
		    "Invalid '%s': string does not match pattern. Expected a "
		    "string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
		    param);
	return true;
}

/* Nobody else has to know where it is. */
static bool
has_name(json_object *function)
{
	json_object	*v = js_get(function, "name");
	const char	*s = js_str(function, "name");

	return s != NULL && util_is_name(s,
	    (size_t)json_object_get_string_len(v));
}

static const char *
of_tool(char param[static PARAM_SIZE], size_t i, const char *rest)
{
	snprintf(param, PARAM_SIZE, "tools[%zu]%s", i, rest);
	return param;
}

static bool
check_tool(json_object *tool, size_t i, struct err *err)
{
	json_object	*v;
	const char	*type;
	char		 param[PARAM_SIZE];

	if (!json_object_is_type(tool, json_type_object))
		return complain_wrong_type(err, of_tool(param, i, ""),
		    "an object", tool);
	if ((v = js_get(tool, "type")) == NULL)
		return complain_missing(err, of_tool(param, i, ".type"));
	if (!json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, of_tool(param, i, ".type"),
		    "a string", v);
	type = json_object_get_string(v);
	if (strcmp(type, "function") != 0 && strcmp(type, "custom") != 0)
		return err_param(err, of_tool(param, i, ".type"),
		    "invalid_value",
		    "Invalid value: '%.*s'. Supported values are: 'function' "
		    "and 'custom'.", complain_clip(type), type);
	if (has_name(js_obj(tool, type)))
		return true;
	snprintf(param, sizeof(param), "tools[%zu].%s", i, type);
	if ((v = js_get(tool, type)) == NULL)
		return complain_missing(err, param);
	if (!json_object_is_type(v, json_type_object))
		return complain_wrong_type(err, param, "an object", v);
	return check_name(v, param, err);
}

static bool
check_tools(json_object *req, struct err *err)
{
	json_object	*tools = js_array(req, "tools");
	size_t		 i, usual = chat_usual_tools(tools);

	if (usual > 0 && usual <= CHAT_TOOLS_MAX)
		return true;
	if (!check_length(tools, "tools", err))
		return false;
	for (i = 0; i < js_len(tools); i++)
		if (!check_tool(json_object_array_get_idx(tools, i), i, err))
			return false;
	return true;
}

/* The form of 2023: functions and function_call. */
static bool
check_functions(json_object *req, struct err *err)
{
	json_object	*functions = js_array(req, "functions"), *v;
	char		 param[PARAM_SIZE];
	size_t		 i;

	if (!check_length(functions, "functions", err))
		return false;
	if (js_len(functions) > 0 && js_len(js_array(req, "tools")) > 0)
		return err_param(err, "functions", "invalid_value",
		    "'functions' and 'tools' can't be given together.");
	for (i = 0; i < js_len(functions); i++) {
		v = json_object_array_get_idx(functions, i);
		snprintf(param, sizeof(param), "functions[%zu]", i);
		if (!json_object_is_type(v, json_type_object))
			return complain_wrong_type(err, param, "an object", v);
		if (!check_name(v, param, err))
			return false;
	}
	v = js_get(req, "function_call");
	if (json_object_is_type(v, json_type_object))
		return check_name(v, "function_call", err);
	if (v != NULL && !json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, "function_call",
		    "one of a string or an object", v);
	return true;
}

static bool
check_format(json_object *req, struct err *err)
{
	json_object *format = js_get(req, "response_format");

	return format == NULL || tuning_check_format(format, "response_format",
	    js_get(format, "json_schema"), "response_format.json_schema", err);
}

static bool
lists_audio(json_object *list)
{
	json_object	*v;
	size_t		 i;

	for (i = 0; i < js_len(list); i++) {
		v = json_object_array_get_idx(list, i);
		if (json_object_is_type(v, json_type_string) &&
		    strcmp(json_object_get_string(v), "audio") == 0)
			return true;
	}
	return false;
}

/* {"search_context_size": .., "user_location": {"approximate": {..}}} */
static bool
check_search(json_object *req, struct err *err)
{
	static const char *const sizes[] = { "low", "medium", "high" };
	json_object	*options = js_get(req, "web_search_options");
	json_object	*size = js_get(options, "search_context_size");
	json_object	*place = js_get(options, "user_location");
	const char	*s;
	size_t		 i;

	if (place != NULL && js_obj(place, "approximate") == NULL)
		return complain_wrong_type(err,
		    "web_search_options.user_location.approximate",
		    "an object", js_get(place, "approximate"));
	if (size == NULL)
		return true;
	if (!json_object_is_type(size, json_type_string))
		return complain_wrong_type(err,
		    "web_search_options.search_context_size", "a string",
		    size);
	s = json_object_get_string(size);
	for (i = 0; i < COUNT(sizes); i++)
		if (strcmp(s, sizes[i]) == 0)
			return true;
	return err_param(err, "web_search_options.search_context_size",
	    "invalid_value", "Invalid value: '%.*s'. Supported values are: "
	    "'low', 'medium', and 'high'.", complain_clip(s), s);
}

/* Services that run at OpenAI, and would be missed in an answer. */
static bool
check_services(json_object *req, struct err *err)
{
	static const struct {
		const char	*member, *why;
	} none[] = {
		{ "audio", "GitHub Copilot's models don't speak." },
		{ "modalities", "GitHub Copilot's models answer with text, "
		    "not with audio." },
		{ "moderation", "GitHub Copilot moderates nothing for its "
		    "clients." }
	};
	json_object	*v;
	size_t		 i;

	for (i = 0; i < COUNT(none); i++) {
		v = js_get(req, none[i].member);
		if (v != NULL && (strcmp(none[i].member, "modalities") != 0 ||
		    lists_audio(v)))
			return err_param(err, none[i].member,
			    "unsupported_parameter", "Unsupported parameter: "
			    "'%s'. %s", none[i].member, none[i].why);
	}
	return true;
}

bool
chat_check(json_object *req, struct err *err)
{
	const char *model;

	if (!json_object_is_type(req, json_type_object))
		return complain_wrong_type(err, NULL, "an object", req);
	if (!check_types(req, err))
		return false;
	if ((model = js_str(req, "model")) == NULL || model[0] == '\0')
		return complain_missing(err, "model");
	if (js_get(req, "messages") == NULL)
		return complain_missing(err, "messages");
	return check_services(req, err) && check_search(req, err) &&
	    check_n(req, err) &&
	    tuning_check(req, err) &&
	    check_format(req, err) && check_tools(req, err) &&
	    check_functions(req, err);
}
