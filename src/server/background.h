/*
 * Answers that go on without their client (server/relay.c carries them out like
 * any other): what a client would get goes into the store, where those who ask
 * find it. On the loop's thread.
 */
#ifndef SERVER_BACKGROUND_H
#define SERVER_BACKGROUND_H

struct client;
struct exchange;
struct server;

/*
 * The client in place of the one that is left behind. It lives until what was
 * written to it is in the store.
 */
struct client *background_start(struct server *, struct exchange *);

/* The process begins: what one ran that was killed here has failed. */
void	background_clear(struct server *);

#endif
