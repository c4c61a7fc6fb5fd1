/* Upstream's Responses answer, streamed or whole, said to a sink. */
#ifndef RESPONSES_ANSWER_READ_H
#define RESPONSES_ANSWER_READ_H

#include "turn/answer.h"

struct sink;
struct usage;

extern const struct answer_reader responses_reader;

/* The state for it. Sink and usage, which is filled in, outlive it. */
void	*responses_reader_create(struct sink *, struct usage *);

#endif
