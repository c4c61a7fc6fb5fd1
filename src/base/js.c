/* json-c with types, limits and the original bytes. */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/body.h"
#include "base/budget.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/peek.h"
#include "base/plain.h"
#include "base/scan.h"
#include "base/text.h"
#include "base/tree.h"
#include "base/util.h"

/* A print is a buffer of json-c's and one of ours; both double to grow. */
#define PRINT_COST 4

#define FEW 12		/* members that are compared one by one */

#define LARGE 2048	/* below, a tree costs no more than to wait for it */

static void
position(const char *p, size_t at, size_t *line, size_t *column)
{
	size_t i;

	*line = *column = 1;
	for (i = 0; i < at; i++) {
		if (p[i] == '\n') {
			(*line)++;
			*column = 1;
		} else
			(*column)++;
	}
}

/*
 * The tree, when there is memory for it, its print, and what is made of
 * that. NULL when not.
 */
static json_object *
build_within(const char *p, size_t n, const struct scan_facts *f)
{
	return budget_afford(scan_cost(f) + PRINT_COST * n) ?
	    tree_build(p, n, false) : NULL;
}

bool
js_parse_at(const char *p, size_t n, json_object **obj, const char **reason,
    size_t *line, size_t *column)
{
	struct scan_facts f = { .why = "it is too large" };

	*obj = NULL;
	if (n < INT_MAX && scan_json(p, n, SCAN_ONE_READING, &f)) {
		*obj = tree_build(p, n, true);
		return true;
	}
	*reason = f.why;
	position(p, f.at, line, column);
	return false;
}

bool
js_parse(const char *p, size_t n, json_object **obj, struct err *err)
{
	const char	*why;
	size_t		 line, column;

	*obj = NULL;
	if (n >= INT_MAX)
		return err_set(err, 413, ERR_REQUEST, NULL, NULL,
		    "The JSON text is too large.");
	if (js_parse_at(p, n, obj, &why, &line, &column))
		return true;
	return err_set(err, 400, ERR_REQUEST, NULL, NULL,
	    "We could not parse the JSON body of your request: %s at line %zu, "
	    "column %zu.", why, line, column);
}

bool
js_parse_body(struct buf *text, json_object **obj, struct err *err)
{
	struct scan_facts f = { .poor = false };
	struct scan_marks marks = { 0 };

	*obj = NULL;
	if (text->len >= INT_MAX || !scan_json_marks(buf_str(text), text->len,
	    SCAN_ONE_READING, &f, &marks)) {
		free(marks.list);
		return f.poor ? budget_refuse(NULL, err) :
		    js_parse(buf_str(text), text->len, obj, err);
	}
	if (!budget_afford(scan_cost(&f) + 2 * text->len)) {
		free(marks.list);
		return budget_refuse(NULL, err);
	}
	if (f.half)
		scan_mend_halves(text->p, text->len);
	*obj = tree_build_lazy_take(text->p, text->len, &marks);
	return true;
}

json_object *
js_parse_quiet(const char *p, size_t n)
{
	struct scan_facts f;

	return n < INT_MAX && scan_json(p, n, SCAN_ANY, &f) ?
	    build_within(p, n, &f) : NULL;
}

/* Events that repeat the request are large, and few of their values matter. */
static json_object *
parse_large(const char *p, size_t n, struct scan_facts *f)
{
	struct scan_marks marks = { 0 };

	if (scan_json_marks(p, n, SCAN_ANY, f, &marks) && !f->half &&
	    budget_afford(scan_cost(f) + (PRINT_COST + 1) * n))
		return tree_build_own_take(p, n, &marks);
	free(marks.list);
	return NULL;
}

json_object *
js_detach(json_object *v)
{
	struct buf		 text = { 0 };
	struct scan_facts	 f;
	json_object		*own = NULL;

	tree_print(v, &text);
	if (text.len >= LARGE && text.len < INT_MAX)
		own = parse_large(text.p, text.len, &f);
	buf_finish(&text);
	return own != NULL ? own : json_object_get(js_read_all(v));
}

json_object *
js_parse_event(struct js_halves *h, const char *p, size_t n)
{
	struct scan_facts	 f;
	struct buf		 joined = { 0 };
	json_object		*obj;

	if (n >= LARGE && n < INT_MAX && (obj = parse_large(p, n, &f)) != NULL)
		return obj;
	if (n >= INT_MAX || !scan_json(p, n, SCAN_ANY, &f))
		return NULL;
	if (!f.half)
		return build_within(p, n, &f);
	scan_join_halves(p, n, h->high, &joined);
	obj = build_within(joined.p, joined.len, &f);
	buf_finish(&joined);
	return obj;
}

