/* A request that takes several others, whose answers go out as one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/join.h"
#include "base/conf.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/sse.h"
#include "base/util.h"
#include "base/workers.h"
#include "server/access-log.h"
#include "server/client.h"
#include "server/fan.h"
#include "server/handle.h"
#include "server/meter.h"
#include "server/outlet.h"
#include "server/parts.h"

#define BACKLOG_MAX	(64u << 10) /* for a slow client; then all wait */

struct fan;

struct part {
	struct client	 client;	/* of its relay: first */
	struct fan	*fan;
	size_t		 k;
	struct exchange	*x;		/* the relay's; until it has ended */
	struct buf	 in;		/* what is not read yet */
	struct sse	 sse;
	int		 status;	/* of the head, once it has come */
	bool		 refused;	/* "in" is an error, with its head */
	bool		 ended;
};

struct fan {
	struct server	*server;
	struct exchange	*x;
	struct outlet	 outlet;
	struct join	*join;
	struct loop_task task;		/* settle() */
	bool		 posted;
	struct job	 job;		/* keep() */
	struct loop_task kept;		/* back from there */
	bool		 keeping;
	size_t		 open;		/* parts that have not ended */
	bool		 over;		/* nothing more is taken from them */
	bool		 drained;	/* all is written, and all was said */
	struct part	*refusal;	/* the first that was refused */
	struct err	 err;		/* status 0: none */
	size_t		 held;		/* bytes of answers that are kept */
	size_t		 n;
	struct part	 parts[];
};

/* The rest is done later, when nobody is inside of a callback. */
static void
post(struct fan *f)
{
	if (f->posted)
		return;
	f->posted = true;
	loop_post(f->server->loop, &f->task);
}

/* --- What comes from the parts. */

static struct part *
part_of(struct client *c)
{
	return CONTAINER(c, struct part, client);
}

static bool
room(struct client *c)
{
	return outlet_backlog(&part_of(c)->fan->outlet) < BACKLOG_MAX;
}

/* False until the head is whole; an error keeps its own. */
static bool
read_head(struct part *p)
{
	const char *end;

	if (p->status != 0)
		return true;
	end = p->in.len == 0 ? NULL : memmem(p->in.p, p->in.len, "\r\n\r\n",
	    4);
	if (end == NULL)
		return false;
	p->status = p->x->reply.status;
	p->refused = p->status != 200;
	if (!p->refused)
		buf_consume(&p->in, (size_t)(end - p->in.p) + 4);
	return true;
}

/* The parts' words go to the client. False: it has gone. */
static bool
flush(struct fan *f)
{
	if (f->outlet.out.len == 0)
		return true;
	outlet_begin(&f->outlet, &f->x->reply, &f->x->req);
	if (outlet_write(&f->outlet))
		return true;
	f->over = true;
	post(f);
	return false;
}

/* Hold the memory of what is kept until all is there, and of its tree. */
static bool
hold(struct fan *f, size_t n)
{
	f->held += 2 * n;
	if (budget_hold(&f->x->memory, exchange_bytes(f->x) + f->x->copied +
	    f->held))
		return true;
	budget_refuse(&f->x->memory, &f->err);
	f->over = true;
	post(f);
	return false;
}

/* Up to where "in" has whole events, if their end is behind "from". */
static size_t
whole_events(const struct buf *in, size_t from)
{
	size_t n;

	for (n = in->len; n > from; n--)
		if (n > 1 && in->p[n - 1] == '\n' && in->p[n - 2] == '\n')
			return n;
	return 0;
}

/* Nothing of another part comes in the middle of an event. */
static bool
take(struct client *c, const char *bytes, size_t n, bool last)
{
	struct part	*p = part_of(c);
	struct fan	*f = p->fan;
	size_t		 from = p->status != 0 ? p->in.len : 0;

	(void)last;
	if (f->over)
		return false;
	buf_append(&p->in, bytes, n);
	if (!read_head(p) || p->refused || !p->x->stream)
		return true;
	if ((n = whole_events(&p->in, from)) == 0)
		return true;
	buf_append(&f->outlet.out, p->in.p, n);
	buf_consume(&p->in, n);
	if (f->x->collects && !hold(f, n))
		return false;
	return flush(f);
}

