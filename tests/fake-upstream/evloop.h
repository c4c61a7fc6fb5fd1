/*
 * One epoll set and one heap of timers: everything the fake upstream does
 * happens in a callback from here.
 */
#ifndef EVLOOP_H
#define EVLOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTAINER(p, type, member) \
	((type *)(void *)((char *)(p) - offsetof(type, member)))

/* Embedded in what owns the descriptor; fn gets epoll's event bits. */
struct watch {
	int	 fd;
	void	(*fn)(struct watch *, uint32_t events);
};

/* Embedded in what waits. Zeroed memory with fn set is an idle timer. */
struct timer {
	int64_t	 when;		/* CLOCK_MONOTONIC, ns */
	size_t	 place;		/* in the heap, from 1; 0 when idle */
	void	(*fn)(struct timer *);
};

struct evloop {
	int		  ep;
	struct timer	**heap;
	size_t		  n, cap;
	bool		  stop;
	void		(*after)(void *);	/* each batch of events */
	void		 *arg;
};

void	evloop_init(struct evloop *);
void	evloop_run(struct evloop *);		/* until "stop" is set */
void	evloop_finish(struct evloop *);

/* False when epoll can't watch this kind of file. */
bool	evloop_add(struct evloop *, struct watch *, uint32_t events);
void	evloop_change(struct evloop *, struct watch *, uint32_t events);

void	timer_set(struct evloop *, struct timer *, int64_t when);
void	timer_clear(struct evloop *, struct timer *);

int64_t	mono_ns(void);		/* CLOCK_MONOTONIC */
int64_t	wall_ms(void);		/* CLOCK_REALTIME */
/* Milliseconds to nanoseconds; what is out of range becomes 0 or 11 days. */
int64_t	ms_to_ns(int64_t);

#endif