/* --- What waits to be read. Only what is empty may. */

json_object *
js_read(json_object *v)
{
	if (v != NULL && json_object_get_userdata(v) != NULL)
		tree_open(v);
	return v;
}

json_object *
js_read_all(json_object *v)
{
	size_t i;

	js_read(v);
	if (json_object_is_type(v, json_type_array)) {
		for (i = 0; i < js_len(v); i++)
			js_read_all(json_object_array_get_idx(v, i));
	} else if (json_object_is_type(v, json_type_object) && v != NULL) {
		json_object_object_foreach(v, key, member) {
			(void)key;
			js_read_all(member);
		}
	}
	return v;
}

/* A container's is its print. */
const char *
js_text(json_object *v)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return (json_object_get_string)(js_read_all(v));
	s = (json_object_get_string)(v);
	return *s != '\0' ? s : (json_object_get_string)(js_read(v));
}

int
js_text_len(json_object *v)
{
	int n = (json_object_get_string_len)(v);

	return n != 0 ? n : (json_object_get_string_len)(js_read(v));
}

size_t
js_length(json_object *array)
{
	size_t n = (json_object_array_length)(array);

	return n != 0 ? n : tree_count(array);
}

json_object *
js_at(json_object *array, size_t i)
{
	json_object *v = (json_object_array_get_idx)(array, i);

	return v != NULL ? v : (json_object_array_get_idx)(js_read(array), i);
}

struct lh_table *
js_members(json_object *obj)
{
	struct lh_table *table = (json_object_get_object)(obj);

	if (table != NULL && table->count == 0)
		js_read(obj);
	return table;
}

json_object *
js_slice(json_object *array, size_t from, size_t n)
{
	return tree_slice(array, from, n);
}

void
js_print(json_object *obj, struct buf *out)
{
	tree_print(obj, out);
}

json_object *
js_print_string(json_object *v)
{
	struct buf	 text = { 0 };
	json_object	*string;

	js_print(v, &text);
	string = json_object_new_string_len(buf_str(&text), (int)text.len);
	buf_finish(&text);
	return string;
}

json_object *
js_typed(const char *type)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "type", type);
	return obj;
}

unsigned
js_kinds(json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_string:
		return JS_STRING;
	case json_type_int:
		return JS_INTEGER | JS_NUMBER;
	case json_type_double:
		return JS_NUMBER;
	case json_type_boolean:
		return JS_BOOLEAN;
	case json_type_object:
		return JS_OBJECT;
	case json_type_array:
		return JS_ARRAY;
	default:
		return 0;
	}
}

/* Two letters tell most names apart, without a call. */
static inline bool
same_name(const char *a, const char *b)
{
	return a[0] == b[0] && (a[0] == '\0' || (a[1] == b[1] &&
	    (a[1] == '\0' || strcmp(a + 2, b + 2) == 0)));
}

/*
 * The member of that name, or NULL. Most objects have a few: to compare these
 * names costs less than to compute the hash of one.
 */
static const struct lh_entry *
find(json_object *obj, const char *key)
{
	const struct lh_table	*table;
	const struct lh_entry	*e;

	if (!json_object_is_type(obj, json_type_object) || obj == NULL)
		return NULL;
	table = json_object_get_object(obj);
	if (table->count > FEW)
		return lh_table_lookup_entry(
		    json_object_get_object(obj), key);
	for (e = table->head; e != NULL; e = e->next)
		if (same_name(e->k, key))
			return e;
	return NULL;
}

/* json-c has it as a constant. */
static json_object *
value_of(const struct lh_entry *e)
{
	json_object *v;

	memcpy(&v, &e->v, sizeof(v));
	return v;
}

json_object *
js_get(json_object *obj, const char *key)
{
	const struct lh_entry *e = find(obj, key);

	return e != NULL ? value_of(e) : NULL;
}

bool
js_has(json_object *obj, const char *key)
{
	return find(obj, key) != NULL;
}

static json_object *
typed(json_object *obj, const char *key, json_type type)
{
	json_object *v = js_get(obj, key);

	return json_object_is_type(v, type) && v != NULL ? v : NULL;
}

const char *
js_str(json_object *obj, const char *key)
{
	json_object *v = typed(obj, key, json_type_string);

	return v != NULL ? json_object_get_string(v) : NULL;
}

