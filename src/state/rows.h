/*
 * Rows of stored responses: their texts, and what looking for one came to.
 * Private to state/.
 */
#ifndef ROWS_H
#define ROWS_H

#include <json-c/json.h>

#include "base/buf.h"
#include "state/db.h"
#include "state/found.h"
#include "state/group.h"

extern const struct db_schema stored_schema;

/* --- Between db_enter() and db_leave(). */

/* Bind a text, which has to stay until the statement has run. */
void	 rows_bind(struct db_stmt *, int i, const struct buf *);
/* Append a column's text. False when there is none, or it can't be read. */
bool	 rows_append(struct db_stmt *, int column, struct buf *);
/* A column's text, parsed; NULL also when there is none. */
json_object *rows_json(struct db_stmt *, int column);
/* The result of a statement's step; trouble is logged. */
enum stored_found rows_found(struct db_conn *, enum db_step);
/* Make that step, of a statement that may give one row; NULL is trouble. */
enum stored_found rows_step(struct db_conn *, struct db_stmt *);
/*
 * Run an INSERT that returns its row's number; *row stays as it is when nothing
 * was inserted. False on trouble; NULL is trouble.
 */
bool	 rows_insert(struct db_stmt *, int64_t *row);
/* Is there memory for the texts of two columns? */
bool	 rows_affordable(struct db_stmt *, int first, int second);

/* --- Without a connection, which these take as long as they need it. */

/*
 * The first column of the row of this owner and id (?1, ?2), and the second
 * one unless "second" is NULL. STORED_FULL: there is no memory for them.
 */
enum stored_found rows_read(struct stored *, const char *sql,
	    const char *owner, const char *id, struct buf *first,
	    struct buf *second);
/*
 * Change or delete the one of this owner and id (?1, ?2): was there one? "what"
 * is for the log.
 */
enum stored_found rows_change(struct stored *, const char *sql,
	    const char *owner, const char *id, const char *what);
/*
 * Give the one of this owner and id other metadata. "put" does it, and says in
 * "found" whether there is one; its false is a transaction that failed.
 */
struct rows_update {
	const char		*owner, *id;
	struct buf		 metadata;
	enum stored_found	 found;
};
enum stored_found rows_update(struct stored *,
	    bool (*put)(struct state_tx *, void *), const char *owner,
	    const char *id, json_object *metadata, const char *what);
/*
 * For exports, which may be of any size: some rows at a time, each as the
 * object that "row" makes of it, NULL if it can't be read. Its first column is
 * a number by which the rows are in order; ?1 is the last one that was there,
 * ?2 how many are wanted. False when not all could be read, which is logged, or
 * when "each" has had enough.
 */
struct rows_each {
	const char	*sql;
	json_object	*(*row)(struct db_conn *, struct db_stmt *);
	bool		 (*each)(json_object *, void *);
};
bool	 rows_each(struct stored *, const struct rows_each *, void *arg);

/* --- With what was read. */

/* NULL when it is no JSON, or no text at all. */
json_object *rows_parse_take(struct buf *);
/*
 * A text that was found has to be JSON, else the file was damaged: *found,
 * unless it is NULL, becomes "is", or STORED_TROUBLE. Returns "take".
 */
json_object *rows_object(json_object *take, enum stored_found is,
	    enum stored_found *found);
/* Is there room for so many bytes more? Else there is none from now on. */
bool	 rows_room(size_t *room, size_t n);

#endif
