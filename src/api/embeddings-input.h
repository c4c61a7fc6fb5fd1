/* An embeddings request has to be made of text, whatever was sent. */
#ifndef EMBEDDINGS_INPUT_H
#define EMBEDDINGS_INPUT_H

#include <json-c/json.h>

struct err;
struct model;

/*
 * The "input" of a request as an array of strings, put it: text, texts, the
 * tokens of a text, or the tokens of several. When it is such an array already
 * it is another reference to the same. "model" may be NULL. Returns NULL with
 * "err" set when it is refused.
 */
json_object *embeddings_input(json_object *obj, const struct model *model,
	    struct err *);

#endif
