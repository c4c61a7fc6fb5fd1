/*
 * What a model thought in a chat completion, as the encrypted_content of a
 * reasoning item. Copilot wants it back with the next turn (Gemini's tool calls
 * fail without), and a client of /responses gives back nothing else.
 */
#ifndef BRIDGE_REASONING_H
#define BRIDGE_REASONING_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/buf.h"

/*
 * Append the text that carries it. "vendor" is the model's, "" when not known;
 * "opaque" is Copilot's reasoning_opaque (NULL: there is none).
 */
void	bridge_reasoning_seal(const char *vendor, const struct buf *text,
	    const char *opaque, struct buf *out);

/* Is this encrypted_content one that was made here? */
bool	bridge_reasoning_is(const char *sealed);

/*
 * An object with reasoning_text and reasoning_opaque, each if there is one.
 * NULL when it was made elsewhere, is damaged, or belongs to the model of
 * another vendor, which could not read it.
 */
json_object *bridge_reasoning_open(const char *sealed, const char *vendor);

/*
 * Parts of a tool's output that only upstream can read, and perhaps not with
 * this account, become words that say so. False: there were none.
 */
bool	seal_replace_parts(json_object *parts);

#endif
