/* What libcurl has the loop watch: its sockets, and its timer. */
#include "config.h"

#include <sys/epoll.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/http-watch.h"
#include "base/util.h"

/* A socket that libcurl asked to watch. */
struct http_socket {
	struct loop_fd		 fd;
	struct http_watch	*watch;
	bool			 wanted;	/* still */
};

static void
act(struct http_watch *w, curl_socket_t fd, int flags)
{
	int running;

	curl_multi_socket_action(w->multi, fd, flags, &running);
	w->acted(w);
}

/* --- Sockets. */

static void
socket_ready(struct loop_fd *f, unsigned events)
{
	struct http_socket	*s = CONTAINER(f, struct http_socket, fd);
	int			 flags = 0;

	if (!s->wanted) {
		loop_fd_stop(s->watch->loop, f);
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP))
		flags |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		flags |= CURL_CSELECT_OUT;
	if (events & EPOLLERR)
		flags |= CURL_CSELECT_ERR;
	act(s->watch, f->fd, flags);
}

static struct http_socket *
socket_of(struct http_watch *w, curl_socket_t fd)
{
	struct http_socket *s;

	w->sockets = util_reach(w->sockets, &w->nsockets, (size_t)fd,
	    sizeof(s));
	if ((s = w->sockets[fd]) == NULL) {
		s = w->sockets[fd] = xcalloc(1, sizeof(*s));
		s->fd.fd = fd;
		s->fd.ready = socket_ready;
		s->watch = w;
	}
	return s;
}

static void
socket_end(struct http_socket *s, curl_socket_t fd)
{
	s->watch->sockets[fd] = NULL;
	loop_fd_stop(s->watch->loop, &s->fd);
	free(s);
}

int
http_watch_close(void *watch, curl_socket_t fd)
{
	struct http_socket	*s = socket_of(watch, fd);
	int			 failed = close(fd);

	s->fd.fd = -1;
	socket_end(s, fd);
	return failed;
}

/*
 * The socket of a call that has its answer is a connection's: the next call
 * wants it again, and http_watch_close() hears of its end. Others, those that
 * try to connect and the resolver's, may be closed without a word.
 */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket)
{
	struct http_watch	*w = arg;
	struct http_socket	*s = socket_of(w, fd);

	(void)socket;
	s->wanted = what != CURL_POLL_REMOVE;
	if (s->wanted)
		loop_fd_set(w->loop, &s->fd,
		    (what & CURL_POLL_IN ? EPOLLIN : 0u) |
		    (what & CURL_POLL_OUT ? EPOLLOUT : 0u));
	else if (!w->has_answer(easy))
		socket_end(s, fd);
	return 0;
}

/* --- Time. */

static void
timer_expired(struct loop_timer *t)
{
	act(CONTAINER(t, struct http_watch, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int
on_timer(CURLM *multi, long ms, void *arg)
{
	struct http_watch *w = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(w->loop, &w->timer);
	else
		loop_timer_set(w->loop, &w->timer, ms);
	return 0;
}

/* --- All of it. */

void
http_watch_begin(struct http_watch *w)
{
	w->timer.expired = timer_expired;
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
	curl_multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(w->multi, CURLMOPT_TIMERDATA, w);
}

void
http_watch_finish(struct http_watch *w)
{
	loop_timer_stop(w->loop, &w->timer);
	free(w->sockets);
}
