/* Emptying SQLite's log into the file, on a thread of its own. */
#include "config.h"

#include <stdlib.h>

#include "base/util.h"
#include "state/sqlite.h"

#define PAGES_MUCH	1000	/* the log is worth emptying */
/*
 * It begins anew only when all of it is in the file. If somebody writes all the
 * time that takes whoever writes next.
 */
#define PAGES_TOO_MUCH	8000

struct stored_log {
	const char	*path;		/* the owner's */
	pthread_mutex_t	 lock;		/* of all below */
	pthread_cond_t	 change;
	pthread_t	 thread;
	bool		 running;
	bool		 wanted;
	int		 at;		/* the log's length when last wanted */
	bool		 stop;
};

struct stored_log *
stored_log_create(const char *path)
{
	struct stored_log *l = xcalloc(1, sizeof(*l));

	l->path = path;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->change, NULL);
	return l;
}

/* By a connection of its own: the others needn't wait for this one. */
static void
empty(const struct stored_log *l)
{
	const int	 flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	sqlite3		*db;

	if (sqlite3_open_v2(l->path, &db, flags, NULL) == SQLITE_OK)
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE,
		    NULL, NULL);
	sqlite3_close(db);
}

static void *
run(void *arg)
{
	struct stored_log *l = arg;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		while (!l->wanted && !l->stop)
			pthread_cond_wait(&l->change, &l->lock);
		if (l->stop)
			break;
		pthread_mutex_unlock(&l->lock);
		empty(l);
		pthread_mutex_lock(&l->lock);
		l->wanted = false;
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* After each commit; "pages" is the length of the log. */
static int
committed(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct stored_log	*l = arg;
	bool			 alone = false;

	(void)name;
	pthread_mutex_lock(&l->lock);
	if (pages < l->at)
		l->at = 0;		/* it began anew */
	if (pages - l->at >= PAGES_MUCH) {
		l->at = pages;
		if (!l->running &&
		    pthread_create(&l->thread, NULL, run, l) == 0)
			l->running = true;
		alone = !l->running || (pages >= PAGES_TOO_MUCH && !l->wanted);
		l->wanted = true;
		pthread_cond_signal(&l->change);
	}
	pthread_mutex_unlock(&l->lock);
	if (alone)
		sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE,
		    NULL, NULL);
	return SQLITE_OK;
}

void
stored_log_watch(struct stored_log *l, sqlite3 *db)
{
	sqlite3_wal_hook(db, committed, l);
}

void
stored_log_destroy(struct stored_log *l)
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
