/* Answers that go on without their client. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/detached.h"
#include "api/exchange.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "base/workers.h"
#include "server/background.h"
#include "server/client.h"
#include "server/follow.h"
#include "server/parts.h"
#include "state/background.h"

#define GATHER_MS	50	/* events that are written together */
#define LOOK_MS		1000	/* at the latest: was it cancelled? */
#define AGAIN_MS	2000	/* when the store could not be written */
#define WAITING_MAX	(1u << 20) /* for the store; then upstream waits */
#define HEAD_MAX	(64u << 10)

struct run {
	struct client	  client;	/* first: the client is its run */
	struct server	 *server;
	struct detached	 *d;
	struct detached	 *flying;	/* "d", while a worker has it */
	struct buf	  head;		/* of the answer, until it is whole */
	bool		  headed, refused;
	struct buf	  event;	/* of which more is to come */
	size_t		  looked;	/* bytes of it where its end is not */
	/* Events that came while a worker wrote others. */
	struct buf	  waiting;
	size_t		  total, most;	/* bytes of the answer */
	int64_t		  started, limit;	/* ms */
	bool		  over;		/* the answer is, whole or not */
	bool		  written;	/* and that it is */
	bool		  blocked;	/* writable() is to be called */
	enum stored_found found;	/* what the worker came to */
	struct job	  job;
	struct loop_task  back;
	struct loop_timer timer;
};

static void	write_out(struct run *);

/* --- What would go to a client. */

/* Events end where a line is empty. They are kept as they are, unread. */
static void
take_events(struct run *r)
{
	struct buf	*b = &r->event;
	const char	*end;
	size_t		 at = 0, from = r->looked;

	while ((end = memmem(buf_str(b) + from, b->len - from, "\n\n", 2)) !=
	    NULL) {
		from = (size_t)(end - b->p) + 2;
		background_log_add(&r->d->log, b->p + at, from - at);
		at = from;
	}
	if (at == b->len)
		buf_finish(b);
	else
		buf_consume(b, at);
	r->looked = b->len > 0 ? b->len - 1 : 0;
}

/* The head is CGI's; what follows are events, or an error. */
static void
take_head(struct run *r)
{
	static const char	 end[] = "\r\n\r\n";
	struct buf		*h = &r->head;
	const char		*p = memmem(buf_str(h), h->len, end, 4);
	size_t			 n;

	if (p == NULL)
		return;
	r->headed = true;
	r->refused = r->client.exchange->reply.status != 200;
	n = (size_t)(p - h->p) + strlen(end);
	buf_append(&r->waiting, h->p + n, h->len - n);
	buf_finish(h);
}

/* While a worker has "d" what comes waits. */
static void
take_waiting(struct run *r)
{
	struct buf *in = &r->waiting;

	if (r->flying != NULL)
		return;
	if (!r->refused) {
		buf_append(&r->event, buf_str(in), in->len);
		take_events(r);
	}
	buf_finish(in);
}

static bool
client_room(struct client *client)
{
	struct run *r = (struct run *)client;

	r->blocked = r->waiting.len +
	    (r->flying == NULL ? r->d->log.text.len : 0) >= WAITING_MAX;
	return !r->blocked;
}

static bool
client_write(struct client *client, const char *p, size_t n, bool last)
{
	struct run *r = (struct run *)client;

	(void)last;
	r->total += n;
	if (r->total > r->most || r->head.len > HEAD_MAX) {
		client->why = "The response exceeds what may be kept of one "
		    "(maxResponseBodyBytes).";
		return false;
	}
	buf_append(r->headed ? &r->waiting : &r->head, p, n);
	if (!r->headed)
		take_head(r);
	take_waiting(r);
	if (r->flying == NULL)
		loop_timer_set(r->server->loop, &r->timer, GATHER_MS);
	return true;
}

