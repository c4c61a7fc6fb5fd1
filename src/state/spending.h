/*
 * What keys have spent today and this month: sums that were read a moment ago,
 * and what was noted since. Private to state/. Threads may share it.
 */
#ifndef STATE_SPENDING_H
#define STATE_SPENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "state/ledger-sums.h"

struct spending *spending_create(void);
void	spending_destroy(struct spending *);

/*
 * A note of this process, which a reader finds from now on. It counts at once;
 * twice for a moment, perhaps, when it comes while the sums are read.
 */
void	spending_note(struct spending *, const struct ledger_row *);

/* Sums that are read: from these times on. */
struct spending_sums {
	int64_t		  month, day;
	struct spent	**list;		/* spending's own */
};
void	spending_add(struct spending_sums *, const struct ledger_row *);
void	spending_add_sum(const char *key, const struct ledger_spent *,
	    void *sums);

/*
 * A key's sum; false when it isn't known. Sums older than two seconds are read
 * anew, with "read"; who asks meanwhile has the old ones. Those that can't be
 * read count for a minute.
 */
bool	spending_of(struct spending *, const char *key, struct ledger_spent *,
	    bool (*read)(struct spending_sums *, void *), void *arg);

#endif