/* The end of one may end them all. */
static void
heed(struct fan *f, struct part *p, bool whole)
{
	if (!whole) {
		/* It gave up waiting for its client, who is the fan's. */
		outlet_give_up(&f->outlet, "client reads too slowly");
		f->over = true;
	} else if (p->refused) {
		f->refusal = p;
		f->over = true;
	} else if (!join_add(f->join, p->k))
		f->over = true;
	else if (!p->x->stream)
		hold(f, p->in.len);
}

static void
finish(struct client *c, bool whole)
{
	struct part	*p = part_of(c);
	struct fan	*f = p->fan;

	p->ended = true;
	f->open--;
	usage_add(&f->x->usage, &p->x->usage);
	if (p->x->reply.limits.len > 0) {
		buf_finish(&f->x->reply.limits);
		buf_append(&f->x->reply.limits, p->x->reply.limits.p,
		    p->x->reply.limits.len);
	}
	if (!f->over)
		heed(f, p, whole);
	p->x = NULL;
	post(f);
}

static const struct client_ops part_ops = { room, take, finish };

/* --- The end. */

static void
destroy(struct fan *f, bool whole)
{
	struct exchange	*x = f->x;
	int		 status = f->outlet.why == NULL ? x->reply.status :
			    CLIENT_GONE;
	size_t		 i;

	outlet_finish(&f->outlet, whole);
	handle_leave(x);
	meter(x, status);
	access_log(x, f->outlet.bytes, NULL, f->outlet.why);
	for (i = 0; i < f->n; i++)
		buf_finish(&f->parts[i].in);
	join_destroy(f->join);
	exchange_destroy(x);
	f->server->requests--;
	meter_load(f->server);
	free(f);
}

/* Whoever still runs has no client any more. */
static void
cancel(struct fan *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (!f->parts[i].ended)
			f->parts[i].client.gone(&f->parts[i].client);
}

/* The refusal of one of them, as it would have gone out by itself. */
static void
tell_refusal(struct fan *f)
{
	struct part	*p = f->refusal;
	const char	*body;

	if (f->outlet.state == OUTLET_EMPTY) {
		f->x->reply.status = p->status;
		buf_finish(&f->outlet.out);
		f->outlet.out = p->in;
		p->in = (struct buf){ 0 };
		return;
	}
	body = memmem(p->in.p, p->in.len, "\r\n\r\n", 4);
	sse_put(&f->outlet.out, NULL, body + 4, (size_t)(p->in.p + p->in.len -
	    body) - 4 - (p->in.p[p->in.len - 1] == '\n'));
}

/* What went wrong here, as an event where the head is out. */
static void
tell_trouble(struct fan *f)
{
	struct exchange	*x = f->x;
	struct buf	 body = { 0 };

	if (f->outlet.state == OUTLET_EMPTY) {
		buf_finish(&f->outlet.out);
		reply_error(&x->reply, &x->req, &f->err);
		reply_print_take(&x->reply, &x->req, &f->outlet.out);
		return;
	}
	err_json(&f->err, &body);
	sse_put(&f->outlet.out, NULL, buf_str(&body), body.len);
	buf_finish(&body);
}

/* The answer waits in the exchange's body until it is kept. */
static void
tell_end(struct fan *f)
{
	struct exchange *x = f->x;

	if (x->stream) {
		buf_append(&f->outlet.out, buf_str(&x->reply.body),
		    x->reply.body.len);
		outlet_begin(&f->outlet, &x->reply, &x->req);
		return;
	}
	reply_whole(&x->reply);
	reply_print_take(&x->reply, &x->req, &f->outlet.out);
}

/* All has been said, or nobody listens. */
static void
say_last(struct fan *f)
{
	if (f->refusal != NULL)
		tell_refusal(f);
	else if (f->err.status != 0)
		tell_trouble(f);
	else if (!f->over)
		tell_end(f);
	f->over = true;
	outlet_last(&f->outlet);
	outlet_push(&f->outlet);
}

