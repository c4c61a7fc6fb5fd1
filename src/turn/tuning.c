/* Parameters that tune an answer. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "turn/complain.h"
#include "turn/tuning.h"

#define PARAM_SIZE 64
#define SHOWN_SIZE 64
#define NAME_MAX_LEN 64
#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789_-"

/* OpenAI's ranges (its API description says them). */
static const struct range {
	const char	*name;
	double		 min, max;
	const char	*kind;
} ranges[] = {
	{ "temperature",	0,	2,	"decimal" },
	{ "top_p",		0,	1,	"decimal" },
	{ "presence_penalty",	-2,	2,	"decimal" },
	{ "frequency_penalty",	-2,	2,	"decimal" },
	{ "top_logprobs",	0,	20,	"integer" },
};

static bool
out_of_range(const struct range *r, double got, struct err *err)
{
	bool above = got > r->max;
	char code[32];

	snprintf(code, sizeof(code), "%s_%s_value", r->kind,
	    above ? "above_max" : "below_min");
	return err_param(err, r->name, code, "Invalid '%s': %s %s value. "
	    "Expected a value %s %g, but got %g instead.", r->name, r->kind,
	    above ? "above maximum" : "below minimum", above ? "<=" : ">=",
	    above ? r->max : r->min, got);
}

bool
tuning_check(json_object *request, struct err *err)
{
	double	v;
	size_t	i;

	for (i = 0; i < COUNT(ranges); i++) {
		if (js_get(request, ranges[i].name) == NULL)
			continue;
		v = js_double(request, ranges[i].name, ranges[i].min);
		if (v < ranges[i].min || v > ranges[i].max)
			return out_of_range(&ranges[i], v, err);
	}
	return true;
}

/* --- The format of the answer. */

/* "WHERE.KEY" has to be there and a string. */
static bool
check_string(json_object *obj, const char *where, const char *key,
    struct err *err)
{
	char param[PARAM_SIZE];

	snprintf(param, sizeof(param), "%s.%s", where, key);
	return js_str(obj, key) != NULL ||
	    complain_no_string(err, param, js_get(obj, key));
}

static bool
check_name(json_object *in, const char *inside, struct err *err)
{
	const char	*name;
	char		 param[PARAM_SIZE];
	size_t		 n;

	if (!check_string(in, inside, "name", err))
		return false;
	name = js_str(in, "name");
	n = strlen(name);
	snprintf(param, sizeof(param), "%s.name", inside);
	if (n == 0)
		return err_param(err, param, "empty_string",
		    "Invalid '%s': empty string. Expected a string with "
		    "minimum length 1, but got an empty string instead.",
		    param);
	if (n > NAME_MAX_LEN)
		return err_param(err, param, "string_above_max_length",
		    "Invalid '%s': string too long. Expected a string with "
		    "maximum length %d, but got a string with length %zu "
		    "instead.", param, NAME_MAX_LEN, n);
	return strspn(name, NAME_BYTES) == n || err_param(err, param,
	    "invalid_value", "Invalid '%s': string does not match pattern. "
	    "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
	    param);
}

static bool
check_schema(json_object *in, const char *where, const char *inside,
    struct err *err)
{
	json_object	*schema = js_get(in, "schema");
	const char	*type = js_str(schema, "type");
	char		 param[PARAM_SIZE], shown[SHOWN_SIZE];

	snprintf(param, sizeof(param), "%s.schema", inside);
	if (schema != NULL && !json_object_is_type(schema, json_type_object))
		return complain_wrong_type(err, param, "an object", schema);
	if (type == NULL || strcmp(type, "object") == 0)
		return true;
	text_clean(type, strlen(type), shown, sizeof(shown));
	return err_param(err, where, "invalid_json_schema",
	    "Invalid schema for %s '%s': schema must be a JSON Schema of "
	    "'type: \"object\"', got 'type: \"%s\"'.", where,
	    js_str(in, "name"), shown);
}

bool
tuning_check_format(json_object *format, const char *where, json_object *in,
    const char *inside, struct err *err)
{
	const char	*type;
	char		 param[PARAM_SIZE], shown[SHOWN_SIZE];

	if (!check_string(format, where, "type", err))
		return false;
	type = js_str(format, "type");
	if (strcmp(type, "text") == 0 || strcmp(type, "json_object") == 0)
		return true;
	snprintf(param, sizeof(param), "%s.type", where);
	text_clean(type, strlen(type), shown, sizeof(shown));
	if (strcmp(type, "json_schema") != 0)
		return err_param(err, param, "invalid_value",
		    "Invalid value: '%s'. Supported values are: 'text', "
		    "'json_object', and 'json_schema'.", shown);
	if (in == NULL)
		return complain_missing(err, inside);
	if (!json_object_is_type(in, json_type_object))
		return complain_wrong_type(err, inside, "an object", in);
	return check_name(in, inside, err) &&
	    check_schema(in, where, inside, err);
}
