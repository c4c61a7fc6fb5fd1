/* Client keys: who may use this server. */
#ifndef AUTH_H
#define AUTH_H

#include <stdbool.h>

struct conf;
struct conf_key;
struct err;
struct request;

/*
 * Does the request carry one of the configured keys, as "x-api-key: KEY" or
 * "Authorization: Bearer KEY"? Then *key is the configuration's. With no keys
 * configured everybody may, and *key is NULL. False with a 401 in "err"
 * otherwise.
 */
bool	auth_check(const struct conf *, const struct request *,
	    const struct conf_key **key, struct err *);

#endif
