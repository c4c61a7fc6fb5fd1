/* The event loop: epoll, a heap of timers, a queue of posted tasks. */
#include "config.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"

#define BATCH 256		/* events taken from the kernel at a time */

struct loop {
	int			 epoll;
	bool			 stop;
	int64_t			 now;

	struct epoll_event	 batch[BATCH];
	int			 nbatch, at; /* events to dispatch, from at */

	struct loop_task	*soon;		/* the last one comes first */

	struct loop_timer      **heap;		/* heap[1] expires first */
	size_t			 nheap, heap_cap;

	pthread_mutex_t		 lock;		/* of the posted tasks */
	struct loop_task	*first, **last;
	atomic_bool		 asleep; /* somebody who posts has to wake it */
	struct loop_fd		 wake;
};

/* It is never read: each write to it is an edge. */
static void
woken(struct loop_fd *fd, unsigned events)
{
	(void)fd;
	(void)events;
}

struct loop *
loop_create(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	pthread_mutex_init(&l->lock, NULL);
	l->last = &l->first;
	l->now = util_now_ms();
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->wake.ready = woken;
	if (l->epoll < 0 || l->wake.fd < 0 ||
	    !loop_fd_set(l, &l->wake, EPOLLIN | EPOLLET))
		die("event loop: %s", strerror(errno));
	return l;
}

void
loop_destroy(struct loop *l)
{
	if (l == NULL)
		return;
	close(l->wake.fd);
	close(l->epoll);
	pthread_mutex_destroy(&l->lock);
	free(l->heap);
	free(l);
}

int64_t
loop_now(const struct loop *l)
{
	return l->now;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}

/* --- Descriptors. */

bool
loop_fd_set(struct loop *l, struct loop_fd *f, unsigned events)
{
	struct epoll_event ev = { .events = events, .data.ptr = f };

	if (f->added && f->events == events)
		return true;
	if (epoll_ctl(l->epoll, f->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, f->fd,
	    &ev) < 0)
		return false;
	f->added = true;
	f->events = events;
	return true;
}

void
loop_fd_stop(struct loop *l, struct loop_fd *f)
{
	int i;

	if (!f->added)
		return;
	f->added = false;
	if (f->fd >= 0)			/* else closed, and so forgotten */
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, f->fd, NULL);
	/* An event that was already taken must not reach freed memory. */
	for (i = l->at; i < l->nbatch; i++)
		if (l->batch[i].data.ptr == f)
			l->batch[i].data.ptr = NULL;
}

/* --- What follows at once. */

void
loop_soon(struct loop *l, struct loop_task *task)
{
	if (task->queued)
		return;
	task->queued = true;
	task->next = l->soon;
	l->soon = task;
}

void
loop_soon_stop(struct loop *l, struct loop_task *task)
{
	struct loop_task **at;

	if (!task->queued)
		return;
	for (at = &l->soon; *at != task; at = &(*at)->next)
		;
	*at = task->next;
	task->queued = false;
}

void
loop_settle(struct loop *l)
{
	struct loop_task *task;

	while ((task = l->soon) != NULL) {
		l->soon = task->next;
		task->queued = false;
		task->run(task);
	}
}

static void
dispatch(struct loop *l)
{
	struct loop_fd	*f;
	unsigned	 events;

	for (l->at = 0; l->at < l->nbatch;) {
		f = l->batch[l->at].data.ptr;
		events = l->batch[l->at].events;
		l->at++;
		if (f != NULL)
			f->ready(f, events);
		loop_settle(l);
	}
	l->nbatch = l->at = 0;
}

/* --- Timers: a binary heap, so that thousands cost little. */

static void
heap_put(struct loop *l, size_t place, struct loop_timer *t)
{
	l->heap[place] = t;
	t->place = place;
}

static void
heap_up(struct loop *l, size_t i)
{
	struct loop_timer *t = l->heap[i];

	for (; i > 1 && l->heap[i / 2]->when > t->when; i /= 2)
		heap_put(l, i, l->heap[i / 2]);
	heap_put(l, i, t);
}

