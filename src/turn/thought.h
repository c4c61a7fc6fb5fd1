/*
 * The thoughts of a model before it called a tool, as far as they have to be
 * given back with the call.
 */
#ifndef TURN_THOUGHT_H
#define TURN_THOUGHT_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"

/* Zeroed memory is one in which nothing was thought yet. */
struct thought {
	json_object	*opaque;	/* chat's reasoning_opaque */
	struct buf	 text;
	json_object	*calls;		/* their ids */
};

/*
 * It keeps a thought, on a worker; "arg" outlives the answer. NULL: nothing is
 * kept.
 */
struct thought_keeper {
	void	(*keep)(void *arg, const struct thought *);
	void	*arg;
};

/* Note what the model says; the first opaque counts. Borrowed, may be NULL. */
void	thought_opaque(struct thought *, json_object *text);
void	thought_text(struct thought *, json_object *text);
void	thought_call(struct thought *, const char *id);

/* Is it one that has to be kept? */
bool	thought_counts(const struct thought *);
/* Its text, if it is short enough to be kept; else NULL. */
const char *thought_kept_text(const struct thought *);
void	thought_finish(struct thought *);

#endif
