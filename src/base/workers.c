/* The threads that read requests. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "base/workers.h"

#define WORKERS_MIN	2
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
	bool		 stop;
};

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
	while (w->first == NULL && !w->stop && rc != ETIMEDOUT)
		rc = w->threads > WORKERS_MIN ?
		    pthread_cond_timedwait(&w->work, &w->lock, &until) :
		    pthread_cond_wait(&w->work, &w->lock);
	w->idle--;
	if ((job = w->first) == NULL)
		return NULL;
	if ((w->first = job->next) == NULL)
		w->last = &w->first;
	w->waiting--;
	return job;
}

static void *
worker(void *arg)
{
	struct workers	*w = arg;
	struct job	*job;

	pthread_mutex_lock(&w->lock);
	while ((job = next_job(w)) != NULL) {
		pthread_mutex_unlock(&w->lock);
		job->run(job);
		pthread_mutex_lock(&w->lock);
	}
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
	if (w->waiting > w->idle && w->threads < WORKERS_MAX)
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
