/*
 * The price of an answer: tokens, by kind, and what Copilot bills for them. It
 * is read in one place, whatever the protocol; each protocol has one place that
 * writes it.
 */
#ifndef TURN_USAGE_H
#define TURN_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

struct peek;

struct usage {
	int64_t	input;		/* with what is cached; -1: not known */
	int64_t	cached;		/* of it: read from the prompt cache */
	int64_t	cache_write;	/* of it: written there */
	int64_t	output;		/* with what was thought; -1: not known */
	int64_t	reasoning;	/* of it */
	int64_t	nano;	/* billed nano credits; -1: upstream did not say */
	char	model[64];	/* that is on the bill; "": it names none */
	bool	show_cost;	/* the client is told what it costs */
	bool	estimated;	/* upstream was not heard out: estimate.h */
};

/* Nothing is known. */
#define USAGE_NONE { .input = -1, .output = -1, .nano = -1 }

/*
 * Note what upstream says: the usage object of chat completions, Responses or
 * Messages, and the "copilot_usage" beside it. Either may be NULL, and leaves
 * what was known. The bill's split of the input is the right one: plain usage
 * counts what was written to the cache as fresh.
 */
void	usage_read(struct usage *, json_object *usage, json_object *bill);

/*
 * The same of their texts (base/peek.h), without trees where they are of the
 * usual form. One without a text says nothing.
 */
void	usage_read_peeked(struct usage *, const struct peek *usage,
	    const struct peek *bill);

/* Put two together, as of two calls for one answer. */
void	usage_add(struct usage *, const struct usage *);

/* The bill in USD; NULL when it isn't known or not to be told. */
json_object *usage_cost(const struct usage *);
/* The same as it is printed; false where there is none. */
#define USAGE_COST_SIZE 40
bool	usage_cost_text(const struct usage *, char text[USAGE_COST_SIZE]);
/* Nano credits in USD, exactly: a credit is a cent. Not negative. */
json_object *usage_usd(int64_t nano);

#endif
