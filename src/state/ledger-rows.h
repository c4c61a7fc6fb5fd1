/* The ledger's tables: sums by hour, day and month. Private to state/. */
#ifndef STATE_LEDGER_ROWS_H
#define STATE_LEDGER_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "state/db.h"
#include "state/journal.h"
#include "state/ledger-sums.h"

extern const struct db_schema ledger_schema;

/* Between db_enter() and db_leave(); what writes, in a transaction. */

/*
 * How far the journal of at->generation was taken over; "at" stays what it is
 * when nothing of it ever was.
 */
bool	ledger_place_get(struct db_conn *, struct journal_place *);
bool	ledger_place_set(struct db_conn *, const struct journal_place *);
bool	ledger_row_add(struct db_conn *, const struct ledger_row *);
/* A row of any span, as copies of a ledger have it. */
bool	ledger_sum_add(struct db_conn *, const struct ledger_row *);
/* Hours that are old become days, days months, and old months go. */
bool	ledger_compact(struct db_conn *, const struct ledger_keep *,
	    int64_t now);

bool	ledger_row_each(struct db_conn *, int64_t since, int64_t until,
	    const char *key, void (*row)(const struct ledger_row *, void *),
	    void *arg);
/* The sums of each key since the beginning of a month, and of a day in it. */
bool	ledger_spent_each(struct db_conn *, int64_t month, int64_t day,
	    void (*spent)(const char *key, const struct ledger_spent *, void *),
	    void *arg);

#endif
