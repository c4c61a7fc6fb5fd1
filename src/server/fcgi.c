/*
 * The connections of web servers: with upload.c the only user of libfcgi, which
 * reads requests. Its memory for one is given back before the answer begins.
 *
 * The loop waits on a connection until the whole header of a request has come;
 * only then a worker takes the connection and lets libfcgi read it. So a
 * connection without a request, just opened or kept by the web server
 * (FCGI_KEEP_CONN), or one that stopped in mid-header, occupies no thread.
 * (libfcgi's own FCGX_Accept_r holds its thread until a header has come: four
 * idle connections silence a program with four threads.) A header that lies in
 * the socket as a whole is left there for libfcgi; one that comes in pieces is
 * taken out, since many small ones fill a socket.
 *
 * A small request that lies there as a whole, body and all, is read and handled
 * by the loop itself: nothing blocks then, and two trips between threads would
 * cost more than all of the work.
 */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcgiapp.h>
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
#include "server/header.h"
#include "server/meter.h"
#include "server/parts.h"
#include "server/records.h"
#include "server/relay.h"
#include "server/route.h"
#include "server/upload.h"

#define HEADER_PEEK	16384	/* looked at in one go */
#define HEADER_LIMIT_MS	30000	/* from a header's first byte to its last */
#define IDLE_SAFE_MS	1000	/* a connection idle for less is not given up */
#define WRITE_LIMIT_S	10	/* libfcgi's, of an answer to the web server */
#define ANSWER_SMALL	(60u << 10) /* fits any socket: a worker writes it */
#define REST_LIMIT_MS	120000	/* without a byte, at an answer's end */
#define LINGER_MS	1000	/* for what the web server still sends */
#define LINGER_RATE	(256u << 10)	/* bytes in that time: read on */
#define LINGER_MAX	120	/* times that time: then it was long enough */
#define LINGER_PIECE	(256u << 10)	/* then others get their turn */
#define BODY_COST	4	/* times its length: a tree, a call, a copy */
#define LARGE		(256u << 10)	/* memory of one request */
enum conn_state {
	CONN_IDLE,		/* with the loop, no whole header yet */
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
	struct header	  header; /* what came of it, unless all at once */
	struct loop_timer timer; /* of a header that has begun, of the rest */
	struct job	  job;
	struct loop_task  task;
	FCGX_Request	  request;
	enum handled	  handled;
	bool		  keep;		/* FCGI_KEEP_CONN */
	bool		  large;	/* the request took much memory */
	bool		  here;		/* the loop handles it */
	bool		  there;	/* the web server, says the event */
	bool		  refused;	/* so was its body, which still comes */
	bool		  ended;	/* all of the request was read */
	int		  lingered;	/* times LINGER_MS */
	size_t		  unwanted;	/* bytes since the timer was set */
	struct upload	  upload;
	struct records	  records;	/* of the answer */
};

static void	conn_rest(struct conn *);
static void	conn_serve(struct job *);
static void	conn_serve_here(struct conn *);

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
	header_finish(&c->header);
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

/* A request has come: from now on the connection is busy. */
static void
conn_begin(struct conn *c)
{
	conns_remove(c);
	loop_timer_stop(c->fcgi->server->loop, &c->timer);
	c->state = CONN_WORKER;
	c->ended = false;
	c->fcgi->busy++;
}

static void
conn_to_worker(struct conn *c)
{
	conn_begin(c);
	c->here = false;
	c->job = (struct job){ .run = conn_serve };
	workers_submit(c->fcgi->server->workers, &c->job);
}

/*
 * The next bytes of a header. False: there are no more for now, or the
 * connection is closed, or a worker's.
 */
static bool
conn_read_header(struct conn *c)
{
	struct header		*h = &c->header;
	unsigned char		 head[HEADER_PEEK];
	enum header_state	 state;
	ssize_t			 n;
	size_t			 used;

	n = recv(c->watch.fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		conn_close(c);
		return false;
	}
	state = header_feed(h, head, (size_t)n, &used);
	if (state == HEADER_FOREIGN || state == HEADER_LARGE) {
		log_debug("a connection %s", state == HEADER_LARGE ?
		    "with too large a header" : "that does not speak FastCGI");
		conn_close(c);
		return false;
	}
	if (state == HEADER_WHOLE && h->raw.len == used)
		header_finish(h);	/* libfcgi finds it in the socket */
	else if (recv(c->watch.fd, head, used, 0) != (ssize_t)used ||
	    !conn_send(c, &h->reply)) {
		conn_close(c);
		return false;
	}
	if (state == HEADER_WHOLE && h->raw.len == 0 &&
	    n < (ssize_t)sizeof(head) && !c->fcgi->serving &&
	    header_body_ends(head + used, (size_t)n - used))
		conn_serve_here(c);
	else if (state == HEADER_WHOLE)
		conn_to_worker(c);
	return state == HEADER_MORE;
}

