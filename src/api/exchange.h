/*
 * One client request and the upstream call it becomes. A worker fills it in,
 * the loop carries it out.
 *
 * An endpoint is a pair of pure functions, without I/O: a handler, from the
 * client's request to an upstream call or a reply, and an answer, from
 * upstream's bytes to the client's (turn/answer.h).
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
#include "copilot/auto.h"
#include "copilot/call.h"
#include "copilot/lessons.h"
#include "state/reasoning.h"
#include "turn/answer.h"
#include "turn/estimate.h"
#include "turn/initiator.h"
#include "turn/usage.h"

struct conf;
struct conf_key;
struct accounts;
struct chat_tap;
struct copilot_account;
struct detached;
struct followed;
struct join_part;
struct json_object;
struct ledger;
struct metrics;
struct models;
struct recent;
struct remote_list;
struct stored;
struct terms;
struct thought_keeper;

enum handled {
	HANDLED_REPLY,		/* x->reply is complete */
	HANDLED_CALL,		/* x->call, x->answer and x->self are */
	HANDLED_MODELS,	/* call me again with x->models, or models_tried */
	HANDLED_AUTO,	/* likewise, with a session of Auto: x->wish */
	HANDLED_FETCH,	/* likewise, with what x->remote wants */
	HANDLED_PARTS,	/* x->parts: requests that take this one's place */
	HANDLED_FOLLOW	/* x->followed is to be told as it comes */
};

/* Upstream's refusals of this request taught the handler this. */
struct retry {
	/* unsupported_api_for_model: the model list was wrong about it. */
	bool		other_endpoint;
	/*
	 * It could not open the sealed reasoning that was sent back, which is
	 * of another account, or damaged: leave that out.
	 */
	bool		unsealed;
	bool		relisted;	/* the list was asked for again */
	/* The model doesn't take these, see lessons.h; each cost a call. */
	struct lesson	lesson;
	int		lessons;
};

struct exchange;

/* A route leads to one. The request is authenticated and its body read. */
typedef enum handled exchange_handler(struct exchange *);

struct exchange {
	struct request		 req;
	struct conf		*conf;	/* this request's configuration */
	const struct conf_key	*client; /* its key that was sent, or NULL */
	const char		*key;		/* the secret of that */
	struct stored		*stored;	/* NULL: there is none */
	struct reasoning	*thoughts;	/* likewise */
	struct ledger		*ledger;	/* likewise */
	struct metrics		*metrics;	/* likewise */
	struct reasoning_scope	 thinker;	/* whose the answer's are */
	struct accounts		*accounts;	/* those that there are */
	struct copilot_account	*account;	/* whose it is upstream */
	struct recent		*recent;	/* or NULL */
	struct lessons		*lessons;	/* its; or NULL */
	const struct models	*models;	/* NULL: not known */
	/* and can't be had: do without */
	bool			 models_tried;
	struct err		*models_err;	/* why not, or NULL */
	struct err		*refusal;	/* what it got, or NULL */
	const char		*unhealthy;	/* /healthz: why; static */
	const char		*unready;	/* /readyz: likewise */
	/* Fetched for it, until upstream answers; NULL: nothing. */
	struct remote_list	*remote;
	/* Items of "input" that come before the client's, and who asked. */
	size_t			 restored;
	const char		*restored_by;	/* a member's name; static */
	const char		*route;	/* its pattern; NULL: there is none */
	exchange_handler	*handler;	/* of its route */
	/* Where the parts of a request went that was written anew, or NULL. */
	struct terms		*terms;
	struct retry		 retry;
	struct auto_wish	 wish;
	char			*session;	/* Auto's token, or NULL */
	bool			 compacts;	/* POST .../compact */
	/*
	 * A summary of the conversation is asked for, and then the request
	 * itself, with what came of that, sealed; "": nothing did.
	 */
	bool			 summarizes, summarized;
	struct buf		 summary;
	bool			 begun;	/* then: the client has a head */
	struct detached		*detached; /* it runs in the background */
	struct followed		*followed;	/* HANDLED_FOLLOW */

