/* Copilot's response objects and items, with all that OpenAI's have. */
#ifndef RESPONSES_OBJECT_H
#define RESPONSES_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "responses/ids.h"

struct err;
struct responses;

/*
 * A complete response object in the order of OpenAI's. "from" is upstream's
 * (NULL: there is none); its parts are shared and edited. "status" is for
 * those without one.
 */
json_object *responses_object(json_object *from, const struct responses *,
	    struct responses_ids *, int64_t created, const char *status);

/* The response that a request will have, while nothing is done yet. */
json_object *responses_queued(const struct responses *);

/* Fill in what an item lacks; "done" tells whether it is complete. */
void	responses_item(json_object *item, bool done);
/* The same for a part of a message's content. */
void	responses_part(json_object *part);

/*
 * An item as it is told to those who may not have its encrypted_content: a new
 * reference, of the item itself where it has none.
 */
json_object *responses_item_stripped(json_object *item);

/* The "error" member of a failed response. */
json_object *responses_error(const struct err *);

/* The event "error" that comes ahead of response.failed, without its number. */
json_object *responses_error_event(const struct err *);

/* Is a member of a response, an item or an event none that clients know? */
bool	responses_is_private(const char *key);
/* Remove those of an object. */
void	responses_drop_private(json_object *);

#endif
