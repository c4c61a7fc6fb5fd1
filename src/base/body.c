/* The body of a request, of which pieces may be lent. */
#include "config.h"

#include <string.h>

#include "base/body.h"

void
body_lend(struct body *b, const char *p, size_t n)
{
	if (n < BODY_LENT_MIN || b->nlent == BODY_LENT) {
		buf_append(&b->own, p, n);
		return;
	}
	b->lent[b->nlent].at = b->own.len;
	b->lent[b->nlent].p = p;
	b->lent[b->nlent].n = n;
	b->nlent++;
	b->lent_len += n;
}

size_t
body_len(const struct body *b)
{
	return b->own.len + b->lent_len;
}

/* Copy what lies in a piece of "n" bytes, of which *from is counted. */
static size_t
copy(const char *p, size_t n, size_t *from, char **to, size_t *room)
{
	size_t some;

	if (*from >= n) {
		*from -= n;
		return 0;
	}
	some = n - *from < *room ? n - *from : *room;
	memcpy(*to, p + *from, some);
	*from = 0;
	*to += some;
	*room -= some;
	return some;
}

size_t
body_copy(const struct body *b, size_t from, char *to, size_t n)
{
	size_t i, at = 0, done = 0;

	for (i = 0; i < b->nlent && n > 0; i++) {
		done += copy(b->own.p + at, b->lent[i].at - at, &from, &to, &n);
		done += copy(b->lent[i].p, b->lent[i].n, &from, &to, &n);
		at = b->lent[i].at;
	}
	if (n > 0 && b->own.len > at)
		done += copy(b->own.p + at, b->own.len - at, &from, &to, &n);
	return done;
}

void
body_settle(struct body *b)
{
	struct buf	whole = { 0 };
	size_t		len = body_len(b);

	if (b->nlent == 0)
		return;
	buf_reserve(&whole, len);
	whole.len = body_copy(b, 0, whole.p, len);
	whole.p[whole.len] = '\0';
	body_finish(b);
	b->own = whole;
}

void
body_finish(struct body *b)
{
	buf_finish(&b->own);
	*b = (struct body){ 0 };
}
