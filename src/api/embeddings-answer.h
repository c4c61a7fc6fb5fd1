/* POST /v1/embeddings: the request to upstream, and its answer. */
#ifndef EMBEDDINGS_H
#define EMBEDDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "turn/usage.h"

struct err;
struct model;

/*
 * The answer has to know this of the request. Upstream takes a limited number
 * of inputs, so that there may have to be several calls, one after the other.
 */
struct embeddings {
	char		*model;		/* as the client wrote it */
	bool		 base64;	/* little-endian float32, not numbers */
	json_object	*inputs;	/* strings; NULL: one call has all */
	size_t		 ninputs;
	size_t		 most;		/* inputs that a call takes */
	size_t		 asked;		/* inputs of the call under way */
	size_t		 done;		/* inputs of the calls before it */
	struct buf	 rest;		/* the request without its input */
	struct buf	 data;		/* the vectors so far */
	struct usage	 usage;		/* so far */
	int64_t		 total_tokens;
};

/* Check a parsed request, whatever its model. False: "err" says why. */
bool	embeddings_check(json_object *obj, struct err *);

/*
 * Check a parsed request and append the body of the first call upstream.
 * "text" is what "obj" was parsed from, "upstream" the model to ask for,
 * "model" its entry, NULL when not known. False with "err" set when it is
 * refused. "e" keeps references to parts of "obj".
 */
bool	embeddings_request(const char *text, size_t n, json_object *obj,
	    const char *upstream, const struct model *model,
	    struct embeddings *, struct buf *body, struct err *);

/*
 * Take a call's answer; after the last one, append the client's. False with
 * "err" set when upstream's cannot be used.
 */
bool	embeddings_answer(struct embeddings *, const char *, size_t,
	    struct buf *out, struct err *);

/* After an answer: append the body of the next call; false after the last. */
bool	embeddings_next(struct embeddings *, struct buf *body);

void	embeddings_finish(struct embeddings *);

#endif
