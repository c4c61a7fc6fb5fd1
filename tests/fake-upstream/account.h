/*
 * Accounts beside the ordinary one: what setting "accounts" says of a GitHub
 * token. GitHub Apps, and Auto.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>

#include <json-c/json.h>

#include "catalog.h"
#include "fake.h"

/* The account that the request's token is of; NULL: the ordinary one. */
json_object *account_of(struct call *);
/* A member of it, else the default. */
const char *account_str(struct call *, const char *member, const char *dflt);
bool	account_bool(struct call *, const char *member);

/* What stands behind "token" or "Bearer"; NULL when there is none. */
const char *account_authorization(struct call *);

/* May this GitHub token call GitHub's API? Does GitHub exchange it? */
bool	account_signed_in(struct call *, const char *github);
bool	account_exchanged(struct call *, const char *github);
/* Does Copilot take this as it is? Refuses what it refuses. */
bool	account_direct(struct call *, const char *github);

/* The list as this account sees it, from everybody's. */
void	account_models(struct call *, struct buf *list);
/* May it use the model? */
bool	account_may(struct call *, const struct model *);

#endif
