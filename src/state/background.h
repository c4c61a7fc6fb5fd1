/*
 * Responses that run in the background: what became of each, and what it has
 * said so far, beside the stored responses. So every process that shares those
 * can tell of one, stream it and cancel it, whoever runs it. One whose process
 * is gone has failed, see alive.h.
 *
 * Used on workers only: it waits for the disk. The struct may be NULL.
 */
#ifndef BACKGROUND_STATE_H
#define BACKGROUND_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "state/stored.h"

#define BACKGROUND_KEEP_S	3600	/* its events, from its end on */
#define BACKGROUND_STREAMS	32	/* of a key that have ended: newest */
#define BACKGROUND_ENDED	256	/* likewise, that are remembered */
#define BACKGROUND_STATUS_SIZE	16

/* Events as they are sent, numbered one by one. */
struct background_log {
	int64_t		 first;		/* number of the first */
	struct buf	 text;		/* all of them */
	size_t		*ends;		/* of each, in the text */
	size_t		 n;
};
void	background_log_add(struct background_log *, const char *, size_t);
/* Empty, and the next event follows what was in it. */
void	background_log_clear(struct background_log *);
void	background_log_finish(struct background_log *);

/* --- Who runs one. */

struct background_start {
	const char	*owner;		/* see state_owner() */
	const char	*id;		/* "resp_..." */
	const struct buf *response;	/* the object, while it is under way */
	const struct buf *input;	/* its items */
	int64_t		 most;		/* of this owner under way */
	int64_t		 max_age_days;
};
/*
 * Begin one, "queued", that this process runs. *row is what the next functions
 * want. STORED_FULL: the owner has as many under way.
 */
enum stored_found background_add(struct stored *,
	    const struct background_start *, int64_t *row);

/*
 * More of it. STORED_NONE: it is not wanted any more, since somebody cancelled
 * or deleted it. STORED_TROUBLE: nothing was written, try again later.
 */
enum stored_found background_append(struct stored *, int64_t row,
	    const struct background_log *);

struct background_end {
	const char	*owner, *id;
	const char	*status;
	const char	*code, *why;	/* of a failure, or NULL */
	bool		 told;		/* the last event says so */
	/* The final object, for the case that it was not stored; or NULL. */
	const struct buf *response;
};
/*
 * The last of it, and its end. STORED_NONE as above: then what was stored of
 * the response itself is deleted.
 */
enum stored_found background_finish(struct stored *, int64_t row,
	    const struct background_log *, const struct background_end *);

/* --- Who asks about one. */

struct background {
	int64_t		 row;
	char		 status[BACKGROUND_STATUS_SIZE];
	bool		 live;		/* it is under way */
	bool		 told;		/* as above */
	int64_t		 events;	/* the number of the next one */
	char		*code, *why;	/* NULL: it has not failed by itself */
	json_object	*response;	/* NULL: it is among the stored ones */
};
/*
 * STORED_NONE: no such response runs in the background, or it has ended so long
 * ago that only the stored one is left. Release what was found. One whose
 * process is gone is found failed.
 */
enum stored_found background_get(struct stored *, const char *owner,
	    const char *id, struct background *);
void	background_release(struct background *);
/* Its input items; NULL as in stored_input(). */
json_object *background_input(struct stored *, const char *owner,
	    const char *id, enum stored_found *found);
/*
 * Append some events behind number *after, which becomes the last one's, until
 * there are about "most" bytes. False on trouble.
 */
bool	background_events(struct stored *, int64_t row, int64_t *after,
	    size_t most, struct buf *out);
/* One that is under way is cancelled; others stay as they are: STORED_NONE. */
enum stored_found background_cancel(struct stored *, const char *owner,
	    const char *id);
enum stored_found background_delete(struct stored *, const char *owner,
	    const char *id);

/*
 * A process begins: what another one of this data directory ran has failed.
 * There may be such a one if the names of the files say so: a look.
 */
bool	background_left(const struct stored *);
void	background_bury(struct stored *);
/* The process ends, and runs nothing any more: ahead of stored_destroy(). */
void	background_quit(struct stored *);

#endif
