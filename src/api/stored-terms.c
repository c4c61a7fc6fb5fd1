/* Errors about "input" in the client's terms. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/stored-terms.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#define INDEX_DIGITS 9

/* Behind "input[N]" at p; NULL when that isn't there. */
static const char *
indexed(const char *p, size_t *index)
{
	static const char	 start[] = "input[";
	size_t			 len = sizeof(start) - 1, n;

	if (strncmp(p, start, len) != 0)
		return NULL;
	n = strspn(p + len, "0123456789");
	if (n == 0 || n > INDEX_DIGITS || p[len + n] != ']')
		return NULL;
	*index = strtoul(p + len, NULL, 10);
	return p + len + n + 1;
}

/* The end of what names a place in an item; a full stop is no part of it. */
static const char *
path_end(const char *p)
{
	while (*p == '[' || *p == ']' || *p == '_' ||
	    isalnum((unsigned char)*p) ||
	    (*p == '.' && isalpha((unsigned char)p[1])))
		p++;
	return p;
}

static void
reword(size_t n, const char *by, char *text, size_t size)
{
	struct buf	 out = { 0 };
	const char	*p = text, *end;
	size_t		 i;

	while (*p != '\0') {
		end = p == text || (!isalnum((unsigned char)p[-1]) &&
		    p[-1] != '_' && p[-1] != '.') ? indexed(p, &i) : NULL;
		if (end == NULL)
			buf_putc(&out, *p++);
		else if (i >= n) {
			buf_printf(&out, "input[%zu]", i - n);
			p = end;
		} else {
			buf_puts(&out, by);
			p = path_end(end);
		}
	}
	snprintf(text, size, "%s", buf_str(&out));
	/* What was cut off may have been the rest of a character. */
	text[text_utf8_prefix(text, strlen(text))] = '\0';
	buf_finish(&out);
}

void
stored_terms(size_t n, const char *by, struct err *err)
{
	if (n == 0)
		return;
	reword(n, by, err->param, sizeof(err->param));
	reword(n, by, err->msg, sizeof(err->msg));
}
