/* The records of an answer, to the web server. */
#include "config.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>

#include <fastcgi.h>

#include "base/util.h"
#include "server/records.h"

#define CONTENT_MAX	65528u	/* of one record: two bytes tell, aligned */
#define SPARE_MAX	1024	/* of memory that is kept for the next rest */

void
records_begin(struct records *r, int fd, int request)
{
	records_finish(r);
	*r = (struct records){ .fd = fd, .request = (unsigned)request };
}

static FCGI_Header
head(const struct records *r, unsigned char type, size_t n)
{
	return (FCGI_Header){
		.version = FCGI_VERSION_1,
		.type = type,
		.requestIdB1 = (unsigned char)(r->request >> 8),
		.requestIdB0 = (unsigned char)r->request,
		.contentLengthB1 = (unsigned char)(n >> 8),
		.contentLengthB0 = (unsigned char)n
	};
}

/* Keep what lies behind the first "sent" bytes of these. */
static void
keep(struct records *r, const struct iovec *v, int n, size_t sent)
{
	int i;

	for (i = 0; i < n; i++) {
		if (sent < v[i].iov_len)
			buf_append(&r->rest, (const char *)v[i].iov_base + sent,
			    v[i].iov_len - sent);
		sent -= sent < v[i].iov_len ? sent : v[i].iov_len;
	}
}

/* Bytes that the socket took; 0 if none. */
static size_t
push(struct records *r, struct iovec *v, int n)
{
	struct msghdr	m = { .msg_iov = v, .msg_iovlen = (size_t)n };
	ssize_t		sent;

	do
		sent = sendmsg(r->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return (size_t)sent;
	r->lost = errno != EAGAIN && errno != EWOULDBLOCK;
	return 0;
}

/* One record of content, and those of the end. */
static void
put(struct records *r, const char *p, size_t n, bool last)
{
	FCGI_Header	content = head(r, FCGI_STDOUT, n);
	struct {
		FCGI_Header		out;
		FCGI_EndRequestRecord	end;
	} tail = {
		head(r, FCGI_STDOUT, 0),
		{ head(r, FCGI_END_REQUEST, sizeof(FCGI_EndRequestBody)),
		    { .protocolStatus = FCGI_REQUEST_COMPLETE } }
	};
	struct iovec	v[3];
	int		k = 0;

	if (n > 0) {
		v[k++] = (struct iovec){ &content, sizeof(content) };
		v[k++] = (struct iovec){ (char *)(uintptr_t)p, n };
	}
	if (last)
		v[k++] = (struct iovec){ &tail, sizeof(tail) };
	if (k > 0)
		keep(r, v, k, r->rest.len > 0 ? 0 : push(r, v, k));
}

bool
records_put(struct records *r, const char *p, size_t n, bool last)
{
	size_t piece;

	if (r->ended || r->lost)
		return !r->lost;
	do {
		piece = n < CONTENT_MAX ? n : CONTENT_MAX;
		put(r, p, piece, last && piece == n);
		p += piece;
		n -= piece;
	} while (n > 0 && !r->lost);
	r->ended = last;
	return !r->lost;
}

bool
records_flush(struct records *r)
{
	struct iovec v = { r->rest.p, r->rest.len };

	if (r->rest.len > 0 && !r->lost)
		buf_consume(&r->rest, push(r, &v, 1));
	if (r->rest.len > 0 && !r->lost)
		return false;
	if (r->rest.cap > SPARE_MAX)
		buf_finish(&r->rest);
	return true;
}

void
records_finish(struct records *r)
{
	buf_finish(&r->rest);
}
