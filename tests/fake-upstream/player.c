/* Sends an answer. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "conn.h"
#include "jt.h"
#include "player.h"

/* What was sent shall be read before the reset arrives. */
#define RESET_AFTER_NS	30000000

/* Chunk sizes that no reader expects. */
static const size_t odd_sizes[] = { 1, 7, 2, 61, 3, 1023, 5, 17, 4097, 11 };

static const struct reason {
	int		 status;
	const char	*text;
} reasons[] = {
	{ 200, "OK" }, { 204, "No Content" }, { 400, "Bad Request" },
	{ 401, "Unauthorized" }, { 402, "Payment Required" },
	{ 403, "Forbidden" }, { 404, "Not Found" },
	{ 405, "Method Not Allowed" }, { 408, "Request Timeout" },
	{ 413, "Request Entity Too Large" }, { 421, "Misdirected Request" },
	{ 422, "Unprocessable Entity" }, { 424, "Failed Dependency" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" }, { 502, "Bad Gateway" },
	{ 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
};

static void	step(struct conn *);

static const char *
reason(int status)
{
	size_t i;

	for (i = 0; i < COUNT(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Unknown";
}

/* How they are on a seat that pays by the token nobody has recorded. */
static void
put_quota_headers(const struct fake *f, struct buf *out)
{
	const char *reset = setting_str(f, "quota_reset");

	if (strcmp(setting_str(f, "seat"), "tokens") == 0)
		buf_printf(out, "x-quota-snapshot-premium_interactions: ent=0&"
		    "ov=0.0&ovPerm=true&rem=100.0&rst=%s&totRem=0.0\r\n",
		    reset);
	else
		buf_printf(out, "x-quota-snapshot-premium_interactions: "
		    "ent=4000&ov=0.0&ovPerm=true&rem=95.7&rst=%s&"
		    "totRem=%lld.1\r\n", reset,
		    (long long)setting_int(f, "quota_remaining"));
	buf_printf(out, "x-quota-snapshot-chat: %s\r\n",
	    setting_str(f, "quota_chat"));
	if (setting_new(f))
		buf_printf(out, "x-usage-ratelimit-session: ent=100&ov=0.0&"
		    "ovPerm=false&rem=80.0&rst=%s\r\n"
		    "x-usage-ratelimit-weekly: ent=1000&ov=0.0&ovPerm=false&"
		    "rem=60.0&rst=%s\r\n", reset, reset);
}

/* What Copilot adds to each answer; nothing here uses the quota up. */
static void
put_copilot_headers(struct conn *c)
{
	const char	*id = req_header(&c->req, "X-Request-Id");
	struct buf	*out = &c->out;
	char		 uuid[UTIL_UUID_SIZE];
	char		*gh = random_id("", 4);

	if (id == NULL) {
		util_uuid(uuid);
		id = uuid;
	}
	buf_printf(out, "x-request-id: 00000-%s\r\n", id);
	buf_printf(out, "x-github-request-id: %s:35D2:1A2B3C\r\n", gh);
	if (c->ans.status < 300 && !util_starts(c->req.path, "/models"))
		put_quota_headers(c->f, out);
	buf_puts(out, "strict-transport-security: max-age=31536000\r\n"
	    "content-security-policy: default-src 'none'; sandbox\r\n"
	    "x-content-type-options: nosniff\r\n");
	free(gh);
}

static void
put_head(struct conn *c)
{
	struct answer	*a = &c->ans;
	struct player	*p = &c->play;

	buf_printf(&c->out, "HTTP/1.1 %d %s\r\n", a->status,
	    reason(a->status));
	if (a->type != NULL && a->type[0] != '\0')
		buf_printf(&c->out, "content-type: %s\r\n", a->type);
	if (!a->plain)
		put_copilot_headers(c);
	buf_append(&c->out, buf_str(&a->headers), a->headers.len);
	if (p->chunked)
		buf_puts(&c->out, "transfer-encoding: chunked\r\n");
	else if (!a->stream)
		buf_printf(&c->out, "content-length: %zu\r\n", a->text.len);
	if (!c->req.keep_alive)
		buf_puts(&c->out, "connection: close\r\n");
	else if (c->req.http10)
		buf_puts(&c->out, "connection: keep-alive\r\n");
	buf_puts(&c->out, "\r\n");
	p->begun = true;
}

static void
put_body(struct conn *c, const char *s, size_t n)
{
	if (n == 0)
		return;
	if (c->play.chunked)
		buf_printf(&c->out, "%zx\r\n", n);
	buf_append(&c->out, s, n);
	if (c->play.chunked)
		buf_puts(&c->out, "\r\n");
	c->play.bytes += n;
}

/* The event that is due, all of it; a body counts as one event. */
static bool
current(struct conn *c, const char **s, size_t *n)
{
	struct answer	*a = &c->ans;
	struct player	*p = &c->play;
	size_t		 from;

	if (a->next != NULL) {
		if (p->at == 0) {
			buf_truncate(&p->made, 0);
			if (!a->next(a->arg, &p->made))
				return false;
		}
		*s = p->made.p;
		*n = p->made.len;
		return true;
	}
	if (!a->stream) {
		*s = buf_str(&a->text);
		*n = a->text.len;
		return p->next == 0 && !p->head_only;
	}
	if (p->next >= a->n)
		return false;
	from = p->next > 0 ? a->ends[p->next - 1] : 0;
	*s = a->text.p + from;
	*n = a->ends[p->next] - from;
	return true;
}

static void
finish(struct conn *c)
{
	if (c->play.chunked && !c->play.ended)
		buf_puts(&c->out, "0\r\n\r\n");
	c->play.ended = true;
	if (conn_flush(c) == CONN_SENT)
		conn_answered(c);
}

/*
 * An accident is due: the connection ends here. What has been said is written
 * first; a socket so full that it isn't takes the rest with it.
 */
static void
accident(struct conn *c, bool reset)
{
	if (!reset && c->play.clean_end && c->play.chunked) {
		finish(c);
		return;
	}
	if (conn_flush(c) == CONN_GONE)
		return;
	if (reset) {
		c->play.resetting = true;
		timer_set(&c->f->loop, &c->play.timer,
		    mono_ns() + RESET_AFTER_NS);
	} else
		conn_end(c, "cut", false);
}

/* Events are counted from 1: after the first "n" comes half of the next. */
static bool
accident_due(struct conn *c, const char *s, size_t n)
{
	struct player *p = &c->play;

	if (p->reset_after >= 0 && p->next >= (size_t)p->reset_after) {
		accident(c, true);
		return true;
	}
	if (p->cut_events >= 0 && p->next >= (size_t)p->cut_events) {
		put_body(c, s, n / 2);
		accident(c, false);
		return true;
	}
	if (p->cut_bytes >= 0 && p->bytes + n >= (uint64_t)p->cut_bytes) {
		put_body(c, s, (size_t)((uint64_t)p->cut_bytes - p->bytes));
		accident(c, false);
		return true;
	}
	return false;
}

/* How much of the n bytes that are left goes into one piece. */
static size_t
piece_size(const struct player *p, size_t n)
{
	size_t size = p->byte_by_byte ? 1 : p->odd_chunks ?
	    odd_sizes[p->pieces % COUNT(odd_sizes)] : n;

	return size < n ? size : n;
}

/* Is it time for the next event, or piece of one? Else the timer waits. */
static bool
is_due(struct conn *c)
{
	struct player	*p = &c->play;

	if (p->pieces == 0 || mono_ns() >= p->due)
		return true;
	timer_set(&c->f->loop, &p->timer, p->due);
	return false;
}

/*
 * The schedule is kept absolute so that a late wake-up doesn't shift all that
 * follows; a client that fell behind gets no burst, though.
 */
static void
schedule(struct player *p)
{
	int64_t	every = p->at > 0 ? p->byte_ns : p->every_ns;
	int64_t	now = mono_ns();

	p->due += every;
	if (p->pieces == 1 || p->due < now - 1000000000)
		p->due = now + every;
	if (p->at == 0 && (int64_t)p->next == p->pause_after)
		p->due = now + p->pause_ns;
}

/* Sends until something has to be waited for. */
static void
step(struct conn *c)
{
	struct player	*p = &c->play;
	const char	*s;
	size_t		 n, size;

	if (p->ended) {
		finish(c);
		return;
	}
	for (;;) {
		if (p->stall_after >= 0 && p->next >= (size_t)p->stall_after) {
			conn_flush(c);
			return;		/* until the client has had enough */
		}
		if (p->begun && !is_due(c)) {
			/* The head must not wait for the first event. */
			conn_flush(c);
			return;
		}
		if (!current(c, &s, &n))
			break;
		if (p->at == 0 && accident_due(c, s, n))
			return;
		size = piece_size(p, n - p->at);
		put_body(c, s + p->at, size);
		p->at += size;
		p->pieces++;
		if (p->at >= n) {
			p->at = 0;
			p->next++;
		}
		schedule(p);
		if (p->at == 0 && c->ans.next == NULL &&
		    (!c->ans.stream || p->next >= c->ans.n) &&
		    p->stall_after < 0)
			break;		/* the end goes into the same write */
		if (conn_flush(c) != CONN_SENT)
			return;
	}
	finish(c);
}

static void
timer_due(struct timer *t)
{
	struct player	*p = CONTAINER(t, struct player, timer);
	struct conn	*c = CONTAINER(p, struct conn, play);

	if (p->resetting) {
		conn_end(c, "reset", true);
		return;
	}
	if (!p->begun)
		put_head(c);
	if (c->out_at == c->out.len || p->pieces == 0)
		step(c);
}

static int64_t
count(json_object *scn, const char *name)
{
	int64_t n = js_int(scn, name, -1);

	return n < 0 ? -1 : n;
}

static void
read_scenario(struct player *p, json_object *scn)
{
	p->byte_by_byte = js_bool(scn, "byte_by_byte", false);
	p->odd_chunks = js_bool(scn, "odd_chunks", false);
	p->clean_end = js_bool(scn, "clean_end", false);
	p->byte_ns = ms_to_ns(js_int(scn, "byte_delay_ms", 0));
	p->stall_after = count(scn, "stall_after_events");
	p->pause_after = count(scn, "pause_after_events");
	p->pause_ns = ms_to_ns(js_int(scn, "pause_ms", 1000));
	p->cut_events = count(scn, "cut_after_events");
	p->cut_bytes = count(scn, "cut_after_bytes");
	p->reset_after = count(scn, "reset_after_events");
}

void
player_start(struct conn *c, json_object *scn)
{
	struct player	*p = &c->play;
	struct answer	*a = &c->ans;
	int64_t		 delay = ms_to_ns(js_int(scn, "delay_headers_ms", 0));

	*p = (struct player){ .timer.fn = timer_due };
	read_scenario(p, scn);
	p->every_ns = a->every_ns;
	if (a->stream && a->next == NULL)
		p->every_ns = ms_to_ns(js_int(scn, "event_delay_ms",
		    setting_int(c->f, "event_ms")));
	p->chunked = (a->stream || p->odd_chunks || p->byte_by_byte) &&
	    !c->req.http10;
	p->head_only = strcmp(c->req.method, "HEAD") == 0 ||
	    a->status == 204 || a->status == 304;
	if (p->head_only)
		p->chunked = a->stream = false;
	if (a->stream && !p->chunked)
		c->req.keep_alive = false;
	if (delay > 0) {
		timer_set(&c->f->loop, &p->timer, mono_ns() + delay);
		return;
	}
	put_head(c);
	step(c);
}

void
player_resume(struct conn *c)
{
	struct player *p = &c->play;

	if (!p->begun || p->timer.place != 0)
		return;
	step(c);
}

void
player_hurry(struct conn *c)
{
	struct player *p = &c->play;

	p->stall_after = -1;
	p->due = mono_ns();
	if (p->timer.place != 0)
		timer_set(&c->f->loop, &p->timer, p->due);
	else if (c->out_at == c->out.len)
		player_resume(c);
	/* Else it goes on when what is under way has been sent. */
}

void
player_stop(struct conn *c)
{
	timer_clear(&c->f->loop, &c->play.timer);
	buf_finish(&c->play.made);
	c->play = (struct player){ 0 };
}
