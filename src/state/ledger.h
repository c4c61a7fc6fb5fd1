/*
 * The account of what was used: tokens and nano credits by hour, client key,
 * model, endpoint, status and initiator. A note goes into a file first
 * (state/journal.h), which costs one write for all that end at the same time; a
 * thread takes it over into the database about once a second. Who waits for his
 * note has it counted, exactly once, whatever is killed then.
 *
 * All processes share it. The struct may be NULL: built without SQLite.
 */
#ifndef STATE_LEDGER_H
#define STATE_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "state/ledger-sums.h"

struct ledger;

struct ledger *ledger_create(const char *home);
/* All that was noted is taken over. */
void	ledger_destroy(struct ledger *);
/* Have a thread do what can wait. Without it, readers and the end do. */
void	ledger_start(struct ledger *);

/*
 * Note an answer, whose time is now. With "wait" it is on record afterwards,
 * unless the disk refuses or is slow, which nobody waits for: it is then kept
 * in memory and written when that is possible. Without it takes no time.
 */
void	ledger_note(struct ledger *, const struct ledger_row *,
	    const struct ledger_keep *, bool wait);

/*
 * What a key has spent today and this month (UTC), in nano credits; what other
 * processes noted may be missing for a few seconds. Waits for the disk, now
 * and then.
 */
struct ledger_spent ledger_spent(struct ledger *, const char *key);

/*
 * Hand on all rows that begin from "since" on and before "until", oldest first;
 * of this key's name only, unless that is NULL. False when they can't be read.
 */
bool	ledger_rows(struct ledger *, int64_t since, int64_t until,
	    const char *key, void (*row)(const struct ledger_row *, void *),
	    void *arg);

#endif
