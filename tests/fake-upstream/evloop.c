/* One epoll set and one heap of timers. */
#include "config.h"

#include <sys/epoll.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "evloop.h"

#define BATCH 256

int64_t
mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
ms_to_ns(int64_t ms)
{
	return (ms < 0 ? 0 : ms > 1000000000 ? 1000000000 : ms) * 1000000;
}

void
evloop_init(struct evloop *l)
{
	*l = (struct evloop){ .ep = epoll_create1(EPOLL_CLOEXEC) };
	if (l->ep == -1)
		die("epoll_create1: %s", strerror(errno));
}

void
evloop_finish(struct evloop *l)
{
	close(l->ep);
	free(l->heap);
}

bool
evloop_add(struct evloop *l, struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	return epoll_ctl(l->ep, EPOLL_CTL_ADD, w->fd, &ev) == 0;
}

void
evloop_change(struct evloop *l, struct watch *w, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = w };

	if (epoll_ctl(l->ep, EPOLL_CTL_MOD, w->fd, &ev) != 0)
		die("epoll_ctl: %s", strerror(errno));
}

/* --- The heap: heap[0] is due first. "place" is the index plus one. */

static void
put(struct evloop *l, size_t i, struct timer *t)
{
	l->heap[i] = t;
	t->place = i + 1;
}

static void
sift_up(struct evloop *l, size_t i)
{
	struct timer	*t = l->heap[i];
	size_t		 parent;

	for (; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (l->heap[parent]->when <= t->when)
			break;
		put(l, i, l->heap[parent]);
	}
	put(l, i, t);
}

static void
sift_down(struct evloop *l, size_t i)
{
	struct timer	*t = l->heap[i];
	size_t		 child;

	for (; (child = 2 * i + 1) < l->n; i = child) {
		if (child + 1 < l->n &&
		    l->heap[child + 1]->when < l->heap[child]->when)
			child++;
		if (t->when <= l->heap[child]->when)
			break;
		put(l, i, l->heap[child]);
	}
	put(l, i, t);
}

void
timer_clear(struct evloop *l, struct timer *t)
{
	size_t		 i = t->place;
	struct timer	*last;

	if (i-- == 0)
		return;
	t->place = 0;
	last = l->heap[--l->n];
	if (last == t)
		return;
	put(l, i, last);
	sift_up(l, i);
	sift_down(l, last->place - 1);
}

void
timer_set(struct evloop *l, struct timer *t, int64_t when)
{
	timer_clear(l, t);
	t->when = when;
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->heap = xrealloc(l->heap, l->cap * sizeof(*l->heap));
	}
	put(l, l->n++, t);
	sift_up(l, l->n - 1);
}

/* Milliseconds until the next timer, rounded up; -1 without one. */
static int
timeout(const struct evloop *l)
{
	int64_t left;

	if (l->n == 0)
		return -1;
	left = l->heap[0]->when - mono_ns();
	if (left <= 0)
		return 0;
	left = (left + 999999) / 1000000;
	return left > 60000 ? 60000 : (int)left;
}

/*
 * Run the timers that are due. One that is set again for "at once" waits for
 * the next round, so that descriptors get their turn.
 */
static void
run_timers(struct evloop *l)
{
	int64_t		 now = mono_ns();
	struct timer	*t;

	while (l->n > 0 && l->heap[0]->when <= now) {
		t = l->heap[0];
		timer_clear(l, t);
		t->fn(t);
	}
}

void
evloop_run(struct evloop *l)
{
	struct epoll_event	 ev[BATCH];
	struct watch		*w;
	int			 i, n;

	while (!l->stop) {
		n = epoll_wait(l->ep, ev, BATCH, timeout(l));
		if (n == -1 && errno != EINTR)
			die("epoll_wait: %s", strerror(errno));
		for (i = 0; i < n; i++) {
			w = ev[i].data.ptr;
			w->fn(w, ev[i].events);
		}
		run_timers(l);
		if (l->after != NULL)
			l->after(l->arg);
	}
}
