/* Quota, errors, models, clients. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "api/allowance.h"
#include "api/exchange.h"
#include "api/recent.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/github.h"
#include "copilot/models.h"
#include "page/html.h"
#include "page/parts.h"
#include "setup/clients.h"

/* --- Quota. */

static const char *const quotas[GITHUB_QUOTA__MAX] = {
	"Chat", "Completions", "Premium requests"
};

static void
print_quota(const struct github_quota *q, const char *name, struct buf *out)
{
	char text[48];

	buf_puts(out, "<tr>");
	html_cell(out, name);
	if (!q->present || q->unlimited) {
		html_number(out, q->present ? "unlimited" : "not said");
		buf_puts(out, "<td></td><td></td></tr>");
		return;
	}
	snprintf(text, sizeof(text), "%.10g", q->used);
	html_number(out, text);
	snprintf(text, sizeof(text), "%.10g", q->entitlement);
	html_number(out, text);
	html_bar(out, (int64_t)(q->percent_used * 100), 10000);
	buf_puts(out, "</tr>");
}

void
part_quota(const struct github_usage *u, struct buf *out)
{
	size_t i;

	buf_puts(out, "<p>");
	html_text(out, u->login != NULL ? u->login : "This account");
	buf_puts(out, ", plan <b>");
	html_text(out, u->plan != NULL ? u->plan : "unknown");
	buf_puts(out, "</b>");
	if (u->reset_date != NULL) {
		buf_puts(out, ", renewed on ");
		html_text(out, u->reset_date);
	}
	if (u->credits_used >= 0)
		buf_printf(out, ", %.10g credits used", u->credits_used);
	buf_puts(out, ".</p><table><tr><th scope=\"col\">Quota</th>"
	    "<th scope=\"col\" class=\"n\">Used</th><th scope=\"col\" "
	    "class=\"n\">Of</th><td></td></tr>");
	for (i = 0; i < GITHUB_QUOTA__MAX; i++)
		print_quota(&u->quotas[i], quotas[i], out);
	buf_puts(out, "</table>");
}

/* --- Errors. */

static void
print_error(const struct recent_error *e, void *arg)
{
	struct buf	*out = arg;
	char		 text[UTIL_TIME_SIZE];

	util_time_utc(e->time, text);
	buf_puts(out, "<tr>");
	html_cell(out, text);
	snprintf(text, sizeof(text), "%d", e->status);
	html_number(out, text);
	html_cell(out, e->route);
	html_cell(out, e->model);
	html_cell(out, e->key);
	html_cell(out, e->id);
	buf_puts(out, "</tr>");
}

void
part_errors(const struct exchange *x, struct buf *out)
{
	struct buf rows = { 0 };

	buf_puts(out, "<section><h2>Latest errors</h2>");
	recent_list(x->recent, allowance_owner(x), print_error, &rows);
	if (rows.len == 0)
		html_element(out, "p", "None since this process started.");
	else {
		buf_puts(out, "<p>The log says more of each; search it for the "
		    "identifier.</p><table><tr><th scope=\"col\">Time (UTC)"
		    "</th><th scope=\"col\" class=\"n\">Status</th><th "
		    "scope=\"col\">Endpoint</th><th scope=\"col\">Model</th>"
		    "<th scope=\"col\">Key</th><th scope=\"col\">Identifier"
		    "</th></tr>");
		buf_append(out, rows.p, rows.len);
		buf_puts(out, "</table>");
	}
	buf_puts(out, "</section>");
	buf_finish(&rows);
}

/* --- Models. */

/* USD for a million tokens; nothing where the list says nothing. */
static void
print_price(json_object *cost, const char *kind, struct buf *out)
{
	double	price = js_double(cost, kind, -1);
	char	text[32] = "";

	if (price >= 0)
		snprintf(text, sizeof(text), "%.2f", price);
	html_number(out, text);
}

static void
print_model(const struct model *m, struct buf *out)
{
	json_object	*obj = js_parse_quiet(m->json, strlen(m->json));
	json_object	*cost = js_obj(obj, "cost");
	char		 count[32] = "";

	buf_puts(out, "<tr><td><code>");
	html_text(out, m->id);
	buf_puts(out, "</code></td>");
	html_cell(out, m->vendor);
	if (m->max_context_window_tokens > 0)
		html_count(m->max_context_window_tokens, count);
	html_number(out, count);
	print_price(cost, "input", out);
	print_price(cost, "cache_read", out);
	print_price(cost, "output", out);
	buf_puts(out, "<td>");
	models_endpoints(m, " ", out);
	buf_puts(out, "</td></tr>");
	json_object_put(obj);
}

