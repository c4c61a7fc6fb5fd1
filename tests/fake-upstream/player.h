/*
 * Sends an answer: framing, pace, and the accidents a scenario asks for. All
 * counts are -1 when nothing of the kind is wanted.
 */
#ifndef PLAYER_H
#define PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "evloop.h"

struct conn;

struct player {
	struct timer	 timer;
	bool		 begun;		/* the head is in conn->out */
	bool		 chunked;
	bool		 head_only;
	bool		 ended;		/* only conn->out is left */
	bool		 resetting;
	size_t		 next;		/* event */
	size_t		 at;		/* byte in it, when sent in pieces */
	struct buf	 made;		/* an event made by ans->next */
	uint64_t	 bytes;		/* of the body, so far */
	uint64_t	 pieces;
	int64_t		 due;		/* when the next event is */

	int64_t		 every_ns;	/* between events */
	int64_t		 byte_ns;	/* between pieces */
	int64_t		 pause_ns;	/* once, after so many events */
	bool		 byte_by_byte, odd_chunks, clean_end;
	int64_t		 stall_after, cut_events, cut_bytes, reset_after;
	int64_t		 pause_after;
};

/* Starts conn->ans; the scenario says how. */
void	player_start(struct conn *, json_object *scn);
/* Goes on after conn->out has drained. */
void	player_resume(struct conn *);
/* Ends what the answer waits for, a stall that is still to come included. */
void	player_hurry(struct conn *);
void	player_stop(struct conn *);

#endif
