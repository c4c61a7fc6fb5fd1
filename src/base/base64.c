/* Base64. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789"

static void
encode(const unsigned char *p, size_t n, const char *digits, struct buf *out)
{
	uint32_t	bits = 0;
	unsigned	have = 0;
	size_t		i;

	buf_reserve(out, n / 3 * 4 + 4);
	for (i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			buf_putc(out, digits[bits >> (have - 6) & 63]);
	}
	if (have > 0)
		buf_putc(out, digits[bits << (6 - have) & 63]);
}

void
base64_encode(const void *p, size_t n, struct buf *out)
{
	encode(p, n, ALPHABET "+/", out);
	for (; n % 3 != 0; n++)
		buf_putc(out, '=');
}

void
base64_encode_url(const void *p, size_t n, struct buf *out)
{
	encode(p, n, ALPHABET "-_", out);
}

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool
base64_decode_url(const char *p, struct buf *out)
{
	uint32_t	bits = 0;
	unsigned	have = 0;
	int		d;

	buf_reserve(out, strlen(p) / 4 * 3 + 3);
	for (; *p != '\0'; p++) {
		if ((d = digit(*p)) < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		if ((have += 6) >= 8)
			buf_putc(out, (char)(bits >> (have -= 8) & 255));
	}
	return true;
}
