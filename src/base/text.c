/* Text of somebody else's that we show to people. */
#include "config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/util.h"

/* Bytes of the UTF-8 sequence that begins with c, 0 when none does. */
static size_t
lead_length(unsigned char c)
{
	return c < 0x80 ? 1 : c >= 0xc2 && c <= 0xdf ? 2 :
	    (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
}

/* Is p[1] a second byte that p[0] can have? (Unicode, table 3-7) */
static bool
second_fits(const unsigned char *p)
{
	return (p[1] & 0xc0) == 0x80 &&
	    !(p[0] == 0xe0 && p[1] < 0xa0) && !(p[0] == 0xed && p[1] > 0x9f) &&
	    !(p[0] == 0xf0 && p[1] < 0x90) && !(p[0] == 0xf4 && p[1] > 0x8f);
}

/*
 * How far the bytes at p are those of a UTF-8 sequence; *whole when they are
 * all of it. At least 1.
 */
static size_t
utf8_scan(const unsigned char *p, size_t n, bool *whole)
{
	size_t want = lead_length(p[0]), i = 1;

	if (want > 1 && n > 1 && second_fits(p))
		for (i = 2; i < want && i < n && (p[i] & 0xc0) == 0x80; i++)
			;
	*whole = i == want;
	return i;
}

size_t
text_utf8_length(const char *p, size_t n)
{
	bool	whole;
	size_t	len = utf8_scan((const unsigned char *)p, n, &whole);

	return whole ? len : 0;
}

size_t
text_utf8_put(unsigned code, unsigned char utf8[4])
{
	static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 :
	    3, i;

	for (i = more; i > 0; i--, code >>= 6)
		utf8[i] = (unsigned char)(0x80 | (code & 0x3f));
	utf8[0] = (unsigned char)(lead[more] | code);
	return more + 1;
}

size_t
text_utf8_prefix(const char *p, size_t n)
{
	size_t		i = 0, step;
	uint64_t	eight;

	while (i < n) {
		while (n - i >= sizeof(eight)) {
			memcpy(&eight, p + i, sizeof(eight));
			if (eight & 0x8080808080808080u)
				break;
			i += sizeof(eight);
		}
		if (i == n)
			break;
		if ((step = text_utf8_length(p + i, n - i)) == 0)
			break;
		i += step;
	}
	return i;
}

void
text_utf8_repair(const char *p, size_t n, struct buf *out)
{
	size_t	i = 0, valid;
	bool	whole;

	for (;;) {
		valid = text_utf8_prefix(p + i, n - i);
		buf_append(out, p + i, valid);
		if ((i += valid) == n)
			return;
		buf_puts(out, "\xef\xbf\xbd");
		i += utf8_scan((const unsigned char *)p + i, n - i, &whole);
	}
}

/* A word that begins like a token of GitHub's or Copilot's is one. */
static const char *const secrets[] = {
	"ghu_", "gho_", "ghp_", "ghs_", "ghr_", "github_pat_", "tid=",
	"Bearer ", "sk-"
};

/* Bytes of the secret at p, 0 when there is none. */
static size_t
secret_length(const char *p, size_t n)
{
	size_t i, k;

	for (i = 0; i < COUNT(secrets); i++) {
		k = strlen(secrets[i]);
		if (n <= k || strncasecmp(p, secrets[i], k) != 0)
			continue;
		while (k < n && (isalnum((unsigned char)p[k]) ||
		    strchr("-_.~+/=:;", p[k]) != NULL) && p[k] != '\0')
			k++;
		return k;
	}
	return 0;
}

void
text_clean(const char *p, size_t n, char *out, size_t size)
{
	size_t	i = 0, len = 0, step, k;
	bool	space = false, word = true;

	while (i < n) {
		if ((unsigned char)p[i] <= ' ' || p[i] == 0x7f) {
			space = len > 0;
			word = true;
			i++;
			continue;
		}
		k = word ? secret_length(p + i, n - i) : 0;
		step = text_utf8_length(p + i, n - i);
		if (len + (size_t)space + (k > 0 ? 3 : step + 1) >= size)
			break;
		if (space)
			out[len++] = ' ';
		space = false;
		word = !isalnum((unsigned char)p[i]) && p[i] != '-' &&
		    p[i] != '_';
		if (k > 0)
			memcpy(out + len, "***", 3);
		else if (step > 0)
			memcpy(out + len, p + i, step);
		else
			out[len] = '?';
		len += k > 0 ? 3 : step > 0 ? step : 1;
		i += k > 0 ? k : step > 0 ? step : 1;
	}
	out[len] = '\0';
}

void
text_mask_users(char *s, size_t size)
{
	static const char	 mask[] = "***";
	char			*at, *from, *end;
	size_t			 n;

	for (; (at = strchr(s, '@')) != NULL; s = from + sizeof(mask)) {
		/* To the last one of the word: a password may have some. */
		for (end = at; *end != '\0' && strchr(" '\"", *end) == NULL;
		    end++)
			if (*end == '@')
				at = end;
		for (from = at; from > s && strchr(" '\"/", from[-1]) == NULL;
		    from--)
			;
		n = strlen(at) + 1;
		if ((size_t)(at - from) < sizeof(mask) - 1 &&
		    strlen(from) + sizeof(mask) > size)
			return;
		memmove(from + sizeof(mask) - 1, at, n);
		memcpy(from, mask, sizeof(mask) - 1);
	}
}

size_t
text_chars(const char *s, size_t n)
{
	size_t i, chars = 0;

	for (i = 0; i < n; i++)
		chars += ((unsigned char)s[i] & 0xc0) != 0x80;
	return chars;
}
