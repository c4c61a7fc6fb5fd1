/*
 * A database: a file of SQLite's, or PostgreSQL. A file that keeps something
 * there writes each statement once, in words that both understand, and never
 * asks which one it is; db-sqlite.c and db-postgresql.c know them.
 *
 * Used on workers only: it waits for a disk, or for another machine. A
 * connection is for one thread from db_enter() to db_leave(). Private to
 * state/.
 *
 * The dialect. Parameters are ?1, ?2, ...; whose type nothing around them tells
 * is CAST (?1 AS TEXT). Numbers are BIGINT, all else is TEXT. INSERT has ON
 * CONFLICT and RETURNING. A table without a number of its own has "rowid".
 * unixepoch() is the time, LIMIT comes ahead of OFFSET and has a number, and an
 * UPDATE's subquery a name. No JSON in SQL, no boolean but in WHERE and CASE.
 */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state/place.h"

struct db;		/* one of them, with all that this process has open */
struct db_conn;		/* a connection */
struct db_stmt;		/* a statement on it */

/*
 * The steps to each version of the tables, in each driver's own words: step i
 * makes version i + 1. Never edit a step that was released: add one. "what" is
 * in there, for the log; also the name of the version in PostgreSQL.
 */
struct db_steps {
	const char *const	*list;
	size_t			 n;
};
struct db_schema {
	const char		*what;
	const char		*file;		/* SQLite's */
	struct db_steps		 sqlite;
	struct db_steps		 postgresql;
};

/*
 * It is opened with the first use, and its tables are made then. NULL: this
 * program was built without what it takes, see place.h.
 */
struct db *db_create(const struct state_place *, const struct db_schema *);
void	 db_destroy(struct db *);		/* NULL is fine */

/* How far it can be used now; the log says why. */
enum db_state {
	DB_BROKEN,		/* it can't be opened, for a while */
	DB_READABLE,		/* only to be read: a full disk, say */
	DB_USABLE
};
enum db_state db_state(struct db *);
/*
 * Rows that a process deleted before it was killed may still be on the disk:
 * see to that, on a thread.
 */
void	 db_tidy(struct db *);
/* It is not used for long: what can be closed is, until the next use. */
void	 db_rest(struct db *);
/* Does somebody wait for another process that writes, and for long? */
bool	 db_waits(const struct db *);

/*
 * Take a connection. NULL when there is none to be had, which is logged once,
 * or only after seconds, and then nobody waits for long until there is.
 */
struct db_conn *db_enter(struct db *);
void	 db_leave(struct db_conn *);

/* --- Statements, between those two. */

/*
 * With its first two arguments bound, NULL for none. "sql" is a literal: what
 * was made of it serves again after db_done(). NULL, logged: it can't be. What
 * is bound stays the caller's, unchanged until the statement has run.
 */
struct db_stmt *db_prepare(struct db_conn *, const char *sql, const char *,
	    const char *);
void	 db_bind_text(struct db_stmt *, int i, const char *); /* NULL: null */
void	 db_bind_bytes(struct db_stmt *, int i, const char *, size_t);
void	 db_bind_int(struct db_stmt *, int i, int64_t);

/* The next row; db_fault() tells of failures. NULL is DB_FAILED. */
enum db_step { DB_FAILED, DB_DONE, DB_ROW };
enum db_step db_step(struct db_stmt *);
/*
 * Ahead of the first step: rows come one by one, since they may be large; then
 * no other statement runs on this connection before the last row or db_done().
 */
void	 db_stream(struct db_stmt *);
/*
 * Columns of the row, until the next step. A text ends with a NUL, too; NULL:
 * it is null, or there is no memory, or no disk to read it from.
 */
const char *db_text(struct db_stmt *, int column, size_t *n); /* or NULL */
size_t	 db_length(struct db_stmt *, int column);
int64_t	 db_int(struct db_stmt *, int column);
bool	 db_is_null(struct db_stmt *, int column);

/* Over with it, whatever is left of its rows; NULL is fine. */
void	 db_done(struct db_stmt *);
/* Run it to its end, and over with it; NULL is fine, and false. */
bool	 db_finish(struct db_stmt *);
/* The rows that the last statement inserted, changed or deleted. */
int64_t	 db_changes(struct db_conn *);
/*
 * Run it within a transaction, with what is bound, and go on without hearing
 * what came of it; then other arguments may be bound. Whatever is asked next on
 * this connection comes behind it.
 */
void	 db_queue(struct db_stmt *);
/* Did all that was queued go well? "changes", if not NULL, is their sum. */
bool	 db_settle(struct db_conn *, int64_t *changes);

/* Without arguments: run, and the first column of the first row, or -1. */
bool	 db_run(struct db_conn *, const char *sql);
int64_t	 db_number(struct db_conn *, const char *sql);

/* --- Transactions. */

/*
 * Begin one that writes; there is one at a time, whatever the process and host.
 * Another one is waited for, for a second or so; if that was in vain, not at
 * all for a while, or until it is gone. False at once as long as the disk
 * refuses.
 */
bool	 db_begin(struct db_conn *);
/*
 * End what was begun, or was not: kept if "ok", else undone. If it was the
 * disk that refused, nothing is written for a while. "what" is for the log.
 */
bool	 db_end(struct db_conn *, bool ok, const char *what);
/* The same to read what belongs together, and the end of that. */
bool	 db_begin_reading(struct db_conn *);
void	 db_end_reading(struct db_conn *);

/* Why the last thing that was asked of the connection failed. */
enum db_fault {
	DB_FINE,		/* it did not */
	DB_REFUSED,		/* this statement alone: a constraint, a size */
	DB_BUSY,		/* somebody else writes */
	DB_AWAY,		/* the connection is lost */
	DB_WORSE		/* the disk, the file, the memory */
};
enum db_fault db_fault(struct db_conn *);
/* In its words, which name hosts, users and files: not for clients. */
#define DB_WHY_SIZE 200
const char *db_why(struct db_conn *);
/* Is the transaction still there, after a failure? */
bool	 db_is_begun(struct db_conn *);

/* --- The disk. */

/* Something was deleted, and nothing of it is to be left anywhere. */
void	 db_deleted(struct db_conn *);
/*
 * Give so many free pages back to the disk; how many are left, 0 also where
 * that is not for this program to do; -1 on trouble.
 */
int64_t	 db_give_back(struct db_conn *, int64_t pages);
/* All of them, and nothing is left of what was deleted. */
void	 db_compact(struct db_conn *);

#endif
