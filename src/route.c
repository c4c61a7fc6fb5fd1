/* The routes. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "api.h"
#include "auth.h"
#include "conf.h"
#include "cors.h"
#include "route.h"
#include "util.h"

enum {
	ROUTE_OPEN = 1 << 0,	/* no client key needed */
	ROUTE_BODY = 1 << 1,	/* takes a JSON body */
	ROUTE_UNDER = 1 << 2	/* and everything below that path */
};

static const struct route {
	const char		*path;
	const char		*method;	/* GET serves HEAD, too */
	const char		*allow;
	unsigned		 flags;
	exchange_handler	*handler;
} routes[] = {
	{ "/chat/completions", "POST", "POST, OPTIONS", ROUTE_BODY, api_chat },
	{ "/responses", "POST", "POST, OPTIONS", ROUTE_BODY, api_responses },
	{ "/embeddings", "POST", "POST, OPTIONS", ROUTE_BODY, api_embeddings },
	{ "/models", "GET", "GET, HEAD, OPTIONS", 0, api_models },
	{ "/models/", "GET", "GET, HEAD, OPTIONS", ROUTE_UNDER, api_model },
	{ "/usage", "GET", "GET, HEAD, OPTIONS", 0, api_usage },
	{ "/healthz", "GET", "GET, HEAD, OPTIONS", ROUTE_OPEN, api_health },
	{ "/", "GET", "GET, HEAD, OPTIONS", ROUTE_OPEN, api_root },
};

static const struct route *
find(const char *path)
{
	size_t i;

	for (i = 0; i < COUNT(routes); i++)
		if (routes[i].flags & ROUTE_UNDER ?
		    util_starts(path, routes[i].path) :
		    strcmp(path, routes[i].path) == 0)
			return &routes[i];
	return NULL;
}

static bool
method_fits(const struct route *route, const char *method)
{
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	return strcmp(route->method, method) == 0;
}

/* JSON, or nothing said: curl without -H says form data and gets a 415. */
static bool
content_type_fits(const char *type)
{
	return type[0] == '\0' || strcmp(type, "application/json") == 0 ||
	    (util_starts(type, "application/") && util_ends(type, "+json"));
}

static bool
body_fits(const struct exchange *x, struct err *err)
{
	const struct request *r = &x->req;

	if (!content_type_fits(r->content_type))
		return err_set(err, 415, ERR_REQUEST, "unsupported_content_type",
		    NULL, "Unsupported content type: '%.100s'. This API method "
		    "only accepts 'application/json' requests, but you "
		    "specified the header 'Content-Type: %.100s'.",
		    r->content_type, r->content_type);
	if (r->content_encoding != NULL && r->content_encoding[0] != '\0' &&
	    strcasecmp(r->content_encoding, "identity") != 0)
		return err_set(err, 415, ERR_REQUEST,
		    "unsupported_content_encoding", NULL,
		    "Unsupported content encoding: '%.100s'.",
		    r->content_encoding);
	if (r->content_length > x->conf->max_request_body_bytes)
		return err_set(err, 413, ERR_REQUEST, "request_too_large", NULL,
		    "The request body has %lld bytes; this server accepts at "
		    "most %lld (maxRequestBodyBytes).",
		    (long long)r->content_length,
		    (long long)x->conf->max_request_body_bytes);
	return true;
}

static exchange_handler *
refuse(struct exchange *x, const struct err *err)
{
	exchange_refuse(x, err);
	return NULL;
}

exchange_handler *
route_find(struct exchange *x, bool *wants_body)
{
	const struct route	*route = find(x->req.path);
	struct err		 err = { 0 };

	if (!cors_check(x, &err))
		return refuse(x, &err);
	if (route == NULL) {
		err_set(&err, 404, ERR_REQUEST, NULL, NULL,
		    "Invalid URL (%.10s %.300s)", x->req.method, x->req.uri);
		return refuse(x, &err);
	}
	if (strcmp(x->req.method, "OPTIONS") == 0) {
		cors_preflight(x, route->allow);
		return NULL;
	}
	if (!method_fits(route, x->req.method)) {
		err_set(&err, 405, ERR_REQUEST, "method_not_supported", NULL,
		    "Not allowed to %.10s on %.300s. The allowed methods are: "
		    "%s.", x->req.method, x->req.uri, route->allow);
		refuse(x, &err);
		reply_header(&x->reply, "Allow", route->allow);
		return NULL;
	}
	if (!(route->flags & ROUTE_OPEN) && !auth_check(x->conf, &x->req, &err)) {
		refuse(x, &err);
		reply_header(&x->reply, "WWW-Authenticate",
		    "Bearer realm=\"copilot-api\"");
		return NULL;
	}
	*wants_body = (route->flags & ROUTE_BODY) != 0;
	if (*wants_body && !body_fits(x, &err))
		return refuse(x, &err);
	return route->handler;
}
