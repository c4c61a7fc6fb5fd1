/* A Messages request as a turn, for an upstream that has another endpoint. */
#ifndef MESSAGES_REQUEST_READ_H
#define MESSAGES_REQUEST_READ_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct model;
struct turn;

/* What there is of turn/hosted.h in such requests. */
#define MESSAGES_HOSTED (HOSTED_SEARCH | HOSTED_FETCH | HOSTED_TOOL_SEARCH | \
	HOSTED_CODE)

/*
 * Read a request that passed messages_check(), for this model (may be NULL).
 * Members that change nothing in the answer, or can't be had elsewhere, are
 * left out. Changes the tree. False with "err" set when something can't be
 * carried. Release the turn with turn_finish() in any case.
 */
bool	messages_request_read(json_object *obj, const struct model *,
	    struct turn *, struct err *);

/* Does the client want to have what the model thinks, and to see it? */
bool	messages_wants_thoughts(json_object *obj);
bool	messages_shows_thoughts(json_object *obj);

#endif
