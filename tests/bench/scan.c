#include "config.h"

#include "scan.h"

static const char	 mark[] = "\"t=";
static const char	 end[] = "data: [DONE]";

#define MARK_LEN	(sizeof(mark) - 1)
#define END_LEN		(sizeof(end) - 1)

/*
 * One step of a match. The first character of both texts occurs nowhere else
 * in them, so a mismatch can only be the start of a new match.
 */
static unsigned
step(const char *text, unsigned at, char c)
{
	if (c == text[at])
		return at + 1;
	return c == text[0];
}

void
scan_feed(struct scan *s, const char *p, size_t n, scan_time *found, void *arg)
{
	for (const char *stop = p + n; p < stop; p++) {
		if (s->mark < MARK_LEN) {
			s->mark = step(mark, s->mark, *p);
			s->time = 0;
		} else if (*p >= '0' && *p <= '9') {
			s->time = s->time * 10 + (uint64_t)(*p - '0');
		} else {
			found(arg, s->time);
			s->mark = step(mark, 0, *p);
		}
		s->end = step(end, s->end, *p);
		if (s->end == END_LEN) {
			s->done = true;
			s->end = 0;
		}
	}
}
