/*
 * Writing: a transaction for what several threads want to keep at the same
 * time, since it costs as much as what is in it. Private to state/.
 */
#ifndef GROUP_H
#define GROUP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "state/db.h"

struct stored {
	struct db	*db;
	struct state_group *group;
	char		*home;
	bool		 shared;	/* with other hosts */
	atomic_uint	 puts;		/* turns; see prune.c */
	atomic_bool	 outdated;	/* more may be too old */
	atomic_uint	 thoughts;	/* that were put */
	pthread_mutex_t	 lock;		/* of all below */
	char		 process[33];	/* see alive.h; "": none */
	int		 process_lock;	/* of its file, or ... */
	struct state_beat *beat;	/* ... who renews its row */
};

/* The transaction, for those who put something there. */
struct state_tx {
	struct stored	*s;
	struct db_conn	*c;
	int64_t		 fresh;	/* row of its first turn; 0: none yet */
	int64_t		 completion;	/* likewise, of a chat completion */
	/*
	 * The connection was lost while this was committed: it may be there
	 * already, as a whole.
	 */
	bool		 again;
};

/*
 * Call "put" within a transaction, perhaps together with what other threads
 * put, on one of their threads. It must not begin or end one, and what it has
 * done is undone if it returns false. It is called again, from the beginning,
 * when the connection to the database is lost. True when it is committed; false
 * is logged as "what", unless no statement has failed. (group.c)
 */
bool	 state_group_put(struct stored *, bool (*put)(struct state_tx *,
	    void *), void *arg, const char *what);
struct state_group *state_group_create(void);
void	 state_group_destroy(struct state_group *);

#endif
