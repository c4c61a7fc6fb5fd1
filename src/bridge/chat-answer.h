/*
 * The answer of a bridged chat completion: upstream's events or response object
 * made into the pieces of a choice that chat-answer.c prints, so that nothing
 * tells it from a native one.
 */
#ifndef BRIDGE_CHAT_ANSWER_H
#define BRIDGE_CHAT_ANSWER_H

#include "turn/answer.h"

struct bridge_chat;
struct chat_wanted;
struct usage;

extern const struct answer_ops bridge_chat_answer;

/* The state for it. "usage" must outlive it; "take" is taken over. */
void	*bridge_chat_answer_create(const struct chat_wanted *,
	    struct bridge_chat *take, struct usage *);

#endif
