/* A Responses request for a model that upstream serves by chat completions. */
#include "config.h"

#include <stdlib.h>

#include "bridge/responses-request.h"

void
bridge_request_finish(struct bridge_request *b)
{
	responses_finish(&b->responses);
	tools_finish(&b->tools);
	terms_finish(&b->terms);
	free(b->vendor);
	*b = (struct bridge_request){ 0 };
}
