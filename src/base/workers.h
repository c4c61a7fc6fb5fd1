/*
 * The threads that read requests and do what costs milliseconds. A few are
 * enough, since they never wait for upstream; more are started while all are
 * busy (a slow upload occupies one), up to a limit, and end when idle.
 */
#ifndef WORKERS_H
#define WORKERS_H

#define WORKERS_MAX	64

struct job {
	struct job	 *next;
	void		(*run)(struct job *);
};

struct workers;

struct workers *workers_create(void);
void	workers_destroy(struct workers *);	/* waits for running jobs */
void	workers_submit(struct workers *, struct job *);

#endif
