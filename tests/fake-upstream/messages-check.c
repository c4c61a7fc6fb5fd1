/* What Copilot's /v1/messages refuses. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "messages.h"

#define ID_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_-"
#define MARKS_MAX 4

static const char *const members[] = {
	"model", "messages", "system", "max_tokens", "stream", "tools",
	"tool_choice", "thinking", "output_config", "context_management",
	"stop_sequences", "temperature", "top_p", "top_k"
};
/* Of these count_tokens knows none. */
static const char *const uncounted[] = {
	"max_tokens", "stream", "output_config", "context_management",
	"stop_sequences", "temperature", "top_p", "top_k"
};
static const char *const betas[] = {
	"interleaved-thinking-2025-05-14", "context-management-2025-06-27",
	"extended-cache-ttl-2025-04-11", "advanced-tool-use-2025-11-20"
};

/* What is found on the way through the request. */
struct seen {
	struct call		*c;
	const struct model	*m;
	int			 images, marks;
};

static bool
is_one_of(const char *s, size_t n, const char *const *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strlen(list[i]) == n && strncmp(list[i], s, n) == 0)
			return true;
	return false;
}

bool
messages_beta(struct call *c, const char *name)
{
	const char *v = req_header(c->req, "anthropic-beta");

	return v != NULL && strstr(v, name) != NULL;
}

static bool
check_betas(struct call *c)
{
	const char	*v = req_header(c->req, "anthropic-beta");
	size_t		 n;

	for (; v != NULL && *v != '\0'; v += n) {
		v += strspn(v, ", ");
		n = strcspn(v, ", ");
		if (n > 0 && !is_one_of(v, n, betas, COUNT(betas)))
			return messages_refuse(c, "Unexpected value(s) `%.*s` "
			    "for the `anthropic-beta` header. Please consult "
			    "our documentation or try again without the "
			    "header.", (int)n, v);
	}
	return true;
}

static bool
extra(struct call *c, const char *name)
{
	return messages_refuse(c, "%s: Extra inputs are not permitted", name);
}

static bool
check_members(struct call *c, bool counts)
{
	json_object_object_foreach(c->body, name, value) {
		(void)value;
		if (!is_one_of(name, strlen(name), members, COUNT(members)) ||
		    (counts && is_one_of(name, strlen(name), uncounted,
		    COUNT(uncounted))))
			return extra(c, name);
	}
	if (js_has(c->body, "context_management") &&
	    !messages_beta(c, "context-management-2025-06-27"))
		return extra(c, "context_management");
	return true;
}

/* --- Cache marks. */

static bool
check_mark(struct seen *s, json_object *of, const char *where)
{
	json_object *mark = js_get(of, "cache_control");

	if (mark == NULL)
		return true;
	if (!json_object_is_type(mark, json_type_object))
		return messages_refuse(s->c, "%s.cache_control: Input should "
		    "be an object", where);
	s->marks++;
	json_object_object_foreach(mark, name, value) {
		(void)value;
		if (strcmp(name, "type") != 0 && strcmp(name, "ttl") != 0)
			return messages_refuse(s->c, "%s.cache_control."
			    "ephemeral.%s: Extra inputs are not permitted",
			    where, name);
	}
	if (js_is(mark, "ttl", "1h") &&
	    !messages_beta(s->c, "extended-cache-ttl-2025-04-11"))
		return messages_refuse(s->c, "%s.cache_control.ephemeral.ttl: "
		    "Extra inputs are not permitted", where);
	return true;
}

/* --- Content. */

static bool
check_id(struct seen *s, size_t at, json_object *block, const char *type,
    const char *member)
{
	const char *id = js_str(block, member);

	if (id != NULL && *id != '\0' && id[strspn(id, ID_BYTES)] == '\0')
		return true;
	return messages_refuse(s->c, "messages.%zu.content.%s.%s: String "
	    "should match pattern '^[a-zA-Z0-9_-]+$'", at, type, member);
}

static bool
check_thought(struct seen *s, size_t at, json_object *block)
{
	const char *signature = js_str(block, "signature");
	const char *text = js_str(block, "thinking");

	return (signature != NULL && text != NULL &&
	    issued_has(&s->c->f->issued, signature, text)) ||
	    messages_refuse(s->c, "messages.%zu.content.0: Invalid `signature` "
	    "in `thinking` block", at);
}

static bool
is_blank(const char *s)
{
	return s == NULL || s[strspn(s, " \t\r\n")] == '\0';
}