/* Look into the socket of an idle connection. May close it. */
static void
conn_peek(struct conn *c)
{
	struct loop *loop = c->fcgi->server->loop;

	while (conn_read_header(c))
		if (c->timer.place == 0)
			loop_timer_set(loop, &c->timer, HEADER_LIMIT_MS);
}

static void
conn_late(struct loop_timer *t)
{
	struct conn *c = CONTAINER(t, struct conn, timer);

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
	const struct timeval	 out = { WRITE_LIMIT_S, 0 };
	struct conn		*c = xcalloc(1, sizeof(*c));

	c->fcgi = fcgi;
	c->watch.fd = fd;
	c->watch.ready = conn_event;
	c->timer.expired = conn_late;
	upload_init(&c->upload, fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &out, sizeof(out));
	conn_idle(c);
}

void
fcgi_init(struct fcgi *fcgi, struct server *server)
{
	*fcgi = (struct fcgi){ .server = server };
	if (FCGX_Init() != 0)
		die("FCGX_Init failed");
}

void
fcgi_finish(struct fcgi *fcgi)
{
	struct conn *c;

	while ((c = conns_take(&fcgi->lingering)) != NULL)
		conn_close(c);
}

/* --- A connection with a request, on a worker. */

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

static void
task_done(struct loop_task *t)
{
	conn_rest(CONTAINER(t, struct conn, task));
}

static void
hand_back(struct conn *c)
{
	c->task.run = task_done;
	loop_post(c->fcgi->server->loop, &c->task);
}

/* The answer breaks off: the web server shall know. */
static void
conn_break(struct conn *c)
{
	c->keep = false;
	c->records.lost = true;
	shutdown(c->watch.fd, SHUT_RDWR);
}

/* False: "err", or the client has gone if that has no status. */
static bool
read_body(struct conn *c, struct exchange *x, struct err *err)
{
	size_t		 most = (size_t)x->conf->max_request_body_bytes;
	enum upload_end	 end;

	if (x->req.content_length > 0) {
		if (!budget_reserve(&x->memory,
		    (size_t)x->req.content_length * BODY_COST))
			return budget_refuse(&x->memory, err);
		buf_reserve(&x->req.body, (size_t)x->req.content_length);
	}
	end = upload_read(&c->upload, &x->req.body, most);
	if (end == UPLOAD_FULL)
		return budget_refuse(&x->memory, err);
	if (end == UPLOAD_MORE)
		return err_set(err, 413, ERR_REQUEST, "request_too_large", NULL,
		    "The request body exceeds %zu bytes (maxRequestBodyBytes).",
		    most);
	if (end == UPLOAD_SLOW)
		return upload_refuse(&c->upload, err);
	/* A short body is one whose client has left. */
	return end == UPLOAD_WHOLE && (x->req.content_length < 0 ||
	    (size_t)x->req.content_length == x->req.body.len);
}

static void
note_large(struct conn *c, const struct exchange *x)
{
	c->large = c->large || x->memory.peak > LARGE;
}

/* It has come to its end without the loop. */
static void
exchange_over(struct conn *c, struct exchange *x, size_t bytes,
    const char *remark)
{
	note_large(c, x);
	handle_leave(x);
	meter(x, x->reply.status != 0 ? x->reply.status : CLIENT_GONE);
	access_log(x, bytes, NULL, remark);
	exchange_destroy(x);
}

static void
answer_now(struct conn *c, struct exchange *x)
{
	struct buf	out = { 0 };
	bool		drained = upload_discard(&c->upload);
	size_t		out_len;

	c->ended = upload_ended(&c->upload);
	reply_print(&x->reply, &x->req, &out);
	out_len = out.len;
	FCGX_Free(&c->request, 0);
	records_put(&c->records, out.p, out.len, true);
	if (!drained) {
		c->keep = false;
		c->refused = true;
	}
	buf_finish(&out);
	exchange_over(c, x, out_len, NULL);
	hand_back(c);
}

