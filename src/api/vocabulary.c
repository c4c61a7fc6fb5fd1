/*
 * Tokens by OpenAI's vocabularies, which are linked in (vocabulary-data.S):
 * there is no file to be found at run time, all processes share them, and they
 * are read from the disk when first needed.
 *
 * A text is cut into pieces by a pattern; a piece that is no token begins as
 * its bytes, and of two neighbours that make a token those of the lowest rank
 * are joined, the first ones first, until none do (tiktoken, MIT).
 */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/vocabulary.h"
#include "base/buf.h"
#include "base/util.h"

#define STEP	64		/* tokens between two known offsets */
#define SLOTS	(1u << 19)	/* of a table of tokens: over twice as many */
#define NONE	UINT32_MAX
#define LETTER_RUNS 3219	/* data/make-letters says how many */
#define LOOK_AHEAD (VOCABULARY_PIECE_MAX + 64) /* and what may end a piece */

/*
 * A number of 32 bits for every STEPth token, least significant byte first:
 * where among the bytes it begins; then the length of each token; then the
 * bytes of all tokens (data/make-vocabulary).
 */
extern const unsigned char cl100k_data[];	/* cl100k-data.S */
extern const unsigned char vocabulary_o200k_data[];
/* Where a run of characters of a class begins, and the class below it. */
extern const unsigned char vocabulary_letters[];

/* The classes of data/make-letters. */
enum { OTHER, SPACE, UPPER, LOWER, LETTER, MARK, NUMBER };

/* How a text is looked up, made when it is first needed. */
struct table {
	uint32_t	*slots;		/* ranks, or NONE */
	uint32_t	*at;		/* of each token's bytes */
};

/* The tokens that stand for no text of their own; the last one has NULL. */
struct special {
	int64_t		 token;
	const char	*text;
};

struct vocabulary {
	const char		*name;
	const unsigned char	*data;
	uint32_t		 tokens;	/* ranks from 0 */
	const struct special	*special;
	bool			 cased;	/* a piece ends before upper case */
	struct table		*table;
	pthread_once_t		*once;
	void			(*make)(void);
};

static pthread_once_t	cl100k_once = PTHREAD_ONCE_INIT;
static pthread_once_t	o200k_once = PTHREAD_ONCE_INIT;
static struct table	cl100k_table, o200k_table;
static void		make_cl100k(void), make_o200k(void);

/* As tiktoken has them (tiktoken_ext/openai_public.py). */
static const struct special cl100k_special[] = {
	{ 100257, "<|endoftext|>" },
	{ 100258, "<|fim_prefix|>" },
	{ 100259, "<|fim_middle|>" },
	{ 100260, "<|fim_suffix|>" },
	{ 100276, "<|endofprompt|>" },
	{ 0, NULL }
};
static const struct special o200k_special[] = {
	{ 199999, "<|endoftext|>" },
	{ 200018, "<|endofprompt|>" },
	{ 0, NULL }
};

const struct vocabulary vocabulary_cl100k = {
	"cl100k_base", cl100k_data, 100256, cl100k_special, false,
	&cl100k_table, &cl100k_once, make_cl100k
};
const struct vocabulary vocabulary_o200k = {
	"o200k_base", vocabulary_o200k_data, 199998, o200k_special, true,
	&o200k_table, &o200k_once, make_o200k
};

/*
 * GPT-4 before GPT-4o, which Copilot also calls gpt-4-o, and GPT-3.5 have the
 * older one.
 */
const struct vocabulary *
vocabulary_of(const char *model)
{
	return strcmp(model, "gpt-4") == 0 || util_starts(model, "gpt-3.5") ||
	    (util_starts(model, "gpt-4-") && !util_starts(model, "gpt-4-o")) ?
	    &vocabulary_cl100k : &vocabulary_o200k;
}

const char *
vocabulary_name(const struct vocabulary *v)
{
	return v->name;
}

/* --- Tokens as bytes. */

