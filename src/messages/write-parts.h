/* Parts of a turn's items as blocks of Messages. */
#ifndef MESSAGES_WRITE_PARTS_H
#define MESSAGES_WRITE_PARTS_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct model;
struct terms_side;
struct turn_item;
struct turn_part;

/* Put a cache mark on a block, where the client put one. */
void	messages_mark(json_object *block, bool mark);

/*
 * A new block; NULL with "err" set, in the client's terms, when it can't be
 * carried, or the model, which may be NULL, takes no such image.
 */
json_object *messages_part(const struct turn_part *,
	    const struct turn_item *, const struct terms_side *,
	    const struct model *, struct err *);

#endif
