/*
 * Upstream's chat completion, streamed or whole, said to a sink: the first
 * choice, which is all that was asked for.
 */
#ifndef CHAT_ANSWER_READ_H
#define CHAT_ANSWER_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "turn/answer.h"

struct sink;
struct tools;
struct usage;

extern const struct answer_reader chat_reader;

/*
 * The state for it. "in_prompt": the format was told by a message, and only an
 * object counts. "tools" are what the functions that are called stand for;
 * "max" bounds the bytes of upstream's answer. Sink, tools and usage, which is
 * filled in, outlive it.
 */
void	*chat_reader_create(struct sink *, bool in_prompt, const struct tools *,
	    size_t max, struct usage *);

#endif
