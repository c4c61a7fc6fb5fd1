/* From JSON text to json-c's tree and back. */
#include "config.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/peek.h"
#include "base/plain.h"
#include "base/scan.h"
#include "base/text.h"
#include "base/tree.h"
#include "base/util.h"

#define ARRAY_FIRST	4	/* most are short */
#define NAME_SHORT	64

/* --- Names that come all the time: nobody has to copy these. */

#define LENGTHS		24
#define SAME_LENGTH	9

static const char *const known[LENGTHS][SAME_LENGTH] = {
	[2] = { "id" },
	[4] = { "type", "role", "text", "name", "enum", "item" },
	[5] = { "index", "items", "delta", "model", "input", "tools", "usage",
	    "title" },
	[6] = { "output", "object", "strict", "format", "status", "system",
	    "stream" },
	[7] = { "content", "call_id", "choices", "message", "created",
	    "minimum", "default", "item_id", "logprob" },
	[8] = { "function", "required", "messages", "response", "thinking",
	    "logprobs" },
	[9] = { "arguments", "reasoning", "signature" },
	[10] = { "properties", "tool_calls", "parameters" },
	[11] = { "description", "tool_use_id", "annotations", "obfuscation" },
	[12] = { "tool_call_id", "input_schema", "output_index",
	    "total_tokens" },
	[13] = { "cache_control", "content_index", "finish_reason",
	    "prompt_tokens" },
	[15] = { "sequence_number" },
	[17] = { "completion_tokens", "encrypted_content" },
	[18] = { "system_fingerprint" },
	[20] = { "additionalProperties" },
};

/* The same name, which stays; or NULL. */
static const char *
find_known(const char *p, size_t n)
{
	size_t i;

	if (n >= LENGTHS)
		return NULL;
	for (i = 0; i < SAME_LENGTH && known[n][i] != NULL; i++)
		if (known[n][i][0] == p[0] && memcmp(known[n][i], p, n) == 0)
			return known[n][i];
	return NULL;
}

/* --- A tree of a text. */

/* A text of which some is read later; each value that waits holds it. */
struct waiting {
	const char		*p;
	char			*own;		/* the same, or NULL */
	size_t			 n, refs;
	bool			 unique;
	struct scan_mark	*marks;
	size_t			 nmarks;
};

struct build {
	const char	*p;
	size_t		 n, i;
	bool		 unique;
	struct buf	 word;		/* a string whose escapes are undone */
	struct waiting	*w;		/* NULL: all is read now */
	size_t		 mark;		/* the next one of its */
};

static json_object *build_value(struct build *);

static void *
checked(void *p)
{
	if (p == NULL)
		die("out of memory");
	return p;
}

static void
skip_space(struct build *b)
{
	while (b->i < b->n && (b->p[b->i] == ' ' || b->p[b->i] == '\n' ||
	    b->p[b->i] == '\t' || b->p[b->i] == '\r'))
		b->i++;
}

/*
 * Bytes up to the next quote or backslash: texts of upstream's may have control
 * characters in strings.
 */
static size_t
run(const struct build *b)
{
	const char	*p = b->p + b->i;
	size_t		 max = b->n - b->i, n = plain_run(p, max, false);

	while (n < max && (unsigned char)p[n] < ' ') {
		n++;
		n += plain_run(p + n, max - n, false);
	}
	return n;
}

/* Behind the run, for which there is room. */
static void
build_escape(struct build *b)
{
	unsigned char	*at = (unsigned char *)b->word.p + b->word.len;
	unsigned char	 c = scan_letters[(unsigned char)b->p[b->i + 1]];
	size_t		 len;

	if (c != 0) {
		*at = (unsigned char)(c - 1);
		b->word.len++;
		b->i += 2;
		return;
	}
	b->word.len += text_utf8_put(scan_escape(b->p, b->n, b->i, &len), at);
	b->i += len;
}

/*
 * The string at a quote; *len bytes, valid until the next one is read. Behind
 * them is a NUL, or a quote.
 */
static const char *
build_text(struct build *b, size_t *len)
{
	const char *begin = b->p + ++b->i;

	*len = run(b);
	b->i += *len;
	if (b->p[b->i] == '"') {
		b->i++;
		return begin;
	}
	b->word.len = 0;
	plain_append(&b->word, begin, *len, b->n - b->i);
	while (b->p[b->i] == '\\') {
		build_escape(b);
		*len = run(b);
		plain_append(&b->word, b->p + b->i, *len, b->n - b->i);
		b->i += *len;
	}
	b->i++;
	*len = b->word.len;
	b->word.p[*len] = '\0';
	return b->word.p;
}

