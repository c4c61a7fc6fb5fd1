/* An answer as a line of the journal. */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "state/ledger-line.h"

#define TEXT_MAX	128	/* of a name in a line */
#define LINE_USUAL	200	/* bytes */

/* The last one says that the line is whole; older lines have less. */
#define FIELDS		14
#define FIELDS_OLDEST	12

static void
put_text(struct buf *out, const char *s)
{
	size_t n;

	for (n = 0; n < TEXT_MAX && s[n] != '\0'; n++)
		buf_putc(out, (unsigned char)s[n] < 0x20 || s[n] == 0x7f ?
		    '?' : s[n]);
	buf_putc(out, '\t');
}

static void
put_number(struct buf *out, int64_t n)
{
	buf_int(out, n);
	buf_putc(out, '\t');
}

void
ledger_line_put(struct buf *out, const struct ledger_row *r)
{
	const struct ledger_counts *c = &r->counts;

	buf_reserve(out, LINE_USUAL);
	put_number(out, r->start);
	put_number(out, r->status);
	put_number(out, c->requests);
	put_number(out, c->input);
	put_number(out, c->cached);
	put_number(out, c->cache_write);
	put_number(out, c->output);
	put_number(out, c->nano);
	put_text(out, r->key);
	put_text(out, r->model);
	put_text(out, r->endpoint);
	put_text(out, r->initiator);
	put_number(out, c->estimated);
	buf_puts(out, ".\n");
}

/* A text may have been cut within a character; a database would refuse it. */
static char *
repaired(char *s)
{
	char *at = s;

	while (*(at += text_utf8_prefix(at, strlen(at))) != '\0')
		*at++ = '?';
	return s;
}

/* Lines of older versions don't say who asked, and have no estimate. */
bool
ledger_line_read(char *line, struct ledger_row *r)
{
	char	*f[FIELDS], *at = line;
	int64_t	 n[8], estimated = 0;
	size_t	 i, fields;

	for (fields = 0; fields < FIELDS && at != NULL; fields++)
		f[fields] = strsep(&at, "\t");
	if (fields < FIELDS_OLDEST || at != NULL ||
	    strcmp(f[fields - 1], ".") != 0)
		return false;
	for (i = 0; i < COUNT(n); i++)
		if (!util_parse_int64(f[i], &n[i]))
			return false;
	if (fields == FIELDS && !util_parse_int64(f[12], &estimated))
		return false;
	*r = (struct ledger_row){
		.start = n[0], .status = (int)n[1],
		.counts = { n[2], n[3], n[4], n[5], n[6], n[7], estimated },
		.key = repaired(f[8]), .model = repaired(f[9]),
		.endpoint = repaired(f[10]),
		.initiator = fields > FIELDS_OLDEST ? repaired(f[11]) : ""
	};
	return true;
}
