/* /v1/messages: Anthropic's API, as Copilot has it for Claude. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "bill.h"
#include "catalog.h"
#include "fake.h"
#include "plan.h"

/* Everything that the writer of an answer needs. */
struct messages {
	struct call		*c;
	const struct model	*m;
	struct plan		 plan;
	char			*id;
	const char		*stop;		/* the reason */
	const char		*sequence;	/* that was reached */
	char			*thought, *signature;	/* NULL: none */
	struct bill		 bill;
	int64_t			 index;		/* of the next block */
};

/* Refuse in Anthropic's form, a 400; always false. */
bool	messages_refuse(struct call *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* messages-check.c: refuses what Copilot refuses. */
bool	messages_check(struct call *, const struct model *, bool counts);
/* Does the header anthropic-beta have it? */
bool	messages_beta(struct call *, const char *name);
/* Is there thinking, and is its text shown? */
bool	messages_thinks(struct call *, bool *shown);
/* Only a budget, no "adaptive". */
bool	messages_has_budget(const struct model *);

/* messages-stream.c */
void	messages_stream(struct messages *);
void	messages_whole(struct messages *);

#endif
