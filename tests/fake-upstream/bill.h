/*
 * The prompt cache and the bill. What a request finds in the cache is decided
 * by the bytes of its prompt, the conversation's X-Interaction-Id, the model,
 * and what else that model's family wants (README).
 */
#ifndef BILL_H
#define BILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "catalog.h"
#include "fake.h"
#include "prompt.h"

struct bill {
	const struct price	*price;
	int64_t			 all;		/* tokens of the prompt */
	int64_t			 input;		/* of these: neither of both */
	int64_t			 read, write;	/* from and to the cache */
	int64_t			 output;
};

/* Looks the prompt up, and keeps it for the next turn. */
void	bill_prompt(struct bill *, struct call *, const struct model *,
	    const struct prompt *);
/* The answer has that many tokens: the bill is made out and kept. */
void	bill_answer(struct bill *, struct call *, const struct model *,
	    int64_t output);
/* 'copilot_usage':{..} without a comma behind. */
void	bill_usage(const struct bill *, struct buf *);

void	bill_print(const struct fake *, struct buf *);	/* all bills */
void	bill_expire(struct fake *);		/* nothing is cached any more */
void	bill_clear(struct fake *);		/* that, and no bills */

#endif
