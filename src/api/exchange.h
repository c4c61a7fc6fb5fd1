/*
 * One client request and the upstream call it becomes. A worker fills it in,
 * the loop carries it out.
 *
 * An endpoint is a pair of pure functions, without I/O: a handler, from the
 * client's request to an upstream call or a reply, and an answer, from
 * upstream's bytes to the client's.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "api/reply.h"
#include "api/request.h"
#include "base/budget.h"
#include "base/buf.h"
#include "base/err.h"
#include "copilot/call.h"
#include "copilot/lessons.h"
#include "turn/usage.h"

struct conf;
struct conf_key;
struct json_object;
struct models;
struct sse_event;
struct stored;
struct thoughts;

/*
 * The way back. All members may be called on the loop, except that a large
 * whole body is given to a worker. "out" is appended to. A false return leaves
 * the reason in "err" and ends the answer.
 */
struct answer_ops {
	/*
	 * What upstream sends, events or a whole body, need not be what the
	 * client asked for: event() and end() also make a whole body, whole()
	 * also makes events.
	 */
	bool	either;
	/* One event of a stream that began with 200. */
	bool	(*event)(void *self, const struct sse_event *, struct buf *out,
		    struct err *);
	/*
	 * The stream ended without a transport error: append what still has to
	 * come ("data: [DONE]"), or say that it was incomplete.
	 */
	bool	(*end)(void *self, struct buf *out, struct err *);
	/* Something failed after the head went out: the error as an event. */
	void	(*fail)(void *self, const struct err *, struct buf *out);
	/* A whole body that came with 2xx; "out" becomes the client's body. */
	bool	(*whole)(void *self, const char *, size_t, struct buf *out,
		    struct err *);
	/*
	 * May be NULL. On a worker, when all events have come but before end(),
	 * and after whole(), which is on that worker, too: do what takes the
	 * disk.
	 */
	void	(*commit)(void *self);
	/* May be NULL: always. Is there something for commit() to do? */
	bool	(*commits)(void *self);
	/*
	 * May be NULL. After event(): is the answer complete but for what
	 * end() appends? Then commit() and end() follow at once, while upstream
	 * may still be about to end. Only for a client that wants events.
	 */
	bool	(*done)(void *self);
	/*
	 * May be NULL. After whole(): does the answer take one more call? Then
	 * its body is filled in, "out" of whole() is dropped and comes again.
	 */
	bool	(*next)(void *self, struct buf *body);
	/*
	 * May be NULL. Put upstream's refusal of the call into the terms of
	 * the endpoint that the client called: names of members, indexes.
	 */
	void	(*explain)(void *self, struct err *);
	/*
	 * May be NULL. After event(): is the answer complete before upstream
	 * is? Then the call is ended, as if this had been its end.
	 */
	bool	(*over)(void *self);
	/*
	 * May be NULL. Append an event that says nothing, for a client that
	 * takes a stream without events for a dead one. False, and nothing is
	 * appended, where none can be: before the first event, behind the last.
	 */
	bool	(*alive)(void *self, struct buf *out);
	void	(*destroy)(void *self);
};

struct exchange {
	struct request		 req;
	struct conf		*conf;	/* this request's configuration */
	const struct conf_key	*client; /* its key that was sent, or NULL */
	const char		*key;		/* the secret of that */
	struct stored		*stored;	/* NULL: there is none */
	struct thoughts		*thoughts;	/* likewise */
	struct lessons		*lessons;	/* likewise */
	const struct models	*models;	/* NULL: not known */
	/* and can't be had: do without */
	bool			 models_tried;
	struct err		 models_err;	/* why not */
	const char		*trouble; /* for /healthz; NULL: none; static */
	/*
	 * Upstream answered unsupported_api_for_model: the model list was wrong
	 * about this model, the handler shall take the other endpoint.
	 */
	bool			 other_endpoint;
	/*
	 * Upstream could not open the sealed thoughts that were sent back: of
	 * another account, or damaged. The handler shall leave them out.
	 */
	bool			 unsealed;
	/* Items of "input" that come before the client's, and who asked. */
	size_t			 restored;
	const char		*restored_by;	/* a member's name; static */
	/* What upstream taught of this request's model, see lessons.h. */
	struct lesson		 lesson;

	/* The handler's result. */
	struct reply		 reply;
	struct upstream_call	 call;
	const struct answer_ops	*answer;
	void			*self;		/* the answer's state */
	bool			 stream;	/* the client wants events */
	bool			 alive;		/* and some of alive(), too */
	char			*model;		/* for the log; may be NULL */
	struct usage		 usage;		/* for the log */

	/*
	 * What the handler parsed, where it is large: many pieces, which a
	 * worker frees when the call is on its way. Nothing that goes with the
	 * call may refer to it: json-c counts references without a lock.
	 */
	struct json_object	*parsed;

	/* The server's. */
	struct account		 memory;	/* what all of it takes */
	struct holder		*place;		/* that it occupies, or NULL */
};

enum handled {
	HANDLED_REPLY,		/* x->reply is complete */
	HANDLED_CALL,		/* x->call, x->answer and x->self are */
	HANDLED_MODELS	/* call me again with x->models, or models_tried */
};

/* What a route leads to. The request is authenticated and its body read. */
typedef enum handled exchange_handler(struct exchange *);

/* "return exchange_refuse(x, &err);": reply with an error. */
enum handled exchange_refuse(struct exchange *, const struct err *);

/*
 * Parse the body. The model that Azure's paths name is the request's, where its
 * body names none. False with "err" set.
 */
bool	exchange_parse(struct exchange *, struct json_object **, struct err *);

struct exchange *exchange_create(void);
/* About the memory of what it holds now, but for "parsed". */
size_t	exchange_bytes(const struct exchange *);
/* Forget the handler's result, so that it can be called again. */
void	exchange_reset(struct exchange *);
void	exchange_destroy(struct exchange *);	/* NULL is fine */

#endif
