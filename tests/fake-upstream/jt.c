/* JSON text from templates, random ids, base64, UTF-8. */
#include "config.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "jt.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
jt_string(struct buf *out, const char *s, size_t n)
{
	size_t		i, plain = 0;
	unsigned char	c;

	buf_putc(out, '"');
	for (i = 0; i < n; i++) {
		c = (unsigned char)s[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_append(out, s + plain, i - plain);
		plain = i + 1;
		if (c == '\n')
			buf_puts(out, "\\n");
		else if (c >= 0x20)
			buf_printf(out, "\\%c", c);
		else
			buf_printf(out, "\\u%04x", c);
	}
	buf_append(out, s + plain, n - plain);
	buf_putc(out, '"');
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
sorted_object(struct buf *out, json_object *obj)
{
	size_t		  n = (size_t)json_object_object_length(obj), i = 0;
	const char	**names = xcalloc(n, sizeof(*names));

	json_object_object_foreach(obj, key, value) {
		(void)value;
		names[i++] = key;
	}
	qsort(names, n, sizeof(*names), by_name);
	buf_putc(out, '{');
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		jt_string(out, names[i], strlen(names[i]));
		buf_putc(out, ':');
		jt_sorted(out, js_get(obj, names[i]));
	}
	buf_putc(out, '}');
	free(names);
}

/* The depth is bounded: js_parse refused anything deeper than JS_DEPTH. */
void
jt_sorted(struct buf *out, json_object *obj)
{
	size_t i, n;

	if (json_object_is_type(obj, json_type_object) && obj != NULL) {
		sorted_object(out, obj);
	} else if (json_object_is_type(obj, json_type_array) && obj != NULL) {
		n = json_object_array_length(obj);
		buf_putc(out, '[');
		for (i = 0; i < n; i++) {
			if (i > 0)
				buf_putc(out, ',');
			jt_sorted(out, json_object_array_get_idx(obj, i));
		}
		buf_putc(out, ']');
	} else
		js_print(obj, out);
}

static void
put_string(struct buf *out, const char *s)
{
	if (s == NULL)
		buf_puts(out, "null");
	else
		jt_string(out, s, strlen(s));
}

void
jt(struct buf *out, const char *t, ...)
{
	va_list	ap;
	size_t	plain;

	va_start(ap, t);
	while (*t != '\0') {
		plain = strcspn(t, "'%");
		buf_append(out, t, plain);
		t += plain;
		if (*t == '\'') {
			buf_putc(out, '"');
			t++;
			continue;
		}
		if (*t == '\0')
			break;
		switch (t[1]) {
		case 's':
			put_string(out, va_arg(ap, const char *));
			break;
		case 'd':
			buf_printf(out, "%d", va_arg(ap, int));
			break;
		case 'l':
			buf_printf(out, "%lld",
			    (long long)va_arg(ap, int64_t));
			break;
		case 'b':
			buf_puts(out, va_arg(ap, int) ? "true" : "false");
			break;
		case 'r':
			buf_puts(out, va_arg(ap, const char *));
			break;
		case 'j':
			js_print(va_arg(ap, json_object *), out);
			break;
		case 'o':
			jt_sorted(out, va_arg(ap, json_object *));
			break;
		default:
			die("bad template at %s", t);
		}
		t += 2;
	}
	va_end(ap);
}

/* Plenty for ids that only have to differ; one getrandom a program. */
static uint64_t
next_random(void)
{
	static uint64_t	s;
	uint64_t	z;

	if (s == 0)
		util_random(&s, sizeof(s));
	z = (s += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

void
random_base64(char *p, size_t n)
{
	uint64_t	r = 0;
	size_t		i;

	for (i = 0; i < n; i++, r >>= 6) {
		if (i % 10 == 0)
			r = next_random();
		p[i] = alphabet[r & 63];
	}
	p[n] = '\0';
}

char *
random_id(const char *prefix, size_t n)
{
	size_t	 len = strlen(prefix), i;
	char	*s = xmalloc(len + n + 1);

	memcpy(s, prefix, len);
	for (i = len; i < len + n; i++)
		s[i] = alphabet[next_random() % 62];
	s[len + n] = '\0';
	return s;
}

void
base64(struct buf *out, const void *data, size_t n)
{
	const unsigned char	*p = data;
	unsigned		 v;
	size_t			 i;

	buf_reserve(out, (n + 2) / 3 * 4);
	for (i = 0; i < n; i += 3) {
		v = (unsigned)p[i] << 16;
		if (i + 1 < n)
			v |= (unsigned)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		buf_putc(out, alphabet[v >> 18]);
		buf_putc(out, alphabet[v >> 12 & 63]);
		buf_putc(out, i + 1 < n ? alphabet[v >> 6 & 63] : '=');
		buf_putc(out, i + 2 < n ? alphabet[v & 63] : '=');
	}
}

size_t
utf8_prefix(const char *s, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* How many bytes this lead byte announces, 0 for none. */
static size_t
sequence(unsigned char c)
{
	return c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 :
	    c < 0xf5 ? 4 : 0;
}

int
utf8_valid(const char *s, size_t n)
{
	const unsigned char	*p = (const unsigned char *)s;
	size_t			 i, len, k;

	for (i = 0; i < n; i += len) {
		if ((len = sequence(p[i])) == 0 || len > n - i)
			return 0;
		for (k = 1; k < len; k++)
			if ((p[i + k] & 0xc0) != 0x80)
				return 0;
		if ((p[i] == 0xe0 && p[i + 1] < 0xa0) ||
		    (p[i] == 0xed && p[i + 1] > 0x9f) ||
		    (p[i] == 0xf0 && p[i + 1] < 0x90) ||
		    (p[i] == 0xf4 && p[i + 1] > 0x8f))
			return 0;
	}
	return 1;
}
