/* An answer: from upstream's bytes to the client's, whatever the protocols. */
#ifndef TURN_ANSWER_H
#define TURN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;
struct sink;
struct sse_event;

/* How far an answer says it is. */
enum answer_said {
	ANSWER_MORE,		/* it goes on */
	ANSWER_COMPLETE,	/* all is in "out"; upstream's end is missing */
	ANSWER_HELD,		/* the same, but for what commit() appends */
	ANSWER_ENOUGH,		/* what upstream still has is not wanted */
	ANSWER_AGAIN,		/* one more call: "out" is its body */
	ANSWER_FAILED		/* "err" */
};

/*
 * The way back. All members may be called on the loop, but for commit(), and
 * whole() of a large body, which a worker calls. "out" is appended to.
 */
struct answer_ops {
	/*
	 * One event of a stream that began with 200. NULL: there are no
	 * streams. Not called behind anything but ANSWER_MORE.
	 */
	enum answer_said (*event)(void *self, const struct sse_event *,
		    struct buf *out, struct err *);
	/*
	 * The stream has ended where event() said MORE or ENOUGH: append what
	 * still has to come, or say that it was incomplete.
	 */
	enum answer_said (*end)(void *self, struct buf *out, struct err *);
	/* A whole body that came with 2xx; "out" becomes the client's body. */
	enum answer_said (*whole)(void *self, const char *, size_t,
		    struct buf *out, struct err *);
	/*
	 * On a worker, for who said HELD: do what takes the disk, and append
	 * the end. False with "err" set.
	 */
	bool	(*commit)(void *self, struct buf *out, struct err *);
	/* Something failed after the head went out: the error as an event. */
	void	(*fail)(void *self, const struct err *, struct buf *out);
	/*
	 * May be NULL. Put upstream's refusal of the call into the terms of
	 * the endpoint that the client called: names of members, indexes.
	 */
	void	(*explain)(void *self, struct err *);
	/*
	 * May be NULL. Append what the client gets, with status 200, in place
	 * of an error that is known before its head went out.
	 */
	void	(*instead)(void *self, const struct err *, struct buf *out);
	/*
	 * May be NULL. Append an event that says nothing, for a client that
	 * takes a stream without events for a dead one. False, and nothing is
	 * appended, where none can be: before the first event, behind the last.
	 */
	bool	(*filler)(void *self, struct buf *out);
	void	(*destroy)(void *self);
};

/* --- What is read in one protocol and written in another. */

/*
 * Upstream's side: what it sends, said to a sink. Nothing is read behind the
 * end. False with "err" set, in upstream's words, when the answer failed.
 */
struct answer_reader {
	bool	(*event)(void *self, const struct sse_event *, struct buf *out,
		    struct err *);
	/* The stream ended before the answer did: is that a loss? */
	bool	(*cut)(void *self, struct buf *out, struct err *);
	bool	(*whole)(void *self, const char *, size_t, struct buf *out,
		    struct err *);
	void	(*destroy)(void *self);
};

/* Upstream's errors in the client's terms. */
struct answer_terms {
	void	(*explain)(void *self, struct err *);
	void	(*destroy)(void *self);
};

struct answer;
extern const struct answer_ops turn_answer;

/*
 * An answer for "turn_answer" that ends in this writer. Then stages are put in
 * front, the last one first; then a reader is made, which speaks to the first.
 * All of these are taken over.
 */
struct answer *answer_create(struct sink *take_writer);
void	 answer_stage(struct answer *, struct sink *take);
void	 answer_terms(struct answer *, const struct answer_terms *, void *take);
void	 answer_read(struct answer *, const struct answer_reader *,
	    void *take);
struct sink *answer_first(struct answer *);

#endif
