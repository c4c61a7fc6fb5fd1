/* A chat completion request carried over /responses: what is known of it. */
#ifndef BRIDGE_CHAT_REQUEST_H
#define BRIDGE_CHAT_REQUEST_H

#include "turn/terms.h"

struct chat_stop;

/* What the answer has to know of the request. */
struct bridge_chat {
	struct chat_stop	*stop;		/* NULL: none */
	struct terms		 terms;
};

void	bridge_chat_finish(struct bridge_chat *);

#endif
