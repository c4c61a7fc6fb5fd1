/* What a model thought in a chat completion, as encrypted_content. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "turn/seal.h"

#define PREFIX	   "copilot-api-1."	/* the rest is JSON in base64 */
#define TEXT_MAX   (256u << 10)		/* the summary has it as well */
#define SEALED_MAX (4u << 20)		/* a signature has a few kB */

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* RFC 4648's base64url without padding. */
static void
encode(const struct buf *in, struct buf *out)
{
	const unsigned char	*p = (const unsigned char *)buf_str(in);
	uint32_t		 bits = 0;
	unsigned		 have = 0;
	size_t			 i;

	buf_reserve(out, in->len / 3 * 4 + 4);
	for (i = 0; i < in->len; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			buf_putc(out, digits[bits >> (have - 6) & 63]);
	}
	if (have > 0)
		buf_putc(out, digits[bits << (6 - have) & 63]);
}

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool
decode(const char *p, struct buf *out)
{
	uint32_t	bits = 0;
	unsigned	have = 0;
	int		d;

	buf_reserve(out, strlen(p) / 4 * 3 + 3);
	for (; *p != '\0'; p++) {
		if ((d = digit(*p)) < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
		if ((have += 6) >= 8)
			buf_putc(out, (char)(bits >> (have -= 8) & 255));
	}
	return true;
}

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
	encode(&plain, out);
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
	if (decode(sealed + strlen(PREFIX), &plain))
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
