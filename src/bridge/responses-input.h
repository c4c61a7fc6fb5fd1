/*
 * The input items of a Responses request as messages of chat completions.
 * What an assistant did in one go, in several items, is one message.
 */
#ifndef BRIDGE_RESPONSES_INPUT_H
#define BRIDGE_RESPONSES_INPUT_H

#include <stdbool.h>

#include <json-c/json.h>

struct bridge_terms;
struct bridge_tools;
struct err;

struct bridge_input {
	const char		*vendor;	/* given: the model's, or "" */
	struct bridge_terms	*terms;		/* given: noted in there */
	struct bridge_tools	*tools;		/* given: more go there */
	bool			 vision;	/* there is an image */
	bool			 agent;		/* the last item is no user's */
};

/*
 * The messages for "instructions" (NULL: none) and "input", a string or an
 * array. NULL with "err" set when something can't be carried.
 */
json_object *bridge_input(json_object *instructions, json_object *input,
	    struct bridge_input *, struct err *);

#endif
