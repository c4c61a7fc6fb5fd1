/* Input that is tokens, as text. */
#ifndef TOKENS_H
#define TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buf.h"

struct err;
struct vocabulary;

/* Set by who calls, but for what is counted and its buffers. */
struct tokens {
	const struct vocabulary	*vocabulary;
	size_t			 max;		/* of one input */
	size_t			 max_all;	/* of all of them; 0: any */
	size_t			 n;		/* of all of them so far */
	struct buf		 bytes, text;
};

/*
 * The text of an array of tokens, a string; what is no character becomes
 * U+FFFD. NULL with "err" set when it is refused: none, too many, something
 * else than tokens of this vocabulary, or more text than there is memory for
 * (base/budget.h). "param" is what it is called.
 */
json_object *tokens_text(struct tokens *, json_object *list,
	    const char *param, struct err *);
void	tokens_finish(struct tokens *);

/* The refusal of an empty array; false. */
bool	tokens_none(const char *param, struct err *);

#endif
