/*
 * The answer of a chat completion: from upstream's bytes, in whichever of its
 * styles, to OpenAI's.
 *
 * Everything takes one way: pieces of choices are repaired (chat/pieces.h) and
 * then printed as chunks or collected (chat/collect.h), so that what upstream
 * sends, a stream or a whole, and what the client asked for are independent of
 * each other.
 */
#ifndef CHAT_ANSWER_H
#define CHAT_ANSWER_H

#include "chat/wanted.h"
#include "turn/answer.h"
#include "turn/usage.h"

/*
 * An answer of upstream's chat completions, for turn_answer. "usage" must
 * outlive it; it keeps a reference to "custom" and a copy of "stop".
 */
struct answer *chat_answer_create(const struct chat_wanted *, struct usage *);

#endif
