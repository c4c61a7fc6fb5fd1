/*
 * The answer of a Responses request that is to be stored, around the one that
 * makes it: all passes through, but the last event waits until the turn is
 * kept, so that the next request can't come too early.
 */
#ifndef STORED_ANSWER_H
#define STORED_ANSWER_H

struct exchange;
struct restored;

/* Put itself around x->answer. Takes over what is in the struct. */
void	keep_wrap(struct exchange *x, struct restored *take);

#endif
