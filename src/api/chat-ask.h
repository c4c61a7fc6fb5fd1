/* A chat completion request, whoever wrote it, on its way upstream. */
#ifndef CHAT_ASK_H
#define CHAT_ASK_H

#include <stdbool.h>

#include <json-c/json.h>

#include "api/exchange.h"

struct chat_tap;

/*
 * Do as POST /v1/chat/completions does with a parsed body, which is taken over.
 * "edited": it is not what x->req.body says. The tap is its answer's. Errors
 * are put into the terms of the client's own request (exchange_terms()).
 */
enum handled chat_ask_take(struct exchange *, json_object *take, bool edited,
	    const struct chat_tap *);

/* Reply with an error, in the client's terms. */
enum handled chat_refuse(struct exchange *, struct err *);

#endif
