#include "config.h"

#include <string.h>
#include <strings.h>

#include "answer.h"

void
answer_init(struct answer *a)
{
	a->state = ANSWER_STATUS;
	a->status = 0;
	a->keep_alive = true;
	a->chunked = a->has_length = false;
	a->left = 0;
	a->head = 0;
	a->len = 0;
}

bool
answer_begun(const struct answer *a)
{
	return a->state != ANSWER_STATUS || a->len > 0;
}

/* Read a number in "base" that fills "s" up to one of "end"; false if none. */
static bool
number(const char *s, unsigned base, const char *end, uint64_t *out)
{
	static const char	 digits[] = "0123456789abcdef";
	uint64_t		 n = 0;
	const char		*p, *d;

	for (p = s; *p != '\0'; p++) {
		char	 c = *p;

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		d = strchr(digits, c);
		if (d == NULL || d - digits >= (int)base)
			break;
		if (n > (UINT64_MAX - 15) / base)
			return false;
		n = n * base + (uint64_t)(d - digits);
	}
	if (p == s || (*p != '\0' && strchr(end, *p) == NULL))
		return false;
	*out = n;
	return true;
}

/* "HTTP/1.1 200 OK". HTTP/1.0 closes unless it says otherwise. */
static bool
status_line(struct answer *a)
{
	uint64_t	 status;

	if (strncmp(a->line, "HTTP/1.", 7) != 0 || a->len < 12 ||
	    a->line[8] != ' ' || !number(a->line + 9, 10, " ", &status) ||
	    status < 100 || status > 599)
		return false;
	a->status = (int)status;
	a->keep_alive = a->line[7] != '0';
	a->state = ANSWER_HEADER;
	return true;
}

/* The value of this header line when its name is "name", else NULL. */
static const char *
value_of(const char *line, const char *name)
{
	size_t	 n = strlen(name);

	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	return line + n + 1 + strspn(line + n + 1, " \t");
}

/* The empty line: what follows, if anything? */
static void
head_complete(struct answer *a)
{
	if (a->status < 200)
		a->state = ANSWER_STATUS;	/* an interim answer */
	else if (a->status == 204 || a->status == 304)
		a->state = ANSWER_END;
	else if (a->chunked)
		a->state = ANSWER_CHUNK_SIZE;
	else if (a->has_length)
		a->state = a->left > 0 ? ANSWER_BODY_LENGTH : ANSWER_END;
	else {
		a->state = ANSWER_BODY_CLOSE;
		a->keep_alive = false;
	}
}

static bool
header_line(struct answer *a)
{
	const char	*v;

	if (a->len == 0) {
		head_complete(a);
		return true;
	}
	if ((v = value_of(a->line, "Content-Length")) != NULL) {
		a->has_length = true;
		return number(v, 10, " \t", &a->left);
	}
	if ((v = value_of(a->line, "Transfer-Encoding")) != NULL)
		a->chunked = strcasestr(v, "chunked") != NULL;
	else if ((v = value_of(a->line, "Connection")) != NULL) {
		if (strcasestr(v, "close") != NULL)
			a->keep_alive = false;
		else if (strcasestr(v, "keep-alive") != NULL)
			a->keep_alive = true;
	}
	return true;
}

/* One complete line, without its end, is in a->line. */
static bool
line_complete(struct answer *a)
{
	switch (a->state) {
	case ANSWER_STATUS:
		return status_line(a);
	case ANSWER_HEADER:
		return header_line(a);
	case ANSWER_CHUNK_SIZE:
		if (!number(a->line, 16, "; \t", &a->left))
			return false;
		a->state = a->left > 0 ? ANSWER_CHUNK_DATA : ANSWER_TRAILER;
		return true;
	case ANSWER_CHUNK_END:
		a->state = ANSWER_CHUNK_SIZE;
		return a->len == 0;
	case ANSWER_TRAILER:
		if (a->len == 0)
			a->state = ANSWER_END;
		return true;
	default:
		return false;
	}
}

/*
 * Collect bytes up to a line's end. The number taken is returned, 0 when the
 * line is too long or wrong.
 */
static size_t
take_line(struct answer *a, const char *p, size_t n)
{
	const char	*nl = memchr(p, '\n', n);
	size_t		 used = nl != NULL ? (size_t)(nl - p) + 1 : n;

	if (a->state == ANSWER_STATUS || a->state == ANSWER_HEADER ||
	    a->state == ANSWER_TRAILER)
		a->head += used;
	if (a->len + used >= sizeof(a->line) || a->head > ANSWER_HEAD_MAX)
		return 0;
	memcpy(a->line + a->len, p, used);
	a->len += used;
	if (nl == NULL)
		return used;
	a->len--;
	if (a->len > 0 && a->line[a->len - 1] == '\r')
		a->len--;
	a->line[a->len] = '\0';
	if (!line_complete(a))
		return 0;
	a->len = 0;
	return used;
}

/* Hand on body bytes; the number taken is returned. */
static size_t
take_body(struct answer *a, const char *p, size_t n, answer_body *body,
    void *arg)
{
	if (a->state != ANSWER_BODY_CLOSE) {
		if (n > a->left)
			n = (size_t)a->left;
		a->left -= n;
		if (a->left == 0)
			a->state = a->state == ANSWER_CHUNK_DATA ?
			    ANSWER_CHUNK_END : ANSWER_END;
	}
	body(arg, p, n);
	return n;
}

enum answer_result
answer_feed(struct answer *a, const char *p, size_t n, answer_body *body,
    void *arg)
{
	while (n > 0) {
		size_t	 used;

		switch (a->state) {
		case ANSWER_END:
			return ANSWER_BAD;
		case ANSWER_BODY_LENGTH:
		case ANSWER_BODY_CLOSE:
		case ANSWER_CHUNK_DATA:
			used = take_body(a, p, n, body, arg);
			break;
		default:
			used = take_line(a, p, n);
			break;
		}
		if (used == 0)
			return ANSWER_BAD;
		p += used;
		n -= used;
	}
	return a->state == ANSWER_END ? ANSWER_DONE : ANSWER_MORE;
}

enum answer_result
answer_eof(struct answer *a)
{
	if (a->state == ANSWER_BODY_CLOSE)
		a->state = ANSWER_END;
	return a->state == ANSWER_END ? ANSWER_DONE : ANSWER_BAD;
}
