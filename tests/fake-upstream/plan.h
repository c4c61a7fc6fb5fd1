/*
 * What the model "says": made from the last message, so that a test can check
 * what arrived. The same for /chat/completions and /responses.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"

struct plan_call {
	char	*name;
	char	*space;		/* the namespace it is in, or NULL */
	char	*args;		/* JSON text; of a custom tool plain text */
	char	*id;
	bool	 custom;
};

struct plan {
	struct buf	  text;		/* empty: says nothing */
	struct plan_call *calls;
	size_t		  ncalls;
	bool		  search;	/* on the web, first */
	bool		  cut;		/* at the token limit */
	int64_t		  out_tokens;
};

/* One list for both forms of tool definition. */
struct tool {
	const char	*name, *space;
	bool		 custom, search;
};

struct plan_input {
	const char	*user;		/* the last user message, or NULL */
	const char	*result;	/* of the tools, when these come last */
	int		 images;
	int64_t		 bytes;		/* of text in all */
	int64_t		 limit;		/* output tokens; 0: none */
	struct tool	*tools;
	size_t		 ntools;
	const char	*choice;	/* "none", "required" or NULL */
	const char	*forced;	/* tool name, or NULL */
	json_object	*schema;	/* structured output, or NULL */
	bool		 json;		/* any JSON object */
	bool		 fenced;	/* in a code fence, between sentences */
	const char	*call_prefix;	/* "call_", "toolu_" */
	const char	*model;
	bool		 demo;
};

/*
 * What the system says, if that is about the answer's form. *schema is NULL,
 * and to be put by the caller.
 */
void	plan_told(struct plan_input *, const char *text, json_object **schema);
void	plan_make(struct plan *, const struct plan_input *, json_object *scn);
void	plan_finish(struct plan *);

/* The length of the word, with the space before it, that begins at "at". */
size_t	plan_word(const char *, size_t n, size_t at);
/* The length of the next piece of a call's arguments. */
size_t	plan_piece(const char *, size_t n, size_t at);

#endif
