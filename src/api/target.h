/* Which model a request is for, and what upstream calls it. */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct exchange;
struct model;

/* Borrowed from the request, the configuration and the model list. */
struct target {
	const char		*asked;		/* as the client wrote it */
	const char		*upstream;	/* mapped and resolved */
	const struct model	*model;		/* NULL: not in the list */
};

/*
 * Read "model" of a parsed request. False with "err" set when there is none,
 * or when the model is known not to serve "endpoint" (MODEL_CHAT, ...).
 */
bool	target_find(const struct exchange *, json_object *, unsigned endpoint,
	    struct target *, struct err *);

#endif
