/*
 * The events of a Responses stream, made by us: numbered, each item with an
 * index and an id that stay. The items are collected on the way, so that the
 * last event, or a whole answer, can have them all.
 */
#ifndef RESPONSES_EVENTS_H
#define RESPONSES_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "responses/ids.h"

#define EVENTS_ITEMS_MAX 4096	/* no answer has so many */

struct err;
struct responses;

/* A part of an item that is being written. */
enum events_part {
	PART_NONE,
	PART_TEXT,		/* of a message */
	PART_REFUSAL,		/* of a message */
	PART_SUMMARY,		/* of reasoning */
	PART_ARGUMENTS,		/* of a function call */
	PART_INPUT,		/* of a custom tool call */
	PART__MAX
};

struct events_item {
	char		 id[RESPONSES_ID_SIZE];
	size_t		 index;
	json_object	*obj;		/* the item, as it is when done */
	enum events_part part;
	size_t		 nparts;	/* that are done */
	struct buf	 text;		/* of the part */
	json_object	*logprobs;	/* of the part; NULL: none */
	json_object	*links;		/* likewise */
	bool		 done;
};

struct events {
	const struct responses	*r;
	struct responses_ids	 ids;
	int64_t			 created;
	int64_t			 sequence;
	struct events_item	**items;
	size_t			 n;
	bool			 announced;
};

/* "r" must outlive it. */
void	events_init(struct events *, const struct responses *r);
void	events_finish(struct events *);

/* Begin an item, which is taken over. NULL: there are too many. */
struct events_item *events_item_begin(struct events *,
	    json_object *take, struct buf *out);
/* Begin a part of it; one that is open ends. */
void	events_item_part(struct events *, struct events_item *,
	    enum events_part, struct buf *out);
/* Begin another part, be it of the same kind. */
void	events_item_next(struct events *, struct events_item *,
	    enum events_part, struct buf *out);
/* More of the part. "logprobs" may be NULL. */
void	events_item_delta(struct events *, struct events_item *,
	    json_object *text, json_object *logprobs, struct buf *out);
/* An annotation of the text in hand. */
void	events_item_link(struct events *, struct events_item *,
	    json_object *annotation, struct buf *out);
/* The item is complete, or cut off. */
void	events_item_end(struct events *, struct events_item *, bool cut,
	    struct buf *out);

/* response.created and .in_progress, if they are still to come. */
void	events_announce(struct events *, struct buf *out);
/* The event "error". */
void	events_error(struct events *, const struct err *,
	    struct buf *out);
/* The answer failed: that event, and response.failed. */
void	events_failed(struct events *, const struct err *, struct buf *out);
/* One that says nothing (responses-answer.c). False before the first event. */
bool	events_filler(struct events *, struct buf *out);
/*
 * The last event, or the whole answer: the response, made from "from", is shown
 * to its keeper unless it failed, and then the event to the tap.
 */
void	events_last(struct events *, const char *status, json_object *from,
	    struct buf *out);

#endif
