/* Calls by libcurl: on the loop, and one at a time without. */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/conf.h"
#include "base/err.h"
#include "base/http-watch.h"
#include "base/http.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "base/trust.h"
#include "base/util.h"

#define HEAD_MAX	(64u << 10)	/* all headers of an answer */
#define HEADERS_USUAL	1000	/* bytes, of a request's or an answer's */
#define SPARE_MAX	256		/* easy handles kept for reuse */
#define CONNECTIONS_MAX	256L		/* idle upstream connections kept */
/*
 * Bytes that are read at a time. Up to libcurl 8.6 each handle owns such a
 * buffer to the end of its call, which a stream's small events don't fill; then
 * all share one (Curl_multi_xfer_buf_borrow).
 */
#define BUFFER_OWN	4096L
#define BUFFER_SHARED	16384L
#define SHARED_SINCE	0x080700
#define UPLOAD_MIN	(64L << 10)	/* libcurl's own */
#define UPLOAD_MAX	(256L << 10)

struct http {
	struct loop		*loop;
	struct http_watch	 watch;
	CURL			*spare[SPARE_MAX];
	size_t			 nspare;
	/* The directory has all that is trusted; known from the first call. */
	bool			 by_hash, asked;
	long			 buffer;	/* bytes; 0: not asked yet */
};

/* A body of which libcurl reads piece by piece, what is lent of it included. */
struct sending {
	const struct body	*body;
	size_t			 at;
};

struct http_call {
	struct http		*http;
	CURL			*easy;
	struct curl_slist	*headers;
	struct sending		 sending;
	const struct http_ops	*ops;
	void			*arg;
	struct http_reply	 reply;
	bool			 head_done;	/* and given to ops->head */
	bool			 stopped;	/* a callback said HTTP_STOP */
	bool			 silent;	/* a limit was reached */
	bool			 paused;	/* by HTTP_PAUSE */
	bool			 resume;	/* in the next turn */
	const struct http_guard	*guard;
	size_t			 head_bytes;	/* of all heads, guarded */
	curl_off_t		 body_len;
	int64_t			 active; /* when something last happened */
	int64_t			 headers_limit;
	int64_t			 silence_limit;
	struct loop_timer	 timer;
	char			 why[CURL_ERROR_SIZE];
};

/* --- Requests and replies. */

void
http_request_header(struct http_request *r, const char *name, const char *value)
{
	/* Some twenty of each call: a format would be read for all of them. */
	if (r->headers.p == NULL)
		buf_reserve(&r->headers, HEADERS_USUAL);
	buf_puts(&r->headers, name);
	buf_puts(&r->headers, ": ");
	buf_append(&r->headers, value, strlen(value) + 1);
	r->nheaders++;
}

void
http_request_finish(struct http_request *r)
{
	buf_finish(&r->headers);
	free(r->url);
	body_finish(&r->body);
	memset(r, 0, sizeof(*r));
}

char *
http_reply_header(const struct http_reply *r, const char *name)
{
	const char	*p = buf_str(&r->head), *end;
	size_t		 n = strlen(name);

	for (; *p != '\0'; p = end + 1) {
		if ((end = strchr(p, '\n')) == NULL)
			break;
		if (strncasecmp(p, name, n) != 0 || p[n] != ':')
			continue;
		for (p += n + 1; *p == ' ' || *p == '\t'; p++)
			;
		return xstrndup(p, (size_t)(end - p));
	}
	return NULL;
}

static void
reply_clear(struct http_reply *r)
{
	r->status = 0;
	free(r->content_type);
	r->content_type = NULL;
	buf_truncate(&r->head, 0);
}

void
http_reply_finish(struct http_reply *r)
{
	reply_clear(r);
	buf_finish(&r->head);
	buf_finish(&r->body);
}

