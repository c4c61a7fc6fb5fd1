/*
 * A program that prints one thing: run without a shell, killed when its time is
 * over. On the loop (command_start) or until it is done (command_run).
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

#include "base/buf.h"
#include "base/loop.h"

struct err;

struct command {
	struct loop		*loop;
	const char		*name;		/* argv[0], for messages */
	int64_t			 limit_ms;
	pid_t			 pid;		/* 0: none runs */
	int			 pipe;		/* its standard output */
	struct loop_fd		 exited;
	struct loop_timer	 timer;
	/* Its print in "out", or in "err" why there is none. */
	void			(*end)(struct command *, struct buf *out,
				    const struct err *);
};

/*
 * Standard input is empty, standard error is ours. The print has to fit into a
 * pipe (64 kB). "argv" ends with NULL and must outlive the run. Never
 * calls back from inside; false when it can't be started.
 */
bool	command_start(struct command *, struct loop *, char *const *argv,
	    int64_t limit_ms, struct err *);
void	command_stop(struct command *);		/* kills it, calls nobody */

bool	command_run(char *const *argv, int64_t limit_ms, struct buf *out,
	    struct err *);

#endif
