/*
 * A chat completion that is to be stored: what its client gets is noted on the
 * way, and kept before the client has the end.
 */
#ifndef CHAT_KEEP_H
#define CHAT_KEEP_H

#include <stdbool.h>

#include <json-c/json.h>

#include "api/exchange.h"

struct chat_keep;

/*
 * Read of a parsed request what is to be kept; *keep is NULL where nothing is,
 * and a header says so against the client's wish. False with "err" set.
 */
bool	chat_keep_read(struct exchange *, json_object *obj,
	    struct chat_keep **keep, struct err *);

/* Put it in front of the answer, if there is to be one. Takes "keep". */
enum handled chat_keep_take(struct exchange *, struct chat_keep *,
	    enum handled);

#endif
