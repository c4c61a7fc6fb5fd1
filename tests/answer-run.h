/* An answer in a test: it is fed, and ended as server/relay.c does it. */
#ifndef ANSWER_RUN_H
#define ANSWER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/sse.h"
#include "base/util.h"
#include "turn/answer.h"
#include "turn/usage.h"

struct run {
	void			*self;		/* of turn_answer */
	struct buf		 out;
	struct err		 err;
	struct usage		 usage;
	enum answer_said	 said;
	bool			 ok;
};

/* All that is still to come behind what event() or whole() said. */
static inline bool
run_end(const struct answer_ops *ops, void *self, enum answer_said said,
    struct buf *out, struct err *err)
{
	if (said == ANSWER_MORE || said == ANSWER_ENOUGH)
		said = ops->end(self, out, err);
	if (said == ANSWER_HELD)
		return ops->commit(self, out, err);
	return said != ANSWER_FAILED;
}

static inline bool
run_whole(const struct answer_ops *ops, void *self, const char *p, size_t n,
    struct buf *out, struct err *err)
{
	return run_end(ops, self, ops->whole(self, p, n, out, err), out, err);
}

/* What became of it, and what it cost, but for its text. */
static inline void
run_tell(const struct run *r, struct buf *out)
{
	const struct usage *u = &r->usage;

	buf_printf(out, "%d %s %lld %lld %lld %lld %lld %lld %s ", r->ok,
	    r->ok ? "" : r->err.msg, (long long)u->input, (long long)u->cached,
	    (long long)u->cache_write, (long long)u->output,
	    (long long)u->reasoning, (long long)u->nano, u->model);
}

static inline bool
on_event(const struct sse_event *ev, void *arg)
{
	struct run *r = arg;

	r->said = turn_answer.event(r->self, ev, &r->out, &r->err);
	r->ok = r->said != ANSWER_FAILED;
	return r->said == ANSWER_MORE;
}

/* A stream in pieces of "step" bytes, of events up to "max", and its end. */
static inline void
run_stream(struct run *r, size_t max, const char *p, size_t n, size_t step)
{
	struct sse	sse = { .max = max };
	bool		more = r->said == ANSWER_MORE;
	size_t		take;

	for (; more && n > 0; p += take, n -= take) {
		take = n < step ? n : step;
		more = sse_feed(&sse, p, take, on_event, r);
	}
	if (more)
		sse_end(&sse, on_event, r);
	r->ok = run_end(&turn_answer, r->self, r->said, &r->out, &r->err);
	sse_finish(&sse);
}

/* Random ids and the time of day, made the same each time. */
static inline void
mask(struct buf *b)
{
	static const struct {
		const char	*before;
		size_t		 digits;
		char		 with;
	} random[] = {
		{ "\"chatcmpl-", 32, '0' }, { "\"call_", 24, '0' },
		{ "\"created\":", 10, '1' }
	};
	size_t	 i, n;
	char	*p;

	for (i = 0; i < COUNT(random); i++)
		for (p = b->p; p != NULL &&
		    (p = strstr(p, random[i].before)) != NULL;) {
			p += strlen(random[i].before);
			n = strspn(p, "0123456789abcdef");
			if (n == random[i].digits)
				memset(p, random[i].with, n);
		}
}

#endif
