/*
 * A response that is to run in the background ("background": true): it goes on
 * when its client has left. The handler queues it in the store and makes its
 * call like any other; the server then takes it from the client, who is told of
 * the queued response or follows its events, as anybody may do later.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;
struct exchange;
struct responses;
struct restored;

/* --- For the handler of POST /v1/responses. */

/*
 * Does the request ask for it? Then x->detached is made, and the request is
 * one for a stream. False with "err" set when it can't be.
 */
bool	queue_read(struct exchange *, json_object *, struct err *);
/* The response gets its id and its tap; "r" is what its answer will know. */
void	queue_name(struct exchange *, struct responses *r);
/* Queue it, once; false with "err" set when there are too many. */
bool	queue_add(struct exchange *, const struct restored *,
	    struct err *);

/* --- For the server. */

/* It will not be carried out, unless it is on its own already. */
void	queue_withdraw(struct exchange *);

/*
 * The exchange of the client that "x" leaves behind: its reply is the queued
 * response, or it follows the events. *follows tells which.
 */
struct exchange *queue_client(struct exchange *x, bool *follows);
#endif
