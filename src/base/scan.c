/* Is it JSON, and what would a tree of it cost? */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/plain.h"
#include "base/scan.h"
#include "base/text.h"
#include "base/util.h"

/* Objects of so many members are sorted to find a name that comes twice. */
#define FEW 12

struct name {
	uint64_t	hash;		/* of what it says, escapes undone */
	size_t		at;
};

struct scan {
	const unsigned char	*p;
	size_t			 n, i;
	enum scan_rules		 rules;
	struct scan_facts	*facts;
	struct scan_marks	*marks;			/* NULL: nobody asks */
	size_t			 respelt;	/* as no print writes it */
	size_t			 depth;
	bool			 object[SCAN_DEPTH];	/* else an array */
	size_t			 first[SCAN_DEPTH];	/* of its names */
	size_t			 mark[SCAN_DEPTH];	/* its own */
	size_t			 before[SCAN_DEPTH];	/* respelt, up to it */
	struct name		*names;		/* of all open objects */
	size_t			 nnames, max;
};

/* The scan expects this next. */
enum state { VALUE, NAME, BEHIND, DONE, WRONG };

static bool
refuse(struct scan *s, size_t at, const char *why)
{
	s->facts->at = at;
	s->facts->why = why;
	return false;
}

static enum state
wrong(struct scan *s, size_t at, const char *why)
{
	refuse(s, at, why);
	return WRONG;
}

static enum state
unexpected(struct scan *s)
{
	return wrong(s, s->i, s->i < s->n ? "unexpected character" :
	    "unexpected end of data");
}

static inline bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline void
skip_space(struct scan *s)
{
	for (; s->i < s->n && s->p[s->i] <= ' ' && is_space(s->p[s->i]); s->i++)
		s->respelt++;
}

static bool
no_memory(struct scan *s, size_t at)
{
	s->facts->poor = true;
	return refuse(s, at, "there is no memory for so many values");
}

/* --- What is found again without a second look. */

static bool
add_mark(struct scan *s, size_t begin, size_t end, bool same)
{
	struct scan_marks *m = s->marks;

	if (m->n == m->max) {
		m->max = m->max > 0 ? m->max * 2 : 256;
		if (!budget_afford(m->max * sizeof(*m->list)))
			return no_memory(s, begin);
		m->list = xrealloc(m->list, m->max * sizeof(*m->list));
	}
	m->list[m->n] = (struct scan_mark){ .begin = (uint32_t)begin,
	    .end = (uint32_t)end, .self = (uint32_t)m->n,
	    .next = ((uint32_t)m->n + 1) & INT32_MAX, .same = same };
	m->n++;
	return true;
}

/* --- Strings. */