static json_object *
build_string(struct build *b)
{
	size_t		 n;
	const char	*s = build_text(b, &n);

	return checked(json_object_new_string_len(s, (int)n));
}

static bool
is_of_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' ||
	    c == 'e' || c == 'E';
}

/* json-c reads a number that is no plain integer: it keeps the digits. */
static json_object *
read_number(const char *p, size_t n)
{
	struct json_tokener	*tok = checked(json_tokener_new_ex(1));
	json_object		*v = json_tokener_parse_ex(tok, p, (int)n);

	/* A NUL behind the text lets a bare number end. */
	if (json_tokener_get_error(tok) == json_tokener_continue)
		v = json_tokener_parse_ex(tok, "", 1);
	if (json_tokener_get_error(tok) != json_tokener_success)
		die("out of memory");
	json_tokener_free(tok);
	return v;
}

static json_object *
build_number(struct build *b)
{
	const char	*p = b->p + b->i;
	size_t		 n = 0, digits = 0;
	int64_t		 v = 0;
	bool		 minus = *p == '-';

	while (b->i + n < b->n && is_of_number(p[n])) {
		if (p[n] >= '0' && p[n] <= '9' && ++digits <= SCAN_DIGITS)
			v = v * 10 + (p[n] - '0');
		n++;
	}
	b->i += n;
	/* json-c has its own idea of a minus zero, too. */
	if (digits > SCAN_DIGITS || digits + minus != n || (minus && v == 0))
		return read_number(p, n);
	return checked(json_object_new_int64(minus ? -v : v));
}

static void
append(json_object *array, json_object *take)
{
	if (json_object_array_add(array, take) != 0)
		die("out of memory");
}

/* To the next element; false at the end's bracket. */
static bool
more_elements(struct build *b)
{
	skip_space(b);
	if (b->p[b->i] == ']')
		return false;
	if (b->p[b->i] == ',')
		b->i++;
	return true;
}

static void
fill_array(struct build *b, json_object *array)
{
	b->i++;
	while (more_elements(b))
		append(array, build_value(b));
	b->i++;
	if (json_object_array_length(array) > ARRAY_FIRST)
		json_object_array_shrink(array, 0);
}

static json_object *
new_array(void)
{
	return checked(json_object_new_array_ext(ARRAY_FIRST));
}

static json_object *
build_array(struct build *b)
{
	json_object *array = new_array();

	fill_array(b, array);
	return array;
}

static void
add_known(const struct build *b, json_object *obj, const char *name,
    json_object *take)
{
	if (json_object_object_add_ex(obj, name, take,
	    JSON_C_OBJECT_ADD_CONSTANT_KEY |
	    (b->unique ? JSON_C_OBJECT_ADD_KEY_IS_NEW : 0u)) != 0)
		die("out of memory");
}

static void
add(const struct build *b, json_object *obj, const char *name,
    json_object *take)
{
	if (json_object_object_add_ex(obj, name, take,
	    b->unique ? JSON_C_OBJECT_ADD_KEY_IS_NEW : 0u) != 0)
		die("out of memory");
}

/* The value behind a name and its colon. */
static json_object *
member_value(struct build *b)
{
	skip_space(b);
	b->i++;
	return build_value(b);
}

static void
build_member(struct build *b, json_object *obj)
{
	char		 space[NAME_SHORT], *copy = space;
	size_t		 n;
	const char	*name = build_text(b, &n), *same = find_known(name, n);

	if (same != NULL) {
		add_known(b, obj, same, member_value(b));
		return;
	}
	if (n >= sizeof(space))
		copy = xmalloc(n + 1);
	memcpy(copy, name, n);
	copy[n] = '\0';
	add(b, obj, copy, member_value(b));
	if (copy != space)
		free(copy);
}

static void
fill_object(struct build *b, json_object *obj)
{
	b->i++;
	for (;;) {
		skip_space(b);
		if (b->p[b->i] == '}')
			break;
		if (b->p[b->i] == ',') {
			b->i++;
			skip_space(b);
		}
		build_member(b, obj);
	}
	b->i++;
}

static json_object *
build_object(struct build *b)
{
	json_object *obj = checked(json_object_new_object());

	fill_object(b, obj);
	return obj;
}

