/*
 * An answer in no API's words. A reader says what upstream sends by calling a
 * sink, in upstream's order; nothing is joined or invented. A writer is a sink
 * that prints it for the client. Stages stand between (stop strings, only the
 * JSON object, thoughts to be kept): each is a sink that owns the next one.
 *
 *     head            what is known of the answer as a whole; may come again
 *     begin           an item: numbered 0, 1, .. in the order of its beginning
 *       delta           more of a part of it; another index is another part
 *       seal            what only upstream can read of it, and wants back
 *       source          a page that it found, or refers to
 *     end             the item is complete, or cut off
 *     finish          why it ended; items that are still open end with it
 *     fail            in place of that: what went wrong, when a part is out
 *
 * Items may be open beside each other, and their deltas alternate. They begin
 * in their order, and nobody hears of one that hasn't begun for him: a stage
 * that swallows a beginning cuts off that item and all later ones, and no sink
 * need look whether it knows the item.
 *
 * A writer passes over what its protocol has no form for. Strings are json-c's,
 * so that none is copied on the way, and borrowed, as all arguments are.
 */
#ifndef TURN_SINK_H
#define TURN_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

struct buf;
struct err;
struct sink;
struct usage;

/* Members may be NULL or 0: not known. */
struct sink_head {
	const char	*model;		/* upstream's name of it */
	int64_t		 created;	/* Unix time */
};

enum sink_kind {
	SINK_MESSAGE,		/* text, refusals */
	SINK_THOUGHT,		/* what the model thought, or a summary */
	SINK_CALL,		/* of a tool of the client's */
	SINK_SEARCH		/* of the web, made by upstream; cut: in vain */
};

struct sink_item {
	enum sink_kind	 kind;
	/* A call has these; the tool is named as the client knows it. */
	const char	*id, *name;
	const char	*space;		/* the tool's namespace; NULL: none */
	bool		 custom;	/* called with text, not with JSON */
	bool		 search;	/* for tools that the client has */
	bool		 plain;	/* arguments might be encrypted, but aren't */
};

enum sink_part {
	SINK_TEXT,		/* of a message */
	SINK_REFUSAL,		/* of a message */
	SINK_SUMMARY,		/* of a thought: what can be shown of it */
	SINK_ARGUMENTS,		/* of a call: JSON */
	SINK_INPUT,		/* of a custom tool's call: text */
	SINK_QUERY,		/* of a search: what for */
	SINK_PART__MAX
};

struct sink_delta {
	enum sink_part	 part;
	int64_t		 index;		/* of the part in its item */
	json_object	*text;		/* a string */
	json_object	*logprobs;	/* an array; NULL: none */
};

/*
 * A page that a search found, or that a text refers to: there "start" and "end"
 * count the characters of its part. The texts are strings, or NULL.
 */
struct sink_source {
	json_object	*url, *title;
	int64_t		 index;		/* of the part */
	int64_t		 start, end;
};

/*
 * The form of a seal: each upstream opens its own only. A thought may have
 * none; each of Messages' has its own.
 */
enum sink_seal {
	SINK_OPAQUE,		/* chat's reasoning_opaque: one an answer */
	SINK_ENCRYPTED,		/* Responses' encrypted_content */
	SINK_SIGNATURE,		/* Messages': of a thought that is shown */
	SINK_REDACTED,		/* Messages': in place of one */
	SINK_PHASE		/* Responses': what a message is to be */
};

enum sink_reason {
	SINK_STOP,		/* it was complete, with calls or without */
	SINK_AT_STRING,		/* at one of the client's stop strings */
	SINK_LENGTH,
	SINK_FILTER
};

struct sink_end {
	enum sink_reason	 reason;
	const char		*string; /* that it stopped at; NULL: unknown */
	/* NULL: upstream said nothing. It outlives the answer. */
	const struct usage	*usage;
};

/*
 * "out" is the client's, to be appended to. A false return leaves the reason in
 * "err" and ends the answer. A member that is NULL is the next sink's; the
 * writer has the first seven, but for "head" and "source" where it has no form
 * for what they say.
 */
struct sink_ops {
	bool	(*head)(struct sink *, const struct sink_head *,
		    struct buf *out, struct err *);
	bool	(*begin)(struct sink *, size_t item, const struct sink_item *,
		    struct buf *out, struct err *);
	bool	(*delta)(struct sink *, size_t item, const struct sink_delta *,
		    struct buf *out, struct err *);
	bool	(*seal)(struct sink *, size_t item, enum sink_seal,
		    json_object *text, struct buf *out, struct err *);
	bool	(*source)(struct sink *, size_t item,
		    const struct sink_source *, struct buf *out, struct err *);
	bool	(*end)(struct sink *, size_t item, bool cut, struct buf *out,
		    struct err *);
	bool	(*finish)(struct sink *, const struct sink_end *,
		    struct buf *out, struct err *);
	void	(*fail)(struct sink *, const struct err *, struct buf *out);
	/* As in struct answer_ops; the writer's, where it has such an event. */
	bool	(*filler)(struct sink *, struct buf *out);
	/* Is the answer over, whatever upstream still says? */
	bool	(*over)(struct sink *);
	/*
	 * Is there something at the end that takes the disk? Then finish()
	 * comes on a worker, and keep(), which may be NULL, before it.
	 */
	bool	(*keeps)(struct sink *);
	void	(*keep)(struct sink *);
	void	(*destroy)(struct sink *);
};

/* The first member of whatever is a sink. */
struct sink {
	const struct sink_ops	*ops;
	struct sink		*next;	/* NULL: the writer */
	size_t			 begun;	/* items, as sink_begin() counts */
};

/* For those who call one. */
bool	 sink_head(struct sink *, const struct sink_head *, struct buf *out,
	    struct err *);
bool	 sink_begin(struct sink *, size_t item, const struct sink_item *,
	    struct buf *out, struct err *);
bool	 sink_delta(struct sink *, size_t item, const struct sink_delta *,
	    struct buf *out, struct err *);
bool	 sink_seal(struct sink *, size_t item, enum sink_seal,
	    json_object *text, struct buf *out, struct err *);
bool	 sink_source(struct sink *, size_t item, const struct sink_source *,
	    struct buf *out, struct err *);
bool	 sink_end(struct sink *, size_t item, bool cut, struct buf *out,
	    struct err *);
bool	 sink_finish(struct sink *, const struct sink_end *, struct buf *out,
	    struct err *);
void	 sink_fail(struct sink *, const struct err *, struct buf *out);
bool	 sink_filler(struct sink *, struct buf *out);

/* These ask, or tell, all of them. */
bool	 sink_over(struct sink *);
bool	 sink_keeps(struct sink *);
void	 sink_keep(struct sink *);
void	 sink_destroy(struct sink *);		/* NULL is fine */

#endif
