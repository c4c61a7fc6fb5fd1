/*
 * One connection to PostgreSQL, on which nothing takes forever: whoever waits
 * gives up when nothing has come for a while. Private to the driver.
 */
#ifndef DB_PG_LINK_H
#define DB_PG_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "state/db.h"

struct db_pg_link {
	PGconn		*pg;		/* NULL: none */
	enum db_fault	 fault;		/* of what was asked last */
	char		 why[DB_WHY_SIZE];	/* of that */
	bool		 full;		/* the server's disk, it was */
	atomic_bool	*waits;		/* set while it takes long, or NULL */
};

/*
 * Connect and set up; then it isn't in pipeline mode yet. Takes seconds for
 * each address that does not answer. False with "why".
 */
bool	 db_pg_link_open(struct db_pg_link *, const char *url);
void	 db_pg_link_close(struct db_pg_link *);
/* Was it there when we last heard of it? Asks nobody. */
bool	 db_pg_link_is_alive(struct db_pg_link *);

/*
 * Ahead of pipeline mode: run statements, of which "number", if not NULL,
 * becomes the first number that one gives, and stays else.
 */
bool	 db_pg_link_script(struct db_pg_link *, const char *sql,
	    int64_t *number);
/* Likewise; the statements of a migration may take minutes. */
bool	 db_pg_link_migrate(struct db_pg_link *, const char *sql);

/*
 * The next result, as PQgetResult() has it, once all was sent; with DB_AWAY
 * when it is NULL because the connection is lost.
 */
PGresult *db_pg_link_next(struct db_pg_link *);
/* Note what a result means; true unless it is a failure. */
bool	 db_pg_link_note(struct db_pg_link *, const PGresult *);
/* Nothing more can be had from it. Always false. */
bool	 db_pg_link_lose(struct db_pg_link *, const char *why);

#endif
