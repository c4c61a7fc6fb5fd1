/* Client keys: who may use this server. */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "api/request.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/util.h"
#include "server/auth.h"

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

bool
auth_check(const struct conf *conf, const struct request *r,
    const struct conf_key **key, struct err *err)
{
	const char *token = bearer(r->authorization);

	*key = NULL;
	if (conf->closed)
		return err_set(err, 401, ERR_REQUEST, "invalid_api_key", NULL,
		    "This server had API keys, and its config.json has lost "
		    "them: see its log.");
	if (conf->nkeys == 0)
		return true;
	if ((*key = conf_key_find(conf, r->x_api_key)) != NULL ||
	    (*key = conf_key_find(conf, token)) != NULL)
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
