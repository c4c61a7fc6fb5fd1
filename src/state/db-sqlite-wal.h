/*
 * SQLite's log is emptied into the file by a thread of its own, since that
 * waits for the disk, and a client for its turn to be kept. Private to the
 * driver.
 */
#ifndef DB_SQLITE_WAL_H
#define DB_SQLITE_WAL_H

#include <sqlite3.h>

struct db_sqlite_wal *db_sqlite_wal_create(const char *path);
void	 db_sqlite_wal_destroy(struct db_sqlite_wal *);
/* A connection as all here are; see sqlite3_open_v2(). */
int	 db_sqlite_wal_open(const char *path, sqlite3 **);
/* Watch what is written through this connection. */
void	 db_sqlite_wal_watch(struct db_sqlite_wal *, sqlite3 *);
/*
 * Something was deleted: nothing of it shall be left in the log either, within
 * seconds, or as soon as nobody reads it any more. Does not wait for that.
 */
void	 db_sqlite_wal_forget(struct db_sqlite_wal *);

#endif
