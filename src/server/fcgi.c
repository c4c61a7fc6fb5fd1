/*
 * The connections of web servers, all of them the loop's: it reads a request
 * as it comes, header and body. So nobody who takes his time occupies a thread:
 * a connection without a request, just opened or kept by the web server
 * (FCGI_KEEP_CONN), one that stopped in mid-header, a slow upload.
 *
 * A request whose handler waits for nothing and is soon done is handled by the
 * loop itself: two trips between threads would cost more than all of the work.
 * All others are a worker's until their call is made.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fastcgi.h>

#include "base/budget.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/util.h"
#include "base/workers.h"
#include "server/access-log.h"
#include "server/client.h"
#include "server/fcgi.h"
#include "server/handle.h"
#include "server/incoming.h"
#include "server/meter.h"
#include "server/parts.h"
#include "server/records.h"
#include "server/relay.h"
#include "server/route.h"
#include "server/upload.h"

#define PIECE		16384	/* read of a header in one go */
#define HEADER_LIMIT_MS	30000	/* from a header's first byte to its last */
#define IDLE_SAFE_MS	1000	/* a connection idle for less is not given up */
#define REST_LIMIT_MS	120000	/* without a byte, at an answer's end */
#define LINGER_MS	1000	/* for what the web server still sends */
#define LINGER_RATE	(256u << 10)	/* bytes in that time: read on */
#define LINGER_MAX	120	/* times that time: then it was long enough */
#define LINGER_PIECE	(256u << 10)	/* then others get their turn */
#define BODY_COST	4	/* times its length: a tree, a call, a copy */
#define LARGE		(256u << 10)	/* memory of one request */

enum conn_state {
	CONN_IDLE,		/* with the loop, no whole header yet */
	CONN_UPLOAD,		/* with the loop, a body comes */
	CONN_WORKER,		/* a worker has it */
	CONN_RELAY,		/* with the loop, an answer under way */
	CONN_REST,		/* with the loop, its last bytes wait */
	CONN_LINGER		/* with the loop, all is said */
};

struct conn {
	struct client	  client;	/* first: a client is its conn */
	struct fcgi	 *fcgi;
	struct conns	 *in;		/* of those in its state, or NULL */
	struct conn	 *next, *prev;	/* there */
	int64_t		  idle_since;
	enum conn_state	  state;
	struct loop_fd	  watch;
	struct incoming	  request;
	struct loop_timer timer; /* of what has begun to come, of the rest */
	struct job	  job;
	struct loop_task  task;
	enum handle_next  behind;	/* the body */
	enum handled	  handled;
	bool		  keep;		/* FCGI_KEEP_CONN */
	bool		  large;	/* the request took much memory */
	bool		  here;		/* no worker has had it */
	bool		  there;	/* the web server, says the event */
	bool		  refused;	/* so was its body, which still comes */
	bool		  ended;	/* all of the request was read */
	int		  lingered;	/* times LINGER_MS */
	size_t		  unwanted;	/* bytes since the timer was set */
	struct upload	  upload;
	struct records	  records;	/* of the answer */
};

static void	conn_rest(struct conn *);
static void	conn_serve(struct conn *, const unsigned char *,
		    const unsigned char *);
static void	conn_upload(struct conn *);

/* --- A connection while it is idle. */

static void
conns_add(struct conns *in, struct conn *c)
{
	c->in = in;
	c->next = NULL;
	c->prev = in->last;
	if (in->last != NULL)
		in->last->next = c;
	else
		in->first = c;
	in->last = c;
}

/* The oldest one, which is in no list any more; NULL if there is none. */
static struct conn *
conns_take(struct conns *in)
{
	struct conn *c = in->first;

	if (c == NULL)
		return NULL;
	in->first = c->next;
	if (c->next != NULL)
		c->next->prev = NULL;
	else
		in->last = NULL;
	c->in = NULL;
	return c;
}

static void
conns_remove(struct conn *c)
{
	if (c->in == NULL)
		return;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->in->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	else
		c->in->last = c->prev;
	c->in = NULL;
}

static void
conn_close(struct conn *c)
{
	struct fcgi	*fcgi = c->fcgi;
	bool		 refused = c->refused;

	conns_remove(c);
	loop_timer_stop(fcgi->server->loop, &c->timer);
	loop_fd_stop(fcgi->server->loop, &c->watch);
	if (c->watch.fd >= 0)
		close(c->watch.fd);
	incoming_finish(&c->request);
	records_finish(&c->records);
	if (refused)
		fcgi->busy--;
	free(c);
	if (refused)
		fcgi->done(fcgi, false);
}

