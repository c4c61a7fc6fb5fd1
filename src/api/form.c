/* A form with files: where one of its fields is. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/form.h"

#define BOUNDARY_MAX 70		/* RFC 2046, 5.1.1 */

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
	if (n == 0 || n > BOUNDARY_MAX)
		return 0;
	snprintf(line, BOUNDARY_MAX + 3, "--%.*s", (int)n, p);
	return n + 2;
}

/* Where "what" begins in p[from..n); n when it isn't there. */
static size_t
find(const char *p, size_t n, size_t from, const char *what, size_t len)
{
	const char *at = memmem(p + from, n - from, what, len);

	return at != NULL ? (size_t)(at - p) : n;
}

/* Does the header of a part say that name? */
static bool
is_named(const char *p, size_t n, const char *name)
{
	char	 want[64];
	int	 len = snprintf(want, sizeof(want), " name=\"%s\"", name);

	return memmem(p, n, want, (size_t)len) != NULL;
}

bool
form_field(const char *type, const char *p, size_t n, const char *name,
    size_t *at, size_t *len)
{
	char	line[BOUNDARY_MAX + 3];
	size_t	width = read_boundary(type, line), from = 0, head, end;

	if (width == 0)
		return false;
	while ((from = find(p, n, from, line, width)) < n) {
		from += width;
		if ((head = find(p, n, from, "\r\n\r\n", 4)) == n)
			return false;
		end = find(p, n, head + 4, line, width);
		if (end == n || end < head + 6)
			return false;
		if (is_named(p + from, head - from, name)) {
			*at = head + 4;
			*len = end - 2 - *at;	/* without the line's end */
			return true;
		}
		from = end;
	}
	return false;
}
