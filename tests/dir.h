/* The directory of a test's own. */
#ifndef DIR_H
#define DIR_H

#include <stdlib.h>

#include "base/util.h"

/* Remove it with all that is in it; 0 when it is gone, as a teardown says. */
static inline int
dir_remove(const char *path)
{
	char	*command = xasprintf("rm -rf %s", path);
	int	 rc = system(command);

	free(command);
	return rc;
}

#endif
