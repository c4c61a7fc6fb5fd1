/* A Responses request for a model that upstream serves by chat completions. */
#ifndef BRIDGE_RESPONSES_REQUEST_H
#define BRIDGE_RESPONSES_REQUEST_H

#include <stdbool.h>

#include <json-c/json.h>

#include "bridge/responses-terms.h"
#include "responses/native.h"
#include "state/reasoning.h"
#include "turn/tools.h"

struct buf;
struct err;

/* What the answer and the call have to know of the request. */
struct bridge_request {
	struct responses	 responses;
	struct bridge_tools	 tools;
	struct bridge_terms	 terms;
	char			*vendor;	/* of the model, or "" */
	bool			 encrypted;	/* reasoning can come back */
	bool			 told;		/* as in struct chat_request */
	bool			 inserted;
	struct thinker		 thinker; /* set by who calls; may be zero */
};

/*
 * Check a parsed request, whose "model" is a string, and append the body for
 * upstream, which is always asked for a stream: Claude's and Gemini's answers
 * are reported to come back empty without. "obj" is edited. False with "err"
 * set, in the client's terms, when it is refused. Release with
 * bridge_request_finish() in any case.
 */
bool	bridge_request(json_object *obj, const struct responses_setting *,
	    struct bridge_request *, struct buf *body, struct err *);
void	bridge_request_finish(struct bridge_request *);

#endif
