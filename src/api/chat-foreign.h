/* Requests of other endpoints, sent to chat completions. */
#ifndef CHAT_FOREIGN_H
#define CHAT_FOREIGN_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct exchange;

/*
 * Put a parsed body into chat's form: a Responses request, which Cursor's agent
 * sends there, and tools that are written flat or as Anthropic's, which it
 * sends beside messages. Sets *edited when there was something to do, and then
 * x->terms. False with "err" set, in the client's terms, when something can't
 * be carried.
 */
bool	chat_foreign(struct exchange *, json_object *obj, bool *edited,
	    struct err *);

#endif
