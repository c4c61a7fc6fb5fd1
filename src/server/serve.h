/*
 * What the two ways to be called, CGI and FastCGI, share: the parts of the
 * program wired together, and the way of a request up to its handler.
 */
#ifndef SERVE_H
#define SERVE_H

#include <stdbool.h>

#include "api/exchange.h"

struct cli;
struct client;
struct conf_file;
struct copilot;
struct http;
struct lessons;
struct loop;
struct relay;
struct stored;
struct thoughts;
struct workers;

struct server {
	struct loop		*loop;
	struct http		*http;
	struct conf_file	*conf_file;
	struct copilot		*copilot;
	struct stored		*stored;	/* NULL: there is none */
	struct thoughts		*thoughts;
	struct lessons		*lessons;
	struct workers		*workers; /* NULL: do jobs at once (CGI) */
	_Atomic int		 exchanges;	/* that occupy a place */
	struct relay		*relays; /* answers under way on the loop */
	bool			 draining;
};

/* Read the body into x->req.body. False: "err", or gone if status 0. */
typedef bool serve_read(struct exchange *, void *arg, struct err *);

/*
 * From the facts in x->req to a reply or an upstream call. Runs on a worker.
 * False: the client has gone, there is nobody to answer.
 */
bool	serve_handle(struct server *, struct exchange *, serve_read *read,
	    void *arg, enum handled *);

/* Call the handler again, now that the model list is known or can't be. */
enum handled serve_again(struct server *, struct exchange *);

/* The end of every exchange: one log line, and its place is free again. */
void	serve_done(struct server *, struct exchange *, size_t bytes,
	    const char *upstream_id, const char *remark);

/* Run as what the environment says we are: 0 or an exit status. */
int	serve_main(const struct cli *);

/* True when fd 0 is a listening socket: a web server started us. */
bool	fcgi_wanted(void);
void	fcgi_run(struct server *);		/* until SIGTERM */
int	cgi_run(struct server *);		/* one request */

#endif
