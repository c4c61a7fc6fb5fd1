/* One connection. */
#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/js.h"
#include "base/util.h"
#include "conn.h"

#define READ_SIZE	(16u << 10)
#define AHEAD_MAX	(64u << 10)	/* input while an answer is under way */
#define DRAIN_NS	1000000000

static void	conn_ready(struct watch *, uint32_t);
static void	conn_timeout(struct timer *);
static void	conn_input(struct conn *);

static void
arm(struct conn *c, uint32_t events)
{
	if (c->armed == events)
		return;
	evloop_change(&c->f->loop, &c->watch, events);
	c->armed = events;
}

void
conn_accept(struct fake *f, int fd)
{
	struct conn	*c = xcalloc(1, sizeof(*c));
	int		 on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->f = f;
	c->watch = (struct watch){ fd, conn_ready };
	c->timer.fn = conn_timeout;
	c->armed = EPOLLIN | EPOLLRDHUP;
	if (!evloop_add(&f->loop, &c->watch, c->armed))
		die("epoll_ctl: %s", strerror(errno));
	c->next = f->conns;
	c->prev = &f->conns;
	if (c->next != NULL)
		c->next->prev = &c->next;
	f->conns = c;
	f->count.connections++;
	if (++f->count.open > f->count.open_peak)
		f->count.open_peak = f->count.open;
}

/* Releases what belongs to one request and its answer. */
static void
forget_request(struct conn *c)
{
	if (c->state == CONN_ANSWER)
		c->f->count.active--;
	timer_clear(&c->f->loop, &c->timer);
	player_stop(c);
	answer_finish(&c->ans);
	req_finish(&c->req);
	c->dechunk = (struct dechunk){ 0 };
	c->rec = 0;
}

/* The memory lives until the end of the batch: events may still name it. */
void
conn_end(struct conn *c, const char *outcome, bool reset)
{
	struct linger lin = { .l_onoff = 1, .l_linger = 0 };

	if (c->state == CONN_DEAD)
		return;
	record_end(&c->f->record, c->rec, outcome, c->play.bytes,
	    c->play.next);
	forget_request(c);
	if (reset)
		setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &lin,
		    sizeof(lin));
	close(c->watch.fd);
	c->state = CONN_DEAD;
	c->f->count.open--;
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->next = c->f->dead;
	c->f->dead = c;
}

void
conn_free_dead(void *arg)
{
	struct fake	*f = arg;
	struct conn	*c;

	while ((c = f->dead) != NULL) {
		f->dead = c->next;
		buf_finish(&c->in);
		buf_finish(&c->out);
		free(c);
	}
}

void
conn_end_all(struct fake *f)
{
	while (f->conns != NULL)
		conn_end(f->conns, "stopped", false);
	conn_free_dead(f);
}

/* The client went away, for whatever reason. */
static void
client_gone(struct conn *c)
{
	if (c->state == CONN_ANSWER)
		c->f->count.client_closed++;
	conn_end(c, "client_closed", false);
}

enum conn_sent
conn_flush(struct conn *c)
{
	ssize_t n;

	while (c->out_at < c->out.len) {
		n = send(c->watch.fd, c->out.p + c->out_at,
		    c->out.len - c->out_at, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			arm(c, c->armed | EPOLLOUT);
			return CONN_LATER;
		}
		if (n == -1) {
			client_gone(c);
			return CONN_GONE;
		}
		c->out_at += (size_t)n;
	}
	buf_truncate(&c->out, 0);
	c->out_at = 0;
	arm(c, c->armed & ~(uint32_t)EPOLLOUT);
	return CONN_SENT;
}

/* After an early refusal the client may still be sending: let it. */
static void
drain(struct conn *c)
{
	c->state = CONN_DRAIN;
	buf_truncate(&c->in, 0);
	shutdown(c->watch.fd, SHUT_WR);
	timer_set(&c->f->loop, &c->timer, mono_ns() + DRAIN_NS);
}

