/* The way to one client: head, bytes, silence, and a client that stalls. */
#include "config.h"

#include "api/reply.h"
#include "base/util.h"
#include "server/client.h"
#include "server/outlet.h"

#define STALL_MS	120000	/* a client that reads nothing is left */
#define SPARE_OUT	(64u << 10) /* more memory is given back when empty */

void
outlet_begin(struct outlet *o, struct reply *reply, const struct request *req)
{
	struct buf head = { 0 };

	if (o->state != OUTLET_EMPTY)
		return;
	o->state = OUTLET_STREAM;
	reply->status = 200;
	reply->content_type = "text/event-stream; charset=utf-8";
	reply_header(reply, "Cache-Control", "no-cache");
	/* nginx buffers the answer without this. */
	reply_header(reply, "X-Accel-Buffering", "no");
	reply_head(reply, req, false, &head);
	buf_append(&head, buf_str(&o->out), o->out.len);
	buf_finish(&o->out);
	o->out = head;
}

void
outlet_last(struct outlet *o)
{
	loop_timer_stop(o->loop, &o->silence);
	if (o->state != OUTLET_GONE)
		o->state = OUTLET_LAST;
}

void
outlet_give_up(struct outlet *o, const char *why)
{
	o->state = OUTLET_GONE;
	o->why = why;
	loop_soon_stop(o->loop, &o->soon);
	loop_timer_stop(o->loop, &o->silence);
	loop_timer_stop(o->loop, &o->stall);
}

size_t
outlet_backlog(const struct outlet *o)
{
	return o->out.len - o->at;
}

/* Bytes that were written leave the buffer. */
static void
tidy(struct outlet *o)
{
	if (o->at < o->out.len) {
		/* Seldom enough to cost each byte one move at most. */
		if (o->at > SPARE_OUT && o->at > o->out.len / 2) {
			buf_consume(&o->out, o->at);
			o->at = 0;
		}
		return;
	}
	o->at = 0;
	if (o->out.cap > SPARE_OUT)
		buf_finish(&o->out);
	else
		buf_truncate(&o->out, 0);
}

static const char *
why_gone(const struct client *c)
{
	return c->why != NULL ? c->why : "client closed the connection";
}

static bool
write_piece(struct outlet *o)
{
	size_t	left = outlet_backlog(o), n;

	n = left < CLIENT_PIECE ? left : CLIENT_PIECE;
	if (!o->client->ops->write(o->client, o->out.p + o->at, n,
	    o->state == OUTLET_LAST && n == left))
		return false;
	o->at += n;
	o->bytes += n;
	o->written = loop_now(o->loop);
	return true;
}

bool
outlet_write(struct outlet *o)
{
	loop_soon_stop(o->loop, &o->soon);
	if (o->state == OUTLET_GONE)
		return false;
	while (o->at < o->out.len) {
		if (!o->client->ops->room(o->client)) {
			if (o->stall.place == 0)
				loop_timer_set(o->loop, &o->stall, STALL_MS);
			break;
		}
		if (!write_piece(o)) {
			outlet_give_up(o, why_gone(o->client));
			return false;
		}
	}
	tidy(o);
	return true;
}

void
outlet_push(struct outlet *o)
{
	if (!outlet_write(o))
		o->ops->gone(o);
	else if (o->out.len == 0)
		o->ops->drained(o);
}

void
outlet_push_soon(struct outlet *o)
{
	if (o->state != OUTLET_GONE)
		loop_soon(o->loop, &o->soon);
}

bool
outlet_waits(const struct outlet *o)
{
	return o->soon.queued;
}

/* --- What happens by itself. */

static void
soon(struct loop_task *t)
{
	outlet_push(CONTAINER(t, struct outlet, soon));
}

static void
lose(struct outlet *o, const char *why)
{
	if (o->state == OUTLET_GONE)
		return;
	outlet_give_up(o, why);
	o->ops->gone(o);
}

static void
client_gone(struct client *c)
{
	lose(c->owner, why_gone(c));
}

static void
client_writable(struct client *c)
{
	struct outlet *o = c->owner;

	if (o->state != OUTLET_GONE)
		outlet_push(o);
}

/* Neither timer is set anew for each byte: it looks when the last one went. */
static int64_t
left_of(const struct outlet *o, int64_t ms)
{
	return o->written + ms - loop_now(o->loop);
}

static void
stall_due(struct loop_timer *t)
{
	struct outlet	*o = CONTAINER(t, struct outlet, stall);
	int64_t		 left = left_of(o, STALL_MS);

	if (o->out.len == 0)
		return;
	if (left > 0)
		loop_timer_set(o->loop, t, left);
	else
		lose(o, "client stopped reading");
}

static void
silence_due(struct loop_timer *t)
{
	struct outlet	*o = CONTAINER(t, struct outlet, silence);
	int64_t		 left = left_of(o, o->patience);

	/* Bytes that the client has not read yet are no silence. */
	if (left > 0 || o->out.len > 0) {
		loop_timer_set(o->loop, t, left > 0 ? left : o->patience);
		return;
	}
	loop_timer_set(o->loop, t, o->patience);
	o->ops->silent(o);
}

void
outlet_watch(struct outlet *o, int64_t ms)
{
	int64_t left = left_of(o, ms);

	o->patience = ms;
	if (ms == 0)
		loop_timer_stop(o->loop, &o->silence);
	else if (o->silence.place == 0)
		loop_timer_set(o->loop, &o->silence, left > 0 ? left : 0);
}

void
outlet_init(struct outlet *o, const struct outlet_ops *ops, struct loop *loop,
    struct client *client)
{
	*o = (struct outlet){
		.ops = ops,
		.loop = loop,
		.client = client,
		.written = loop_now(loop),
		.silence.expired = silence_due,
		.stall.expired = stall_due,
		.soon.run = soon
	};
	client->owner = o;
	client->gone = client_gone;
	client->writable = client_writable;
}

void
outlet_finish(struct outlet *o, bool whole)
{
	loop_timer_stop(o->loop, &o->silence);
	loop_timer_stop(o->loop, &o->stall);
	loop_soon_stop(o->loop, &o->soon);
	o->client->ops->finish(o->client, whole);
	buf_finish(&o->out);
}
