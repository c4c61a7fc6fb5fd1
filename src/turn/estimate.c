/* About what an answer took, where upstream did not say. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "base/plain.h"
#include "base/util.h"
#include "copilot/models.h"
#include "turn/estimate.h"
#include "turn/usage.h"

#define SENT_BYTES	4	/* a token of a request, JSON and all */
#define HEARD_BYTES	3	/* and of plain text */
#define IMAGE_TOKENS	1500	/* one of some size */
#define PAGE_BYTES	60000	/* of a PDF in base64, and its tokens */
#define PAGE_TOKENS	2500
#define STEP		4096	/* between looks for what is in base64 */
#define LOOK		64	/* bytes that are looked at */
#define FILE_MIN	(2 * STEP) /* less counts as text: so few tokens */

/* --- What was sent. */

/* A file stands in a string of its own, which may escape its slashes. */
static bool
is_base64(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=' ||
	    c == '\\';
}

static bool
all_base64(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && is_base64(p[i]); i++)
		;
	return i == n;
}

/* The end of the string that goes on at p, if it looks like a file's to it. */
static const char *
file_end(const char *p, const char *end)
{
	const char *at = p, *quote = memchr(p, '"', (size_t)(end - p));

	end = quote != NULL ? quote : end;
	while (end - at > LOOK && all_base64(at, LOOK))
		at += end - at > STEP ? STEP : LOOK;
	return end - at > LOOK ? at : end;
}

/* Does a file begin there? "data:...;base64," or Anthropic's "data": " */
static bool
begins_file(const char *p, size_t at)
{
	static const char	url[] = "base64,", member[] = "\"data\"";
	size_t			back = at < 16 ? at : 16;

	return back == 16 && (memcmp(p + at - (sizeof(url) - 1), url,
	    sizeof(url) - 1) == 0 || (p[at - 1] == '"' &&
	    memmem(p + at - back, back, member, sizeof(member) - 1) != NULL));
}

static int64_t
file_tokens(const char *p, size_t begin, size_t len)
{
	static const char	pdf[] = "application/pdf";
	size_t			back = begin < 64 ? begin : 64;

	return memmem(p + begin - back, back, pdf, sizeof(pdf) - 1) == NULL ?
	    IMAGE_TOKENS :
	    (1 + (int64_t)(len / PAGE_BYTES)) * (int64_t)PAGE_TOKENS;
}

/*
 * Files are long, so some looks find them: two million bytes of text cost some
 * microseconds.
 */
void
estimate_request(struct estimate *e, const char *p, size_t n)
{
	size_t	at, begin, end, text = n;
	int64_t	files = 0;

	for (at = STEP; at + LOOK < n; at = end + STEP) {
		end = at;
		if (!all_base64(p + at, LOOK))
			continue;
		for (begin = at; begin > 0 && is_base64(p[begin - 1]); begin--)
			;
		end = (size_t)(file_end(p + at, p + n) - p);
		if (end - begin < FILE_MIN || !begins_file(p, begin))
			continue;
		files += file_tokens(p, begin, end - begin);
		text -= end - begin;
	}
	e->sent += (int64_t)(text / SENT_BYTES) + files;
}

/* --- What came. */

/* The bytes of a string, from behind its quote, up to the next one. */
static size_t
string_length(const char *p, const char *end)
{
	const char *at = p;

	for (;;) {
		at += plain_run(at, (size_t)(end - at), false);
		if (at == end || *at == '"')
			return (size_t)(at - p);
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	}
}

/* The bytes of a string, if one is there; *at becomes what is behind it. */
static int64_t
string_at(const char **at, const char *end)
{
	const char	*p = *at;
	size_t		 n = *p == '"' ? string_length(p + 1, end) : 0;

	*at = p + 1 + n;
	return (int64_t)n;
}

/* Members of a delta that the model did not write. */
static bool
is_frame(const char *name, size_t n)
{
	return n == 4 ? memcmp(name, "type", 4) == 0 ||
	    memcmp(name, "role", 4) == 0 : n == 2 && memcmp(name, "id", 2) == 0;
}

/*
 * The bytes of the strings of an object that begins there, at all depths; *at
 * becomes what is behind it.
 */
static int64_t
strings_length(const char **at, const char *end)
{
	const char	*p = *at, *name = "";
	size_t		 named = 0, n;
	int64_t		 sum = 0;
	int		 depth = 0;

	do {
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		if (*p++ != '"')
			continue;
		n = string_length(p, end);
		if (p + n + 1 < end && p[n + 1] == ':') {
			name = p;
			named = n;
		} else if (!is_frame(name, named))
			sum += (int64_t)n;
		p += n + 1;
	} while (depth > 0 && p < end);
	*at = p < end ? p : end;
	return sum;
}

/* A length that the compiler knows makes the search a few comparisons. */
static inline const char *
behind(const char *p, const char *end, const char *what, size_t n)
{
	const char *at = plain_find(p, (size_t)(end - p), what, n);

	if (at == NULL)
		return NULL;
	for (at += n; at < end && *at == ' '; at++)
		;
	return at < end ? at : NULL;
}

/*
 * All protocols have what is new in a member of one name: as a string, or an
 * object of few members. An item of Responses seals what is thought in secret.
 * Each byte is counted once, however deltas lie in each other: the loop waits.
 */
void
estimate_event(struct estimate *e, const char *name, const char *data, size_t n)
{
	static const char	 sealed[] = "\"encrypted_content\":";
	static const char	 delta[] = "\"delta\":";
	const char		*end = data + n, *at;

	if (name != NULL && strcmp(name, "response.output_item.done") == 0) {
		at = behind(data, end, sealed, sizeof(sealed) - 1);
		if (at != NULL && *at == '"')
			e->heard += (int64_t)string_length(at + 1, end);
		return;
	}
	while ((at = behind(data, end, delta, sizeof(delta) - 1)) != NULL) {
		data = at;
		e->heard += *at == '{' ? strings_length(&data, end) :
		    string_at(&data, end);
	}
}

/* --- What it took. */

static int64_t
times(int64_t tokens, int64_t price)
{
	return tokens > 0 && price > 0 && tokens < INT64_MAX / price ?
	    tokens * price : 0;
}

static int64_t
price_of(const struct model *m, const struct usage *u)
{
	const struct model_price *p = m->context_max > 0 &&
	    u->input > m->context_max && m->long_price.input > 0 ?
	    &m->long_price : &m->price;

	return times(u->input - u->cached - u->cache_write, p->input) +
	    times(u->cached, p->cached) + times(u->cache_write, p->write) +
	    times(u->output, p->output);
}

void
estimate_usage(const struct estimate *e, const struct model *m,
    struct usage *u)
{
	int64_t output = (e->heard + HEARD_BYTES - 1) / HEARD_BYTES;

	if (u->input <= 0)
		u->input = e->sent;
	/* Messages count as they begin. */
	if (u->output < output)
		u->output = output;
	u->estimated = true;
	if (m != NULL && m->price.input > 0)
		u->nano = price_of(m, u);
}
