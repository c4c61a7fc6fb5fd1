/* Repairs that the parts of a chat completion answer share. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/js.h"
#include "base/peek.h"
#include "base/util.h"
#include "chat/repair.h"

/*
 * Models' own APIs have these words for the end, should upstream hand them on.
 * Any other is an ordinary end.
 */
static const struct {
	const char	*theirs;
	const char	*openai;
} reasons[] = {
	{ "stop",		"stop" },
	{ "length",		"length" },
	{ "tool_calls",		"tool_calls" },
	{ "content_filter",	"content_filter" },
	{ "function_call",	"function_call" },
	{ "error",		NULL },
	{ "max_tokens",		"length" },	/* Anthropic and Google */
	{ "tool_use",		"tool_calls" },
	{ "refusal",		"content_filter" },
	{ "safety",		"content_filter" },
	{ "recitation",		"content_filter" },
	{ "prohibited_content",	"content_filter" },
};

static bool
is_private(const struct peek_text *t)
{
	return peek_starts(t, "copilot_") ||
	    peek_starts(t, "content_filter_") ||
	    peek_is(t, "prompt_filter_results") || peek_is(t, "padding");
}

bool
chat_is_private(const char *key)
{
	const struct peek_text name = { key, strlen(key) };

	return is_private(&name);
}

enum chat_name
chat_name_of(const struct peek_text *name)
{
	if (!peek_is_plain(name))
		return CHAT_UNCLEAR;
	return is_private(name) ? CHAT_PRIVATE : CHAT_PUBLIC;
}

void
chat_drop_private(json_object *obj)
{
	/* json-c allows the current member to be removed on the way. */
	json_object_object_foreach(obj, key, value) {
		(void)value;
		if (chat_is_private(key))
			js_del(obj, key);
	}
}

void
chat_drop_nulls(json_object *obj, const char *keep, const char *keep2)
{
	json_object_object_foreach(obj, key, value) {
		if (value == NULL &&
		    (keep == NULL || strcmp(key, keep) != 0) &&
		    (keep2 == NULL || strcmp(key, keep2) != 0))
			js_del(obj, key);
	}
}

const char *
chat_finish_reason(const char *theirs)
{
	size_t i;

	for (i = 0; i < COUNT(reasons); i++)
		if (strcasecmp(reasons[i].theirs, theirs) == 0)
			return reasons[i].openai;
	return "stop";
}
