/* The files of tests/data. */
#ifndef DATA_H
#define DATA_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

/* Append one to "out"; the test fails where it is missing. */
static inline void
read_data(const char *name, struct buf *out)
{
	const char	*dir = getenv("srcdir");
	char		 path[4096], chunk[4096];
	FILE		*f;
	size_t		 n;

	snprintf(path, sizeof(path), "%s/tests/data/%s",
	    dir != NULL ? dir : ".", name);
	if ((f = fopen(path, "rb")) == NULL)
		fail_msg("cannot open %s", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_append(out, chunk, n);
	fclose(f);
}

#endif
