/*
 * Stop strings, honoured here for an upstream that ignores them: text comes in
 * pieces, and what goes on ends before the first stop string, wherever the
 * pieces are cut. What may be the beginning of one is held back.
 */
#ifndef CHAT_STOP_H
#define CHAT_STOP_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct buf;
struct chat_stop;
struct err;

/*
 * Read "stop" of a request: a string, a list of up to four, or nothing. *stop
 * is NULL when there is nothing to stop at. False with "err" set to a 400.
 */
bool	chat_stop_read(json_object *request, struct chat_stop **stop,
	    struct err *);
/* Another one for the same strings, of a text that has not begun. */
struct chat_stop *chat_stop_copy(const struct chat_stop *);
void	chat_stop_destroy(struct chat_stop *);		/* NULL is fine */
/* Is one of the strings without a visible character? */
bool	chat_stop_has_blank(const struct chat_stop *);

/*
 * Append to "out" what can go on. True when a stop string was found; nothing
 * may be fed behind it. Linear in the length of all pieces.
 */
bool	chat_stop_feed(struct chat_stop *, const char *, size_t,
	    struct buf *out);
/* The text is over: append what was held back. */
void	chat_stop_flush(struct chat_stop *, struct buf *out);

#endif
