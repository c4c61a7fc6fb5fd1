/* Copilot's quota, as OpenAI's and Anthropic's headers tell of such a limit. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/http.h"
#include "base/util.h"
#include "copilot/models.h"
#include "copilot/quota.h"

#define SNAPSHOT "x-quota-snapshot-"
#define VALUE_SIZE 40			/* numbers and a time of day */
#define COUNT_MAX 1e15			/* what a double and an int64_t share */

static const struct names {
	const char	*limit, *left, *reset;
} names[] = {
	[QUOTA_OPENAI] = { "x-ratelimit-limit-requests",
	    "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests" },
	[QUOTA_ANTHROPIC] = { "anthropic-ratelimit-requests-limit",
	    "anthropic-ratelimit-requests-remaining",
	    "anthropic-ratelimit-requests-reset" },
};

/*
 * One value of "a=1&b=2", unescaped as far as a time needs it ("%3A" is its
 * only escape). False when it is absent or longer than any that we want.
 */
static bool
value_of(const char *s, const char *name, char out[static VALUE_SIZE])
{
	size_t len = strlen(name), n = 0;

	while (strncmp(s, name, len) != 0 || s[len] != '=') {
		if ((s = strchr(s, '&')) == NULL)
			return false;
		s++;
	}
	for (s += len + 1; *s != '\0' && *s != '&'; s++) {
		if (n == VALUE_SIZE - 1)
			return false;
		if (util_starts_nocase(s, "%3a")) {
			out[n++] = ':';
			s += 2;
		} else
			out[n++] = *s;
	}
	out[n] = '\0';
	return n > 0;
}

static bool
number_of(const char *s, const char *name, double *number)
{
	char	 text[VALUE_SIZE], *end;

	if (!value_of(s, name, text))
		return false;
	*number = strtod(text, &end);
	return *end == '\0' && *number > -COUNT_MAX && *number < COUNT_MAX;
}

/* Requests that are left; Copilot counts fractions, and below zero. */
static bool
left_of(const char *s, double limit, int64_t *left)
{
	double n;

	if (!number_of(s, "totRem", &n)) {
		if (!number_of(s, "rem", &n))
			return false;
		n *= limit / 100;	/* a percentage */
	}
	*left = n > 0 ? (int64_t)n : 0;
	return true;
}

/* Go's form of a duration, up to hours, as OpenAI has it: "6m0s", "26h0m9s". */
static void
put_duration(int64_t s, struct buf *out)
{
	if (s >= 3600) {
		buf_int(out, s / 3600);
		buf_putc(out, 'h');
	}
	if (s >= 60) {
		buf_int(out, s / 60 % 60);
		buf_putc(out, 'm');
	}
	buf_int(out, s % 60);
	buf_putc(out, 's');
}

static void
put_reset(enum quota_form form, const char *s, time_t now, struct buf *out)
{
	struct tm	 tm = { 0 };
	const char	*end;
	char		 text[VALUE_SIZE], utc[UTIL_TIME_SIZE];
	int64_t		 left;

	if (!value_of(s, "rst", text))
		return;
	end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (end == NULL || (*end != 'Z' && *end != '.'))
		return;
	/* The year 1 is how Copilot says that there is no such time. */
	if ((left = (int64_t)timegm(&tm) - (int64_t)now) < 0)
		return;
	buf_puts(out, names[form].reset);
	buf_puts(out, ": ");
	if (form == QUOTA_OPENAI)
		put_duration(left, out);
	else {
		util_time_utc((int64_t)now + left, utc);
		buf_puts(out, utc);
	}
	buf_puts(out, "\r\n");
}

static void
put_count(const char *name, int64_t n, struct buf *out)
{
	buf_puts(out, name);
	buf_puts(out, ": ");
	buf_int(out, n);
	buf_puts(out, "\r\n");
}

void
quota_headers(enum quota_form form, const char *s, time_t now, struct buf *out)
{
	double	limit;
	int64_t	left;
	char	paid[VALUE_SIZE];

	if (!number_of(s, "ent", &limit) || limit < 1 ||
	    !left_of(s, limit, &left))
		return;
	/* Nobody has to wait: what goes beyond is on the bill. */
	if (left == 0 && value_of(s, "ovPerm", paid) &&
	    strcmp(paid, "true") == 0)
		return;
	put_count(names[form].limit, (int64_t)limit, out);
	put_count(names[form].left, left, out);
	put_reset(form, s, now, out);
}

/* Newer servers and older ones call the premium quota differently. */
static char *
snapshot_of(const struct http_reply *reply, bool premium)
{
	char *s;

	if (!premium)
		return http_reply_header(reply, SNAPSHOT "chat");
	s = http_reply_header(reply, SNAPSHOT "premium_interactions");
	return s != NULL ? s :
	    http_reply_header(reply, SNAPSHOT "premium_models");
}

void
quota_note(enum quota_form form, const struct models *models,
    const char *model, const struct http_reply *reply, struct buf *out)
{
	const struct model	*m = NULL;
	char			*s;

	buf_truncate(out, 0);
	if (model != NULL)
		m = models_find(models, model);
	if (m == NULL || (s = snapshot_of(reply, m->premium)) == NULL)
		return;
	quota_headers(form, s, time(NULL), out);
	free(s);
}
