/* Server-sent events: bytes to events and events to bytes. */
#include "config.h"

#include <string.h>

#include "base/sse.h"
#include "base/text.h"

#define KEEP_MAX 65536	/* a larger buffer isn't kept between two events */

typedef bool	on_event_fn(const struct sse_event *, void *);

/* Where the next \n and \r of a piece of input are; each is sought once. */
struct scan {
	const char *p, *end;
	const char *nl, *cr;
};

static size_t
held(const struct sse *s)
{
	return s->line.len + s->data.len + s->name.len;
}

bool
sse_too_large(const struct sse *s)
{
	return held(s) > s->max;
}

bool
sse_partial(const struct sse *s)
{
	return s->line.len > 0 || s->has_data || s->has_name;
}

/* Adds as much as shows that it is too much, and no more. */
static bool
hold(struct sse *s, struct buf *b, const char *p, size_t n)
{
	size_t room = s->max - held(s);

	buf_append(b, p, n > room ? room + 1 : n);
	return n <= room;
}

static void
empty(struct buf *b)
{
	if (b->cap > KEEP_MAX)
		buf_finish(b);
	else
		buf_truncate(b, 0);
}

/* A blank line: hand the event on. One without data counts for nothing. */
static bool
dispatch(struct sse *s, on_event_fn *on_event, void *arg)
{
	struct sse_event	ev = { 0 };
	bool			go = true;

	if (s->has_data) {
		ev.name = s->has_name ? buf_str(&s->name) : NULL;
		ev.data = buf_str(&s->data);
		ev.len = s->data.len;
		ev.unfinished = s->ended;
		go = on_event(&ev, arg);
	}
	empty(&s->data);
	empty(&s->name);
	s->has_data = s->has_name = false;
	return go;
}

/* A line of JSON without "data:". Lines before it are an event of their own. */
static bool
bare(struct sse *s, const char *p, size_t n, on_event_fn *on_event, void *arg)
{
	struct sse_event	ev = { .bare = true };
	bool			go;

	if (s->has_data && !dispatch(s, on_event, arg))
		return false;
	if (!hold(s, &s->data, p, n))
		return false;
	ev.name = s->has_name ? buf_str(&s->name) : NULL;
	ev.data = buf_str(&s->data);
	ev.len = s->data.len;
	go = on_event(&ev, arg);
	empty(&s->data);
	empty(&s->name);
	s->has_name = false;
	return go;
}

/* Is the line "FIELD:value" or "FIELD"? Then the value, one space removed. */
static bool
field(const char *p, size_t n, const char *name, const char **value,
    size_t *len)
{
	size_t skip = strlen(name);

	if (n < skip || memcmp(p, name, skip) != 0 ||
	    (n > skip && p[skip] != ':'))
		return false;
	if (n > skip)
		skip++;
	if (n > skip && p[skip] == ' ')
		skip++;
	*value = p + skip;
	*len = n - skip;
	return true;
}

/*
 * One whole line. Comments and the fields "id" and "retry" are passed over:
 * nothing upstream can be resumed by them.
 */
static bool
one_line(struct sse *s, const char *p, size_t n, on_event_fn *on_event,
    void *arg)
{
	const char	*v;
	size_t		 len;

	if (!s->begun && n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		p += 3;
		n -= 3;
	}
	s->begun = true;
	if (n == 0)
		return dispatch(s, on_event, arg);
	if (field(p, n, "data", &v, &len)) {
		if (s->has_data && !hold(s, &s->data, "\n", 1))
			return false;
		s->has_data = true;
		return hold(s, &s->data, v, len);
	}
	if (field(p, n, "event", &v, &len)) {
		buf_truncate(&s->name, 0);
		/* Answers make it a JSON string: what is no text is no name. */
		s->has_name = text_utf8_prefix(v, len) == len &&
		    memchr(v, '\0', len) == NULL;
		return !s->has_name || hold(s, &s->name, v, len);
	}
	if (p[0] == '{')
		return bare(s, p, n, on_event, arg);
	return true;
}

/* The line ends with these bytes; those held back come before them. */
static bool
end_line(struct sse *s, const char *p, size_t n, on_event_fn *on_event,
    void *arg)
{
	struct buf	line;
	bool		go;

	if (n > s->max - held(s))
		return hold(s, &s->line, p, n);
	if (s->line.len == 0)
		return one_line(s, p, n, on_event, arg);
	hold(s, &s->line, p, n);
	/* Taken out, so that its bytes are not counted twice. */
	line = s->line;
	s->line = (struct buf){ 0 };
	go = one_line(s, line.p, line.len, on_event, arg);
	empty(&line);
	if (s->line.p == NULL)
		s->line = line;
	return go;
}

static const char *
seek(const char *p, const char *end, char c)
{
	const char *q = memchr(p, c, (size_t)(end - p));

	return q != NULL ? q : end;
}

/* The end of the line that begins at sc->p, or the end of the input. */
static const char *
next_end(struct scan *sc)
{
	if (sc->nl < sc->p)
		sc->nl = seek(sc->p, sc->end, '\n');
	if (sc->cr < sc->p)
		sc->cr = seek(sc->p, sc->end, '\r');
	return sc->nl < sc->cr ? sc->nl : sc->cr;
}

bool
sse_feed(struct sse *s, const char *p, size_t n, on_event_fn *on_event,
    void *arg)
{
	struct scan	 sc = { .p = p, .end = p + n };
	const char	*e;

	if (n == 0)
		return true;
	if (sse_too_large(s))
		return false;
	sc.nl = seek(sc.p, sc.end, '\n');
	sc.cr = seek(sc.p, sc.end, '\r');
	while (sc.p < sc.end) {
		if (s->cr && *sc.p == '\n') {
			s->cr = false;
			sc.p++;
			continue;
		}
		s->cr = false;
		e = next_end(&sc);
		n = (size_t)(e - sc.p);
		if (e == sc.end)
			return hold(s, &s->line, sc.p, n);
		s->cr = *e == '\r';
		p = sc.p;
		sc.p = e + 1;
		if (!end_line(s, p, n, on_event, arg))
			return false;
	}
	return true;
}

bool
sse_end(struct sse *s, on_event_fn *on_event, void *arg)
{
	if (sse_too_large(s))
		return false;
	s->ended = true;
	if (s->line.len > 0 && !end_line(s, "", 0, on_event, arg))
		return false;
	return dispatch(s, on_event, arg);
}

void
sse_finish(struct sse *s)
{
	buf_finish(&s->line);
	buf_finish(&s->data);
	buf_finish(&s->name);
	s->has_data = s->has_name = s->cr = s->begun = false;
}

/* The length up to a line end. */
static size_t
line_len(const char *p, size_t n)
{
	const char *end = memchr(p, '\n', n);

	if (end != NULL)
		n = (size_t)(end - p);
	end = memchr(p, '\r', n);
	return end != NULL ? (size_t)(end - p) : n;
}

void
sse_put(struct buf *out, const char *name, const char *data, size_t n)
{
	size_t len;

	if (name != NULL) {
		buf_puts(out, "event: ");
		buf_append(out, name, line_len(name, strlen(name)));
		buf_putc(out, '\n');
	}
	for (;;) {
		len = line_len(data, n);
		buf_puts(out, "data: ");
		buf_append(out, data, len);
		buf_putc(out, '\n');
		if (len == n)
			break;
		if (data[len] == '\r' && len + 1 < n && data[len + 1] == '\n')
			len++;
		data += len + 1;
		n -= len + 1;
	}
	buf_putc(out, '\n');
}
