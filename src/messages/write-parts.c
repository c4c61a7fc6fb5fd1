/* Parts of a turn's items as blocks of Messages. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "messages/write-parts.h"
#include "turn/images.h"
#include "turn/terms.h"
#include "turn/turn.h"

#define BASE64 ";base64,"

void
messages_mark(json_object *block, bool mark)
{
	if (mark)
		js_add_take(block, "cache_control",
		    js_typed("ephemeral"));
}

/* Where the image or file is, or all of it; NULL: neither. */
static json_object *
source_of(json_object *address)
{
	const char	*s = json_object_get_string(address), *data;
	json_object	*source;
	size_t		 n, type;

	if (s == NULL)
		return NULL;
	n = (size_t)json_object_get_string_len(address);
	if (util_starts_nocase(s, "http")) {
		source = js_typed("url");
		js_add_ref(source, "url", address);
		return source;
	}
	data = strstr(s, BASE64);
	if (!util_starts_nocase(s, "data:") || data == NULL)
		return NULL;
	source = js_typed("base64");
	/* Parameters may follow the type: "text/plain;charset=utf-8". */
	type = strcspn(s + 5, ";");
	if (type == 9 && util_starts_nocase(s + 5, "image/jpg"))
		js_add_str(source, "media_type", "image/jpeg");
	else
		js_add_take(source, "media_type", json_object_new_string_len(
		    s + 5, (int)type));
	data += sizeof(BASE64) - 1;
	js_add_take(source, "data", json_object_new_string_len(data,
	    (int)(n - (size_t)(data - s))));
	return source;
}

static json_object *
refuse(const struct turn_part *p, const struct turn_item *item,
    const struct terms_side *side, struct err *err)
{
	char place[TERMS_PLACE_SIZE];

	terms_place(side, item, TERMS_CONTENT, p->at, place);
	err_param(err, place, "invalid_value", "Invalid '%s': this server "
	    "keeps no files, the data itself is needed, as a data URL with "
	    "base64, or an address.", place);
	return NULL;
}

static json_object *
with_source(const struct turn_part *p, const char *type,
    const struct turn_item *item, const struct terms_side *side,
    struct err *err)
{
	json_object *source = source_of(p->text), *block;

	if (source == NULL)
		return refuse(p, item, side, err);
	block = js_typed(type);
	js_add_take(block, "source", source);
	if (p->kind == TURN_DOCUMENT && p->name != NULL)
		js_add_ref(block, "title", p->name);
	return block;
}

/* The image, if the model takes such ones; NULL with "err" set. */
static json_object *
image_block(const struct turn_part *p, const struct turn_item *item,
    const struct terms_side *side, const struct model *m, struct err *err)
{
	char	place[TERMS_PLACE_SIZE];
	size_t	n;

	terms_place(side, item, TERMS_CONTENT, p->at, place);
	n = strlen(place);
	snprintf(place + n, sizeof(place) - n, "%s", side->image);
	return images_check(p->text, m, place, err) ? with_source(p, "image",
	    item, side, err) : NULL;
}

json_object *
messages_part(const struct turn_part *p, const struct turn_item *item,
    const struct terms_side *side, const struct model *m, struct err *err)
{
	json_object *block;

	if (p->kind == TURN_IMAGE)
		block = image_block(p, item, side, m, err);
	else if (p->kind == TURN_DOCUMENT)
		block = with_source(p, "document", item, side, err);
	else {
		block = js_typed("text");
		js_add_ref(block, "text", p->text);
	}
	if (block != NULL)
		messages_mark(block, p->mark);
	return block;
}
