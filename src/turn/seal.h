/*
 * The thoughts of a chat completion, as the encrypted_content of a reasoning
 * item. Copilot wants it back with the next turn (Gemini's tool calls
 * fail without), and a client of /responses gives back nothing else.
 */
#ifndef TURN_SEAL_H
#define TURN_SEAL_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"

/*
 * Append the text that carries it. "vendor" is the model's, "" when not known;
 * "opaque" is Copilot's reasoning_opaque (NULL: there is none).
 */
void	seal_close(const char *vendor, const struct buf *text,
	    const char *opaque, struct buf *out);

/*
 * The same of a summary of a conversation, as a compaction's encrypted_content,
 * false if that is too long to be opened again (4 MiB); and what it says, a
 * string of yours, or NULL if it isn't one of those.
 */
bool	seal_close_summary(const struct buf *text, struct buf *out);
json_object *seal_open_summary(const char *sealed);

/* Is this encrypted_content one that was made here? */
bool	seal_is(const char *sealed);

/*
 * An object with vendor, and reasoning_text and reasoning_opaque, each if there
 * is one. NULL when it was made elsewhere or is damaged.
 */
json_object *seal_open(const char *sealed);

/* Can a model of this vendor read what that vendor's made? NULL: not known. */
bool	seal_is_for(json_object *vendor, const char *model);

/*
 * How a sealed thought begins that Messages made, or had made for them
 * (messages/signature.h). Nobody else can read it.
 */
#define SEAL_MESSAGES "copilot-api:"

/* Is this one of OpenAI's own, which only upstream's GPT can read? */
bool	seal_is_upstreams(const char *sealed);

/*
 * Parts that only say that they are encrypted become the text that they have.
 * False: there were none.
 */
bool	seal_plain_parts(json_object *parts);

/* This stands where something was that can't be read. */
#define SEAL_LOST "(an encrypted part of this output can't be read any more)"

/*
 * Parts of a tool's output that only upstream can read, and perhaps not with
 * this account, become words that say so. False: there were none.
 */
bool	seal_replace_parts(json_object *parts);

#endif
