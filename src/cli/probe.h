/* Does the server that "start" runs answer yet? It is asked as by a client. */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct lighttpd;

struct probe {
	int		fd;	/* of the question under way; -1: none */
	struct buf	answer;
	int64_t		again;	/* not to be asked before this time */
};

void	probe_init(struct probe *);
void	probe_finish(struct probe *);

/*
 * Go on without waiting for anybody; to be called again when p->fd is readable,
 * or without one after some time. True once, when GET /healthz was answered by
 * the program behind lighttpd, well or not.
 */
bool	probe_step(struct probe *, const struct lighttpd *);

#endif
