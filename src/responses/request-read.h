/* A Responses request as a turn, for an upstream that has another endpoint. */
#ifndef RESPONSES_REQUEST_READ_H
#define RESPONSES_REQUEST_READ_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct responses;
struct turn;

/*
 * Check and read a parsed request, whose "model" is a string. "web_search": a
 * choice that forces a search is refused. Tools that run at OpenAI, and texts
 * that only its own models can read, are left out: no other model can use them.
 * False with "err" set when something can't be carried. Release the turn with
 * turn_finish() in any case.
 */
bool	responses_request_read(json_object *obj, bool web_search,
	    struct turn *, struct err *);

/*
 * Note what the answer has to know of the request, once it was written; "obj"
 * is edited to be what the answer repeats.
 */
void	responses_request_echo(json_object *obj, const struct turn *,
	    struct responses *);

#endif
