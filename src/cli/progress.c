/* A line that changes: it says why a command waits. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/http.h"
#include "base/util.h"
#include "cli/progress.h"

#define FIRST_MS	1000	/* who is done by then says nothing */
#define EACH_MS		500

struct progress {
	const char	*what;
	_Atomic int64_t	 done, all;
	int64_t		 began;
	bool		 running;	/* there is a terminal, and a thread */
	bool		 over;		/* under the lock */
	pthread_t	 thread;
	pthread_mutex_t	 lock;
	pthread_cond_t	 end;
};

static void
print(struct progress *p)
{
	long long	done = atomic_load(&p->done);
	long long	all = atomic_load(&p->all);
	char		count[64] = "";

	if (all > 0)
		snprintf(count, sizeof(count), ", %lld of %lld", done, all);
	else if (done > 0)
		snprintf(count, sizeof(count), ", %lld", done);
	/* A line of the log that comes meanwhile begins on the left. */
	fprintf(stderr, "\r\033[K%s ... %lld s%s\r", p->what,
	    (long long)(util_now_ms() - p->began) / 1000, count);
	fflush(stderr);
}

/* False: it is over. */
static bool
wait_ms(struct progress *p, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!p->over &&
	    pthread_cond_timedwait(&p->end, &p->lock, &until) == 0)
		;
	return !p->over;
}

static void *
run(void *arg)
{
	struct progress *p = arg;

	pthread_mutex_lock(&p->lock);
	if (wait_ms(p, FIRST_MS)) {
		do
			print(p);
		while (wait_ms(p, EACH_MS));
		fputs("\033[K", stderr);
		fflush(stderr);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Signals stay the command's own. */
static bool
start(struct progress *p)
{
	sigset_t	all, old;
	bool		ok;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ok = pthread_create(&p->thread, NULL, run, p) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ok;
}

struct progress *
progress_begin(const char *what)
{
	struct progress		*p = xcalloc(1, sizeof(*p));
	pthread_condattr_t	 attr;

	p->what = what;
	p->began = util_now_ms();
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->end, &attr);
	pthread_condattr_destroy(&attr);
	fflush(stdout);
	p->running = isatty(STDERR_FILENO) && start(p);
	return p;
}

void
progress_count(struct progress *p, int64_t done, int64_t all)
{
	atomic_store(&p->done, done);
	atomic_store(&p->all, all);
}

void
progress_end(struct progress *p)
{
	if (p->running) {
		pthread_mutex_lock(&p->lock);
		p->over = true;
		pthread_cond_signal(&p->end);
		pthread_mutex_unlock(&p->lock);
		pthread_join(p->thread, NULL);
	}
	pthread_cond_destroy(&p->end);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

bool
progress_fetch(const char *what, struct http *http, const struct conf *conf,
    const struct http_request *req, struct http_reply *rep, struct err *err)
{
	struct progress	*p = progress_begin(what);
	bool		 ok = http_fetch(http, conf, req, rep, err);

	progress_end(p);
	return ok;
}