/* The web server has left: there is nobody to answer. */
static void
drop(struct conn *c, struct exchange *x, const char *remark)
{
	exchange_over(c, x, 0, remark);
	FCGX_Free(&c->request, 0);
	conn_break(c);
	hand_back(c);
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
		exchange_over(c, c->client.exchange, 0,
		    "client closed the connection");
		conn_break(c);
		conn_rest(c);
		return;
	}
	c->state = CONN_RELAY;
	conn_watch(c, 0);
	relay_start(c->fcgi->server, c->client.exchange, &c->client,
	    c->handled);
}

/* Have libfcgi read the header, from the socket or from what came of it. */
static bool
request_accept(struct conn *c)
{
	int	file = -1;
	bool	ok;

	if (c->header.raw.len > 0 && (file = header_file(&c->header)) < 0) {
		log_warn("a header can't be read: %s", strerror(errno));
		return false;
	}
	header_finish(&c->header);
	FCGX_InitRequest(&c->request, -1, 0);
	c->request.ipcFd = file >= 0 ? file : c->watch.fd;
	c->request.keepConnection = 1;	/* so that Accept takes this one */
	ok = FCGX_Accept_r(&c->request) == 0;
	if (!ok && file < 0)
		c->watch.fd = -1;	/* libfcgi has closed it */
	if (ok && file >= 0) {
		close(file);
		c->request.ipcFd = c->watch.fd;
	}
	return ok;
}

/* The loop carries it out. */
static void
pass_on(struct conn *c, struct exchange *x)
{
	struct handle_leftover left;

	/* of a GET: its end makes noise else */
	upload_discard(&c->upload);
	c->ended = upload_ended(&c->upload);
	FCGX_Free(&c->request, 0);
	c->task.run = task_relay;
	left = handle_leftover(x);
	/* From the moment it is posted it belongs to the loop. */
	if (c->here)
		task_relay(&c->task);
	else
		loop_post(c->fcgi->server->loop, &c->task);
	handle_leftover_free(&left);
}

/* The reply is complete, or the loop goes on with it. */
static void
conn_answer(struct conn *c, struct exchange *x)
{
	if (!c->here && c->handled == HANDLED_REPLY &&
	    x->reply.body.len <= ANSWER_SMALL)
		answer_now(c, x);
	else
		pass_on(c, x);
}

static void
conn_handle(struct job *job)
{
	struct conn *c = CONTAINER(job, struct conn, job);

	c->handled = handle_run(c->client.exchange);
	conn_answer(c, c->client.exchange);
}

/* A request that may take long waits for a worker for its kind. */
static void
conn_want_handler(struct conn *c, struct exchange *x)
{
	c->job.run = conn_handle;
	c->job.kind = handle_kind(x);
	c->job.owner = x->memory.holder;
	if (c->here && !handle_is_quick(x)) {
		c->here = false;
		workers_submit(c->fcgi->server->workers, &c->job);
	} else if (c->job.kind == WORK_ANY)
		conn_handle(&c->job);
	else
		workers_submit(c->fcgi->server->workers, &c->job);
}

static void
serve(struct conn *c)
{
	struct exchange		*x;
	struct err		 err = { 0 };
	enum handle_next	 next;

	if (!request_accept(c)) {
		c->keep = false;
		hand_back(c);
		return;
	}
	c->keep = c->request.keepConnection != 0;
	records_begin(&c->records, c->watch.fd, c->request.requestId);
	c->client.ops = &ops;
	c->client.exchange = x = exchange_create();
	request_init(&x->req, c->request.envp, route_is_head);
	upload_begin(&c->upload, c->request.in, x->req.content_length,
	    &x->memory);
	c->upload.there = c->here;
	c->handled = HANDLED_REPLY;
	next = handle_route(c->fcgi->server, x);
	if (next == HANDLE_READ && !read_body(c, x, &err)) {
		if (err.status == 0)
			drop(c, x, "client left during the upload");
		else {
			exchange_refuse(x, &err);
			conn_answer(c, x);
		}
	} else if (next != HANDLE_DONE)
		conn_want_handler(c, x);
	else
		conn_answer(c, x);
}

static void
conn_serve(struct job *job)
{
	serve(CONTAINER(job, struct conn, job));
}

/* The next request of this connection waits: nothing is served within this. */
static void
conn_serve_here(struct conn *c)
{
	struct fcgi *fcgi = c->fcgi;

	conn_begin(c);
	c->here = true;
	fcgi->serving = true;
	serve(c);
	fcgi->serving = false;
}
