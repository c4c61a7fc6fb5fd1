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
struct responses_tap;

/* The event that ends an answer, as the answer's tap had it. */
struct detached_last {
	int64_t		 number;	/* "sequence_number" */
	const char	*status;	/* that it means; NULL: none came */
	char		*code, *why;	/* the response's "error", or NULL */
	struct buf	 response;	/* all of it: a worker stores it */
};

/* The exchange's share of it; the server's, once it is on its own. */
struct detached {
	char		 id[80];
	char		 owner[STATE_OWNER_SIZE];
	struct stored	*stored;
	int64_t		 row;		/* in the store; 0: not yet */
	bool		 stream;	/* its client wants events */
	bool		 alone;		/* the server's */
	struct buf	 response;	/* as it is told while it is queued */

	/*
	 * The outcome. The events are those that a client would get; what the
	 * last one says counts once it is among them.
	 */
	struct background_log log;
	struct detached_last last;	/* the answer's, until that has ended */
	struct err	*refusal;	/* in place of all events, or NULL */
};
void	detached_destroy(struct detached *);	/* NULL is fine */

/* Of its answer's last event; it has to be there as long as the answer. */
struct responses_tap detached_tap(struct detached *);

/* --- For the server, which carries it out. */

/* It was refused; or there was something else that is no answer. */
void	detached_refuse(struct detached *, const struct err *);
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
