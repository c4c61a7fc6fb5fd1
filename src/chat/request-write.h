/* A turn as a chat completion request for upstream. */
#ifndef CHAT_REQUEST_WRITE_H
#define CHAT_REQUEST_WRITE_H

#include <stdbool.h>

struct chat_request;
struct err;
struct model;
struct terms;
struct turn;

/*
 * Make "r" the request that says what the turn says, to the model "upstream"
 * ("info" may be NULL): as if a client had sent it, to be made fit and printed
 * by its owner (chat/native.h). Upstream is always asked for a stream: Claude's
 * and Gemini's answers are reported to come back empty without.
 *
 * An assistant's words and calls of one go are one message; results follow
 * their calls. "terms" is begun, tools that can't be chosen leave the turn.
 * False with "err" set, in the client's terms, when something can't be carried.
 * Release both with chat_request_finish() and terms_finish() in any case.
 */
bool	chat_request_write(struct turn *, const char *upstream,
	    const struct model *info, struct chat_request *r,
	    struct terms *, struct err *);

#endif