void
part_models(const struct exchange *x, struct buf *out)
{
	const struct models	*models = allowance_models(x);
	size_t			 i;

	buf_puts(out, "<section><h2>Models</h2>");
	if (models == NULL)
		html_element(out, "p", "The list is not there: see the log.");
	else {
		buf_puts(out, "<p>Every chat model answers on all endpoints. "
		    "Prices are USD for a million tokens.</p><table><tr><th "
		    "scope=\"col\">Name</th><th scope=\"col\">Vendor</th><th "
		    "scope=\"col\" class=\"n\">Context</th><th scope=\"col\" "
		    "class=\"n\">Input</th><th scope=\"col\" class=\"n\">"
		    "Cached</th><th scope=\"col\" class=\"n\">Output</th><th "
		    "scope=\"col\">At Copilot</th></tr>");
		for (i = 0; i < models->n; i++)
			print_model(&models->list[i], out);
		buf_puts(out, "</table>");
	}
	buf_puts(out, "</section>");
	models_unref(models);
}

/* --- Clients. */

/* A name that may stand in commands; a foreign one would be pasted. */
static bool
is_host(const char *host)
{
	for (; *host != '\0'; host++)
		if (!isalnum((unsigned char)*host) &&
		    strchr(".-_:[]", *host) == NULL)
			return false;
	return true;
}

/* Where this server is, as the browser knows it, without "/v1" or a slash. */
static char *
base_of(const struct request *r)
{
	const char	*host = r->host != NULL && r->host[0] != '\0' &&
			    is_host(r->host) ? r->host : "localhost:4141";
	struct buf	 base = { 0 };

	buf_printf(&base, "%s://%s", r->https ? "https" : "http", host);
	html_mount(&base, r->uri);
	if (util_ends(buf_str(&base), "/v1"))
		buf_truncate(&base, base.len - strlen("/v1"));
	return buf_steal(&base);
}

static void
print_client(struct setup *s, struct buf *out)
{
	const struct setup_client	*c = s->client;
	struct buf			 text = { 0 };

	setup_choose(s);
	if (c->head != NULL)
		setup_expand(s, c->head, &text);
	setup_expand(s, c->text, &text);
	buf_puts(out, "<details><summary>");
	html_text(out, c->name);
	buf_puts(out, "</summary><p>");
	if (c->file != NULL) {
		buf_puts(out, "<code>~/");
		html_text(out, c->file);
		buf_puts(out, "</code> ");
	}
	buf_puts(out, "<button type=\"button\" class=\"copy\" hidden>Copy"
	    "</button></p><pre>");
	html_text(out, buf_str(&text));
	buf_puts(out, "</pre>");
	if (c->after != NULL)
		html_element(out, "p", c->after);
	buf_puts(out, "</details>");
	buf_finish(&text);
}

void
part_clients(const struct exchange *x, struct buf *out)
{
	char		*base = base_of(&x->req);
	char		*docker = xasprintf("%s/v1", base);
	const struct models *models = allowance_models(x);
	json_object	*list = models == NULL ? NULL :
			    js_parse_quiet(models->json, strlen(models->json));
	struct setup	 s = { .base = base, .docker = docker,
			    .key = x->conf->nkeys > 0 ? "YOUR-KEY" : "none" };
	size_t		 i;

	s.models = setup_models(list);
	buf_puts(out, "<section><h2>Clients</h2><p>For OpenAI's clients the "
	    "base URL is <code>");
	html_text(out, base);
	buf_puts(out, "/v1</code>, for Anthropic's <code>");
	html_text(out, base);
	buf_puts(out, "</code>.</p>");
	for (i = 0; i < setup_nclients && js_len(s.models) > 0; i++) {
		s.client = &setup_clients[i];
		print_client(&s, out);
	}
	buf_puts(out, "</section>");
	json_object_put(s.models);
	json_object_put(list);
	models_unref(models);
	free(docker);
	free(base);
}
