/* A whole Message from the events of one, and the reverse. */
#ifndef MESSAGES_COLLECT_H
#define MESSAGES_COLLECT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct buf;

struct messages_collect;

struct messages_collect *messages_collect_create(void);
void	messages_collect_destroy(struct messages_collect *);

/* One event of the stream. An unknown one changes nothing. */
void	messages_collect_event(struct messages_collect *, json_object *event);
/* The Message, a new reference; NULL: there was no beginning. */
json_object *messages_collect_end(struct messages_collect *);

/* Append the events that a Message could have come in. */
void	messages_replay(json_object *message, struct buf *out);

/* Append one event; its name is the member "type". */
void	messages_put(json_object *event, struct buf *out);
/* The one that says nothing, in a silence. */
void	messages_put_ping(struct buf *out);

#endif