/* Bytes for the web server itself: few, and nothing else is on its way. */
static bool
conn_send(const struct conn *c, struct buf *out)
{
	ssize_t n = out->len > 0 ? send(c->watch.fd, out->p, out->len,
	    MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	bool	ok = n == (ssize_t)out->len;

	buf_truncate(out, 0);
	return ok;
}

/*
 * The next bytes of a header. False: there are no more for now, or the
 * connection is closed, or has a request.
 */
static bool
conn_read_header(struct conn *c)
{
	unsigned char		 piece[PIECE];
	const unsigned char	*p = piece;
	enum incoming_state	 state;
	ssize_t			 n;

	n = recv(c->watch.fd, piece, sizeof(piece), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		conn_close(c);
		return false;
	}
	state = incoming_feed(&c->request, &p, piece + n);
	if (state == INCOMING_HEADER && conn_send(c, &c->request.reply)) {
		conn_serve(c, p, piece + n);
		return false;
	}
	if (state == INCOMING_MORE && conn_send(c, &c->request.reply))
		return true;
	log_debug("a connection %s", state == INCOMING_LARGE ?
	    "with too large a header" : "that does not speak FastCGI");
	conn_close(c);
	return false;
}

/* Look into the socket of an idle connection. May close it. */
static void
conn_peek(struct conn *c)
{
	struct loop *loop = c->fcgi->server->loop;

	while (conn_read_header(c))
		if (c->timer.place == 0 && incoming_begun(&c->request))
			loop_timer_set(loop, &c->timer, HEADER_LIMIT_MS);
}

static void
conn_late(struct loop_timer *t)
{
	struct conn *c = CONTAINER(t, struct conn, timer);

	if (c->state == CONN_UPLOAD) {
		conn_upload(c);
		return;
	}
	if (c->state == CONN_REST) {
		c->records.lost = true;
		conn_rest(c);
		return;
	}
	if (c->state == CONN_LINGER && c->unwanted >= LINGER_RATE &&
	    c->lingered++ < LINGER_MAX) {
		c->unwanted = 0;
		loop_timer_set(c->fcgi->server->loop, t, LINGER_MS);
		return;
	}
	if (c->state != CONN_LINGER)
		log_debug("a connection stopped in the middle of a header");
	conn_close(c);
}

/* Read a piece of what nobody wants; close when the web server does. */
static void
conn_linger_on(struct conn *c)
{
	char	piece[16384];
	size_t	total = 0;
	ssize_t	n = 0;

	while (total < LINGER_PIECE && (n = recv(c->watch.fd, piece,
	    sizeof(piece), MSG_DONTWAIT)) > 0)
		total += (size_t)n;
	c->unwanted += total;
	if (total < LINGER_PIECE &&
	    (n == 0 || (errno != EAGAIN && errno != EINTR)))
		conn_close(c);
}

/*
 * All is said, and closing comes next. But Apache sends the end of the body
 * after the body, and forgets the answer when nobody is there to read that.
 * mod_fcgid and Caddy look for an answer when they have sent all of a body, and
 * make up one of their own when they can't: it is read for as long as it comes
 * fast, by the loop, so that it occupies no thread. Behind its end nothing
 * does.
 */
static void
conn_linger(struct conn *c)
{
	struct loop *loop = c->fcgi->server->loop;

	if (c->watch.fd < 0 || c->ended ||
	    (c->fcgi->server->draining && !c->refused) ||
	    shutdown(c->watch.fd, SHUT_WR) < 0 ||
	    !loop_fd_set(loop, &c->watch, EPOLLIN | EPOLLRDHUP)) {
		conn_close(c);
		return;
	}
	c->state = CONN_LINGER;
	c->lingered = 0;
	c->unwanted = 0;
	conns_add(&c->fcgi->lingering, c);
	loop_timer_set(loop, &c->timer, LINGER_MS);
	conn_linger_on(c);
}

/*
 * Has the web server hung up (or sent FCGI_ABORT_REQUEST, which means it)? The
 * end of a body whose length was known may come late: it is no news.
 */
static bool
conn_hung_up(const struct conn *c)
{
	FCGI_Header	h;
	char		content[FCGI_HEADER_LEN];
	ssize_t		n;

	while ((n = recv(c->watch.fd, &h, sizeof(h), MSG_PEEK |
	    MSG_DONTWAIT)) == (ssize_t)sizeof(h) && h.type == FCGI_STDIN &&
	    h.contentLengthB1 == 0 && h.contentLengthB0 == 0 &&
	    h.paddingLength <= sizeof(content))
		if (recv(c->watch.fd, &h, sizeof(h), 0) < 0 ||
		    (h.paddingLength > 0 && recv(c->watch.fd, content,
		    h.paddingLength, MSG_DONTWAIT) < 0))
			return true;
	if (n > 0 && n < (ssize_t)sizeof(h) && h.version == FCGI_VERSION_1)
		return n > 1 && h.type != FCGI_STDIN;
	return n >= 0 || (errno != EAGAIN && errno != EINTR);
}

static bool
hung_up(const struct conn *c, unsigned events)
{
	return (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 &&
	    conn_hung_up(c);
}

/*
 * Edge-triggered, and registered once for all of the connection's life: what a
 * worker reads meanwhile must not wake the loop again and again. "more" is
 * EPOLLOUT or nothing.
 */
static bool
conn_watch(struct conn *c, unsigned more)
{
	return loop_fd_set(c->fcgi->server->loop, &c->watch,
	    EPOLLIN | EPOLLRDHUP | EPOLLET | more);
}

static void
conn_event(struct loop_fd *f, unsigned events)
{
	struct conn *c = CONTAINER(f, struct conn, watch);

	switch (c->state) {
	case CONN_IDLE:
		c->there = events == EPOLLIN;
		conn_peek(c);
		break;
	case CONN_UPLOAD:
		c->there = events == EPOLLIN;
		conn_upload(c);
		break;
	case CONN_WORKER:
		break;		/* looked at when it comes back */
	case CONN_LINGER:
		conn_linger_on(c);
		break;
	case CONN_RELAY:
		if (hung_up(c, events))
			c->client.gone(&c->client);
		else if (events & EPOLLOUT) {
			conn_watch(c, 0);
			c->client.writable(&c->client);
		}
		break;
	case CONN_REST:
		c->records.lost |= hung_up(c, events);
		conn_rest(c);
		break;
	}
}

/*
 * While a worker has the connection edges are passed over. Else what there is
 * to read is an edge to come: it is new, or the loop has looked at each.
 */
static void
conn_idle(struct conn *c)
{
	bool heard = c->state == CONN_IDLE || c->state == CONN_RELAY;

	c->state = CONN_IDLE;
	c->there = false;
	incoming_forget(&c->request);
	if (c->fcgi->server->draining || !conn_watch(c, 0)) {
		conn_close(c);
		return;
	}
	c->idle_since = loop_now(c->fcgi->server->loop);
	conns_add(&c->fcgi->idle, c);
	if (!heard)
		conn_peek(c);
}

/* The oldest idle one, or the one whose refused body has come for longest. */
bool
fcgi_shed(struct fcgi *fcgi)
{
	struct conn *c = fcgi->idle.first;

	if (c != NULL && loop_now(fcgi->server->loop) - c->idle_since >=
	    IDLE_SAFE_MS)
		conn_close(conns_take(&fcgi->idle));
	else if (fcgi->lingering.first != NULL &&
	    fcgi->lingering.first->lingered > 0)
		conn_close(conns_take(&fcgi->lingering));
	else
		return false;
	return true;
}

void
fcgi_close_idle(struct fcgi *fcgi)
{
	struct conn *c, *next;

	/* A request may have come that nobody has looked at yet. */
	for (c = fcgi->idle.first; c != NULL; c = next) {
		next = c->next;
		conn_peek(c);
	}
	while ((c = conns_take(&fcgi->idle)) != NULL)
		conn_close(c);
}

void
fcgi_connect(struct fcgi *fcgi, int fd)
{
	struct conn *c = xcalloc(1, sizeof(*c));

	c->fcgi = fcgi;
	c->watch.fd = fd;
	c->watch.ready = conn_event;
	c->timer.expired = conn_late;
	conn_idle(c);
}

void
fcgi_init(struct fcgi *fcgi, struct server *server)
{
	*fcgi = (struct fcgi){ .server = server };
}

void
fcgi_finish(struct fcgi *fcgi)
{
	struct conn *c;

	while ((c = conns_take(&fcgi->lingering)) != NULL)
		conn_close(c);
}

/* --- The end of a request. */

/*
 * The request on this connection is over. While the rest of a refused body
 * comes, it counts as busy.
 */
static void
conn_done(struct conn *c)
{
	struct fcgi	*fcgi = c->fcgi;
	bool		 large = c->large;
	bool		 refused = c->refused;

	c->large = false;
	if (c->keep)
		conn_idle(c);
	else
		conn_linger(c);
	if (!refused)
		fcgi->busy--;
	fcgi->done(fcgi, large);
}

/* The answer is all said: the connection is free when its last bytes are. */
static void
conn_rest(struct conn *c)
{
	size_t	before = c->records.rest.len;
	bool	first = c->state != CONN_REST;

	if (records_flush(&c->records) || !conn_watch(c, EPOLLOUT)) {
		loop_timer_stop(c->fcgi->server->loop, &c->timer);
		c->keep = c->keep && !c->records.lost &&
		    c->records.rest.len == 0;
		conn_done(c);
		return;
	}
	c->state = CONN_REST;
	if (first || c->records.rest.len < before)
		loop_timer_set(c->fcgi->server->loop, &c->timer, REST_LIMIT_MS);
}

/* The answer breaks off: the web server shall know. */
static void
conn_break(struct conn *c)
{
	c->keep = false;
	c->records.lost = true;
	shutdown(c->watch.fd, SHUT_RDWR);
}

static void
note_large(struct conn *c, const struct exchange *x)
{
	c->large = c->large || x->memory.peak > LARGE;
}

/* The web server has left: there is nobody to answer. */
static void
drop(struct conn *c, const char *remark)
{
	struct exchange *x = c->client.exchange;

	note_large(c, x);
	handle_leave(x);
	meter(x, x->reply.status != 0 ? x->reply.status : CLIENT_GONE);
	access_log(x, 0, NULL, remark);
	exchange_destroy(x);
	conn_break(c);
	conn_rest(c);
}

/* --- A connection with an answer under way, on the loop. */

static bool
client_room(struct client *client)
{
	struct conn *c = (struct conn *)client;

	return records_flush(&c->records) || !conn_watch(c, EPOLLOUT);
}

static bool
client_write(struct client *client, const char *p, size_t n, bool last)
{
	struct conn *c = (struct conn *)client;

	return records_put(&c->records, p, n, last);
}

static void
client_finish(struct client *client, bool whole)
{
	struct conn *c = (struct conn *)client;

	note_large(c, c->client.exchange);
	if (whole)
		records_put(&c->records, "", 0, true);
	else
		conn_break(c);
	conn_rest(c);
}

static const struct client_ops ops = {
	client_room, client_write, client_finish
};

static void
task_relay(struct loop_task *t)
{
	struct conn	*c = CONTAINER(t, struct conn, task);

	/*
	 * An edge that came while the worker had it was passed over, and what
	 * was read without one may be followed by the end. A request that goes
	 * on without its client has to begin without it, too.
	 */
	if (c->client.exchange->detached == NULL && c->watch.added &&
	    !(c->here && c->there) && conn_hung_up(c)) {
		drop(c, "client closed the connection");
		return;
	}
	c->state = CONN_RELAY;
	conn_watch(c, 0);
	relay_start(c->fcgi->server, c->client.exchange, &c->client,
	    c->handled);
}

/*
 * The reply is complete, or the call is made: the loop carries it out. From the
 * moment it is posted it belongs to the loop.
 */
static void
pass_on(struct conn *c)
{
	struct handle_leftover left = handle_leftover(c->client.exchange);

	c->task.run = task_relay;
	if (c->here)
		task_relay(&c->task);
	else
		loop_post(c->fcgi->server->loop, &c->task);
	handle_leftover_free(&left);
}

/* --- A connection with a request, up to its handler. */

static void
conn_handle(struct job *job)
{
	struct conn *c = CONTAINER(job, struct conn, job);

	c->handled = handle_run(c->client.exchange);
	pass_on(c);
}

/* What may take long waits for a worker for its kind. */
static void
conn_want_handler(struct conn *c)
{
	struct exchange *x = c->client.exchange;

	c->job.run = conn_handle;
	c->job.kind = handle_kind(x);
	c->job.owner = x->memory.holder;
	if (handle_is_quick(x)) {
		conn_handle(&c->job);
		return;
	}
	c->here = false;
	c->state = CONN_WORKER;
	workers_submit(c->fcgi->server->workers, &c->job);
}

/* What nobody wants has come, or that was enough of it. */
static void
body_dropped(struct conn *c, bool whole)
{
	if (!whole) {
		c->keep = false;
		c->refused = true;
	}
	if (c->behind == HANDLE_RUN)
		conn_want_handler(c);
	else
		pass_on(c);
}

static bool
too_large(const struct exchange *x, struct err *err)
{
	return err_set(err, 413, ERR_REQUEST, "request_too_large", NULL,
	    "The request body exceeds %lld bytes (maxRequestBodyBytes).",
	    (long long)x->conf->max_request_body_bytes);
}

static void
body_refused(struct conn *c, const struct err *err)
{
	exchange_refuse(c->client.exchange, err);
	c->behind = HANDLE_DONE;
}

static void
body_came(struct conn *c, enum upload_state state)
{
	struct exchange	*x = c->client.exchange;
	struct err	 err = { 0 };

	switch (state) {
	case UPLOAD_WHOLE:
		conn_want_handler(c);
		return;
	case UPLOAD_LARGE:
		too_large(x, &err);
		break;
	case UPLOAD_FULL:
		budget_refuse(&x->memory, &err);
		break;
	case UPLOAD_SLOW:
		err_set(&err, 408, ERR_REQUEST, "request_timeout", NULL,
		    "The request body arrived too slowly.");
		break;
	default:
		drop(c, "client left during the upload");
		return;
	}
	body_refused(c, &err);
	upload_drop(&c->upload);
	if (state == UPLOAD_SLOW)
		body_dropped(c, false);
	else
		conn_upload(c);
}

/* So far it has come: it goes on, or what follows? */
static void
conn_uploaded(struct conn *c, enum upload_state state)
{
	struct loop	*loop = c->fcgi->server->loop;
	int64_t		 ms = upload_patience(&c->upload, loop_now(loop));

	if (!conn_send(c, &c->request.reply))
		state = UPLOAD_BROKEN;
	if (state == UPLOAD_LIES)
		loop_timer_set(loop, &c->timer, 0);
	else if (state == UPLOAD_COMES && ms > 0 && c->timer.place == 0)
		loop_timer_set(loop, &c->timer, ms);
	if (state == UPLOAD_LIES || (state == UPLOAD_COMES && ms > 0))
		return;
	if (state == UPLOAD_COMES)
		state = UPLOAD_SLOW;
	loop_timer_stop(loop, &c->timer);
	c->ended = c->upload.ended;
	if (c->upload.body == NULL)
		body_dropped(c, state == UPLOAD_WHOLE);
	else
		body_came(c, state);
}

static void
conn_upload(struct conn *c)
{
	conn_uploaded(c, upload_read(&c->upload,
	    loop_now(c->fcgi->server->loop)));
}

/* The body is wanted, if there is room for all of it. */
static bool
expect_body(struct conn *c, struct exchange *x, struct err *err)
{
	const int64_t length = x->req.content_length;

	if (length > x->conf->max_request_body_bytes)
		return too_large(x, err);
	if (length > 0 && !budget_reserve(&x->memory,
	    (size_t)length * BODY_COST))
		return budget_refuse(&x->memory, err);
	upload_keep(&c->upload, &x->req.body,
	    (size_t)x->conf->max_request_body_bytes, &x->memory);
	return true;
}

/* A request has come: from now on the connection is busy. */
static void
conn_begin(struct conn *c)
{
	conns_remove(c);
	loop_timer_stop(c->fcgi->server->loop, &c->timer);
	c->state = CONN_UPLOAD;
	c->ended = false;
	c->here = true;
	c->handled = HANDLED_REPLY;
	c->keep = c->request.keep;
	c->client.ops = &ops;
	c->fcgi->busy++;
	records_begin(&c->records, c->watch.fd, c->request.id);
}

/* Its header is whole; what came behind that is the body's. */
static void
conn_serve(struct conn *c, const unsigned char *p, const unsigned char *end)
{
	const int64_t		 now = loop_now(c->fcgi->server->loop);
	char			**env = incoming_env(&c->request);
	struct exchange		*x;
	struct err		 err = { 0 };
	enum upload_state	 state;

	if (env == NULL) {
		log_debug("a connection with a header that is cut off");
		conn_close(c);
		return;
	}
	conn_begin(c);
	c->client.exchange = x = exchange_create();
	request_init(&x->req, env, route_is_head);
	incoming_env_free(&c->request, env);
	upload_begin(&c->upload, c->watch.fd, &c->request,
	    x->req.content_length, now);
	c->behind = handle_route(c->fcgi->server, x);
	if (c->behind == HANDLE_READ && !expect_body(c, x, &err))
		body_refused(c, &err);
	if (c->behind != HANDLE_READ)
		upload_drop(&c->upload);
	state = upload_feed(&c->upload, p, end, now);
	if (state == UPLOAD_COMES)
		conn_upload(c);
	else
		conn_uploaded(c, state);
}
