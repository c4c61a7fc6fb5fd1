/* The answer to a Responses request that was carried by chat completions. */
#ifndef BRIDGE_RESPONSES_ANSWER_H
#define BRIDGE_RESPONSES_ANSWER_H

#include <stddef.h>

#include "turn/answer.h"

struct bridge_request;
struct usage;

extern const struct answer_ops bridge_responses_ops;

/*
 * The state of an answer, for bridge_responses_ops. Takes over what is in the
 * request and empties it. "max" bounds the bytes of upstream's answer. Token
 * counts are written to "usage", which must outlive it.
 */
void	*bridge_responses_create(struct bridge_request *take, size_t max,
	    struct usage *usage);

#endif
