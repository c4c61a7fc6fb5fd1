/* The words of chat completions. */
#include "config.h"

#include "base/util.h"
#include "chat/terms.h"
#include "turn/terms.h"

#define COMMON \
	{ TERM_LIMIT,		"max_completion_tokens", false }, \
	{ TERM_LIMIT,		"max_tokens", false }, \
	{ TERM_FORMAT_NAME,	"response_format.json_schema.name", false }, \
	{ TERM_FORMAT_DESCRIPTION, \
	    "response_format.json_schema.description", false }, \
	{ TERM_FORMAT_SCHEMA, \
	    "response_format.json_schema.schema", false }, \
	{ TERM_FORMAT_STRICT, \
	    "response_format.json_schema.strict", false }, \
	{ TERM_FORMAT_INNER,	"response_format.json_schema", false }, \
	{ TERM_FORMAT,		"response_format", false }, \
	{ TERM_EFFORT,		"reasoning_effort", false }, \
	{ TERM_PATH,		"/chat/completions", false }, \
	{ TERM_VERBOSITY,	"verbosity", true }, \
	{ TERM_LOGPROBS,	"logprobs", true }, \
	{ TERM_LIST,		"messages", true }

static const struct terms_word words[] = {
	COMMON,
	{ TERM_CHOICE_NAME,	"tool_choice.function.name", false },
	{ TERM_CHOICE_NAME,	"tool_choice.custom.name", false },
	{ TERM_CHOICE_TOOLS,	"tool_choice.allowed_tools.tools", false },
	{ TERM_CHOICE_MODE,	"tool_choice.allowed_tools.mode", false },
	{ TERM_CHOICE,		"tool_choice", false },
	{ TERM_CHOICE,		"tool_choice.function", false },
	{ TERM_TOOLS,		"tools", true },
};

static const struct terms_word function_words[] = {
	COMMON,
	{ TERM_CHOICE_NAME,	"function_call.name", false },
	{ TERM_CHOICE,		"function_call", false },
	{ TERM_TOOLS,		"functions", true },
};

static const struct terms_member members[] = {
	{ TURN_CALL, TERMS_ID, ".tool_calls[#].id", false },
	{ TURN_CALL, TERMS_ID, ".tool_calls[#].id", true },
	{ TURN_CALL, TERMS_NAME, ".tool_calls[#].function.name", false },
	{ TURN_CALL, TERMS_NAME, ".tool_calls[#].custom.name", true },
	{ TURN_CALL, TERMS_ARGUMENTS, ".tool_calls[#].function.arguments",
	    false },
	{ TURN_CALL, TERMS_ARGUMENTS, ".tool_calls[#].custom.input", true },
	{ TURN_CALL, TERMS_ITEM, ".tool_calls[#]", false },
	{ TURN_CALL, TERMS_ITEM, ".tool_calls[#]", true },
	{ TURN_RESULT, TERMS_ID, ".tool_call_id", false },
	{ TURN_THOUGHT, TERMS_SEAL, ".reasoning_opaque", false },
	{ TURN_THOUGHT, TERMS_ITEM, ".reasoning_opaque", false },
	{ TURN_SAID, TERMS_CONTENT, ".content", false },
	{ TURN_RESULT, TERMS_CONTENT, ".content", false },
	{ TURN_SYSTEM, TERMS_CONTENT, ".content", false },
	{ TURN_USER, TERMS_CONTENT, ".content", false },
};

const struct terms_side chat_terms = {
	.words = words, .nwords = COUNT(words),
	.members = members, .nmembers = COUNT(members),
	.beside = "messages",
	.function = ".function", .custom = ".custom",
	.image = ".image_url.url"
};

const struct terms_side chat_functions_terms = {
	.words = function_words, .nwords = COUNT(function_words),
	.members = members, .nmembers = COUNT(members),
	.beside = "messages",
	.function = "", .custom = "",
	.image = ".image_url.url"
};
