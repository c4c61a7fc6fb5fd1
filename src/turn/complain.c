/* Complaints about a request, in OpenAI's words. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "turn/complain.h"

#define CLIP_MAX 64

static const char *
type_name(json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_boolean:
		return "a boolean";
	case json_type_double:
		return "a decimal";
	case json_type_int:
		return "an integer";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "an array";
	case json_type_string:
		return "a string";
	default:
		return "null";
	}
}

bool
complain_wrong_type(struct err *err, const char *param, const char *expected,
    json_object *got)
{
	return err_param(err, param, "invalid_type", param != NULL ?
	    "Invalid type for '%s': expected %s, but got %s instead." :
	    "Invalid %s: expected %s, but got %s instead.",
	    param != NULL ? param : "body", expected, type_name(got));
}

bool
complain_missing(struct err *err, const char *param)
{
	return err_param(err, param, "missing_required_parameter",
	    "Missing required parameter: '%s'.", param);
}

bool
complain_no_string(struct err *err, const char *param, json_object *got)
{
	return got == NULL ? complain_missing(err, param) :
	    complain_wrong_type(err, param, "a string", got);
}

int
complain_clip(const char *s)
{
	size_t n = strnlen(s, CLIP_MAX + 1);

	if (n <= CLIP_MAX)
		return (int)n;
	for (n = CLIP_MAX; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
		;
	return (int)n;
}
