/*
 * This server's work, counted for monitoring: counters, histograms and gauges
 * of all processes that share the data directory.
 *
 * They stand in a file, "metrics", which each process maps: a part for each
 * process, which nobody else writes to. A process that ends leaves its part
 * behind, and the next one counts on in it, so that a sum never falls. One that
 * can't have a part (a read-only directory) counts for itself.
 *
 * All functions may be called from any thread, and none waits for a disk.
 */
#ifndef STATE_METRICS_H
#define STATE_METRICS_H

#include <stdint.h>

struct buf;
struct metrics;

/* The metrics; their names and their help are in metrics.c. */
enum metric {
	METRIC_REQUESTS,
	METRIC_DURATION,
	METRIC_FIRST_TOKEN,
	METRIC_PER_TOKEN,
	METRIC_TOKEN_USAGE,
	METRIC_TOKENS,
	METRIC_CREDITS,
	METRIC_UPSTREAM_ERRORS,
	METRIC_SECOND_CALLS,
	METRIC_LAST
};

/* Values that go up and down, in this process. */
enum metric_gauge {
	GAUGE_STARTED,		/* seconds since 1970 */
	GAUGE_REQUESTS,		/* that are carried out */
	GAUGE_MEMORY,		/* bytes of them */
	GAUGE_LAST
};

#define METRIC_LABELS	256	/* bytes; a series with more is not counted */

/* "home" is the data directory; NULL: count for this process alone. */
struct metrics *metrics_create(const char *home);
void	metrics_destroy(struct metrics *);	/* NULL is fine */

/*
 * Add to a counter, or one observation to a histogram. "labels" is the text
 * between the braces, made by metrics_label(); few different ones, since each
 * is kept. With NULL for the metrics nothing is done.
 */
void	metrics_add(struct metrics *, enum metric, const char *labels,
	    double value);
void	metrics_set(struct metrics *, enum metric_gauge, int64_t value);

/*
 * Append NAME="VALUE" and what separates it; the value is escaped. Where it
 * finds no room all of the series is not counted, but as one that was dropped:
 * half a label would spoil the page, and two that are cut might be the same.
 */
void	metrics_label(char labels[static METRIC_LABELS], const char *name,
	    const char *value);
/* The same for a text that is it: one label, or several with commas between. */
void	metrics_text(char labels[static METRIC_LABELS], const char *text);

/* Append all of it in Prometheus' text format (version 0.0.4). */
void	metrics_print(const struct metrics *, struct buf *out);

#endif
