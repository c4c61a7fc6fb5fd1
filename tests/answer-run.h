/* An answer's end, as server/relay.c comes to it. */
#ifndef ANSWER_RUN_H
#define ANSWER_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "turn/answer.h"

struct buf;
struct err;

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

#endif
