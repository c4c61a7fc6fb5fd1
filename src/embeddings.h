/* POST /v1/embeddings: the request to upstream, and its answer. */
#ifndef EMBEDDINGS_H
#define EMBEDDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct buf;
struct err;
struct model;

/* What the answer has to know of the request. */
struct embeddings {
	char	*model;		/* as the client wrote it */
	size_t	 ninputs;
	bool	 base64;	/* little-endian float32 instead of numbers */
};

/*
 * Check a parsed request and append the body for upstream. "text" is what
 * "obj" was parsed from, "upstream" the model to ask for, "model" its entry,
 * NULL when not known. False with "err" set when it is refused.
 */
bool	embeddings_request(const char *text, size_t n, json_object *obj,
	    const char *upstream, const struct model *model,
	    struct embeddings *, struct buf *body, struct err *);

/*
 * Append the client's answer to upstream's. *tokens becomes the number of
 * input tokens. False with "err" set when upstream's cannot be used.
 */
bool	embeddings_answer(const struct embeddings *, const char *, size_t,
	    struct buf *out, int64_t *tokens, struct err *);

void	embeddings_finish(struct embeddings *);

#endif
