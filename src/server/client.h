/*
 * The client of one request as those see it who answer: CGI and FastCGI meet
 * below this. Everything here happens on the loop's thread.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client;
struct exchange;

struct client_ops {
	/*
	 * Can about CLIENT_PIECE bytes be written without waiting? When not,
	 * client->writable() is called once that has changed.
	 */
	bool	(*room)(struct client *);
	/*
	 * Write, and flush unless it is the "last" piece, which may leave
	 * together with the end of the request. False: the client has gone.
	 */
	bool	(*write)(struct client *, const char *, size_t, bool last);
	/*
	 * The answer is over, whole or not. The last call: the client is gone
	 * afterwards.
	 */
	void	(*finish)(struct client *, bool whole);
};

#define CLIENT_PIECE 16384u
#define CLIENT_GONE 499 /* status of an answer whose client left */

struct client {
	const struct client_ops	 *ops;
	void			(*gone)(struct client *);	/* it hung up */
	void			(*writable)(struct client *);
	void			 *owner;	/* of the two above */
	struct exchange		 *exchange;	/* that is answered */
	/* That it is gone: why, if it isn't that it hung up. Static. */
	const char		 *why;
};

#endif
