/* One connection: reads a request, has it answered, reads the next. */
#ifndef CONN_H
#define CONN_H

#include "answer.h"
#include "evloop.h"
#include "fake.h"
#include "player.h"
#include "req.h"

enum conn_state { CONN_HEAD, CONN_BODY, CONN_ANSWER, CONN_DRAIN, CONN_DEAD };

struct conn {
	struct watch	 watch;
	struct timer	 timer;		/* the request takes too long */
	struct fake	*f;
	struct conn	*next, **prev;
	enum conn_state	 state;
	bool		 reading;	/* conn_input is further up the stack */
	uint32_t	 armed;
	uint64_t	 served;	/* answers begun on this connection */

	struct buf	 in;		/* read, not used yet */
	size_t		 searched;	/* of in: holds no end of a head */
	struct req	 req;
	struct dechunk	 dechunk;

	struct answer	 ans;
	struct player	 play;
	struct buf	 out;		/* to be written, from out_at on */
	size_t		 out_at;
	uint64_t	 rec;		/* id in the record, 0 when none */
};

void	conn_accept(struct fake *, int fd);

/* For the player. */
enum conn_sent { CONN_SENT, CONN_LATER, CONN_GONE };
enum conn_sent conn_flush(struct conn *);
/* The answer has been sent: what became of it, and what comes next. */
void	conn_answered(struct conn *);
void	conn_end(struct conn *, const char *outcome, bool reset);

void	conn_free_dead(void *fake);	/* after each batch of events */
void	conn_end_all(struct fake *);

#endif
