/*
 * A process lives as long as it renews its row. Another one that finds it late
 * says so there; only when nobody has taken that back for long is it gone. So
 * nobody is taken for dead because the database was away, for however long.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "state/alive.h"
#include "state/rows.h"

struct state_beat {
	struct stored	*s;
	char		 name[33];
	pthread_t	 thread;
	pthread_mutex_t	 lock;		/* of "stop" */
	pthread_cond_t	 change;
	bool		 stop;
};

static bool
put_beat(struct state_tx *tx, void *name)
{
	return db_finish(db_prepare(tx->c, "INSERT INTO process (name, seen)"
	    " VALUES (?1, unixepoch()) ON CONFLICT (name) DO UPDATE SET"
	    " seen = excluded.seen, doubted = NULL", name, NULL));
}

static bool
beat(struct stored *s, char *name)
{
	return state_group_put(s, put_beat, name,
	    "that this process lives could not be noted");
}

static void *
run(void *arg)
{
	struct state_beat	*b = arg;
	struct timespec		 until;

	pthread_mutex_lock(&b->lock);
	while (!b->stop) {
		until = util_after_ms(ALIVE_BEAT_S * 1000);
		pthread_cond_timedwait(&b->change, &b->lock, &until);
		if (b->stop)
			break;
		pthread_mutex_unlock(&b->lock);
		beat(b->s, b->name);
		pthread_mutex_lock(&b->lock);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void
release(struct state_beat *b)
{
	pthread_cond_destroy(&b->change);
	pthread_mutex_destroy(&b->lock);
	free(b);
}

bool
alive_row_enlist(struct stored *s, const char *process)
{
	struct state_beat *b = xcalloc(1, sizeof(*b));

	b->s = s;
	snprintf(b->name, sizeof(b->name), "%s", process);
	pthread_mutex_init(&b->lock, NULL);
	util_cond_init(&b->change);
	if (beat(s, b->name) &&
	    pthread_create(&b->thread, NULL, run, b) == 0) {
		s->beat = b;
		return true;
	}
	release(b);
	return false;
}

static bool
put_end(struct state_tx *tx, void *name)
{
	return db_finish(db_prepare(tx->c, "DELETE FROM process WHERE"
	    " name = ?1", name, NULL));
}

void
alive_row_quit(struct stored *s)
{
	struct state_beat *b = s->beat;

	pthread_mutex_lock(&b->lock);
	b->stop = true;
	pthread_cond_signal(&b->change);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	state_group_put(s, put_end, b->name,
	    "that this process ends could not be noted");
	release(b);
	s->beat = NULL;
}

/* --- Others. */

/* Has it been seen lately? That costs no transaction. */
static bool
is_fresh(struct stored *s, const char *process)
{
	struct db_conn	*c = db_enter(s->db);
	struct db_stmt	*st;
	enum db_step	 step;

	if (c == NULL)
		return true;
	st = db_prepare(c, "SELECT 1 FROM process WHERE name = ?1 AND"
	    " doubted IS NULL AND seen >= unixepoch() - ?2", process, NULL);
	if (st != NULL)
		db_bind_int(st, 2, ALIVE_LATE_S);
	step = db_step(st);
	db_done(st);
	db_leave(c);
	return step != DB_DONE;
}

struct burial {
	const char	*process;
	bool		 gone;
};

/* One without a row has ended, and left something behind. */
static bool
put_doubt(struct state_tx *tx, const char *process, bool *gone)
{
	struct db_stmt	*st;
	enum db_step	 step;

	st = db_prepare(tx->c, "UPDATE process SET doubted = unixepoch() WHERE"
	    " name = ?1 AND doubted IS NULL AND seen < unixepoch() - ?2",
	    process, NULL);
	if (st != NULL)
		db_bind_int(st, 2, ALIVE_LATE_S);
	if (!db_finish(st))
		return false;
	st = db_prepare(tx->c, "SELECT 1 FROM process WHERE name = ?1 AND"
	    " (doubted IS NULL OR doubted >= unixepoch() - ?2)", process, NULL);
	if (st != NULL)
		db_bind_int(st, 2, ALIVE_DOUBT_S);
	step = db_step(st);
	db_done(st);
	*gone = step == DB_DONE;
	return step != DB_FAILED;
}

static bool
put_burial(struct state_tx *tx, void *arg)
{
	struct burial *b = arg;

	return put_doubt(tx, b->process, &b->gone) && (!b->gone ||
	    (db_finish(db_prepare(tx->c, ALIVE_FAIL, b->process,
	    ALIVE_GONE)) && db_finish(db_prepare(tx->c,
	    "DELETE FROM process WHERE name = ?1", b->process, NULL))));
}

bool
alive_row_bury(struct stored *s, const char *process)
{
	struct burial b = { .process = process };

	return !is_fresh(s, process) && state_group_put(s, put_burial, &b,
	    "an interrupted response could not be noted") && b.gone;
}

/* The names of all that are late. */
static char **
find_late(struct stored *s, size_t *n)
{
	struct db_conn	*c = db_enter(s->db);
	struct db_stmt	*st;
	char		**names = NULL;

	*n = 0;
	if (c == NULL)
		return NULL;
	st = db_prepare(c, "SELECT name FROM process WHERE"
	    " seen < unixepoch() - ?1", NULL, NULL);
	if (st != NULL)
		db_bind_int(st, 1, ALIVE_LATE_S);
	while (db_step(st) == DB_ROW) {
		names = util_grow(names, *n, sizeof(*names));
		names[(*n)++] = xstrdup(db_text(st, 0, NULL));
	}
	db_done(st);
	db_leave(c);
	return names;
}

void
alive_row_bury_all(struct stored *s)
{
	size_t	 n, i;
	char	**names = find_late(s, &n);

	for (i = 0; i < n; i++) {
		alive_row_bury(s, names[i]);
		free(names[i]);
	}
	free(names);
}
