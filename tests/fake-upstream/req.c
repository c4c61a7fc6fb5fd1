/* One HTTP/1.x request. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "req.h"

#define HEADERS_MAX	200
#define LINE_MAX_	1024	/* a chunk's size line or a trailer */

const char *
req_header(const struct req *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->nheaders; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return r->headers[i].value;
	return NULL;
}

/* Cuts the next line off; NULL at the empty one. */
static char *
next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (end == NULL)
		return NULL;
	*at = end + 1;
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return *line != '\0' ? line : NULL;
}

static bool
parse_first(struct req *r, char *line)
{
	char *sp = strchr(line, ' '), *target, *version, *q;

	if (sp == NULL || sp == line)
		return false;
	*sp = '\0';
	target = sp + 1;
	if ((version = strchr(target, ' ')) == NULL)
		return false;
	*version++ = '\0';
	if (strncmp(version, "HTTP/1.", 7) != 0 || version[7] == '\0')
		return false;
	r->http10 = strcmp(version + 7, "0") == 0;
	r->keep_alive = !r->http10;
	if (util_starts_nocase(target, "http://")) {	/* absolute form */
		target = strchr(target + 7, '/');
		if (target == NULL)
			return false;
	}
	if (*target != '/')
		return false;
	if ((q = strchr(target, '?')) != NULL)
		*q++ = '\0';
	r->method = line;
	r->path = target;
	r->query = q != NULL ? q : "";
	return true;
}

static bool
parse_header(struct req *r, char *line)
{
	char	*colon = strchr(line, ':'), *value, *end;

	if (colon == NULL || colon == line || *line == ' ' || *line == '\t' ||
	    colon[-1] == ' ' || r->nheaders == HEADERS_MAX)
		return false;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (end = value + strlen(value);
	    end > value && (end[-1] == ' ' || end[-1] == '\t'); end--)
		;
	*end = '\0';
	r->headers[r->nheaders++] = (struct header){ line, value };
	return true;
}

/* What the headers say about the connection and the body. */
static int
parse_framing(struct req *r)
{
	const char	*v;
	int64_t		 n;

	if ((v = req_header(r, "Connection")) != NULL) {
		if (strcasestr(v, "close") != NULL)
			r->keep_alive = false;
		else if (strcasestr(v, "keep-alive") != NULL)
			r->keep_alive = true;
	}
	if ((v = req_header(r, "Expect")) != NULL)
		r->expect = strcasecmp(v, "100-continue") == 0;
	if ((v = req_header(r, "Transfer-Encoding")) != NULL) {
		if (strcasecmp(v, "chunked") != 0)
			return 501;
		r->chunked = true;
	}
	if ((v = req_header(r, "Content-Length")) == NULL)
		return 0;
	if (r->chunked || *v < '0' || *v > '9' || !util_parse_int64(v, &n))
		return 400;
	if ((uint64_t)n > REQ_BODY_MAX)
		return 413;
	r->length = (uint64_t)n;
	return 0;
}

int
req_parse(struct req *r, const char *p, size_t n)
{
	char *at, *line;

	if (memchr(p, '\0', n) != NULL)
		return 400;
	r->head = xstrndup(p, n);
	r->headers = xcalloc(HEADERS_MAX, sizeof(*r->headers));
	r->method = r->path = r->query = "";
	at = r->head;
	if ((line = next_line(&at)) == NULL || !parse_first(r, line))
		return 400;
	while ((line = next_line(&at)) != NULL)
		if (!parse_header(r, line))
			return 400;
	return parse_framing(r);
}

void
req_finish(struct req *r)
{
	free(r->head);
	free(r->headers);
	buf_finish(&r->body);
	*r = (struct req){ 0 };
}

/* --- Chunked bodies. */

enum { SIZE, EXTENSION, DATA, DATA_END, TRAILER };

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of a size line. */
static enum dechunk_result
size_byte(struct dechunk *d, char c)
{
	int v = hex(c);

	if (c == '\n') {
		if (d->line == 0)
			return DECHUNK_BAD;
		d->state = d->left > 0 ? DATA : TRAILER;
		d->line = 0;
		return DECHUNK_MORE;
	}
	if (c == '\r' || d->state == EXTENSION)
		return ++d->line > LINE_MAX_ ? DECHUNK_BAD : DECHUNK_MORE;
	if (c == ';' || c == ' ' || c == '\t') {
		d->state = EXTENSION;
		return d->line > 0 ? DECHUNK_MORE : DECHUNK_BAD;
	}
	if (v < 0 || ++d->line > 15)
		return DECHUNK_BAD;
	d->left = d->left * 16 + (uint64_t)v;
	return d->left > REQ_BODY_MAX ? DECHUNK_BIG : DECHUNK_MORE;
}

static enum dechunk_result
trailer_byte(struct dechunk *d, char c)
{
	if (c == '\n') {
		if (d->line == 0)
			return DECHUNK_DONE;
		d->line = 0;
	} else if (c != '\r' && ++d->line > LINE_MAX_)
		return DECHUNK_BAD;
	return DECHUNK_MORE;
}

enum dechunk_result
dechunk(struct dechunk *d, const char *p, size_t n, size_t *used,
    struct buf *body)
{
	enum dechunk_result	r = DECHUNK_MORE;
	size_t			i = 0, take;

	while (i < n && r == DECHUNK_MORE) {
		switch (d->state) {
		case SIZE:
		case EXTENSION:
			r = size_byte(d, p[i++]);
			break;
		case DATA:
			take = n - i < d->left ? n - i : (size_t)d->left;
			if (body->len + take > REQ_BODY_MAX)
				return DECHUNK_BIG;
			buf_append(body, p + i, take);
			i += take;
			d->left -= take;
			if (d->left == 0)
				d->state = DATA_END;
			break;
		case DATA_END:
			if (p[i] == '\n')
				d->state = SIZE;
			else if (p[i] != '\r')
				r = DECHUNK_BAD;
			i++;
			break;
		default:
			r = trailer_byte(d, p[i++]);
		}
	}
	*used = i;
	return r;
}
