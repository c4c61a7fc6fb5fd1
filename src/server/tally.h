/* What an exchange took, put into the ledger. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>

struct exchange;

/*
 * The name of its model, as long as the list has it; else what stands on the
 * bill, or "other": names that clients make up would have no end.
 */
const char *tally_model(const struct exchange *);

/* Has it asked a model, and is not in the ledger yet? */
bool	tally_wanted(const struct exchange *);

/*
 * Put it there, if it is wanted, with HTTP's status; "wait" as for
 * ledger_note(): what is to be on record before the client has its last byte.
 */
void	tally(struct exchange *, int status, bool wait);

#endif
