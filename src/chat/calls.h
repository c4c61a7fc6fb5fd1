/* The tool calls of a choice: which piece belongs to which call. */
#ifndef CHAT_CALL_H
#define CHAT_CALL_H

#include <json-c/json.h>

struct chat_choice;
struct err;

/*
 * The pieces of tool calls in OpenAI's form, changed in place: numbered from 0
 * in order of appearance; id, type and name with the first piece of a call
 * only. Returns a new array, NULL with "err" set when there are too many calls.
 */
json_object *chat_calls_number(struct chat_choice *, json_object *pieces,
	    struct err *);

#endif