static uint32_t
number_at(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static const unsigned char *
lengths(const struct vocabulary *v)
{
	return v->data + (v->tokens + STEP - 1) / STEP * 4;
}

static const unsigned char *
bytes(const struct vocabulary *v)
{
	return lengths(v) + v->tokens;
}

static const char *
special_text(const struct vocabulary *v, int64_t token)
{
	const struct special *s = v->special;

	while (s->text != NULL && s->token != token)
		s++;
	return s->text;
}

static bool
is_plain(const struct vocabulary *v, int64_t token)
{
	return token >= 0 && token < (int64_t)v->tokens;
}

size_t
vocabulary_bytes(const struct vocabulary *v, int64_t token)
{
	const char *text;

	if (is_plain(v, token))
		return lengths(v)[token];
	text = special_text(v, token);
	return text != NULL ? strlen(text) : 0;
}

bool
vocabulary_decode(const struct vocabulary *v, int64_t token, struct buf *out)
{
	const unsigned char	*n = lengths(v);
	const char		*text;
	size_t			 i, at;

	if (!is_plain(v, token)) {
		if ((text = special_text(v, token)) != NULL)
			buf_puts(out, text);
		return text != NULL;
	}
	at = number_at(v->data + (size_t)token / STEP * 4);
	for (i = (size_t)token / STEP * STEP; i < (size_t)token; i++)
		at += n[i];
	buf_append(out, bytes(v) + at, n[token]);
	return true;
}

/* --- Bytes as tokens. */

static uint32_t
hash(const unsigned char *p, size_t n)
{
	uint64_t	h = 0xcbf29ce484222325u;
	size_t		i;

	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 29) & (SLOTS - 1);
}

/* The rank of a token, NONE when these bytes are none. */
static uint32_t
rank_of(const struct vocabulary *v, const unsigned char *p, size_t n)
{
	const struct table	*t = v->table;
	uint32_t		 i, rank;

	if (n > VOCABULARY_TOKEN_MAX)
		return NONE;
	for (i = hash(p, n); (rank = t->slots[i]) != NONE;
	    i = (i + 1) & (SLOTS - 1))
		if (lengths(v)[rank] == n &&
		    memcmp(bytes(v) + t->at[rank], p, n) == 0)
			return rank;
	return NONE;
}

static void
make_table(const struct vocabulary *v)
{
	struct table	*t = v->table;
	uint32_t	 rank, i, at = 0;

	t->slots = xmalloc(SLOTS * sizeof(*t->slots));
	memset(t->slots, 0xff, SLOTS * sizeof(*t->slots));
	t->at = xcalloc(v->tokens, sizeof(*t->at));
	for (rank = 0; rank < v->tokens; rank++) {
		t->at[rank] = at;
		i = hash(bytes(v) + at, lengths(v)[rank]);
		while (t->slots[i] != NONE)
			i = (i + 1) & (SLOTS - 1);
		t->slots[i] = rank;
		at += lengths(v)[rank];
	}
}

static void
make_cl100k(void)
{
	make_table(&vocabulary_cl100k);
}

static void
make_o200k(void)
{
	make_table(&vocabulary_o200k);
}

/* --- A text in pieces. */

struct text {
	const unsigned char	*p;
	size_t			 n;
};

/* The character at i, and where the next one is. The text is UTF-8. */
static uint32_t
char_at(const struct text *t, size_t i, size_t *next)
{
	unsigned char	c = t->p[i];
	size_t		len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t	v = len == 1 ? c : c & (0x7fu >> len);
	size_t		k;

	for (k = 1; k < len && i + k < t->n; k++)
		v = v << 6 | (t->p[i + k] & 0x3f);
	*next = i + k;
	return v;
}

/* The class of the character at i; OTHER at the end, where *next is i. */
static int
class_at(const struct text *t, size_t i, size_t *next)
{
	size_t		lo = 0, mid, hi;
	uint32_t	c;

	*next = i;
	if (i >= t->n)
		return OTHER;
	c = char_at(t, i, next);
	hi = LETTER_RUNS;
	while (hi - lo > 1) {
		mid = (lo + hi) / 2;
		if (number_at(vocabulary_letters + mid * 4) >> 8 <= c)
			lo = mid;
		else
			hi = mid;
	}
	return vocabulary_letters[lo * 4];
}

/* Sets of classes. */
enum {
	IS_LETTER = 1 << UPPER | 1 << LOWER | 1 << LETTER,
	IS_UPPER = 1 << UPPER | 1 << LETTER | 1 << MARK,
	IS_LOWER = 1 << LOWER | 1 << LETTER | 1 << MARK,
	IS_BOTH = 1 << LETTER | 1 << MARK,
	IS_SIGN = 1 << OTHER | 1 << MARK
};

/* Is there a character of these classes at i? Then where it ends, else i. */
static size_t
one_of(const struct text *t, size_t i, unsigned classes)
{
	size_t next;

	return i < t->n && ((1u << class_at(t, i, &next)) & classes) != 0 ?
	    next : i;
}