static bool
is_open(const struct fan *f)
{
	return f->outlet.state == OUTLET_EMPTY ||
	    f->outlet.state == OUTLET_STREAM;
}

static void
keep(struct job *job)
{
	struct fan *f = CONTAINER(job, struct fan, job);

	join_keep(f->join);
	loop_post(f->server->loop, &f->kept);
}

static void
kept(struct loop_task *task)
{
	struct fan *f = CONTAINER(task, struct fan, kept);

	f->keeping = false;
	if (is_open(f))
		say_last(f);
	post(f);
}

/* All have said all. What is kept is kept before the client has the end. */
static void
end_all(struct fan *f)
{
	struct exchange *x = f->x;

	join_end(f->join, &x->usage, &x->reply.body);
	if (!join_keeps(f->join)) {
		say_last(f);
		return;
	}
	f->keeping = true;
	outlet_watch(&f->outlet, 0);
	f->job = (struct job){
		.run = keep, .kind = handle_kind(x), .owner = x->memory.holder
	};
	if (f->server->workers != NULL)
		workers_submit(f->server->workers, &f->job);
	else
		keep(&f->job);
}

static void
settle(struct loop_task *task)
{
	struct fan *f = CONTAINER(task, struct fan, task);

	f->posted = false;
	if (f->keeping)
		return;			/* kept() comes back here */
	if (f->over)
		cancel(f);
	if (is_open(f) && f->over)
		say_last(f);
	else if (is_open(f) && f->open == 0)
		end_all(f);
	/* A task that was posted meanwhile comes back here. */
	if (f->open == 0 && !f->posted && !f->keeping &&
	    (f->drained || f->outlet.state == OUTLET_GONE))
		destroy(f, f->drained);
}

/* --- The client. */

static void
outlet_drained(struct outlet *o)
{
	struct fan	*f = CONTAINER(o, struct fan, outlet);
	size_t		 i;

	if (o->state == OUTLET_LAST) {
		f->drained = true;
		post(f);
		return;
	}
	for (i = 0; i < f->n && !f->over; i++)
		if (!f->parts[i].ended)
			f->parts[i].client.writable(&f->parts[i].client);
}

static void
outlet_gone(struct outlet *o)
{
	struct fan *f = CONTAINER(o, struct fan, outlet);

	f->over = true;
	post(f);
}

static void
outlet_silent(struct outlet *o)
{
	struct fan *f = CONTAINER(o, struct fan, outlet);

	buf_puts(&o->out, ": keep-alive\n\n");
	outlet_begin(o, &f->x->reply, &f->x->req);
	outlet_push(o);
}

static const struct outlet_ops outlet_ops = {
	outlet_drained, outlet_gone, outlet_silent
};

/* --- The beginning. */

static struct fan *
create(struct server *s, struct exchange *x, struct client *client)
{
	size_t		 i, n = x->nparts;
	struct fan	*f = xcalloc(1, sizeof(*f) + n * sizeof(f->parts[0]));

	f->server = s;
	f->x = x;
	f->n = f->open = n;
	f->join = join_create(n, x->stream, x->tap);
	f->task.run = settle;
	f->kept.run = kept;
	s->requests++;
	outlet_init(&f->outlet, &outlet_ops, s->loop, client);
	for (i = 0; i < n; i++)
		f->parts[i] = (struct part){
			.client.ops = &part_ops, .fan = f, .k = i,
			.x = exchange_part(x, i, join_part(f->join, i))
		};
	return f;
}

void
fan_start(struct server *s, struct exchange *x, struct client *client,
    void (*start)(struct server *, struct exchange *, struct client *,
    enum handled))
{
	struct fan	*f = create(s, x, client);
	size_t		 i;

	if (x->stream)
		outlet_watch(&f->outlet, x->conf->sse_keep_alive_ms);
	/* Nobody ends inside of this: settle() is a turn of the loop away. */
	for (i = 0; i < f->n; i++)
		start(s, f->parts[i].x, &f->parts[i].client, HANDLED_MODELS);
}
