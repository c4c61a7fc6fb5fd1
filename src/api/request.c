/* The facts of one client request, however it arrived. */
#include "config.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "base/util.h"

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode %XX in place, once. %00 stays: it would end the string. */
static void
percent_decode(char *s, bool plus)
{
	char	*out = s;
	int	 c;

	for (; *s != '\0'; s++) {
		if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0 &&
		    (c = hex(s[1]) * 16 + hex(s[2])) != 0) {
			*out++ = (char)c;
			s += 2;
		} else
			*out++ = plus && *s == '+' ? ' ' : *s;
	}
	*out = '\0';
}

/*
 * Fold "//", "." and ".." and drop a slash at the end: "/a/b", or "". The path
 * begins with a slash.
 */
static void
fold(char *path)
{
	char	*in, *out = path, *end;
	size_t	 n;

	for (in = path; *in != '\0'; in = end) {
		while (*in == '/')
			in++;
		end = in + strcspn(in, "/");
		n = (size_t)(end - in);
		if (n == 0 || (n == 1 && in[0] == '.'))
			continue;
		if (n == 2 && in[0] == '.' && in[1] == '.') {
			while (out > path && *--out != '/')
				;
			continue;
		}
		*out++ = '/';
		memmove(out, in, n);
		out += n;
	}
	*out = '\0';
}

static bool
is_v1(const char *segment, size_t n)
{
	return n == 2 && memcmp(segment, "v1", 2) == 0;
}

/*
 * Where the first segment that a route begins with is, or "v1": what is before
 * it is a mount. NULL when there is none.
 */
static const char *
find_route(const char *path, request_is_head *is_head)
{
	const char	*p, *end;
	size_t		 n;

	for (p = path; *p == '/'; p = end) {
		n = strcspn(p + 1, "/");
		end = p + 1 + n;
		if (is_v1(p + 1, n) || is_head(p + 1, n))
			return p;
	}
	return NULL;
}

/* Absolute-form targets reach us through Apache: http://host/path. */
static const char *
skip_authority(const char *uri)
{
	const char *p;

	if (!util_starts_nocase(uri, "http://") &&
	    !util_starts_nocase(uri, "https://"))
		return uri;
	p = strstr(uri, "://") + 3;
	return p + strcspn(p, "/");
}

static char *
whole_path(const char *uri, const char *script_name, const char *path_info)
{
	struct buf	path = { 0 };

	if (uri != NULL && uri[0] != '\0') {
		uri = skip_authority(uri);
		if (uri[0] != '/')
			buf_putc(&path, '/');
		buf_append(&path, uri, strcspn(uri, "?#"));
		percent_decode(path.p, false);
	} else {
		buf_putc(&path, '/');
		buf_puts(&path, script_name != NULL ? script_name : "");
		buf_puts(&path, path_info != NULL ? path_info : "");
	}
	return buf_steal(&path);
}

/* What is left of the whole path: the part that a route is about. */
static char *
route_of(const char *whole, const char *path_info, request_is_head *is_head)
{
	char		*path = xstrdup(whole), *route;
	const char	*p;

	fold(path);
	if ((p = find_route(path, is_head)) != NULL) {
		while (util_starts(p, "/v1") && (p[3] == '/' || p[3] == '\0'))
			p += 3;
		route = xstrdup(*p != '\0' ? p : "/");
	} else if (path[0] == '\0' ||
	    (path_info != NULL && strcmp(path_info, "/") == 0))
		route = xstrdup("/");		/* the root of a mount, too */
	else
		route = xstrdup(path);
	free(path);
	return route;
}

char *
request_path(const char *uri, const char *script_name, const char *path_info,
    request_is_head *is_head)
{
	char	*whole = whole_path(uri, script_name, path_info);
	char	*route = route_of(whole, path_info, is_head);

	free(whole);
	return route;
}

/* Azure's paths name the model: /openai/deployments/NAME/chat/completions. */
static char *
deployment_of(const char *path)
{
	static const char	 before[] = "/openai/deployments/";
	const char		*p = strstr(path, before);
	size_t			 n;

	if (p == NULL)
		return NULL;
	p += sizeof(before) - 1;
	n = strcspn(p, "/");
	return n > 0 ? xstrndup(p, n) : NULL;
}

static void
set(char **p, const char *value)
{
	free(*p);
	*p = xstrdup(value);
}

