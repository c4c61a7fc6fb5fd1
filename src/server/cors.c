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
	"x-response-stored, x-tools-left-out, request-id, " \
	"anthropic-ratelimit-requests-limit, " \
	"anthropic-ratelimit-requests-remaining, " \
	"anthropic-ratelimit-requests-reset"

/* SDKs send these, for a preflight that does not say what it wants. */
#define DEFAULT_HEADERS "Authorization, Content-Type, X-Api-Key, " \
	"OpenAI-Beta, OpenAI-Organization, OpenAI-Project, " \
	"Anthropic-Version, Anthropic-Beta, " \
	"Anthropic-Dangerous-Direct-Browser-Access"

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
	if (strncmp(host, "127.", 4) == 0 &&
	    strspn(host, "0123456789.") == n)
		return true;
	/* Browsers resolve every name below localhost to loopback. */
	return n > 10 && strncasecmp(host + n - 10, ".localhost", 10) == 0;
}

/* 127.0.0.0/8, ::1, and the one in the other. */
static bool
loopback_addr(const char *addr)
{
	return util_starts(addr, "127.") || strcmp(addr, "::1") == 0 ||
	    util_starts(addr, "::ffff:127.");
}

/* Is the Host header this name, whatever its port? */
static bool
same_host(const char *host, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(host, name, n) == 0 &&
	    (host[n] == '\0' || host[n] == ':');
}

/* Programs' own pages: none of the internet or of an extension has one. */
static bool
is_program(const char *origin)
{
	static const char *const schemes[] = {
		"app://", "tauri://", "vscode-webview://"
	};
	size_t i;

	for (i = 0; i < COUNT(schemes); i++)
		if (util_starts_nocase(origin, schemes[i]))
			return true;
	return false;
}

bool
cors_origin_allowed(const struct conf *conf, const char *origin)
{
	size_t i;

	if (conf->nkeys > 0)
		return true;
	for (i = 0; conf->cors_allow_origins[i] != NULL; i++)
		if (strcmp(conf->cors_allow_origins[i], "*") == 0 ||
		    strcasecmp(conf->cors_allow_origins[i], origin) == 0)
			return true;
	if (util_starts_nocase(origin, "http://"))
		return loopback(origin + 7);
	if (util_starts_nocase(origin, "https://"))
		return loopback(origin + 8);
	return is_program(origin);
}

/*
 * A page whose name means this machine now (DNS rebinding) is of the same
 * origin as the server, to its browser. A server without keys on loopback knows
 * its names; a site's virtual host has an address of its own.
 */
static bool
host_allowed(const struct exchange *x)
{
	const struct conf	*conf = x->conf;
	const char		*host = x->req.host;
	size_t			 i;

	if (conf->nkeys > 0 || host == NULL || host[0] == '\0' ||
	    x->req.server_addr == NULL || !loopback_addr(x->req.server_addr) ||
	    loopback(host))
		return true;
	for (i = 0; conf->server_hosts[i] != NULL; i++)
		if (same_host(host, conf->server_hosts[i]))
			return true;
	return false;
}

/*
 * An image, a form or a script of another site needs no Origin to make a
 * request; browsers say whose it is. A visit of "/" shows the page to a person.
 */
static bool
fetch_allowed(const struct request *r)
{
	if (r->fetch_site == NULL || r->origin != NULL ||
	    strcmp(r->fetch_site, "cross-site") != 0)
		return true;
	return strcmp(r->path, "/") == 0 && r->fetch_mode != NULL &&
	    strcmp(r->fetch_mode, "navigate") == 0;
}

bool
cors_check(struct exchange *x, struct err *err)
{
	const char *origin = x->req.origin;

	reply_header_always(&x->reply, "Vary", "Origin");
	if (!host_allowed(x))
		return err_set(err, 403, ERR_PERMISSION, "host_not_allowed",
		    NULL, "This server is not called '%.200s'. Add the name to "
		    "server.hosts, or a key to auth.apiKeys, in config.json.",
		    x->req.host);
	if (!fetch_allowed(&x->req))
		return err_set(err, 403, ERR_PERMISSION, "cross_site_request",
		    NULL, "Web pages of other sites may not use this server in "
		    "this way.");
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
