/* POST /v1/responses: upstream's answer made OpenAI's, streamed and whole. */
#ifndef RESPONSES_ANSWER_H
#define RESPONSES_ANSWER_H

#include "turn/answer.h"

struct responses;
struct usage;

extern const struct answer_ops responses_ops;

/*
 * The state of an answer, for responses_ops. Takes over what is in the struct
 * responses and empties it. Token counts are written to "usage".
 */
void	*responses_answer_create(struct responses *take, struct usage *usage);

#endif
