/*
 * Telling a client of a response in the background as it comes, whichever
 * process runs it: what is in the store is read, again and again. On the loop's
 * thread.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

struct client;
struct exchange;
struct server;

/* Takes over the exchange, whose "followed" says what, and the client. */
void	follow_start(struct server *, struct exchange *, struct client *);
/* There may be more of the response of that id, which this process runs. */
void	follow_wake(struct server *, const char *id);
/* End them all, for the end of the process: their clients can come again. */
void	follow_stop_all(struct server *);

#endif
