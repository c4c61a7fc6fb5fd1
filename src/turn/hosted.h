/*
 * Tools that run at OpenAI or at Anthropic: clients offer them, and can do
 * without. Where a model has no such tool it is left out, and the header
 * "x-tools-left-out" names it.
 */
#ifndef HOSTED_H
#define HOSTED_H

#include <stddef.h>

#include <json-c/json.h>

enum {
	HOSTED_SEARCH		= 1u << 0,	/* of the web */
	HOSTED_FETCH		= 1u << 1,
	HOSTED_TOOL_SEARCH	= 1u << 2,	/* not the client's own */
	HOSTED_IMAGES		= 1u << 3,	/* are made */
	HOSTED_CODE		= 1u << 4	/* is run */
};

/* Which of them is this tool, or choice of one? 0: none. */
unsigned hosted_of(json_object *tool);
/* All that are in a list, which may be NULL. */
unsigned hosted_in(json_object *tools);

#define HOSTED_NAMES_SIZE 96
/* Their names, with commas. */
void	 hosted_names(unsigned set, char names[static HOSTED_NAMES_SIZE]);

#endif
