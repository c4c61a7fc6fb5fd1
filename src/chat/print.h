/*
 * What the client of a chat completion gets: chunks, or a whole, and the same
 * head in all of it. Chunks are printed without a tree, unless somebody wants
 * to have the tree (struct chat_tap).
 */
#ifndef CHAT_PRINT_H
#define CHAT_PRINT_H

#include <stdbool.h>

#include <json-c/json.h>

#include "chat/head.h"

struct buf;
struct chat_wanted;
struct err;

struct chat_print {
	const struct chat_wanted	*wanted;	/* given */
	struct chat_head		 head;
};

/*
 * One chunk: one choice (NULL: none), the other members of "from", which is
 * upstream's chunk or NULL, and usage where the client wants it.
 */
void	chat_print_chunk(struct chat_print *, json_object *choice,
	    json_object *from, json_object *usage, struct buf *out);

/*
 * The same of a choice that is printed between these, without a tree. Not for
 * who has a tap.
 */
void	chat_print_open(struct chat_print *, struct buf *out);
void	chat_print_close(struct chat_print *, json_object *from,
	    json_object *usage, struct buf *out);

/* Behind the last choice of a stream; "usage" may be NULL. */
void	chat_print_last(struct chat_print *, json_object *usage,
	    struct buf *out);

/* All of it; "usage" and "from" may be NULL, "choices" is taken. */
void	chat_print_whole(struct chat_print *, json_object *choices,
	    json_object *usage, json_object *from, struct buf *out);

/* What went wrong, as an event. Half a JSON body can't say it. */
void	chat_print_failure(const struct chat_print *, const struct err *,
	    struct buf *out);

/* Is it a member of a chunk that goes on as it came? */
bool	chat_print_passes(const char *key, json_object *value);

/*
 * A tree as it goes out: an event, or all there is; NULL is the end of a
 * stream. For a tap.
 */
void	chat_print_tree(json_object *, bool stream, struct buf *out);

void	chat_print_finish(struct chat_print *);

#endif
