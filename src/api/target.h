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

#define TARGET_NAME_SIZE 256

/*
 * Borrowed from the request, the configuration and the model list, or in
 * "bare": don't copy it.
 */
struct target {
	const char		*asked;		/* as the client wrote it */
	const char		*upstream;	/* mapped and resolved */
	const struct model	*model;		/* NULL: not in the list */
	/* "gpt-5.5:high", or what such a name is mapped to; else NULL. */
	const char		*effort;
	char			 bare[TARGET_NAME_SIZE];
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
 * The same without the list and the request: "name" through the mappings and
 * without its effort. The result is in "bare" or borrowed.
 */
const char *target_bare(const struct conf *, const char *name,
	    char bare[static TARGET_NAME_SIZE], const char **effort);

/* The member that a name with an effort sets in a request. */
enum target_form {
	TARGET_CHAT,			/* reasoning_effort */
	TARGET_RESPONSES,		/* reasoning.effort */
	TARGET_MESSAGES			/* output_config.effort, thinking */
};
/*
 * Have the request itself, its tree and its text, say the effort, in place of
 * what it said: who names a model so has chosen. NULL as the effort: nothing
 * is done; as the exchange: the tree only.
 */
void	target_set_effort(struct exchange *, json_object *,
	    const char *effort, enum target_form);

/*
 * Both. False with "err" set when there is no name, or when the model is known
 * to serve none of these endpoints (MODEL_CHAT, ...).
 */
bool	target_find(const struct exchange *, json_object *, unsigned endpoints,
	    struct target *, struct err *);

#endif
