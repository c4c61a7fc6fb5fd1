/* The line in the log that ends every exchange. */
#ifndef ACCESS_LOG_H
#define ACCESS_LOG_H

#include <stddef.h>

struct exchange;

/* "upstream_id" and "remark" may be NULL. */
void	access_log(const struct exchange *, size_t bytes,
	    const char *upstream_id, const char *remark);

#endif
