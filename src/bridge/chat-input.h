/* The messages of a chat completion request as items of a Responses request. */
#ifndef BRIDGE_CHAT_INPUT_H
#define BRIDGE_CHAT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct err;

enum bridge_chat_part {
	BRIDGE_CHAT_MESSAGE,		/* the message itself */
	BRIDGE_CHAT_CALL,		/* one of its tool calls */
	BRIDGE_CHAT_OUTPUT,		/* a tool's result */
	BRIDGE_CHAT_REASONING	/* of its reasoning_opaque */
};

/* What an item was made from, so that complaints can name it. */
struct bridge_chat_origin {
	enum bridge_chat_part	 part;
	size_t			 message;	/* index */
	size_t			 call;		/* index, of BRIDGE_CHAT_CALL */
};

struct bridge_chat_input {
	json_object		*items;		/* an array */
	struct bridge_chat_origin	*origins;	/* of each item */
	size_t			 norigins;
};

/*
 * Translate messages that chat_messages_read() has accepted and
 * chat_messages_repair() has gone over. Their strings are shared, not copied.
 * False with "err" set to a 400 that names the place. Release with
 * bridge_chat_input_finish() in any case.
 */
bool	bridge_chat_input_read(struct bridge_chat_input *,
	    json_object *messages, struct err *);
void	bridge_chat_input_finish(struct bridge_chat_input *);

#endif
