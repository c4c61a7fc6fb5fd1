/*
 * Messages and tools of the usual form, in the text of a request, as
 * chat/usual.h has it for chat completions: messages/check.h, fit.h and tools.h
 * would refuse nothing and change nothing. tests/usual-t compares both ways.
 */
#ifndef MESSAGES_USUAL_H
#define MESSAGES_USUAL_H

#include <stdbool.h>

#include <json-c/json.h>

struct messages_usual {
	bool	vision;	/* there are images, inline */
	bool	marked;	/* there is a mark for the prompt cache */
};

/* Are they? "found" may be NULL. */
bool	messages_usual(json_object *messages, struct messages_usual *found);

/* The same of tools; *marked, which may be NULL, becomes true as above. */
bool	messages_usual_tools(json_object *tools, bool *marked);

#endif
