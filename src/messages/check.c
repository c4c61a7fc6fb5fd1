/* Is a Messages request well-formed? */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "messages/check.h"
#include "messages/error.h"

#define PATH_SIZE 128

enum {
	STRING	= 1 << 0,
	INTEGER	= 1 << 1,
	NUMBER	= 1 << 2,
	BOOLEAN	= 1 << 3,
	OBJECT	= 1 << 4,
	ARRAY	= 1 << 5
};

/* Members whose type is checked; null counts as absent, as SDKs mean it. */
static const struct member {
	const char	*name;
	unsigned	 types;
	const char	*expected;
} members[] = {
	{ "model", STRING, "a valid string" },
	{ "messages", ARRAY, "a valid list" },
	{ "max_tokens", INTEGER, "a valid integer" },
	{ "stream", BOOLEAN, "a valid boolean" },
	{ "system", STRING | ARRAY, "a valid string or list" },
	{ "tools", ARRAY, "a valid list" },
	{ "tool_choice", OBJECT, "an object" },
	{ "thinking", OBJECT, "an object" },
	{ "output_config", OBJECT, "an object" },
	{ "context_management", OBJECT, "an object" },
	{ "metadata", OBJECT, "an object" },
	{ "stop_sequences", ARRAY, "a valid list" },
	{ "temperature", NUMBER, "a valid number" },
	{ "top_p", NUMBER, "a valid number" },
	{ "top_k", INTEGER, "a valid integer" },
	{ "service_tier", STRING, "a valid string" }
};

/* What nobody can do here, so that it isn't silently left out. */
static const struct {
	const char	*name, *why;
} missing[] = {
	{ "mcp_servers", "GitHub Copilot connects to no MCP servers. Connect "
	    "to them in the client." },
	{ "container", "GitHub Copilot has no containers to run code in." }
};

static unsigned
type_of(json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_string:
		return STRING;
	case json_type_int:
		return INTEGER | NUMBER;
	case json_type_double:
		return NUMBER;
	case json_type_boolean:
		return BOOLEAN;
	case json_type_object:
		return OBJECT;
	case json_type_array:
		return ARRAY;
	default:
		return 0;
	}
}

/* "PATH: WORDS", as Anthropic has it. Always false. */
static bool complain(struct err *, const char *path, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static bool
complain(struct err *err, const char *path, const char *fmt, ...)
{
	char	words[512];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	return err_param(err, path, "invalid_value", "%s: %s", path, words);
}

static bool
missing_field(struct err *err, const char *path)
{
	return complain(err, path, "Field required");
}

/* --- Content. */

/* The least that each kind of block has to have. */
static const struct block {
	const char	*type, *member;
	unsigned	 types;
} blocks[] = {
	{ "text", "text", STRING },
	{ "image", "source", OBJECT },
	{ "document", "source", OBJECT },
	{ "tool_use", "id", STRING },
	{ "tool_use", "name", STRING },
	{ "tool_result", "tool_use_id", STRING },
	{ "thinking", "thinking", STRING },
	{ "redacted_thinking", "data", STRING }
};

static bool	check_content(json_object *, const char *, struct err *);

static bool
check_block(json_object *block, const char *path, struct err *err)
{
	const char	*type = js_str(block, "type");
	char		 inner[PATH_SIZE];
	size_t		 i;

	if (!json_object_is_type(block, json_type_object) || block == NULL)
		return complain(err, path, "Input should be an object");
	if (type == NULL) {
		snprintf(inner, sizeof(inner), "%.80s.type", path);
		return missing_field(err, inner);
	}
	for (i = 0; i < COUNT(blocks); i++)
		if (strcmp(blocks[i].type, type) == 0 && (blocks[i].types &
		    type_of(js_get(block, blocks[i].member))) == 0) {
			snprintf(inner, sizeof(inner), "%.80s.%.20s.%.20s",
			    path, type, blocks[i].member);
			return missing_field(err, inner);
		}
	if (strcmp(type, "tool_result") != 0)
		return true;
	snprintf(inner, sizeof(inner), "%.80s.tool_result.content", path);
	return js_get(block, "content") == NULL ||
	    check_content(js_get(block, "content"), inner, err);
}

/* A string or blocks. */
static bool
check_content(json_object *content, const char *path, struct err *err)
{
	char	inner[PATH_SIZE];
	size_t	i;

	if ((type_of(content) & (STRING | ARRAY)) == 0)
		return complain(err, path,
		    "Input should be a valid string or list");
	for (i = 0; i < js_len(content); i++) {
		snprintf(inner, sizeof(inner), "%.80s.%zu", path, i);
		if (!check_block(json_object_array_get_idx(content, i), inner,
		    err))
			return false;
	}
	return true;
}

/* --- Messages. */

static bool
check_message(json_object *msg, size_t at, struct err *err)
{
	static const char *const roles[] = { "user", "assistant", "system" };
	const char	*role = js_str(msg, "role");
	char		 path[PATH_SIZE];
	size_t		 i;

	snprintf(path, sizeof(path), "messages.%zu", at);
	if (!json_object_is_type(msg, json_type_object) || msg == NULL)
		return complain(err, path, "Input should be an object");
	snprintf(path, sizeof(path), "messages.%zu.role", at);
	if (role == NULL)
		return missing_field(err, path);
	for (i = 0; i < COUNT(roles) && strcmp(roles[i], role) != 0; i++)
		;
	if (i == COUNT(roles))
		return complain(err, path,
		    "Input should be 'user' or 'assistant'");
	snprintf(path, sizeof(path), "messages.%zu.content", at);
	if (js_get(msg, "content") == NULL)
		return missing_field(err, path);
	return check_content(js_get(msg, "content"), path, err);
}

static bool
check_messages(json_object *messages, struct err *err)
{
	size_t i, n = js_len(messages);

	if (n == 0)
		return complain(err, "messages",
		    "at least one message is required");
	for (i = 0; i < n; i++)
		if (!check_message(json_object_array_get_idx(messages, i), i,
		    err))
			return false;
	return true;
}

/* --- Tools. */

/* A tool of the client's has a schema; the others are Anthropic's. */
static bool
check_tool(json_object *tool, size_t at, struct err *err)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "tools.%zu", at);
	if (!json_object_is_type(tool, json_type_object) || tool == NULL)
		return complain(err, path, "Input should be an object");
	if (js_get(tool, "type") != NULL && js_str(tool, "type") == NULL) {
		snprintf(path, sizeof(path), "tools.%zu.type", at);
		return complain(err, path, "Input should be a valid string");
	}
	if (js_get(tool, "type") != NULL && !js_is(tool, "type", "custom"))
		return true;
	snprintf(path, sizeof(path), "tools.%zu.custom.name", at);
	if (js_str(tool, "name") == NULL)
		return missing_field(err, path);
	snprintf(path, sizeof(path), "tools.%zu.custom.input_schema", at);
	return js_obj(tool, "input_schema") != NULL || missing_field(err, path);
}