int64_t
js_int(json_object *obj, const char *key, int64_t dflt)
{
	json_object *v = js_get(obj, key);

	if (!json_object_is_type(v, json_type_int) &&
	    !json_object_is_type(v, json_type_double))
		return dflt;
	return json_object_get_int64(v);
}

double
js_double(json_object *obj, const char *key, double dflt)
{
	json_object *v = js_get(obj, key);

	if (!json_object_is_type(v, json_type_int) &&
	    !json_object_is_type(v, json_type_double))
		return dflt;
	return json_object_get_double(v);
}

bool
js_bool(json_object *obj, const char *key, bool dflt)
{
	json_object *v = typed(obj, key, json_type_boolean);

	return v != NULL ? json_object_get_boolean(v) : dflt;
}

json_object *
js_obj(json_object *obj, const char *key)
{
	return typed(obj, key, json_type_object);
}

json_object *
js_array(json_object *obj, const char *key)
{
	return typed(obj, key, json_type_array);
}

size_t
js_len(json_object *array)
{
	return json_object_is_type(array, json_type_array) ?
	    json_object_array_length(array) : 0;
}

bool
js_is(json_object *obj, const char *key, const char *value)
{
	const char *s = js_str(obj, key);

	return s != NULL && strcmp(s, value) == 0;
}

void
js_add_take(json_object *obj, const char *key, json_object *value)
{
	if (json_object_object_add(obj, key, value) != 0)
		die("out of memory");
}

void
js_add_ref(json_object *obj, const char *key, json_object *value)
{
	js_add_take(obj, key, json_object_get(value));
}

void
js_add_given(json_object *obj, const char *key, json_object *value)
{
	if (value != NULL)
		js_add_ref(obj, key, value);
}

void
js_add_str(json_object *obj, const char *key, const char *value)
{
	js_add_take(obj, key,
	    value != NULL ? json_object_new_string(value) : NULL);
}

void
js_add_int(json_object *obj, const char *key, int64_t value)
{
	js_add_take(obj, key, json_object_new_int64(value));
}

void
js_add_bool(json_object *obj, const char *key, bool value)
{
	js_add_take(obj, key, json_object_new_boolean(value));
}

void
js_add_null(json_object *obj, const char *key)
{
	js_add_take(obj, key, NULL);
}

void
js_del(json_object *obj, const char *key)
{
	if (js_has(obj, key))
		json_object_object_del(obj, key);
}

void
js_append_take(json_object **array, json_object *value)
{
	if (*array == NULL)
		*array = json_object_new_array();
	if (json_object_array_add(*array, value) != 0)
		die("out of memory");
}

void
js_append_text(struct buf *b, json_object *string)
{
	buf_append(b, json_object_get_string(string),
	    (size_t)json_object_get_string_len(string));
}

/* --- The original bytes. All below reads text that js_parse accepted. */

static size_t
skip_space(const char *t, size_t n, size_t i)
{
	while (i < n && (t[i] == ' ' || t[i] == '\t' || t[i] == '\n' ||
	    t[i] == '\r'))
		i++;
	return i;
}

/* From the opening quote to just behind the closing one. */
static size_t
skip_string(const char *t, size_t n, size_t i)
{
	size_t back, end;

	for (end = i + 1; end < n; end++) {
		end += plain_until(t + end, n - end, '"');
		if (end == n)
			return n;
		for (back = 0; t[end - 1 - back] == '\\'; back++)
			;
		if (back % 2 == 0)
			return end + 1;
	}
	return n;
}

static size_t
skip_value(const char *t, size_t n, size_t i)
{
	size_t depth = 0;

	for (; i < n; i++) {
		switch (t[i]) {
		case '"':
			i = skip_string(t, n, i);
			if (depth == 0)
				return i;
			i--;
			break;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			if (depth == 0)		/* behind a number or literal */
				return i;
			if (--depth == 0)
				return i + 1;
			break;
		case ',':
		case ' ':
		case '\t':
		case '\r':
		case '\n':
			if (depth == 0)
				return i;
			break;
		}
	}
	return i;
}

struct member {
	size_t key, key_end;	/* with the quotes */
	size_t value, value_end;
};

static size_t
peek_value(struct peek *marks, size_t i)
{
	marks->i = i;
	peek_skip(marks);
	return marks->i;
}

/*
 * The next member of an object; *i starts behind '{', false at '}'. "marks" may
 * be NULL; else they lead behind the values.
 */
static bool
next_member(const char *t, size_t n, size_t *i, struct member *m,
    struct peek *marks)
{
	size_t at = skip_space(t, n, *i);