void
conn_answered(struct conn *c)
{
	bool keep = c->req.keep_alive;

	record_end(&c->f->record, c->rec, "completed", c->play.bytes,
	    c->play.next);
	forget_request(c);
	if (!keep) {
		drain(c);
		return;
	}
	c->state = CONN_HEAD;
	c->searched = 0;
	if (c->in.len > 0)
		conn_input(c);
}

static void
begin_answer(struct conn *c, json_object *scn)
{
	c->state = CONN_ANSWER;
	c->served++;
	if (++c->f->count.active > c->f->count.active_peak)
		c->f->count.active_peak = c->f->count.active;
	timer_clear(&c->f->loop, &c->timer);
	record_status(&c->f->record, c->rec, c->ans.status);
	player_start(c, scn);
}

/* A refusal by the transport: the connection ends with it. */
static void
refuse_early(struct conn *c, int status, const char *json)
{
	c->req.keep_alive = false;
	if (c->req.method == NULL)	/* not even a request line */
		c->req.method = c->req.path = c->req.query = "";
	if (c->rec == 0)
		c->rec = record_add(&c->f->record, &c->req);
	answer_begin(&c->ans, status, setting_str(c->f, "error_content_type"));
	buf_printf(&c->ans.text, "%s\n", json);
	begin_answer(c, NULL);
}

/* The request is complete: have it answered. */
static void
dispatch(struct conn *c)
{
	struct call	 call = { c->f, &c->req, NULL, NULL, &c->ans };
	const char	*path = c->req.path;

	if (!route_is_control(path)) {
		c->f->count.requests++;
		c->rec = record_add(&c->f->record, &c->req);
	}
	if (!c->f->fast || !bench_quick(&call)) {
		call.body = js_parse_quiet(buf_str(&c->req.body),
		    c->req.body.len);
		if (!route_is_control(path))
			call.scn = scenario_take(&c->f->scenarios, path,
			    js_str(call.body, "model"));
		if (js_bool(call.scn, "reset_before_headers", false))
			conn_end(c, "reset", true);
		else {
			route_call(&call);
			answer_spoil(&c->ans, call.scn);
		}
	}
	if (c->state != CONN_DEAD)
		begin_answer(c, call.scn);
	json_object_put(call.body);
	json_object_put(call.scn);
}

/* The head is complete. Returns false when the connection is done with. */
static bool
head_done(struct conn *c, size_t n)
{
	int status = req_parse(&c->req, c->in.p, n);

	buf_consume(&c->in, n);
	c->searched = 0;
	if (status != 0) {
		refuse_early(c, status, status == 413 ?
		    "{\"error\":{\"message\":\"failed to parse request\","
		    "\"code\":\"\"}}" : "Bad Request");
		return false;
	}
	if (c->served > 0 && scenario_close_idle(&c->f->scenarios,
	    c->req.path)) {
		c->rec = record_add(&c->f->record, &c->req);
		conn_end(c, "closed_idle", false);
		return false;
	}
	c->state = CONN_BODY;
	timer_set(&c->f->loop, &c->timer, mono_ns() +
	    ms_to_ns(setting_int(c->f, "body_timeout_ms")));
	if (c->req.expect && (c->req.chunked || c->req.length > 0)) {
		buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
		return conn_flush(c) != CONN_GONE;
	}
	return true;
}

/* Looks for the end of a head in c->in. */
static bool
take_head(struct conn *c)
{
	char	*end;
	size_t	 skip = 0;

	while (skip < c->in.len && (c->in.p[skip] == '\r' ||
	    c->in.p[skip] == '\n'))
		skip++;
	if (c->searched == 0 && skip > 0)
		buf_consume(&c->in, skip);
	if (c->in.len == 0)
		return false;
	end = memmem(c->in.p + c->searched, c->in.len - c->searched,
	    "\r\n\r\n", 4);
	if (end != NULL && (size_t)(end - c->in.p) <= REQ_HEAD_MAX)
		return head_done(c, (size_t)(end - c->in.p) + 4);
	if (c->in.len > REQ_HEAD_MAX) {
		refuse_early(c, 431, "Request Header Fields Too Large");
		return false;
	}
	c->searched = c->in.len > 3 ? c->in.len - 3 : 0;
	if (c->timer.place == 0)
		timer_set(&c->f->loop, &c->timer, mono_ns() +
		    ms_to_ns(setting_int(c->f, "body_timeout_ms")));
	return false;
}

