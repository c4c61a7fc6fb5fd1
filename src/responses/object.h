/* Copilot's response objects and items, with all that OpenAI's have. */
#ifndef RESPONSES_OBJECT_H
#define RESPONSES_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/peek.h"
#include "responses/ids.h"

struct buf;
struct err;
struct responses;

/* Where the value of a member is taken from, in this order of trust. */
enum responses_source {
	RESPONSES_UPSTREAM,	/* upstream, then the request */
	RESPONSES_REQUEST,	/* the request: upstream was told otherwise */
	RESPONSES_FIXED		/* neither: a fact of this server */
};

/* The members of a response object, in the order of OpenAI's. */
#define RESPONSES_MEMBERS 27
extern const struct responses_member {
	struct peek_text	 name;
	enum responses_source	 source;
	json_type		 type;	/* json_type_null: any */
	const char		*dflt;	/* JSON; NULL: null */
} responses_members[RESPONSES_MEMBERS];

/*
 * Print one of them that upstream does not say: what the request said, "echo",
 * which is completed, or the default.
 */
void	responses_put_member(const struct responses_member *, json_object *echo,
	    struct buf *);

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
bool	responses_is_private_name(const struct peek_text *);
/* Is it one of an item's that OpenAI, too, sends as null? */
bool	responses_may_be_null(const struct peek_text *);
/* Remove those of an object. */
void	responses_drop_private(json_object *);

#endif
