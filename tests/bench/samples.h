/* Measured times, kept one by one: a percentile is read, never estimated. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLES_MAX (32u << 20)	/* 256 MB: far more than a run may bring */

struct samples {
	uint64_t	*ns;
	size_t		 n;
	size_t		 cap;
};

void	 samples_add(struct samples *, uint64_t ns);
void	 samples_sort(struct samples *);	/* before samples_percentile */
/* What "percent" (0-100) of all don't exceed, in microseconds; 0 if none. */
double	 samples_percentile(const struct samples *, unsigned percent);
void	 samples_finish(struct samples *);

#endif
