/* The facts of one client request, however it arrived. */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Does a route begin with this segment of a path? */
typedef bool request_is_head(const char *, size_t n);

struct request {
	char		 id[36];	/* ours: "req_" and 32 hex digits */
	char		*method;
	char		*uri; /* the path as the client sent it, for messages */
	char		*path;	/* decoded, normalised, without mount and /v1 */
	char		*query;		/* raw, never NULL */
	char		*content_type;	/* lower case, no parameters, or "" */
	char		*form;	/* "multipart/form-data; ...", or NULL */
	char		*authorization;	/* NULL when absent, as the next ones */
	char		*x_api_key;
	char		*origin;
	char		*host;
	char		*server_addr;
	char		*fetch_site;	/* Sec-Fetch-Site, and -Mode */
	char		*fetch_mode;
	char		*content_encoding;
	char		*acr_headers;	/* Access-Control-Request-Headers */
	bool		 acr_private_network;
	char		*interaction;	/* X-Interaction-Id */
	char		*session;	/* what names the client's session */
	size_t		 session_rank;	/* how well: private to request.c */
	bool		 codex;	/* by its User-Agent, or headers of its own */
	bool		 html;		/* a browser, which shows a page */
	bool		 https;
	bool		 anthropic; /* speaks Anthropic's API */
	char		*anthropic_beta;	/* its betas, or NULL */
	bool		 claude_code;	/* by its User-Agent */
	bool		 subagent;	/* it says that one of its own asks */
	int64_t		 content_length;	/* -1: not said */
	char		 trace[33];	/* of W3C's traceparent, or "" */
	char		*remote_addr;
	int64_t		 started_ms;		/* util_now_ms() when it came */
	char		*deployment; /* Azure: the model in the path, or NULL */
	struct buf	 body;
};

/*
 * Read the facts from a NULL-terminated array of "NAME=value" strings (CGI,
 * RFC 3875). If a name occurs twice, the last one counts: nginx sends
 * SCRIPT_NAME twice when a configuration overrides it. The body is not read.
 */
void	request_init(struct request *, char *const *env, request_is_head *);
void	request_finish(struct request *);
/* The same facts once more, but for the body. */
void	request_copy(struct request *, const struct request *from);

/*
 * The path to route by: REQUEST_URI up to '?', else SCRIPT_NAME + PATH_INFO;
 * percent-decoded once, "//" and dot segments folded, no slash at the end.
 * Where SCRIPT_NAME ends and PATH_INFO begins is an accident of the server's
 * configuration, so what stands before the first "/v1" or route is taken for
 * the mount and cut off, "/v1" too: "/copilot/v1/models/" is "/models". So is
 * a second one, of a base URL that has it already ("/v1/v1/messages").
 * Arguments may be NULL. Split from request_init for the tests.
 */
char	*request_path(const char *request_uri, const char *script_name,
	    const char *path_info,
	    request_is_head *);

/* A query parameter, decoded; NULL when absent. */
char	*request_query(const struct request *, const char *name);
/* One of several of that name; the first is number 0. */
char	*request_query_at(const struct request *, const char *name,
	    size_t number);
/*
 * All of them, one after the other: *at begins as the query. False: there are
 * no more; else both are yours, decoded.
 */
bool	request_query_next(const char **at, char **name, char **value);

#endif
