/* The header of a FastCGI request, record by record as it comes. */
#include "config.h"

#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include <fastcgi.h>

#include "base/util.h"
#include "server/header.h"

#define RAW_USUAL	1000	/* bytes of a header */

/* --- Records that belong to no request. */

/* One length and what it says (FastCGI specification, 3.4). */
static bool
take_length(const unsigned char **p, const unsigned char *end, size_t *n)
{
	if (end - *p < 1 || (**p >= 0x80 && end - *p < 4))
		return false;
	if (**p < 0x80) {
		*n = *(*p)++;
		return true;
	}
	*n = (size_t)((*p)[0] & 0x7f) << 24 | (size_t)(*p)[1] << 16 |
	    (size_t)(*p)[2] << 8 | (*p)[3];
	*p += 4;
	return true;
}

static void
put_record(struct buf *out, int kind, const struct buf *content)
{
	const unsigned char head[FCGI_HEADER_LEN] = {
		FCGI_VERSION_1, (unsigned char)kind, 0, 0,
		(unsigned char)(content->len >> 8), (unsigned char)content->len,
		0, 0
	};

	buf_append(out, head, sizeof(head));
	buf_append(out, buf_str(content), content->len);
}

/* The values that were asked for, as far as there are such. */
static void
put_values(struct buf *out, const unsigned char *p, size_t n)
{
	static const char *const values[][2] = {
		{ FCGI_MAX_CONNS, "65536" },
		{ FCGI_MAX_REQS, "65536" },
		{ FCGI_MPXS_CONNS, "0" },
	};
	const unsigned char	*end = p + n;
	struct buf		 content = { 0 };
	size_t			 name, value, i;

	while (take_length(&p, end, &name) && take_length(&p, end, &value) &&
	    name <= (size_t)(end - p) && value <= (size_t)(end - p) - name) {
		for (i = 0; i < COUNT(values); i++)
			if (strlen(values[i][0]) == name &&
			    memcmp(values[i][0], p, name) == 0) {
				buf_putc(&content, (char)name);
				buf_putc(&content, (char)strlen(values[i][1]));
				buf_puts(&content, values[i][0]);
				buf_puts(&content, values[i][1]);
			}
		p += name + value;
	}
	put_record(out, FCGI_GET_VALUES_RESULT, &content);
	buf_finish(&content);
}

static void
put_unknown(struct buf *out, unsigned char kind)
{
	char		 body[8] = { (char)kind };
	struct buf	 content = { body, sizeof(body), sizeof(body) };

	put_record(out, FCGI_UNKNOWN_TYPE, &content);
}

/* --- Names and values. */

/*
 * Walk over pairs that may be cut anywhere. libfcgi makes room for what a
 * length says before it has seen it.
 */
static bool
pairs_fit(struct header *h, const unsigned char *p, size_t n)
{
	const unsigned char	*end = p + n, *length;
	size_t			 step;

	while (p < end) {
		if (h->nlengths == 2) {
			step = h->text < (size_t)(end - p) ? h->text :
			    (size_t)(end - p);
			p += step;
			if ((h->text -= step) == 0)
				h->nlengths = 0;
			continue;
		}
		h->length[h->nlength++] = *p++;
		length = h->length;
		if (!take_length(&length, h->length + h->nlength, &step))
			continue;
		if (step > HEADER_MAX)
			return false;
		h->text += step;
		h->nlength = 0;
		if (++h->nlengths == 2 && h->text == 0)
			h->nlengths = 0;
	}
	return true;
}

/* --- Records. */

static enum header_state
take_record(struct header *h, const unsigned char *p, size_t content,
    size_t whole)
{
	int	id = p[2] << 8 | p[3];
	int	kind = p[1];

	if (id == FCGI_NULL_REQUEST_ID) {
		if (kind == FCGI_GET_VALUES)
			put_values(&h->reply, p + FCGI_HEADER_LEN, content);
		else
			put_unknown(&h->reply, (unsigned char)kind);
		return HEADER_MORE;
	}
	/* The end of the last request's body, or of one that was aborted. */
	if (!header_begun(h) && kind != FCGI_BEGIN_REQUEST)
		return HEADER_MORE;
	if (kind == FCGI_BEGIN_REQUEST && content < FCGI_HEADER_LEN)
		return HEADER_FOREIGN;
	if (kind == FCGI_PARAMS &&
	    !pairs_fit(h, p + FCGI_HEADER_LEN, content))
		return HEADER_LARGE;
	if (h->raw.p == NULL)
		buf_reserve(&h->raw, RAW_USUAL);
	buf_append(&h->raw, p, whole);
	if (kind == FCGI_PARAMS && content == 0)
		return HEADER_WHOLE;
	return h->raw.len > HEADER_MAX ? HEADER_LARGE : HEADER_MORE;
}

/* How long is the record at "p", as far as can be told from "n" bytes? */
static size_t
record_length(const unsigned char *p, size_t n, size_t *content)
{
	if (n < FCGI_HEADER_LEN)
		return FCGI_HEADER_LEN;
	*content = (size_t)p[4] << 8 | p[5];
	return FCGI_HEADER_LEN + *content + p[6];
}

/* The record that was not whole is completed as far as the bytes go. */
static enum header_state
go_on(struct header *h, const unsigned char *p, size_t n, size_t *used)
{
	enum header_state	state = HEADER_MORE;
	size_t			content = 0, whole, step;

	do {
		whole = record_length((unsigned char *)h->record.p,
		    h->record.len, &content);
		step = whole - h->record.len < n - *used ?
		    whole - h->record.len : n - *used;
		buf_append(&h->record, p + *used, step);
		*used += step;
		/* With its eighth byte it is known how long it is. */
	} while (*used < n && record_length((unsigned char *)h->record.p,
	    h->record.len, &content) > h->record.len);
	whole = record_length((unsigned char *)h->record.p, h->record.len,
	    &content);
	if (h->record.len < whole)
		return HEADER_MORE;
	state = take_record(h, (unsigned char *)h->record.p, content, whole);
	buf_truncate(&h->record, 0);
	return state;
}

enum header_state
header_feed(struct header *h, const unsigned char *p, size_t n, size_t *used)
{
	enum header_state	state = HEADER_MORE;
	size_t			content = 0, whole;

	*used = 0;
	if (h->record.len > 0)
		state = go_on(h, p, n, used);
	while (state == HEADER_MORE && *used < n) {
		if (p[*used] != FCGI_VERSION_1)
			return HEADER_FOREIGN;
		whole = record_length(p + *used, n - *used, &content);
		if (whole > n - *used) {
			buf_append(&h->record, p + *used, n - *used);
			*used = n;
			break;
		}
		state = take_record(h, p + *used, content, whole);
		*used += whole;
	}
	return state;
}

bool
header_body_ends(const unsigned char *p, size_t n)
{
	size_t content = 0, whole;

	for (; n >= FCGI_HEADER_LEN; p += whole, n -= whole) {
		whole = record_length(p, n, &content);
		if (p[0] != FCGI_VERSION_1 || whole > n)
			return false;
		if (p[1] == FCGI_STDIN && content == 0)
			return true;
	}
	return false;
}

bool
header_begun(const struct header *h)
{
	return h->raw.len > 0;
}

int
header_file(const struct header *h)
{
	int fd = memfd_create("header", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (write(fd, h->raw.p, h->raw.len) == (ssize_t)h->raw.len &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -1;
}

void
header_finish(struct header *h)
{
	buf_finish(&h->raw);
	buf_finish(&h->reply);
	buf_finish(&h->record);
	*h = (struct header){ 0 };
}
