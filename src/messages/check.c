/* Is a Messages request well-formed? */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "messages/check.h"
#include "messages/error.h"
#include "messages/usual.h"

/* Members whose type is checked; null counts as absent, as SDKs mean it. */
static const struct member {
	const char	*name;
	unsigned	 types;
	const char	*expected;
} members[] = {
	{ "model", JS_STRING, "a valid string" },
	{ "messages", JS_ARRAY, "a valid list" },
	{ "max_tokens", JS_INTEGER, "a valid integer" },
	{ "stream", JS_BOOLEAN, "a valid boolean" },
	{ "system", JS_STRING | JS_ARRAY, "a valid string or list" },
	{ "tools", JS_ARRAY, "a valid list" },
	{ "tool_choice", JS_OBJECT, "an object" },
	{ "thinking", JS_OBJECT, "an object" },
	{ "output_config", JS_OBJECT, "an object" },
	{ "context_management", JS_OBJECT, "an object" },
	{ "metadata", JS_OBJECT, "an object" },
	{ "stop_sequences", JS_ARRAY, "a valid list" },
	{ "temperature", JS_NUMBER, "a valid number" },
	{ "top_p", JS_NUMBER, "a valid number" },
	{ "top_k", JS_INTEGER, "a valid integer" },
	{ "service_tier", JS_STRING, "a valid string" }
};

/* Nobody can do these here: they are refused, not left out in silence. */
static const struct {
	const char	*name, *why;
} missing[] = {
	{ "mcp_servers", "GitHub Copilot connects to no MCP servers. Connect "
	    "to them in the client." },
	{ "container", "GitHub Copilot has no containers to run code in." }
};

/* A place: a member, or an element of a list. Printed for a refusal only. */
struct path {
	const struct path	*up;	/* what it is in, or NULL */
	const char		*name;	/* NULL: an element */
	size_t			 at;
};

static void
print_path(const struct path *path, struct buf *out)
{
	if (path->up != NULL) {
		print_path(path->up, out);
		buf_putc(out, '.');
	}
	if (path->name != NULL)
		buf_puts(out, path->name);
	else
		buf_printf(out, "%zu", path->at);
}

