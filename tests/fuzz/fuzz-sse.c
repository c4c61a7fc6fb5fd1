/*
 * Any bytes to the event parser, twice: at once, and cut where the first byte
 * of the input says. Both must give the same events.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sse.h"

#define EVENT_MAX 4096		/* small, so that the limit is met as well */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Write an event down in a form that two runs can be compared by. */
static bool
note(const struct sse_event *ev, void *arg)
{
	struct buf *out = arg;

	if (ev->len > EVENT_MAX || ev->data[ev->len] != '\0')
		abort();
	buf_printf(out, "%s|%d|%zu|", ev->name != NULL ? ev->name : "-",
	    ev->bare, ev->len);
	buf_append(out, ev->data, ev->len);
	buf_putc(out, '\n');
	return true;
}

/* Feed the input in pieces of "step" bytes. */
static void
run(const char *p, size_t n, size_t step, struct buf *out)
{
	struct sse	sse = { .max = EVENT_MAX };
	bool		ok = true;

	while (ok && n > 0) {
		size_t take = n < step ? n : step;

		ok = sse_feed(&sse, p, take, note, out);
		p += take;
		n -= take;
	}
	if (ok)
		ok = sse_end(&sse, note, out);
	if (!ok)
		buf_puts(out, sse_too_large(&sse) ? "too large" : "stopped");
	sse_finish(&sse);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = { 0 }, cut = { 0 };

	if (size == 0)
		return 0;
	run((const char *)data + 1, size - 1, size, &whole);
	run((const char *)data + 1, size - 1, (size_t)data[0] % 16 + 1, &cut);
	if (whole.len != cut.len ||
	    memcmp(buf_str(&whole), buf_str(&cut), cut.len) != 0)
		abort();
	buf_finish(&whole);
	buf_finish(&cut);
	return 0;
}
