/* The JSON object in what a model says. */
#include "config.h"

#include <string.h>

#include "turn/object.h"

#define HELD_MAX (256u << 10)	/* so much prose is an answer of its own */

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * Find where an object begins in what is held: a brace, and a name or the end
 * behind it, so that "{x}" in a sentence is none. False when it has not begun,
 * or not enough of it is there.
 */
static bool
find_start(struct object *j)
{
	const char	*p = j->held.p;
	size_t		 k, n = j->held.len;

	for (; j->at < n; j->at++) {
		if (p[j->at] != '{')
			continue;
		k = j->look > j->at ? j->look : j->at + 1;
		while (k < n && is_space(p[k]))
			k++;
		j->look = k;
		if (k == n)
			return false;
		if (p[k] == '"' || p[k] == '}')
			return true;
	}
	return false;
}

/* One byte of the object; false when it was the last one. */
static bool
step(struct object *j, char c)
{
	if (j->escaped)
		j->escaped = false;
	else if (j->string && c == '\\')
		j->escaped = true;
	else if (c == '"')
		j->string = !j->string;
	else if (!j->string && (c == '{' || c == '['))
		j->depth++;
	else if (!j->string && (c == '}' || c == ']'))
		j->depth--;
	return j->depth > 0;
}

static void
inside(struct object *j, const char *p, size_t n, struct buf *out)
{
	size_t i = 0;

	while (i < n && step(j, p[i]))
		i++;
	if (i < n) {
		j->state = OBJECT_BEHIND;
		i++;
	}
	buf_append(out, p, i);
}

/* Nobody looks behind the bound, wherever a piece ends. */
static void
before(struct object *j, const char *p, size_t n, struct buf *out)
{
	size_t room = HELD_MAX - j->held.len, take = n < room ? n : room;

	buf_append(&j->held, p, take);
	if (find_start(j)) {
		j->state = OBJECT_INSIDE;
		inside(j, j->held.p + j->at, j->held.len - j->at, out);
	} else if (j->held.len == HELD_MAX) {
		j->state = OBJECT_PLAIN;
		buf_append(out, j->held.p, j->held.len);
	} else
		return;
	buf_finish(&j->held);
	object_feed(j, p + take, n - take, out);
}

void
object_feed(struct object *j, const char *p, size_t n, struct buf *out)
{
	switch (j->state) {
	case OBJECT_BEFORE:
		before(j, p, n, out);
		break;
	case OBJECT_INSIDE:
		inside(j, p, n, out);
		break;
	case OBJECT_BEHIND:
		break;
	case OBJECT_PLAIN:
		buf_append(out, p, n);
		break;
	}
}

const struct buf *
object_rest(const struct object *j)
{
	return j->held.len > 0 ? &j->held : NULL;
}

void
object_finish(struct object *j)
{
	buf_finish(&j->held);
	*j = (struct object){ 0 };
}
