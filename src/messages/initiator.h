/* Does a person ask, or a program that goes on by itself? */
#ifndef MESSAGES_INITIATOR_H
#define MESSAGES_INITIATOR_H

#include <stdbool.h>

#include <json-c/json.h>

#include "turn/initiator.h"

/* The request's headers say this about its client. */
struct messages_client {
	bool	claude_code;
	bool	subagent;		/* one of its agents asks */
};

/*
 * Results of tools are an agent's call, a sub-agent's turns are its own, and
 * what Claude Code asks on the side (titles, summaries, searches) is done in
 * the background. Words of a person beside a result (having refused the tool)
 * are that person's turn. Call it before the messages are fitted.
 */
enum initiator messages_initiator(json_object *req,
	    const struct messages_client *);

#endif
