/*
 * Carrying an exchange out, on the loop: wait for model list and token, call
 * upstream, translate what comes, write it to the client; retry what is safe to
 * repeat, keep the line alive in silence, stop at once when the client goes.
 */
#ifndef RELAY_H
#define RELAY_H

#include "api/exchange.h"

struct client;
struct server;

/*
 * Takes the exchange and the client over. "next" is what the handler said.
 * Runs on the loop's thread.
 */
void	relay_start(struct server *, struct exchange *, struct client *,
	    enum handled next);

/* End all relays: an error to each client. For the end of the process. */
void	relay_stop_all(struct server *);

#endif