static bool	check_blocks(struct seen *, size_t, json_object *);

static bool
check_block(struct seen *s, size_t at, json_object *block)
{
	const char *type = js_str(block, "type");

	if (type == NULL)
		return messages_refuse(s->c, "messages.%zu.content.0.type: "
		    "Field required", at);
	if (!check_mark(s, block, "messages"))
		return false;
	if (strcmp(type, "text") == 0)
		return !is_blank(js_str(block, "text")) ||
		    messages_refuse(s->c, "messages: text content blocks must "
		    "contain non-whitespace text");
	if (strcmp(type, "thinking") == 0)
		return check_thought(s, at, block);
	if (strcmp(type, "tool_use") == 0)
		return check_id(s, at, block, type, "id");
	if (strcmp(type, "tool_result") == 0)
		return check_id(s, at, block, type, "tool_use_id") &&
		    check_blocks(s, at, js_array(block, "content"));
	if (strcmp(type, "tool_reference") == 0)
		return messages_beta(s->c, "advanced-tool-use-2025-11-20") ||
		    messages_refuse(s->c, "messages.%zu.content: Input tag "
		    "'tool_reference' found using 'type' does not match any of "
		    "the expected tags", at);
	s->images += strcmp(type, "image") == 0;
	return true;
}

static bool
check_blocks(struct seen *s, size_t at, json_object *blocks)
{
	size_t i;

	for (i = 0; i < js_len(blocks); i++)
		if (!check_block(s, at, json_object_array_get_idx(blocks, i)))
			return false;
	return true;
}

/* The ids of a message's blocks of one type. */
static json_object *
ids_of(json_object *msg, const char *type, const char *member)
{
	json_object	*blocks = js_array(msg, "content"), *block;
	json_object	*ids = json_object_new_object();
	size_t		 i;

	for (i = 0; i < js_len(blocks); i++) {
		block = json_object_array_get_idx(blocks, i);
		if (js_is(block, "type", type))
			js_add_bool(ids, js_str(block, member), true);
	}
	return ids;
}

/* Each call is answered in the next message, and nothing else is. */
static bool
check_pair(struct seen *s, size_t at, json_object *msg, json_object *before)
{
	json_object	*calls = ids_of(before, "tool_use", "id");
	json_object	*results = ids_of(msg, "tool_result", "tool_use_id");
	bool		 ok = true;

	json_object_object_foreach(results, id, ignored) {
		(void)ignored;
		if (ok && !js_has(calls, id))
			ok = messages_refuse(s->c, "messages.%zu.content.0: "
			    "unexpected `tool_use_id` found in `tool_result` "
			    "blocks: %s. Each `tool_result` block must have a "
			    "corresponding `tool_use` block in the previous "
			    "message.", at, id);
	}
	json_object_object_foreach(calls, call, unused) {
		(void)unused;
		if (ok && !js_has(results, call))
			ok = messages_refuse(s->c, "messages.%zu: `tool_use` "
			    "ids were found without `tool_result` blocks "
			    "immediately after: %s. Each `tool_use` block must "
			    "have a corresponding `tool_result` block in the "
			    "next message.", at - 1, call);
	}
	json_object_put(calls);
	json_object_put(results);
	return ok;
}

static bool
check_message(struct seen *s, size_t at, json_object *msg)
{
	json_object	*content = js_get(msg, "content");

	if (!js_is(msg, "role", "user") && !js_is(msg, "role", "assistant"))
		return messages_refuse(s->c, "messages.%zu.role: Input should "
		    "be 'user' or 'assistant'", at);
	json_object_object_foreach(msg, name, value) {
		(void)value;
		if (strcmp(name, "role") != 0 && strcmp(name, "content") != 0)
			return messages_refuse(s->c, "messages.%zu.%s: Extra "
			    "inputs are not permitted", at, name);
	}
	if (json_object_is_type(content, json_type_string))
		return !is_blank(json_object_get_string(content)) ||
		    messages_refuse(s->c, "messages.%zu: user messages must "
		    "have non-empty content", at);
	if (js_len(content) == 0)
		return messages_refuse(s->c, "messages.%zu: all messages must "
		    "have non-empty content except for the optional final "
		    "assistant message", at);
	return check_blocks(s, at, content);
}

