/* Who asks: a person, or a program that goes on by itself? */
#ifndef MESSAGES_INITIATOR_H
#define MESSAGES_INITIATOR_H

#include <stdbool.h>

#include <json-c/json.h>

/* What the request's headers say about its client. */
struct messages_client {
	bool	claude_code;
	bool	subagent;		/* one of its agents asks */
};

/*
 * Is it a program's call? Results of tools, a sub-agent's turns, and what
 * Claude Code asks on the side: titles, summaries, searches. What a person says
 * beside a result (having refused the tool) is that person's turn. Call it
 * before the messages are fitted.
 */
bool	messages_is_agent(json_object *req, const struct messages_client *);

#endif
