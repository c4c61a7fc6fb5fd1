/*
 * reasoning_opaque of a chat completion that came over /responses: upstream's
 * encrypted reasoning in one string that a client keeps and gives back with its
 * assistant message.
 *
 * It needs nothing of ours to be read again: each sealed item with its place
 * among the message's text and calls, since upstream wants them back where they
 * were. Upstream's ids are left out: they hold on one connection only.
 */
#ifndef CHAT_OPAQUE_H
#define CHAT_OPAQUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

struct buf;
struct sink;

/*
 * Place 0 is before everything, 1 behind the text and before the first call,
 * 1 + k before call k.
 */
struct chat_opaque {
	json_object	*items;		/* an array; NULL: none yet */
	char		 phase[32];	/* of the message, "" when none */
};

/* Add the sealed content of a reasoning item; borrowed. */
void	chat_opaque_add(struct chat_opaque *, int64_t place,
	    json_object *sealed);
/* The string; NULL when there is nothing to give back. */
json_object *chat_opaque_text(const struct chat_opaque *);

/* Is this string one of ours, and not some model's own? */
bool	chat_opaque_is(const char *);
/* Read a string; false when it isn't ours, and then nothing is in it. */
bool	chat_opaque_read(struct chat_opaque *, const char *,
	    size_t);
/*
 * The sealed content of the next one up to that place, from item *at on, which
 * moves; borrowed, NULL when there is none.
 */
json_object *chat_opaque_next(const struct chat_opaque *, size_t *at,
	    int64_t place);

void	chat_opaque_finish(struct chat_opaque *);

/*
 * A stage of an answer: what Responses sealed is collected, and told as one
 * SINK_OPAQUE at the end, since clients take no second one.
 */
struct sink *chat_opaque_stage(void);

#endif
