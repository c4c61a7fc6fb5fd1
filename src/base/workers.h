/*
 * The threads that do what costs milliseconds or waits for the disk. A few are
 * enough, since they never wait for a client or for upstream; more are started
 * while all are busy, up to a limit, and end when idle.
 */
#ifndef WORKERS_H
#define WORKERS_H

#define WORKERS_MAX	80

/* No kind may take all of them, so that some are left for small requests. */
enum work {
	WORK_ANY,		/* what comes to its end by itself, and soon */
	WORK_STORE,		/* waits for the disk, or for its lock */
	WORK_LARGE,		/* takes a processor for a while */
	WORK__MAX
};

struct job {
	struct job	 *next;
	void		(*run)(struct job *);
	enum work	  kind;
	/* Its owner or NULL; with half of a kind's threads it comes last. */
	const void	 *owner;
};

struct workers;

struct workers *workers_create(void);
void	workers_destroy(struct workers *);	/* waits for running jobs */
void	workers_submit(struct workers *, struct job *);

#endif
