/*
 * A Messages request to a model that has no /v1/messages, carried by an
 * endpoint that it has.
 */
#ifndef CARRY_MESSAGES_H
#define CARRY_MESSAGES_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct exchange;
struct model;

/*
 * Make the call to "endpoint" (MODEL_RESPONSES, MODEL_CHAT) of a request that
 * passed messages_check(), and what awaits its answer; x->model is known.
 * Changes the tree. False with "err" set when something can't be carried.
 */
bool	carry_messages(struct exchange *x, json_object *obj,
	    const struct model *, unsigned endpoint, struct err *);

#endif
