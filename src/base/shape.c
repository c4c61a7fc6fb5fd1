/* Events of a stream that differ from the one before in a few texts only. */
#include "config.h"

#include <string.h>

#include "base/plain.h"
#include "base/scan.h"
#include "base/shape.h"
#include "base/text.h"

#define MISSES	16	/* so often it is learned for nothing, then */
#define SELDOM	32	/* with each so many events */

/* A value in a text: where it is, without quotes. */
struct value {
	size_t	at, n;
	size_t	member;
};

void
shape_forget(struct shape *s)
{
	buf_truncate(&s->in.text, 0);
	buf_truncate(&s->out.text, 0);
	s->in.ncuts = s->out.ncuts = 0;
}

void
shape_finish(struct shape *s)
{
	buf_finish(&s->in.text);
	buf_finish(&s->out.text);
}

/* --- Values. */

/*
 * The bytes up to the quote that ends a string. Only what is printed as it was
 * read: no \/, no \u, no control character, nothing that is not UTF-8. False
 * for everything else.
 */
static bool
string_length(const char *p, size_t max, size_t *n)
{
	static const char same[] = "\"\\bfnrt";

	*n = plain_run(p, max, true);
	if (*n < max && p[*n] == '"')
		return true;
	*n += plain_run(p + *n, max - *n, false);
	while (*n + 1 < max && p[*n] == '\\' && p[*n + 1] != '\0' &&
	    strchr(same, p[*n + 1]) != NULL) {
		*n += 2;
		*n += plain_run(p + *n, max - *n, false);
	}
	return *n < max && p[*n] == '"' && text_utf8_prefix(p, *n) == *n;
}

static bool
number_length(const char *p, size_t max, size_t *n)
{
	for (*n = 0; *n < max && p[*n] >= '0' && p[*n] <= '9'; (*n)++)
		;
	return *n > 0 && *n <= SCAN_DIGITS_DOUBLE && (p[0] != '0' || *n == 1) &&
	    *n < max && (p[*n] == ',' || p[*n] == '}');
}

static bool
value_length(enum shape_kind kind, const char *p, size_t max, size_t *n)
{
	if (kind == SHAPE_COUNT)
		return number_length(p, max, n);
	return string_length(p, max, n) && (kind != SHAPE_SAME || *n > 0);
}

/* --- Learning. */

/*
 * A name with its quotes can't be inside of a string, where they are escaped;
 * a name that only ends so is one that comes twice, or nobody asks for it.
 */
static const char *
find_name(const char *p, size_t max, const char *name)
{
	char	quoted[64];
	size_t	n = strlen(name);

	quoted[0] = '"';
	memcpy(quoted + 1, name, n);
	memcpy(quoted + 1 + n, "\":", 2);
	return memmem(p, max, quoted, n + 3);
}

enum found { NOT_THERE, THERE, UNCLEAR };

static enum found
find_value(const struct shape_member *m, const char *text, size_t n,
    struct value *v)
{
	const char	*end = text + n, *p = find_name(text, n, m->name);

	if (p == NULL)
		return NOT_THERE;
	p += strlen(m->name) + 3;
	if (find_name(p, (size_t)(end - p), m->name) != NULL)
		return UNCLEAR;
	if (m->kind != SHAPE_COUNT && (p == end || *p++ != '"'))
		return UNCLEAR;
	v->at = (size_t)(p - text);
	return value_length(m->kind, p, (size_t)(end - p), &v->n) ? THERE :
	    UNCLEAR;
}

/* In the order in which they stand. */
static void
insert(struct value *list, size_t n, const struct value *v)
{
	for (; n > 0 && list[n - 1].at > v->at; n--)
		list[n] = list[n - 1];
	list[n] = *v;
}

/* The text without the values. */
static void
cut(struct shape_text *t, const char *text, size_t len,
    const struct value *list, size_t n)
{
	size_t i, at = 0;

	for (i = 0; i < n; i++) {
		buf_append(&t->text, text + at, list[i].at - at);
		at = list[i].at + list[i].n;
		t->cuts[i] = (struct shape_cut){ t->text.len, list[i].member };
	}
	buf_append(&t->text, text + at, len - at);
	t->ncuts = n;
}

/* An event and what went out for it. */
struct pair {
	const char	*p[2];
	size_t		 n[2];
	struct value	 values[2][SHAPE_MEMBERS];
	size_t		 nvalues[2];
	bool		 same;		/* some string is */
};

static bool
fits(const struct shape_member *m, const enum found found[2],
    const struct value v[2], const struct pair *pair)
{
	if (found[0] == UNCLEAR)
		return false;
	if (m->kind == SHAPE_LOST)
		return true;
	if (m->kind == SHAPE_COUNT || found[1] == UNCLEAR)
		return found[1] != UNCLEAR;
	return found[0] == found[1] && (found[0] == NOT_THERE ||
	    (v[0].n == v[1].n && memcmp(pair->p[0] + v[0].at,
	    pair->p[1] + v[1].at, v[0].n) == 0));
}

