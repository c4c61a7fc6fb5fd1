/* How many tokens is a request about, where nobody counts them? */
#ifndef MESSAGES_ESTIMATE_H
#define MESSAGES_ESTIMATE_H

#include <stdint.h>

#include <json-c/json.h>

/* From the lengths of system, tools and messages. */
int64_t	messages_estimate(json_object *request);

#endif
