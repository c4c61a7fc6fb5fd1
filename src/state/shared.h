/*
 * Small texts that hosts share by name, and who of them makes the next one: of
 * all who find none that is still good, one gets the right to make it for some
 * seconds, and the others are told so. Times are the database's, so that the
 * clocks of hosts don't matter.
 *
 * On workers: it waits for the database. NULL: there is none.
 */
#ifndef STATE_SHARED_H
#define STATE_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "state/place.h"

struct shared;

struct shared *shared_create(const struct state_place *);
void	shared_destroy(struct shared *);

enum shared_found {
	SHARED_UNKNOWN,		/* the database is away */
	SHARED_MADE,		/* another host makes one */
	SHARED_TO_MAKE,		/* this one shall, within SHARED_SECONDS */
	SHARED_FOUND
};
#define SHARED_SECONDS	45	/* a request to GitHub may take 30 */

/*
 * Is there one that is newer than version "behind", and not yet due? Then fill
 * in "text", *version, and how many seconds are left until it is due.
 */
enum shared_found shared_find(struct shared *, const char *name,
	    int64_t behind, struct buf *text, int64_t *version, int64_t *left);
/*
 * This host has made it, with the right or because it has waited for long
 * enough; it is due in "left" seconds. False: the database is away.
 */
bool	shared_put(struct shared *, const char *name, const struct buf *text,
	    int64_t left, int64_t *version);
/*
 * Notes under a name, each by a word; those of a day are kept. "lines" are a
 * word, a space, the note: they are taken, and replaced by all that were noted
 * since *since, perhaps with some of before, and the words left as they are.
 */
bool	shared_notes(struct shared *, const char *name, struct buf *lines,
	    int64_t *since);
/* It can't: the next one who asks may. */
void	shared_leave(struct shared *, const char *name);

#endif
