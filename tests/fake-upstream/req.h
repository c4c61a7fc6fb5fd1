/* One HTTP/1.x request: its head taken apart, its body without framing. */
#ifndef REQ_H
#define REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define REQ_HEAD_MAX	(64u << 10)
#define REQ_BODY_MAX	((size_t)64 << 20)

struct header {
	const char *name, *value;
};

struct req {
	char		*head;		/* everything below points into it */
	const char	*method, *path, *query;
	struct header	*headers;
	size_t		 nheaders;
	bool		 http10;
	bool		 keep_alive;
	bool		 chunked;	/* the body's framing */
	bool		 expect;	/* the client waits for 100 Continue */
	uint64_t	 length;
	struct buf	 body;
};

/*
 * Take the head apart: n bytes, the empty line included. Returns 0, or the
 * status of the refusal.
 */
int	req_parse(struct req *, const char *, size_t n);
const char *req_header(const struct req *, const char *name);	/* or NULL */
void	req_finish(struct req *);

/* Chunked request bodies. Zeroed memory is a fresh decoder. */
struct dechunk {
	int	 state;
	uint64_t left;
	size_t	 line;		/* bytes in this line of framing */
};
enum dechunk_result { DECHUNK_MORE, DECHUNK_DONE, DECHUNK_BAD, DECHUNK_BIG };
/* Feeds n bytes; *used says how many belonged to this body. */
enum dechunk_result dechunk(struct dechunk *, const char *, size_t n,
	    size_t *used, struct buf *body);

#endif
