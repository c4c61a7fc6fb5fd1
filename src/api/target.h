/* Which model a request is for, and what upstream calls it. */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

#include <json-c/json.h>

struct conf;
struct err;
struct exchange;
struct model;
struct models;

/* Borrowed from the request, the configuration and the model list. */
struct target {
	const char		*asked;		/* as the client wrote it */
	const char		*upstream;	/* mapped and resolved */
	const struct model	*model;		/* NULL: not in the list */
};

/* Read "model" of a parsed request; false with "err" set when it has none. */
bool	target_name(json_object *, const char **name, struct err *);

/*
 * The model of that name: through the configuration's mappings, then by any
 * form of a name in the list ("models" may be NULL). One that the list lacks is
 * asked for as it is: upstream knows best.
 */
void	target_resolve(const struct conf *, const struct models *,
	    const char *asked, struct target *);

/*
 * Both. False with "err" set when there is no name, or when the model is known
 * to serve none of these endpoints (MODEL_CHAT, ...).
 */
bool	target_find(const struct exchange *, json_object *, unsigned endpoints,
	    struct target *, struct err *);

#endif