static bool
check_messages(struct seen *s)
{
	json_object	*messages = js_array(s->c->body, "messages");
	json_object	*msg, *before = NULL;
	size_t		 i, n = js_len(messages);

	if (n == 0)
		return messages_refuse(s->c,
		    "messages: at least one message is required");
	for (i = 0; i < n; i++) {
		msg = json_object_array_get_idx(messages, i);
		if (!check_message(s, i, msg) ||
		    !check_pair(s, i, msg, before))
			return false;
		before = msg;
	}
	return js_is(before, "role", "user") ||
	    messages_refuse(s->c, "This model does not support assistant "
	    "message prefill. The conversation must end with a user message.");
}

static bool
check_system(struct seen *s)
{
	json_object	*system = js_get(s->c->body, "system"), *block;
	size_t		 i;

	for (i = 0; i < js_len(system); i++) {
		block = json_object_array_get_idx(system, i);
		if (!check_mark(s, block, "system"))
			return false;
		if (is_blank(js_str(block, "text")))
			return messages_refuse(s->c, "system: text content "
			    "blocks must be non-empty");
	}
	return true;
}

/* --- Tools. */

static bool
check_tool(struct seen *s, size_t at, json_object *tool)
{
	static const char *const deferring[] = {
		"defer_loading", "input_examples", "allowed_callers"
	};
	json_object	*schema = js_obj(tool, "input_schema");
	size_t		 i;

	if (js_str(tool, "name") == NULL)
		return messages_refuse(s->c, "tools.%zu.custom.name: Field "
		    "required", at);
	if (!check_mark(s, tool, "tools"))
		return false;
	for (i = 0; i < COUNT(deferring); i++)
		if (js_has(tool, deferring[i]) &&
		    !messages_beta(s->c, "advanced-tool-use-2025-11-20"))
			return messages_refuse(s->c, "tools.%zu.custom.%s: "
			    "Extra inputs are not permitted", at,
			    deferring[i]);
	if (js_has(tool, "eager_input_streaming"))
		return messages_refuse(s->c, "tools.%zu.custom."
		    "eager_input_streaming: Extra inputs are not permitted",
		    at);
	if (schema == NULL)
		return js_str(tool, "type") != NULL || messages_refuse(s->c,
		    "tools.%zu.custom.input_schema: Field required", at);
	if (js_has(schema, "$schema"))
		return messages_refuse(s->c, "tools.%zu.custom.input_schema: "
		    "unknown keyword \"$schema\"", at);
	if (!js_is(schema, "type", "object") ||
	    js_obj(schema, "properties") == NULL)
		return messages_refuse(s->c, "tools.%zu.custom.input_schema."
		    "properties: Field required", at);
	return true;
}

static bool
check_tools(struct seen *s)
{
	json_object	*tools = js_array(s->c->body, "tools"), *names;
	json_object	*tool;
	size_t		 i;
	bool		 ok = true;

	names = json_object_new_object();
	for (i = 0; ok && i < js_len(tools); i++) {
		tool = json_object_array_get_idx(tools, i);
		ok = check_tool(s, i, tool);
		if (ok && js_has(names, js_str(tool, "name")))
			ok = messages_refuse(s->c,
			    "tools: Tool names must be unique.");
		if (ok)
			js_add_bool(names, js_str(tool, "name"), true);
	}
	json_object_put(names);
	return ok && (js_len(tools) > 0 ||
	    !js_has(s->c->body, "tool_choice") || messages_refuse(s->c,
	    "tool_choice: may only be specified while providing tools"));
}

/* --- Thinking and other numbers. */

bool
messages_has_budget(const struct model *m)
{
	return strstr(m->id, "-4.5") != NULL;
}

bool
messages_thinks(struct call *c, bool *shown)
{
	json_object *thinking = js_obj(c->body, "thinking");

	*shown = !js_is(thinking, "display", "omitted");
	return js_is(thinking, "type", "adaptive") ||
	    js_is(thinking, "type", "enabled");
}

