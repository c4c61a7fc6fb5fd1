/* All chunks of a chat completion have this in common. */
#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "base/js.h"
#include "base/util.h"
#include "chat/head.h"

#define ID_DIGITS 32

static void
keep(char **have, json_object *chunk, const char *key)
{
	const char *s = js_str(chunk, key);

	if (*have == NULL && s != NULL && s[0] != '\0')
		*have = xstrdup(s);
}

void
chat_head_note(struct chat_head *h, json_object *chunk)
{
	if (h->fixed)
		return;
	keep(&h->id, chunk, "id");
	keep(&h->model, chunk, "model");
	keep(&h->fingerprint, chunk, "system_fingerprint");
	if (h->created <= 0)
		h->created = js_int(chunk, "created", 0);
}

/* From here on it stays. */
static void
fix(struct chat_head *h)
{
	char digits[ID_DIGITS + 1], *id;

	h->fixed = true;
	if (h->id == NULL) {
		util_random_hex(digits, ID_DIGITS);
		h->id = xstrdup(digits);
	}
	if (!util_starts(h->id, CHAT_ID_PREFIX)) {
		id = xasprintf(CHAT_ID_PREFIX "%s", h->id);
		free(h->id);
		h->id = id;
	}
	if (h->created <= 0)
		h->created = time(NULL);
}

json_object *
chat_head_new(struct chat_head *h, const char *object, const char *asked,
    bool has_to)
{
	json_object *obj = json_object_new_object();

	if (!h->fixed)
		fix(h);
	js_add_str(obj, "id", h->id);
	js_add_str(obj, "object", object);
	js_add_int(obj, "created", h->created);
	js_add_str(obj, "model", has_to || h->model == NULL ? asked : h->model);
	if (h->fingerprint != NULL)
		js_add_str(obj, "system_fingerprint", h->fingerprint);
	return obj;
}

const struct buf *
chat_head_text(struct chat_head *h, const char *asked, bool has_to)
{
	json_object *obj;

	if (h->text.len > 0)
		return &h->text;
	obj = chat_head_new(h, CHAT_CHUNK, asked, has_to);
	js_print(obj, &h->text);
	buf_truncate(&h->text, h->text.len - 1);	/* } */
	json_object_put(obj);
	return &h->text;
}

void
chat_head_finish(struct chat_head *h)
{
	free(h->id);
	free(h->model);
	free(h->fingerprint);
	buf_finish(&h->text);
	*h = (struct chat_head){ 0 };
}
