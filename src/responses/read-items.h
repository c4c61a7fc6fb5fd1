/*
 * The output items of a response, said to a sink in whichever way they come:
 * text as deltas, text at its end, or items as a whole. Nothing is said twice.
 */
#ifndef RESPONSES_READ_ITEMS_H
#define RESPONSES_READ_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "turn/sink.h"

struct buf;
struct err;
struct responses_item_read;

/* Zeroed memory with "to" set has none yet. */
struct responses_items {
	struct sink			*to;	/* borrowed */
	struct responses_item_read	*list;	/* by output_index */
	size_t				 n;
	size_t				 begun;	/* items of the sink's */
};

/* Text of one part of an item; json_objects are borrowed. */
struct responses_text {
	enum sink_part	 part;
	int64_t		 index;	/* content_index, summary_index */
	bool		 whole;		/* all of it, not a delta */
	json_object	*text;
	json_object	*logprobs;	/* an array, or NULL */
};

/*
 * False with "err" set when the sink fails or upstream contradicts itself. An
 * index out of bounds and what is no text are passed over.
 */
bool	responses_items_begin(struct responses_items *, int64_t index,
	    json_object *item, struct buf *out, struct err *);
bool	responses_items_text(struct responses_items *, int64_t index,
	    const struct responses_text *, struct buf *out, struct err *);
/* A complete item: what of it has not been said yet, is. */
bool	responses_items_end(struct responses_items *, int64_t index,
	    json_object *item, struct buf *out, struct err *);
void	responses_items_finish(struct responses_items *);

#endif
