/* What the parts of the relay share: relay.c, call.c, outlet.c. */
#ifndef RELAY_STATE_H
#define RELAY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/exchange.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/http.h"
#include "base/loop.h"
#include "base/sse.h"
#include "base/workers.h"
#include "copilot/fetch.h"

struct client;
struct server;

/* What upstream's answer is, once its head is known. */
enum expect { EXPECT_HEAD, EXPECT_EVENTS, EXPECT_WHOLE, EXPECT_ERROR };

struct relay {
	struct relay		 *next, **prev;	/* all relays of the server */
	struct server		 *server;
	struct exchange		 *x;
	struct client		 *client;

	/* Waiting for what the call needs. */
	struct waiter	  waiter;
	struct job		  job;		/* a trip to a worker .. */
	struct loop_task	  task;		/* .. and back */
	bool			  away;	/* on it: the exchange is not ours */
	bool			  stopped;	/* meanwhile: no more calls */
	enum handled		  handled;

	/* The call. */
	struct http_request	  request;
	struct http_call	 *call;
	unsigned		  generation;	/* of the token it carries */
	bool			  retried;	/* after a network failure .. */
	bool			  counted;	/* .. of a call that was sent */
	bool			  replayed;	/* after a 401 */
	int			  lessons; /* calls that taught something */
	enum expect		  expect;
	int			  status;	/* upstream's */
	char			 *retry_after;
	char			 *upstream_id;
	struct sse		  sse;
	struct buf		  body;	/* of a whole or failed answer */
	size_t			  base;		/* memory beside it */
	size_t			  received;	/* bytes of events */
	struct err		  err;		/* why the answer failed .. */
	bool			  failed;	/* .. if it did */
	bool			  more;		/* one more call is needed */
	bool			  done;	/* only upstream's end is missing */
	/* upstream stopped sending: how */
	char			  silence[64];

	/* The client. */
	struct buf		  out;		/* to be written, from out_at */
	size_t			  out_at;
	bool			  head_sent;
	bool			  paused; /* the call, for a slow client */
	bool			  over;		/* nothing comes behind "out" */
	bool			  gone;		/* nobody listens any more */
	const char		 *remark;	/* for the log */
	size_t			  bytes;
	int64_t			  written;	/* when something last was */
	struct loop_timer	  timer;	/* keep-alive, stalled client */
	struct loop_timer	  linger;	/* of upstream */
};

#define RELAY_OF(p, member) \
	((struct relay *)((char *)(p) - offsetof(struct relay, member)))

/* --- relay.c: its life, and what it waits for. */

/* The end: the client is finished with, the relay is gone. */
void	relay_free(struct relay *, bool whole);
/* Nobody listens any more: end it, or have it ended when it is back. */
void	relay_abandon(struct relay *, const char *remark);
/* Have a worker run a job, and the loop what follows from it. */
void	relay_travel(struct relay *, void (*run)(struct job *),
	    void (*back)(struct loop_task *));
/* Call the handler again, on a worker. */
void	relay_handle_again(struct relay *);

/* --- relay-out.c: writing to the client. */

/* Put the head of a stream in front of what is to be written. */
void	relay_put_head(struct relay *);
/* Write while the client takes it. Safe inside of the call's callbacks. */
void	relay_pump(struct relay *);
/* The same outside of them, with what follows from it. The relay may end. */
void	relay_push(struct relay *);
/* Send x->reply: the whole answer. */
void	relay_reply(struct relay *);
/* r->err: before the head as an HTTP error, behind it as an event. */
void	relay_fail(struct relay *);
/* The stream is complete with what is to be written. */
void	relay_end_stream(struct relay *);
void	relay_client_gone(struct client *);
void	relay_client_writable(struct client *);
void	relay_timer(struct loop_timer *);

/* --- relay-call.c: the call upstream. */

void	relay_call_start(struct relay *);
void	relay_linger_over(struct loop_timer *);

#endif
