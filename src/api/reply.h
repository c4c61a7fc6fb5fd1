/*
 * The answer to the client: status, headers, and a whole body or the
 * beginning of a stream. Written in CGI's form ("Status: 200 OK"), which
 * FastCGI, mod_cgi and a terminal all understand.
 */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct err;
struct request;

struct reply {
	int		 status;
	int64_t		 upstream_ms; /* until it answered; 0: not asked */
	const char	*content_type;		/* static; NULL: no body */
	struct buf	 headers;		/* "Name: value\r\n" ... */
	struct buf	 always;	/* likewise; an error keeps them */
	struct buf	 limits;		/* likewise, of the last call */
	struct buf	 body;
};

/* Adds a header. A value with control characters is cut there. */
void	reply_header(struct reply *, const char *name, const char *value);
/* The same, and reply_error() leaves it there. */
void	reply_header_always(struct reply *, const char *name,
	    const char *value);
void	reply_json(struct reply *, int status);	/* body is to be filled in */
/* Status 200, and JSON unless the handler has set another type. */
void	reply_whole(struct reply *);
/*
 * Replaces whatever is there by the error and its headers, in the form of the
 * API that the request is for: OpenAI's or Anthropic's.
 */
void	reply_error(struct reply *, const struct request *,
	    const struct err *);

/*
 * Appends the head: status line, headers, x-request-id, blank line; with
 * "length" false (a stream) no Content-Length.
 */
void	reply_head(const struct reply *, const struct request *, bool length,
	    struct buf *out);
/* Head and body; only the head for HEAD. */
void	reply_print(const struct reply *, const struct request *,
	    struct buf *out);

/* The same into an empty "out"; a large body is moved, not copied. */
void	reply_print_take(struct reply *, const struct request *,
	    struct buf *out);

/* Forget all but the headers that are there always. */
void	reply_reset(struct reply *);
void	reply_finish(struct reply *);

#endif
