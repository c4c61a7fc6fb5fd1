/*
 * Memory that is a file's. A thread that touches a page that the file lost, or
 * whose disk fails, gets SIGBUS: then the page becomes memory of this process
 * alone. So counting ends no request, and costs no look at the file each time.
 */
#ifndef STATE_MAPPED_H
#define STATE_MAPPED_H

#include <stddef.h>

/* The first bytes of a file, shared. NULL with errno. */
void	*mapped_create(int fd, size_t);
void	 mapped_destroy(void *, size_t);

#endif
