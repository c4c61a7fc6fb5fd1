/* A turn as a Messages request for upstream. */
#ifndef MESSAGES_REQUEST_WRITE_H
#define MESSAGES_REQUEST_WRITE_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct model;
struct terms;
struct turn;

/*
 * The request that says what the turn says, to the model "upstream" ("info" may
 * be NULL): as if a client had sent it, to be made fit and printed by its owner
 * (messages/native.h). Upstream is always asked for a stream. Thoughts that
 * /v1/messages did not make are left out; so are all that are "unsealed".
 * The client's last four cache marks stay.
 *
 * "in_prompt" says that the answer's format is told, since upstream has no such
 * or can't be held to it. "terms" is begun, tools that can't be chosen leave
 * the turn. NULL with "err" set, in the client's terms, when something can't be
 * carried. Release terms with terms_finish() in any case.
 */
json_object *messages_request_write(struct turn *, const char *upstream,
	    const struct model *info, bool *in_prompt, struct terms *,
	    struct err *);

#endif
