/*
 * The load itself: one thread, one epoll set, and as many connections as the
 * plan says.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include <stdint.h>

#include "samples.h"

struct plan;

/* What went wrong, in the order of the names in runner_failure(). */
enum failure {
	FAIL_CONNECT,
	FAIL_BROKEN,		/* closed or reset before the answer's end */
	FAIL_HTTP,		/* not HTTP */
	FAIL_STATUS,		/* not 200 */
	FAIL_STREAM,		/* chunks or the terminator are missing */
	FAIL_TIMEOUT,
	FAIL__MAX
};

struct tally {
	struct samples	 latency;	/* per measured chunk, or per request */
	uint64_t	 answers;	/* complete and right */
	uint64_t	 opened;	/* connections */
	uint64_t	 chunks;
	/* Chunks that came in one read behind another: late, or not flushed. */
	uint64_t	 batched;
	uint64_t	 bytes;		/* of bodies */
	uint64_t	 failed[FAIL__MAX];
	char		 first[256];	/* the first failure in words */
	uint64_t	 begun;		/* ns, CLOCK_MONOTONIC */
	uint64_t	 ended;
	uint64_t	 steady; /* from here all streams were open ... */
	uint64_t	 unsteady; /* ... and here one had ended; 0: never */
};

/* Run the plan to its end, which its timeout bounds. */
void	 runner_run(const struct plan *, struct tally *);
const char *runner_failure(enum failure);

#endif
