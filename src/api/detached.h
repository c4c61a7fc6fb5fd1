/*
 * A response that runs in the background, on its own: what came of it, how that
 * gets into the store, and what those are told who ask there.
 */
#ifndef DETACHED_H
#define DETACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "state/background.h"

struct err;
struct sse_event;

/* The exchange's share of it; the server's, once it is on its own. */
struct detached {
	char		 id[80];
	char		 owner[STATE_OWNER_SIZE];
	struct stored	*stored;
	int64_t		 row;		/* in the store; 0: not yet */
	bool		 stream;	/* its client wants events */
	bool		 alone;		/* the server's */
	struct buf	 response;	/* as it is told while it is queued */

	/* The outcome: the server gives all that a client would get. */
	struct background_log log;
	struct buf	 last;		/* the event that ends it, or "" */
	const char	*status;	/* that this means; NULL: none came */
	struct buf	 refusal;	/* the body of an error, or "" */
};
void	detached_destroy(struct detached *);	/* NULL is fine */

/* --- For the server, which carries it out. */

/* An event of its answer. */
void	detached_event(struct detached *, const struct sse_event *);
/*
 * On a worker: write what has come. "over": that was all; "why" tells, unless
 * the answer did, why it isn't complete. As background_append().
 */
enum stored_found detached_write(struct detached *, bool over,
	    const char *why);

/* Why it has failed: the server's error where no code says else; or false. */
bool	detached_failed(const struct background *, struct err *);
/*
 * The object of one that was found: under way, or ended without having been
 * stored. NULL: it is among the stored ones.
 */
json_object *detached_object(const struct background *);

#endif
