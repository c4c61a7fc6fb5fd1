/*
 * From the journal into the database: each line once, since how far it was read
 * is kept with the sums. Private to state/.
 */
#ifndef STATE_LEDGER_TAKE_H
#define STATE_LEDGER_TAKE_H

#include <stdbool.h>

#include "state/db.h"
#include "state/journal.h"
#include "state/ledger-rows.h"

struct ledger_source {
	const char	*home;		/* the journal's files are there */
	bool		 moved;		/* so is an older database, perhaps */
};

/*
 * Take over what all files have, and let go those that have no more; sum up
 * what is old, unless "keep" is NULL.
 */
bool	ledger_take(struct db *, const struct ledger_source *,
	    const struct ledger_keep *keep);
/* What one has, in a transaction. */
bool	ledger_take_file(struct db_conn *, const struct ledger_source *,
	    struct journal_file *);
/*
 * Read the sums of the database, and the lines that are not in them: nobody has
 * to be able to write. What it was told counts only when this returns true.
 */
bool	ledger_sums_read(struct db *, const struct ledger_source *,
	    bool (*sums)(struct db_conn *, void *),
	    bool (*line)(char *, void *), void *arg);

#endif
