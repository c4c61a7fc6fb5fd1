/* The routes. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "base/conf.h"
#include "base/encoding.h"
#include "base/text.h"
#include "base/util.h"
#include "page/page.h"
#include "server/auth.h"
#include "server/cors.h"
#include "server/route.h"

enum {
	ROUTE_OPEN = 1 << 0,	/* no client key needed */
	ROUTE_BODY = 1 << 1,	/* takes a JSON body */
	/* The handler waits for no disk, and not for long on a small body. */
	ROUTE_QUICK = 1 << 2,
	ROUTE_WATCH = 1 << 3,	/* no key from metrics.allowFrom */
	ROUTE_FORM = 1 << 4,	/* a form with files, or a JSON body */
	ROUTE_FIELDS = 1 << 5	/* what a page's form posts */
};

/*
 * A path can have several rows, one a method. In a path "*" is a segment that
 * may be anything, "**" at the end is all the rest. A fixed path comes before
 * those that would fit it, too.
 */
static const struct route {
	const char		*path;
	const char		*method;	/* GET serves HEAD, too */
	unsigned		 flags;
	exchange_handler	*handler;
} routes[] = {
	{ "/chat/completions", "POST", ROUTE_BODY | ROUTE_QUICK, api_chat },
	{ "/chat/completions", "GET", 0, api_chat_list },
	{ "/chat/completions/*", "GET", 0, api_chat_get },
	{ "/chat/completions/*", "POST", ROUTE_BODY, api_chat_update },
	{ "/chat/completions/*", "DELETE", 0, api_chat_delete },
	{ "/chat/completions/*/messages", "GET", 0, api_chat_messages },
	{ "/completions", "POST", ROUTE_BODY | ROUTE_QUICK, api_completions },
	{ "/responses", "POST", ROUTE_BODY, api_responses },
	{ "/responses/compact", "POST", ROUTE_BODY, api_responses_compact },
	{ "/responses/input_tokens", "POST", ROUTE_BODY, api_input_tokens },
	{ "/responses/*", "GET", 0, api_stored_get },
	{ "/responses/*", "DELETE", 0, api_stored_delete },
	{ "/responses/*/input_items", "GET", 0, api_stored_items },
	{ "/responses/*/cancel", "POST", 0, api_stored_cancel },
	{ "/conversations", "POST", ROUTE_BODY, api_conv_create },
	{ "/conversations/*", "GET", 0, api_conv_get },
	{ "/conversations/*", "POST", ROUTE_BODY, api_conv_update },
	{ "/conversations/*", "DELETE", 0, api_conv_delete },
	{ "/conversations/*/items", "GET", 0, api_conv_list },
	{ "/conversations/*/items", "POST", ROUTE_BODY, api_conv_add },
	{ "/conversations/*/items/*", "GET", 0, api_conv_item },
	{ "/conversations/*/items/*", "DELETE", 0, api_conv_item_delete },
	{ "/messages", "POST", ROUTE_BODY, api_messages },
	{ "/messages/count_tokens", "POST", ROUTE_BODY, api_messages_count },
	{ "/messages/batches", "POST", 0, api_messages_batches },
	{ "/messages/batches", "GET", 0, api_messages_batches },
	{ "/messages/batches/**", "GET", 0, api_messages_batches },
	{ "/messages/batches/**", "POST", 0, api_messages_batches },
	{ "/messages/batches/**", "DELETE", 0, api_messages_batches },
	{ "/embeddings", "POST", ROUTE_BODY | ROUTE_QUICK, api_embeddings },
	{ "/images/generations", "POST", ROUTE_BODY, api_images },
	{ "/images/edits", "POST", ROUTE_BODY | ROUTE_FORM, api_image_edits },
	{ "/images/variations", "POST", 0, api_image_variations },
	{ "/models", "GET", ROUTE_QUICK, api_models },
	{ "/models/**", "GET", ROUTE_QUICK, api_model },
	{ "/usage", "GET", 0, api_usage },
	{ "/organization/costs", "GET", 0, api_costs },
	{ "/organization/usage/completions", "GET", 0,
	    api_usage_completions },
	{ "/metrics", "GET", ROUTE_WATCH, api_metrics },
	{ "/readyz", "GET", ROUTE_OPEN | ROUTE_QUICK, api_ready },
	{ "/healthz", "GET", ROUTE_OPEN | ROUTE_QUICK, api_health },
	{ "/page.css", "GET", ROUTE_OPEN | ROUTE_QUICK, page_style },
	{ "/page.js", "GET", ROUTE_OPEN | ROUTE_QUICK, page_script },
	{ "/", "GET", ROUTE_OPEN, page_root },
	{ "/", "POST", ROUTE_OPEN | ROUTE_BODY | ROUTE_FIELDS,
	    page_root },
};

#define ALLOW_SIZE 64

static bool
path_fits(const char *pattern, const char *path)
{
	size_t n;

	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '*') {
			if (*path++ != *pattern)
				return false;
			continue;
		}
		if (pattern[1] == '*')
			return true;
		n = strcspn(path, "/");
		if (n == 0)
			return false;
		path += n;
	}
	return *path == '\0';
}