static void
heap_down(struct loop *l, size_t i)
{
	struct loop_timer	*t = l->heap[i];
	size_t			 child;

	for (; (child = i * 2) <= l->nheap; i = child) {
		if (child < l->nheap &&
		    l->heap[child + 1]->when < l->heap[child]->when)
			child++;
		if (l->heap[child]->when >= t->when)
			break;
		heap_put(l, i, l->heap[child]);
	}
	heap_put(l, i, t);
}

void
loop_timer_set(struct loop *l, struct loop_timer *t, int64_t ms)
{
	t->when = l->now + (ms > 0 ? ms : 0);
	if (t->place == 0) {
		if (l->nheap + 2 > l->heap_cap) {
			l->heap_cap = l->heap_cap ? l->heap_cap * 2 : 64;
			l->heap = xrealloc(l->heap,
			    l->heap_cap * sizeof(struct loop_timer *));
		}
		heap_put(l, ++l->nheap, t);
	}
	heap_up(l, t->place);
	heap_down(l, t->place);
}

void
loop_timer_stop(struct loop *l, struct loop_timer *t)
{
	struct loop_timer	*moved;
	size_t			 i = t->place;

	if (i == 0)
		return;
	t->place = 0;
	moved = l->heap[l->nheap--];
	if (moved == t)
		return;
	heap_put(l, i, moved);
	heap_up(l, i);
	heap_down(l, moved->place);
}

static void
expire(struct loop *l)
{
	struct loop_timer	*t;
	size_t			 most = l->nheap; /* one set meanwhile waits */

	while (most-- > 0 && l->nheap > 0 && l->heap[1]->when <= l->now) {
		t = l->heap[1];
		loop_timer_stop(l, t);
		t->expired(t);
		loop_settle(l);
	}
}

/* How long epoll may wait: to the first timer, rounded so as not to spin. */
static int
patience(struct loop *l)
{
	int64_t ms;

	if (l->nheap == 0)
		return -1;
	ms = l->heap[1]->when - l->now;
	return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

/* --- Tasks. */

void
loop_post(struct loop *l, struct loop_task *task)
{
	const uint64_t	one = 1;
	bool		wake;

	pthread_mutex_lock(&l->lock);
	if (task->queued)
		die("a task was posted twice");
	task->queued = true;
	task->next = NULL;
	*l->last = task;
	l->last = &task->next;
	wake = atomic_exchange(&l->asleep, false);
	pthread_mutex_unlock(&l->lock);
	if (wake && write(l->wake.fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		die("eventfd: %s", strerror(errno));
}

static void
run_tasks(struct loop *l)
{
	struct loop_task *task, *next;

	pthread_mutex_lock(&l->lock);
	task = l->first;
	l->first = NULL;
	l->last = &l->first;
	pthread_mutex_unlock(&l->lock);
	for (; task != NULL; task = next) {
		next = task->next;
		task->queued = false;
		task->run(task);
		loop_settle(l);
	}
}

/* How long it may wait now: not at all where a task was posted. */
static int
fall_asleep(struct loop *l)
{
	int ms = patience(l);

	pthread_mutex_lock(&l->lock);
	if (l->first != NULL)
		ms = 0;
	atomic_store(&l->asleep, ms != 0);
	pthread_mutex_unlock(&l->lock);
	return ms;
}

void
loop_run(struct loop *l)
{
	int n;

	log_hold();
	while (!l->stop) {
		log_flush();
		n = epoll_wait(l->epoll, l->batch, BATCH, fall_asleep(l));
		if (n < 0 && errno != EINTR)
			die("epoll_wait: %s", strerror(errno));
		/* What is posted from here on is run in this turn. */
		atomic_store(&l->asleep, false);
		l->now = util_now_ms();
		l->nbatch = n > 0 ? n : 0;
		dispatch(l);
		run_tasks(l);
		expire(l);
	}
	log_release();
	l->stop = false;	/* it can run again */
}
