/* An answer as a line of the journal. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "base/util.h"
#include "state/ledger-line.h"

#define TEXT_MAX	128	/* of a name in a line */
#define TEXTS		4
#define NUMBERS		9
#define LINE_MAX_SIZE	(TEXTS * (TEXT_MAX + 1) + NUMBERS * UTIL_INT_SIZE + \
			    sizeof(".\n"))

static char *
put_text(char *at, const char *s)
{
	const char *end = s + TEXT_MAX;

	for (; s < end && *s != '\0'; s++)
		*at++ = (unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s;
	*at++ = '\t';
	return at;
}

static char *
put_number(char *at, int64_t n)
{
	at += util_print_int(n, at);
	*at++ = '\t';
	return at;
}

void
ledger_line_put(struct buf *out, const struct ledger_row *r)
{
	const struct ledger_counts	*c = &r->counts;
	char				*at;

	buf_reserve(out, LINE_MAX_SIZE);
	at = put_number(out->p + out->len, r->start);
	at = put_number(at, r->status);
	at = put_number(at, c->requests);
	at = put_number(at, c->input);
	at = put_number(at, c->cached);
	at = put_number(at, c->cache_write);
	at = put_number(at, c->output);
	at = put_number(at, c->nano);
	at = put_text(at, r->key);
	at = put_text(at, r->model);
	at = put_text(at, r->endpoint);
	at = put_text(at, r->initiator);
	at = put_number(at, c->estimated);
	/* It says that the line is whole. */
	memcpy(at, ".\n", sizeof(".\n"));
	out->len = (size_t)(at - out->p) + strlen(".\n");
}

/* --- Reading. */

/* A number or a text, and the place behind its tab. */
static bool
take_number(char **at, int64_t *n)
{
	char	*s = *at;
	bool	 minus = *s == '-';
	int64_t	 sum = 0;

	for (s += minus; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, *s - '0', &sum))
			return false;
	if (*s != '\t' || s == *at + minus)
		return false;
	*n = minus ? -sum : sum;
	*at = s + 1;
	return true;
}

static bool
take_text(char **at, const char **text)
{
	char *end = strchr(*at, '\t');

	if (end == NULL)
		return false;
	*end = '\0';
	*text = *at;
	*at = end + 1;
	return true;
}

/* A text may have been cut within a character; a database would refuse it. */
static void
repair(char *s)
{
	while (*(s += text_utf8_prefix(s, strlen(s))) != '\0')
		*s++ = '?';
}

static bool
is_end(const char *at)
{
	return strcmp(at, ".") == 0;
}

/* Lines of older versions don't say who asked, and have no estimate. */
bool
ledger_line_read(char *line, struct ledger_row *r)
{
	struct ledger_counts	*c = &r->counts;
	int64_t			 status;
	char			*at = line;

	repair(line);
	*r = (struct ledger_row){ .initiator = "" };
	if (!take_number(&at, &r->start) || !take_number(&at, &status) ||
	    !take_number(&at, &c->requests) || !take_number(&at, &c->input) ||
	    !take_number(&at, &c->cached) ||
	    !take_number(&at, &c->cache_write) ||
	    !take_number(&at, &c->output) || !take_number(&at, &c->nano) ||
	    !take_text(&at, &r->key) || !take_text(&at, &r->model) ||
	    !take_text(&at, &r->endpoint))
		return false;
	r->status = (int)status;
	return is_end(at) || (take_text(&at, &r->initiator) && (is_end(at) ||
	    (take_number(&at, &c->estimated) && is_end(at))));
}
