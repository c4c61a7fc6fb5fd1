/*
 * One choice of a chat completion, as it comes in pieces. Whatever the model,
 * its pieces are made into OpenAI's: the role once, each tool call with an
 * index of its own and named once, the reason of the end at the end.
 */
#ifndef CHAT_CHOICE_H
#define CHAT_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "chat/calls.h"
#include "turn/object.h"

struct stop;
struct err;

/* Zeroed memory is a choice of which nothing has come yet. */
struct chat_choice {
	bool			 json;	/* given: only an object counts */
	struct stop		*stop;		/* given, ours; NULL: none */
	bool			 stopped;	/* at one of them */
	struct object		 object;	/* that is looked for */
	bool			 seen;
	bool			 role;		/* has been said */
	bool			 content;	/* there was some */
	bool			 opaque;	/* likewise reasoning_opaque */
	const char		*reasoning;	/* its member; static */
	const char		*finish;	/* upstream's reason; static */
	struct chat_calls	 calls;
};

/*
 * Make a piece ("delta" or "message") OpenAI's, in place. "functions": the
 * client knows function_call only. *say is false when nothing is left of it.
 * False with "err" set when upstream reports a failure or exceeds a limit.
 */
bool	chat_choice_repair(struct chat_choice *, json_object *piece,
	    int64_t index, bool functions, bool *say, struct err *);

/*
 * At the end, what was held back in the search for an object or a stop string,
 * or of tool calls, as a piece; NULL: nothing. Then the last piece, with the
 * reason of the end.
 */
json_object *chat_choice_rest(struct chat_choice *, int64_t index,
	    bool functions);
json_object *chat_choice_last(const struct chat_choice *, int64_t index,
	    bool functions);

/*
 * The reason that a client is told, static: an answer with tool calls may say
 * "stop", and one without may not say (NULL).
 */
const char *chat_choice_reason(const char *said, bool called, bool functions);

void	chat_choice_clear(struct chat_choice *);

#endif
