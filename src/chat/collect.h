/*
 * A whole chat completion from its repaired pieces: what a client gets that
 * did not ask for a stream.
 */
#ifndef CHAT_COLLECT_H
#define CHAT_COLLECT_H

#include <stdint.h>

#include <json-c/json.h>

struct chat_collect;

struct chat_collect *chat_collect_create(void);
void	chat_collect_destroy(struct chat_collect *);	/* NULL is fine */

/* Add a piece of a choice. There is room made for all indexes below it. */
void	chat_collect_add(struct chat_collect *, int64_t index, json_object *);

/* The array of choices. Once only. */
json_object *chat_collect_choices(struct chat_collect *);

#endif
