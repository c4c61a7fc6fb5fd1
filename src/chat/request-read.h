/* A chat completion request as a turn, for an upstream of another endpoint. */
#ifndef CHAT_REQUEST_READ_H
#define CHAT_REQUEST_READ_H

#include <stdbool.h>

struct chat_request;
struct err;
struct turn;

/*
 * Read a request whose model is known and that was made fit, but not for chat
 * completions (chat/native.h). Members that change nothing in the answer, or
 * can't be had elsewhere, are left out. Changes r->obj. False with "err" set to
 * a 400 that names the place. Release the turn with turn_finish() in any case.
 */
bool	chat_request_turn(struct chat_request *, struct turn *, struct err *);

/* The client's word for the limit of tokens; static. */
const char *chat_request_limit(const struct chat_request *);

#endif
