/* A chat completion as OpenAI's first protocol prints it. */
#ifndef COMPLETIONS_ANSWER_H
#define COMPLETIONS_ANSWER_H

#include "turn/answer.h"

/*
 * An answer in whose place the chat completion that "ops" and "take" print, a
 * stream or a whole, goes out as text_completion.
 */
extern const struct answer_ops completions_answer;
void	*completions_answer_create(const struct answer_ops *, void *take);

#endif
