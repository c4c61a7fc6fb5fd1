/*
 * The way to one client. Whoever answers appends to "out" and has it written;
 * what the client doesn't take at once goes when it has room. On the loop's
 * thread.
 */
#ifndef OUTLET_H
#define OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/loop.h"

struct client;
struct outlet;
struct reply;
struct request;

/* It tells this to its owner, who may be gone when any of these returns. */
struct outlet_ops {
	/* All is written. */
	void	(*drained)(struct outlet *);
	/* Nobody reads any more, see "why". Told once. */
	void	(*gone)(struct outlet *);
	/* Nothing was written for a while: append something that says so. */
	void	(*silent)(struct outlet *);
};

enum outlet_state {
	OUTLET_EMPTY,		/* no head yet: an error can have a status */
	OUTLET_STREAM,		/* the head of a stream is in front */
	OUTLET_LAST,		/* nothing comes behind "out" */
	OUTLET_GONE		/* the client, that is */
};

struct outlet {
	const struct outlet_ops	*ops;
	struct loop		*loop;
	struct client		*client;
	enum outlet_state	 state;
	const char		*why;		/* it is gone; static */
	struct buf		 out;		/* to be written, from "at" */
	size_t			 at;
	size_t			 bytes;		/* written so far */
	int64_t			 written;	/* when something last was */
	int64_t			 patience;	/* ms until silent() */
	struct loop_timer	 silence;
	struct loop_timer	 stall;
	struct loop_task	 soon;		/* it is to be written */
};

void	outlet_init(struct outlet *, const struct outlet_ops *, struct loop *,
	    struct client *);
/* Call silent() after so many milliseconds without a byte; 0: never. */
void	outlet_watch(struct outlet *, int64_t ms);

/* Begin a stream, unless it has begun: its head goes in front of "out". */
void	outlet_begin(struct outlet *, struct reply *, const struct request *);
/* Nothing comes behind what is in "out". */
void	outlet_last(struct outlet *);
/*
 * Write while the client takes it. Calls nothing back, so that it is safe
 * inside of the call's callbacks. False: the client has gone.
 */
bool	outlet_write(struct outlet *);
/* The same, and then tells the owner what came of it. */
void	outlet_push(struct outlet *);
/*
 * The same once the loop has done what it is doing: events that arrive together
 * go together. Does it wait for that?
 */
void	outlet_push_soon(struct outlet *);
bool	outlet_waits(const struct outlet *);
/* Bytes that wait for the client. */
size_t	outlet_backlog(const struct outlet *);
/* Give the client up; gone() is not told. */
void	outlet_give_up(struct outlet *, const char *why);

/* The client is finished with: was the answer whole? */
void	outlet_finish(struct outlet *, bool whole);

#endif
