/* The files of tests/data. */
#ifndef DATA_H
#define DATA_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

/* Append a file to "out"; the test fails where it is missing. */
static inline void
data_read(const char *path, struct buf *out)
{
	char	 chunk[4096];
	FILE	*f;
	size_t	 n;

	if ((f = fopen(path, "rb")) == NULL)
		fail_msg("cannot open %s", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_append(out, chunk, n);
	fclose(f);
}

/* The same of one of those. */
static inline void
read_data(const char *name, struct buf *out)
{
	const char	*dir = getenv("srcdir");
	char		 path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/%s",
	    dir != NULL ? dir : ".", name);
	data_read(path, out);
}

#endif