/* A run of them, "most" at the most. */
static size_t
run_of(const struct text *t, size_t i, unsigned classes, size_t most)
{
	size_t next;

	while (most-- > 0 && (next = one_of(t, i, classes)) > i)
		i = next;
	return i;
}

static bool
is_line_end(const struct text *t, size_t i)
{
	return i < t->n && (t->p[i] == '\r' || t->p[i] == '\n');
}

/* One of these may stand in front of a word: [^\r\n\p{L}\p{N}] */
static size_t
prefix_at(const struct text *t, size_t i)
{
	return is_line_end(t, i) ? i :
	    one_of(t, i, (1u << OTHER) | (1u << SPACE) | (1u << MARK));
}

/* 's and its like in either case; a long s is one, too. */
static size_t
contraction_at(const struct text *t, size_t i)
{
	static const char *const ends[] = {
		"s", "t", "re", "ve", "m", "ll", "d", "\xc5\xbf"
	};
	size_t k, len;

	if (i >= t->n || t->p[i] != '\'')
		return i;
	for (k = 0; k < COUNT(ends); k++) {
		len = strlen(ends[k]);
		if (t->n - i > len && strncasecmp((const char *)t->p + i + 1,
		    ends[k], len) == 0)
			return i + 1 + len;
	}
	return i;
}

/* [upper]*[lower]+ from i on; i when it isn't there. */
static size_t
lower_word(const struct text *t, size_t i)
{
	size_t end, last = i, at = i;

	/* The run of the first, and behind the last that is both. */
	while ((end = one_of(t, at, IS_UPPER)) > at) {
		if (one_of(t, at, IS_BOTH) > at)
			last = end;
		at = end;
	}
	if (one_of(t, at, IS_LOWER) > at)
		return run_of(t, at, IS_LOWER, SIZE_MAX);
	return last;
}

/* [upper]+[lower]* from i on; i when it isn't there. */
static size_t
upper_word(const struct text *t, size_t i)
{
	size_t end = run_of(t, i, IS_UPPER, SIZE_MAX);

	return end > i ? run_of(t, end, IS_LOWER, SIZE_MAX) : i;
}

/* A word, with a sign in front or without. */
static size_t
word_by(const struct text *t, size_t i,
    size_t (*word)(const struct text *, size_t))
{
	size_t from = prefix_at(t, i), end;

	if (from > i && (end = word(t, from)) > from)
		return end;
	return word(t, i);
}

static size_t
cased_word(const struct text *t, size_t i)
{
	size_t end = word_by(t, i, lower_word);

	if (end == i)
		end = word_by(t, i, upper_word);
	return end > i ? contraction_at(t, end) : i;
}

static size_t
letters(const struct text *t, size_t i)
{
	return run_of(t, i, IS_LETTER, SIZE_MAX);
}

static size_t
plain_word(const struct text *t, size_t i)
{
	size_t end = contraction_at(t, i);

	return end > i ? end : word_by(t, i, letters);
}

/* " ?[^\s\p{L}\p{N}]+[\r\n]*", where slashes may follow, too, in the newer. */
static size_t
signs(const struct text *t, size_t i, bool slashes)
{
	size_t from = i < t->n && t->p[i] == ' ' ? i + 1 : i, end;

	end = run_of(t, from, IS_SIGN, SIZE_MAX);
	if (end == from)
		return i;
	while (is_line_end(t, end) ||
	    (slashes && end < t->n && t->p[end] == '/'))
		end++;
	return end;
}

/* Up to the last line end of it; else all but the last, which is the next's. */
static size_t
spaces(const struct text *t, size_t i)
{
	size_t at = i, next, line = i, last = i;

	while ((next = one_of(t, at, (1u << SPACE))) > at) {
		if (is_line_end(t, at))
			line = next;
		last = at;
		at = next;
	}
	if (line > i)
		return line;
	return at < t->n && last > i ? last : at;
}

/* Where the piece that begins at i ends. */
static size_t
piece_end(const struct vocabulary *v, const struct text *t, size_t i)
{
	size_t end = v->cased ? cased_word(t, i) : plain_word(t, i), next;

	if (end == i)
		end = run_of(t, i, (1u << NUMBER), 3);
	if (end == i)
		end = signs(t, i, v->cased);
	if (end == i)
		end = spaces(t, i);
	if (end == i) {			/* nothing is left over */
		class_at(t, i, &next);
		end = next;
	}
	return end;
}

