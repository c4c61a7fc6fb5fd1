/* A Responses request for a model that upstream serves by chat completions. */
#ifndef BRIDGE_RESPONSES_REQUEST_H
#define BRIDGE_RESPONSES_REQUEST_H

#include <stdbool.h>

#include "responses/native.h"
#include "turn/terms.h"
#include "turn/thought.h"
#include "turn/tools.h"

/* What the answer has to know of the request. */
struct bridge_request {
	struct responses	 responses;
	struct tools		 tools;
	struct terms		 terms;
	char			*vendor;	/* of the model, or "" */
	bool			 encrypted;	/* reasoning can come back */
	bool			 told;		/* as in struct chat_request */
	struct thought_keeper	 thoughts; /* set by who calls; may be zero */
};

void	bridge_request_finish(struct bridge_request *);

#endif
