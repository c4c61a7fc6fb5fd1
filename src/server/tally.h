/* An exchange is put into the ledger. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>

struct exchange;

/*
 * The name of its model, as long as the list has it; else what stands on the
 * bill, or "other": names that clients make up would have no end.
 */
const char *tally_model(const struct exchange *);

/* x->call is about to go out; with "more" beside what went before. */
void	tally_sends(struct exchange *, bool more);

/*
 * Put it there, if it asked a model and is not there yet, with HTTP's status:
 * before the client has its last byte.
 */
void	tally(struct exchange *, int status);
/* The same at its end: whoever is not there by now was cut. */
void	tally_cut(struct exchange *, int status);

#endif
