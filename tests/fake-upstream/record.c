/* What has been received and what became of it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "evloop.h"
#include "jt.h"
#include "record.h"
#include "req.h"

struct entry {
	char		*method, *path, *query;
	struct header	*headers;	/* copies */
	size_t		 nheaders;
	char		*body;
	size_t		 len;
	int64_t		 time_ms, ended_ms;
	int		 status;
	const char	*outcome;	/* static */
	uint64_t	 bytes, events;
};

static struct entry *
find(const struct record *r, uint64_t id)
{
	if (id < r->first || id >= r->next || id == 0)
		return NULL;
	return r->entry[id % RECORD_MAX];
}

static void
drop_first(struct record *r)
{
	struct entry	*e = find(r, r->first);
	size_t		 i;

	r->entry[r->first++ % RECORD_MAX] = NULL;
	r->bytes -= e->len;
	for (i = 0; i < e->nheaders; i++) {
		free((char *)(uintptr_t)e->headers[i].name);
		free((char *)(uintptr_t)e->headers[i].value);
	}
	free(e->headers);
	free(e->method);
	free(e->path);
	free(e->query);
	free(e->body);
	free(e);
}

void
record_clear(struct record *r)
{
	while (r->first < r->next)
		drop_first(r);
	free(r->entry);
	r->entry = NULL;
}

uint64_t
record_add(struct record *r, const struct req *q)
{
	struct entry	*e;
	size_t		 i;

	if (r->off)
		return 0;
	if (r->entry == NULL) {
		r->entry = xcalloc(RECORD_MAX, sizeof(*r->entry));
		if (r->next == 0)
			r->first = r->next = 1;
	}
	while (r->first < r->next && (r->next - r->first == RECORD_MAX ||
	    r->bytes + q->body.len > RECORD_BYTES_MAX))
		drop_first(r);
	e = xcalloc(1, sizeof(*e));
	e->method = xstrdup(q->method);
	e->path = xstrdup(q->path);
	e->query = xstrdup(q->query);
	e->headers = xcalloc(q->nheaders, sizeof(*e->headers));
	for (i = 0; i < q->nheaders; i++) {
		e->headers[i].name = xstrdup(q->headers[i].name);
		e->headers[i].value = xstrdup(q->headers[i].value);
	}
	e->nheaders = q->nheaders;
	e->len = q->body.len;
	e->body = xmalloc(e->len);
	if (e->len > 0)
		memcpy(e->body, q->body.p, e->len);
	e->time_ms = wall_ms();
	e->outcome = "open";
	r->bytes += e->len;
	r->entry[r->next % RECORD_MAX] = e;
	return r->next++;
}

void
record_status(struct record *r, uint64_t id, int status)
{
	struct entry *e = find(r, id);

	if (e != NULL)
		e->status = status;
}

void
record_end(struct record *r, uint64_t id, const char *outcome, uint64_t bytes,
    uint64_t events)
{
	struct entry *e = find(r, id);

	if (e == NULL)
		return;
	e->outcome = outcome;
	e->ended_ms = wall_ms();
	e->bytes = bytes;
	e->events = events;
}

/* FNV-1a over all bytes, as in util_hash: a body may hold NULs. */
static uint64_t
hash(const char *p, size_t n)
{
	uint64_t	h = 0xcbf29ce484222325u;
	size_t		i;

	for (i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
	return h;
}

/* A header may hold any byte; what is no UTF-8 is shown as base64. */
static void
put_text(struct buf *out, const char *s, size_t n)
{
	if (utf8_valid(s, n)) {
		jt_string(out, s, n);
		return;
	}
	buf_puts(out, "\"base64:");
	base64(out, s, n);
	buf_putc(out, '"');
}

static void
print_body(const struct entry *e, bool full, struct buf *out)
{
	buf_printf(out, ",\"body_length\":%zu,\"body_hash\":\"%016llx\"",
	    e->len, (unsigned long long)hash(e->body, e->len));
	if (!full && e->len > RECORD_BODY_SHOWN) {
		buf_puts(out, ",\"body\":null");
		return;
	}
	buf_puts(out, ",\"body\":");
	put_text(out, e->body, e->len);
}

static void
print_entry(const struct entry *e, uint64_t id, bool full, struct buf *out)
{
	size_t i;

	jt(out, "{'id':%l,'method':", (int64_t)id);
	put_text(out, e->method, strlen(e->method));
	buf_puts(out, ",\"path\":");
	put_text(out, e->path, strlen(e->path));
	buf_puts(out, ",\"query\":");
	put_text(out, e->query, strlen(e->query));
	buf_puts(out, ",\"headers\":[");
	for (i = 0; i < e->nheaders; i++) {
		buf_puts(out, i > 0 ? ",[" : "[");
		put_text(out, e->headers[i].name, strlen(e->headers[i].name));
		buf_putc(out, ',');
		put_text(out, e->headers[i].value,
		    strlen(e->headers[i].value));
		buf_putc(out, ']');
	}
	buf_putc(out, ']');
	print_body(e, full, out);
	jt(out, ",'time_ms':%l,'ended_ms':%l,'status':%d,'outcome':%s,"
	    "'bytes':%l,'events':%l}", e->time_ms, e->ended_ms, e->status,
	    e->outcome, (int64_t)e->bytes, (int64_t)e->events);
}

void
record_print(const struct record *r, const char *path, bool full,
    struct buf *out)
{
	uint64_t		 id;
	const struct entry	*e;
	bool			 any = false;

	buf_puts(out, "{\"requests\":[");
	for (id = r->first; id < r->next; id++) {
		e = find(r, id);
		if (path != NULL && strcmp(path, e->path) != 0)
			continue;
		if (any)
			buf_putc(out, ',');
		any = true;
		print_entry(e, id, full, out);
	}
	buf_puts(out, "]}\n");
}