	if (at < n && t[at] == ',')
		at = skip_space(t, n, at + 1);
	if (at >= n || t[at] != '"')
		return false;
	m->key = at;
	m->key_end = skip_string(t, n, at);
	at = skip_space(t, n, m->key_end);
	m->value = skip_space(t, n, at + 1);	/* behind ':' */
	m->value_end = marks != NULL ? peek_value(marks, m->value) :
	    skip_value(t, n, m->value);
	*i = m->value_end;
	return true;
}

static bool
key_is(const char *t, const struct member *m, const char *key, size_t len)
{
	const char	*p = t + m->key + 1;
	size_t		 n = m->key_end - m->key - 2;
	json_object	*decoded;
	bool		 same;

	if (memchr(p, '\\', n) == NULL)
		return n == len && memcmp(p, key, n) == 0;
	decoded = js_parse_quiet(t + m->key, n + 2);
	same = decoded != NULL &&
	    (size_t)json_object_get_string_len(decoded) == len &&
	    memcmp(json_object_get_string(decoded), key, len) == 0;
	json_object_put(decoded);
	return same;
}

static void
begin_member(struct buf *out, bool *first)
{
	if (!*first)
		buf_putc(out, ',');
	*first = false;
}

static void
edit_put(struct buf *out, bool *first, const struct js_edit *e)
{
	json_object *key = json_object_new_string(e->key);

	begin_member(out, first);
	js_print(key, out);
	buf_putc(out, ':');
	js_print(e->value, out);
	json_object_put(key);
}

static void
member_put(struct body *out, bool *first, const char *t,
    const struct member *m, bool lent)
{
	const char	*value = t + m->value;
	const size_t	 n = m->value_end - m->value;

	begin_member(&out->own, first);
	buf_append(&out->own, t + m->key, m->key_end - m->key);
	buf_putc(&out->own, ':');
	if (lent)
		body_lend(out, value, n);
	else
		buf_append(&out->own, value, n);
}

static bool
is_null(const char *t, const struct member *m)
{
	return m->value_end - m->value == 4 && t[m->value] == 'n';
}

/* Where the text is "lent", what is large in it stays there. */
static void
splice(const char *t, size_t n, const struct js_edit *edits, size_t nedits,
    bool nulls, struct peek *marks, bool lent, struct body *body)
{
	struct buf	*out = &body->own;
	bool		*done = xcalloc(nedits, sizeof(*done)), first = true;
	struct member	 m;
	size_t		 i = skip_space(t, n, 0) + 1, k;

	buf_reserve(out, lent && n > BODY_LENT_MIN ? BODY_LENT_MIN : n + 256);
	buf_putc(out, '{');
	while (next_member(t, n, &i, &m, marks)) {
		for (k = 0; k < nedits; k++)
			if (key_is(t, &m, edits[k].key, strlen(edits[k].key)))
				break;
		if (k == nedits && !nulls && is_null(t, &m))
			continue;
		if (k == nedits)
			member_put(body, &first, t, &m, lent);
		else if (!done[k] && !edits[k].remove)
			edit_put(out, &first, &edits[k]);
		if (k < nedits)
			done[k] = true;
	}
	for (k = 0; k < nedits; k++)
		if (!done[k] && !edits[k].remove)
			edit_put(out, &first, &edits[k]);
	buf_putc(out, '}');
	free(done);
}

void
js_splice(const char *t, size_t n, const struct js_edit *edits, size_t nedits,
    struct buf *out)
{
	struct body body = { .own = *out };

	splice(t, n, edits, nedits, true, NULL, false, &body);
	*out = body.own;
}

void
js_splice_body(const char *t, size_t n, json_object *obj, bool nulls,
    const struct js_edit *edits, size_t nedits, struct body *out)
{
	struct peek marks;

	splice(t, n, edits, nedits, nulls, tree_peek_text(obj, t, &marks) ?
	    &marks : NULL, true, out);
}

int
js_line_of(const char *t, size_t n, const char *path)
{
	struct member	 m;
	const char	*dot;
	size_t		 i = skip_space(t, n, 0), len, line, column;
	bool		 found;

	for (;;) {
		dot = strchr(path, '.');
		len = dot != NULL ? (size_t)(dot - path) : strlen(path);
		if (i >= n || t[i] != '{')
			return 0;
		for (i++, found = false; !found && next_member(t, n, &i, &m,
		    NULL);)
			found = key_is(t, &m, path, len);
		if (!found)
			return 0;
		i = m.value;
		if (dot == NULL)
			break;
		path = dot + 1;
	}
	position(t, i, &line, &column);
	return (int)line;
}
