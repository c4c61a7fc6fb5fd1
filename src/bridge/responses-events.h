/*
 * The events of a Responses stream, made by us: numbered, each item with an
 * index and an id that stay. What the items become is collected on the way,
 * so that the last event, or a whole answer, can have them all.
 */
#ifndef BRIDGE_RESPONSES_EVENTS_H
#define BRIDGE_RESPONSES_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "responses/ids.h"

#define BRIDGE_ITEMS_MAX 4096	/* no answer has so many */

struct err;
struct responses;

/* A part of an item that is being written. */
enum bridge_part {
	PART_NONE,
	PART_TEXT,		/* of a message */
	PART_REFUSAL,		/* of a message */
	PART_SUMMARY,		/* of reasoning */
	PART_ARGUMENTS,		/* of a function call */
	PART_INPUT,		/* of a custom tool call */
	PART__MAX
};

struct bridge_item {
	char		 id[RESPONSES_ID_SIZE];
	size_t		 index;
	json_object	*obj;		/* the item, as it is when done */
	enum bridge_part part;
	size_t		 nparts;	/* that are done */
	struct buf	 text;		/* of the part */
	json_object	*logprobs;	/* of the part; NULL: none */
	bool		 done;
};

struct bridge_events {
	const struct responses	*r;
	struct responses_ids	 ids;
	int64_t			 created;
	int64_t			 sequence;
	struct bridge_item	**items;
	size_t			 n;
	bool			 announced;
};

/* "r" must outlive it. */
void	bridge_events_init(struct bridge_events *, const struct responses *r);
void	bridge_events_finish(struct bridge_events *);

/* Begin an item, which is taken over. NULL: there are too many. */
struct bridge_item *bridge_item_begin(struct bridge_events *,
	    json_object *take, struct buf *out);
/* Begin a part of it; one that is open ends. */
void	bridge_item_part(struct bridge_events *, struct bridge_item *,
	    enum bridge_part, struct buf *out);
/* More of the part. "logprobs" may be NULL. */
void	bridge_item_delta(struct bridge_events *, struct bridge_item *,
	    json_object *text, json_object *logprobs, struct buf *out);
/* The item is complete, or cut off. */
void	bridge_item_end(struct bridge_events *, struct bridge_item *, bool cut,
	    struct buf *out);

/* response.created and .in_progress, if they are still to come. */
void	bridge_events_announce(struct bridge_events *, struct buf *out);
/* The event "error". */
void	bridge_events_error(struct bridge_events *, const struct err *,
	    struct buf *out);
/* One that says nothing (responses-answer.c). False before the first event. */
bool	bridge_events_alive(struct bridge_events *, struct buf *out);
/*
 * An event about the whole response, whose object is made from "from" (NULL:
 * nothing) and returned.
 */
json_object *bridge_events_response(struct bridge_events *, const char *status,
	    json_object *from, struct buf *out);

#endif
