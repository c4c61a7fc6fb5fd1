/*
 * Requests of OpenAI's protocols to Claude, carried over /v1/messages: only
 * there it has thoughts that can be kept over turns, documents, images in the
 * results of tools, and writes its prompt cache.
 */
#ifndef CARRY_CLAUDE_H
#define CARRY_CLAUDE_H

#include <stdbool.h>

#include <json-c/json.h>

struct carry_note;
struct chat_request;
struct chat_wanted;
struct err;
struct exchange;
struct responses_setting;

/*
 * Make the call of a chat completion request whose model is known and that was
 * made fit, but not for chat completions, and what awaits its answer. False
 * with "err" set, in the client's terms.
 */
bool	carry_claude_chat(struct exchange *x, struct chat_request *,
	    struct chat_wanted *, struct err *);

/*
 * The same of a parsed Responses request. "b" is filled in for the answer, but
 * for its keeper of thoughts; release it with carry_note_finish() when this
 * fails, else give it to carry_claude_await(), which takes it over.
 */
bool	carry_claude_responses(struct exchange *x, json_object *obj,
	    const struct responses_setting *, struct carry_note *b,
	    struct err *);
void	carry_claude_await(struct exchange *x, struct carry_note *take);

#endif
