/* A client's key may use these: models, and the credits of its budget. */
#ifndef ALLOWANCE_H
#define ALLOWANCE_H

#include <stdbool.h>

struct conf_key;
struct err;
struct exchange;
struct models;

/*
 * The request is this client's, NULL for one that needs no key, and goes by the
 * account that the key names: no key sees what another account has.
 */
void	allowance_enter(struct exchange *, const struct conf_key *);

/*
 * May the request ask this model: "asked" as the client says, "upstream" as
 * upstream knows it? False with "err" set: a 404 as for a model that isn't
 * there, a 429 when a budget is spent, or a 503 when nobody can tell whether it
 * is. Looks at the disk, now and then.
 */
bool	allowance_check(const struct exchange *, const char *asked,
	    const char *upstream, struct err *);

/*
 * The list without the models that the key may not use, which is the list
 * itself when it may use all. Release it with models_unref().
 */
const struct models *allowance_models(const struct exchange *);

/*
 * The owner whose usage the client may see: its own name, or NULL for
 * everybody's: without keys, with one alone, and with one of an administrator.
 */
const char *allowance_owner(const struct exchange *);

#endif
