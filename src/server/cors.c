/* Cross-origin requests from web pages. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "api/exchange.h"
#include "base/conf.h"
#include "base/util.h"
#include "server/cors.h"

#define EXPOSED "x-request-id, retry-after, retry-after-ms, x-should-retry, " \
	"openai-processing-ms, openai-version, x-ratelimit-limit-requests, " \
	"x-ratelimit-remaining-requests, x-ratelimit-reset-requests, " \
	"x-response-stored"

/* What SDKs send, for a preflight that does not say what it wants. */
#define DEFAULT_HEADERS "Authorization, Content-Type, X-Api-Key, " \
	"OpenAI-Beta, OpenAI-Organization, OpenAI-Project"

static bool
loopback(const char *host)
{
	static const char *const hosts[] = {
		"localhost", "127.0.0.1", "[::1]"
	};
	size_t i, n = strcspn(host, host[0] == '[' ? "]" : ":/");

	n += host[0] == '[' && host[n] == ']';
	for (i = 0; i < COUNT(hosts); i++)
		if (strlen(hosts[i]) == n &&
		    strncasecmp(host, hosts[i], n) == 0)
			return true;
	/* Browsers resolve every name below localhost to loopback. */
	return n > 10 && strncasecmp(host + n - 10, ".localhost", 10) == 0;
}

bool
cors_origin_allowed(const struct conf *conf, const char *origin)
{
	size_t i;

	if (conf->api_keys[0] != NULL)
		return true;
	for (i = 0; conf->cors_allow_origins[i] != NULL; i++)
		if (strcmp(conf->cors_allow_origins[i], "*") == 0 ||
		    strcasecmp(conf->cors_allow_origins[i], origin) == 0)
			return true;
	if (util_starts_nocase(origin, "http://"))
		return loopback(origin + 7);
	if (util_starts_nocase(origin, "https://"))
		return loopback(origin + 8);
	/* app://, tauri://, vscode-webview://: no page of the internet has one.
	 * "null" can be a sandboxed frame of any page. */
	return strstr(origin, "://") != NULL &&
	    !util_starts_nocase(origin, "file://");
}

bool
cors_check(struct exchange *x, struct err *err)
{
	const char *origin = x->req.origin;

	reply_header_always(&x->reply, "Vary", "Origin");
	if (origin == NULL)
		return true;
	if (!cors_origin_allowed(x->conf, origin))
		return err_set(err, 403, ERR_PERMISSION, "origin_not_allowed",
		    NULL, "Web pages of the origin '%.200s' may not use this "
		    "server. Add the origin to cors.allowOrigins, or a key to "
		    "auth.apiKeys, in config.json.", origin);
	reply_header_always(&x->reply, "Access-Control-Allow-Origin", origin);
	reply_header_always(&x->reply, "Access-Control-Expose-Headers",
	    EXPOSED);
	return true;
}

void
cors_preflight(struct exchange *x, const char *methods)
{
	struct reply	*r = &x->reply;
	const char	*wanted = x->req.acr_headers;

	r->status = 204;
	reply_header(r, "Allow", methods);
	if (x->req.origin == NULL)
		return;
	reply_header(r, "Access-Control-Allow-Methods", methods);
	reply_header(r, "Access-Control-Allow-Headers",
	    wanted != NULL && wanted[0] != '\0' ? wanted : DEFAULT_HEADERS);
	reply_header(r, "Access-Control-Max-Age", "86400");
	if (x->req.acr_private_network)
		reply_header(r, "Access-Control-Allow-Private-Network", "true");
}
