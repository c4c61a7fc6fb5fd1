/* The FastCGI responder as a process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>

struct server;

/* True when fd 0 is a listening socket: a web server started us. */
bool	process_wanted(void);
void	process_run(struct server *);		/* until SIGTERM */

#endif
