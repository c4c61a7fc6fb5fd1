/* Stop strings, honoured here for an upstream that ignores them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "turn/complain.h"
#include "turn/stop.h"

#define STOPS_MAX	4	/* OpenAI's limit */
#define LENGTH_MAX	4096	/* bytes of one; models' own are a few words */

/* One string and how much of it the text ends with (Knuth, Morris, Pratt). */
struct pattern {
	char	*text;
	size_t	 len;
	size_t	*border;	/* of each prefix: its longest border */
	size_t	 matched;
};

struct stop {
	struct pattern		 list[STOPS_MAX];
	size_t			 n;
	const struct pattern	*found;	/* NULL: none yet */
};

static void
advance(struct pattern *p, char c)
{
	while (p->matched > 0 && p->text[p->matched] != c)
		p->matched = p->border[p->matched - 1];
	if (p->text[p->matched] == c)
		p->matched++;
}

static void
add(struct stop *s, const char *text, size_t n)
{
	struct pattern	*p = &s->list[s->n++];
	size_t		 i;

	p->len = n;
	p->text = xmalloc(n + 1);
	memcpy(p->text, text, n);
	p->text[n] = '\0';
	p->border = xcalloc(p->len, sizeof(*p->border));
	/* The string is searched in itself, one byte late. */
	for (i = 1; i < p->len; i++) {
		advance(p, p->text[i]);
		p->border[i] = p->matched;
	}
	p->matched = 0;
}

static bool
read_one(struct stop *s, json_object *v, struct err *err)
{
	if (!json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, "stop",
		    "one of a string or array of strings", v);
	if (json_object_get_string_len(v) > LENGTH_MAX)
		return err_param(err, "stop", "string_above_max_length",
		    "Invalid 'stop': string too long. Expected a string with "
		    "maximum length %d.", LENGTH_MAX);
	if (json_object_get_string_len(v) > 0)
		add(s, json_object_get_string(v),
		    (size_t)json_object_get_string_len(v));
	return true;
}

static bool
read_all(struct stop *s, json_object *v, struct err *err)
{
	size_t i, n = js_len(v);

	if (!json_object_is_type(v, json_type_array))
		return read_one(s, v, err);
	if (n > STOPS_MAX)
		return err_param(err, "stop", "array_above_max_length",
		    "Invalid 'stop': array too long. Expected an array with "
		    "maximum length %d, but got an array with length %zu "
		    "instead.", STOPS_MAX, n);
	for (i = 0; i < n; i++)
		if (!read_one(s, json_object_array_get_idx(v, i), err))
			return false;
	return true;
}

bool
stop_read(json_object *v, struct stop **stop, struct err *err)
{
	struct stop *s;

	*stop = NULL;
	if (v == NULL)
		return true;
	s = xcalloc(1, sizeof(*s));
	if (!read_all(s, v, err)) {
		stop_destroy(s);
		return false;
	}
	if (s->n > 0)
		*stop = s;
	else
		stop_destroy(s);
	return true;
}

struct stop *
stop_copy(const struct stop *from)
{
	struct stop	*s = xcalloc(1, sizeof(*s));
	size_t		 i;

	for (i = 0; i < from->n; i++)
		add(s, from->list[i].text, from->list[i].len);
	return s;
}

bool
stop_has_blank(const struct stop *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strspn(s->list[i].text, " \t\r\n\v\f") ==
		    s->list[i].len)
			return true;
	return false;
}

void
stop_destroy(struct stop *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++) {
		free(s->list[i].text);
		free(s->list[i].border);
	}
	free(s);
}

/* The pattern that the text ends with the most of: what is held back. */
static const struct pattern *
longest(const struct stop *s)
{
	const struct pattern	*best = &s->list[0];
	size_t			 i;

	for (i = 1; i < s->n; i++)
		if (s->list[i].matched > best->matched)
			best = &s->list[i];
	return best;
}

/* The longest stop string that ends with byte c, NULL: none does. */
static const struct pattern *
step(struct stop *s, char c)
{
	const struct pattern	*found = NULL;
	struct pattern		*p;

	for (p = s->list; p < s->list + s->n; p++) {
		advance(p, c);
		if (p->matched == p->len &&
		    (found == NULL || p->len > found->len))
			found = p;
	}
	return found;
}

bool
stop_feed(struct stop *s, const char *text, size_t n,
    struct buf *out)
{
	const struct pattern	*held = longest(s);
	size_t			 i, end;

	buf_append(out, held->text, held->matched);
	end = out->len;
	buf_append(out, text, n);
	for (i = 0; i < n; i++)
		if ((s->found = step(s, text[i])) != NULL) {
			buf_truncate(out, end + i + 1 - s->found->len);
			return true;
		}
	buf_truncate(out, out->len - longest(s)->matched);
	return false;
}

const char *
stop_found(const struct stop *s)
{
	return s->found != NULL ? s->found->text : NULL;
}

void
stop_flush(struct stop *s, struct buf *out)
{
	const struct pattern	*held = longest(s);
	size_t			 i;

	buf_append(out, held->text, held->matched);
	for (i = 0; i < s->n; i++)
		s->list[i].matched = 0;
}
