/*
 * Server-sent events: bytes to events and events to bytes
 * (html.spec.whatwg.org/multipage/server-sent-events.html).
 */
#ifndef SSE_H
#define SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct sse_event {
	const char	*name;		/* "event:" field, NULL when none */
	const char	*data;	/* "data:" lines joined with \n; NUL behind */
	size_t		 len;
	bool		 unfinished;	/* the input ended within it */
	bool		 bare;	/* a line that is JSON without "data:" */
};

/* A parser. Zeroed memory with "max" set is a fresh one. */
struct sse {
	size_t		 max;		/* most bytes in one event */
	struct buf	 line;		/* the line that has not ended yet */
	struct buf	 data;
	struct buf	 name;
	bool		 has_data;
	bool		 ended;		/* by sse_end() */
	bool		 has_name;
	bool		 cr;	/* last byte was \r: a \n belongs to it */
	bool		 begun;	/* a byte-order mark can't come any more */
};

/*
 * Feed any piece of the stream; any split gives the same events. "on_event" may
 * return false to stop early. Returns false when it did or when an event
 * exceeds max (then sse_too_large is true).
 *
 * Copilot sometimes ends a failed stream with a line of bare JSON instead of a
 * "data:" field: such a line is handed on as an event with "bare" set.
 */
bool	sse_feed(struct sse *, const char *, size_t,
	    bool (*on_event)(const struct sse_event *, void *), void *arg);
/* End of input: an unfinished bare line or event with data is handed on. */
bool	sse_end(struct sse *,
	    bool (*on_event)(const struct sse_event *, void *),
	    void *arg);
/* Did an event begin that has not ended? */
bool	sse_partial(const struct sse *);
bool	sse_too_large(const struct sse *);
void	sse_finish(struct sse *);

/* Appends "event: NAME\n" (when not NULL) and "data: ...\n\n". */
void	sse_put(struct buf *, const char *name, const char *data, size_t);

#endif
