/* The FastCGI responder. */
#ifndef FCGI_H
#define FCGI_H

#include <stdbool.h>

struct server;

/* True when fd 0 is a listening socket: a web server started us. */
bool	fcgi_wanted(void);
void	fcgi_run(struct server *);		/* until SIGTERM */

#endif
