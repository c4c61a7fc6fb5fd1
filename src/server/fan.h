/*
 * A request that takes several others, all at once: each has a relay of its
 * own, whose client is in here, and their answers go out as one. Each has all
 * that one has: second tries, silence, the ledger. On the loop's thread.
 */
#ifndef FAN_H
#define FAN_H

#include "api/exchange.h"

struct client;
struct server;

/*
 * Takes the exchange and the client over; the handler has left x->parts.
 * "start" begins a relay (relay_start()).
 */
void	fan_start(struct server *, struct exchange *, struct client *,
	    void (*start)(struct server *, struct exchange *, struct client *,
	    enum handled));

#endif