static int
hex(unsigned char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The value of \uXXXX at "i", or -1. */
static int
unit_at(const unsigned char *p, size_t n, size_t i)
{
	int	unit = 0, digit;
	size_t	k;

	if (n - i < 6 || p[i] != '\\' || p[i + 1] != 'u')
		return -1;
	for (k = 2; k < 6; k++) {
		if ((digit = hex(p[i + k])) < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool
is_high(int unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low(int unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/*
 * The character of the escape \u at "i", -1 when it isn't one; *len bytes.
 * Half a character is U+FFFD, and *half then true.
 */
static int
character_at(const unsigned char *p, size_t n, size_t i, size_t *len,
    bool *half)
{
	int unit = unit_at(p, n, i), low;

	*len = 6;
	if (is_high(unit) && is_low(low = unit_at(p, n, i + 6))) {
		*len = 12;
		return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	}
	if (!is_high(unit) && !is_low(unit))
		return unit;
	*half = true;
	return 0xfffd;
}

const unsigned char scan_letters[256] = {
	['"'] = '"' + 1, ['\\'] = '\\' + 1, ['/'] = '/' + 1, ['b'] = '\b' + 1,
	['f'] = '\f' + 1, ['n'] = '\n' + 1, ['r'] = '\r' + 1, ['t'] = '\t' + 1
};

unsigned
scan_escape(const char *p, size_t n, size_t i, size_t *len)
{
	bool half;

	*len = 2;
	if (p[i + 1] == 'u')
		return (unsigned)character_at((const unsigned char *)p, n, i,
		    len, &half);
	return scan_letters[(unsigned char)p[i + 1]] - 1u;
}

static bool
skip_escape(struct scan *s)
{
	size_t	len = 2;
	int	code;

	if (s->i + 1 >= s->n)
		return refuse(s, s->n, "unexpected end of data");
	if (s->p[s->i + 1] == 'u')
		code = character_at(s->p, s->n, s->i, &len, &s->facts->half);
	else
		code = scan_letters[s->p[s->i + 1]] - 1;
	if (code < 0)
		return refuse(s, s->i, "this is no escape");
	s->respelt++;
	s->i += len;
	return true;
}

/* The bytes of a character beyond ASCII, 0 when it is none. */
static inline size_t
character_length(const unsigned char *p, size_t n)
{
	if (p[0] >= 0xc2 && p[0] <= 0xdf && n > 1 && (p[1] & 0xc0) == 0x80)
		return 2;
	if (p[0] > 0xe0 && p[0] < 0xed && n > 2 && (p[1] & 0xc0) == 0x80 &&
	    (p[2] & 0xc0) == 0x80)
		return 3;
	return text_utf8_length((const char *)p, n);
}

/* Bytes that are not plain, but neither quote nor backslash. */
static bool
skip_odd(struct scan *s)
{
	size_t len;

	if (s->p[s->i] < ' ') {
		if (s->rules == SCAN_ONE_READING || s->p[s->i] == '\0')
			return refuse(s, s->i, "a control character in a "
			    "string; it has to be escaped");
		s->respelt++;
		s->i++;
		return true;
	}
	do {
		len = character_length(s->p + s->i, s->n - s->i);
		if (len == 0)
			return refuse(s, s->i, "this is not UTF-8");
		s->i += len;
	} while (s->i < s->n && s->p[s->i] >= 0x80);
	return true;
}

/* A letter behind a backslash that a print would write there, too. */
static inline bool
is_simple(unsigned char c)
{
	return scan_letters[c] != 0 && c != '/';
}

#ifdef __SSE2__
/*
 * Behind blocks of plain characters and simple escapes; false: what is there
 * now is something else. One byte more than the block's has to be there: the
 * letter of an escape that begins with the last one.
 */
static inline bool
skip_blocks(struct scan *s)
{
	const unsigned char	*p = s->p + s->i, *end = s->p + s->n;
	unsigned		 ends, at;

	while (end - p > 16) {
		ends = plain_ends_16(_mm_loadu_si128((const __m128i *)
		    (const void *)p), true);
		for (at = 0; ends != 0; ends &= ~(3u << at)) {
			at = (unsigned)__builtin_ctz(ends);
			if (p[at] == '\\' && is_simple(p[at + 1]))
				continue;
			s->i = (size_t)(p - s->p) + at;
			return false;
		}
		p += at == 15 ? 17 : 16;
	}
	s->i = (size_t)(p - s->p);
	return true;
}

/*
 * Most names and many values are short and plain: from the opening quote to
 * behind the closing one, if that is in the next block. False: the scan has to
 * look.
 */
static inline bool
skip_short(struct scan *s)
{
	const unsigned char	*p = s->p + s->i + 1;
	unsigned		 ends;

	if (s->n - s->i <= 16)
		return false;
	ends = plain_ends_16(_mm_loadu_si128((const __m128i *)
	    (const void *)p), true);
	if (ends == 0 || p[__builtin_ctz(ends)] != '"')
		return false;
	s->facts->text += (size_t)__builtin_ctz(ends);
	s->i += (size_t)__builtin_ctz(ends) + 2;
	return true;
}
#else
static inline bool
skip_blocks(struct scan *s)
{
	(void)s;
	return true;
}

static inline bool
skip_short(struct scan *s)
{
	(void)s;
	return false;
}
#endif

/* Plain characters and simple escapes: most strings have nothing else. */
static inline void
skip_simple(struct scan *s)
{
	if (!skip_blocks(s))
		return;
	for (;;) {
		s->i += plain_run(s->p + s->i, s->n - s->i, true);
		if (s->n - s->i < 2 || s->p[s->i] != '\\' ||
		    !is_simple(s->p[s->i + 1]))
			return;
		s->i += 2;
	}
}

/* From the opening quote to behind the closing one. */
static bool
skip_string(struct scan *s)
{
	size_t begin = ++s->i;

	for (;;) {
		skip_simple(s);
		if (s->i == s->n)
			return refuse(s, s->n, "unexpected end of data");
		if (s->p[s->i] == '"')
			break;
		if (s->p[s->i] == '\\' ? !skip_escape(s) : !skip_odd(s))
			return false;
	}
	s->facts->text += s->i - begin;
	s->i++;
	return true;
}

static enum state
string(struct scan *s)
{
	size_t begin = s->i, before = s->respelt;

	if (skip_short(s))
		return BEHIND;
	if (!skip_string(s))
		return WRONG;
	if (s->marks != NULL && s->i - begin >= SCAN_LONG &&
	    !add_mark(s, begin, s->i, s->respelt == before))
		return WRONG;
	return BEHIND;
}

/* --- Numbers and words. */

static size_t
skip_digits(struct scan *s)
{
	size_t from = s->i;

	while (s->i < s->n && s->p[s->i] >= '0' && s->p[s->i] <= '9')
		s->i++;
	return s->i - from;
}

static bool
skip_byte(struct scan *s, const char *any)
{
	if (s->i >= s->n || s->p[s->i] == '\0' ||
	    strchr(any, s->p[s->i]) == NULL)
		return false;
	s->i++;
	return true;
}

static bool
skip_one(struct scan *s, unsigned char c)
{
	if (s->i >= s->n || s->p[s->i] != c)
		return false;
	s->i++;
	return true;
}

static enum state
number(struct scan *s)
{
	size_t	digits = 1, whole;
	bool	minus = skip_one(s, '-'), zero = skip_one(s, '0');

	if (!zero && (digits = skip_digits(s)) == 0)
		return unexpected(s);
	whole = s->i;
	if (skip_one(s, '.') && skip_digits(s) == 0)
		return unexpected(s);
	if (skip_byte(s, "eE")) {
		skip_byte(s, "+-");
		if (skip_digits(s) == 0)
			return unexpected(s);
	}
	if (s->i != whole || digits > SCAN_DIGITS || (minus && zero))
		s->respelt++;
	return BEHIND;
}

static enum state
word(struct scan *s, const char *text)
{
	for (; *text != '\0'; text++, s->i++)
		if (s->i >= s->n || s->p[s->i] != (unsigned char)*text)
			return unexpected(s);
	return BEHIND;
}

/* --- Arrays and objects. */

/* Up to eight bytes; those of so many are told apart. */
static inline uint64_t
few_bytes(const unsigned char *p, size_t n)
{
	uint32_t first, last;

	if (n >= sizeof(first)) {
		memcpy(&first, p, sizeof(first));
		memcpy(&last, p + n - sizeof(last), sizeof(last));
		return (uint64_t)first << 32 | last;
	}
	return n == 0 ? 0 : (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 |
	    p[n - 1];
}

uint64_t
scan_hash(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	const uint64_t	 odd = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t	 h = n * odd, eight;

	for (; n > sizeof(eight); n -= sizeof(eight), p += sizeof(eight)) {
		memcpy(&eight, p, sizeof(eight));
		h = (h ^ eight) * odd;
		h ^= h >> 32;
	}
	h = (h ^ few_bytes(p, n)) * odd;
	return h ^ h >> 32;
}

static int
by_hash(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* The second place of a name that comes twice, or NULL. */
static const struct name *
twice(struct name *names, size_t n)
{
	uint64_t	seen = 0, bit;
	size_t		i, k;

	if (n > FEW) {
		qsort(names, n, sizeof(*names), by_hash);
		for (i = 1; i < n; i++)
			if (names[i].hash == names[i - 1].hash)
				return &names[i];
		return NULL;
	}
	for (i = 0; i < n; i++, seen |= bit) {
		bit = UINT64_C(1) << (names[i].hash & 63);
		if ((seen & bit) == 0)
			continue;
		for (k = 0; k < i; k++)
			if (names[i].hash == names[k].hash)
				return &names[i];
	}
	return NULL;
}

static enum state
open_container(struct scan *s, bool object)
{
	if (s->depth == SCAN_DEPTH)
		return wrong(s, s->i, "it is nested too deeply");
	s->facts->containers++;
	s->facts->objects += object;
	s->object[s->depth] = object;
	s->first[s->depth] = s->nnames;
	if (s->marks != NULL) {
		s->mark[s->depth] = s->marks->n;
		s->before[s->depth] = s->respelt;
		if (!add_mark(s, s->i, s->i, false))
			return WRONG;
	}
	s->depth++;
	s->i++;
	skip_space(s);
	if (s->i < s->n && s->p[s->i] == (object ? '}' : ']'))
		return BEHIND;
	return object ? NAME : VALUE;
}

static void
close_mark(struct scan *s)
{
	struct scan_mark *m = &s->marks->list[s->mark[s->depth]];

	m->end = (uint32_t)s->i;
	m->same = s->respelt == s->before[s->depth];
	m->next = (uint32_t)s->marks->n & INT32_MAX;
}

static enum state
close_container(struct scan *s)
{
	size_t			 first = s->first[--s->depth];
	const struct name	*again = s->nnames == first ? NULL :
	    twice(s->names + first, s->nnames - first);

	s->nnames = first;
	if (again != NULL && s->rules == SCAN_ONE_READING)
		return wrong(s, again->at, "the same name twice in an object");
	s->respelt += again != NULL;
	s->i++;
	if (s->marks != NULL)
		close_mark(s);
	return BEHIND;
}

static bool
remember(struct scan *s, uint64_t hash, size_t at)
{
	if (s->nnames == s->max) {
		s->max = s->max > 0 ? s->max * 2 : 64;
		/* Twice: qsort() makes a copy. */
		if (!budget_afford(s->max * 2 * sizeof(*s->names)))
			return no_memory(s, at);
		s->names = xrealloc(s->names, s->max * sizeof(*s->names));
	}
	s->names[s->nnames++] = (struct name){ hash, at };
	return true;
}

/*
 * The name from *i on, escapes undone; appends it to "out". False when it has a
 * NUL, at *i, that somebody may take for its end.
 */
static bool
decode(struct scan *s, size_t *i, size_t end, struct buf *out)
{
	const char	*p = (const char *)s->p;
	unsigned char	 utf8[4];
	unsigned	 code;
	size_t		 len;

	for (; *i < end; *i += len) {
		len = 1;
		if (p[*i] != '\\') {
			buf_putc(out, p[*i]);
			continue;
		}
		code = scan_escape(p, s->n, *i, &len);
		if (code == 0 && s->rules == SCAN_ONE_READING)
			return false;
		buf_append(out, utf8, text_utf8_put(code, utf8));
	}
	return true;
}

/* A name between quotes that is "escaped": by what it says. */
static bool
remember_decoded(struct scan *s, size_t at)
{
	struct buf	text = { 0 };
	size_t		i = at + 1;
	bool		ok;

	if (!decode(s, &i, s->i - 1, &text))
		ok = refuse(s, i, "a name with \\u0000");
	else
		ok = remember(s, scan_hash(buf_str(&text), text.len), at);
	buf_finish(&text);
	return ok;
}

/* Most names are short, and plain. */
static enum state
name(struct scan *s)
{
	size_t	at, n;
	bool	ok, plain;

	skip_space(s);
	at = s->i;
	if (s->i >= s->n || s->p[s->i] != '"')
		return unexpected(s);
	if (!(plain = skip_short(s)) && !skip_string(s))
		return WRONG;
	s->facts->members++;
	n = s->i - at - 2;
	if (s->rules != SCAN_ONE_READING && s->marks == NULL)
		ok = true;
	else if (plain || memchr(s->p + at + 1, '\\', n) == NULL)
		ok = remember(s, scan_hash((const char *)s->p + at + 1, n),
		    at);
	else
		ok = remember_decoded(s, at);
	if (!ok)
		return WRONG;
	skip_space(s);
	return skip_one(s, ':') ? VALUE : unexpected(s);
}

static enum state
value(struct scan *s)
{
	struct scan_facts *f = s->facts;

	skip_space(s);
	if (s->i >= s->n)
		return unexpected(s);
	if (++f->values + f->containers * SCAN_CONTAINER > SCAN_VALUES)
		return wrong(s, s->i, "it is too large");
	switch (s->p[s->i]) {
	case '"':
		return string(s);
	case '{':
		return open_container(s, true);
	case '[':
		return open_container(s, false);
	case 't':
		return word(s, "true");
	case 'f':
		return word(s, "false");
	case 'n':
		return word(s, "null");
	default:
		return number(s);
	}
}

static enum state
behind(struct scan *s)
{
	bool object;

	skip_space(s);
	if (s->depth == 0)
		return s->i == s->n ? DONE : unexpected(s);
	object = s->object[s->depth - 1];
	if (skip_one(s, ','))
		return object ? NAME : VALUE;
	if (s->i < s->n && s->p[s->i] == (object ? '}' : ']'))
		return close_container(s);
	return unexpected(s);
}

bool
scan_json_marks(const char *p, size_t n, enum scan_rules rules,
    struct scan_facts *facts, struct scan_marks *marks)
{
	struct scan	 s;
	enum state	 state = VALUE;

	*facts = (struct scan_facts){ 0 };
	s.p = (const unsigned char *)p;
	s.n = n;
	s.rules = rules;
	s.facts = facts;
	s.marks = marks;
	s.i = s.depth = s.nnames = s.max = s.respelt = 0;
	s.names = NULL;
	while (state < DONE)
		state = state == VALUE ? value(&s) : state == NAME ? name(&s) :
		    behind(&s);
	free(s.names);
	if (state == WRONG && n == 0)
		facts->why = "it is empty";
	return state == DONE;
}

bool
scan_json(const char *p, size_t n, enum scan_rules rules,
    struct scan_facts *facts)
{
	return scan_json_marks(p, n, rules, facts, NULL);
}

/*
 * Measured with json-c 0.16 and 0.18 on 64 bits: an object begins with a table
 * of 16 members and doubles it, an array with 32 places.
 */
size_t
scan_cost(const struct scan_facts *f)
{
	/* An object has a table from the start; an array shrinks to fit. */
	return f->values * 80 + f->containers * 192 + f->objects * 768 +
	    f->members * 160 + f->text;
}

void
scan_mend_halves(char *text, size_t n)
{
	const unsigned char	*p = (const unsigned char *)text;
	char			*at = text, *end = text + n;
	size_t			 len;
	bool			 half;

	while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
		half = false;
		len = 2;
		if (at[1] == 'u')
			character_at(p, n, (size_t)(at - text), &len, &half);
		if (half)
			memcpy(at, "\\uFFFD", 6);
		at += len;
	}
}

/* Is the escape at "i" the second half of a character, first in its string? */
static bool
begins_with_low(const char *text, size_t i)
{
	return i > 0 && text[i - 1] == '"' && (i < 2 || text[i - 2] != '\\') &&
	    is_low(unit_at((const unsigned char *)text, i + 6, i));
}

static bool
ends_with_high(const char *text, size_t n, size_t i)
{
	return i + 6 < n && text[i + 6] == '"' &&
	    is_high(unit_at((const unsigned char *)text, n, i));
}

void
scan_join_halves(const char *text, size_t n, char high[SCAN_HALF_SIZE],
    struct buf *out)
{
	const unsigned char	*p = (const unsigned char *)text;
	const char		*back;
	size_t			 i = 0, at, len;
	bool			 half;

	while ((back = memchr(text + i, '\\', n - i)) != NULL) {
		at = (size_t)(back - text);
		buf_append(out, text + i, at - i);
		len = 2;
		half = false;
		if (at + 6 <= n && text[at + 1] == 'u')
			character_at(p, n, at, &len, &half);
		i = at + len;
		if (half && ends_with_high(text, n, at)) {
			memcpy(high, text + at, 6);
			high[6] = '\0';
			continue;
		}
		if (half && high[0] != '\0' && begins_with_low(text, at)) {
			buf_puts(out, high);
			high[0] = '\0';
		}
		buf_append(out, text + at, len);
	}
	buf_append(out, text + i, n - i);
}