static bool
check_tools(json_object *tools, struct err *err)
{
	size_t i;

	for (i = 0; i < js_len(tools); i++)
		if (!check_tool(json_object_array_get_idx(tools, i), i, err))
			return false;
	return true;
}

/* --- The whole. */

static bool
check_types(json_object *obj, struct err *err)
{
	const struct member	*m;
	json_object		*v;

	for (m = members; m < members + COUNT(members); m++) {
		v = js_get(obj, m->name);
		if (v != NULL && (type_of(v) & m->types) == 0)
			return complain(err, m->name, "Input should be %s",
			    m->expected);
	}
	return true;
}

static bool
check_missing(json_object *obj, struct err *err)
{
	json_object	*v;
	size_t		 i;

	if (js_get(obj, "thread") != NULL)
		return err_param(err, "thread", MESSAGES_NO_THREAD, "thread: "
		    "this server keeps no threads. Send all messages with each "
		    "request.");
	for (i = 0; i < COUNT(missing); i++) {
		v = js_get(obj, missing[i].name);
		if (v != NULL && (!json_object_is_type(v, json_type_array) ||
		    js_len(v) > 0))
			return complain(err, missing[i].name, "%s",
			    missing[i].why);
	}
	return true;
}

bool
messages_check(json_object *obj, bool counts, struct err *err)
{
	if (!json_object_is_type(obj, json_type_object) || obj == NULL)
		return err_set(err, 400, ERR_REQUEST, NULL, NULL,
		    "The body of the request has to be a JSON object.");
	if (!check_types(obj, err) || !check_missing(obj, err))
		return false;
	if (js_str(obj, "model") == NULL || js_is(obj, "model", ""))
		return missing_field(err, "model");
	if (!counts && js_get(obj, "max_tokens") == NULL)
		return missing_field(err, "max_tokens");
	if (js_int(obj, "max_tokens", 1) < 1)
		return complain(err, "max_tokens",
		    "Input should be greater than or equal to 1");
	return check_messages(js_array(obj, "messages"), err) &&
	    (js_array(obj, "system") == NULL ||
	    check_content(js_get(obj, "system"), "system", err)) &&
	    check_tools(js_array(obj, "tools"), err);
}
