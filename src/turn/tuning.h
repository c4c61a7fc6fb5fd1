/*
 * Parameters that tune an answer: are they what OpenAI's API takes? Who sends
 * others has made a mistake, whatever the model; what upstream says of the rest
 * is about the model (lessons.h).
 */
#ifndef TURN_TUNING_H
#define TURN_TUNING_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;

/* For both endpoints; types are checked elsewhere. False with "err" set. */
bool	tuning_check(json_object *request, struct err *);

/*
 * The form that the answer shall have. "format" has a type, and with
 * "json_schema" the name and the schema are in "in", which is "format" itself
 * in Responses. "where" and "inside" are what clients call the two. False with
 * "err" set.
 */
bool	tuning_check_format(json_object *format, const char *where,
	    json_object *in, const char *inside, struct err *);

#endif
