/*
 * Items of stored responses: ids for those of a client, references made into
 * what they refer to, and the form in which OpenAI lists them.
 */
#ifndef STORED_ITEMS_H
#define STORED_ITEMS_H

#include <stdbool.h>

#include <json-c/json.h>

struct buf;
struct err;
struct stored;

/* "input" of a request, a string or an array, as an array of items; yours. */
json_object *stored_items_array(json_object *input);

/*
 * Append the text of an array of items, each with an id and a type: new ones
 * where the client gave none, which leaves the items as they are. Returns the
 * list of ids.
 */
json_object *stored_items_name(json_object *items, struct buf *out);

/*
 * Put what is stored in the place of references, and back into reasoning that
 * came with its id only. Edits the items. False with "err" set when there is no
 * such item; with "err" NULL it is left out, and false says that one could not
 * be read. "room" as for stored_item(): what it is too little for is refused or
 * left out likewise.
 */
bool	stored_items_resolve(struct stored *, const char *owner,
	    json_object *items, size_t *room, struct err *);

/* False with "err" set: what is stored is too much for one request. */
bool	stored_items_large(struct err *);
/* False with "err" set: "what", in the plural, can't be read at the moment. */
bool	stored_items_unread(struct err *, const char *what);

/* Without what the client has not asked for; edits the items. */
void	stored_items_strip(json_object *items);

/* As OpenAI lists input items: content in parts, a status. Edits them. */
void	stored_items_present(json_object *items);

/* A page of a list, with its cursors. */
json_object *stored_items_list_take(json_object *items, bool more);

/* Is that a reference to an item? Also without its type. */
bool	stored_items_is_reference(json_object *item);

#endif
