/*
 * Upstream's failures in OpenAI's terms. Copilot sends JSON
 * as text, bare text, HTML or nothing, and codes of its own.
 */
#ifndef FAILURE_H
#define FAILURE_H

#include <stddef.h>

#include <json-c/json.h>

struct err;

/*
 * Fill in "err" from a failed answer: HTTP status, body in any form, the
 * Retry-After header (NULL or "" when absent).
 */
void	failure_read(int status, const char *body, size_t len,
	    const char *retry_after, struct err *);

/*
 * The same for an error object inside a stream that began with 200:
 * {"error":{..}}, a flat {"type":"error","code","message"}, or the error
 * object of response.failed. Whatever it is, it is "error" or its parent.
 */
void	failure_read_event(json_object *, struct err *);

/*
 * The connection ended before the answer did; always false. Several clients try
 * again where they find one of its words ("server error", "connection",
 * "terminated"), others by its code.
 */
bool	failure_broken_off(struct err *);

/* Nothing can be made of an event, or of a whole answer. Always false. */
bool	failure_unreadable_event(struct err *);
bool	failure_unreadable(struct err *);

#endif
