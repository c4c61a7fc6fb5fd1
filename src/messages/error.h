/* An error as Anthropic prints it. */
#ifndef MESSAGES_ERROR_H
#define MESSAGES_ERROR_H

#include "base/buf.h"

/*
 * The code of what asks this server to keep a thread of messages. SDKs that
 * find it in the details of an error go on without one.
 */
#define MESSAGES_NO_THREAD "thread_unsupported_request"

struct err;

/* The status that it is sent with: some are Anthropic's own. */
int	messages_error_status(const struct err *);
/* Append its object; "id" is the request's. */
void	messages_error(const struct err *, const char *id, struct buf *out);
/* The same as an event of a stream. */
void	messages_error_event(const struct err *, const char *id,
	    struct buf *out);

#endif