static json_object *
build_word(struct build *b)
{
	char c = b->p[b->i];

	b->i += c == 'f' ? strlen("false") : strlen("true");
	return c == 'n' ? NULL : checked(json_object_new_boolean(c == 't'));
}

static void
release(struct waiting *w)
{
	if (--w->refs > 0)
		return;
	free(w->marks);
	free(w->own);
	free(w);
}

/* The owner of the marks; the first one's place tells, see begin_waiting(). */
static struct waiting *
waiting_of(const struct scan_mark *m)
{
	struct waiting *w;

	memcpy(&w, m - m->self, sizeof(w));
	return w;
}

/* Called by json-c, for a value that was opened or is freed. */
static void
forget(json_object *v, void *mark)
{
	(void)v;
	release(waiting_of(mark));
}

/* An empty value of its type that knows what it will be. */
static json_object *
build_later(struct build *b)
{
	struct scan_mark	*m = &b->w->marks[b->mark];
	json_object		*v;

	if (b->p[b->i] == '"')
		v = checked(json_object_new_string_len("", 0));
	else if (b->p[b->i] == '{')
		v = checked(json_object_new_object());
	else
		v = new_array();
	b->w->refs++;
	json_object_set_userdata(v, m, forget);
	b->i = m->end;
	b->mark = m->next;
	return v;
}

/* Is there a mark where we are? Then it is the next one. */
static bool
is_marked(const struct build *b)
{
	return b->w != NULL && b->mark < b->w->nmarks &&
	    b->w->marks[b->mark].begin == b->i;
}

/* Nested as deeply as the scan allows. */
static json_object *
build_value(struct build *b)
{
	skip_space(b);
	if (is_marked(b))
		return build_later(b);
	switch (b->p[b->i]) {
	case '"':
		return build_string(b);
	case '{':
		return build_object(b);
	case '[':
		return build_array(b);
	case 't':
	case 'f':
	case 'n':
		return build_word(b);
	default:
		return build_number(b);
	}
}

json_object *
tree_build(const char *p, size_t n, bool unique)
{
	struct build	 b = { .p = p, .n = n, .unique = unique };
	json_object	*obj = build_value(&b);

	buf_finish(&b.word);
	return obj;
}

/*
 * The first mark is the whole text's. Nobody asks for that, so that its place
 * can hold the way from the others to what they share.
 */
static struct waiting *
begin_waiting(const char *p, size_t n, const struct scan_marks *marks)
{
	struct waiting *w = xcalloc(1, sizeof(*w));

	w->p = p;
	w->n = n;
	w->refs = 1;
	w->marks = marks->list;
	w->nmarks = marks->n;
	_Static_assert(sizeof(*w->marks) >= sizeof(w), "a pointer fits");
	memcpy(w->marks, &w, sizeof(w));
	return w;
}

static json_object *
build_first(struct waiting *w)
{
	struct build	 b = {
		.p = w->p, .n = w->n, .unique = w->unique, .w = w, .mark = 1
	};
	json_object	*obj;

	skip_space(&b);
	obj = w->p[b.i] == '{' ? build_object(&b) : build_array(&b);
	release(w);
	buf_finish(&b.word);
	return obj;
}

static bool
is_container(const char *p, const struct scan_marks *marks)
{
	char first = marks->n > 0 ? p[marks->list[0].begin] : '\0';

	return first == '{' || first == '[';
}

json_object *
tree_build_lazy_take(const char *p, size_t n, struct scan_marks *marks)
{
	struct waiting	*w = NULL;
	bool		 waits = is_container(p, marks);

	if (waits) {
		w = begin_waiting(p, n, marks);
		w->unique = true;
	} else
		free(marks->list);
	*marks = (struct scan_marks){ 0 };
	return waits ? build_first(w) : tree_build(p, n, true);
}

json_object *
tree_build_own_take(const char *p, size_t n, struct scan_marks *marks)
{
	struct waiting	*w = NULL;
	bool		 waits = is_container(p, marks);

	if (waits) {
		w = begin_waiting(p, n, marks);
		w->p = w->own = xmalloc(n);
		memcpy(w->own, p, n);
	} else
		free(marks->list);
	*marks = (struct scan_marks){ 0 };
	return waits ? build_first(w) : tree_build(p, n, false);
}

