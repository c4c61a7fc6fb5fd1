/* The threads that do what costs milliseconds or waits for the disk. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/util.h"
#include "base/workers.h"

#define WORKERS_MIN	2
#define STORE_MAX	16
#define LARGE_MIN	2
#define LARGE_MAX	8
#define WORKER_STACK	(512u << 10)	/* json-c recurses JS_DEPTH deep */
#define IDLE_SECONDS	10	/* then a thread beyond the least ends */

struct workers {
	pthread_mutex_t	 lock;
	pthread_cond_t	 work;		/* there is a job, or stop */
	pthread_cond_t	 ended;		/* a thread has ended */
	struct job	*first, **last;
	unsigned	 waiting;	/* jobs in the list */
	unsigned	 threads;
	unsigned	 idle;
	unsigned	 most[WORK__MAX];
	unsigned	 running[WORK__MAX];
	const void	*owners[WORK__MAX][WORKERS_MAX]; /* of those */
	bool		 stop;
};

static unsigned
owned(const struct workers *w, const struct job *job)
{
	unsigned i, n = 0;

	for (i = 0; i < w->running[job->kind]; i++)
		n += w->owners[job->kind][i] == job->owner;
	return n;
}

static bool
may_run(const struct workers *w, const struct job *job, bool fairly)
{
	unsigned most = w->most[job->kind];

	if (w->running[job->kind] >= most)
		return false;
	return !fairly || job->owner == NULL || job->kind == WORK_ANY ||
	    owned(w, job) < (most + 1) / 2;
}

/* Take the first job that may run; first of those who have not had half. */
static struct job *
pick(struct workers *w)
{
	struct job	**p, *job;
	int		  fairly;

	for (fairly = 1; fairly >= 0; fairly--)
		for (p = &w->first; (job = *p) != NULL; p = &job->next) {
			if (!may_run(w, job, fairly != 0))
				continue;
			if ((*p = job->next) == NULL)
				w->last = p;
			w->waiting--;
			return job;
		}
	return NULL;
}

/* The next job; NULL when this thread should end. Called with the lock held. */
static struct job *
next_job(struct workers *w)
{
	struct timespec	 until;
	struct job	*job;
	int		 rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_SECONDS;
	w->idle++;
	while ((job = pick(w)) == NULL && !w->stop && rc != ETIMEDOUT)
		rc = w->threads > WORKERS_MIN ?
		    pthread_cond_timedwait(&w->work, &w->lock, &until) :
		    pthread_cond_wait(&w->work, &w->lock);
	w->idle--;
	return job;
}

static void
begin(struct workers *w, enum work kind, const void *owner)
{
	w->owners[kind][w->running[kind]++] = owner;
}

static void
end(struct workers *w, enum work kind, const void *owner)
{
	unsigned i;

	for (i = 0; w->owners[kind][i] != owner; i++)
		;
	w->owners[kind][i] = w->owners[kind][--w->running[kind]];
}

static void *
worker(void *arg)
{
	struct workers	*w = arg;
	struct job	*job;
	enum work	 kind;
	const void	*owner;

	pthread_mutex_lock(&w->lock);
	while ((job = next_job(w)) != NULL) {
		kind = job->kind;
		owner = job->owner;
		begin(w, kind, owner);
		pthread_mutex_unlock(&w->lock);
		job->run(job);		/* which may free it */
		pthread_mutex_lock(&w->lock);
		end(w, kind, owner);
	}
	/* workers_destroy() doesn't wait for what a thread cleans up later. */
	OPENSSL_thread_stop();
	w->threads--;
	pthread_cond_signal(&w->ended);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* Called with the lock held. */
static void
start_thread(struct workers *w)
{
	pthread_attr_t	attr;
	pthread_t	thread;
	int		rc;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, WORKER_STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if ((rc = pthread_create(&thread, &attr, worker, w)) == 0)
		w->threads++;
	else if (w->threads == 0)
		die("pthread_create: %s", strerror(rc));
	else
		log_warn("no further worker thread: %s", strerror(rc));
	pthread_attr_destroy(&attr);
}

/* More than there are processors finish none of them sooner. */
static unsigned
large_max(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN) + 1;

	return n < LARGE_MIN ? LARGE_MIN : n > LARGE_MAX ? LARGE_MAX :
	    (unsigned)n;
}

struct workers *
workers_create(void)
{
	struct workers		*w = xcalloc(1, sizeof(*w));
	pthread_condattr_t	 attr;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &attr);
	pthread_cond_init(&w->ended, &attr);
	pthread_condattr_destroy(&attr);
	w->last = &w->first;
	w->most[WORK_ANY] = WORKERS_MAX;
	w->most[WORK_STORE] = STORE_MAX;
	w->most[WORK_LARGE] = large_max();
	return w;
}

void
workers_submit(struct workers *w, struct job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&w->lock);
	*w->last = job;
	w->last = &job->next;
	w->waiting++;
	if (w->waiting > w->idle && w->threads < WORKERS_MAX &&
	    w->running[job->kind] < w->most[job->kind])
		start_thread(w);
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->lock);
}

void
workers_destroy(struct workers *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->work);
	while (w->threads > 0)
		pthread_cond_wait(&w->ended, &w->lock);
	pthread_mutex_unlock(&w->lock);
	pthread_cond_destroy(&w->work);
	pthread_cond_destroy(&w->ended);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
