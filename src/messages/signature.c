/* The signature of a thought that another upstream's model had. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"
#include "messages/signature.h"
#include "turn/seal.h"
#include "turn/turn.h"

/*
 * "copilot-api:ENDPOINT:VENDOR:TEXT". Anthropic's own are base64, which has no
 * colon.
 */
#define PREFIX SEAL_MESSAGES

static const struct {
	unsigned	 endpoint;
	const char	*name;
} names[] = {
	{ MODEL_CHAT, "chat:" }, { MODEL_RESPONSES, "responses:" }
};

json_object *
messages_signature(unsigned endpoint, const char *vendor, json_object *text)
{
	struct buf	 out = { 0 };
	json_object	*string;
	size_t		 i;

	buf_puts(&out, PREFIX);
	for (i = 0; i < COUNT(names); i++)
		if (names[i].endpoint == endpoint)
			buf_puts(&out, names[i].name);
	if (strchr(vendor, ':') == NULL)
		buf_puts(&out, vendor);
	buf_putc(&out, ':');
	js_append_text(&out, text);
	string = json_object_new_string_len(out.p, (int)out.len);
	buf_finish(&out);
	return string;
}

static const char *const opaques[] = {
	PREFIX "thinking:", PREFIX "redacted:"
};

json_object *
messages_opaque(bool redacted, json_object *text)
{
	struct buf	 out = { 0 };
	json_object	*string;

	buf_puts(&out, opaques[redacted]);
	js_append_text(&out, text);
	string = json_object_new_string_len(out.p, (int)out.len);
	buf_finish(&out);
	return string;
}

bool
messages_opaque_open(struct turn_seal *seal)
{
	const char	*s = json_object_get_string(seal->text);
	json_object	*text;
	size_t		 i;

	for (i = 0; s != NULL && i < COUNT(opaques); i++)
		if (util_starts(s, opaques[i])) {
			text = json_object_new_string(s + strlen(opaques[i]));
			turn_set(&seal->text, text);
			json_object_put(text);
			seal->endpoint = MODEL_MESSAGES;
			seal->redacted = i == 1;
			return true;
		}
	return false;
}

void
messages_signature_read(json_object *signature, struct turn_seal *seal)
{
	const char	*s = json_object_get_string(signature), *end;
	size_t		 i;

	if (!util_starts(s, PREFIX)) {
		seal->endpoint = MODEL_MESSAGES;
		turn_set(&seal->text, signature);
		return;
	}
	s += sizeof(PREFIX) - 1;
	for (i = 0; i < COUNT(names); i++)
		if (util_starts(s, names[i].name))
			break;
	if (i == COUNT(names))
		return;
	s += strlen(names[i].name);
	if ((end = strchr(s, ':')) == NULL)
		return;
	seal->endpoint = names[i].endpoint;
	seal->vendor = json_object_new_string_len(s, (int)(end - s));
	seal->text = json_object_new_string(end + 1);
}
