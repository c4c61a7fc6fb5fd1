/* Which handler; what Copilot wants to see in the headers before that. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "account.h"
#include "base/js.h"
#include "base/util.h"
#include "canned.h"
#include "fake.h"
#include "jt.h"

enum { GITHUB, COPILOT, CONTROL };

static const struct route {
	const char	*method, *path;		/* "/" at the end: a prefix */
	int		 who;
	void		(*fn)(struct call *);
} routes[] = {
	{ "POST", "/chat/completions",		COPILOT, chat_handle },
	{ "POST", "/responses",			COPILOT, responses_handle },
	{ "POST", "/v1/messages",		COPILOT, messages_handle },
	{ "POST", "/v1/messages/count_tokens",	COPILOT, messages_count_handle },
	{ "POST", "/embeddings",		COPILOT, embeddings_handle },
	{ "POST", "/auto",			COPILOT, auto_new },
	{ "POST", "/models/session",		COPILOT, auto_old },
	{ "GET",  "/models",			COPILOT, catalog_list },
	{ "GET",  "/models/",			COPILOT, catalog_model },
	{ "POST", "/models/",			COPILOT, catalog_model },
	{ "POST", "/login/device/code",		GITHUB, github_device_code },
	{ "POST", "/login/oauth/access_token",	GITHUB, github_access_token },
	{ "GET",  "/login/device",		GITHUB, github_device_page },
	{ "GET",  "/app/installations",		GITHUB, github_installations },
	{ "POST", "/app/installations/",	GITHUB,
	    github_installation_token },
	{ "GET",  "/user",			GITHUB, github_user },
	{ "GET",  "/copilot_internal/v2/token",	GITHUB, github_token },
	{ "GET",  "/copilot_internal/user",	GITHUB, github_copilot_user },
	{ NULL,	  "/_control/",			CONTROL, control_handle },
};

bool
route_is_control(const char *path)
{
	return util_starts(path, "/_control/");
}

static const struct route *
find(const struct req *r)
{
	const struct route	*t;
	size_t			 i;

	for (i = 0; i < COUNT(routes); i++) {
		t = &routes[i];
		if (t->method != NULL && strcmp(t->method, r->method) != 0)
			continue;
		if (util_ends(t->path, "/") ? util_starts(r->path, t->path) :
		    strcmp(r->path, t->path) == 0)
			return t;
	}
	return NULL;
}

bool
refuse_text(struct call *c, int status, const char *text)
{
	answer_begin(c->ans, status, "text/plain; charset=utf-8");
	buf_puts(&c->ans->text, text);
	return false;
}

static bool
refuse_va(struct call *c, int status, const char *code, const char *fmt,
    va_list ap)
{
	char *msg;

	if (vasprintf(&msg, fmt, ap) < 0)
		die("out of memory");
	answer_begin(c->ans, status, setting_str(c->f, "error_content_type"));
	jt(&c->ans->text, "{'error':{'message':%s,'code':%s}}\n", msg, code);
	free(msg);
	return false;
}

bool
refuse(struct call *c, int status, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	refuse_va(c, status, code, fmt, ap);
	va_end(ap);
	return false;
}

bool
refuse_param(struct call *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	refuse_va(c, 400, "invalid_request_body", fmt, ap);
	va_end(ap);
	return false;
}

/* --- Answers that a scenario puts in the place of ours. */

static void
answer_canned(struct call *c, const struct canned *can)
{
	answer_begin(c->ans, can->status, can->type);
	buf_puts(&c->ans->headers, can->headers);
	buf_puts(&c->ans->text, can->body);
}

static void
answer_headers(struct call *c)
{
	json_object *headers = js_obj(c->scn, "headers");

	if (headers == NULL)
		return;
	json_object_object_foreach(headers, name, value)
		answer_header(c->ans, name, "%s",
		    value != NULL ? json_object_get_string(value) : "");
}

