/* A look into JSON text, without a tree. */
#include "config.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/peek.h"
#include "base/plain.h"
#include "base/scan.h"
#include "base/util.h"

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline void
skip_space(struct peek *k)
{
	while (k->i < k->n && is_space(k->p[k->i]))
		k->i++;
}

bool
peek_read(struct peek *k, const char *p, size_t n, struct scan_marks *marks)
{
	struct scan_facts facts;

	if (n > PEEK_MAX || !budget_afford(2 * n) || !scan_json_marks(p, n,
	    SCAN_ONE_READING, &facts, marks) || marks->n == 0)
		return false;
	*k = (struct peek){ .p = p, .n = n, .marks = marks->list,
	    .next = marks->list, .end = marks->list + marks->n };
	skip_space(k);
	return true;
}

bool
peek_may_be_blank(const struct peek_text *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		if (t->p[i] == ' ')
			continue;
		if (t->p[i] != '\\')
			return false;
		if (strchr("trnfu", t->p[++i]) == NULL)
			return false;
	}
	return true;
}

/* From the opening quote to behind the closing one: names, short strings. */
static void
skip_quoted(struct peek *k)
{
	k->i++;
	for (;;) {
		k->i += plain_run(k->p + k->i, k->n - k->i, false);
		if (k->i >= k->n || k->p[k->i] == '"')
			break;
		k->i += k->p[k->i] == '\\' ? 2 : 1;
	}
	k->i++;
}

static inline bool
is_behind(char c)
{
	return c == ',' || c == ']' || c == '}' || is_space(c);
}

void
peek_skip(struct peek *k)
{
	if (k->next < k->end && k->next->begin == k->i) {
		k->i = k->next->end;
		k->next = k->marks + k->next->next;
	} else if (k->p[k->i] == '"')
		skip_quoted(k);
	else
		while (k->i < k->n && !is_behind(k->p[k->i]))
			k->i++;
}

bool
peek_pass(struct peek *k, char first)
{
	if (k->p[k->i] != first)
		return false;
	peek_skip(k);
	return true;
}

bool
peek_object(struct peek *k, struct peek *at)
{
	struct peek here = *k;

	if (peek_pass(k, 'n'))
		return true;
	if (!peek_pass(k, '{'))
		return false;
	*at = here;
	return true;
}

bool
peek_string(struct peek *k, struct peek_text *t)
{
	size_t begin = k->i;

	if (!peek_pass(k, '"'))
		return false;
	*t = (struct peek_text){ k->p + begin + 1, k->i - begin - 2 };
	return true;
}

bool
peek_number(struct peek *k, int64_t *n)
{
	size_t	i = k->i;
	int64_t	v = 0;

	for (; i < k->n && k->p[i] >= '0' && k->p[i] <= '9'; i++)
		if (i - k->i < SCAN_DIGITS)
			v = v * 10 + (k->p[i] - '0');
	if (i == k->i || i - k->i > SCAN_DIGITS || (i < k->n &&
	    !is_behind(k->p[i])))
		return false;
	k->i = i;
	*n = v;
	return true;
}

bool
peek_in(struct peek *k, char bracket)
{
	if (k->p[k->i] != bracket)
		return false;
	k->next++;		/* each of them has a mark */
	k->i++;
	return true;
}

/* To the next value or name; false behind the bracket. */
static bool
more(struct peek *k, char bracket)
{
	skip_space(k);
	if (k->p[k->i] == bracket) {
		k->i++;
		return false;
	}
	if (k->p[k->i] == ',') {
		k->i++;
		skip_space(k);
	}
	return true;
}

bool
peek_element(struct peek *k)
{
	return more(k, ']');
}

bool
peek_each(struct peek *k, bool (*look)(void *), void *arg, size_t *n)
{
	*n = 0;
	if (!peek_in(k, '['))
		return false;
	for (; peek_element(k); (*n)++)
		if (!look(arg))
			return false;
	return true;
}

bool
peek_member(struct peek *k, struct peek_text *name)
{
	size_t begin;

	if (!more(k, '}'))
		return false;
	begin = k->i;
	skip_quoted(k);
	*name = (struct peek_text){ k->p + begin + 1, k->i - begin - 2 };
	skip_space(k);
	k->i++;			/* the colon */
	skip_space(k);
	return true;
}

bool
peek_members(struct peek *k, bool (*look)(void *, const struct peek_text *),
    void *arg)
{
	struct peek_text name;

	if (!peek_in(k, '{'))
		return false;
	while (peek_member(k, &name))
		if (!look(arg, &name))
			return false;
	return true;
}

/* --- Texts that were seen, by their hashes. */

void
peek_note(struct peek_seen *s, const struct peek_text *t)
{
	s->hashes = util_grow(s->hashes, s->n, sizeof(*s->hashes));
	s->hashes[s->n++] = scan_hash(t->p, t->n);
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Sorted: a table could be filled so that it takes a quadratic time. */
bool
peek_differ(struct peek_seen *s)
{
	size_t i;

	if (s->n > 0)
		qsort(s->hashes, s->n, sizeof(*s->hashes), by_value);
	for (i = 1; i < s->n && s->hashes[i] != s->hashes[i - 1]; i++)
		;
	free(s->hashes);
	s->hashes = NULL;
	return i >= s->n;
}
