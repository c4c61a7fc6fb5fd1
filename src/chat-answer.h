/*
 * The answer of a chat completion: from upstream's bytes, in whichever of its
 * styles, to OpenAI's.
 *
 * Everything takes one way: pieces of choices are repaired (chat-choice.c) and
 * then printed as chunks or collected (chat-collect.c). A whole body is one
 * large piece, so that what upstream sends, a stream or a whole, and what the
 * client asked for are independent of each other.
 */
#ifndef CHAT_ANSWER_H
#define CHAT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exchange.h"

/* What the answer has to know of the request. */
struct chat_wanted {
	/*
	 * The name the answer gives to the model: the client's when it was
	 * mapped, so that it finds what it asked for; else upstream's, which
	 * may be a snapshot's ("gpt-4o-2024-11-20"), as OpenAI's would be.
	 */
	const char	*model;
	bool		 mapped;
	bool		 stream;
	bool		 include_usage;	/* of stream_options */
	bool		 functions;	/* function_call, not tool_calls */
	int64_t		 n;		/* choices asked for */
	size_t		 max;		/* most bytes of a whole answer */
};

extern const struct answer_ops chat_answer;

/* The state for chat_answer. "usage" must outlive it. */
void	*chat_answer_create(const struct chat_wanted *, struct usage *);

#endif
