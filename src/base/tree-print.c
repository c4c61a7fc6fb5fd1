/* json-c's tree as text. */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/peek.h"
#include "base/plain.h"
#include "base/scan.h"
#include "base/tree.h"
#include "base/util.h"

#define PRINT_FLAGS (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* Behind a run, for which there is room; the bytes. */
static size_t
print_escape(unsigned char c, char *at)
{
	static const char digits[] = "0123456789abcdef";
	static const char letters[256] = {
		['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\n'] = 'n',
		['\r'] = 'r', ['\t'] = 't', ['\f'] = 'f'
	};

	*at++ = '\\';
	if ((*at++ = letters[c]) != '\0')
		return 2;
	at[-1] = 'u';
	*at++ = '0';
	*at++ = '0';
	*at++ = digits[c >> 4];
	*at++ = digits[c & 15];
	return 6;
}

void
tree_print_text(const char *p, size_t n, struct buf *out)
{
	size_t i = 0, plain;

	buf_putc(out, '"');
	for (;;) {
		plain = plain_run(p + i, n - i, false);
		plain_append(out, p + i, plain, n - i);
		if ((i += plain) == n)
			break;
		out->len += print_escape((unsigned char)p[i++], out->p +
		    out->len);
	}
	buf_putc(out, '"');
}

static void
print_object(json_object *obj, struct buf *out)
{
	bool first = true;

	buf_putc(out, '{');
	json_object_object_foreach(obj, key, v) {
		if (!first)
			buf_putc(out, ',');
		first = false;
		tree_print_text(key, strlen(key), out);
		buf_putc(out, ':');
		tree_print(v, out);
	}
	buf_putc(out, '}');
}

static void
print_array(json_object *array, struct buf *out)
{
	size_t i, n = json_object_array_length(array);

	buf_putc(out, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		tree_print(json_object_array_get_idx(array, i), out);
	}
	buf_putc(out, ']');
}

/* Numbers as json-c prints them. */
static void
print_number(json_object *v, struct buf *out)
{
	size_t		 n;
	const char	*s = json_object_to_json_string_length(v, PRINT_FLAGS,
			    &n);

	if (s == NULL)
		die("out of memory");
	buf_append(out, s, n);
}

void
tree_print(json_object *v, struct buf *out)
{
	size_t		 n;
	const char	*came = tree_as_it_came(v, &n);

	if (came != NULL) {
		buf_append(out, came, n);
		return;
	}
	tree_open(v);
	switch (json_object_get_type(v)) {
	case json_type_null:
		buf_puts(out, "null");
		break;
	case json_type_boolean:
		buf_puts(out, json_object_get_boolean(v) ? "true" : "false");
		break;
	case json_type_string:
		tree_print_text(json_object_get_string(v),
		    (size_t)json_object_get_string_len(v), out);
		break;
	case json_type_object:
		print_object(v, out);
		break;
	case json_type_array:
		print_array(v, out);
		break;
	default:
		print_number(v, out);
		break;
	}
}

/* Without a mark, n bytes: a short string, a number or a word. */
static bool
is_printed(const char *p, size_t n)
{
	size_t i;

	if (p[0] == '"')
		return plain_run(p + 1, n - 2, false) == n - 2;
	if (p[0] == 't' || p[0] == 'f' || p[0] == 'n')
		return true;
	for (i = 0; i < n && p[i] >= '0' && p[i] <= '9'; i++)
		;
	return i == n && n <= SCAN_DIGITS;
}

void
tree_print_peeked(struct peek *k, struct buf *out)
{
	const struct scan_mark	*m = k->next;
	const char		*p = k->p + k->i;
	struct peek		 at = *k;
	bool			 marked = m < k->end && m->begin == k->i;
	json_object		*v;

	peek_skip(k);
	if (marked ? m->same : is_printed(p, k->i - at.i)) {
		buf_append(out, p, k->i - at.i);
		return;
	}
	v = tree_build_peeked(&at);
	tree_print(v, out);
	json_object_put(v);
}

void
tree_print_name(char before, const struct peek_text *name, struct buf *out)
{
	buf_putc(out, before);
	buf_putc(out, '"');
	buf_append(out, name->p, name->n);
	buf_puts(out, "\":");
}
