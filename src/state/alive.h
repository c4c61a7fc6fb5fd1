/*
 * Which processes that run responses in the background are alive. Each has a
 * name, and what one ran that is gone has failed. In the data directory it
 * holds a lock (flock) on a file of that name as long as it lives, however it
 * ends, and no clock has to be trusted. In a database that hosts share it has a
 * row as well, which a thread of it renews, for the other hosts; by the
 * database's clock. Private to state/.
 */
#ifndef ALIVE_H
#define ALIVE_H

#include <stdbool.h>

#include "state/group.h"

#define ALIVE_BEAT_S	5	/* its row is renewed */
#define ALIVE_LATE_S	20	/* it may be gone: others begin to doubt it */
/* Longer than it takes to come back to a database that was away. */
#define ALIVE_DOUBT_S	30

/*
 * Give this process a name, if it has none, and look for those who are gone.
 * False when it can't have one.
 */
bool	 alive_enlist(struct stored *);
bool	 alive_is_ours(struct stored *, const char *process);
/*
 * Is the process gone? Then what it ran has failed. Doesn't wait for one that
 * lives. Of another host's it takes two looks and the times above.
 */
bool	 alive_bury(struct stored *, const char *process);
/* All that are gone. */
void	 alive_bury_all(struct stored *);
/* This process runs nothing any more. */
void	 alive_quit(struct stored *);

/* --- By a lock of this data directory (alive-lock.c). */

/* A name and its lock. */
bool	 alive_lock_enlist(struct stored *, char name[static 33]);
void	 alive_lock_quit(struct stored *, const char *process);
/* Has it left its file here, whether it lives or not? */
bool	 alive_lock_is_here(const struct stored *, const char *process);
bool	 alive_lock_any(const struct stored *);	/* anybody's file? */
bool	 alive_lock_bury(struct stored *, const char *process);
void	 alive_lock_bury_all(struct stored *);

/* --- By a row of a database (alive-row.c). */

bool	 alive_row_enlist(struct stored *, const char *process);
void	 alive_row_quit(struct stored *);
bool	 alive_row_bury(struct stored *, const char *process);
void	 alive_row_bury_all(struct stored *);

#define ALIVE_GONE \
	"The server was stopped before the response was complete."
/* Marks as failed what the process of ?1 ran; why is ?2. */
#define ALIVE_FAIL "UPDATE background SET status = 'failed'," \
	" finished = unixepoch(), code = 'server_error', why = ?2" \
	" WHERE process = ?1 AND finished IS NULL"

#endif
