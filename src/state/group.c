/*
 * Group commit: what several threads want to keep at the same time goes into
 * one transaction of SQLite, since that costs as much as what is in it.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"
#include "state/sqlite.h"

#define WAITERS	8	/* threads that wait for another process's lock */

/* What a thread wants to be kept, on its stack, and how far that is. */
struct job {
	struct job	*next;
	pthread_cond_t	 wake;
	bool		(*put)(struct stored *, void *);
	void		*arg;
	const char	*what;		/* for the log */
	bool		 leads;		/* woken to write what is queued */
	bool		 over;
	bool		 ok;
};

struct state_group {
	pthread_mutex_t	 lock;		/* of all below, and of jobs queued */
	struct job	*first, **last;
	unsigned	 queued;
	bool		 led;		/* somebody writes */
};

struct state_group *
state_group_create(void)
{
	struct state_group *g = xcalloc(1, sizeof(*g));

	pthread_mutex_init(&g->lock, NULL);
	g->last = &g->first;
	return g;
}

void
state_group_destroy(struct state_group *g)
{
	pthread_mutex_destroy(&g->lock);
	free(g);
}

/*
 * Is it this job that failed, and not the file? Then the others can go on. A
 * job that refused by itself, as one for a full conversation, leaves no error,
 * and has logged why.
 */
static bool
fails_alone(struct stored *s, const char *what)
{
	int rc = sqlite3_errcode(s->db) & 0xff;

	if (sqlite3_get_autocommit(s->db))
		return false;
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return true;
	if (rc != SQLITE_CONSTRAINT && rc != SQLITE_TOOBIG)
		return false;
	log_warn("stored responses: %s: %s", what, sqlite3_errmsg(s->db));
	return true;
}

/* False when the whole transaction is lost. */
static bool
put_one(struct stored *s, struct job *job)
{
	if (!sqlite_step(s, "SAVEPOINT job"))
		return false;
	job->ok = job->put(s, job->arg);
	if (!job->ok) {
		if (!fails_alone(s, job->what) ||
		    !sqlite_step(s, "ROLLBACK TO job"))
			return false;
	}
	return sqlite_step(s, "RELEASE job");
}

/* All of them, or none if it is the file that refuses. */
static void
write_jobs(struct stored *s, struct job *first)
{
	struct job	*job;
	bool		 ok;

	assert(first != NULL);		/* who leads has a job */
	if (!sqlite_enter(s))
		return;
	s->fresh = 0;
	ok = sqlite_begin(s);
	for (job = first; job != NULL && ok; job = job->next)
		ok = put_one(s, job);
	if (!sqlite_end(s, ok, first->what))
		for (job = first; job != NULL; job = job->next)
			job->ok = false;
	sqlite_leave(s);
}

/* Write what is queued, then have the first that came meanwhile do the same. */
static void
lead(struct stored *s, struct state_group *g)
{
	struct job *first = g->first, *job;

	g->first = NULL;
	g->last = &g->first;
	g->queued = 0;
	g->led = true;
	pthread_mutex_unlock(&g->lock);
	write_jobs(s, first);
	pthread_mutex_lock(&g->lock);
	for (job = first; job != NULL; job = job->next) {
		job->over = true;
		pthread_cond_signal(&job->wake);
	}
	g->led = g->first != NULL;
	if (g->led) {
		g->first->leads = true;
		pthread_cond_signal(&g->first->wake);
	}
}

bool
state_group_put(struct stored *s, bool (*put)(struct stored *, void *),
    void *arg, const char *what)
{
	struct state_group	*g = s->group;
	struct job		 job = { .put = put, .arg = arg, .what = what };

	pthread_mutex_lock(&g->lock);
	if (g->led && g->queued >= WAITERS && atomic_load(&s->waits)) {
		pthread_mutex_unlock(&g->lock);
		return false;
	}
	pthread_cond_init(&job.wake, NULL);
	*g->last = &job;
	g->last = &job.next;
	g->queued++;
	job.leads = !g->led;
	while (!job.leads && !job.over)
		pthread_cond_wait(&job.wake, &g->lock);
	if (!job.over)
		lead(s, g);
	pthread_mutex_unlock(&g->lock);
	pthread_cond_destroy(&job.wake);
	return job.ok;
}
