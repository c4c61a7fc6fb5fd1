/*
 * One request as a plain CGI program (RFC 3875): by hand, or by a web server's
 * mod_cgi. The handlers and the loop are the same; the answer goes to stdout.
 */
#include "config.h"

#include <sys/epoll.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/util.h"
#include "server/access-log.h"
#include "server/cgi.h"
#include "server/client.h"
#include "server/handle.h"
#include "server/meter.h"
#include "server/parts.h"
#include "server/relay.h"
#include "server/route.h"

extern char **environ;

struct cgi {
	struct client	 client;	/* first: the client is its cgi */
	struct loop	*loop;
	struct loop_fd	 out;
	bool		 whole;
};

static bool
write_all(const char *p, size_t n)
{
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done)
		if ((done = write(STDOUT_FILENO, p, n)) < 0) {
			if (errno != EINTR)
				return false;
			done = 0;
		}
	return true;
}

/* One request has nobody to keep waiting: a write may block. */
static bool
client_room(struct client *client)
{
	(void)client;
	return true;
}

static bool
client_write(struct client *client, const char *p, size_t n, bool last)
{
	(void)client;
	(void)last;
	return write_all(p, n);
}

static void
client_finish(struct client *client, bool whole)
{
	struct cgi *cgi = (struct cgi *)client;

	cgi->whole = whole;
	loop_fd_stop(cgi->loop, &cgi->out);
	loop_stop(cgi->loop);
}

static const struct client_ops ops = {
	client_room, client_write, client_finish
};

/* The reader of our pipe has gone: epoll says so without being asked. */
static void
out_event(struct loop_fd *f, unsigned events)
{
	struct cgi *cgi = CONTAINER(f, struct cgi, out);

	if (events & (EPOLLERR | EPOLLHUP))
		cgi->client.gone(&cgi->client);
}

/* CONTENT_LENGTH bytes; without it to the end, but not from a terminal. */
static bool
read_body(struct exchange *x, struct err *err)
{
	size_t		 most = (size_t)x->conf->max_request_body_bytes, want;
	struct buf	*body = &x->req.body;
	ssize_t		 n;

	if (x->req.content_length < 0 && isatty(STDIN_FILENO))
		return true;
	want = x->req.content_length >= 0 ? (size_t)x->req.content_length :
	    most + 1;
	while (body->len < want && body->len <= most) {
		buf_reserve(body, 16384);
		n = read(STDIN_FILENO, body->p + body->len,
		    body->cap - body->len - 1 < want - body->len ?
		    body->cap - body->len - 1 : want - body->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		body->len += (size_t)n;
		body->p[body->len] = '\0';
	}
	if (body->len > most)
		return err_set(err, 413, ERR_REQUEST, "request_too_large", NULL,
		    "The request body exceeds %zu bytes (maxRequestBodyBytes).",
		    most);
	return x->req.content_length < 0 || body->len == want;
}

static int
answer_now(struct exchange *x)
{
	struct buf	out = { 0 };
	bool		ok;

	reply_print(&x->reply, &x->req, &out);
	ok = write_all(out.p, out.len);
	meter(x, x->reply.status);
	access_log(x, out.len, NULL, NULL);
	buf_finish(&out);
	exchange_destroy(x);
	return ok ? 0 : 1;
}

int
cgi_run(struct server *s)
{
	struct exchange	*x = exchange_create();
	struct cgi	 cgi = { .client.ops = &ops, .loop = s->loop,
			    .out.fd = STDOUT_FILENO, .out.ready = out_event };
	enum handled	 handled = HANDLED_REPLY;
	enum handle_next next;
	struct err	 err = { 0 };

	request_init(&x->req, environ, route_is_head);
	next = handle_route(s, x);
	if (next == HANDLE_READ && !read_body(x, &err)) {
		if (err.status == 0) {
			access_log(x, 0, NULL, "the body broke off");
			exchange_destroy(x);
			return 1;
		}
		handled = exchange_refuse(x, &err);
	} else if (next != HANDLE_DONE)
		handled = handle_run(x);
	if (handled == HANDLED_REPLY)
		return answer_now(x);
	loop_fd_set(s->loop, &cgi.out, 0); /* fails for a file: no matter */
	relay_start(s, x, &cgi.client, handled);
	loop_run(s->loop);
	return cgi.whole ? 0 : 1;
}
