/*
 * The output items of a response made into the pieces of a choice, in whichever
 * way they come: text as deltas, text at its end, or items as a whole. Nothing
 * goes on twice, and it ends at a stop string.
 */
#ifndef BRIDGE_CHAT_ITEMS_H
#define BRIDGE_CHAT_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "bridge/chat-opaque.h"

struct bridge_chat_item;
struct chat_stop;
struct err;

struct bridge_chat_items {
	void			*chat;	/* a chat_answer: it prints */
	struct chat_stop	*stop;	/* NULL: none; borrowed */
	size_t			 left;	/* bytes of text that may come yet */

	/* Where pieces go and failures are told, during a call. */
	struct buf		*out;
	struct err		*err;

	struct bridge_chat_item	*list;	/* by output_index */
	size_t			 n;
	int64_t			 ncalls;
	int64_t			 message; /* whose text was last, or -1 */
	int64_t			 thought; /* the same of reasoning */
	bool			 said;	/* there was text */
	bool			 cut;	/* at a stop string: nothing follows */
	struct bridge_chat_opaque opaque;
	size_t			 sealed; /* bytes in it */
	struct buf		 text;	/* that has passed the stop strings */
};

/* What text is for. */
enum bridge_chat_kind {
	BRIDGE_CHAT_CONTENT, BRIDGE_CHAT_REFUSAL, BRIDGE_CHAT_REASONING_TEXT,
	BRIDGE_CHAT_ARGUMENTS
};

/* Text of one part of an item; json_objects are borrowed. */
struct bridge_chat_text {
	enum bridge_chat_kind	 kind;
	int64_t			 part;	/* content_index, summary_index */
	bool			 whole;	/* all of it, not a delta */
	json_object		*text;
	json_object		*logprobs;	/* an array, or NULL */
};

void	bridge_chat_items_init(struct bridge_chat_items *, void *chat,
	    struct chat_stop *, size_t max);
void	bridge_chat_items_finish(struct bridge_chat_items *);

/*
 * These return false with "err" set when a limit is exceeded. An index out of
 * bounds and what is no text are passed over.
 */
bool	bridge_chat_items_begin(struct bridge_chat_items *, int64_t index,
	    json_object *item);
bool	bridge_chat_items_text(struct bridge_chat_items *, int64_t index,
	    const struct bridge_chat_text *);
/* A complete item: what of it has not gone on yet, goes. */
bool	bridge_chat_items_end(struct bridge_chat_items *, int64_t index,
	    json_object *item);
/* No text follows: what the stop strings held back goes on. */
bool	bridge_chat_items_flush(struct bridge_chat_items *);
/* A chunk of another kind; taken. */
bool	bridge_chat_items_put(struct bridge_chat_items *, json_object *chunk);

#endif
