/* Carrying an exchange out: writing to the client. */
#include "config.h"

#include "api/reply.h"
#include "api/stored-terms.h"
#include "base/conf.h"
#include "server/client.h"
#include "server/parts.h"
#include "server/relay-state.h"

#define STALL_MS	120000	/* a client that reads nothing is left */
#define AWAY_MS		1000	/* then a timer looks whether we are back */
#define SPARE_OUT	(64u << 10) /* more memory is given back when empty */

void
relay_put_head(struct relay *r)
{
	struct exchange	*x = r->x;
	struct buf	 head = { 0 };

	r->head_sent = true;
	x->reply.status = 200;
	x->reply.content_type = "text/event-stream; charset=utf-8";
	reply_header(&x->reply, "Cache-Control", "no-cache");
	/* nginx buffers the answer without this. */
	reply_header(&x->reply, "X-Accel-Buffering", "no");
	reply_head(&x->reply, &x->req, false, &head);
	buf_append(&head, buf_str(&r->out), r->out.len);
	buf_finish(&r->out);
	r->out = head;
}

/* Write while the client takes it. Safe inside of the call's callbacks. */
void
relay_pump(struct relay *r)
{
	const struct client_ops	*ops = r->client->ops;
	size_t			 n;

	while (r->out_at < r->out.len && !r->gone) {
		if (!ops->room(r->client)) {
			if (r->timer.place == 0)
				loop_timer_set(r->server->loop, &r->timer,
				    STALL_MS);
			break;
		}
		n = r->out.len - r->out_at;
		if (n > CLIENT_PIECE)
			n = CLIENT_PIECE;
		if (!ops->write(r->client, r->out.p + r->out_at, n,
		    r->over && n == r->out.len - r->out_at)) {
			r->gone = true;
			return;
		}
		r->out_at += n;
		r->bytes += n;
		r->written = loop_now(r->server->loop);
	}
	if (r->out_at < r->out.len) {
		/* Seldom enough to cost each byte one move at most. */
		if (r->out_at > SPARE_OUT && r->out_at > r->out.len / 2) {
			buf_consume(&r->out, r->out_at);
			r->out_at = 0;
		}
		return;
	}
	r->out_at = 0;
	if (r->out.cap > SPARE_OUT)
		buf_finish(&r->out);
	else
		buf_truncate(&r->out, 0);
}

/* The same outside of them, with what follows from it. The relay may end. */
void
relay_push(struct relay *r)
{
	if (r->away)
		return;			/* a worker has the exchange */
	relay_pump(r);
	if (r->gone)
		relay_abandon(r, "client closed the connection");
	else if (r->out.len > 0)
		return;
	else if (r->over)
		relay_free(r, true);
	else if (r->paused) {
		r->paused = false;
		http_resume(r->call);
	}
}

void
relay_reply(struct relay *r)
{
	reply_print_take(&r->x->reply, &r->x->req, &r->out);
	r->over = true;
	relay_push(r);
}

/* r->err: before the head as an HTTP error, behind it as an event. */
void
relay_fail(struct relay *r)
{
	struct exchange *x = r->x;

	stored_terms(x->restored, x->restored_by, &r->err);
	r->remark = r->err.msg;
	if (r->head_sent) {
		x->answer->fail(x->self, &r->err, &r->out);
		r->over = true;
		relay_push(r);
		return;
	}
	buf_truncate(&r->out, 0);
	reply_error(&x->reply, &r->err);
	relay_reply(r);
}

void
relay_end_stream(struct relay *r)
{
	if (!r->head_sent)
		relay_put_head(r);
	r->over = true;
	relay_push(r);
}

void
relay_client_gone(struct client *c)
{
	relay_abandon(c->owner, "client closed the connection");
}

void
relay_client_writable(struct client *c)
{
	relay_push(c->owner);
}

/*
 * SSE comments keep servers and clients patient, and no client sees them; those
 * that count events get one when the answer has one.
 */
static void
put_alive(struct relay *r)
{
	const struct answer_ops *ops = r->x->answer;

	if (!r->x->alive || ops->alive == NULL ||
	    !ops->alive(r->x->self, &r->out))
		buf_puts(&r->out, ": keep-alive\n\n");
}

static void
keep_alive(struct relay *r)
{
	struct server	*s = r->server;
	int64_t		 interval = r->x->conf->sse_keep_alive_ms, due;

	due = r->written + interval - loop_now(s->loop);
	if (due <= 0) {
		put_alive(r);
		if (!r->head_sent)
			relay_put_head(r);
		due = interval;
	}
	loop_timer_set(s->loop, &r->timer, due);
	relay_push(r);
}

void
relay_timer(struct loop_timer *t)
{
	struct relay	*r = RELAY_OF(t, timer);
	struct loop	*loop = r->server->loop;
	int64_t		 interval = r->x->conf->sse_keep_alive_ms;
	int64_t		 left = r->written + STALL_MS - loop_now(loop);

	if (r->away)
		loop_timer_set(loop, t, AWAY_MS);
	else if (r->out.len > 0 && left <= 0)
		relay_abandon(r, "client stopped reading");
	else if (r->out.len > 0)
		/* Perhaps it is all read by then, and time for a comment. */
		loop_timer_set(loop, t, interval > 0 && interval < left ?
		    interval : left);
	else if (r->x->stream && interval > 0 && !r->over)
		keep_alive(r);
}
