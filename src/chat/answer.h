/*
 * The answer of a chat completion: from upstream's bytes, in whichever of its
 * styles, to OpenAI's.
 *
 * Everything takes one way: pieces of choices are repaired (chat-choice.c) and
 * then printed as chunks or collected (chat-collect.c). A whole body is one
 * large piece, so that what upstream sends, a stream or a whole, and what the
 * client asked for are independent of each other.
 */
#ifndef CHAT_ANSWER_H
#define CHAT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "turn/answer.h"
#include "turn/thought.h"
#include "turn/usage.h"

/*
 * Who takes the repaired pieces of a choice in place of a client of chat
 * completions: a bridge to another endpoint. "out" is the client's. The last
 * piece has a finish_reason; then comes end(), with what is known of usage.
 */
struct chat_sink {
	bool	(*piece)(void *arg, json_object *piece, struct buf *out,
		    struct err *);
	bool	(*end)(void *arg, const struct usage *, struct buf *out,
		    struct err *);
};

struct chat_stop;

/* What the answer has to know of the request. */
struct chat_wanted {
	/*
	 * The name the answer gives to the model: the client's when it was
	 * mapped, so that it finds what it asked for; else upstream's, which
	 * may be a snapshot's ("gpt-4o-2024-11-20"), as OpenAI's would be.
	 */
	const char	*model;
	bool		 mapped;
	bool		 stream;
	bool		 include_usage;	/* of stream_options */
	bool		 functions;	/* function_call, not tool_calls */
	json_object	*custom;	/* names of tools; NULL: none */
	bool		 told;		/* to answer with JSON, by a message */
	bool		 inserted;	/* which is one more, the first */
	struct chat_stop *stop;		/* to be honoured here; NULL: none */
	int64_t		 n;		/* choices asked for */
	size_t		 max;		/* most bytes of a whole answer */
	struct thought_keeper thoughts;	/* who keeps them */
	const struct chat_sink *sink;	/* NULL: print chat completions */
	void		*arg;		/* the sink's */
};

extern const struct answer_ops chat_answer;

/*
 * The state for chat_answer. "usage" must outlive it; it keeps a reference to
 * "custom" and a copy of "stop".
 */
void	*chat_answer_create(const struct chat_wanted *, struct usage *);

#endif
