/* The words of Anthropic's Messages. */
#include "config.h"

#include "base/util.h"
#include "messages/terms.h"
#include "turn/terms.h"

static const struct terms_word words[] = {
	{ TERM_LIMIT,		"max_tokens", false },
	{ TERM_FORMAT_SCHEMA,	"output_config.format.schema", false },
	{ TERM_FORMAT,		"output_config.format", false },
	{ TERM_FORMAT_INNER,	"output_config.format", false },
	{ TERM_FORMAT_NAME,	"output_config.format", false },
	{ TERM_FORMAT_DESCRIPTION, "output_config.format", false },
	{ TERM_FORMAT_STRICT,	"output_config.format", false },
	{ TERM_EFFORT,		"output_config.effort", false },
	{ TERM_EFFORT,		"thinking", true },
	{ TERM_CHOICE_NAME,	"tool_choice.name", false },
	{ TERM_CHOICE,		"tool_choice", false },
	{ TERM_PATH,		"/v1/messages", false },
	{ TERM_TOOLS,		"tools", true },
	{ TERM_LIST,		"messages", true }
};

static const struct terms_member members[] = {
	{ TURN_CALL, TERMS_ID, ".content[#].id", false },
	{ TURN_CALL, TERMS_NAME, ".content[#].name", false },
	{ TURN_CALL, TERMS_ARGUMENTS, ".content[#].input", false },
	{ TURN_CALL, TERMS_ITEM, ".content[#]", false },
	{ TURN_RESULT, TERMS_ID, ".content[#].tool_use_id", false },
	{ TURN_RESULT, TERMS_CONTENT, ".content[#].content", false },
	{ TURN_RESULT, TERMS_ITEM, ".content[#]", false },
	{ TURN_THOUGHT, TERMS_SEAL, ".content[#].signature", false },
	{ TURN_THOUGHT, TERMS_ITEM, ".content[#]", false },
	{ TURN_SYSTEM, TERMS_CONTENT, ".content", false },
	{ TURN_USER, TERMS_CONTENT, ".content", false },
	{ TURN_SAID, TERMS_CONTENT, ".content", false }
};

const struct terms_side messages_terms = {
	.words = words, .nwords = COUNT(words),
	.members = members, .nmembers = COUNT(members),
	.beside = "system",
	.function = "", .custom = "",
	.image = ".source"
};
