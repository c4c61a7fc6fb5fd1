/* How a model of Anthropic's is asked to think. */
#ifndef MESSAGES_THINKING_H
#define MESSAGES_THINKING_H

#include <json-c/json.h>

struct edits;
struct model;

/*
 * Thinking and effort of a request in the form that the model takes: it decides
 * itself, or has a budget. "max_tokens" is what the request will say. Only for
 * a model of the list.
 */
void	messages_thinking(json_object *req, const struct model *,
	    int64_t max_tokens, struct edits *);

#endif
