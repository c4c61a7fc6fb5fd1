/* A growing byte buffer. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"

void
buf_grow(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 128;

	if (more >= SIZE_MAX / 2 - b->len)
		die("buffer too large");
	while (cap <= b->len + more)
		cap *= 2;
	b->p = xrealloc(b->p, cap);
	b->cap = cap;
	b->p[b->len] = '\0';
}

void
buf_append(struct buf *b, const void *p, size_t n)
{
	buf_reserve(b, n);
	if (n > 0)
		memcpy(b->p + b->len, p, n);
	b->len += n;
	b->p[b->len] = '\0';
}

void
buf_int(struct buf *b, int64_t n)
{
	buf_reserve(b, UTIL_INT_SIZE);
	b->len += util_print_int(n, b->p + b->len);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list	ap;
	int	n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("bad format: %s", fmt);
	buf_reserve(b, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	b->len -= n;
	memmove(b->p, b->p + n, b->len + 1);
}

void
buf_truncate(struct buf *b, size_t len)
{
	if (b->p == NULL || len > b->len)
		return;
	b->len = len;
	b->p[len] = '\0';
}

const char *
buf_str(const struct buf *b)
{
	return b->p != NULL ? b->p : "";
}

char *
buf_steal(struct buf *b)
{
	char *p = b->p != NULL ? b->p : xstrdup("");

	*b = (struct buf){ 0 };
	return p;
}

void
buf_finish(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}
