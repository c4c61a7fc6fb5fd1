/* Repairs that the parts of a chat completion answer share. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "base/js.h"
#include "base/util.h"
#include "chat/repair.h"
#include "turn/usage.h"

/*
 * What models' own APIs call the end, should upstream hand it on. Anything
 * unknown is an ordinary end.
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

bool
chat_is_private(const char *key)
{
	return util_starts(key, "copilot_") ||
	    util_starts(key, "content_filter_") ||
	    strcmp(key, "prompt_filter_results") == 0 ||
	    strcmp(key, "padding") == 0;
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

/* A breakdown of tokens holds numbers only. */
static void
repair_details(json_object *usage, const char *key)
{
	json_object *details = js_obj(usage, key);

	if (details == NULL)
		js_del(usage, key);
	else
		chat_drop_nulls(details, NULL, NULL);
}

/* A count that can be added up: upstream's word, within reason. */
static int64_t
tokens(json_object *usage, const char *key)
{
	int64_t n = js_int(usage, key, 0);

	return n < 0 ? 0 : n > INT32_MAX ? INT32_MAX : n;
}

/*
 * Gemini counts its reasoning in a member of its own and beside the completion;
 * OpenAI's completion includes it.
 */
static int64_t
repair_reasoning(json_object *usage, int64_t prompt, int64_t completion)
{
	int64_t		 n = tokens(usage, "reasoning_tokens");
	json_object	*details;

	js_del(usage, "reasoning_tokens");
	if (n <= 0)
		return completion;
	details = js_obj(usage, "completion_tokens_details");
	if (details == NULL) {
		details = json_object_new_object();
		js_add_take(usage, "completion_tokens_details", details);
	}
	if (js_int(details, "reasoning_tokens", 0) == 0)
		js_add_int(details, "reasoning_tokens", n);
	if (tokens(usage, "total_tokens") - n == prompt + completion)
		completion += n;
	return completion;
}

void
chat_repair_usage(json_object *usage, struct usage *noted)
{
	int64_t prompt = tokens(usage, "prompt_tokens");
	int64_t completion = tokens(usage, "completion_tokens");

	chat_drop_private(usage);
	completion = repair_reasoning(usage, prompt, completion);
	js_add_int(usage, "prompt_tokens", prompt);
	js_add_int(usage, "completion_tokens", completion);
	js_add_int(usage, "total_tokens", prompt + completion);
	repair_details(usage, "prompt_tokens_details");
	repair_details(usage, "completion_tokens_details");
	noted->input = prompt;
	noted->output = completion;
}
