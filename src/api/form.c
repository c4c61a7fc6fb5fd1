/* A form with files: where one of its fields is. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/form.h"
#include "base/util.h"

#define BOUNDARY_MAX 70		/* RFC 2046, 5.1.1 */

struct form {
	const char	*p;
	size_t		 n;
	char		 line[BOUNDARY_MAX + 3];	/* "--BOUNDARY" */
	size_t		 width;
};

/* A part: from behind its line on, and where the next line begins. */
struct part {
	size_t	begin, end;
};

enum line { LINE_NONE, LINE_PART, LINE_END, LINE_UNCLEAR };

/* --- Lines between parts. */

static bool
may_bound(const char *p, size_t n)
{
	for (; n > 0; p++, n--)
		if (*p == '\0' || (!isalnum((unsigned char)*p) &&
		    strchr("'()+_,-./:=? ", *p) == NULL))
			return false;
	return true;
}

/* "--BOUNDARY", as it stands in the body; 0: the type names none. */
static size_t
read_boundary(const char *type, char line[static BOUNDARY_MAX + 3])
{
	const char	*p = strcasestr(type, "boundary=");
	size_t		 n;

	if (p == NULL)
		return 0;
	p += strlen("boundary=");
	n = *p == '"' ? strcspn(++p, "\"") : strcspn(p, "; \t");
	if (n == 0 || n > BOUNDARY_MAX || !may_bound(p, n))
		return 0;
	snprintf(line, BOUNDARY_MAX + 3, "--%.*s", (int)n, p);
	return n + 2;
}

char *
form_type(const char *type)
{
	char line[BOUNDARY_MAX + 3];

	return read_boundary(type, line) == 0 ? NULL :
	    xasprintf("multipart/form-data; boundary=\"%s\"", line + 2);
}

void
form_part(const char *type, const char *name, const char *value,
    struct buf *out)
{
	char line[BOUNDARY_MAX + 3];

	if (read_boundary(type, line) > 0)
		buf_printf(out, "%s\r\nContent-Disposition: form-data; "
		    "name=\"%s\"\r\n\r\n%s\r\n", line, name, value);
}

/* Where "what" begins in p[from..n); n when it isn't there. */
static size_t
find(const char *p, size_t n, size_t from, const char *what, size_t len)
{
	const char *at = memmem(p + from, n - from, what, len);

	return at != NULL ? (size_t)(at - p) : n;
}

static bool
is_at(const struct form *f, size_t i, const char *two)
{
	return f->n - i >= 2 && memcmp(f->p + i, two, 2) == 0;
}

/* The next one from *after on; what only some would take for one is unclear. */
static enum line
next_line(const struct form *f, size_t *begin, size_t *after)
{
	size_t at = *after;

	while ((at = find(f->p, f->n, at, f->line, f->width)) < f->n &&
	    at > 0 && f->p[at - 1] != '\n')
		at += f->width;
	*begin = at;
	if (at == f->n)
		return LINE_NONE;
	*after = at + f->width;
	if (at > 0 && (at < 2 || f->p[at - 2] != '\r'))
		return LINE_UNCLEAR;
	if (is_at(f, *after, "--"))
		return LINE_END;
	while (*after < f->n && (f->p[*after] == ' ' || f->p[*after] == '\t'))
		++*after;
	return is_at(f, *after, "\r\n") ? LINE_PART : LINE_UNCLEAR;
}

/* --- The name of a part. */

/* Up to the quote that ends it, behind which the answer is; NULL: none does. */
static const char *
quoted_end(const char *p, const char *end)
{
	for (; p < end && *p != '"'; p++)
		if (*p == '\\' && ++p == end)
			return NULL;
	return p < end ? p + 1 : NULL;
}

