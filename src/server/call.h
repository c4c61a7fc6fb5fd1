/*
 * One call upstream: it waits for a token, sends the request, repeats what was
 * not answered or was refused for its token, and takes what comes. On the
 * loop's thread.
 */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/http.h"
#include "base/sse.h"
#include "copilot/fetch.h"

struct call;
struct exchange;
struct server;

/* The outcome. The first three are known from the head on. */
enum call_answer {
	CALL_NONE,		/* nothing yet */
	CALL_EVENTS,		/* a stream; was it whole? The answer knows */
	CALL_WHOLE,		/* "body" */
	CALL_ERROR,		/* upstream refuses, or it is nothing of use */
	CALL_FAILED,		/* there is no answer: "err" */
	CALL_STOPPED		/* a callback asked for that */
};

struct call_ops {
	/* The head of an answer; c->answer says what follows. */
	void		(*head)(struct call *, const struct http_reply *);
	/* Bytes of a stream, to be given to call_feed(). */
	enum http_flow	(*events)(struct call *, const char *, size_t);
	/* One of them. False to stop. "owner" is a struct call, too. */
	bool		(*event)(const struct sse_event *, void *call);
	/* It is over: c->answer. Not after call_cancel(). May free the call. */
	void		(*ended)(struct call *);
};

struct call {
	const struct call_ops	*ops;
	struct server		*server;
	struct exchange		*x;
	struct fetch_waiter		 waiter;	/* for a token */
	struct http_request	 request;
	struct http_call	*http;		/* NULL: it does not run */
	unsigned		 generation;	/* of the token it carries */
	unsigned		 spent;		/* second tries, as bits */
	enum call_answer	 answer;
	int			 status;	/* upstream's */
	char			*retry_after;
	char			*upstream_id;
	char			 silence[64];	/* a stream ended in it */
	struct sse		 sse;
	struct buf		 body;		/* whole, or an error's */
	struct err		**err;		/* CALL_FAILED: why */
};

/* Why it failed goes to "err", the caller's, by err_room(). */
void	call_init(struct call *, const struct call_ops *, struct server *,
	    struct exchange *, struct err **);
/* Ask what x->call says; it may end inside of this. */
void	call_start(struct call *);
/* The answer takes one more call, with second tries of its own. */
void	call_start_next(struct call *);
/* An answer that is not wanted is forgotten: x->call is made anew. */
void	call_forget(struct call *);
/* Has it begun, and not ended? */
bool	call_running(const struct call *);
/* Has upstream been sent all of it, and not ended? */
bool	call_sent(const struct call *);
/* Is nothing of its request wanted any more, and nothing that it was lent? */
bool	call_is_released(const struct call *);
/* As in http.h: don't pause one that is. */
bool	call_multiplexed(const struct call *);
void	call_resume(struct call *);	/* after HTTP_PAUSE; else nothing */
void	call_cancel(struct call *);
void	call_finish(struct call *);

/* False: too large, and the call fails by that; or event() stopped it. */
bool	call_feed(struct call *, const char *, size_t);
/* The stream has ended: what was begun is handed on. False: likewise. */
bool	call_feed_end(struct call *);
/* Memory that it holds, but for the request's. */
size_t	call_bytes(const struct call *);

#endif
