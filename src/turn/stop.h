/*
 * Stop strings, honoured here for an upstream that ignores them: text comes in
 * pieces, and what goes on ends before the first stop string, wherever the
 * pieces are cut. Text that may be the beginning of one is held back.
 */
#ifndef TURN_STOP_H
#define TURN_STOP_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct buf;
struct stop;
struct err;

/*
 * Read stop strings: a string, a list of up to four, or nothing (NULL). *stop
 * is NULL when there is nothing to stop at. False with "err" set to a 400.
 */
bool	stop_read(json_object *v, struct stop **stop,
	    struct err *);
/* Another one for the same strings, of a text that has not begun. */
struct stop *stop_copy(const struct stop *);
void	stop_destroy(struct stop *);		/* NULL is fine */
/* Is one of the strings without a visible character? */
bool	stop_has_blank(const struct stop *);

/*
 * Append to "out" what can go on. True when a stop string was found; nothing
 * may be fed behind it. Linear in the length of all pieces.
 */
bool	stop_feed(struct stop *, const char *, size_t,
	    struct buf *out);
/* The one that was found; NULL: none was. It lives as long as "s". */
const char *stop_found(const struct stop *s);
/* The text is over: append what was held back. */
void	stop_flush(struct stop *, struct buf *out);

#endif
