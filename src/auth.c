/* Client keys: who may use this server. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "auth.h"
#include "conf.h"
#include "err.h"
#include "request.h"
#include "util.h"

/* The key behind "Bearer", whose case does not matter (RFC 9110, 11.1). */
static const char *
bearer(const char *authorization)
{
	if (authorization == NULL ||
	    !util_starts_nocase(authorization, "Bearer "))
		return NULL;
	authorization += strlen("Bearer ");
	return authorization + strspn(authorization, " ");
}

/* All keys are compared, so that the time does not tell which one was close. */
static bool
known(const struct conf *conf, const char *key)
{
	bool	found = false;
	size_t	i;

	for (i = 0; conf->api_keys[i] != NULL; i++)
		found |= util_equal_secret(conf->api_keys[i], key);
	return found;
}

bool
auth_check(const struct conf *conf, const struct request *r, struct err *err)
{
	const char *token = bearer(r->authorization);

	if (conf->api_keys[0] == NULL)
		return true;
	if (r->x_api_key != NULL && known(conf, r->x_api_key))
		return true;
	if (token != NULL && known(conf, token))
		return true;
	if (r->x_api_key == NULL && token == NULL)
		return err_set(err, 401, ERR_REQUEST, NULL, NULL,
		    "You didn't provide an API key. You need to provide your "
		    "API key in an Authorization header using Bearer auth "
		    "(i.e. Authorization: Bearer YOUR_KEY) or in an x-api-key "
		    "header. The keys are listed in auth.apiKeys of this "
		    "server's config.json.");
	return err_set(err, 401, ERR_REQUEST, "invalid_api_key", NULL,
	    "Incorrect API key provided. The keys are listed in auth.apiKeys "
	    "of this server's config.json.");
}
