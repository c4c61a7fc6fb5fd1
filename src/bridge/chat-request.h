/*
 * A chat completion request carried over /responses, for a model that has no
 * other endpoint: from the client's form to upstream's.
 */
#ifndef BRIDGE_CHAT_REQUEST_H
#define BRIDGE_CHAT_REQUEST_H

#include <stdbool.h>

#include "bridge/chat-input.h"

struct buf;
struct chat_request;
struct chat_stop;
struct err;

/* What the answer has to know of the request. */
struct bridge_chat {
	struct chat_stop	*stop;		/* NULL: none */
	struct bridge_chat_origin	*origins;	/* of each input item */
	size_t			 norigins;
	const char		*max_name;	/* the limit's name; static */
	bool			 functions;	/* the form before tools */
};

/*
 * Append upstream's body for a request that was read and whose model is known.
 * What changes nothing in the answer, or can't be had, is left out. Changes
 * r->obj. False with "err" set to a 400. Release with bridge_chat_finish() in
 * any case.
 */
bool	bridge_chat_request(struct chat_request *, struct bridge_chat *,
	    struct buf *body, struct err *);
void	bridge_chat_finish(struct bridge_chat *);

/*
 * Put an error of upstream's into the client's terms: the parameters it names,
 * in "param" and in the text, by their names in a chat completion request.
 */
void	bridge_chat_reword(const struct bridge_chat *, struct err *);

#endif
