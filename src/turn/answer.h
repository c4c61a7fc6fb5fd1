/* An answer: from upstream's bytes to the client's, whatever the protocols. */
#ifndef TURN_ANSWER_H
#define TURN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;
struct sink;
struct sse_event;

/*
 * The way back. All members may be called on the loop, except that a large
 * whole body is given to a worker. "out" is appended to. A false return leaves
 * the reason in "err" and ends the answer.
 */
struct answer_ops {
	/*
	 * What upstream sends, events or a whole body, need not be what the
	 * client asked for: event() and end() also make a whole body, whole()
	 * also makes events.
	 */
	bool	either;
	/* One event of a stream that began with 200. */
	bool	(*event)(void *self, const struct sse_event *, struct buf *out,
		    struct err *);
	/*
	 * The stream ended without a transport error: append what still has to
	 * come ("data: [DONE]"), or say that it was incomplete.
	 */
	bool	(*end)(void *self, struct buf *out, struct err *);
	/* Something failed after the head went out: the error as an event. */
	void	(*fail)(void *self, const struct err *, struct buf *out);
	/* A whole body that came with 2xx; "out" becomes the client's body. */
	bool	(*whole)(void *self, const char *, size_t, struct buf *out,
		    struct err *);
	/*
	 * May be NULL. On a worker, when all events have come but before end(),
	 * and after whole(), which is on that worker, too: do what takes the
	 * disk.
	 */
	void	(*commit)(void *self);
	/* May be NULL: always. Is there something for commit() to do? */
	bool	(*commits)(void *self);
	/*
	 * May be NULL. After event(): is the answer complete but for what
	 * end() appends? Then commit() and end() follow at once, while upstream
	 * may still be about to end. Only for a client that wants events.
	 */
	bool	(*done)(void *self);
	/*
	 * May be NULL. After whole(): does the answer take one more call? Then
	 * its body is filled in, "out" of whole() is dropped and comes again.
	 */
	bool	(*next)(void *self, struct buf *body);
	/*
	 * May be NULL. Put upstream's refusal of the call into the terms of
	 * the endpoint that the client called: names of members, indexes.
	 */
	void	(*explain)(void *self, struct err *);
	/*
	 * May be NULL. After event(): is the answer complete before upstream
	 * is? Then the call is ended, as if this had been its end.
	 */
	bool	(*over)(void *self);
	/*
	 * May be NULL. Append an event that says nothing, for a client that
	 * takes a stream without events for a dead one. False, and nothing is
	 * appended, where none can be: before the first event, behind the last.
	 */
	bool	(*alive)(void *self, struct buf *out);
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
