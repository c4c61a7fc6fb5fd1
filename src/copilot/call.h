/* How a call to Copilot is addressed: URL and headers. Pure. */
#ifndef COPILOT_CALL_H
#define COPILOT_CALL_H

struct conf;
struct http_request;
struct upstream_call;

/* What identifies us upstream. */
struct copilot_identity {
	const char	*token;		/* the Copilot token */
	const char	*api;	/* endpoints.api that came with it, or "" */
	const char	*session;	/* a UUID for the life of the process */
};

/*
 * The base URL: copilotBaseUrl of the configuration, else the token's
 * endpoints.api, else by accountType.
 */
const char *copilot_call_base(const struct conf *, const char *api);

/* Fill in method, URL and headers. The body is moved into the request. */
void	copilot_call_address(const struct conf *,
	    const struct copilot_identity *, struct upstream_call *,
	    struct http_request *);

#endif
