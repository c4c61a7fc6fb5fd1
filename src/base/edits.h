/*
 * Edits of a JSON object's members, collected before js_splice makes them all
 * at once. Zeroed memory is none.
 */
#ifndef EDITS_H
#define EDITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/js.h"

#define EDITS_MAX 48	/* more than a request has members that we know */

struct edits {
	struct js_edit	list[EDITS_MAX];
	size_t		n;
};

/* The last edit of a member counts. The key is borrowed. */
void	edits_set_take(struct edits *, const char *key, json_object *value);
void	edits_remove(struct edits *, const char *key);
/* The same, where the object has such a member. */
void	edits_drop(struct edits *, json_object *obj, const char *key);
/* Make them in a tree instead. */
void	edits_apply(const struct edits *, json_object *obj);
void	edits_finish(struct edits *);

#endif
