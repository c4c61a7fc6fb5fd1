/* Upstream's errors about a bridged request, in the client's terms. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/util.h"
#include "bridge/chat-request.h"

#define NAME_MAX_LEN 120	/* of a parameter; err.param holds 127 */

/* Members by their names there and here; the longest name first. */
static const struct {
	const char	*theirs, *ours;
} names[] = {
	{ "text.format.name",		"response_format.json_schema.name" },
	{ "text.format.description",
	    "response_format.json_schema.description" },
	{ "text.format.schema",		"response_format.json_schema.schema" },
	{ "text.format.strict",		"response_format.json_schema.strict" },
	{ "text.format",		"response_format" },
	{ "text.verbosity",		"verbosity" },
	{ "text",			"response_format" },
	{ "reasoning.effort",		"reasoning_effort" },
	{ "reasoning.summary",		"reasoning_effort" },
	{ "reasoning",			"reasoning_effort" },
	{ "tool_choice.name",		"tool_choice.function.name" },
	{ "tool_choice.tools",		"tool_choice.allowed_tools.tools" },
	{ "tool_choice.mode",		"tool_choice.allowed_tools.mode" },
	{ "include",			"logprobs" },
};

/* What a part's own members are called, behind the message. */
static const struct {
	enum bridge_chat_part	 part;
	const char		*theirs, *ours;
} members[] = {
	{ BRIDGE_CHAT_CALL,		".call_id",	".id" },
	{ BRIDGE_CHAT_CALL,		".name",	".function.name" },
	{ BRIDGE_CHAT_CALL,		".arguments",	".function.arguments" },
	{ BRIDGE_CHAT_OUTPUT,	".call_id",	".tool_call_id" },
	{ BRIDGE_CHAT_OUTPUT,	".output",	".content" },
};

/* The rest of s behind "prefix", when that ends with a whole name. */
static const char *
behind(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 &&
	    (s[n] == '\0' || s[n] == '.' || s[n] == '[') ? s + n : NULL;
}

/* Reads "[N]" and returns what is behind it, NULL when it isn't there. */
static const char *
index_of(const char *s, size_t *n)
{
	char		*end;
	unsigned long	 value;

	if (s[0] != '[' || !isdigit((unsigned char)s[1]))
		return NULL;
	value = strtoul(s + 1, &end, 10);
	*n = (size_t)value;
	return *end == ']' ? end + 1 : NULL;
}

/* A member of the item that origin tells of. */
static void
put_member(const struct bridge_chat_origin *o, const char *rest,
    struct buf *out)
{
	const char	*more;
	size_t		 i;

	buf_printf(out, "messages[%zu]", o->message);
	if (o->part == BRIDGE_CHAT_REASONING) {
		buf_puts(out, ".reasoning_opaque");
		return;
	}
	if (o->part == BRIDGE_CHAT_CALL)
		buf_printf(out, ".tool_calls[%zu]", o->call);
	for (i = 0; i < COUNT(members); i++)
		if (members[i].part == o->part &&
		    (more = behind(rest, members[i].theirs)) != NULL) {
			buf_puts(out, members[i].ours);
			buf_puts(out, more);
			return;
		}
	buf_puts(out, rest);
}

static bool
put_input(const struct bridge_chat *b, const char *name, struct buf *out)
{
	const char	*rest = behind(name, "input");
	size_t		 i;

	if (rest != NULL && rest[0] == '\0') {
		buf_puts(out, "messages");
		return true;
	}
	if (rest == NULL || (rest = index_of(rest, &i)) == NULL ||
	    i >= b->norigins)
		return false;
	put_member(&b->origins[i], rest, out);
	return true;
}

/* tools[N].name: in chat completions it is in an object of its own. */
static bool
put_tool(const struct bridge_chat *b, const char *name, struct buf *out)
{
	const char	*rest = behind(name, "tools");
	size_t		 i;

	if (rest == NULL)
		return false;
	buf_puts(out, b->functions ? "functions" : "tools");
	if ((rest = index_of(rest, &i)) == NULL)
		return true;
	buf_printf(out, "[%zu]", i);
	if (!b->functions && rest[0] == '.' && behind(rest, ".type") == NULL)
		buf_puts(out, ".function");
	buf_puts(out, rest);
	return true;
}

static bool
put_name(const struct bridge_chat *b, const char *name, struct buf *out)
{
	const char	*rest;
	size_t		 i;

	if (put_input(b, name, out) || put_tool(b, name, out))
		return true;
	if ((rest = behind(name, "max_output_tokens")) != NULL) {
		buf_printf(out, "%s%s", b->max_name, rest);
		return true;
	}
	if (b->functions && (rest = behind(name, "tool_choice")) != NULL) {
		buf_printf(out, "function_call%s", rest);
		return true;
	}
	for (i = 0; i < COUNT(names); i++)
		if ((rest = behind(name, names[i].theirs)) != NULL) {
			buf_printf(out, "%s%s", names[i].ours, rest);
			return true;
		}
	return false;
}

/* Appends the name between the quotes that begin at s, if it has another. */
static size_t
put_quoted(const struct bridge_chat *b, const char *s, struct buf *out)
{
	size_t	n = strcspn(s + 1, "' ");
	char	name[NAME_MAX_LEN + 1];

	if (s[n + 1] != '\'' || n > NAME_MAX_LEN)
		return 0;
	memcpy(name, s + 1, n);
	name[n] = '\0';
	buf_putc(out, '\'');
	if (!put_name(b, name, out)) {
		buf_truncate(out, out->len - 1);
		return 0;
	}
	buf_putc(out, '\'');
	return n + 2;
}

static void
reword_text(const struct bridge_chat *b, struct err *err)
{
	struct buf	 out = { 0 };
	const char	*s;
	size_t		 n;

	for (s = err->msg; *s != '\0'; s += n) {
		n = *s == '\'' ? put_quoted(b, s, &out) : 0;
		if (n > 0)
			continue;
		buf_putc(&out, *s);
		n = 1;
	}
	if (out.len < sizeof(err->msg))
		memcpy(err->msg, buf_str(&out), out.len + 1);
	buf_finish(&out);
}

void
bridge_chat_reword(const struct bridge_chat *b, struct err *err)
{
	struct buf out = { 0 };

	/* Its sentence names the endpoint that we took. */
	if (strcmp(err->code, "unsupported_api_for_model") == 0)
		snprintf(err->msg, sizeof(err->msg),
		    "This model does not support chat completions.");
	if (put_name(b, err->param, &out) && out.len < sizeof(err->param))
		memcpy(err->param, buf_str(&out), out.len + 1);
	buf_finish(&out);
	reword_text(b, err);
}
