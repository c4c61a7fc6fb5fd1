/* The routes: which path and method lead to which handler, and the checks. */
#ifndef ROUTE_H
#define ROUTE_H

#include "api/exchange.h"

/*
 * Everything that can be decided before the body is read: CORS, path, method,
 * client key, content type and encoding, announced length. Returns the handler,
 * or NULL with x->reply complete. x->req and x->conf are filled in.
 */
exchange_handler *route_find(struct exchange *x, bool *wants_body);

/* Does a route begin with this segment? A mount stands before it. */
bool	route_is_head(const char *segment, size_t n);

#endif
