#include "config.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "runner.h"
#include "plan.h"
#include "scan.h"
#include "post.h"

#define EVENTS		256	/* taken from the kernel at once */
#define REOPEN_MAX	3	/* for one request, on idle connections lost */

/* One connection, with the request that runs on it. */
struct conn {
	struct runner	*runner;
	int		 fd;		/* -1: none */
	bool		 active;	/* a request is running */
	bool		 writing;	/* EPOLLOUT is asked for */
	bool		 reused;	/* an earlier request ran on it */
	unsigned	 reopened;
	size_t		 sent;
	uint64_t	 started;
	uint64_t	 chunks;	/* of this stream */
	struct answer	 answer;
	struct scan	 scan;
};

struct runner {
	const struct plan *plan;
	struct tally	*tally;
	struct post	 post;
	int		 epfd;
	struct conn	*conns;
	size_t		 opened;	/* streams opened so far */
	size_t		 active;
	size_t		 flowing; /* streams that brought a chunk or failed */
	uint64_t	 asked;		/* requests started */
	uint64_t	 now;		/* when the last read returned */
	uint64_t	 read_chunks;	/* in this read */
	uint32_t	 random;
	char		 buf[65536];
};

static void	 conn_start(struct conn *);

const char *
runner_failure(enum failure f)
{
	static const char *const	 names[FAIL__MAX] = {
		"connect", "broken", "http", "status", "stream", "timeout",
	};

	return names[f];
}

static uint64_t
clock_ns(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Tell whoever watches (the driver samples memory and CPU at these times). */
static void
announce(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
}

/*
 * One more stream has brought a chunk, or never will. With the last one the
 * time that counts begins.
 */
static void
stream_flows(struct runner *r)
{
	struct tally	*t = r->tally;

	if (++r->flowing < r->plan->conns || t->chunks == 0 || t->ended != 0)
		return;
	t->steady = clock_ns();
	announce("steady begin");
}

/* The first stream has ended, or all are over: so has the time that counts. */
static void
steady_ends(struct runner *r)
{
	struct tally	*t = r->tally;

	if (t->steady == 0 || t->unsteady != 0)
		return;
	t->unsteady = clock_ns();
	announce("steady end");
}

static void
conn_close(struct conn *c)
{
	if (c->fd != -1)
		close(c->fd);
	c->fd = -1;
	c->reused = false;
}

static void
conn_fail(struct conn *c, enum failure kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* This request has failed: count it, keep the first one's reason. */
static void
conn_fail(struct conn *c, enum failure kind, const char *fmt, ...)
{
	struct tally	*t = c->runner->tally;
	va_list		 ap;

	t->failed[kind]++;
	if (t->first[0] == '\0') {
		va_start(ap, fmt);
		vsnprintf(t->first, sizeof(t->first), fmt, ap);
		va_end(ap);
	}
	conn_close(c);
	c->active = false;
	c->runner->active--;
	/* The others need not wait for its first chunk. */
	if (c->runner->plan->streaming && c->chunks == 0)
		stream_flows(c->runner);
}

/* Ask for the events that this connection waits for. */
static bool
conn_watch(struct conn *c, int op, bool writing)
{
	struct epoll_event	 ev = {
		.events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0u),
		.data.ptr = c,
	};

	c->writing = writing;
	return epoll_ctl(c->runner->epfd, op, c->fd, &ev) == 0;
}

static bool
conn_open(struct conn *c)
{
	const struct plan	*plan = c->runner->plan;
	int			 on = 1;

	c->fd = socket(plan->addr.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd == -1)
		return false;
	c->runner->tally->opened++;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(c->fd, (const struct sockaddr *)&plan->addr,
	    plan->addrlen) == -1 && errno != EINPROGRESS)
		return false;
	return conn_watch(c, EPOLL_CTL_ADD, true);
}

/*
 * Could the request be sent again? An idle connection may be closed by the
 * server just as a request is sent on it; that is no failure of the server.
 */
static bool
conn_retry(struct conn *c)
{
	if (!c->reused || answer_begun(&c->answer) ||
	    c->reopened++ >= REOPEN_MAX)
		return false;
	conn_close(c);
	c->sent = 0;
	if (!conn_open(c))
		conn_fail(c, FAIL_CONNECT, "connect: %s", strerror(errno));
	return true;
}

