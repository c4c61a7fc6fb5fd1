/* A look into JSON text, without a tree. */
#include "config.h"

#include <stdlib.h>

#include "base/peek.h"
#include "base/plain.h"
#include "base/scan.h"
#include "base/util.h"

#define SEEN_FIRST 64

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
peek_string(struct peek *k, struct peek_text *t)
{
	size_t begin = k->i;

	if (k->p[begin] != '"')
		return false;
	peek_skip(k);
	*t = (struct peek_text){ k->p + begin + 1, k->i - begin - 2 };
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

/* --- Texts that were seen, by their hashes; 0 is a free place. */

static bool
put(uint64_t *table, size_t max, uint64_t hash)
{
	size_t i;

	for (i = hash & (max - 1); table[i] != 0; i = (i + 1) & (max - 1))
		if (table[i] == hash)
			return true;
	table[i] = hash;
	return false;
}

static void
grow(struct peek_seen *s)
{
	size_t		 max = s->max > 0 ? s->max * 2 : SEEN_FIRST, i;
	uint64_t	*table = xcalloc(max, sizeof(*table));

	for (i = 0; i < s->max; i++)
		if (s->table[i] != 0)
			put(table, max, s->table[i]);
	free(s->table);
	s->table = table;
	s->max = max;
}

bool
peek_again(struct peek_seen *s, const struct peek_text *t)
{
	uint64_t hash = scan_hash(t->p, t->n);

	if (s->n * 2 >= s->max)
		grow(s);
	s->n++;
	return put(s->table, s->max, hash != 0 ? hash : 1);
}

void
peek_seen_finish(struct peek_seen *s)
{
	free(s->table);
	*s = (struct peek_seen){ 0 };
}
