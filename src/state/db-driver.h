/* The functions of a driver of db.h. */
#ifndef DB_DRIVER_H
#define DB_DRIVER_H

#include "state/db.h"

/* Heads of the drivers' own structs. */
struct db {
	const struct db_driver	*driver;
	const struct db_schema	*schema;
};

struct db_conn {
	struct db	*db;
	struct db_stmt	*made;		/* all statements, the last one first */
};

struct db_stmt {
	struct db_conn	*conn;
	struct db_stmt	*next;
	const char	*sql;
	bool		 in_use;
};

/* See db.h for what each of these does; the rest is in db-driver.c. */
struct db_driver {
	void		 (*destroy)(struct db *);
	enum db_state	 (*state)(struct db *);
	void		 (*tidy)(struct db *);
	void		 (*rest)(struct db *);		/* or NULL */
	bool		 (*waits)(const struct db *);
	struct db_conn	*(*enter)(struct db *);
	void		 (*leave)(struct db_conn *);

	/* One that is made and later freed with the connection; or NULL. */
	struct db_stmt	*(*prepare)(struct db_conn *, const char *sql);
	void		 (*bind_bytes)(struct db_stmt *, int, const char *,
			    size_t);
	void		 (*bind_int)(struct db_stmt *, int, int64_t);
	enum db_step	 (*step)(struct db_stmt *);
	void		 (*stream)(struct db_stmt *);
	const char	*(*text)(struct db_stmt *, int, size_t *);
	size_t		 (*length)(struct db_stmt *, int);
	int64_t		 (*number)(struct db_stmt *, int);
	bool		 (*is_null)(struct db_stmt *, int);
	/* The rest of its rows is not wanted, nor what was bound. */
	void		 (*reset)(struct db_stmt *);
	int64_t		 (*changes)(struct db_conn *);
	void		 (*queue)(struct db_stmt *);
	bool		 (*settle)(struct db_conn *, int64_t *);

	bool		 (*begin)(struct db_conn *);
	bool		 (*end)(struct db_conn *, bool, const char *);
	bool		 (*begin_reading)(struct db_conn *);
	void		 (*end_reading)(struct db_conn *);
	enum db_fault	 (*fault)(struct db_conn *);
	const char	*(*why)(struct db_conn *);
	bool		 (*is_begun)(struct db_conn *);

	void		 (*deleted)(struct db_conn *);
	int64_t		 (*give_back)(struct db_conn *, int64_t);
	void		 (*compact)(struct db_conn *);
};

/* NULL: built without it. */
struct db *db_sqlite_create(const struct state_place *,
	    const struct db_schema *);
struct db *db_postgresql_create(const struct state_place *,
	    const struct db_schema *);

#endif
