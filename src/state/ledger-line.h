/* An answer as a line of the journal. Private to state/. */
#ifndef STATE_LEDGER_LINE_H
#define STATE_LEDGER_LINE_H

#include <stdbool.h>

#include "base/buf.h"
#include "state/ledger-sums.h"

/* Append it, with its end. Names are cut, and have no control characters. */
void	ledger_line_put(struct buf *, const struct ledger_row *);
/* False: it is none. The row's texts are the line's, which is edited. */
bool	ledger_line_read(char *line, struct ledger_row *);

#endif
