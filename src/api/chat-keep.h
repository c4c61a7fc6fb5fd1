/*
 * A chat completion that is to be stored: what its client gets is tapped before
 * it is printed, and kept before the client has the end.
 */
#ifndef CHAT_KEEP_H
#define CHAT_KEEP_H

#include <stdbool.h>

#include <json-c/json.h>

#include "api/exchange.h"

struct chat_tap;

/*
 * Read of a parsed request what is to be kept, by this tap of its answer's.
 * That stays zero where nothing is, and a header says so against the client's
 * wish. Of a part of a request nothing is. False with "err" set.
 */
bool	chat_keep_read(struct exchange *, json_object *obj, struct chat_tap *,
	    struct err *);

/*
 * The handler's word: without a call, or several in its place, nothing is kept.
 */
enum handled chat_keep_settle(struct exchange *, enum handled);

#endif
