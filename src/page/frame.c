/* The frame around what browsers get, and what they post. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/exchange.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/util.h"
#include "page/frame.h"
#include "page/html.h"

/*
 * Nothing from elsewhere, nothing within the page that runs or styles, no
 * frame around it, no form that posts to elsewhere.
 */
#define POLICY "default-src 'none'; style-src 'self'; script-src 'self'; " \
	"connect-src 'self'; form-action 'self'; base-uri 'none'; " \
	"frame-ancestors 'none'"

void
frame_begin(struct exchange *x, int status, const char *type)
{
	struct reply *r = &x->reply;

	r->status = status;
	r->content_type = type;
	reply_header(r, "Content-Security-Policy", POLICY);
	reply_header(r, "X-Frame-Options", "DENY");
	reply_header(r, "X-Content-Type-Options", "nosniff");
	/* Without a referrer for ourselves the forms' origin is "null". */
	reply_header(r, "Referrer-Policy", "same-origin");
	reply_header(r, "Cross-Origin-Opener-Policy", "same-origin");
	reply_header(r, "Cross-Origin-Resource-Policy", "same-origin");
}

/* --- Head and foot. */

void
frame_head(const struct exchange *x, struct buf *out)
{
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
	    "<meta charset=\"utf-8\"><title>copilot-api</title>"
	    "<meta name=\"viewport\" content=\"width=device-width\">"
	    "<meta name=\"color-scheme\" content=\"light dark\">"
	    "<link rel=\"stylesheet\" href=\"");
	html_mount(out, x->req.uri);
	buf_puts(out, "/page.css\"><script defer src=\"");
	html_mount(out, x->req.uri);
	buf_puts(out, "/page.js\"></script></head><body><header><h1>"
	    "copilot-api</h1><p>" PACKAGE_VERSION "</p></header><main>");
}

void
frame_foot(struct buf *out)
{
	buf_puts(out, "</main></body></html>\n");
}

/* --- Forms. */

void
frame_again(const struct exchange *x, struct buf *out)
{
	if (x->client == NULL)
		return;
	buf_puts(out, "<form method=\"post\" action=\"\" id=\"again\"><input "
	    "type=\"hidden\" name=\"key\" value=\"");
	html_text(out, x->key);
	buf_puts(out, "\"><button>Refresh</button> <a href=\"");
	html_mount(out, x->req.uri);
	buf_puts(out, "/\" id=\"leave\">Leave</a> Key: <b>");
	html_text(out, x->client->name);
	buf_puts(out, "</b></form>");
}

bool
frame_is_ours(const struct request *r)
{
	const char *host;

	if (r->fetch_site != NULL)
		return strcmp(r->fetch_site, "same-origin") == 0 ||
		    strcmp(r->fetch_site, "none") == 0;
	if (r->origin == NULL)
		return true;
	host = strstr(r->origin, "://");
	return host != NULL && r->host != NULL &&
	    strcasecmp(host + strlen("://"), r->host) == 0;
}

char *
frame_posted(const struct exchange *x, const char *name)
{
	struct request	 form = { .query = (char *)buf_str(&x->req.body) };

	return request_query(&form, name);
}