static void
set_content_type(struct http_reply *r)
{
	char	*p, *s = http_reply_header(r, "content-type");

	if (s == NULL)
		s = xstrdup("");
	s[strcspn(s, "; \t")] = '\0';
	for (p = s; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	free(r->content_type);
	r->content_type = s;
}

/*
 * One header line as libcurl gives it. Returns true when it ends the head of
 * a final answer (a 100 Continue and its kind are passed over).
 */
static bool
head_line(struct http_reply *r, const char *p, size_t n)
{
	while (n > 0 && (p[n - 1] == '\r' || p[n - 1] == '\n'))
		n--;
	if (n == 0) {
		if (r->status < 200)
			return false;
		set_content_type(r);
		return true;
	}
	if (n > 5 && strncasecmp(p, "HTTP/", 5) == 0) {
		reply_clear(r);
		if ((p = memchr(p, ' ', n)) != NULL)
			r->status = atoi(p + 1);
		return false;
	}
	if (r->head.len + n + 1 > HEAD_MAX)
		return false;
	/* Most are asked for by nobody, so they are not looked at here. */
	if (r->head.p == NULL)
		buf_reserve(&r->head, HEADERS_USUAL);
	buf_append(&r->head, p, n);
	buf_putc(&r->head, '\n');
	return false;
}

/* --- Options common to both ways. */

#define SET(h, option, value) do {					\
	if (curl_easy_setopt((h), (option), (value)) != CURLE_OK)	\
		die("libcurl does not know " #option);			\
} while (0)

/*
 * The headers as libcurl wants to read them: a list whose texts are the
 * request's own. To be freed at once, with free(). (curl_slist_append() copies
 * each text, which takes two pieces of memory for a header.)
 */
static struct curl_slist *
slist(const struct http_request *r)
{
	/* No "Expect: 100-continue": it costs a round trip. */
	static char		 last[] = "Expect:";
	struct curl_slist	*list = xcalloc(r->nheaders + 1, sizeof(*list));
	char			*text = r->headers.p;
	size_t			 i;

	for (i = 0; i < r->nheaders; i++) {
		list[i].data = text;
		list[i].next = &list[i + 1];
		text += strlen(text) + 1;
	}
	list[i].data = last;
	return list;
}

/* HTTP/2 is agreed upon in TLS: without, it is not tried. */
static bool
wants_http2(const struct conf *conf, const struct http_request *r)
{
	return strcmp(conf->http_version, "2") == 0 &&
	    util_starts_nocase(r->url, "https:");
}

/*
 * A body goes out in pieces of this size, a turn of the loop for each. libcurl
 * keeps the buffer to the end of the answer.
 */
static long
upload_size(size_t body)
{
	const size_t eighth = body / 8;

	return eighth < UPLOAD_MIN ? UPLOAD_MIN :
	    eighth > UPLOAD_MAX ? UPLOAD_MAX : (long)eighth;
}

/* libcurl prints a page of versions each time that it is asked for one. */
static long
buffer_size(struct http *http)
{
	if (http->buffer == 0)
		http->buffer = curl_version_info(CURLVERSION_NOW)->version_num
		    >= SHARED_SINCE ? BUFFER_SHARED : BUFFER_OWN;
	return http->buffer;
}

/*
 * Can the system's directory of certificates take the place of its file? What
 * other TLS libraries than OpenSSL do with it differs.
 */
static bool
trusts_by_hash(struct http *http)
{
	const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

	if (http->asked)
		return http->by_hash;
	http->asked = true;
	return http->by_hash = v->ssl_version != NULL &&
	    util_starts(v->ssl_version, "OpenSSL/") && v->capath != NULL &&
	    v->cainfo != NULL && trust_has_all(v->capath, v->cainfo);
}

static size_t
on_upload(char *to, size_t size, size_t n, void *arg)
{
	struct sending *s = arg;

	n = body_copy(s->body, s->at, to, size * n);
	s->at += n;
	return n;
}

/* It is sent once more where a kept connection turns out to be closed. */
static int
on_rewind(void *arg, curl_off_t offset, int origin)
{
	struct sending *s = arg;

	if (origin != SEEK_SET || offset < 0)
		return CURL_SEEKFUNC_CANTSEEK;
	s->at = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static void
prepare_body(CURL *h, const struct body *b, struct sending *s)
{
	const size_t n = body_len(b);

	SET(h, CURLOPT_UPLOAD_BUFFERSIZE, upload_size(n));
	SET(h, CURLOPT_POST, 1L);
	SET(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	if (b->nlent == 0) {
		SET(h, CURLOPT_POSTFIELDS, buf_str(&b->own));
		return;
	}
	*s = (struct sending){ .body = b };
	SET(h, CURLOPT_READFUNCTION, on_upload);
	SET(h, CURLOPT_READDATA, s);
	SET(h, CURLOPT_SEEKFUNCTION, on_rewind);
	SET(h, CURLOPT_SEEKDATA, s);
}

static void
prepare(CURL *h, struct http *http, const struct conf *conf,
    const struct http_request *r, struct curl_slist *headers,
    struct sending *sending, char *why)
{
	bool two = wants_http2(conf, r);

	SET(h, CURLOPT_URL, r->url);
	SET(h, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(h, CURLOPT_HTTPHEADER, headers);
	SET(h, CURLOPT_ERRORBUFFER, why);
	SET(h, CURLOPT_NOSIGNAL, 1L);
	SET(h, CURLOPT_CONNECTTIMEOUT_MS, (long)conf->connect_timeout_ms);
	SET(h, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(h, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(h, CURLOPT_BUFFERSIZE, buffer_size(http));
	SET(h, CURLOPT_HTTP_VERSION, two ? (long)CURL_HTTP_VERSION_2TLS :
	    (long)CURL_HTTP_VERSION_1_1);
	/*
	 * Better wait for a connection to multiplex on than open a hundred. (On
	 * plain HTTP all would wait until the first has its answer.)
	 */
	SET(h, CURLOPT_PIPEWAIT, two ? 1L : 0L);
	if (conf->ca_file[0] != '\0')
		SET(h, CURLOPT_CAINFO, conf->ca_file);
	else if (util_starts_nocase(r->url, "https:") && trusts_by_hash(http))
		SET(h, CURLOPT_CAINFO, NULL);
	if (strcmp(r->method, "POST") == 0)
		prepare_body(h, &r->body, sending);
	else
		SET(h, CURLOPT_HTTPGET, 1L);
}

/* --- Calls on the loop. */

static void	collect(struct http_watch *);

static CURL *
easy_take(struct http *http)
{
	CURL *h;

	if (http->nspare > 0)
		return http->spare[--http->nspare];
	if ((h = curl_easy_init()) == NULL)
		die("curl_easy_init failed");
	return h;
}

static void
easy_give(struct http *http, CURL *h)
{
	long version = 0;

	/*
	 * libcurl 7.88 leaves buffers behind in a handle whose stream ends
	 * while others go on on the same HTTP/2 connection, and in a next
	 * request they would be of the wrong size, and somebody else's.
	 */
	curl_easy_getinfo(h, CURLINFO_HTTP_VERSION, &version);
	if (http->nspare == SPARE_MAX || version != CURL_HTTP_VERSION_1_1) {
		curl_easy_cleanup(h);
		return;
	}
	curl_easy_reset(h);
	http->spare[http->nspare++] = h;
}

static void
call_free(struct http_call *c)
{
	loop_timer_stop(c->http->loop, &c->timer);
	if (c->easy != NULL) {
		curl_multi_remove_handle(c->http->watch.multi, c->easy);
		easy_give(c->http, c->easy);
	}
	free(c->headers);
	http_reply_finish(&c->reply);
	free(c);
}

/*
 * Failures of which libcurl's own words are shown: they name a host, a port, a
 * certificate. All others are told in its fixed sentence, which quotes nothing:
 * the rest may hold what the environment has, or what upstream sent.
 */
static const CURLcode plain[] = {
	CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
	CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR,
	CURLE_PEER_FAILED_VERIFICATION, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
	CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2, CURLE_HTTP2_STREAM
};

/* A proxy's address is never shown: there may be a password in it. */
static const struct {
	CURLcode	 code;
	const char	*why;
} own_words[] = {
	{ CURLE_COULDNT_RESOLVE_PROXY,
	    "the name of the proxy (HTTPS_PROXY) is not known" },
	{ CURLE_PROXY, "the proxy (HTTPS_PROXY) refused the connection" },
	{ CURLE_URL_MALFORMAT,
	    "the address, or that of the proxy (HTTPS_PROXY), can't be used" },
	{ CURLE_UNSUPPORTED_PROTOCOL,
	    "the address, or that of the proxy (HTTPS_PROXY), can't be used, "
	    "or what answers there does not speak HTTP" },
};

/* Why a transfer failed, for the log and for clients. */
static void
explain(CURLcode code, const char *why, char *out, size_t size)
{
	const char	*shown = curl_easy_strerror(code);
	size_t		 i;

	for (i = 0; i < COUNT(plain); i++)
		if (plain[i] == code && why[0] != '\0')
			shown = why;
	for (i = 0; i < COUNT(own_words); i++)
		if (own_words[i].code == code)
			shown = own_words[i].why;
	snprintf(out, size, "%s", shown);
	text_mask_users(out, size);
}

static void
call_end(struct http_call *c, CURLcode code)
{
	const struct http_ops	*ops = c->ops;
	void			*arg = c->arg;
	enum http_end		 end;
	char			 why[CURL_ERROR_SIZE + 32];

	if (c->stopped)
		end = HTTP_REFUSED;
	else if (c->silent)
		end = HTTP_SILENT;
	else if (code == CURLE_OK && c->head_done)
		end = HTTP_DONE;
	else if (c->head_done)
		end = HTTP_CUT;
	else
		end = http_sent(c) ? HTTP_LOST : HTTP_UNREACHABLE;
	if (c->silent)
		snprintf(why, sizeof(why), "nothing received for %lld ms",
		    (long long)(c->head_done ? c->silence_limit :
		    c->headers_limit));
	else if (end != HTTP_DONE)
		explain(code, c->why, why, sizeof(why));
	else
		why[0] = '\0';
	call_free(c);
	ops->end(arg, end, why);
}

static int64_t
limit(const struct http_call *c)
{
	return c->head_done ? c->silence_limit : c->headers_limit;
}

/*
 * The silence timer. It is not set anew for each byte: when it expires, it
 * looks at when something last happened and goes on for the rest.
 */
static void
call_timer(struct loop_timer *t)
{
	struct http_call	*c = CONTAINER(t, struct http_call, timer);
	struct http		*http = c->http;
	int64_t			 now = loop_now(http->loop), left;

	if (c->resume) {
		c->resume = c->paused = false;
		c->active = now;
		if (curl_easy_pause(c->easy, CURLPAUSE_CONT) != CURLE_OK) {
			call_end(c, CURLE_WRITE_ERROR);
			return;
		}
		if (limit(c) > 0 && !c->paused)
			loop_timer_set(http->loop, &c->timer, limit(c));
		collect(&http->watch);
		return;
	}
	if (limit(c) == 0)
		return;
	if ((left = c->active + limit(c) - now) > 0) {
		loop_timer_set(http->loop, &c->timer, left);
		return;
	}
	c->silent = true;
	call_end(c, CURLE_OPERATION_TIMEDOUT);
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_call	*c = arg;
	int64_t			 before = limit(c);

	n *= size;
	if (c->head_done)			/* trailers */
		return n;
	/* Heads without an end are somebody's weapon. */
	if (c->guard != NULL && (c->head_bytes += n) > HEAD_MAX) {
		c->stopped = true;
		return 0;
	}
	/* Single lines, or a 103 now and then, are no answer. */
	if (!head_line(&c->reply, p, n))
		return n;
	c->head_done = true;
	c->active = loop_now(c->http->loop);
	if (limit(c) > 0 && (before == 0 || limit(c) < before))
		loop_timer_set(c->http->loop, &c->timer, limit(c));
	if (c->ops->head(c->arg, &c->reply) == HTTP_STOP)
		c->stopped = true;
	/* Nobody asks for it any more, and the body may take minutes. */
	reply_clear(&c->reply);
	buf_finish(&c->reply.head);
	return c->stopped ? 0 : n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_call *c = arg;

	c->active = loop_now(c->http->loop);
	switch (c->ops->body(c->arg, p, n * size)) {
	case HTTP_PAUSE:
		/* The client is slow, not upstream: its silence is no fault. */
		c->paused = true;
		loop_timer_stop(c->http->loop, &c->timer);
		return CURL_WRITEFUNC_PAUSE;
	case HTTP_STOP:
		c->stopped = true;
		return CURL_WRITEFUNC_ERROR;
	default:
		return n * size;
	}
}

/* --- Addresses that somebody else chose. */

static curl_socket_t
open_guarded(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	const struct http_guard *g = arg;

	(void)purpose;
	if (!g->may_connect(&a->addr, g->arg))
		return CURL_SOCKET_BAD;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/* Whoever it is that the connection leads to in the end. */
static int
before_request(void *arg, char *peer, char *own, int port, int own_port)
{
	const struct http_guard *g = arg;
	struct sockaddr_in	 four = { .sin_family = AF_INET };
	struct sockaddr_in6	 six = { .sin6_family = AF_INET6 };
	const struct sockaddr	*sa = NULL;

	(void)own;
	(void)port;
	(void)own_port;
	if (inet_pton(AF_INET, peer, &four.sin_addr) == 1)
		sa = (const struct sockaddr *)&four;
	else if (inet_pton(AF_INET6, peer, &six.sin6_addr) == 1)
		sa = (const struct sockaddr *)&six;
	return sa != NULL && g->may_connect(sa, g->arg) ?
	    CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static void
guard(CURL *h, const struct http_guard *g)
{
	SET(h, CURLOPT_OPENSOCKETFUNCTION, open_guarded);
	SET(h, CURLOPT_OPENSOCKETDATA, (void *)(uintptr_t)g);
	SET(h, CURLOPT_PREREQFUNCTION, before_request);
	SET(h, CURLOPT_PREREQDATA, (void *)(uintptr_t)g);
	SET(h, CURLOPT_PROXY, "");
	SET(h, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(h, CURLOPT_FOLLOWLOCATION, 0L);
	SET(h, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(h, CURLOPT_FRESH_CONNECT, 1L);
	SET(h, CURLOPT_FORBID_REUSE, 1L);
	SET(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(h, CURLOPT_PIPEWAIT, 0L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* Else giving up waits for the resolver's thread, and so do all. */
	SET(h, CURLOPT_QUICK_EXIT, 1L);
#endif
}

static bool
has_answer(CURL *easy)
{
	const struct http_call *c = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &c);
	return c != NULL && c->head_done;
}

/*
 * With the first call: what begins with libcurl's first handle, OpenSSL above
 * all, takes a third of a CGI program's time that needs no call.
 */
static void
begin(struct http *http)
{
	CURLM *multi;

	if (http->watch.multi != NULL)
		return;
	if ((multi = curl_multi_init()) == NULL)
		die("curl_multi_init failed");
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_MAX);
	http->watch = (struct http_watch){
		.loop = http->loop,
		.multi = multi,
		.acted = collect,
		.has_answer = has_answer
	};
	http_watch_begin(&http->watch);
}

struct http_call *
http_start(struct http *http, const struct conf *conf,
    const struct http_request *r, const struct http_ops *ops, void *arg)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	c->http = http;
	c->ops = ops;
	c->arg = arg;
	c->headers = slist(r);
	c->body_len = (curl_off_t)body_len(&r->body);
	c->headers_limit = r->headers_timeout_ms;
	c->silence_limit = r->silence_timeout_ms;
	c->active = loop_now(http->loop);
	c->timer.expired = call_timer;
	begin(http);
	c->easy = easy_take(http);
	prepare(c->easy, http, conf, r, c->headers, &c->sending, c->why);
	c->guard = r->guard;
	if (c->guard != NULL)
		guard(c->easy, c->guard);
	SET(c->easy, CURLOPT_PRIVATE, c);
	SET(c->easy, CURLOPT_HEADERFUNCTION, on_header);
	SET(c->easy, CURLOPT_HEADERDATA, c);
	SET(c->easy, CURLOPT_WRITEFUNCTION, on_body);
	SET(c->easy, CURLOPT_WRITEDATA, c);
	SET(c->easy, CURLOPT_CLOSESOCKETFUNCTION, http_watch_close);
	SET(c->easy, CURLOPT_CLOSESOCKETDATA, &http->watch);
	if (limit(c) > 0)
		loop_timer_set(http->loop, &c->timer, limit(c));
	if (curl_multi_add_handle(http->watch.multi, c->easy) != CURLM_OK)
		die("curl_multi_add_handle failed");
	return c;
}

void
http_resume(struct http_call *c)
{
	if (!c->paused)
		return;
	/* curl_easy_pause calls back from inside: do it in the timer's turn. */
	c->resume = true;
	loop_timer_set(c->http->loop, &c->timer, 0);
}

bool
http_sent(const struct http_call *c)
{
	curl_off_t	sent = 0;
	long		head = 0;

	curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &head);
	return sent == c->body_len && head > 0;
}

bool
http_release(struct http_call *c)
{
	if (!http_sent(c))
		return false;
	/* It would only be read for a second request. */
	SET(c->easy, CURLOPT_HTTPHEADER, NULL);
	free(c->headers);
	c->headers = NULL;
	return true;
}

bool
http_multiplexed(const struct http_call *c)
{
	long version = 0;

	curl_easy_getinfo(c->easy, CURLINFO_HTTP_VERSION, &version);
	return version > CURL_HTTP_VERSION_1_1;
}

void
http_cancel(struct http_call *c)
{
	if (c != NULL)
		call_free(c);
}

/* Hand on what libcurl has finished. */
static void
collect(struct http_watch *w)
{
	struct http_call	*c;
	CURLMsg			*msg;
	CURL			*easy;
	CURLcode		 code;
	int			 left;

	while ((msg = curl_multi_info_read(w->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		easy = msg->easy_handle;
		code = msg->data.result;	/* msg dies with the handle */
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &c);
		call_end(c, code);
	}
}

struct http *
http_create(struct loop *loop)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->loop = loop;
	return http;
}

void
http_destroy(struct http *http)
{
	if (http == NULL)
		return;
	while (http->nspare > 0)
		curl_easy_cleanup(http->spare[--http->nspare]);
	if (http->watch.multi != NULL)
		curl_multi_cleanup(http->watch.multi);
	http_watch_finish(&http->watch);
	free(http);
}

/* --- One call at a time, for the command line. */

struct fetch {
	struct http_reply	*reply;
	size_t			 max;
};

static size_t
fetch_header(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	head_line(f->reply, p, n * size);
	return n * size;
}

static size_t
fetch_body(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	if (n * size > f->max - f->reply->body.len)
		return CURL_WRITEFUNC_ERROR;
	buf_append(&f->reply->body, p, n * size);
	return n * size;
}

bool
http_fetch(struct http *http, const struct conf *conf,
    const struct http_request *r, struct http_reply *reply, struct err *err)
{
	struct curl_slist	*headers = slist(r);
	struct fetch		 fetch = { reply, r->body_max };
	struct sending		 sending;
	CURL			*h = easy_take(http);
	char			 why[CURL_ERROR_SIZE] = "";
	char			 shown[CURL_ERROR_SIZE];
	CURLcode		 code;
	bool			 slow;

	memset(reply, 0, sizeof(*reply));
	prepare(h, http, conf, r, headers, &sending, why);
	SET(h, CURLOPT_HEADERFUNCTION, fetch_header);
	SET(h, CURLOPT_HEADERDATA, &fetch);
	SET(h, CURLOPT_WRITEFUNCTION, fetch_body);
	SET(h, CURLOPT_WRITEDATA, &fetch);
	SET(h, CURLOPT_TIMEOUT_MS,
	    (long)(r->headers_timeout_ms + r->silence_timeout_ms));
	code = curl_easy_perform(h);
	easy_give(http, h);
	free(headers);
	if (code == CURLE_OK && reply->status >= 200)
		return true;
	slow = code == CURLE_OPERATION_TIMEDOUT;
	explain(code, why, shown, sizeof(shown));
	err_set(err, slow ? 504 : 502, ERR_SERVER,
	    slow ? "upstream_timeout" : "upstream_unreachable", NULL,
	    "%s: %s", r->url, shown);
	text_mask_users(err->msg, sizeof(err->msg));
	return false;
}