/* "PATH: WORDS", as Anthropic has it. Always false. */
static bool complain(struct err *, const struct path *, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static bool
complain(struct err *err, const struct path *path, const char *fmt, ...)
{
	struct buf	text = { 0 };
	char		words[512];
	va_list		ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	print_path(path, &text);
	err_param(err, text.p, "invalid_value", "%s: %s", text.p, words);
	buf_finish(&text);
	return false;
}

/* The same of a member of the request. */
static bool
complain_top(struct err *err, const char *name, const char *words)
{
	const struct path path = { .name = name };

	return complain(err, &path, "%s", words);
}

/* A member of what is there is missing. */
static bool
missing_field(struct err *err, const struct path *up, const char *name)
{
	const struct path path = { .up = up, .name = name };

	return complain(err, &path, "Field required");
}

/* --- Content. */

/* The least that each kind of block has to have. */
static const struct block {
	const char	*type, *member;
	unsigned	 types;
} blocks[] = {
	{ "text", "text", JS_STRING },
	{ "image", "source", JS_OBJECT },
	{ "document", "source", JS_OBJECT },
	{ "tool_use", "id", JS_STRING },
	{ "tool_use", "name", JS_STRING },
	{ "tool_result", "tool_use_id", JS_STRING },
	{ "thinking", "thinking", JS_STRING },
	{ "redacted_thinking", "data", JS_STRING }
};

static bool	check_content(json_object *, const struct path *,
		    struct err *);

static bool
check_block(json_object *block, const struct path *path, struct err *err)
{
	const char		*type = js_str(block, "type");
	const struct path	 inner = { path, type, 0 };
	const struct path	 content = { &inner, "content", 0 };
	size_t			 i;

	if (!json_object_is_type(block, json_type_object) || block == NULL)
		return complain(err, path, "Input should be an object");
	if (type == NULL)
		return missing_field(err, path, "type");
	for (i = 0; i < COUNT(blocks); i++)
		if (strcmp(blocks[i].type, type) == 0 && (blocks[i].types &
		    js_kinds(js_get(block, blocks[i].member))) == 0)
			return missing_field(err, &inner, blocks[i].member);
	return strcmp(type, "tool_result") != 0 ||
	    js_get(block, "content") == NULL ||
	    check_content(js_get(block, "content"), &content, err);
}

/* A string or blocks. */
static bool
check_content(json_object *content, const struct path *path, struct err *err)
{
	struct path	inner = { .up = path };
	size_t		i;

	if ((js_kinds(content) & (JS_STRING | JS_ARRAY)) == 0)
		return complain(err, path,
		    "Input should be a valid string or list");
	for (i = 0; i < js_len(content); i++) {
		inner.at = i;
		if (!check_block(json_object_array_get_idx(content, i), &inner,
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
	const char		*role = js_str(msg, "role");
	const struct path	 list = { .name = "messages" };
	const struct path	 path = { .up = &list, .at = at };
	const struct path	 of_role = { &path, "role", 0 };
	const struct path	 content = { &path, "content", 0 };
	size_t			 i;

	if (!json_object_is_type(msg, json_type_object) || msg == NULL)
		return complain(err, &path, "Input should be an object");
	if (role == NULL)
		return missing_field(err, &path, "role");
	for (i = 0; i < COUNT(roles) && strcmp(roles[i], role) != 0; i++)
		;
	if (i == COUNT(roles))
		return complain(err, &of_role,
		    "Input should be 'user' or 'assistant'");
	if (js_get(msg, "content") == NULL)
		return missing_field(err, &path, "content");
	return check_content(js_get(msg, "content"), &content, err);
}

static bool
check_messages(json_object *messages, struct err *err)
{
	size_t i, n = js_len(messages);

	if (messages_usual(messages, NULL))
		return true;
	if (n == 0)
		return complain_top(err, "messages",
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
	const struct path	list = { .name = "tools" };
	const struct path	path = { .up = &list, .at = at };
	const struct path	type = { &path, "type", 0 };
	const struct path	custom = { &path, "custom", 0 };

	if (!json_object_is_type(tool, json_type_object) || tool == NULL)
		return complain(err, &path, "Input should be an object");
	if (js_get(tool, "type") != NULL && js_str(tool, "type") == NULL)
		return complain(err, &type, "Input should be a valid string");
	if (js_get(tool, "type") != NULL && !js_is(tool, "type", "custom"))
		return true;
	if (js_str(tool, "name") == NULL)
		return missing_field(err, &custom, "name");
	return js_obj(tool, "input_schema") != NULL ||
	    missing_field(err, &custom, "input_schema");
}

static bool
check_tools(json_object *tools, struct err *err)
{
	size_t i;

	if (messages_usual_tools(tools, NULL))
		return true;
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
	struct path		 path = { 0 };
	json_object		*v;

	for (m = members; m < members + COUNT(members); m++) {
		v = js_get(obj, path.name = m->name);
		if (v != NULL && (js_kinds(v) & m->types) == 0)
			return complain(err, &path, "Input should be %s",
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
			return complain_top(err, missing[i].name,
			    missing[i].why);
	}
	return true;
}

bool
messages_check(json_object *obj, bool counts, struct err *err)
{
	const struct path system = { .name = "system" };

	if (!json_object_is_type(obj, json_type_object) || obj == NULL)
		return err_set(err, 400, ERR_REQUEST, NULL, NULL,
		    "The body of the request has to be a JSON object.");
	if (!check_types(obj, err) || !check_missing(obj, err))
		return false;
	if (js_str(obj, "model") == NULL || js_is(obj, "model", ""))
		return missing_field(err, NULL, "model");
	if (!counts && js_get(obj, "max_tokens") == NULL)
		return missing_field(err, NULL, "max_tokens");
	if (js_int(obj, "max_tokens", 1) < 1)
		return complain_top(err, "max_tokens",
		    "Input should be greater than or equal to 1");
	return check_messages(js_array(obj, "messages"), err) &&
	    (js_array(obj, "system") == NULL ||
	    check_content(js_get(obj, "system"), &system, err)) &&
	    check_tools(js_array(obj, "tools"), err);
}
