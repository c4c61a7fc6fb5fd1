/*
 * What a model reads, in the order in which its cache compares it: the tools,
 * the instructions, the conversation. Two requests share a prefix as far as
 * these bytes are the same, marks left out.
 */
#ifndef PROMPT_H
#define PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "base/buf.h"

struct piece {
	size_t	end;		/* in text */
	bool	marked;		/* may be cached up to here */
};

struct prompt {
	struct buf	 text;
	struct piece	*piece;
	size_t		 n, cap;
	size_t		 marks;
};

/* "mark" names the member that marks a piece; it may be absent. */
void	prompt_add(struct prompt *, json_object *piece, const char *mark);
void	prompt_finish(struct prompt *);

/* Of a request's body; Claude's system messages are one before all others. */
void	prompt_of_chat(struct prompt *, json_object *body, bool claude);
void	prompt_of_responses(struct prompt *, json_object *body);

#endif
