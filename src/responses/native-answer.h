/* POST /v1/responses: upstream's answer made OpenAI's, streamed and whole. */
#ifndef RESPONSES_ANSWER_H
#define RESPONSES_ANSWER_H

#include "turn/answer.h"

struct responses;
struct usage;

/*
 * The answer of a Responses request that upstream serves as one, for
 * turn_answer. Takes over what is in the struct responses and empties it. Token
 * counts are written to "usage", which must outlive it.
 */
struct answer *responses_answer_create(struct responses *take, struct usage *);

#endif
