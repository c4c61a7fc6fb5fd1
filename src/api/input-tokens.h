/* How many tokens a Responses request has. */
#ifndef INPUT_TOKENS_H
#define INPUT_TOKENS_H

#include <stdint.h>

#include <json-c/json.h>

/*
 * The tokens of a request whose "input" is all that "model" is to know: text by
 * the model's vocabulary, the rest by estimate. 0 when it can't be read, or
 * there is no memory for a copy (base/budget.h). It takes milliseconds for a
 * megabyte.
 */
int64_t	input_tokens(json_object *obj, const char *model);

#endif
