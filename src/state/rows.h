/*
 * Rows of stored responses: their texts, and what looking for one came to.
 * Private to state/.
 */
#ifndef ROWS_H
#define ROWS_H

#include <json-c/json.h>

#include "base/buf.h"
#include "state/found.h"
#include "state/sqlite.h"

/* --- Between sqlite_enter() and sqlite_leave(). */

/* Bind a text, which has to stay until the statement has run. */
void	 rows_bind(sqlite3_stmt *, int i, const struct buf *);
/* Append a column's text. False when there is none, or it can't be read. */
bool	 rows_append(sqlite3_stmt *, int column, struct buf *);
/* A column's text, parsed; NULL also when there is none. */
json_object *rows_json(sqlite3_stmt *, int column);
/* What the last step of a statement came to; trouble is logged. */
enum stored_found rows_found(struct stored *, int rc);
/* Make that step, of a statement that may give one row; NULL is trouble. */
enum stored_found rows_step(struct stored *, sqlite3_stmt *);
/* Is there memory for the texts of two columns? */
bool	 rows_affordable(sqlite3_stmt *, int first, int second);

/* --- Without the lock, which these take as long as they need it. */

/*
 * The first column of the row of this owner and id (?1, ?2), and the second
 * one unless "second" is NULL. STORED_FULL: there is no memory for them.
 */
enum stored_found rows_read(struct stored *, const char *sql,
	    const char *owner, const char *id, struct buf *first,
	    struct buf *second);
/*
 * For exports: each row as the object that "row" makes of it, NULL if it can't
 * be read. False when not all could be read, which is logged, or when "each"
 * has had enough.
 */
bool	 rows_each(struct stored *, const char *sql,
	    json_object *(*row)(struct stored *, sqlite3_stmt *),
	    bool (*each)(json_object *, void *), void *arg);

/* --- With what was read. */

/* NULL when it is no JSON, or no text at all. */
json_object *rows_parse_take(struct buf *);
/*
 * What was found has to be JSON, else the file was damaged: *found, unless it
 * is NULL, becomes "is", or STORED_TROUBLE. Returns "take".
 */
json_object *rows_object(json_object *take, enum stored_found is,
	    enum stored_found *found);
/* Is there room for so many bytes more? Else there is none from now on. */
bool	 rows_room(size_t *room, size_t n);

#endif
