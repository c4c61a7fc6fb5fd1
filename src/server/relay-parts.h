/*
 * A relay as those files see it that carry an exchange out: relay.c and
 * relay-*.c. All on the loop, but for errands.
 */
#ifndef RELAY_PARTS_H
#define RELAY_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "api/exchange.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/workers.h"
#include "copilot/fetch.h"
#include "remote/remote.h"
#include "server/call.h"
#include "server/outlet.h"

struct server;

enum phase {
	MODELS,			/* the list of models is waited for */
	FETCHING,		/* what the client named by an address is */
	HANDLING,		/* a worker has the handler make a call */
	CALLING,		/* upstream is asked, and answers */
	TRANSLATING,		/* a worker has upstream's whole answer */
	KEEPING,		/* a worker keeps a complete answer */
	LINGERING,		/* all is said; upstream shall end, too */
	DRAINING,		/* all is said; the client still reads */
	STOPPING,		/* a worker has it; then comes an error */
	LEAVING			/* a worker has it; nobody waits for it */
};

struct relay {
	struct relay		 *next, **prev;	/* all relays of the server */
	struct server		 *server;
	struct exchange		 *x;
	enum phase		  phase;
	struct outlet		  outlet;
	struct call		  call;
	struct fetch_waiter		  models;
	struct remote_job	  remote;
	struct job		  job;		/* a trip to a worker */
	void			(*errand)(struct relay *);
	struct loop_task	  back;		/* from there */
	struct loop_timer	  linger;
	enum handled		  handled;	/* what the handler said */
	enum answer_said	  said;
	size_t			  base;		/* memory beside buffers */
	size_t			  received;	/* bytes of events */
	struct buf		  last;	/* to be written once it is kept */
	struct err		 *err;	/* err_room(): why it fails */
	const char		 *remark;	/* for the log */
	bool			  part;		/* of a request that counts */
};

/* --- relay-end.c: its last bytes, and how it ends. */

/* x->reply, or r->err: as an HTTP error, or behind the head as an event. */
void	relay_reply(struct relay *);
void	relay_fail(struct relay *);
/* The stream is complete with what is in "out". */
void	relay_close(struct relay *);
/* Nobody is there who wants it. */
void	relay_leave(struct relay *);
/* All is written ("whole"), or never will be: the relay is gone. */
void	relay_end(struct relay *, bool whole);
/* Likewise, but its exchange and its client are somebody else's now. */
void	relay_release(struct relay *);

/* --- relay-trip.c: to a worker and back. */

/*
 * From here on the exchange is the worker's; the outlet, and what is in it, is
 * still ours. Without an errand it is back in the loop's next turn.
 */
void	relay_travel(struct relay *, enum phase,
	    void (*errand)(struct relay *));
/* The handler is called, once more. */
void	relay_handle(struct relay *);

/* --- relay-wait.c: then the handler is called again. */

void	relay_want_models(struct relay *);
void	relay_renew_models(struct relay *);	/* those there are were wrong */
void	relay_want_session(struct relay *);	/* of Auto */
void	relay_want_files(struct relay *);	/* by address */

/* --- relay-ask.c: the calls upstream. */

void	relay_ask(struct relay *);
/* The answer made the body of another one. */
void	relay_ask_next(struct relay *);
/*
 * The answer was a summary, which is on record: now the request itself is
 * asked, with that, as a call of its own.
 */
void	relay_ask_on(struct relay *);

/* --- relay-keep.c: an answer that is complete, up to its end. */

/* Put on record what it took, before the client has the end. */
void	relay_record(struct relay *);
/* On a worker: what takes the disk. */
void	relay_commit(struct relay *);
/* Events are complete, and kept; or there was nothing to keep. */
void	relay_kept(struct relay *);
/* A whole body is there; it has become the client's, and is kept. */
void	relay_read_whole(struct relay *);
void	relay_translated(struct relay *);
/* Note the answer's word, and why it is ANSWER_FAILED. */
void	relay_said(struct relay *, enum answer_said, const struct err *);
/* It failed, for there is no memory for more of it. */
void	relay_no_memory(struct relay *);

/* --- relay-answer.c: an answer as it comes, see call.h. */

void	relay_head(struct call *, const struct http_reply *);
bool	relay_event(const struct sse_event *, void *call);
enum http_flow relay_events(struct call *, const char *, size_t n);
/* The call is over, however it ended. */
void	relay_ended(struct relay *);

#endif
