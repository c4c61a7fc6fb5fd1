#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "samples.h"

/* Remember one time. Behind SAMPLES_MAX further ones are not kept. */
void
samples_add(struct samples *s, uint64_t ns)
{
	if (s->n == s->cap) {
		size_t	 cap = s->cap == 0 ? 4096 : s->cap * 2;
		void	*p;

		if (s->cap >= SAMPLES_MAX)
			return;
		if ((p = realloc(s->ns, cap * sizeof(s->ns[0]))) == NULL) {
			perror("load: samples");
			exit(2);
		}
		s->ns = p;
		s->cap = cap;
	}
	s->ns[s->n++] = ns;
}

static int
compare(const void *a, const void *b)
{
	uint64_t	 x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void
samples_sort(struct samples *s)
{
	if (s->n > 1)
		qsort(s->ns, s->n, sizeof(s->ns[0]), compare);
}

double
samples_percentile(const struct samples *s, unsigned percent)
{
	size_t	 rank = (s->n * percent + 99) / 100;

	if (s->n == 0)
		return 0;
	return (double)s->ns[rank > 0 ? rank - 1 : 0] / 1000;
}

void
samples_finish(struct samples *s)
{
	free(s->ns);
	*s = (struct samples){ 0 };
}
