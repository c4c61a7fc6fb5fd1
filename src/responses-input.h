/* The input items of a Responses request, made acceptable to upstream. */
#ifndef RESPONSES_INPUT_H
#define RESPONSES_INPUT_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;

struct responses_input {
	bool	web_search;	/* given: may tools of this kind stay? */
	bool	changed;	/* the items are not what the client sent */
	bool	vision;		/* there is an image somewhere */
	bool	agent;		/* the last item is no user's message */
};

/*
 * A copy of the array without what upstream refuses: items are edited in
 * place. NULL with "err" set when an item is no item, or refers to one that
 * is stored elsewhere.
 */
json_object *responses_input(json_object *items, struct responses_input *,
	    struct err *);

#endif
