/*
 * The least that a FastCGI program with libcurl does: it reads a request's
 * records, sends the body upstream as it came, and writes what comes back. It
 * reads no JSON, knows no keys, keeps no account, and trusts everybody. What it
 * takes is what stands between our program and nginx however good ours is.
 *
 *	floor URL [HEADER]... <listening socket
 *
 * One thread, one epoll set; one request at a time on a connection, which is
 * kept. Any failure ends it: this is for measuring only.
 */
#define _GNU_SOURCE 1
#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#define MUST(x)		((x) ? (void)0 : fail(#x))
#define EVENTS		256
#define SPARE		2048
/* FastCGI 1.0, section 8 */
#define HEADER_LEN	8
#define BEGIN_REQUEST	1
#define END_REQUEST	3
#define STDIN		5
#define STDOUT		6

struct bytes {
	char	*p;
	size_t	 len, room;
};

struct client {
	int		 fd;
	struct bytes	 in;	/* records that are not whole yet */
	struct bytes	 body;
	struct bytes	 out;	/* records that are not sent yet */
	CURL		*easy;
	bool		 head, keep;
};

static CURLM			*multi;
static struct curl_slist	*headers;
static const char		*url;
static int			 set;
static long			 wait_ms = -1;
static CURL			*spare[SPARE];
static size_t			 nspare;

static void
fail(const char *what)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *
need(struct bytes *b, size_t n)
{
	if (b->len + n > b->room) {
		b->room = (b->len + n) * 2;
		MUST((b->p = realloc(b->p, b->room)) != NULL);
	}
	return b->p + b->len;
}

static void
add(struct bytes *b, const void *p, size_t n)
{
	memcpy(need(b, n), p, n);
	b->len += n;
}

static void
record(struct bytes *b, int type, const void *p, size_t n)
{
	unsigned char	h[HEADER_LEN] = { 1, (unsigned char)type, 0, 1 };

	h[4] = (unsigned char)(n >> 8);
	h[5] = (unsigned char)n;
	add(b, h, sizeof(h));
	add(b, p, n);
}

/* Everything of a client that is ready leaves at once. */
static void
flush(struct client *c)
{
	size_t	off = 0;
	ssize_t	n;

	while (off < c->out.len) {
		n = send(c->fd, c->out.p + off, c->out.len - off, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			break;
		off += (size_t)n;
	}
	c->out.len = 0;
}

static size_t
on_data(char *p, size_t size, size_t n, void *arg)
{
	static const char	head[] = "Content-Type: text/event-stream\r\n"
	    "\r\n";
	struct client		*c = arg;
	size_t			 k, left = size * n;

	if (!c->head)
		record(&c->out, STDOUT, head, sizeof(head) - 1);
	c->head = true;
	for (; left > 0; left -= k, p += k) {
		k = left < 65535 ? left : 65535;
		record(&c->out, STDOUT, p, k);
	}
	flush(c);
	return size * n;
}

static void
call(struct client *c)
{
	CURL *h = nspare > 0 ? spare[--nspare] : NULL;

	if (h == NULL) {
		MUST((h = curl_easy_init()) != NULL);
		curl_easy_setopt(h, CURLOPT_URL, url);
		curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_data);
		curl_easy_setopt(h, CURLOPT_BUFFERSIZE, 4096L);
		curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	}
	curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(h, CURLOPT_PRIVATE, c);
	curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)c->body.len);
	curl_easy_setopt(h, CURLOPT_POSTFIELDS, c->body.p);
	c->easy = h;
	MUST(curl_multi_add_handle(multi, h) == CURLM_OK);
}

static void
finish(struct client *c)
{
	static const char ok[8];

	curl_multi_remove_handle(multi, c->easy);
	if (nspare < SPARE)
		spare[nspare++] = c->easy;
	else
		curl_easy_cleanup(c->easy);
	c->easy = NULL;
	record(&c->out, STDOUT, "", 0);
	record(&c->out, END_REQUEST, ok, sizeof(ok));
	flush(c);
	c->body.len = 0;
	c->head = false;
	if (!c->keep)
		shutdown(c->fd, SHUT_RDWR);
}

static void
end(struct client *c)
{
	if (c->easy != NULL) {
		curl_multi_remove_handle(multi, c->easy);
		curl_easy_cleanup(c->easy);
	}
	close(c->fd);
	free(c->in.p);
	free(c->body.p);
	free(c->out.p);
	free(c);
}