static void
set_content_type(struct request *r, const char *value)
{
	char *p;

	if (util_starts_nocase(value, "multipart/form-data"))
		set(&r->form, value);
	set(&r->content_type, value);
	r->content_type[strcspn(r->content_type, "; \t")] = '\0';
	for (p = r->content_type; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
}

/*
 * The CLI and the editors' extension call themselves codex_cli_rs, codex-tui,
 * codex_exec, codex_vscode, ..; a program that has Codex do its work puts its
 * own name there, but not into the headers that are Codex' own.
 */
static bool
is_codex(const char *name, size_t n, const char *value)
{
	static const char	agent[] = "HTTP_USER_AGENT";
	static const char	own[] = "HTTP_X_CODEX_";

	return (n == sizeof(agent) - 1 && memcmp(name, agent, n) == 0 &&
	    util_starts_nocase(value, "codex")) ||
	    (n > sizeof(own) - 1 && memcmp(name, own, sizeof(own) - 1) == 0);
}

/* Is it one of Anthropic's paths? */
static bool
is_messages(const char *path)
{
	static const char	at[] = "/messages";
	char			end = util_starts(path, at) ?
				    path[sizeof(at) - 1] : 'x';

	return end == '\0' || end == '/';
}

/*
 * How clients name their sessions, the best first: OpenCode and Crush, Codex
 * (with a dash or, of old, an underscore: here it is the same), Claude Code.
 */
static const char *const sessions[] = {
	"HTTP_X_SESSION_AFFINITY", "HTTP_X_SESSION_ID", "HTTP_SESSION_ID",
	"HTTP_X_CLAUDE_CODE_SESSION_ID",
};

static bool
is_session(struct request *r, const char *name, size_t n, const char *value)
{
	size_t i;

	for (i = 0; i < COUNT(sessions); i++)
		if (strlen(sessions[i]) == n &&
		    memcmp(sessions[i], name, n) == 0)
			break;
	if (i == COUNT(sessions))
		return false;
	if (*value != '\0' && (r->session == NULL || i <= r->session_rank)) {
		set(&r->session, value);
		r->session_rank = i;
	}
	return true;
}

/* VERSION-TRACE-PARENT-FLAGS, all hexadecimal; what is else is not there. */
static void
read_trace(struct request *r, const char *value)
{
	const size_t	 n = sizeof(r->trace) - 1;
	const char	*trace = value + 3;

	if (strspn(value, "0123456789abcdef") != 2 || value[2] != '-' ||
	    strspn(trace, "0123456789abcdef") != n || trace[n] != '-' ||
	    strspn(trace, "0") == n)
		return;
	memcpy(r->trace, trace, n);
}

void
request_init(struct request *r, char *const *env, request_is_head *is_head)
{
	const char	*uri = NULL, *script_name = NULL, *path_info = NULL;
	const char	*value;
	size_t		 n;

	memset(r, 0, sizeof(*r));
	r->content_length = -1;
	r->started_ms = util_now_ms();
	util_random_hex(r->id + 4, 28);
	memcpy(r->id, "req_", 4);
	for (; *env != NULL; env++) {
		if ((value = strchr(*env, '=')) == NULL)
			continue;
		n = (size_t)(value++ - *env);
#define IS(name) (n == sizeof(name) - 1 && memcmp(*env, name, n) == 0)
		if (IS("REQUEST_METHOD"))
			set(&r->method, value);
		else if (IS("REQUEST_URI"))
			uri = value;
		else if (IS("SCRIPT_NAME"))
			script_name = value;
		else if (IS("PATH_INFO"))
			path_info = value;
		else if (IS("QUERY_STRING"))
			set(&r->query, value);
		else if (IS("CONTENT_TYPE"))
			set_content_type(r, value);
		else if (IS("CONTENT_LENGTH")) {
			if (!util_parse_int64(value, &r->content_length) ||
			    r->content_length < 0)
				r->content_length = -1;
		} else if (IS("HTTP_AUTHORIZATION"))
			set(&r->authorization, value);
		/* Apache, after a redirection inside of itself. */
		else if (IS("REDIRECT_HTTP_AUTHORIZATION") &&
		    r->authorization == NULL)
			set(&r->authorization, value);
		else if (IS("HTTP_X_API_KEY"))
			set(&r->x_api_key, value);
		/* Azure's name for it. */
		else if (IS("HTTP_API_KEY") && r->x_api_key == NULL)
			set(&r->x_api_key, value);
		else if (IS("HTTP_ORIGIN"))
			set(&r->origin, value);
		else if (IS("HTTP_HOST"))
			set(&r->host, value);
		else if (IS("SERVER_ADDR"))
			set(&r->server_addr, value);
		else if (IS("HTTP_ACCEPT"))
			r->html = strstr(value, "text/html") != NULL;
		else if (IS("HTTPS"))
			r->https = strcmp(value, "on") == 0;
		else if (IS("REQUEST_SCHEME"))
			r->https |= strcmp(value, "https") == 0;
		else if (IS("REMOTE_ADDR"))
			set(&r->remote_addr, value);
		else if (IS("HTTP_TRACEPARENT"))
			read_trace(r, value);
		else if (IS("HTTP_SEC_FETCH_SITE"))
			set(&r->fetch_site, value);
		else if (IS("HTTP_SEC_FETCH_MODE"))
			set(&r->fetch_mode, value);
		else if (IS("HTTP_CONTENT_ENCODING"))
			set(&r->content_encoding, value);
		else if (IS("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))
			set(&r->acr_headers, value);
		else if (IS("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"))
			r->acr_private_network = strcmp(value, "true") == 0;
		else if (IS("HTTP_ANTHROPIC_VERSION"))
			r->anthropic = true;
		else if (IS("HTTP_ANTHROPIC_BETA"))
			set(&r->anthropic_beta, value);
		else if (IS("HTTP_X_CLAUDE_CODE_AGENT_ID"))
			r->subagent = true;
		else if (IS("HTTP_USER_AGENT") &&
		    util_starts(value, "claude-cli/"))
			r->claude_code = true;
		else if (IS("HTTP_X_INTERACTION_ID"))
			set(&r->interaction, value);
		else if (is_session(r, *env, n, value))
			continue;
		else if (is_codex(*env, n, value))
			r->codex = true;
#undef IS
	}
	r->method = r->method != NULL ? r->method : xstrdup("GET");
	r->query = r->query != NULL ? r->query : xstrdup("");
	r->content_type = r->content_type != NULL ? r->content_type :
	    xstrdup("");
	r->uri = whole_path(uri, script_name, path_info);
	r->path = route_of(r->uri, path_info, is_head);
	r->deployment = deployment_of(r->uri);
	r->anthropic |= is_messages(r->path);
}

/* All that is text. */
static const size_t texts[] = {
#define AT(member) offsetof(struct request, member)
	AT(method), AT(uri), AT(path), AT(query), AT(content_type), AT(form),
	AT(authorization), AT(x_api_key), AT(origin), AT(host),
	AT(server_addr), AT(fetch_site), AT(fetch_mode), AT(content_encoding),
	AT(acr_headers), AT(interaction), AT(session), AT(anthropic_beta),
	AT(remote_addr), AT(deployment)
#undef AT
};

static char **
text_at(struct request *r, size_t offset)
{
	return (char **)(void *)((char *)r + offset);
}

void
request_copy(struct request *r, const struct request *from)
{
	char	**p;
	size_t	  i;

	*r = *from;
	r->body = (struct buf){ 0 };
	for (i = 0; i < COUNT(texts); i++) {
		p = text_at(r, texts[i]);
		*p = *p != NULL ? xstrdup(*p) : NULL;
	}
}

void
request_finish(struct request *r)
{
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		free(*text_at(r, texts[i]));
	buf_finish(&r->body);
	memset(r, 0, sizeof(*r));
}

char *
request_query(const struct request *r, const char *name)
{
	return request_query_at(r, name, 0);
}

char *
request_query_at(const struct request *r, const char *name, size_t number)
{
	const char	*p = r->query, *end;
	size_t		 n = strlen(name);
	char		*value;

	for (; *p != '\0'; p = *end != '\0' ? end + 1 : end) {
		end = p + strcspn(p, "&");
		if (strncmp(p, name, n) != 0 ||
		    (p[n] != '=' && p + n != end) || number-- > 0)
			continue;
		value = p[n] == '=' ?
		    xstrndup(p + n + 1, (size_t)(end - p) - n - 1) :
		    xstrdup("");
		percent_decode(value, true);
		return value;
	}
	return NULL;
}

bool
request_query_next(const char **at, char **name, char **value)
{
	const char	*end, *p;

	if (**at == '\0')
		return false;
	end = *at + strcspn(*at, "&");
	p = memchr(*at, '=', (size_t)(end - *at));
	*name = xstrndup(*at, (size_t)((p != NULL ? p : end) - *at));
	*value = p != NULL ? xstrndup(p + 1, (size_t)(end - p) - 1) :
	    xstrdup("");
	percent_decode(*name, true);
	percent_decode(*value, true);
	*at = *end != '\0' ? end + 1 : end;
	return true;
}
