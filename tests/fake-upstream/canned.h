/* Whole answers as GitHub and Copilot give them when something is wrong. */
#ifndef CANNED_H
#define CANNED_H

#include <stdbool.h>

struct buf;

struct canned {
	const char	*name;
	int		 status;
	const char	*type;
	const char	*body;
	const char	*headers;	/* "Name: value\r\n" each */
};

const struct canned *canned_find(const char *name);
const struct canned *canned_by_status(int status);
void	canned_list(struct buf *);

#endif
