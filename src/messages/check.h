/* Is a Messages request well-formed? If not, what Anthropic would say. */
#ifndef MESSAGES_CHECK_H
#define MESSAGES_CHECK_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;

/*
 * Required members and types of the whole request; "counts": only its tokens
 * shall be counted, so that max_tokens may be absent. False with "err" set to a
 * 400 that begins with the path of what is wrong ("messages.1.role: ..").
 */
bool	messages_check(json_object *request, bool counts, struct err *);

#endif
