/*
 * Upstream's chat completion, in whichever of its styles, as repaired pieces of
 * choices (chat/choice.h). A whole body is one large piece, so that what
 * upstream sends, a stream or a whole, makes no difference.
 */
#ifndef CHAT_PIECES_H
#define CHAT_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/js.h"

struct buf;
struct chat_choice;
struct chat_wanted;
struct err;
struct sse_event;
struct usage;

/*
 * Takes a piece of a choice; "chunk" is what it came in, once for each, or
 * NULL.
 */
typedef bool chat_piece(void *arg, int64_t index, json_object *piece,
    json_object *chunk, struct buf *out, struct err *);

/* All that is given must outlive it; the rest is zero. */
struct chat_pieces {
	/* Given. */
	const struct chat_wanted *wanted;
	struct usage		*usage;		/* is filled in */
	size_t			 max;	/* bytes of events; 0: no bound */
	chat_piece		*say;
	/* Is shown each chunk before its pieces; may be NULL. */
	void			(*note)(void *arg, json_object *chunk);
	void			*arg;

	/* To be read. */
	bool			 ended;		/* upstream has said all */
	json_object		*counts; /* its usage object; NULL: none */

	struct js_halves	 halves;
	struct chat_choice	*choices;	/* by index */
	int64_t			 nchoices;	/* up to the last one seen */
	json_object		*errors; /* the first of copilot_errors */
	size_t			 received;	/* bytes of events */
	bool			 whole;		/* what upstream sent */
};

/* False with "err" set when upstream fails, exceeds a limit, or say() does. */
bool	chat_pieces_event(struct chat_pieces *, const struct sse_event *,
	    struct buf *out, struct err *);
bool	chat_pieces_whole(struct chat_pieces *, const char *, size_t,
	    struct buf *out, struct err *);
/* Count the bytes of an event that is not given to it. */
bool	chat_pieces_count(struct chat_pieces *, size_t, struct err *);
/*
 * Has an event a member that changes what is known of the answer each time that
 * it comes, or that goes on under another name, "but" this one (NULL: none)?
 * All else says the same twice.
 */
bool	chat_pieces_news(const struct sse_event *, const char *but);
/*
 * The input ended. Copilot may leave out [DONE], and Gemini the reason of the
 * end, but where both are missing the answer was cut off.
 */
bool	chat_pieces_cut(struct chat_pieces *, struct err *);

/* Has each choice come to a stop string, whatever upstream still says? */
bool	chat_pieces_over(const struct chat_pieces *);
/* Say the rest: the last piece of each choice has its reason. */
bool	chat_pieces_finish(struct chat_pieces *, struct buf *out, struct err *);
void	chat_pieces_clear(struct chat_pieces *);

#endif