/* One parameter, "; KEY=VALUE"; NULL when it is none. */
static const char *
read_param(const char *p, const char *end, const char **key, size_t *keylen,
    const char **value, size_t *len)
{
	while (p < end && (*p == ';' || *p == ' ' || *p == '\t'))
		p++;
	for (*key = p; p < end && *p != '=' && *p != ';'; p++)
		;
	*keylen = (size_t)(p - *key);
	if (p == end || *p++ != '=')
		return NULL;
	*value = p;
	if (p < end && *p == '"') {
		++*value;
		if ((p = quoted_end(p + 1, end)) == NULL)
			return NULL;
		*len = (size_t)(p - *value) - 1;
	} else {
		while (p < end && strchr("; \t\"", *p) == NULL)
			p++;
		*len = (size_t)(p - *value);
	}
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	return p == end || *p == ';' ? p : NULL;
}

/* The one name of "form-data; ..."; NULL: there is none, or it is unclear. */
static const char *
name_in(const char *p, const char *end, size_t *namelen)
{
	const char	*name = NULL, *key, *value;
	size_t		 keylen, len;

	if ((p = memchr(p, ';', (size_t)(end - p))) == NULL)
		return NULL;
	while (p < end) {
		if ((p = read_param(p, end, &key, &keylen, &value, &len)) ==
		    NULL)
			return NULL;
		if (keylen < 4 || strncasecmp(key, "name", 4) != 0)
			continue;
		if (keylen > 4 || name != NULL ||
		    memchr(value, '\\', len) != NULL)
			return NULL;
		name = value;
		*namelen = len;
	}
	return name;
}

/* The name in a part's header, each line of which follows a line's end. */
static const char *
name_of(const char *p, const char *end, size_t *namelen)
{
	static const char	 field[] = "content-disposition";
	const size_t		 n = sizeof(field) - 1;
	const char		*name = NULL, *line;

	if (memchr(p, '\0', (size_t)(end - p)) != NULL)
		return NULL;
	for (; p < end; p = line) {
		p += 2;
		line = memmem(p, (size_t)(end - p), "\r\n", 2);
		if (line == NULL)
			line = end;
		if (p == line || *p == ' ' || *p == '\t' ||
		    memchr(p, '\n', (size_t)(line - p)) != NULL ||
		    memchr(p, '\r', (size_t)(line - p)) != NULL)
			return NULL;
		if ((size_t)(line - p) <= n || strncasecmp(p, field, n) != 0)
			continue;
		if (name != NULL || p[n] != ':' ||
		    (name = name_in(p, line, namelen)) == NULL)
			return NULL;
	}
	return name;
}

/* --- A field. */

static enum form_found
look_at(const struct form *f, const struct part *part, const char *name,
    size_t *at, size_t *len)
{
	size_t		 head, n;
	const char	*said;

	head = find(f->p, part->end, part->begin, "\r\n\r\n", 4);
	if (head == part->end || part->end < head + 6 ||
	    (said = name_of(f->p + part->begin, f->p + head, &n)) == NULL)
		return FORM_UNCLEAR;
	if (n != strlen(name) || strncasecmp(said, name, n) != 0)
		return FORM_NONE;
	*at = head + 4;
	*len = part->end - 2 - *at;	/* without the line's end */
	return FORM_ONE;
}

enum form_found
form_field(const char *type, const char *p, size_t n, const char *name,
    size_t *at, size_t *len)
{
	struct form	 f = { .p = p, .n = n };
	struct part	 part;
	enum form_found	 found = FORM_NONE, here;
	enum line	 line;
	size_t		 after = 0;

	*len = 0;
	if ((f.width = read_boundary(type, f.line)) == 0)
		return FORM_UNCLEAR;
	line = next_line(&f, &part.end, &after);
	*at = part.end;
	while (line == LINE_PART) {
		part.begin = after;
		line = next_line(&f, &part.end, &after);
		here = line == LINE_PART || line == LINE_END ?
		    look_at(&f, &part, name, at, len) : FORM_UNCLEAR;
		if (here == FORM_UNCLEAR || (here == FORM_ONE &&
		    found == FORM_ONE))
			return FORM_UNCLEAR;
		if (here == FORM_ONE)
			found = FORM_ONE;
	}
	return line == LINE_END ? found : FORM_UNCLEAR;
}
