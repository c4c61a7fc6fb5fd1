/*
 * A file of SQLite: opening it, giving up on it for a while, and statements.
 * Responses, conversations and thoughts are in one, the ledger is in another.
 * Private to state/.
 */
#ifndef SQLITE_H
#define SQLITE_H

#include <sys/stat.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

/* What is in a file, for the log; its name; what made each version of it. */
struct sqlite_schema {
	const char		*what;
	const char		*file;		/* in the data directory */
	const char *const	*steps;
	size_t			 nsteps;
};

struct stored {
	const struct sqlite_schema *schema;
	char		*path;
	char		*home;
	struct sqlite_wal *log;		/* who empties the log */
	struct state_group *group;	/* NULL: writes are not grouped */
	atomic_bool	 slow;		/* the lock was not to be had */
	atomic_bool	 waits;		/* somebody, for another process */
	pthread_mutex_t	 lock;		/* of all below */
	sqlite3		*db;		/* NULL: not open */
	struct stat	 file;		/* that is open */
	bool		 locked;	/* by another process, lately */
	bool		 deleted;	/* something, since the lock */
	int64_t		 broken_until;	/* it is not opened before */
	int64_t		 refused_until;	/* not written to; 0: it can be */
	char		 why[200];
	unsigned	 puts;
	bool		 outdated;	/* more may be too old */
	unsigned	 thoughts;	/* that were put */
	int64_t		 fresh;	/* row of the transaction's first turn */
	char		 process[33];	/* see background.h; "": none */
	int		 process_lock;
};

/* The file is opened with the first use. */
struct stored *sqlite_create(const char *home,
	    const struct sqlite_schema *);
void	 sqlite_destroy(struct stored *);	/* NULL is fine */
extern const struct sqlite_schema sqlite_schema;

/*
 * SQLite's log is emptied into the file by a thread of its own, since that
 * waits for the disk, and a client for its turn to be kept. (sqlite-wal.c)
 */
struct sqlite_wal *sqlite_wal_create(const char *path);
void	 sqlite_wal_destroy(struct sqlite_wal *);
/* Watch what is written through this connection. */
void	 sqlite_wal_watch(struct sqlite_wal *, sqlite3 *);
/*
 * Something was deleted: nothing of it shall be left in the log either, within
 * seconds, or as soon as nobody reads it any more. Does not wait for that.
 */
void	 sqlite_wal_forget(struct sqlite_wal *);

/*
 * Call "put" within a transaction, perhaps together with what other threads
 * put, on one of their threads. It must not begin or end one, and what it has
 * done is undone if it returns false. True when it is committed; false is
 * logged as "what". (group.c)
 */
bool	 state_group_put(struct stored *, bool (*put)(struct stored *, void *),
	    void *arg, const char *what);
struct state_group *state_group_create(void);
void	 state_group_destroy(struct state_group *);

/*
 * Take the lock with the file open. False leaves it unlocked: also when it was
 * not to be had for seconds, and then nobody waits for long until it is.
 */
bool	 sqlite_enter(struct stored *);
void	 sqlite_leave(struct stored *);

/* Between those two: */

/* Does another process that was found to write still do so? Doesn't wait. */
bool	 sqlite_is_locked(struct stored *);
/* Statements without arguments or rows. */
bool	 sqlite_run(struct stored *, const char *sql);
/* The same with one that is often run. */
bool	 sqlite_step(struct stored *, const char *sql);
/* The first column of the first row, -1 when there is none. */
int64_t	 sqlite_number(struct stored *, const char *sql);
/*
 * With its first two arguments bound, NULL for none. NULL: it can't be. It is
 * made once: release it with sqlite_done() and it serves the next one.
 */
sqlite3_stmt *sqlite_prepare(struct stored *, const char *sql, const char *,
	    const char *);
/* NULL is fine. */
void	 sqlite_done(sqlite3_stmt *);
/* Run it to its end and release it; NULL is fine, and false. */
bool	 sqlite_finish(sqlite3_stmt *);

/*
 * False at once as long as the disk refuses. Another process that writes is
 * waited for, without the lock, for a second at most; if that was in vain, not
 * at all until it is gone: who needs no writing is not to be held up.
 */
bool	 sqlite_begin(struct stored *);
/* Told between enter and leave: a text went, and is to leave the log, too. */
void	 sqlite_deleted(struct stored *);
/* Finalize all and close. */
void	 sqlite_close(struct stored *);
/*
 * End what was begun, or was not: kept if "ok", else undone. If it was the disk
 * that refused, nothing is written for a while. "what" is for the log.
 */
bool	 sqlite_end(struct stored *, bool ok, const char *what);

#endif
