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

static inline void
stop(struct run *run)
{
	turn_answer.destroy(run->self);
	buf_finish(&run->out);
}

/* Feed a stream in pieces; at its end what the exchange would do. */
static inline void
feed(struct run *run, const char *p, size_t n, size_t step)
{
	run_stream(run, 16 << 20, p, n, step);
	if (!run->ok && run->out.len > 0)
		(turn_answer.fail)(run->self, &run->err, &run->out);
}

#endif
