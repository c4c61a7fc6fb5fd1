/* Emptying SQLite's log into the file, on a thread of its own. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/util.h"
#include "state/db-sqlite-wal.h"

#define PAGES_MUCH	1000	/* the log is worth emptying */
/*
 * It begins anew only when all of it is in the file. If somebody writes all the
 * time that takes whoever writes next.
 */
#define PAGES_TOO_MUCH	8000
#define FORGET_WAIT_MS	100	/* for those who read; nobody writes then */
#define FORGET_EVERY_S	5	/* and may have to wait for it */

struct db_sqlite_wal {
	const char	*path;		/* the owner's */
	pthread_mutex_t	 lock;		/* of all below */
	pthread_cond_t	 change;
	pthread_t	 thread;
	bool		 running;
	bool		 wanted;
	int		 at;		/* the log's length when last wanted */
	bool		 much;		/* it is that long */
	bool		 forget;	/* what was deleted is still in it */
	bool		 stop;
};

struct db_sqlite_wal *
db_sqlite_wal_create(const char *path)
{
	struct db_sqlite_wal *l = xcalloc(1, sizeof(*l));

	l->path = path;
	pthread_mutex_init(&l->lock, NULL);
	util_cond_init(&l->change);
	return l;
}

/*
 * A page takes memory when it is read: else each connection has 80 kB at hand,
 * for databases that may have three pages.
 */
static void
set_memory(void)
{
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

int
db_sqlite_wal_open(const char *path, sqlite3 **db)
{
	static pthread_once_t	 once = PTHREAD_ONCE_INIT;
	const int		 flags = SQLITE_OPEN_READWRITE |
				    SQLITE_OPEN_NOMUTEX;

	pthread_once(&once, set_memory);
	return sqlite3_open_v2(path, db, flags, NULL);
}

/*
 * By a connection of its own: the others needn't wait for this one. False when
 * somebody still reads what has to be forgotten.
 */
static bool
empty(const char *path, bool forget)
{
	sqlite3	*db;
	int	 rc;

	rc = db_sqlite_wal_open(path, &db);
	if (rc == SQLITE_OK && forget)
		sqlite3_busy_timeout(db, FORGET_WAIT_MS);
	/* A connection that has read nothing yet knows of no log. */
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA schema_version", NULL, NULL,
		    NULL);
	/* This pass waits for the disk and holds up nobody. */
	if (rc == SQLITE_OK)
		rc = sqlite3_wal_checkpoint_v2(db, NULL,
		    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	if (forget && (rc == SQLITE_OK || rc == SQLITE_BUSY))
		rc = sqlite3_wal_checkpoint_v2(db, NULL,
		    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_close(db);
	return rc != SQLITE_BUSY;
}

/* Under the lock: for some seconds, until it is to stop or has much to do. */
static void
rest(struct db_sqlite_wal *l)
{
	struct timespec	until = util_after_ms(FORGET_EVERY_S * 1000);
	int		rc = 0;

	while (!l->stop && !l->much && rc == 0)
		rc = pthread_cond_timedwait(&l->change, &l->lock, &until);
}

/* The thread's turn, under the lock. */
static void
turn(struct db_sqlite_wal *l)
{
	bool forget = l->forget, done;

	l->forget = l->much = false;
	pthread_mutex_unlock(&l->lock);
	done = empty(l->path, forget);
	pthread_mutex_lock(&l->lock);
	if (l->stop)
		return;
	l->forget |= !done && forget;
	if (forget)
		rest(l);
	l->wanted = l->forget || l->much;
}

static void *
run(void *arg)
{
	struct db_sqlite_wal *l = arg;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (!l->wanted && !l->stop)
			pthread_cond_wait(&l->change, &l->lock);
		if (l->stop && !l->forget)
			break;
		turn(l);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Under the lock. False when there is no thread. */
static bool
wake(struct db_sqlite_wal *l)
{
	if (!l->running && pthread_create(&l->thread, NULL, run, l) == 0)
		l->running = true;
	l->wanted = true;
	pthread_cond_signal(&l->change);
	return l->running;
}

void
db_sqlite_wal_forget(struct db_sqlite_wal *l)
{
	bool alone;

	pthread_mutex_lock(&l->lock);
	l->forget = true;
	alone = !wake(l);
	pthread_mutex_unlock(&l->lock);
	if (alone)
		empty(l->path, true);
}

/* After each commit; "pages" is the length of the log. */
static int
committed(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct db_sqlite_wal	*l = arg;
	bool			 alone = false;

	(void)name;
	pthread_mutex_lock(&l->lock);
	if (pages < l->at)
		l->at = 0;		/* it began anew */
	if (pages - l->at >= PAGES_MUCH) {
		l->at = pages;
		l->much = true;
		alone = pages >= PAGES_TOO_MUCH && !l->wanted;
		alone |= !wake(l);
	}
	pthread_mutex_unlock(&l->lock);
	if (alone)
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE,
		    NULL, NULL);
	return SQLITE_OK;
}

void
db_sqlite_wal_watch(struct db_sqlite_wal *l, sqlite3 *db)
{
	sqlite3_wal_hook(db, committed, l);
}

void
db_sqlite_wal_destroy(struct db_sqlite_wal *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->change);
	pthread_mutex_unlock(&l->lock);
	if (l->running)
		pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->change);
	pthread_mutex_destroy(&l->lock);
	free(l);
}
