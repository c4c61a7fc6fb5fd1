/* What a model thought in a chat completion, as encrypted_content. */
#include "config.h"

#include <string.h>

#include "base/base64.h"
#include "base/js.h"
#include "base/util.h"
#include "turn/seal.h"

#define PREFIX	   "copilot-api-1."	/* the rest is JSON in base64 */
#define TEXT_MAX   (256u << 10)		/* the summary has it as well */
#define SEALED_MAX (4u << 20)		/* a signature has a few kB */

void
seal_close(const char *vendor, const struct buf *text,
    const char *opaque, struct buf *out)
{
	json_object	*obj = json_object_new_object();
	struct buf	 plain = { 0 };

	js_add_str(obj, "vendor", vendor);
	if (text->len > 0 && text->len <= TEXT_MAX)
		js_add_take(obj, "reasoning_text",
		    json_object_new_string_len(text->p, (int)text->len));
	if (opaque != NULL && strlen(opaque) < SEALED_MAX / 4)
		js_add_str(obj, "reasoning_opaque", opaque);
	js_print(obj, &plain);
	buf_puts(out, PREFIX);
	base64_encode_url(buf_str(&plain), plain.len, out);
	buf_finish(&plain);
	json_object_put(obj);
}

bool
seal_is(const char *sealed)
{
	return util_starts(sealed, PREFIX);
}

bool
seal_is_for(json_object *vendor, const char *model)
{
	const char *made = json_object_get_string(vendor);

	return made == NULL || made[0] == '\0' || model == NULL ||
	    model[0] == '\0' || strcmp(made, model) == 0;
}

json_object *
seal_open(const char *sealed)
{
	json_object	*obj = NULL;
	struct buf	 plain = { 0 };

	if (!seal_is(sealed) || strlen(sealed) > SEALED_MAX)
		return NULL;
	if (base64_decode_url(sealed + strlen(PREFIX), &plain))
		obj = js_parse_quiet(buf_str(&plain), plain.len);
	buf_finish(&plain);
	if (js_has(obj, "vendor"))
		return obj;
	json_object_put(obj);
	return NULL;
}

bool
seal_replace_parts(json_object *parts)
{
	json_object	*part;
	bool		 changed = false;
	size_t		 i;

	for (i = 0; i < js_len(parts); i++) {
		if (!js_is(json_object_array_get_idx(parts, i), "type",
		    "encrypted_content"))
			continue;
		part = json_object_new_object();
		js_add_str(part, "type", "input_text");
		js_add_str(part, "text", SEAL_LOST);
		json_object_array_put_idx(parts, i, part);
		changed = true;
	}
	return changed;
}
