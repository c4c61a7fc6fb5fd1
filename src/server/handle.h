/*
 * The way of a request to its handler: route and place, on the loop; whoever
 * has the connection reads the body; then the handler, on a worker, or on the
 * loop if nothing of it can take long.
 */
#ifndef HANDLE_H
#define HANDLE_H

#include <stdbool.h>

#include "api/exchange.h"
#include "base/workers.h"

struct server;

enum handle_next {
	HANDLE_DONE,		/* x->reply is complete: no handler is asked */
	HANDLE_RUN,		/* handle_run() */
	HANDLE_READ		/* the same, once x->req.body is read */
};

/* From the facts in x->req, but for the body. */
enum handle_next handle_route(struct server *, struct exchange *);
/* To a reply or an upstream call. */
enum handled handle_run(struct exchange *);
/* Once more, now that the model list is known or can't be. */
enum handled handle_again(struct exchange *);
/* Can handle_run() be called on the loop? */
bool	handle_is_quick(const struct exchange *);
/* The kind of work that the handler will be, and its outcome. */
enum work handle_kind(const struct exchange *);
/*
 * The handler's tree is to be freed: memory that the exchange then gives back.
 * Call it behind the last use of the exchange by this thread.
 */
struct handle_leftover {
	struct json_object	*parsed;
	struct budget_account		 memory;
};
struct handle_leftover handle_leftover(struct exchange *);
void	handle_leftover_free(struct handle_leftover *);

/* The exchange is over: its place is free again. */
void	handle_leave(struct exchange *);

#endif
