/*
 * Images and files that a request names by an address. Clients expect that the
 * server fetches them, and Copilot does not: so they are fetched here, and
 * their data takes the address's place before the request goes on.
 */
#ifndef INLINE_H
#define INLINE_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct exchange;

enum inline_said {
	INLINE_DONE,		/* no address is left */
	INLINE_FETCH,		/* x->remote wants some: HANDLED_FETCH */
	INLINE_REFUSED		/* "err" is set */
};

/*
 * Look through the messages of a chat completion or of Anthropic's Messages, or
 * the items of a Responses request, and put in what x->remote has. *edited is
 * set if the tree was changed. Addresses stay as they are while fetchImages is
 * "off".
 */
enum inline_said inline_chat(struct exchange *, json_object *, bool *edited,
	    struct err *);
enum inline_said inline_messages(struct exchange *, json_object *,
	    bool *edited, struct err *);
enum inline_said inline_items(struct exchange *, json_object *items,
	    bool *edited, struct err *);

#endif
