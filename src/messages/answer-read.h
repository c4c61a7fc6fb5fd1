/* The answer of Copilot's /v1/messages, streamed or whole, said to a sink. */
#ifndef MESSAGES_ANSWER_READ_H
#define MESSAGES_ANSWER_READ_H

#include "turn/answer.h"

struct sink;
struct tools;
struct usage;

extern const struct answer_reader messages_reader;

/*
 * The state for it. Sink, tools (the request's, by which functions are told
 * from what the client calls them) and usage, which is filled in, outlive it.
 */
void	*messages_reader_create(struct sink *, const struct tools *,
	    struct usage *);

#endif
