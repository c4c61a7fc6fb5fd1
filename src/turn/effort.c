/* How much a model thinks. */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "turn/effort.h"

static const char *const efforts[] = {
	"none", "minimal", "low", "medium", "high", "xhigh", "max",
};

static int
rank_of(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(efforts); i++)
		if (strcmp(efforts[i], name) == 0)
			return (int)i;
	return -1;
}

const char *
effort_nearest(const char *asked, char *const *list)
{
	const char	*best = NULL;
	int		 want = rank_of(asked), rank, far, nearest = INT_MAX;

	for (; list != NULL && *list != NULL; list++) {
		if (strcmp(*list, asked) == 0 || want < 0)
			return asked;
		/* Whoever wants little thinking doesn't want none. */
		if ((rank = rank_of(*list)) < 0 || (rank == 0 && want > 0))
			continue;
		far = abs(rank - want);
		if (far < nearest || (far == nearest && rank < want)) {
			nearest = far;
			best = *list;
		}
	}
	return best;
}

const char *
effort_in_name(const char *name, size_t *n)
{
	const char	*colon = strrchr(name, ':');
	int		 rank;

	if (colon == NULL || colon == name || (rank = rank_of(colon + 1)) < 0)
		return NULL;
	*n = (size_t)(colon - name);
	return efforts[rank];
}
