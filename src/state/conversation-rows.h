/*
 * The rows of conversations, for responses that are part of one: to be used
 * within a transaction, or between db_enter() and db_leave()
 * (conversations.c). Private to state/.
 */
#ifndef CONVERSATION_ROWS_H
#define CONVERSATION_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

struct conf;
struct db_conn;

/*
 * The row of a conversation, and the number of its last item; *row stays as it
 * is when there is none of that id.
 */
bool	 conversation_place(struct db_conn *, const char *owner, const char *id,
	    int64_t *row, int64_t *last);
/* Items as text, printed while nothing is locked yet. */
struct conversation_texts {
	struct buf	 text;		/* all of them */
	size_t		*ends;		/* of each */
	json_object	*items;		/* borrowed; NULL: none */
};
void	 conversation_texts_make(struct conversation_texts *,
	    json_object *items);
void	 conversation_texts_finish(struct conversation_texts *);
/*
 * Add what a response adds; an item that is there already stays as it is. False
 * also when the conversation alone would be too much.
 */
bool	 conversation_join(struct db_conn *, const struct conf *, int64_t row,
	    const char *model, const struct conversation_texts *);
/*
 * Append the items up to number "last" as an array, see conversation_items().
 * False when it can't be, or with *room == 0 when there are too many.
 */
bool	 conversation_text(struct db_conn *, int64_t row, int64_t last,
	    const char *model, size_t *room, struct buf *);

#endif
