/* A Responses answer, driven as the exchange does. */
#ifndef RESPONSES_RUN_H
#define RESPONSES_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "answer-run.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sse.h"
#include "turn/answer.h"
#include "turn/usage.h"

struct run {
	void		*self;
	struct usage	 usage;
	struct buf	 out;
	struct err	 err;
	enum answer_said said;
	bool		 ok;
};

static inline void
stop(struct run *run)
{
	turn_answer.destroy(run->self);
	buf_finish(&run->out);
}

static inline bool
on_event(const struct sse_event *ev, void *arg)
{
	struct run *run = arg;

	run->said = turn_answer.event(run->self, ev, &run->out, &run->err);
	run->ok = run->said != ANSWER_FAILED;
	return run->said == ANSWER_MORE;
}

/* Feed a stream in pieces; at its end what the exchange would do. */
static inline void
feed(struct run *run, const char *p, size_t n, size_t step)
{
	struct sse	sse = { .max = 16 << 20 };
	size_t		i;

	for (i = 0; i < n && run->said == ANSWER_MORE; i += step)
		sse_feed(&sse, p + i, n - i < step ? n - i : step, on_event,
		    run);
	if (run->said == ANSWER_MORE)
		sse_end(&sse, on_event, run);
	run->ok = run_end(&turn_answer, run->self, run->said, &run->out,
	    &run->err);
	if (!run->ok && run->out.len > 0)
		(turn_answer.fail)(run->self, &run->err, &run->out);
	sse_finish(&sse);
}

#endif