static bool
find_member(struct pair *pair, const struct shape_member *m, size_t member)
{
	struct value	v[2];
	enum found	found[2];
	int		k;

	for (k = 0; k < 2; k++) {
		found[k] = find_value(m, pair->p[k], pair->n[k], &v[k]);
		v[k].member = member;
	}
	if (!fits(m, found, v, pair))
		return false;
	for (k = 0; k < (m->kind == SHAPE_LOST ? 1 : 2); k++)
		if (found[k] == THERE)
			insert(pair->values[k], pair->nvalues[k]++, &v[k]);
	pair->same |= m->kind == SHAPE_SAME && found[0] == THERE;
	return true;
}

/* What was known is forgotten: is this worth to be known? */
static bool
begin(struct shape *s, const char *event, size_t nevent)
{
	shape_forget(s);
	return (s->misses < MISSES || ++s->tries % SELDOM == 0) &&
	    memmem(event, nevent, "\\u", 2) == NULL;
}

void
shape_learn(struct shape *s, const struct shape_member *members, size_t n,
    const char *event, size_t nevent, const char *out, size_t nout)
{
	struct pair	pair = { .p = { event, out }, .n = { nevent, nout } };
	size_t		i;

	if (!begin(s, event, nevent) || nout == 0)
		return;
	for (i = 0; i < n; i++)
		if (!find_member(&pair, &members[i], i))
			return;
	if (!pair.same)
		return;
	cut(&s->in, event, nevent, pair.values[0], pair.nvalues[0]);
	cut(&s->out, out, nout, pair.values[1], pair.nvalues[1]);
}

bool
shape_learn_event(struct shape *s, const struct shape_member *members,
    size_t n, const char *event, size_t nevent, const char **text,
    size_t *len)
{
	struct value	list[SHAPE_MEMBERS], v;
	enum found	found;
	size_t		i, k = 0;

	if (!begin(s, event, nevent))
		return false;
	for (i = 0; i < n; i++) {
		found = find_value(&members[i], event, nevent, &v);
		if (found == UNCLEAR || (i == 0 && found == NOT_THERE))
			return false;
		if (i == 0) {
			*text = event + v.at;
			*len = v.n;
		}
		v.member = i;
		if (found == THERE)
			insert(list, k++, &v);
	}
	cut(&s->in, event, nevent, list, k);
	return true;
}

/* --- Following. */

/* Is this what was learned? Its values, by their members. */
static bool
match(const struct shape_text *t, const struct shape_member *members,
    const char *p, size_t n, struct value *values)
{
	size_t i, at = 0, from = 0, len;

	for (i = 0; i <= t->ncuts; i++) {
		len = (i < t->ncuts ? t->cuts[i].at : t->text.len) - from;
		if (n - at < len || memcmp(p + at, t->text.p + from, len) != 0)
			return false;
		at += len;
		from += len;
		if (i == t->ncuts)
			break;
		values[t->cuts[i].member].at = at;
		if (!value_length(members[t->cuts[i].member].kind, p + at,
		    n - at, &len))
			return false;
		values[t->cuts[i].member].n = len;
		at += len;
	}
	return at == n;
}

/* Forgets what is another's. */
static bool
is_known(struct shape *s, const struct shape_member *members, const char *p,
    size_t n, struct value *values)
{
	if (s->in.ncuts == 0)
		return false;
	if (match(&s->in, members, p, n, values)) {
		s->misses = 0;
		return true;
	}
	s->misses++;
	shape_forget(s);
	return false;
}

bool
shape_text(struct shape *s, const struct shape_member *members, const char *p,
    size_t n, const char **text, size_t *len)
{
	struct value values[SHAPE_MEMBERS];

	if (!is_known(s, members, p, n, values))
		return false;
	*text = p + values[0].at;
	*len = values[0].n;
	return true;
}

bool
shape_follow(struct shape *s, const struct shape_member *members,
    const char *p, size_t n, int64_t count, struct buf *out)
{
	const struct shape_text	*t = &s->out;
	struct value		 values[SHAPE_MEMBERS];
	size_t			 i, from = 0;

	if (!is_known(s, members, p, n, values))
		return false;
	buf_reserve(out, t->text.len + n);
	for (i = 0; i < t->ncuts; i++) {
		const struct shape_cut	*c = &t->cuts[i];
		const struct value	*v = &values[c->member];

		buf_append(out, t->text.p + from, c->at - from);
		from = c->at;
		if (members[c->member].kind == SHAPE_COUNT)
			buf_int(out, count);
		else
			buf_append(out, p + v->at, v->n);
	}
	buf_append(out, t->text.p + from, t->text.len - from);
	return true;
}