static void
client_finish(struct client *client, bool whole)
{
	struct run		*r = (struct run *)client;
	const struct err	*refusal = client->exchange->refusal;

	(void)whole;
	r->over = true;
	if (r->refused && refusal != NULL)
		detached_refuse(r->d, refusal);
	if (r->flying == NULL)
		write_out(r);
}

static const struct client_ops ops = {
	client_room, client_write, client_finish
};

/* --- The store. */

static void
end(struct run *r)
{
	struct server *s = r->server;

	loop_timer_stop(s->loop, &r->timer);
	buf_finish(&r->event);
	buf_finish(&r->head);
	buf_finish(&r->waiting);
	detached_destroy(r->d);
	free(r);
	s->runs--;
	if (s->runs == 0 && s->quiet != NULL)
		s->quiet(s);
}

static void
run_job(struct job *job)
{
	struct run *r = CONTAINER(job, struct run, job);

	r->found = detached_write(r->flying, r->written,
	    r->written ? r->client.why : NULL);
	loop_post(r->server->loop, &r->back);
}

static void
write_out(struct run *r)
{
	loop_timer_stop(r->server->loop, &r->timer);
	take_waiting(r);
	r->flying = r->d;
	r->written = r->over;
	r->job.run = run_job;
	r->job.kind = WORK_STORE;
	workers_submit(r->server->workers, &r->job);
}

/* Upstream is told by hanging up. */
static void
break_off(struct run *r, const char *why)
{
	if (r->over)
		return;
	if (r->client.why == NULL)
		r->client.why = why;
	r->client.gone(&r->client);
}

static void
came_back(struct loop_task *task)
{
	struct run	*r = CONTAINER(task, struct run, back);
	struct server	*s = r->server;
	bool		 kept = r->found != STORED_TROUBLE;
	int64_t		 next = LOOK_MS;

	r->flying = NULL;
	if (kept) {
		background_log_clear(&r->d->log);
		follow_wake(s, r->d->id);
	}
	if (kept && r->written) {
		end(r);
		return;
	}
	take_waiting(r);
	if (!kept)
		next = AGAIN_MS;
	else if (r->over)
		next = 0;
	else if (r->d->log.n > 0)
		next = GATHER_MS;
	loop_timer_set(s->loop, &r->timer, next);
	if (r->found == STORED_NONE)
		break_off(r, "cancelled");
	else if (r->blocked && client_room(&r->client) && !r->over)
		r->client.writable(&r->client);
}

static void
timer_due(struct loop_timer *t)
{
	struct run *r = CONTAINER(t, struct run, timer);

	if (loop_now(r->server->loop) - r->started >= r->limit)
		break_off(r, "The response took longer than responses in the "
		    "background may (backgroundResponses.maxMinutes).");
	if (r->flying == NULL)
		write_out(r);
}

struct client *
background_start(struct server *s, struct exchange *x)
{
	struct run *r = xcalloc(1, sizeof(*r));

	r->client.ops = &ops;
	r->client.exchange = x;
	r->server = s;
	r->d = x->detached;
	r->most = (size_t)x->conf->max_response_body_bytes;
	r->started = loop_now(s->loop);
	r->limit = x->conf->background_max_minutes * 60000;
	r->back.run = came_back;
	r->timer.expired = timer_due;
	loop_timer_set(s->loop, &r->timer, LOOK_MS);
	s->runs++;
	return &r->client;
}

/* --- What a process has left that was killed. */

struct burial {
	struct job	 job;		/* first: the job is its burial */
	struct stored	*stored;
};

static void
bury_job(struct job *job)
{
	struct burial *b = (struct burial *)job;

	background_bury(b->stored);
	free(b);
}

void
background_clear(struct server *server)
{
	struct burial *b;

	if (!background_left(server->stored))
		return;		/* no thread for that */
	b = xcalloc(1, sizeof(*b));
	b->job = (struct job){ .run = bury_job, .kind = WORK_STORE };
	b->stored = server->stored;
	workers_submit(server->workers, &b->job);
}
