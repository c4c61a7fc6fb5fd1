/*
 * Calls by libcurl, which nobody else makes. A call has a life in order:
 * request, head, body bytes, end. It runs on the loop (http_start) or, for the
 * command line, until it is done (http_fetch).
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/body.h"
#include "base/buf.h"

struct conf;
struct err;
struct loop;
struct sockaddr;

/*
 * For an address that somebody else chose: what a call may connect to is asked
 * for each address that a name leads to, and again before the request goes out;
 * nothing that it knows, no connection, cookie or proxy, is anybody else's.
 */
struct http_guard {
	bool	(*may_connect)(const struct sockaddr *, void *arg);
	void	*arg;
};

struct http_request {
	const char	 *method;	/* static */
	char		 *url;
	struct buf	  headers;	/* "Name: value" and NUL, each */
	size_t		  nheaders;
	struct body	  body;		/* sent when method is POST */
	/* silence before the status; 0 none */
	int64_t		  headers_timeout_ms;
	/* between bytes of the body; 0 none */
	int64_t		  silence_timeout_ms;
	size_t		  body_max; /* http_fetch: most bytes of the answer */
	/* NULL: an address of the configuration. http_start only. */
	const struct http_guard *guard;
};

void	 http_request_header(struct http_request *, const char *name,
	    const char *value);
void	 http_request_finish(struct http_request *);

struct http_reply {
	int		 status;
	/* lower case, without parameters; may be "" */
	char		*content_type;
	struct buf	 head;		/* all headers, each with a newline */
	struct buf	 body;		/* http_fetch only */
};

/*
 * The value of a header, whatever the case of its name, without the space
 * before it, but with what is behind it; NULL when absent. The caller frees it.
 */
char	*http_reply_header(const struct http_reply *, const char *name);
void	 http_reply_finish(struct http_reply *);

/* How a call ended. */
enum http_end {
	HTTP_DONE,		/* whole */
	HTTP_UNREACHABLE,	/* not all of the request was sent */
	HTTP_LOST,	/* all of it, and no answer arrived */
	HTTP_SILENT,		/* a silence limit was reached */
	HTTP_CUT,		/* broke off behind the head */
	HTTP_REFUSED		/* a callback asked to stop */
};

enum http_flow { HTTP_GO, HTTP_PAUSE, HTTP_STOP };

struct http_ops {
	/* The status and the headers are known, and forgotten behind it. */
	enum http_flow	(*head)(void *arg, const struct http_reply *);
	/* HTTP_PAUSE: these bytes come again after http_resume(). */
	enum http_flow	(*body)(void *arg, const char *, size_t);
	/* The last call, always made, but not after http_cancel(). */
	void		(*end)(void *arg, enum http_end, const char *why);
};

struct http;
struct http_call;

/* "loop" NULL: only http_fetch will be used. */
struct http *http_create(struct loop *);
void	 http_destroy(struct http *);

/*
 * Start a call. The request must outlive it (nothing of it is copied), unless
 * http_release() says that it need not.
 * Never calls back from inside.
 */
struct http_call *http_start(struct http *, const struct conf *,
	    const struct http_request *, const struct http_ops *, void *arg);
void	 http_resume(struct http_call *);	/* nothing unless paused */
/*
 * Nothing of the request is wanted any more: it may be finished. For ops->head,
 * of an answer that is what was asked for; false if it has not all gone out.
 */
bool	 http_release(struct http_call *);
/* Has the whole request gone out? */
bool	 http_sent(const struct http_call *);
/*
 * Does the answer share its connection with others? Then HTTP_PAUSE stops them,
 * too, sooner or later: don't.
 */
bool	 http_multiplexed(const struct http_call *);
void	 http_cancel(struct http_call *);	/* NULL is fine */

/*
 * Do one call and wait for it. False with "err" set (502, 504) when no whole
 * answer arrived; any HTTP status is true.
 */
bool	 http_fetch(struct http *, const struct conf *,
	    const struct http_request *, struct http_reply *, struct err *);

#endif