/* --- A piece as tokens. */

/* Two neighbours that make a token; the bytes say whether they still do. */
struct pair {
	uint32_t	rank, at, len;
};

struct joiner {
	const struct vocabulary	*v;
	void			(*each)(void *, int64_t);
	void			*arg;
	int64_t			 count;
	uint32_t		*len;	/* of the part that begins here, or 0 */
	uint32_t		*before; /* where the one before it begins */
	struct pair		*heap;	/* from 1 */
	size_t			 n, cap;
};

static bool
comes_first(const struct pair *a, const struct pair *b)
{
	return a->rank < b->rank || (a->rank == b->rank && a->at < b->at);
}

static void
push(struct joiner *j, struct pair p)
{
	size_t i;

	if (++j->n >= j->cap) {
		j->cap = j->cap ? j->cap * 2 : 64;
		j->heap = xrealloc(j->heap, j->cap * sizeof(*j->heap));
	}
	for (i = j->n; i > 1 && comes_first(&p, &j->heap[i / 2]); i /= 2)
		j->heap[i] = j->heap[i / 2];
	j->heap[i] = p;
}

static struct pair
pop(struct joiner *j)
{
	struct pair	first = j->heap[1], last = j->heap[j->n--];
	size_t		i = 1, k;

	while ((k = 2 * i) <= j->n) {
		if (k < j->n && comes_first(&j->heap[k + 1], &j->heap[k]))
			k++;
		if (!comes_first(&j->heap[k], &last))
			break;
		j->heap[i] = j->heap[k];
		i = k;
	}
	if (j->n > 0)
		j->heap[i] = last;
	return first;
}

/* The part at "at" and the one behind it, if they make a token. */
static void
offer(struct joiner *j, const unsigned char *p, size_t n, uint32_t at)
{
	uint32_t next = at + j->len[at], len, rank;

	if (next >= n)
		return;
	len = j->len[at] + j->len[next];
	if ((rank = rank_of(j->v, p + at, len)) != NONE)
		push(j, (struct pair){ rank, at, len });
}

static void
join_pair(struct joiner *j, const unsigned char *p, size_t n, struct pair pair)
{
	uint32_t at = pair.at, next = at + j->len[at];

	/* One of them has gone into another token meanwhile. */
	if (j->len[at] == 0 || next >= n || j->len[at] + j->len[next] !=
	    pair.len)
		return;
	j->len[next] = 0;
	j->len[at] = pair.len;
	if (at + pair.len < n)
		j->before[at + pair.len] = at;
	offer(j, p, n, at);
	if (at > 0)
		offer(j, p, n, j->before[at]);
}

static void
say(struct joiner *j, uint32_t rank)
{
	j->count++;
	if (j->each != NULL)
		j->each(j->arg, rank);
}

static void
encode_piece(struct joiner *j, const unsigned char *p, size_t n)
{
	uint32_t i, rank = rank_of(j->v, p, n);

	if (rank != NONE) {
		say(j, rank);
		return;
	}
	for (i = 0; i < n; i++) {
		j->len[i] = 1;
		j->before[i] = i - 1;
	}
	j->n = 0;
	for (i = 0; i + 1 < n; i++)
		offer(j, p, n, i);
	while (j->n > 0)
		join_pair(j, p, n, pop(j));
	for (i = 0; i < n; i += j->len[i])
		say(j, rank_of(j->v, p + i, j->len[i]));
}

int64_t
vocabulary_encode(const struct vocabulary *v, const char *text, size_t n,
    void (*each)(void *arg, int64_t token), void *arg)
{
	struct text	t = { .p = (const unsigned char *)text };
	struct joiner	j = { .v = v, .each = each, .arg = arg };
	size_t		i, end, most = n < VOCABULARY_PIECE_MAX ? n :
			    VOCABULARY_PIECE_MAX;

	pthread_once(v->once, v->make);
	j.len = xcalloc(most + 1, sizeof(*j.len));
	j.before = xcalloc(most + 1, sizeof(*j.before));
	for (i = 0; i < n; i = end) {
		/* Nobody looks at what lies far behind the cut, again. */
		t.n = n - i < LOOK_AHEAD ? n : i + LOOK_AHEAD;
		end = piece_end(v, &t, i);
		if (end - i > most)
			end = i + most;
		encode_piece(&j, t.p + i, end - i);
	}
	free(j.len);
	free(j.before);
	free(j.heap);
	return j.count;
}
