/*
 * Items of stored responses: ids for those of a client, and the form in which
 * OpenAI lists them.
 */
#ifndef RESPONSES_ITEMS_H
#define RESPONSES_ITEMS_H

#include <stdbool.h>

#include <json-c/json.h>

struct buf;

/* "input" of a request, a string or an array, as an array of items; yours. */
json_object *responses_items_array(json_object *input);

/*
 * Append the text of an array of items, each with an id and a type: new ones
 * where the client gave none, which leaves the items as they are. Returns the
 * list of ids.
 */
json_object *responses_items_name(json_object *items, struct buf *out);
/* Give items, all of them objects, the same; they keep it. */
void	responses_items_complete(json_object *items);

/* Without what the client has not asked for; edits the items. */
void	responses_items_strip(json_object *items);

/* As OpenAI lists input items: content in parts, a status. Edits them. */
void	responses_items_present(json_object *items);
/*
 * The same of a client's items before they go upstream; what is no item is left
 * alone. They go as they will come back from what is stored, so that the next
 * turn's prompt begins with this one's.
 */
void	responses_items_settle(json_object *items);

/* A page of a list, with its cursors. */
json_object *responses_items_list_take(json_object *items, bool more);

/* Is that a reference to an item? Also without its type. */
bool	responses_items_is_reference(json_object *item);

#endif
