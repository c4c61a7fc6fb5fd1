/*
 * What shall go wrong with the next requests: a queue of scenarios, each for a
 * path, perhaps a model, and a number of times.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <stdbool.h>

#include <json-c/json.h>

struct buf;
struct scenario;

struct scenarios {
	struct scenario *first;
};

/* Checks and queues one; false with "why" when it makes no sense. */
bool	scenario_add(struct scenarios *, json_object *, struct buf *why);
/* The members of the first that fits, used up by one; you put it. Or NULL. */
json_object *scenario_take(struct scenarios *, const char *path,
	    const char *model);
/* Is a close_idle due for this path? Then it has been used up by one. */
bool	scenario_close_idle(struct scenarios *, const char *path);
size_t	scenario_count(const struct scenarios *);
void	scenario_clear(struct scenarios *);

#endif
