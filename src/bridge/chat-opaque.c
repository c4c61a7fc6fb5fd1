/* reasoning_opaque of a bridged chat completion. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "bridge/chat-opaque.h"

/* How the string begins; models' own are base64. The number is the form's. */
#define BEGINNING "{\"responses\":1,"

void
bridge_chat_opaque_add(struct bridge_chat_opaque *o, int64_t place,
    json_object *sealed)
{
	json_object *item = json_object_new_object();

	if (o->items == NULL)
		o->items = json_object_new_array();
	js_add_int(item, "place", place);
	js_add_ref(item, "sealed", sealed);
	json_object_array_add(o->items, item);
}

json_object *
bridge_chat_opaque_text(const struct bridge_chat_opaque *o)
{
	json_object	*obj, *text;
	struct buf	 out = { 0 };

	if (o->items == NULL)
		return NULL;
	obj = json_object_new_object();
	js_add_int(obj, "responses", 1);
	if (o->phase[0] != '\0')
		js_add_str(obj, "phase", o->phase);
	js_add_ref(obj, "reasoning", o->items);
	js_print(obj, &out);
	text = json_object_new_string_len(out.p, (int)out.len);
	json_object_put(obj);
	buf_finish(&out);
	return text;
}

bool
bridge_chat_opaque_is(const char *s)
{
	return util_starts(s, BEGINNING);
}

bool
bridge_chat_opaque_read(struct bridge_chat_opaque *o, const char *text,
    size_t n)
{
	json_object	*obj;
	const char	*phase;

	*o = (struct bridge_chat_opaque){ 0 };
	if (!bridge_chat_opaque_is(text))
		return false;
	obj = js_parse_quiet(text, n);
	if (js_array(obj, "reasoning") != NULL)
		o->items = json_object_get(js_array(obj, "reasoning"));
	phase = js_str(obj, "phase");
	if (phase != NULL && strlen(phase) < sizeof(o->phase))
		snprintf(o->phase, sizeof(o->phase), "%s", phase);
	json_object_put(obj);
	return o->items != NULL;
}

static json_object *
reasoning(json_object *sealed)
{
	json_object *item = json_object_new_object();

	js_add_str(item, "type", "reasoning");
	js_add_take(item, "summary", json_object_new_array());
	js_add_ref(item, "encrypted_content", sealed);
	return item;
}

void
bridge_chat_opaque_put(const struct bridge_chat_opaque *o, size_t *at,
    int64_t place, json_object *input)
{
	json_object	*item, *sealed;
	size_t		 n = js_len(o->items);

	for (; *at < n; ++*at) {
		item = json_object_array_get_idx(o->items, *at);
		if (js_int(item, "place", 0) > place)
			return;
		sealed = js_get(item, "sealed");
		if (json_object_is_type(sealed, json_type_string) &&
		    json_object_get_string_len(sealed) > 0)
			json_object_array_add(input, reasoning(sealed));
	}
}

void
bridge_chat_opaque_finish(struct bridge_chat_opaque *o)
{
	json_object_put(o->items);
	*o = (struct bridge_chat_opaque){ 0 };
}
