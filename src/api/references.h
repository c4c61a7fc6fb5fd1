/* References to stored items, made into what they refer to. */
#ifndef REFERENCES_H
#define REFERENCES_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct err;
struct stored;

/*
 * Put what is stored in the place of references, and back into reasoning that
 * came with its id only. Edits the items. False with "err" set when there is no
 * such item; with "err" NULL it is left out, and false says that one could not
 * be read. "room" as for stored_item(): what it is too little for is refused or
 * left out likewise.
 */
bool	references_follow(struct stored *, const char *owner,
	    json_object *items, size_t *room, struct err *);

/* Seconds, until a database that is away may be asked again. */
#define REFERENCES_RETRY	"5"

/* False with "err" set: what is stored is too much for one request. */
bool	references_large(struct err *);
/*
 * False with "err" set: "what" can't be read or written at the moment. A
 * database elsewhere gives a 503, since it comes back; "param" may be NULL.
 */
bool	references_unread(const struct stored *, struct err *,
	    const char *param, const char *what);

#endif