/* One record; false while it is not whole. */
static bool
take(struct client *c, size_t *at)
{
	const unsigned char	*h = (unsigned char *)c->in.p + *at;
	size_t			 n;

	if (c->in.len - *at < HEADER_LEN)
		return false;
	n = (size_t)(h[4] << 8 | h[5]);
	if (c->in.len - *at < HEADER_LEN + n + h[6])
		return false;
	*at += HEADER_LEN + n + h[6];
	if (h[1] == BEGIN_REQUEST)
		c->keep = h[HEADER_LEN + 2] & 1;
	else if (h[1] == STDIN && n > 0)
		add(&c->body, h + HEADER_LEN, n);
	else if (h[1] == STDIN)
		call(c);
	return true;
}

static void
on_client(struct client *c)
{
	size_t	at = 0, room = 64 << 10;
	char	*p = need(&c->in, room);
	ssize_t	n = recv(c->fd, p, c->in.room - c->in.len, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		end(c);
		return;
	}
	c->in.len += (size_t)n;
	while (take(c, &at))
		;
	c->in.len -= at;
	memmove(c->in.p, c->in.p + at, c->in.len);
}

static void
on_listen(void)
{
	struct epoll_event	 e = { .events = EPOLLIN };
	struct client		*c;
	int			 fd;

	while ((fd = accept4(0, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		MUST((c = calloc(1, sizeof(*c))) != NULL);
		c->fd = fd;
		e.data.ptr = c;
		MUST(epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) == 0);
	}
}

/* libcurl's descriptors are odd pointers, ours are even. */
static int
on_socket(CURL *h, curl_socket_t fd, int what, void *arg, void *known)
{
	struct epoll_event e = { 0 };

	(void)h;
	(void)arg;
	e.data.u64 = (uint64_t)fd << 1 | 1;
	e.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) |
	    (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	if (what == CURL_POLL_REMOVE)
		epoll_ctl(set, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(set, known != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
	    fd, &e) != 0)
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
	curl_multi_assign(multi, fd, &set);
	return 0;
}

static int
on_timer(CURLM *m, long ms, void *arg)
{
	(void)m;
	(void)arg;
	wait_ms = ms;
	return 0;
}

static void
done(void)
{
	CURLMsg	*m;
	char	*c;
	int	 left;

	while ((m = curl_multi_info_read(multi, &left)) != NULL) {
		MUST(m->data.result == CURLE_OK);
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
		finish((struct client *)(void *)c);
	}
}

static void
act(curl_socket_t fd, int what)
{
	int running;

	if (fd == CURL_SOCKET_TIMEOUT)
		wait_ms = -1;
	curl_multi_socket_action(multi, fd, what, &running);
	done();
}

int
main(int argc, char **argv)
{
	struct epoll_event	e[EVENTS] = { { .events = EPOLLIN } };
	int			i, n;

	MUST(argc > 1);
	url = argv[1];
	for (i = 2; i < argc; i++)
		headers = curl_slist_append(headers, argv[i]);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	headers = curl_slist_append(headers, "Expect:");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	MUST((multi = curl_multi_init()) != NULL);
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1024L);
	MUST((set = epoll_create1(EPOLL_CLOEXEC)) >= 0);
	fcntl(0, F_SETFL, O_NONBLOCK);
	MUST(epoll_ctl(set, EPOLL_CTL_ADD, 0, e) == 0);
	for (;;) {
		if (wait_ms == 0)
			act(CURL_SOCKET_TIMEOUT, 0);
		n = epoll_wait(set, e, EVENTS, (int)wait_ms);
		MUST(n >= 0 || errno == EINTR);
		if (n == 0)
			act(CURL_SOCKET_TIMEOUT, 0);
		for (i = 0; i < n; i++)
			if (e[i].data.ptr == NULL)
				on_listen();
			else if (e[i].data.u64 & 1)
				act((curl_socket_t)(e[i].data.u64 >> 1),
				    (e[i].events & (EPOLLIN | EPOLLHUP) ?
				    CURL_CSELECT_IN : 0) |
				    (e[i].events & EPOLLOUT ?
				    CURL_CSELECT_OUT : 0) |
				    (e[i].events & EPOLLERR ?
				    CURL_CSELECT_ERR : 0));
			else
				on_client(e[i].data.ptr);
	}
}
