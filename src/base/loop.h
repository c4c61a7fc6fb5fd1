/*
 * The event loop: descriptors (epoll), timers and tasks posted by other
 * threads. One thread runs it; only loop_post() may be called by another.
 * The structs are embedded in their owner's and zeroed memory is an unused one.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

struct loop *loop_create(void);
void	 loop_destroy(struct loop *);
void	 loop_run(struct loop *);		/* until loop_stop() */
void	 loop_stop(struct loop *);
int64_t	 loop_now(const struct loop *);	/* ms; of this turn of the loop */

struct loop_fd {
	int	  fd;
	unsigned  events;		/* EPOLLIN, ...; as in epoll_ctl */
	void	(*ready)(struct loop_fd *, unsigned events);
	bool	  added;
};
/* Watch fd, or change what is watched for. False when epoll can't (a file). */
bool	 loop_fd_set(struct loop *, struct loop_fd *, unsigned events);
/* After this no event for it arrives. Call it before close(). */
void	 loop_fd_stop(struct loop *, struct loop_fd *);

struct loop_timer {
	int64_t	  when;
	size_t	  place;		/* in the heap, from 1; 0: not set */
	void	(*expired)(struct loop_timer *);
};
void	 loop_timer_set(struct loop *, struct loop_timer *, int64_t ms);
void	 loop_timer_stop(struct loop *, struct loop_timer *);

struct loop_task {
	struct loop_task *next;
	void		(*run)(struct loop_task *);
	bool		  queued;
};
/*
 * Have the loop's thread run a task, in the order of posting. Thread-safe. A
 * task that is still queued must not be posted again.
 */
void	 loop_post(struct loop *, struct loop_task *);
/*
 * Run a task when what the loop does now is done: one event of a descriptor, a
 * timer, a task. The loop's thread only; nothing if it is queued already.
 */
void	 loop_soon(struct loop *, struct loop_task *);
void	 loop_soon_stop(struct loop *, struct loop_task *);
/* Run them now: what the loop does each time that it comes back to itself. */
void	 loop_settle(struct loop *);

#endif
