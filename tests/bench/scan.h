/*
 * Finds what matters in a benchmark stream without parsing JSON: the time that
 * the fake upstream puts in front of each chunk's content ("t=<nanoseconds>,
 * CLOCK_MONOTONIC), and the terminator of the stream. Neither depends on the
 * order of members or on white space, which a proxy may change.
 */
#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan {
	unsigned	 mark;	/* characters of "t= seen; then digits */
	unsigned	 end;		/* characters of data: [DONE] seen */
	uint64_t	 time;
	bool		 done;		/* the terminator has come */
};

/* Called with each time that was found. */
typedef void scan_time(void *arg, uint64_t ns);

/* A zeroed struct scan is ready for a new stream. */
void	 scan_feed(struct scan *, const char *p, size_t n, scan_time *,
	    void *arg);

#endif
