/* The thoughts of a chat completion as encrypted_content. */
#include "config.h"

#include <string.h>

#include "base/base64.h"
#include "base/js.h"
#include "base/util.h"
#include "turn/seal.h"

#define PREFIX	   "copilot-api-1."	/* the rest is JSON in base64 */
#define TEXT_MAX   (256u << 10)		/* the summary has it as well */
#define SEALED_MAX (4u << 20)		/* a signature has a few kB */

static void
put(json_object *obj, struct buf *out)
{
	struct buf plain = { 0 };

	js_print(obj, &plain);
	buf_puts(out, PREFIX);
	base64_encode_url(buf_str(&plain), plain.len, out);
	buf_finish(&plain);
}

void
seal_close(const char *vendor, const struct buf *text,
    const char *opaque, struct buf *out)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "vendor", vendor);
	if (text->len > 0 && text->len <= TEXT_MAX)
		js_add_take(obj, "reasoning_text",
		    json_object_new_string_len(text->p, (int)text->len));
	if (opaque != NULL && strlen(opaque) < SEALED_MAX / 4)
		js_add_str(obj, "reasoning_opaque", opaque);
	put(obj, out);
	json_object_put(obj);
}

bool
seal_close_summary(const struct buf *text, struct buf *out)
{
	json_object	*obj = json_object_new_object();
	size_t		 before = out->len;

	js_add_str(obj, "vendor", "");
	js_add_take(obj, "summary",
	    json_object_new_string_len(buf_str(text), (int)text->len));
	put(obj, out);
	json_object_put(obj);
	return out->len - before <= SEALED_MAX;
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
seal_is_upstreams(const char *sealed)
{
	return util_starts(sealed, "gAAAA");
}

json_object *
seal_open_summary(const char *sealed)
{
	json_object *obj = seal_open(sealed), *text = js_get(obj, "summary");

	text = json_object_is_type(text, json_type_string) ?
	    json_object_get(text) : NULL;
	json_object_put(obj);
	return text;
}

/* Words in place of a part. */
static void
put_text(json_object *parts, size_t i, json_object *take)
{
	json_object *part = json_object_new_object();

	js_add_str(part, "type", "input_text");
	js_add_take(part, "text", take);
	json_object_array_put_idx(parts, i, part);
}

bool
seal_replace_parts(json_object *parts)
{
	bool	changed = false;
	size_t	i;

	for (i = 0; i < js_len(parts); i++) {
		if (!js_is(json_object_array_get_idx(parts, i), "type",
		    "encrypted_content"))
			continue;
		put_text(parts, i, json_object_new_string(SEAL_LOST));
		changed = true;
	}
	return changed;
}

bool
seal_plain_parts(json_object *parts)
{
	json_object	*part;
	const char	*said;
	bool		 changed = false;
	size_t		 i;

	for (i = 0; i < js_len(parts); i++) {
		part = json_object_array_get_idx(parts, i);
		said = js_str(part, "encrypted_content");
		if (!js_is(part, "type", "encrypted_content") ||
		    said == NULL || seal_is_upstreams(said))
			continue;
		put_text(parts, i, json_object_get(js_get(part,
		    "encrypted_content")));
		changed = true;
	}
	return changed;
}
