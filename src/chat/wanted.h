/* The answer of a chat completion has to know this of the request. */
#ifndef CHAT_WANTED_H
#define CHAT_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "turn/thought.h"

struct buf;
struct stop;

/*
 * Who has each chunk, or the whole, as a tree before it is printed, and prints
 * it (chat_print_tree()), or something else in its place. Zeroed memory is
 * nobody.
 */
struct chat_tap {
	/* NULL is the end of a stream. */
	void	(*print)(void *arg, json_object *, struct buf *out);
	/*
	 * All was printed, and nothing of that has gone out yet which the end
	 * brought: on a worker. May be NULL.
	 */
	void	(*keep)(void *arg);
	void	*arg;		/* outlives the answer */
};

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
	bool		 format_in_prompt; /* it was told to answer with JSON */
	bool		 inserted;	/* which is one more, the first */
	struct stop *stop;		/* to be honoured here; NULL: none */
	int64_t		 n;		/* choices asked for */
	size_t		 max;		/* most bytes of a whole answer */
	struct thought_keeper thoughts;	/* who keeps them */
	struct chat_tap tap;
};

#endif
