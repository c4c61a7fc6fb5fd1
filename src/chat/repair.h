/* Repairs that the parts of a chat completion answer share. */
#ifndef CHAT_REPAIR_H
#define CHAT_REPAIR_H

#include <stdbool.h>

#include <json-c/json.h>

struct peek_text;

/* Is a member of this name Copilot's own and nothing for OpenAI's clients? */
bool	chat_is_private(const char *key);
/* The same of a name as it stands in a text, where escapes may hide it. */
enum chat_name { CHAT_PUBLIC, CHAT_PRIVATE, CHAT_UNCLEAR };
enum chat_name chat_name_of(const struct peek_text *);
/* Remove the members of an object that are. */
void	chat_drop_private(json_object *);
/* Remove the members that are null, except "keep" and "keep2" (may be NULL). */
void	chat_drop_nulls(json_object *, const char *keep, const char *keep2);

/*
 * OpenAI's name for why a choice ended, static; NULL for the reason "error",
 * which is none of OpenAI's.
 */
const char *chat_finish_reason(const char *);

#endif