static bool
check_budget(struct seen *s, json_object *thinking)
{
	int64_t		 budget = js_int(thinking, "budget_tokens", 0);
	json_object	*messages = js_array(s->c->body, "messages"), *msg;
	json_object	*first, *calls;
	size_t		 n = js_len(messages);
	bool		 called;

	if (!messages_has_budget(s->m))
		return messages_refuse(s->c, "\"thinking.type.enabled\" is not "
		    "supported for this model. Use \"thinking.type.adaptive\"");
	if (budget < 1024)
		return messages_refuse(s->c, "thinking.enabled.budget_tokens: "
		    "Input should be greater than or equal to 1024");
	if (budget > 32000 || budget >= js_int(s->c->body, "max_tokens",
	    INT32_MAX))
		return messages_refuse(s->c, "`max_tokens` must be greater "
		    "than `thinking.budget_tokens`.");
	if (n < 2)
		return true;
	msg = json_object_array_get_idx(messages, n - 2);
	calls = ids_of(msg, "tool_use", "id");
	called = json_object_object_length(calls) > 0;
	json_object_put(calls);
	first = called ? json_object_array_get_idx(js_array(msg, "content"),
	    0) : NULL;
	return !called || js_is(first, "type", "thinking") ||
	    js_is(first, "type", "redacted_thinking") ||
	    messages_refuse(s->c, "messages.%zu.content.0.type: Expected "
	    "`thinking` or `redacted_thinking`, but found `%s`. When "
	    "`thinking` is enabled, a final `assistant` message must start "
	    "with a thinking block", n - 2, js_str(first, "type"));
}

static bool
check_thinking(struct seen *s)
{
	json_object	*thinking = js_obj(s->c->body, "thinking");
	const char	*display = js_str(thinking, "display");
	bool		 shown;

	if (thinking == NULL)
		return true;
	if (display != NULL && strcmp(display, "omitted") != 0 &&
	    strcmp(display, "summarized") != 0)
		return messages_refuse(s->c, "thinking.display: Input should "
		    "be 'summarized' or 'omitted'");
	if (js_is(thinking, "type", "adaptive") && messages_has_budget(s->m))
		return messages_refuse(s->c,
		    "adaptive thinking is not supported on this model");
	if (js_is(thinking, "type", "enabled") && !check_budget(s, thinking))
		return false;
	return !messages_thinks(s->c, &shown) ||
	    js_double(s->c->body, "temperature", 1) == 1 ||
	    messages_refuse(s->c, "`temperature` may only be set to 1 when "
	    "thinking is enabled.");
}

static bool
check_sequences(struct seen *s)
{
	json_object	*list = js_array(s->c->body, "stop_sequences");
	size_t		 i;

	for (i = 0; i < js_len(list); i++)
		if (!json_object_is_type(json_object_array_get_idx(list, i),
		    json_type_string))
			return messages_refuse(s->c, "stop_sequences.%zu: "
			    "Input should be a valid string", i);
	return true;
}

static bool
check_numbers(struct seen *s, bool counts)
{
	int64_t		 max = js_int(s->c->body, "max_tokens", 0);
	const char	*effort = js_str(js_obj(s->c->body, "output_config"),
			    "effort");

	if (!counts && max < 1)
		return messages_refuse(s->c, "max_tokens: Field required");
	if (s->m->output > 0 && max > s->m->output)
		return messages_refuse(s->c, "max_tokens: %lld > %d, which is "
		    "the maximum allowed number of output tokens for %s",
		    (long long)max, s->m->output, s->m->id);
	if (effort != NULL && (s->m->efforts == NULL ||
	    !catalog_effort(s->m, effort)))
		return messages_refuse(s->c, "output_config.effort: \"%s\" is "
		    "not supported by this model.", effort);
	if (js_has(s->c->body, "temperature") && js_has(s->c->body, "top_p"))
		return messages_refuse(s->c, "`temperature` and `top_p` cannot "
		    "both be specified for this model. Please use only one.");
	if (!check_sequences(s))
		return false;
	return setting_bool(s->c->f, "prompt_limit") == false ||
	    s->m->prompt == 0 ||
	    (int64_t)s->c->req->body.len / 4 <= s->m->prompt ||
	    messages_refuse(s->c, "prompt is too long: %zu tokens > %d "
	    "maximum", s->c->req->body.len / 4, s->m->prompt);
}

static bool
check_vision(struct seen *s)
{
	const char *vision = req_header(s->c->req, "Copilot-Vision-Request");

	return s->images == 0 || !setting_bool(s->c->f, "check_headers") ||
	    (vision != NULL && strcmp(vision, "true") == 0) ||
	    refuse(s->c, 400, "", "missing required Copilot-Vision-Request "
	    "header for vision requests");
}

bool
messages_check(struct call *c, const struct model *m, bool counts)
{
	struct seen s = { .c = c, .m = m };

	return check_betas(c) && check_members(c, counts) &&
	    check_numbers(&s, counts) && check_tools(&s) && check_system(&s) &&
	    check_messages(&s) && check_thinking(&s) && check_vision(&s) &&
	    (s.marks <= MARKS_MAX || messages_refuse(c, "A maximum of %d "
	    "blocks with cache_control may be provided. Found %d.", MARKS_MAX,
	    s.marks));
}
