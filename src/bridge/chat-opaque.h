/*
 * reasoning_opaque of a bridged chat completion: upstream's encrypted reasoning
 * in one string that a client keeps and gives back with its assistant message.
 *
 * It needs nothing of ours to be read again: each sealed item with its place
 * among the message's text and calls, since upstream wants them back where they
 * were. Upstream's ids are left out: they hold on one connection only.
 */
#ifndef BRIDGE_CHAT_OPAQUE_H
#define BRIDGE_CHAT_OPAQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

struct buf;

/*
 * Place 0 is before everything, 1 behind the text and before the first call,
 * 1 + k before call k.
 */
struct bridge_chat_opaque {
	json_object	*items;		/* an array; NULL: none yet */
	char		 phase[32];	/* of the message, "" when none */
};

/* Add the sealed content of a reasoning item; borrowed. */
void	bridge_chat_opaque_add(struct bridge_chat_opaque *, int64_t place,
	    json_object *sealed);
/* The string; NULL when there is nothing to give back. */
json_object *bridge_chat_opaque_text(const struct bridge_chat_opaque *);

/* Is this string one of ours, and not some model's own? */
bool	bridge_chat_opaque_is(const char *);
/* Read a string; false when it isn't ours, and then nothing is in it. */
bool	bridge_chat_opaque_read(struct bridge_chat_opaque *, const char *,
	    size_t);
/*
 * Append to "input" the reasoning items of places up to "place", from item *at
 * on, which moves.
 */
void	bridge_chat_opaque_put(const struct bridge_chat_opaque *, size_t *at,
	    int64_t place, json_object *input);

void	bridge_chat_opaque_finish(struct bridge_chat_opaque *);

#endif
