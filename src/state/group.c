/*
 * Group commit: what several threads want to keep at the same time goes into
 * one transaction, since that costs as much as what is in it.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "state/group.h"

#define AGAIN_MS	100	/* a lost connection: after that, then twice */
#define AGAIN_MAX_MS	800	/* ... as late, up to this: 1.5 s in all */
#define WAITERS	8	/* threads that wait for another process's lock */

/* A write that a thread asks for, on its stack, and how far it is. */
struct job {
	struct job	*next;
	pthread_cond_t	 wake;
	bool		(*put)(struct state_tx *, void *);
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
 * Is it this job that failed, and not the database? Then the others can go on.
 * A job that refused by itself, as one for a full conversation, leaves no
 * error, and has logged why.
 */
static bool
fails_alone(struct state_tx *tx, const char *what)
{
	enum db_fault fault = db_fault(tx->c);

	if (!db_is_begun(tx->c))
		return false;
	if (fault == DB_REFUSED)
		log_warn("stored responses: %s: %s", what, db_why(tx->c));
	return fault == DB_FINE || fault == DB_REFUSED;
}

/* False when the whole transaction is lost. */
static bool
put_one(struct state_tx *tx, struct job *job)
{
	if (!db_run(tx->c, "SAVEPOINT job"))
		return false;
	job->ok = job->put(tx, job->arg);
	if (!job->ok) {
		if (!fails_alone(tx, job->what) ||
		    !db_run(tx->c, "ROLLBACK TO job"))
			return false;
	}
	return db_run(tx->c, "RELEASE job");
}

/* One that is alone needs no way back but the transaction's. */
static bool
put_jobs(struct state_tx *tx, struct job *first)
{
	struct job	*job;
	bool		 ok = true;

	if (first->next == NULL)
		return first->ok = first->put(tx, first->arg);
	for (job = first; job != NULL && ok; job = job->next)
		ok = put_one(tx, job);
	return ok;
}

/*
 * All of them, or none if it is the database that refuses. True: it is over;
 * false: the connection was lost on the way, and another one may do better.
 */
static bool
write_once(struct state_tx *tx, struct job *first)
{
	struct job	*job;
	bool		 put = false, kept, lost;

	if ((tx->c = db_enter(tx->s->db)) == NULL)
		return false;
	tx->fresh = tx->completion = 0;
	put = db_begin(tx->c) && put_jobs(tx, first);
	kept = db_end(tx->c, put, first->what);
	lost = !kept && db_fault(tx->c) == DB_AWAY;
	tx->again |= lost && put;
	db_leave(tx->c);
	for (job = first; job != NULL && !kept; job = job->next)
		job->ok = false;
	return !lost;
}

/* Nobody was told anything yet: wait a little for a database to come back. */
static void
write_jobs(struct stored *s, struct job *first)
{
	struct state_tx	tx = { .s = s };
	int64_t		ms = AGAIN_MS;

	assert(first != NULL);		/* who leads has a job */
	while (!write_once(&tx, first) && ms <= AGAIN_MAX_MS &&
	    s->shared) {
		usleep((useconds_t)(ms * 1000));
		ms *= 2;
	}
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
state_group_put(struct stored *s, bool (*put)(struct state_tx *, void *),
    void *arg, const char *what)
{
	struct state_group	*g = s->group;
	struct job		 job = { .put = put, .arg = arg, .what = what };

	pthread_mutex_lock(&g->lock);
	if (g->led && g->queued >= WAITERS && db_waits(s->db)) {
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
