/* loop.c: timers in order, tasks from other threads, descriptors that go. */
#include "config.h"

#include <sys/epoll.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "base/util.h"

#define TIMERS	500
#define TASKS	2000
#define THREADS	4

static struct loop	*loop;

struct numbered {
	struct loop_timer	 timer;
	int64_t			 ms;
};

static int64_t	last_ms;
static int	expired;

static void
on_expired(struct loop_timer *t)
{
	struct numbered *n = (struct numbered *)t;

	assert_true(n->ms >= last_ms);
	last_ms = n->ms;
	expired++;
}

static void
on_stop(struct loop_timer *t)
{
	(void)t;
	loop_stop(loop);
}

/* Random times, a third stopped again, a third moved: order holds. */
static void
test_timers(void **state)
{
	static struct numbered	timers[TIMERS];
	struct loop_timer	stop = { .expired = on_stop };
	unsigned		seed = 7;
	size_t			i;

	(void)state;
	loop = loop_create();
	last_ms = 0;
	expired = 0;
	for (i = 0; i < TIMERS; i++) {
		timers[i].timer.expired = on_expired;
		timers[i].ms = (int64_t)(rand_r(&seed) % 40);
		loop_timer_set(loop, &timers[i].timer, timers[i].ms);
	}
	for (i = 0; i < TIMERS; i++) {
		if (i % 3 == 0)
			loop_timer_stop(loop, &timers[i].timer);
		if (i % 3 == 1) {
			timers[i].ms = (int64_t)(rand_r(&seed) % 40);
			loop_timer_set(loop, &timers[i].timer, timers[i].ms);
		}
	}
	loop_timer_stop(loop, &timers[0].timer);	/* twice is fine */
	loop_timer_set(loop, &stop, 60);
	loop_run(loop);
	assert_int_equal(expired, TIMERS - (TIMERS + 2) / 3);
	loop_destroy(loop);
}

struct numbered_task {
	struct loop_task	task;
	int			thread, number;
};

static struct numbered_task	tasks[THREADS][TASKS];
static int			next_number[THREADS];
static int			tasks_run;

static void
on_task(struct loop_task *t)
{
	struct numbered_task *n = (struct numbered_task *)t;

	assert_int_equal(n->number, next_number[n->thread]);
	next_number[n->thread]++;
	if (++tasks_run == THREADS * TASKS)
		loop_stop(loop);
}

static void *
poster(void *arg)
{
	int thread = (int)(intptr_t)arg, i;

	for (i = 0; i < TASKS; i++) {
		tasks[thread][i].task.run = on_task;
		tasks[thread][i].thread = thread;
		tasks[thread][i].number = i;
		loop_post(loop, &tasks[thread][i].task);
	}
	return NULL;
}

static int	soon_run;

static void
on_soon(struct loop_task *t)
{
	/* One that is set from inside runs in the same turn. */
	if (++soon_run == 1)
		loop_soon(loop, t);
}

/* Behind the event that set it, once however often it was set. */
static void
on_event_sets(struct loop_fd *f, unsigned events)
{
	static struct loop_task	task = { .run = on_soon };
	static struct loop_task	never = { .run = on_soon };

	(void)events;
	assert_int_equal(soon_run, 0);
	loop_soon(loop, &task);
	loop_soon(loop, &never);
	loop_soon(loop, &task);
	loop_soon_stop(loop, &never);
	loop_soon_stop(loop, &never);
	assert_int_equal(soon_run, 0);
	loop_fd_stop(loop, f);
	loop_stop(loop);
}

static void
test_soon(void **state)
{
	struct loop_fd	 f = { .ready = on_event_sets };
	int		 ends[2];

	(void)state;
	loop = loop_create();
	soon_run = 0;
	assert_int_equal(pipe(ends), 0);
	f.fd = ends[0];
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_true(loop_fd_set(loop, &f, EPOLLIN));
	loop_run(loop);
	assert_int_equal(soon_run, 2);
	close(ends[0]);
	close(ends[1]);
	loop_destroy(loop);
}

static void
test_tasks(void **state)
{
	pthread_t	threads[THREADS];
	intptr_t	i;

	(void)state;
	loop = loop_create();
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, poster,
		    (void *)i), 0);
	loop_run(loop);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(tasks_run, THREADS * TASKS);
	loop_destroy(loop);
}

static struct loop_fd	*pair_fds[2];
static struct loop_fd	*told;
static int		 events_seen;

/* The first to be told takes the other one away, in the same turn. */
static void
on_ready(struct loop_fd *f, unsigned events)
{
	struct loop_fd *other = pair_fds[f == pair_fds[0]];

	assert_true(events & EPOLLIN);
	events_seen++;
	told = f;
	loop_fd_stop(loop, other);
	loop_fd_stop(loop, f);
	free(other);
	loop_stop(loop);
}

static void
test_removed_in_its_turn(void **state)
{
	int	a[2], b[2];
	int	i;

	(void)state;
	loop = loop_create();
	assert_int_equal(pipe(a) | pipe(b), 0);
	for (i = 0; i < 2; i++) {
		pair_fds[i] = xcalloc(1, sizeof(struct loop_fd));
		pair_fds[i]->fd = i == 0 ? a[0] : b[0];
		pair_fds[i]->ready = on_ready;
		assert_true(loop_fd_set(loop, pair_fds[i], EPOLLIN));
	}
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "x", 1), 1);
	loop_run(loop);
	assert_int_equal(events_seen, 1);
	free(told);
	close(a[0]);
	close(a[1]);
	close(b[0]);
	close(b[1]);
	loop_destroy(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_soon),
		cmocka_unit_test(test_removed_in_its_turn),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
