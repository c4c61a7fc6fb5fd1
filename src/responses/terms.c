/* The words of Responses. */
#include "config.h"

#include "base/util.h"
#include "responses/terms.h"
#include "turn/terms.h"

static const struct terms_word words[] = {
	{ TERM_LIMIT,		"max_output_tokens", false },
	{ TERM_FORMAT_NAME,	"text.format.name", false },
	{ TERM_FORMAT_DESCRIPTION, "text.format.description", false },
	{ TERM_FORMAT_SCHEMA,	"text.format.schema", false },
	{ TERM_FORMAT_STRICT,	"text.format.strict", false },
	{ TERM_FORMAT,		"text.format", false },
	{ TERM_FORMAT_INNER,	"text.format", false },
	{ TERM_VERBOSITY,	"text.verbosity", false },
	{ TERM_FORMAT,		"text", true },
	{ TERM_EFFORT,		"reasoning.effort", false },
	{ TERM_EFFORT,		"reasoning.summary", false },
	{ TERM_EFFORT,		"reasoning", true },
	{ TERM_CHOICE_NAME,	"tool_choice.name", false },
	{ TERM_CHOICE_TOOLS,	"tool_choice.tools", false },
	{ TERM_CHOICE_MODE,	"tool_choice.mode", false },
	{ TERM_CHOICE,		"tool_choice", false },
	{ TERM_TOOLS,		"tools", true },
	{ TERM_PATH,		"/responses", false },
	{ TERM_LOGPROBS,	"include", true },
	{ TERM_LIST,		"input", true },
};

static const struct terms_member members[] = {
	{ TURN_CALL, TERMS_ID, ".call_id", false },
	{ TURN_CALL, TERMS_ID, ".call_id", true },
	{ TURN_CALL, TERMS_NAME, ".name", false },
	{ TURN_CALL, TERMS_NAME, ".name", true },
	{ TURN_CALL, TERMS_ARGUMENTS, ".arguments", false },
	{ TURN_CALL, TERMS_ARGUMENTS, ".input", true },
	{ TURN_RESULT, TERMS_ID, ".call_id", false },
	{ TURN_RESULT, TERMS_CONTENT, ".output", false },
	{ TURN_THOUGHT, TERMS_SEAL, ".encrypted_content", false },
	{ TURN_SYSTEM, TERMS_CONTENT, ".content", false },
	{ TURN_USER, TERMS_CONTENT, ".content", false },
	{ TURN_SAID, TERMS_CONTENT, ".content", false },
};

const struct terms_side responses_terms = {
	.words = words, .nwords = COUNT(words),
	.members = members, .nmembers = COUNT(members),
	.beside = "instructions",
	.function = "", .custom = "",
	.image = ".image_url"
};
