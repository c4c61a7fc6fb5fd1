/*
 * Parts of "copilot-api start": a private lighttpd configuration in a
 * directory of its own, and lighttpd as our child.
 */
#ifndef CLI_LIGHTTPD_H
#define CLI_LIGHTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/uploads.h"

struct conf;
struct err;

#define LIGHTTPD_ADDRESSES 2		/* 127.0.0.1 and [::1] */

struct lighttpd {
	char	*program;		/* where lighttpd is */
	char	*dir;			/* the private directory, 0700 */
	char	*file;			/* its configuration in there */
	/* Numeric: "127.0.0.1", "::1". */
	char	*addresses[LIGHTTPD_ADDRESSES];
	size_t	 naddresses;
	int	 port;
	int64_t	 drain_ms;		/* as the configuration says now */
	struct uploads uploads;
};

bool	lighttpd_find(struct lighttpd *, struct err *);
/* Make the directories and write the configuration. */
bool	lighttpd_prepare(struct lighttpd *, const struct conf *,
	    const char *home, struct err *);
/* Remove the directory and free everything. */
void	lighttpd_finish(struct lighttpd *);

struct lighttpd_ops {
	/* It answers; called once. */
	void	(*ready)(void *arg);
	/* SIGHUP: read the configuration again. False, and why was said. */
	bool	(*reload)(void *arg);
};

/*
 * Run it until it ends or SIGINT or SIGTERM asks us to stop, or the terminal
 * goes; nothing of it is left then. Answers under way have l->drain_ms to come
 * to their end. Returns the exit status of the command: 0 when we were asked
 * to stop.
 */
int	lighttpd_run(const struct lighttpd *, const struct lighttpd_ops *,
	    void *arg);

#endif
