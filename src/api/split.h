/* A request that takes several others: HANDLED_PARTS, see server/fan.h. */
#ifndef SPLIT_H
#define SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

struct err;
struct exchange;

#define SPLIT_MAX 16	/* calls at once for one request */

/*
 * The body once for each of n choices, "obj" being what it says. False with
 * "err" set when that are too many.
 */
bool	split_choices(struct exchange *, json_object *obj, int64_t n,
	    struct err *);

/* The same for each of several prompts, which are strings. */
bool	split_prompts(struct exchange *, json_object *obj,
	    json_object *prompts, struct err *);

#endif
