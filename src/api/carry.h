/*
 * A request that is carried by another endpoint than the client's, for a model
 * that has no other: its reader makes a turn of it, and upstream's writer makes
 * a request of that.
 */
#ifndef CARRY_H
#define CARRY_H

#include <stdbool.h>

#include <json-c/json.h>

struct bridge_chat;
struct bridge_request;
struct buf;
struct chat_request;
struct err;
struct responses_setting;

/*
 * Check a parsed Responses request, whose "model" is a string, and append the
 * body for chat completions. "obj" is edited. False with "err" set, in the
 * client's terms, when it is refused. Release with bridge_request_finish() in
 * any case.
 */
bool	carry_by_chat(json_object *obj, const struct responses_setting *,
	    struct bridge_request *, struct buf *body, struct err *);

/*
 * The same of a chat completion request whose model is known and that was made
 * fit, but not for chat completions, over /responses. Release with
 * bridge_chat_finish() in any case.
 */
bool	carry_by_responses(struct chat_request *, struct bridge_chat *,
	    struct buf *body, struct err *);

#endif
