/*
 * Complaints about a request, in OpenAI's words. All return false with "err"
 * set to a 400 about "param".
 */
#ifndef TURN_COMPLAIN_H
#define TURN_COMPLAIN_H

#include <stdbool.h>

#include <json-c/json.h>

struct err;

/* "Invalid type for 'PARAM': expected X, but got a Y instead." */
bool	complain_wrong_type(struct err *, const char *param,
	    const char *expected, json_object *got);
/* "Missing required parameter: 'PARAM'." */
bool	complain_missing(struct err *, const char *param);
/* The one or the other of a string that is none. */
bool	complain_no_string(struct err *, const char *param, json_object *got);

/* How much of a client's word goes into a message: whole characters. */
int	complain_clip(const char *);

#endif