	/* The handler's result. */
	struct reply		 reply;
	struct upstream_call	 call;
	enum initiator		 initiator;	/* for the ledger */
	/* Bodies of requests to this handler, each of one choice. */
	struct buf		*parts;
	size_t			 nparts;
	const struct chat_tap	*tap;	/* of what they become, or NULL */
	const struct answer_ops	*answer;
	void			*self;		/* the answer's state */
	bool			 stream;	/* the client wants events */
	bool			 wants_filler;	/* filler() in a silence */
	char			*model;		/* for the log; may be NULL */
	struct usage		 usage;		/* for the log */
	struct {
		int64_t	called;	/* upstream was asked; util_now_ms() */
		int64_t	first;		/* a stream's first event went out */
	} times;			/* 0: not yet */
	bool			 tallied;	/* it is in the ledger */
	bool			 accepted; /* upstream works, or has, on it */
	bool			 cut;	/* and was not heard out */
	struct estimate		 estimate; /* what that took, then */
	/* The answer needs this beside itself; NULL: nothing. */
	void			*kept;
	void			(*forget)(void *kept);
	size_t			 copied; /* bytes of the request in that */
	bool			 collects; /* the answer keeps all of itself */

	/*
	 * The handler's tree, where it is large: many pieces, which a worker
	 * frees when the call is on its way. Nothing that goes with the
	 * call may refer to it: json-c counts references without a lock.
	 */
	struct json_object	*parsed;

	/* The server's. */
	struct join_part	*part;	/* of another one's; NULL: none */
	bool			 quick;	/* the handler waits for nothing */
	bool			 stays;	/* the process does, behind it */
	struct budget_account	 memory;	/* what all of it takes */
	struct budget_holder	*place;		/* that it occupies, or NULL */
};

/* "return exchange_refuse(x, &err);": reply with an error. */
enum handled exchange_refuse(struct exchange *, const struct err *);

/*
 * Parse the body, which has to stay as long as the tree is read. The model that
 * Azure's paths name is the request's, where its body names none. False with
 * "err" set.
 */
bool	exchange_parse(struct exchange *, struct json_object **, struct err *);

/* Another body in place of the one that "obj" was parsed from. */
void	exchange_body_take(struct exchange *, struct json_object *obj,
	    struct buf *body);

/*
 * An error in the terms of the client's own request: of the items that were
 * restored, and of what it was written anew as, it knows nothing.
 */
void	exchange_terms(const struct exchange *, struct err *);

/* Its model goes without these (turn/hosted.h): a header names them. */
void	exchange_leaves_out(struct exchange *, unsigned hosted);

/* Note for upstream and for the ledger who makes the call. */
void	exchange_initiated(struct exchange *, enum initiator);

/*
 * Note whose thoughts this request has, of which model, and who keeps those of
 * its answer.
 */
void	exchange_thinks(struct exchange *, const char *model, bool memory_only);
struct thought_keeper exchange_keeper(struct exchange *);

struct exchange *exchange_create(void);
/* Upstream has what was fetched. */
void	exchange_forget_remote(struct exchange *);
/*
 * The k-th of x->parts, whose body it takes over, as an exchange of its own: of
 * the same client, to the same handler. It must outlive neither this one nor
 * its part of the answer.
 */
struct exchange *exchange_part(struct exchange *, size_t k,
	    struct join_part *);
/* Another one for the same client, of whose request it has only the head. */
struct exchange *exchange_twin(const struct exchange *);
/* About the memory of what it holds now, but for "parsed". */
size_t	exchange_bytes(const struct exchange *);
/* Forget the handler's result, so that it can be called again. */
void	exchange_reset(struct exchange *);
void	exchange_destroy(struct exchange *);	/* NULL is fine */

#endif
