/* Parts of an item's content or output as text and images of chat. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "bridge/responses-parts.h"

#define PARAM_SIZE 96

/* Where a part is, for complaints. */
struct place {
	size_t		 item;
	const char	*list;		/* "content", "output" */
	size_t		 part;
};

static bool
bad_part(struct bridge_parts *b, const struct place *at, const char *key,
    const char *what)
{
	char param[PARAM_SIZE];

	snprintf(param, sizeof(param), "input[%zu].%s[%zu].%s", at->item,
	    at->list, at->part, key);
	return err_param(b->err, param, "invalid_value", "Invalid '%s': %s",
	    param, what);
}

static bool
bad_type(struct bridge_parts *b, const struct place *at, json_object *part)
{
	const char	*type = js_str(part, "type");
	char		 shown[64], what[200];

	if (type != NULL && strcmp(type, "input_file") == 0)
		return bad_part(b, at, "type", "'input_file'. This model runs "
		    "behind GitHub Copilot's chat completions, which take no "
		    "files: send text or images.");
	text_clean(type != NULL ? type : "", type != NULL ? strlen(type) : 0,
	    shown, sizeof(shown));
	snprintf(what, sizeof(what), "'%s'. Supported values are: "
	    "'input_text', 'output_text', 'refusal' and 'input_image'.", shown);
	return bad_part(b, at, "type", what);
}

/* The words of a part, NULL when it has none. */
static json_object *
part_text(json_object *part)
{
	static const char *const types[] = {
		"input_text", "output_text", "text", "summary_text",
	};
	const char	*key = NULL;
	size_t		 i;

	if (js_is(part, "type", "refusal"))
		key = "refusal";
	for (i = 0; i < COUNT(types) && key == NULL; i++)
		if (js_is(part, "type", types[i]))
			key = "text";
	return key != NULL && js_str(part, key) != NULL ? js_get(part, key) :
	    NULL;
}

/* Chat knows three of the four details. */
static const char *
detail_of(json_object *part)
{
	static const char *const known[] = { "auto", "low", "high" };
	size_t i;

	for (i = 0; i < COUNT(known); i++)
		if (js_is(part, "detail", known[i]))
			return known[i];
	return js_is(part, "detail", "original") ? "high" : NULL;
}

static json_object *
image_of(struct bridge_parts *b, const struct place *at, json_object *part)
{
	json_object *chat, *image;

	if (js_str(part, "image_url") == NULL) {
		bad_part(b, at, js_has(part, "file_id") ? "file_id" :
		    "image_url", "this server keeps no files, the image itself "
		    "is needed: an address or a data URL in 'image_url'.");
		return NULL;
	}
	image = json_object_new_object();
	js_add_ref(image, "url", js_get(part, "image_url"));
	if (detail_of(part) != NULL)
		js_add_str(image, "detail", detail_of(part));
	chat = json_object_new_object();
	js_add_str(chat, "type", "image_url");
	js_add_take(chat, "image_url", image);
	b->vision = true;
	return chat;
}

static json_object *
text_part(json_object *text)
{
	json_object *chat = json_object_new_object();

	js_add_str(chat, "type", "text");
	js_add_ref(chat, "text", text);
	return chat;
}

json_object *
bridge_parts_user(struct bridge_parts *b, size_t item, json_object *list)
{
	json_object	*chat, *part, *one, *text;
	struct place	 at = { item, "content", 0 };
	size_t		 n = js_len(list);

	text = n == 1 ? part_text(json_object_array_get_idx(list, 0)) : NULL;
	if (text != NULL)
		return json_object_get(text);
	chat = json_object_new_array();
	for (; at.part < n; at.part++) {
		part = json_object_array_get_idx(list, at.part);
		if ((text = part_text(part)) != NULL)
			one = text_part(text);
		else if (js_is(part, "type", "input_image"))
			one = image_of(b, &at, part);
		else {
			bad_type(b, &at, part);
			one = NULL;
		}
		if (one == NULL) {
			json_object_put(chat);
			return NULL;
		}
		json_object_array_add(chat, one);
	}
	return chat;
}

/*
 * The words of a list, joined; images, which only a user's message can hold,
 * are put aside.
 */
static bool
join_parts(struct bridge_parts *b, struct place at, json_object *list,
    const char *between, struct buf *out)
{
	json_object	*part, *text, *image;
	size_t		 n = js_len(list);
	bool		 any = false;

	for (; at.part < n; at.part++) {
		part = json_object_array_get_idx(list, at.part);
		if ((text = part_text(part)) != NULL) {
			if (any)
				buf_puts(out, between);
			js_append_text(out, text);
			any = true;
		} else if (!js_is(part, "type", "input_image"))
			return bad_type(b, &at, part);
		else if ((image = image_of(b, &at, part)) != NULL)
			js_append_take(&b->images, image);
		else
			return false;
	}
	return true;
}

bool
bridge_parts_join(struct bridge_parts *b, size_t item, const char *list,
    json_object *v, const char *between, struct buf *out)
{
	struct place at = { item, list, 0 };

	if (json_object_is_type(v, json_type_string))
		js_append_text(out, v);
	else if (json_object_is_type(v, json_type_array))
		return join_parts(b, at, v, between, out);
	else if (v != NULL)
		js_print(v, out);
	return true;
}