/* Send as much of the request as the socket takes. */
static void
conn_send(struct conn *c)
{
	const struct post	*post = &c->runner->post;
	ssize_t			 n;

	while (c->sent < post->len) {
		n = send(c->fd, post->p + c->sent, post->len - c->sent,
		    MSG_NOSIGNAL);
		if (n >= 0) {
			c->sent += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		/*
		 * A server that refuses the request may answer and close
		 * before it has read all: the answer can still be read.
		 */
		if (errno == EPIPE || errno == ECONNRESET)
			break;
		if (errno != EAGAIN)
			conn_fail(c, FAIL_CONNECT, "send: %s", strerror(errno));
		else if (!c->writing)
			conn_watch(c, EPOLL_CTL_MOD, true);
		return;
	}
	if (c->writing)
		conn_watch(c, EPOLL_CTL_MOD, false);
}

/* A chunk that was written at time "written" has arrived. */
static void
chunk_arrived(void *arg, uint64_t written)
{
	struct conn	*c = arg;
	struct runner	*r = c->runner;
	struct tally	*t = r->tally;

	t->chunks++;
	if (r->read_chunks++ > 0)
		t->batched++;
	if (t->steady != 0 && t->unsteady == 0)
		samples_add(&t->latency, r->now > written ?
		    r->now - written : 0);
	if (c->chunks++ == 0)
		stream_flows(r);
}

static void
body_arrived(void *arg, const char *p, size_t n)
{
	struct conn	*c = arg;

	c->runner->tally->bytes += n;
	if (c->runner->plan->streaming && c->answer.status == 200)
		scan_feed(&c->scan, p, n, chunk_arrived, c);
}

/* May another request of the closed loop begin? */
static bool
more_requests(const struct runner *r)
{
	const struct plan	*plan = r->plan;

	return r->asked < plan->requests &&
	    r->now - r->tally->begun < plan->duration;
}

/* The answer is complete. Is it also right? */
static bool
answer_right(struct conn *c)
{
	const struct plan	*plan = c->runner->plan;

	if (c->answer.status != 200) {
		conn_fail(c, FAIL_STATUS, "HTTP status %d", c->answer.status);
		return false;
	}
	if (plan->streaming && (c->chunks != plan->chunks || !c->scan.done)) {
		conn_fail(c, FAIL_STREAM, "stream of %llu chunks, not %llu, %s",
		    (unsigned long long)c->chunks,
		    (unsigned long long)plan->chunks,
		    c->scan.done ? "with [DONE]" : "no [DONE]");
		return false;
	}
	return true;
}

static void
conn_answered(struct conn *c)
{
	struct runner	*r = c->runner;
	bool		 streaming = r->plan->streaming;

	if (streaming)
		steady_ends(r);
	if (answer_right(c)) {
		r->tally->answers++;
		if (!streaming)
			samples_add(&r->tally->latency, r->now - c->started);
		c->active = false;
		r->active--;
		if (streaming || !r->plan->keep_alive ||
		    !c->answer.keep_alive || c->sent < r->post.len)
			conn_close(c);
		c->reused = c->fd != -1;
	}
	if (!streaming && more_requests(r))
		conn_start(c);
}

/* The connection has ended. "error" is errno or 0. */
static void
conn_ended(struct conn *c, int error)
{
	if (error == 0 && answer_eof(&c->answer) == ANSWER_DONE) {
		conn_answered(c);
		return;
	}
	if (conn_retry(c))
		return;
	conn_fail(c, answer_begun(&c->answer) ? FAIL_BROKEN : FAIL_CONNECT,
	    "%s %s", error != 0 ? strerror(error) : "Connection closed",
	    answer_begun(&c->answer) ? "in an answer" : "before an answer");
	if (!c->runner->plan->streaming && more_requests(c->runner))
		conn_start(c);
}

/* Read what is there, once: the next event comes when there is more. */
static void
conn_read(struct conn *c)
{
	struct runner	*r = c->runner;
	ssize_t		 n;

	n = recv(c->fd, r->buf, sizeof(r->buf), 0);
	r->now = clock_ns();
	r->read_chunks = 0;
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (!c->active) {
		conn_close(c);		/* an idle connection was closed */
		return;
	}
	if (n <= 0) {
		conn_ended(c, n == 0 ? 0 : errno);
		return;
	}
	switch (answer_feed(&c->answer, r->buf, (size_t)n, body_arrived, c)) {
	case ANSWER_MORE:
		break;
	case ANSWER_DONE:
		conn_answered(c);
		break;
	case ANSWER_BAD:
		conn_fail(c, FAIL_HTTP, "not an HTTP/1.1 answer");
		if (!r->plan->streaming && more_requests(r))
			conn_start(c);
		break;
	}
}

/* Begin a request, on a connection that is already open if there is one. */
static void
conn_start(struct conn *c)
{
	struct runner	*r = c->runner;

	r->asked++;
	r->active++;
	c->active = true;
	c->reopened = 0;
	c->sent = 0;
	c->chunks = 0;
	c->scan = (struct scan){ 0 };
	answer_init(&c->answer);
	c->started = clock_ns();
	if (c->fd != -1)
		conn_send(c);
	else if (!conn_open(c))
		conn_fail(c, FAIL_CONNECT, "connect: %s", strerror(errno));
}

/*
 * When stream number "i" is to be opened, ns after the beginning. The jitter
 * keeps the streams from sending their chunks all at the same moment.
 */
static uint64_t
stream_due(struct runner *r, size_t i)
{
	uint64_t	 gap = NS_PER_S / r->plan->ramp;

	r->random ^= r->random << 13;
	r->random ^= r->random >> 17;
	r->random ^= r->random << 5;
	return gap * i + r->random % (gap + 1);
}

/* Open the streams that are due; returns ms to wait for the next, -1: none. */
static int
streams_open(struct runner *r, uint64_t *due)
{
	while (r->opened < r->plan->conns) {
		uint64_t	 at = r->tally->begun + *due;

		if (r->now < at)
			return (int)((at - r->now) / NS_PER_MS) + 1;
		conn_start(&r->conns[r->opened++]);
		*due = stream_due(r, r->opened);
	}
	return -1;
}

static void
handle(struct conn *c, uint32_t events)
{
	if (c->fd != -1 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		conn_read(c);
	if (c->fd != -1 && c->active && (events & EPOLLOUT) != 0)
		conn_send(c);
}

/* Until nothing is active, or time is up. */
static void
loop(struct runner *r)
{
	struct epoll_event	 evs[EVENTS];
	uint64_t		 limit = r->tally->begun + r->plan->timeout;
	uint64_t		 due = 0;
	int			 i, n, wait;

	for (;;) {
		r->now = clock_ns();
		wait = -1;
		if (r->plan->streaming)
			wait = streams_open(r, &due);
		if (r->now >= limit || (r->active == 0 && wait == -1))
			return;
		if (wait == -1)
			wait = (int)((limit - r->now) / NS_PER_MS) + 1;
		n = epoll_wait(r->epfd, evs, EVENTS, wait);
		for (i = 0; i < n; i++)
			handle(evs[i].data.ptr, evs[i].events);
	}
}

/* Give each connection its first request (streams begin one by one). */
static void
conns_create(struct runner *r)
{
	r->conns = calloc(r->plan->conns, sizeof(r->conns[0]));
	if (r->conns == NULL) {
		perror("load: connections");
		exit(2);
	}
	for (size_t i = 0; i < r->plan->conns; i++) {
		r->conns[i].runner = r;
		r->conns[i].fd = -1;
	}
	for (size_t i = 0; !r->plan->streaming && i < r->plan->conns &&
	    r->asked < r->plan->requests; i++)
		conn_start(&r->conns[i]);
}

void
runner_run(const struct plan *plan, struct tally *tally)
{
	struct runner	*r = calloc(1, sizeof(*r));

	if (r == NULL || (r->epfd = epoll_create1(EPOLL_CLOEXEC)) == -1) {
		perror("load");
		exit(2);
	}
	r->plan = plan;
	r->tally = tally;
	r->random = 2463534242u;
	r->post = post_create(plan);
	tally->begun = r->now = clock_ns();
	conns_create(r);
	loop(r);
	tally->ended = clock_ns();
	steady_ends(r);
	for (size_t i = 0; i < plan->conns; i++) {
		struct conn	*c = &r->conns[i];

		if (c->active)
			conn_fail(c, FAIL_TIMEOUT, "no complete answer in time");
		conn_close(c);
	}
	free(r->conns);
	post_finish(&r->post);
	close(r->epfd);
	free(r);
}
