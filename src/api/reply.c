/* The answer to the client, in CGI's form. */
#include "config.h"

#include <string.h>

#include "api/reply.h"
#include "api/request.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/util.h"
#include "messages/error.h"

#define RETRY_MS_MAX 31536000		/* seconds; who waits for a year? */
#define MOVE_MIN (64u << 10)		/* a smaller body is copied */

static const struct {
	int		 status;
	const char	*text;
} texts[] = {
	{ 200, "OK" }, { 204, "No Content" }, { 400, "Bad Request" },
	{ 401, "Unauthorized" }, { 402, "Payment Required" },
	{ 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
	{ 409, "Conflict" }, { 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" }, { 422, "Unprocessable Content" },
	{ 429, "Too Many Requests" }, { 500, "Internal Server Error" },
	{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" }, { 529, "Overloaded" }
};

static const char *
status_text(int status)
{
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Status";
}

#define HEAD_USUAL 512		/* bytes */

static void
put_number(struct buf *b, const char *name, int64_t n, const char *after)
{
	buf_puts(b, name);
	buf_int(b, n);
	buf_puts(b, after);
}

static void
put(struct buf *b, const char *name, const char *value)
{
	size_t n;

	for (n = 0; (unsigned char)value[n] >= 0x20 && value[n] != 0x7f; n++)
		;
	buf_puts(b, name);
	buf_puts(b, ": ");
	buf_append(b, value, n);
	buf_puts(b, "\r\n");
}

void
reply_header(struct reply *r, const char *name, const char *value)
{
	put(&r->headers, name, value);
}

void
reply_header_always(struct reply *r, const char *name, const char *value)
{
	put(&r->always, name, value);
}

void
reply_json(struct reply *r, int status)
{
	r->status = status;
	r->content_type = "application/json";
}

void
reply_whole(struct reply *r)
{
	r->status = 200;
	if (r->content_type == NULL)
		r->content_type = "application/json";
}

/* OpenAI says it in both ways, and its SDKs look for the milliseconds first. */
static void
put_retry(struct reply *r, const struct err *err)
{
	int64_t seconds = err_retry_seconds(err);

	if (err->retry_after[0] == '\0')
		return;
	reply_header(r, "Retry-After", err->retry_after);
	if (seconds >= 0 && seconds <= RETRY_MS_MAX)
		buf_printf(&r->headers, "retry-after-ms: %lld\r\n",
		    (long long)seconds * 1000);
}

void
reply_error(struct reply *r, const struct request *req, const struct err *err)
{
	buf_truncate(&r->headers, 0);
	buf_truncate(&r->body, 0);
	if (req->anthropic) {
		reply_json(r, messages_error_status(err));
		messages_error(err, req->id, &r->body);
	} else {
		reply_json(r, err->status != 0 ? err->status : 500);
		err_json(err, &r->body);
	}
	buf_putc(&r->body, '\n');
	put_retry(r, err);
	/* The SDKs of both repeat 408, 409, 429 and 5xx unless told not to. */
	if (err->no_retry)
		reply_header(r, "x-should-retry", "false");
}

/* OpenAI says this about itself with every answer. */
static void
put_openai(int64_t ms, struct buf *out)
{
	put_number(out, "openai-processing-ms: ", ms, "\r\n");
	put(out, "openai-version", "2020-10-01");
}

/* W3C's, for those who look at a slow request: all of it, and upstream's. */
static void
put_timing(const struct reply *r, int64_t ms, struct buf *out)
{
	put_number(out, "Server-Timing: total;dur=", ms, "");
	if (r->upstream_ms > 0)
		put_number(out, ", upstream;dur=", r->upstream_ms, "");
	buf_puts(out, "\r\n");
}

void
reply_head(const struct reply *r, const struct request *req, bool length,
    struct buf *out)
{
	int64_t ms = util_now_ms() - req->started_ms;

	buf_reserve(out, HEAD_USUAL + (length ? r->body.len : 0));
	put_number(out, "Status: ", r->status, " ");
	buf_puts(out, status_text(r->status));
	buf_puts(out, "\r\n");
	if (r->content_type != NULL)
		put(out, "Content-Type", r->content_type);
	if (length && r->content_type != NULL)
		put_number(out, "Content-Length: ", (int64_t)r->body.len,
		    "\r\n");
	put(out, "x-request-id", req->id);
	if (req->anthropic)
		put(out, "request-id", req->id);
	else
		put_openai(ms, out);
	put_timing(r, ms, out);
	buf_append(out, buf_str(&r->always), r->always.len);
	buf_append(out, buf_str(&r->limits), r->limits.len);
	buf_append(out, buf_str(&r->headers), r->headers.len);
	buf_puts(out, "\r\n");
}

void
reply_print(const struct reply *r, const struct request *req, struct buf *out)
{
	reply_head(r, req, true, out);
	if (strcmp(req->method, "HEAD") != 0)
		buf_append(out, buf_str(&r->body), r->body.len);
}

void
reply_print_take(struct reply *r, const struct request *req, struct buf *out)
{
	struct buf head = { 0 };

	if (r->body.len < MOVE_MIN || strcmp(req->method, "HEAD") == 0) {
		reply_print(r, req, out);
		buf_finish(&r->body);
		return;
	}
	reply_head(r, req, true, &head);
	buf_reserve(&r->body, head.len);
	memmove(r->body.p + head.len, r->body.p, r->body.len + 1);
	memcpy(r->body.p, head.p, head.len);
	r->body.len += head.len;
	buf_finish(&head);
	buf_finish(out);
	*out = r->body;
	r->body = (struct buf){ 0 };
}

void
reply_reset(struct reply *r)
{
	buf_finish(&r->headers);
	buf_finish(&r->limits);
	buf_finish(&r->body);
	r->status = 0;
	r->content_type = NULL;
}

void
reply_finish(struct reply *r)
{
	reply_reset(r);
	buf_finish(&r->always);
	memset(r, 0, sizeof(*r));
}
