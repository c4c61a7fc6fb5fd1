/*
 * Upstream refused a call: why, and can it be asked otherwise? Then the handler
 * makes another call of the same request.
 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>

struct buf;
struct call;
struct err;
struct exchange;

/* Why, in OpenAI's terms. */
void	refusal_read(const struct call *, struct err *);
/*
 * Does the reason say how the call has to be changed? Then the exchange knows
 * now. Never twice for the same reason, and not often for several.
 */
bool	refusal_teaches(struct exchange *, struct call *,
	    const struct err *);
/*
 * Is the list of models wrong about this one? The account may have changed:
 * then the list is to be fetched again, once.
 */
bool	refusal_doubts_list(struct exchange *, const struct call *,
	    const struct err *);

#endif
