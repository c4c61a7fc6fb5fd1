/*
 * The connections of a database of PostgreSQL. A thread enters, has one to
 * itself, and leaves. Private to the driver.
 */
#ifndef DB_PG_POOL_H
#define DB_PG_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "state/db-driver.h"
#include "state/db-pg-link.h"

#define DB_PG_PARAMS	24	/* of a statement */

struct pg_stmt {
	struct db_stmt	 base;
	char		 name[16];	/* the server's */
	char		*sql;		/* likewise: $1 */
	bool		 prepared;
	int		 n;		/* arguments */
	const char	*values[DB_PG_PARAMS];
	int		 lengths[DB_PG_PARAMS], formats[DB_PG_PARAMS];
	char		 numbers[DB_PG_PARAMS][24];
	struct buf	 repaired[DB_PG_PARAMS];	/* what was not UTF-8 */
	bool		 running, streaming;
	PGresult	*res;
	int		 row;
};

/* A result that the server has yet to send. */
struct want {
	struct pg_stmt	*st;
	enum { WANT_PREPARED, WANT_DONE, WANT_ROWS } kind;
};

struct pg_conn {
	struct db_conn	 base;
	struct pg_conn	*next;		/* idle */
	struct db_pg_link link;
	struct want	*wants;
	size_t		 nwants, at;
	unsigned	 names;
	bool		 begun;		/* a transaction */
	bool		 ok;		/* nothing has failed since the sync */
	bool		 queue_failed;
	int64_t		 queued;	/* rows changed */
	int64_t		 changes;
};

struct pg {
	struct db	 base;
	char		*url;
	char		*lock, *try_lock;	/* of who writes */
	atomic_bool	 waits;
	pthread_mutex_t	 mutex;		/* of all below */
	pthread_cond_t	 change;
	struct pg_conn	*idle;
	int64_t		 open, most;
	bool		 slow;		/* none was to be had */
	bool		 opening;	/* somebody looks whether it is back */
	unsigned	 failures;	/* to open one */
	int64_t		 away_until;
	bool		 locked;	/* by somebody who writes for long */
	int64_t		 locked_until;	/* then he is waited for again */
	int64_t		 refused_until;
};

/* The database of a connection. */
struct pg	*db_pg_of(struct db_conn *);

/*
 * One that is idle, else a new one, its tables made or brought up to date. NULL
 * when there is none in time.
 */
struct db_conn	*db_pg_enter(struct db *);
void		 db_pg_leave(struct db_conn *);

/*
 * Open a connection that was lost again; its statements are to be prepared
 * anew. False: the server is away.
 */
bool		 db_pg_reopen(struct pg_conn *);

/* Close and release it, and its statements. */
void		 db_pg_conn_free(struct pg_conn *);

#endif
