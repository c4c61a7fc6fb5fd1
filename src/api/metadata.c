/* Metadata of what is stored. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/metadata.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "turn/complain.h"

/* As OpenAI's reference has them. */
#define METADATA_MAX		16
#define METADATA_KEY_MAX	64
#define METADATA_VALUE_MAX	512

/* OpenAI counts characters. */
static size_t
characters(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static bool
check_pair(const char *key, json_object *v, struct err *err)
{
	char	param[32 + METADATA_KEY_MAX], shown[METADATA_KEY_MAX];
	size_t	n;

	text_clean(key, strlen(key), shown, sizeof(shown));
	snprintf(param, sizeof(param), "metadata.%s", shown);
	if (characters(key) > METADATA_KEY_MAX)
		return err_param(err, "metadata", "string_above_max_length",
		    "Invalid 'metadata': a key is longer than %d characters.",
		    METADATA_KEY_MAX);
	if (!json_object_is_type(v, json_type_string))
		return complain_wrong_type(err, param, "a string", v);
	n = characters(json_object_get_string(v));
	if (n > METADATA_VALUE_MAX)
		return err_param(err, param, "string_above_max_length",
		    "Invalid '%s': string too long. Expected a string with "
		    "maximum length %d, but got a string with length %zu "
		    "instead.", param, METADATA_VALUE_MAX, n);
	return true;
}

json_object *
metadata_read(json_object *obj, struct err *err)
{
	json_object *metadata = js_get(obj, "metadata");

	if (metadata == NULL)
		return json_object_new_object();
	if (!json_object_is_type(metadata, json_type_object)) {
		complain_wrong_type(err, "metadata", "an object", metadata);
		return NULL;
	}
	if (json_object_object_length(metadata) > METADATA_MAX) {
		err_param(err, "metadata", "object_above_max_properties",
		    "Invalid 'metadata': too many properties. Expected an "
		    "object with at most %d properties, but got an object with "
		    "%d properties instead.", METADATA_MAX,
		    json_object_object_length(metadata));
		return NULL;
	}
	json_object_object_foreach(metadata, key, v)
		if (!check_pair(key, v, err))
			return NULL;
	return json_object_get(metadata);
}
