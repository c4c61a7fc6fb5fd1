/*
 * A look into JSON text that was accepted, without a tree: from the marks of
 * its scan (base/scan.h), which lead behind what nobody looks at. tree_peek()
 * gives the first one. The cursor stands at the first byte of a value, and
 * every function but peek_in() leaves it behind one.
 */
#ifndef PEEK_H
#define PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct scan_mark;
struct scan_marks;

struct peek {
	const char		*p;
	size_t			 n, i;
	const struct scan_mark	*marks, *next, *end;	/* "next" is ahead */
};

/* What stands between the quotes of a string, escapes and all; NULL: none. */
struct peek_text {
	const char	*p;
	size_t		 n;
};

#define PEEK_TEXT(constant) { constant, sizeof(constant) - 1 }

static inline bool
peek_same(const struct peek_text *a, const struct peek_text *b)
{
	return a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

static inline bool
peek_is(const struct peek_text *t, const char *what)
{
	return t->p != NULL && t->n == strlen(what) &&
	    memcmp(t->p, what, t->n) == 0;
}

static inline bool
peek_starts(const struct peek_text *t, const char *with)
{
	return t->n >= strlen(with) && memcmp(t->p, with, strlen(with)) == 0;
}

/* Has it no escapes? What it says is what stands there then. */
static inline bool
peek_is_plain(const struct peek_text *t)
{
	return memchr(t->p, '\\', t->n) == NULL;
}

/* Which of these is it? n: none. */
static inline size_t
peek_which(const struct peek_text *t, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n && !peek_is(t, list[i]); i++)
		;
	return i;
}

/*
 * Is a text JSON that two readers read alike (SCAN_ONE_READING), more than a
 * number or a word, and is there memory for what is made of it (base/budget.h)?
 * Then the cursor is at its value. The list of the marks is yours in any case.
 */
#define PEEK_MAX (1u << 20)	/* bytes; models write less */
bool	peek_read(struct peek *, const char *, size_t n, struct scan_marks *);

/*
 * Is there nothing visible in it? True in doubt: what is behind a \u may be a
 * space.
 */
bool	peek_may_be_blank(const struct peek_text *);

/* Behind the value, whatever it is. */
void	peek_skip(struct peek *);

/*
 * Behind the value, if it begins with this byte, as a string with its quote and
 * a list with its bracket; false: it does not, and the cursor stays.
 */
bool	peek_pass(struct peek *, char first);

/*
 * Behind an object, which begins at *at then, or behind null, which leaves *at;
 * false: it is neither, and the cursor stays.
 */
bool	peek_object(struct peek *, struct peek *at);

/* The string that is there; false: it is none, and the cursor stays. */
bool	peek_string(struct peek *, struct peek_text *);

/*
 * The number that is there, of digits only, at most SCAN_DIGITS of them; false:
 * it is none, and the cursor stays.
 */
bool	peek_number(struct peek *, int64_t *);

/*
 * Into the object or array, by its bracket; false when there is none. Then its
 * members or elements, one by one: the value has to be read or skipped before
 * the next one. False behind the last one.
 */
bool	peek_in(struct peek *, char bracket);
bool	peek_member(struct peek *, struct peek_text *name);
bool	peek_element(struct peek *);

/*
 * Is there an array, and does look(), which leaves the cursor behind a value,
 * say yes to each of its elements? *n of them, as far as it looked.
 */
bool	peek_each(struct peek *, bool (*look)(void *), void *arg, size_t *n);

/*
 * Is there an object, and does look(), which is told a member's name and leaves
 * the cursor behind its value, say yes to each of them?
 */
bool	peek_members(struct peek *, bool (*look)(void *,
	    const struct peek_text *name), void *arg);

/*
 * Texts that were seen. peek_differ() tells whether all of them differ, and
 * frees what was noted; false also for two that look alike (once in 2^64).
 * Zeroed memory is none.
 */
struct peek_seen {
	uint64_t	*hashes;
	size_t		 n;
};
void	peek_note(struct peek_seen *, const struct peek_text *);
bool	peek_differ(struct peek_seen *);

#endif