static void
read_string(struct build *b, json_object *v)
{
	size_t		 n;
	const char	*s = build_text(b, &n);

	if (json_object_set_string_len(v, s, (int)n) == 0)
		die("out of memory");
}

/* Its mark, if it does. json-c has data of its own with some numbers. */
static const struct scan_mark *
waits(json_object *v)
{
	json_type type = json_object_get_type(v);

	return type == json_type_string || type == json_type_object ||
	    type == json_type_array ? json_object_get_userdata(v) : NULL;
}

void
tree_open(json_object *v)
{
	const struct scan_mark	*m = waits(v);
	json_type		 type = json_object_get_type(v);
	struct build		 b = { .p = NULL };

	if (m == NULL)
		return;
	b.w = waiting_of(m);
	b.p = b.w->p;
	b.n = b.w->n;
	b.unique = b.w->unique;
	b.i = m->begin;
	b.mark = m->self + 1;
	if (type == json_type_string)
		read_string(&b, v);
	else if (type == json_type_object)
		fill_object(&b, v);
	else
		fill_array(&b, v);
	buf_finish(&b.word);
	json_object_set_userdata(v, NULL, NULL);
}

static void
peek_begin(const struct waiting *w, size_t at, size_t mark, struct peek *k)
{
	*k = (struct peek){ .p = w->p, .n = w->n, .i = at, .marks = w->marks,
	    .next = w->marks + mark, .end = w->marks + w->nmarks };
}

bool
tree_peek(json_object *v, struct peek *k)
{
	const struct scan_mark *m = waits(v);

	if (m == NULL || !waiting_of(m)->unique)
		return false;
	peek_begin(waiting_of(m), m->begin, m->self, k);
	return true;
}

bool
tree_peek_text(json_object *obj, const char *text, struct peek *k)
{
	const struct scan_mark *m;

	if (!json_object_is_type(obj, json_type_object) || obj == NULL)
		return false;
	json_object_object_foreach(obj, key, v) {
		(void)key;
		if ((m = waits(v)) == NULL || waiting_of(m)->p != text)
			continue;
		peek_begin(waiting_of(m), 0, 1, k);
		return true;
	}
	return false;
}

const char *
tree_text(const char *p, size_t n, struct buf *space, size_t *len)
{
	struct build	 b = { .p = p, .n = n, .word = *space };
	const char	*text = build_text(&b, len);

	*space = b.word;
	return text;
}

json_object *
tree_build_peeked(struct peek *k)
{
	size_t begin = k->i;

	peek_skip(k);
	return tree_build(k->p + begin, k->i - begin, true);
}

/* Of one that waits, and goes on waiting. */
static void
read_slice(json_object *array, size_t from, size_t n, json_object *slice)
{
	const struct scan_mark	*m = waits(array);
	struct waiting		*w = waiting_of(m);
	struct build		 b = {
		.p = w->p, .n = w->n, .unique = w->unique, .w = w
	};
	struct peek		 k;
	bool			 more;

	peek_begin(w, m->begin, m->self, &k);
	peek_in(&k, '[');
	while ((more = peek_element(&k)) && from > 0) {
		peek_skip(&k);
		from--;
	}
	b.i = k.i;
	b.mark = (size_t)(k.next - k.marks);
	for (; more && n > 0; n--) {
		append(slice, build_value(&b));
		more = more_elements(&b);
	}
	buf_finish(&b.word);
}

json_object *
tree_slice(json_object *array, size_t from, size_t n)
{
	json_object	*slice = new_array();
	size_t		 i, there = json_object_array_length(array);

	if (waits(array) != NULL)
		read_slice(array, from, n, slice);
	for (i = from; i < there && i - from < n; i++)
		append(slice, json_object_get(
		    json_object_array_get_idx(array, i)));
	return slice;
}

size_t
tree_count(json_object *array)
{
	const struct scan_mark	*m = waits(array);
	struct peek		 k;
	size_t			 n = 0;

	if (m == NULL)
		return json_object_array_length(array);
	peek_begin(waiting_of(m), m->begin, m->self, &k);
	peek_in(&k, '[');
	while (peek_element(&k)) {
		peek_skip(&k);
		n++;
	}
	return n;
}

const char *
tree_as_it_came(json_object *v, size_t *n)
{
	const struct scan_mark *m = waits(v);

	if (m == NULL || !m->same)
		return NULL;
	*n = m->end - m->begin;
	return waiting_of(m)->p + m->begin;
}