/* "status" alone is the usual answer of that status. */
static void
answer_status(struct call *c)
{
	int			 status = (int)js_int(c->scn, "status", 200);
	const struct canned	*can = canned_by_status(status);
	json_object		*body = js_get(c->scn, "body");
	const char		*type = js_str(c->scn, "content_type");

	if (status < 100 || status > 599)
		status = 500;
	if (!js_has(c->scn, "body") && can != NULL)
		answer_canned(c, can);
	else
		answer_begin(c->ans, status,
		    setting_str(c->f, "error_content_type"));
	if (type != NULL) {
		free(c->ans->type);
		c->ans->type = xstrdup(type);
	}
	if (body == NULL)
		return;
	if (json_object_is_type(body, json_type_string))
		buf_append(&c->ans->text, json_object_get_string(body),
		    (size_t)json_object_get_string_len(body));
	else {
		js_print(body, &c->ans->text);
		buf_putc(&c->ans->text, '\n');
	}
}

/* The text as it is; events end at empty lines, so that they can be paced. */
static void
answer_raw(struct call *c)
{
	json_object	*raw = js_get(c->scn, "raw");
	const char	*type = js_str(c->scn, "content_type");
	const char	*p = json_object_get_string(raw), *end, *q;

	answer_begin(c->ans, (int)js_int(c->scn, "status", 200),
	    type != NULL ? type : "text/event-stream");
	c->ans->stream = true;
	end = p + json_object_get_string_len(raw);
	while (p < end) {
		q = memmem(p, (size_t)(end - p), "\n\n", 2);
		q = q != NULL ? q + 2 : end;
		buf_append(&c->ans->text, p, (size_t)(q - p));
		answer_mark(c->ans);
		p = q;
	}
}

static bool
scenario_answers(struct call *c)
{
	const char *name = js_str(c->scn, "canned");

	if (name != NULL)
		answer_canned(c, canned_find(name));
	else if (js_has(c->scn, "raw"))
		answer_raw(c);
	else if (js_has(c->scn, "status"))
		answer_status(c);
	answer_headers(c);
	return c->ans->status != 0;
}

/* --- The headers. */

static bool
host_is_ours(const struct fake *f, const char *host)
{
	static const char *const names[] = { "127.0.0.1", "localhost" };
	char	 own[64];
	size_t	 i;

	if (setting_lists(f, "hosts", "*") || setting_lists(f, "hosts", host))
		return true;
	for (i = 0; i < COUNT(names); i++) {
		snprintf(own, sizeof(own), "%s:%d", names[i], f->port);
		if (strcasecmp(own, host) == 0)
			return true;
	}
	return false;
}

static bool
copilot_headers(struct call *c)
{
	const struct req	*r = c->req;
	const char		*v;

	if (!setting_bool(c->f, "check_headers"))
		return true;
	v = req_header(r, "Host");
	if (v == NULL || !host_is_ours(c->f, v))
		return refuse_text(c, 421, "Misdirected Request\n");
	v = account_authorization(c);
	if (v != NULL && util_starts(v, "g")) {
		if (!account_direct(c, v))
			return false;
	} else if (v == NULL || !tokens_valid(&c->f->tokens, v))
		return refuse_text(c, 401, "unauthorized: token expired\n");
	v = req_header(r, "Editor-Version");
	if (v == NULL || *v == '\0')
		return refuse_text(c, 400, "bad request: missing "
		    "Editor-Version header for IDE auth\n");
	if (strchr(v, '/') == NULL)
		return refuse_text(c, 400, "bad request: unknown "
		    "Editor-Version header for IDE auth\n");
	v = req_header(r, "X-GitHub-Api-Version");
	if (v != NULL && setting_lists(c->f, "retired_api_versions", v)) {
		answer_canned(c, canned_find("retired_api_version"));
		return false;
	}
	return true;
}

static bool
content_type_fits(struct call *c)
{
	const char *v = req_header(c->req, "Content-Type");

	if (strcmp(c->req->method, "POST") != 0 ||
	    !setting_bool(c->f, "check_headers") ||
	    (v != NULL && util_starts_nocase(v, "application/json")))
		return true;
	return refuse(c, 400, "invalid_request_body",
	    "expected Content-Type application/json");
}

void
route_call(struct call *c)
{
	const struct route *r = find(c->req);

	c->ans->plain = r == NULL || r->who != COPILOT;
	if (scenario_answers(c))
		return;
	if (r == NULL)
		refuse_text(c, 404, "404 page not found\n");
	else if (r->who != COPILOT || (copilot_headers(c) &&
	    content_type_fits(c)))
		r->fn(c);
}
