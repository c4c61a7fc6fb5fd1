/* Parts of an item's content or output as text and images of chat. */
#ifndef BRIDGE_RESPONSES_PARTS_H
#define BRIDGE_RESPONSES_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct buf;
struct err;

struct bridge_parts {
	json_object	*images;	/* put aside; NULL: none */
	bool		 vision;	/* there was an image */
	struct err	*err;
};

/*
 * A user's content for chat from the content of input[item]: the parts one by
 * one, a single text as a string. NULL with "err" set when one can't be
 * carried.
 */
json_object *bridge_parts_user(struct bridge_parts *, size_t item,
	    json_object *list);

/*
 * Append a string, or the words of a list of parts, which is the member "list"
 * of input[item]. Images are put aside, since only a user's message can hold
 * some. False with "err" set when a part can't be carried.
 */
bool	bridge_parts_join(struct bridge_parts *, size_t item,
	    const char *list, json_object *v, const char *between,
	    struct buf *out);

#endif
