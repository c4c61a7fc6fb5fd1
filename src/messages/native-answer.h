/*
 * The answer of Copilot's /v1/messages, made Anthropic's. The events' bytes
 * pass; what Copilot adds is left out.
 */
#ifndef MESSAGES_NATIVE_ANSWER_H
#define MESSAGES_NATIVE_ANSWER_H

#include <stdbool.h>

#include "turn/answer.h"

struct usage;

struct messages_wanted {
	bool		 stream;	/* the client wants events */
	const char	*request_id;	/* for an error in the stream */
	struct usage	*usage;		/* where it is noted */
};

/* An answer of Copilot's /v1/messages, for turn_answer. */
struct answer *messages_answer_create(const struct messages_wanted *);

#endif
