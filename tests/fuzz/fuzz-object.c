/*
 * Any text to the search for a JSON object, three times: at once, cut where the
 * first byte of the input says, and byte by byte. All must give the same; and
 * nothing may come out that isn't in the text, in its order. The second byte
 * may have so much prose put before it that the bound is met.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "turn/object.h"

#define PROSE_NEAR	((256u << 10) - 8) /* the bound, but for some bytes */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What comes out, and behind it what is left when there is no object. */
static void
run(const struct buf *text, size_t first, size_t step, struct buf *out)
{
	struct object	 j = { 0 };
	const struct buf	*rest;
	const char		*p = buf_str(text);
	size_t			 n = text->len, k;

	for (; n > 0; p += k, n -= k, first = step) {
		k = n < first ? n : first;
		object_feed(&j, p, k, out);
	}
	if (out->len > 0 && memmem(buf_str(text), text->len, out->p,
	    out->len) == NULL)
		abort();
	if ((rest = object_rest(&j)) != NULL) {
		if (out->len > 0 || rest->len != text->len)
			abort();
		buf_puts(out, "rest: ");
		buf_append(out, rest->p, rest->len);
	}
	object_finish(&j);
}

static void
same(struct buf *a, struct buf *b)
{
	if (a->len != b->len || memcmp(buf_str(a), buf_str(b), b->len) != 0)
		abort();
	buf_finish(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf	text = { 0 }, whole = { 0 }, cut = { 0 };
	size_t		prose, step;

	if (size < 2)
		return 0;
	step = (size_t)data[0] % 16 + 1;
	prose = data[1] % 64 == 1 ? PROSE_NEAR : 0;
	if (prose > 0) {
		buf_reserve(&text, prose);
		memset(text.p, 'x', prose);
		text.len = prose;
	}
	buf_append(&text, data + 2, size - 2);
	run(&text, text.len, text.len, &whole);
	run(&text, prose + step, step, &cut);
	same(&whole, &cut);
	run(&text, prose + 1, 1, &cut);
	same(&whole, &cut);
	buf_finish(&text);
	buf_finish(&whole);
	return 0;
}