/* Moves body bytes from c->in. False: read more, or refused. */
static bool
take_body(struct conn *c)
{
	struct buf		*body = &c->req.body;
	enum dechunk_result	 r = DECHUNK_DONE;
	size_t			 used;

	if (c->req.chunked) {
		r = dechunk(&c->dechunk, buf_str(&c->in), c->in.len, &used,
		    body);
		buf_consume(&c->in, r == DECHUNK_BIG ? c->in.len : used);
	} else {
		buf_reserve(body, c->req.length);
		used = c->req.length - body->len;
		if (used > c->in.len)
			used = c->in.len;
		if (used > 0)
			buf_append(body, c->in.p, used);
		buf_consume(&c->in, used);
		if (body->len < c->req.length)
			r = DECHUNK_MORE;
	}
	if (r == DECHUNK_BAD)
		refuse_early(c, 400, "Bad Request");
	else if (r == DECHUNK_BIG)
		refuse_early(c, 413, "{\"error\":{\"message\":\"failed to "
		    "parse request\",\"code\":\"\"}}");
	return r == DECHUNK_DONE;
}

/*
 * Goes on with what has been read. An answer that is complete at once brings
 * us back to CONN_HEAD, so this is a loop and not a recursion.
 */
static void
conn_input(struct conn *c)
{
	if (c->reading)
		return;
	c->reading = true;
	for (;;) {
		if (c->state == CONN_HEAD && !take_head(c))
			break;
		if (c->state == CONN_BODY) {
			if (!take_body(c))
				break;
			dispatch(c);
		}
		if (c->state != CONN_HEAD)
			break;
	}
	c->reading = false;
}

/*
 * Where the next bytes go: a body of known length is read in place, because
 * benchmarks send megabytes.
 */
static struct buf *
read_target(struct conn *c, size_t *room)
{
	*room = READ_SIZE;
	if (c->state != CONN_BODY || c->req.chunked || c->in.len > 0)
		return &c->in;
	*room = c->req.length - c->req.body.len;
	return &c->req.body;
}

static void
conn_read(struct conn *c)
{
	struct buf	*b;
	size_t		 room;
	ssize_t		 n;
	int		 i;

	for (i = 0; i < 16 && c->state != CONN_DEAD; i++) {
		b = read_target(c, &room);
		buf_reserve(b, room);
		n = recv(c->watch.fd, b->p + b->len, room, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return;
		if (n <= 0) {
			client_gone(c);
			return;
		}
		b->len += (size_t)n;
		b->p[b->len] = '\0';
		if (c->state == CONN_DRAIN)
			buf_truncate(&c->in, 0);
		else if (c->state == CONN_ANSWER && c->in.len > AHEAD_MAX)
			client_gone(c);
		else
			conn_input(c);
		if ((size_t)n < room)
			return;		/* level-triggered: we hear of more */
	}
}

static void
conn_ready(struct watch *w, uint32_t events)
{
	struct conn *c = CONTAINER(w, struct conn, watch);

	if (c->state == CONN_DEAD)
		return;
	if (events & (EPOLLERR | EPOLLHUP)) {
		client_gone(c);
		return;
	}
	if (events & (EPOLLIN | EPOLLRDHUP))
		conn_read(c);
	if (c->state != CONN_DEAD && (events & EPOLLOUT) &&
	    conn_flush(c) == CONN_SENT && c->state == CONN_ANSWER)
		player_resume(c);
}

static void
conn_timeout(struct timer *t)
{
	struct conn *c = CONTAINER(t, struct conn, timer);

	if (c->state == CONN_DRAIN)
		conn_end(c, "completed", false);
	else
		refuse_early(c, 408, "{\"error\":{\"message\":\"Timed out "
		    "reading request body. Try again, or use a smaller request "
		    "size.\",\"code\":\"user_request_timeout\"}}");
}