bool
route_is_head(const char *segment, size_t n)
{
	size_t i;

	for (i = 0; i < COUNT(routes); i++)
		if (strcspn(routes[i].path + 1, "/") == n && n > 0 &&
		    strncmp(routes[i].path + 1, segment, n) == 0)
			return true;
	return false;
}

/* The first row for a path, of those that are of the same path. */
static const struct route *
find(const char *path)
{
	size_t i;

	for (i = 0; i < COUNT(routes); i++)
		if (path_fits(routes[i].path, path))
			return &routes[i];
	return NULL;
}

/* The row behind this one, if it is for the same path. */
static const struct route *
next(const struct route *route)
{
	return route + 1 < routes + COUNT(routes) &&
	    strcmp(route[1].path, route->path) == 0 ? route + 1 : NULL;
}

static bool
method_fits(const struct route *route, const char *method)
{
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	return strcmp(route->method, method) == 0;
}

/* The methods of a path: "GET, HEAD, OPTIONS". */
static void
allowed(const struct route *route, char allow[static ALLOW_SIZE])
{
	size_t n = 0;

	for (; route != NULL; route = next(route))
		n += (size_t)snprintf(allow + n, ALLOW_SIZE - n, "%s, ",
		    strcmp(route->method, "GET") == 0 ? "GET, HEAD" :
		    route->method);
	snprintf(allow + n, ALLOW_SIZE - n, "OPTIONS");
}

/* The row for the method; NULL with the reply made when there is none. */
static const struct route *
choose(struct exchange *x, const struct route *route)
{
	const struct route	*first = route;
	char			 allow[ALLOW_SIZE];
	struct err		 err = { 0 };

	for (; route != NULL; route = next(route))
		if (method_fits(route, x->req.method))
			return route;
	allowed(first, allow);
	if (strcmp(x->req.method, "OPTIONS") == 0) {
		cors_preflight(x, allow);
		return NULL;
	}
	err_set(&err, 405, ERR_REQUEST, "method_not_supported", NULL,
	    "Not allowed to %.10s on %.300s. The allowed methods are: %s.",
	    x->req.method, x->req.uri, allow);
	exchange_refuse(x, &err);
	reply_header(&x->reply, "Allow", allow);
	return NULL;
}

/* JSON, or nothing said: curl without -H says form data and gets a 415. */
static bool
content_type_fits(const char *type)
{
	return type[0] == '\0' || strcmp(type, "application/json") == 0 ||
	    (util_starts(type, "application/") && util_ends(type, "+json"));
}

static bool
body_fits(const struct exchange *x, unsigned flags, struct err *err)
{
	const struct request	*r = &x->req;
	bool			 form = (r->form != NULL &&
				    (flags & ROUTE_FORM) != 0) ||
				    ((flags & ROUTE_FIELDS) != 0 &&
				    strcmp(r->content_type, "application/"
				    "x-www-form-urlencoded") == 0);

	if (!form && !content_type_fits(r->content_type))
		return err_set(err, 415, ERR_REQUEST,
		    "unsupported_content_type", NULL,
		    "Unsupported content type: '%.100s'. This API method "
		    "only accepts 'application/json' requests, but you "
		    "specified the header 'Content-Type: %.100s'.",
		    r->content_type, r->content_type);
	if (r->content_length > x->conf->max_request_body_bytes)
		return err_set(err, 413, ERR_REQUEST, "request_too_large", NULL,
		    "The request body has %lld bytes; this server accepts at "
		    "most %lld (maxRequestBodyBytes).",
		    (long long)r->content_length,
		    (long long)x->conf->max_request_body_bytes);
	return true;
}

static bool
encoding_fits(const struct request *r, struct err *err)
{
	char shown[128];

	if (encoding_known(r->content_encoding))
		return true;
	text_clean(r->content_encoding, strlen(r->content_encoding), shown,
	    sizeof(shown));
	return err_set(err, 415, ERR_REQUEST, "unsupported_content_encoding",
	    NULL, "Unsupported content encoding: '%s'. Supported are: "
	    ENCODING_ACCEPTED ".", shown);
}

/* Does who watches this server come from where no key is asked for? */
static bool
may_watch(const struct exchange *x, const struct route *route)
{
	char *const *from = x->conf->metrics_allow_from;

	if (!(route->flags & ROUTE_WATCH) || x->req.remote_addr == NULL)
		return false;
	for (; *from != NULL; from++)
		if (strcmp(*from, x->req.remote_addr) == 0)
			return true;
	return false;
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
	if ((route = choose(x, route)) == NULL)
		return NULL;
	x->route = route->path;
	if (!(route->flags & ROUTE_OPEN) && !may_watch(x, route) &&
	    !auth_check(x->conf, &x->req, &x->client, &err)) {
		refuse(x, &err);
		reply_header(&x->reply, "WWW-Authenticate",
		    "Bearer realm=\"copilot-api\"");
		return NULL;
	}
	*wants_body = (route->flags & ROUTE_BODY) != 0;
	x->quick = (route->flags & ROUTE_QUICK) != 0;
	if (*wants_body && !body_fits(x, route->flags, &err))
		return refuse(x, &err);
	if (*wants_body && !encoding_fits(&x->req, &err)) {
		refuse(x, &err);
		reply_header(&x->reply, "Accept-Encoding", ENCODING_ACCEPTED);
		return NULL;
	}
	return route->handler;
}
