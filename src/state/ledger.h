/*
 * The account of what was used: tokens and nano credits by hour, client key,
 * model, endpoint, status and initiator. A note goes into a file first
 * (state/journal.h), which costs one write for all that end at the same time; a
 * thread takes it over into the database about once a second. A note that was
 * waited for is counted, exactly once, whatever is killed then.
 *
 * All processes share it. The struct may be NULL: built without SQLite.
 */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "state/ledger-sums.h"
#include "state/place.h"

struct ledger;

/* Its journal is a file, wherever the sums are. */
struct ledger *ledger_create(const struct state_place *);
/* All that was noted is taken over. */
void	ledger_destroy(struct ledger *);
/* Have a thread do what can wait. Without it, readers and the end do. */
void	ledger_start(struct ledger *);

/*
 * Whoever waits for his note on the loop, which all share; it is his, and stays
 * until "done" runs there.
 */
struct ledger_wait {
	struct loop		*loop;
	struct loop_task	 done;		/* its "run" is the caller's */
	/* The ledger's. */
	struct ledger_wait	*next;
	uint64_t		 number;
	bool			 waiting;
};

/*
 * Note an answer, whose time is now. A thread writes it, with all that ends in
 * the same turn of the loop; without ledger_start() this writes it. "wait" may
 * be NULL: nobody waits.
 * True: wait->done will run, when the note is on record, or the disk has
 * refused it and it stays in memory until that is possible. False: there is
 * nothing to wait for.
 */
bool	ledger_note(struct ledger *, const struct ledger_row *,
	    const struct ledger_keep *, struct ledger_wait *wait);
/*
 * It took too long: nobody waits for this disk until it has written. False when
 * "done" is on its way already; else it will not run.
 */
bool	ledger_wait_over(struct ledger *, struct ledger_wait *);

/* Have all that was noted in the database. False: the journal has it. */
bool	ledger_settle(struct ledger *);

/*
 * A key's spending today and this month (UTC), in nano credits; notes of other
 * processes may be missing for two seconds. False when that isn't known:
 * there is no ledger, or it could not be read for a minute. Waits for the disk,
 * now and then.
 */
bool	ledger_spent(struct ledger *, const char *key, struct ledger_spent *);

/*
 * Hand on all rows that begin from "since" on and before "until", oldest first;
 * of this key's name only, unless that is NULL. False when they can't be read.
 */
bool	ledger_rows(struct ledger *, int64_t since, int64_t until,
	    const char *key, void (*row)(const struct ledger_row *, void *),
	    void *arg);

#endif
