/* Pieces of HTML. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "page/html.h"
#include "state/ledger-sums.h"

#define BAR_WIDTH	100

void
html_text(struct buf *out, const char *s)
{
	for (; s != NULL && *s != '\0'; s++)
		switch (*s) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		default:
			buf_putc(out, *s);
		}
}

void
html_element(struct buf *out, const char *tag, const char *text)
{
	buf_printf(out, "<%s>", tag);
	html_text(out, text);
	buf_printf(out, "</%s>", tag);
}

void
html_cell(struct buf *out, const char *text)
{
	html_element(out, "td", text);
}

void
html_number(struct buf *out, const char *text)
{
	buf_puts(out, "<td class=\"n\">");
	html_text(out, text);
	buf_puts(out, "</td>");
}

void
html_count(int64_t n, char out[static 32])
{
	char	digits[24];
	size_t	len, i, at = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%lld",
	    n > 0 ? (long long)n : 0);
	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

void
html_credits_cell(struct buf *out, int64_t nano)
{
	char text[LEDGER_CREDITS_SIZE];

	/* A hundredth of a credit is a hundredth of a cent. */
	snprintf(text, sizeof(text), "%.2f", (double)nano / CREDIT_NANO);
	html_number(out, text);
}

void
html_bar(struct buf *out, int64_t n, int64_t most)
{
	double width = most > 0 ? (double)n / (double)most * BAR_WIDTH : 0;

	buf_printf(out, "<td class=\"bar\"><svg viewBox=\"0 0 %d 10\" "
	    "preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect "
	    "width=\"%.2f\" height=\"10\"/></svg></td>", BAR_WIDTH, width);
}

void
html_mount(struct buf *out, const char *path)
{
	size_t n;

	while (path[0] == '/' && path[1] == '/')
		path++;
	for (n = strlen(path); n > 0 && path[n - 1] == '/'; n--)
		;
	for (; n > 0; n--, path++)
		if (isalnum((unsigned char)*path) ||
		    strchr("-._~/", *path) != NULL)
			buf_putc(out, *path);
		else
			buf_printf(out, "%%%02X", (unsigned char)*path);
}
