/*
 * The account of what was used: tokens and nano credits by hour, client key,
 * model, endpoint, status and initiator. A note goes into a file first, as
 * memory (state/journal.h). A thread takes many of them over into the database
 * at once, as do those who read; each second where hosts share it. A note is
 * counted, exactly once, whatever is killed then.
 *
 * All processes share it. The struct may be NULL: built without SQLite.
 */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "state/ledger-sums.h"
#include "state/place.h"

struct ledger;

/* Its journal is in the home directory, wherever the sums are. */
struct ledger *ledger_create(const struct state_place *);
/* All that was noted is taken over. */
void	ledger_destroy(struct ledger *);
/* Have a thread do what can wait. Without it, readers and the end do. */
void	ledger_start(struct ledger *);

/*
 * Note an answer, whose time is now: it is on record behind this, or the disk
 * has refused it and it stays in memory until that is possible. Takes no system
 * call, but for the first one and those that come faster than the thread.
 */
void	ledger_note(struct ledger *, const struct ledger_row *,
	    const struct ledger_keep *);

/* Are there notes in that directory that are not in the database yet? */
bool	ledger_has_notes(const char *home);
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
