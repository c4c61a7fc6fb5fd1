/* Is a chat completion request well-formed? If not, what OpenAI would say. */
#ifndef CHAT_CHECK_H
#define CHAT_CHECK_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;

#define CHAT_TOOLS_MAX 128	/* OpenAI's limit and upstream's */
#define CHAT_N_MAX     128	/* most choices, OpenAI's limit */

/*
 * Required members, types and ranges of the whole request, messages excepted.
 * False with "err" set to a 400 that names the member.
 */
bool	chat_check(json_object *request, struct err *);

#endif
