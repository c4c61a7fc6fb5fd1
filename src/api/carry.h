/*
 * A request that is carried by another endpoint than the client's, for a model
 * that has no other: its reader makes a turn of it, and upstream's writer makes
 * a request of that.
 */
#ifndef CARRY_H
#define CARRY_H

#include <stdbool.h>

#include <json-c/json.h>

#include "responses/native.h"
#include "turn/terms.h"
#include "turn/thought.h"
#include "turn/tools.h"

struct answer_terms;
struct body;
struct chat_request;
struct err;
struct stop;
struct turn;

/* The answer has to know this of the request. */
struct carry_note {
	struct terms		 terms;
	struct stop		*stop;		/* honoured here; NULL: none */
	/* For a Responses request: */
	struct responses	 responses;
	struct tools		 tools;
	char			*vendor;	/* of the model, or "" */
	bool			 encrypted;	/* reasoning can come back */
	bool			 format_in_prompt; /* struct chat_request's */
	struct thought_keeper	 thoughts; /* set by who calls; may be zero */
};

void	carry_note_finish(struct carry_note *);
/* Its contents, of the heap; nothing is left in "take". */
struct carry_note *carry_note_take(struct carry_note *take);
/* The words of an answer that owns such a one of the heap. */
extern const struct answer_terms carry_note_words;

/* The tools, once the request is written; the turn has none then. */
void	carry_note_tools(struct carry_note *, struct turn *);
/* All that the answer to a Responses request has to know of it. */
void	carry_note_responses(struct carry_note *, json_object *obj,
	    const struct responses_setting *, struct turn *);

/*
 * Check a parsed Responses request, whose "model" is a string, and append the
 * body for chat completions. "obj" is edited. False with "err" set, in the
 * client's terms, when it is refused. Release with carry_note_finish() in
 * any case.
 */
bool	carry_by_chat(json_object *obj, const struct responses_setting *,
	    struct carry_note *, struct body *, struct err *);

/*
 * The same of a chat completion request whose model is known and that was made
 * fit, but not for chat completions, over /responses. Release with
 * carry_note_finish() in any case.
 */
bool	carry_by_responses(struct chat_request *, struct carry_note *,
	    struct body *, struct err *);

#endif
