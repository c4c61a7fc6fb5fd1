/*
 * A Responses request takes this from the stored ones: the chain or the
 * conversation that it goes on from, the items that it refers to; and what is
 * to be stored of it.
 */
#ifndef RESTORE_H
#define RESTORE_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "state/stored.h"

struct err;
struct exchange;

#define STORED_HEADER "x-response-stored"	/* "no": against its wish */

struct restored {
	bool		 keep;		/* the answer shall be stored */
	bool		 strip;	/* the client gets only what it asked for */
	bool		 edited; /* "input" is not the client's any more */
	bool		 usual;	/* given: its items, see responses/usual.h */
	bool		 agent;	/* given, likewise */
	char		 owner[STATE_OWNER_SIZE];
	char		*previous;	/* NULL: none */
	char		*conversation;	/* likewise; never both */
	/* The interaction of "previous" upstream, then of this request. */
	char		*interaction;
	struct buf	 input;	/* the client's items, as they are kept */
	json_object	*ids;		/* of those */
};

/*
 * Read a parsed request and edit it: "input" becomes all that upstream has to
 * know, "store" what the answer shall say. Others tell of wrong types. False
 * with "err" set when something isn't there. Release with restore_finish() in
 * any case.
 */
bool	restore_read(struct restored *, struct exchange *,
	    json_object *, struct err *);
void	restore_finish(struct restored *);

#endif
