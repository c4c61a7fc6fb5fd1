/* An exchange is put into the ledger. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>

#include "base/loop.h"
#include "state/ledger.h"

struct exchange;

/*
 * The name of its model, as long as the list has it; else what stands on the
 * bill, or "other": names that clients make up would have no end.
 */
const char *tally_model(const struct exchange *);

/* A wait until it is on record. Embedded in its owner's. */
struct tally {
	void			(*done)(struct tally *); /* on the loop */
	struct ledger		 *ledger;
	struct ledger_wait	  wait;
	struct loop_timer	  slow;
};

/* Has it asked a model, and is not in the ledger yet? */
bool	tally_wanted(const struct exchange *);

/* x->call is about to go out; with "more" beside what went before. */
void	tally_sends(struct exchange *, bool more);

/*
 * Put it there, if it is wanted, with HTTP's status. Whoever was not there
 * before the end was cut.
 */
void	tally(struct exchange *, int status);
/*
 * The same, before the client has its last byte. True: done() is called when it
 * is on record, or nobody waits for the disk any longer, and never from here.
 * False: nothing is waited for.
 */
bool	tally_wait(struct tally *, struct exchange *, struct loop *,
	    int status);

#endif
