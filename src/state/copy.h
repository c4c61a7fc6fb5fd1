/*
 * The contents of a data directory's SQLite files, copied into the database
 * that hosts share. Rows that are there already stay as they are, so that it
 * may be done again; a part that was begun is there whole or not at all.
 */
#ifndef STATE_COPY_H
#define STATE_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "state/place.h"

enum copy_part {
	COPY_RESPONSES,
	COPY_CONVERSATIONS,
	COPY_COMPLETIONS,	/* of chats */
	COPY_THOUGHTS,
	COPY_BACKGROUND,	/* responses that ended there */
	COPY_USAGE,		/* sums; all of them, or none */
	COPY__MAX
};

/* How much of each part was copied, and how much was there before. */
struct copy_counts {
	int64_t	copied[COPY__MAX], there[COPY__MAX];
	/* The ledger was copied before, and has gone on since. */
	bool	usage_differs;
};

/*
 * From the directory that "to" names to the database that it names. False: one
 * of them can't be read, or written; "why" says which, and the log says more.
 * Rows that were copied until then stay, and are counted.
 */
bool	state_copy(const struct state_place *to, struct copy_counts *,
	    char why[static 200]);

#endif
