/*
 * Connections of web servers, which speak FastCGI: each request on one becomes
 * an exchange, and its answer goes back there. Used by the loop's thread.
 */
#ifndef FCGI_H
#define FCGI_H

#include <stdbool.h>

struct conn;
struct server;

/* Connections that nobody else has, oldest first. */
struct conns {
	struct conn	 *first, *last;
};

/* All of this process. */
struct fcgi {
	struct server	 *server;
	struct conns	  idle, lingering;
	int		  busy;		/* connections with a request */
	/* A request is over; "large": it took much memory. */
	void		(*done)(struct fcgi *, bool large);
};

/* "done" is the caller's to set. */
void	fcgi_init(struct fcgi *, struct server *);
/* Close the lingering ones; the others must be gone. */
void	fcgi_finish(struct fcgi *);

/* A new connection. It closes the descriptor in the end. */
void	fcgi_connect(struct fcgi *, int fd);
/*
 * Descriptors run short: close the connection that has been idle longest, or
 * the one whose refused body has come for longest. False when there is none, or
 * was busy a moment ago.
 */
bool	fcgi_shed(struct fcgi *);
/* Close all that have no request. */
void	fcgi_close_idle(struct fcgi *);

#endif
