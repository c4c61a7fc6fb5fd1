/* The input items of a Responses request, made acceptable to upstream. */
#ifndef RESPONSES_INPUT_H
#define RESPONSES_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct err;
struct model;

struct responses_input {
	bool	web_search;	/* given: may tools of this kind stay? */
	bool	unsealed;	/* given: reasoning stays behind */
	const struct model *model; /* given; may be NULL */
	bool	changed;	/* the items are not what the client sent */
	bool	vision;		/* there is an image somewhere */
	bool	agent;		/* the last item is no user's message */
};

/*
 * Is input[i] an item, sent here with all that it says? Else false with "err"
 * set.
 */
bool	responses_input_check(json_object *item, size_t i, struct err *);

/*
 * A copy of the array without what upstream refuses: items are edited in
 * place. NULL with "err" set when an item is no item, or refers to one that
 * is stored elsewhere.
 */
json_object *responses_input(json_object *items, struct responses_input *,
	    struct err *);

#endif
