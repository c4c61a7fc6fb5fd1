/*
 * Text against OpenAI's own description of its answers, by tests/api-shape.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

/*
 * Fails the test if the text does not fit; "args" is "[--sse] NAME". Says so
 * where python3-jsonschema is missing.
 */
static inline void
shape_check(const char *args, const struct buf *text)
{
	const char	*dir = getenv("srcdir");
	char		 command[4096];
	FILE		*f;
	void		(*before)(int);
	int		 status;

	snprintf(command, sizeof(command),
	    "/usr/bin/python3 %s/tests/api-shape openai %s 1>&2",
	    dir != NULL ? dir : ".", args);
	if ((f = popen(command, "w")) == NULL)
		fail_msg("popen");
	/* Where there is no Python nobody reads it. */
	before = signal(SIGPIPE, SIG_IGN);
	fwrite(text->p, 1, text->len, f);
	status = pclose(f);
	signal(SIGPIPE, before);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		fail_msg("%s: %s", args, text->p);
	if (status != 0)
		print_message("# shapes: not checked\n");
}

#endif
