/*
 * Events of upstream's that are the one before with another text, as most of an
 * answer are: a reader that has read one knows what the next one says, and no
 * tree is built of it.
 */
#ifndef TURN_DELTA_H
#define TURN_DELTA_H

#include <json-c/json.h>

#include "base/shape.h"

struct sse_event;

/* Zeroed memory knows none. */
struct delta {
	struct shape	 shape;
	const char	*member;	/* that has the text; static */
};

/*
 * The text of an event that is like the one that was learned, as a new string;
 * NULL, and nothing is known any more, for all others.
 */
json_object *delta_text(struct delta *, const struct sse_event *);

/*
 * Learn from the event that was just read. It said this text, which its member
 * of that name (static) has, and the reader vouches that reading one like it
 * changes nothing else.
 */
void	 delta_learn(struct delta *, const struct sse_event *,
	    const char *member, json_object *text);

void	 delta_finish(struct delta *);

#endif
