/* How a call to Copilot is addressed: URL and headers. Pure. */
#ifndef COPILOT_CALL_H
#define COPILOT_CALL_H

#include <stdbool.h>

#include "base/body.h"

struct conf;
struct http_request;

#define INTERACTION_SIZE 129		/* of the client's own, and a NUL */

/* A request to upstream. */
struct upstream_call {
	const char	*method;	/* "POST", "GET" */
	const char	*path;	/* below the Copilot base URL: "/responses" */
	const char	*type; /* of the body; NULL: "application/json" */
	struct body	 body;
	const char	*version; /* of the API; NULL: the configuration's */
	const char	*session; /* Copilot-Session-Token, or NULL */
	const char	*intent; /* OpenAI-Intent; NULL: "conversation-agent" */
	/* X-Interaction-Id; "": the session's, see api/interaction.h */
	char		 interaction[INTERACTION_SIZE];
	bool		 completion;	/* send X-Initiator */
	bool		 agent;		/* X-Initiator: agent, not user */
	bool		 vision;	/* Copilot-Vision-Request: true */
	bool		 github; /* GitHub's REST API with the GitHub token */
	bool		 login;	/* its login pages, with no token at all */
	char		*betas;	/* anthropic-beta, or NULL; the call's own */
	char *const	*headers; /* the model's own; belong to its snapshot */
};

/* These identify us upstream. */
struct copilot_identity {
	const char	*token;		/* the Copilot token */
	const char	*api;	/* endpoints.api that came with it, or "" */
	const char	*session;	/* a UUID for the life of the process */
	bool		 direct;	/* the token is GitHub's own */
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

/* Is this header ours to set, or the connection's? A model has no say then. */
bool	copilot_call_sets(const char *name);

#endif
