/* Images and files that a request names by an address. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/inline.h"
#include "base/base64.h"
#include "base/budget.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "remote/blob.h"
#include "remote/remote.h"

#define DEPTH_MAX	8	/* lists in lists: results in results */
#define NAME_MAX_BYTES	120	/* of a file, as its address has it */

/* A walk through a request. */
struct walk {
	struct exchange		*x;
	bool			 edited;
	bool			 wants;		/* something is to be fetched */
	bool			 failed;
	bool			 dotted;	/* Anthropic's places */
	bool			 goes_on;	/* the model has spoken */
	struct err		*err;
};

/*
 * Where the part is that is looked at: a member, or an element of it. Printed
 * only when somebody has to be told.
 */
struct place {
	const struct place	*up;		/* NULL: of the request */
	const char		*name;
	size_t			 at;		/* NOWHERE: the member itself */
};
#define NOWHERE SIZE_MAX

/* As "messages[0].content[1]", or in Anthropic's way "messages.0.content.1". */
static void
print_place(const struct walk *w, const struct place *p, struct buf *out)
{
	if (p->up != NULL) {
		print_place(w, p->up, out);
		buf_putc(out, '.');
	}
	buf_puts(out, p->name);
	if (p->at != NOWHERE)
		buf_printf(out, w->dotted ? ".%zu" : "[%zu]", p->at);
}

/* --- One address. */

static const char *
address_of(json_object *v)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string))
		return NULL;
	s = json_object_get_string(v);
	return util_starts_nocase(s, "http://") ||
	    util_starts_nocase(s, "https://") ? s : NULL;
}

static bool
refuse(struct walk *w, const char *code, const struct place *p,
    const char *why)
{
	struct buf place = { 0 };

	w->failed = true;
	print_place(w, p, &place);
	err_param(w->err, place.p, code, "Invalid '%s': %s", place.p, why);
	buf_finish(&place);
	return false;
}

/* It isn't there yet: once more with it. */
static void
want(struct walk *w, const char *s, bool file, const struct place *p)
{
	struct exchange	*x = w->x;
	struct buf	 place = { 0 };

	if (x->remote == NULL)
		x->remote = xcalloc(1, sizeof(*x->remote));
	w->wants = true;
	print_place(w, p, &place);
	if (remote_add(x->remote, s, file, place.p) == NULL) {
		char why[96];

		snprintf(why, sizeof(why), "this server fetches at most %d "
		    "addresses for a request.", REMOTE_MAX);
		refuse(w, "too_many_images", p, why);
	}
	buf_finish(&place);
}

/* The bytes of the address, or NULL: it is wanted now, or refused. */
static struct remote_blob *
find(struct walk *w, json_object *v, bool file, const struct place *p)
{
	const char		*s = address_of(v);
	struct remote_want	*known;

	if (s == NULL || w->failed)
		return NULL;
	if (strlen(s) != (size_t)json_object_get_string_len(v)) {
		refuse(w, file ? "invalid_file_url" : "invalid_image_url", p,
		    "an address has no character U+0000.");
		return NULL;
	}
	known = remote_find(w->x->remote, s, file);
	if (known != NULL && known->blob != NULL)
		return known->blob;
	want(w, s, file, p);
	return NULL;
}

/* "before" and the bytes as base64, new; NULL: there is no memory for it. */
static json_object *
encoded(struct walk *w, const struct remote_blob *blob, const char *before)
{
	struct buf	 text = { 0 };
	json_object	*v;
	size_t		 n = blob->bytes.len;

	if (!budget_afford(n + n / 3 + 64)) {
		w->failed = true;
		budget_refuse(NULL, w->err);
		return NULL;
	}
	buf_reserve(&text, strlen(before) + n + n / 3 + 8);
	buf_puts(&text, before);
	base64_encode(buf_str(&blob->bytes), n, &text);
	v = json_object_new_string_len(text.p, (int)text.len);
	buf_finish(&text);
	w->edited = true;
	return v;
}

static json_object *
data_url(struct walk *w, const struct remote_blob *blob)
{
	char before[64];

	snprintf(before, sizeof(before), "data:%s;base64,", blob->type);
	return encoded(w, blob, before);
}

/* Put what was fetched from obj's member "key" in its place, as a data URL. */
static void
replace(struct walk *w, json_object *obj, const char *key, bool file,
    const struct place *p)
{
	struct remote_blob	*blob = find(w, js_get(obj, key), file, p);
	json_object		*v = blob != NULL ? data_url(w, blob) : NULL;

	if (v != NULL)
		js_add_take(obj, key, v);
}

/* --- Chat completions. */

static void
chat_part(struct walk *w, json_object *part, const struct place *p)
{
	const struct place	 url = { p, "image_url.url", NOWHERE };
	const struct place	 data = { p, "file.file_data", NOWHERE };
	json_object		*image = js_get(part, "image_url");
	json_object		*file = js_obj(part, "file");

	if (js_is(part, "type", "image_url")) {
		if (json_object_is_type(image, json_type_string))
			replace(w, part, "image_url", false, &url);
		else if (js_obj(part, "image_url") != NULL)
			replace(w, image, "url", false, &url);
	} else if (js_is(part, "type", "file") && file != NULL) {
		/* OpenAI has no such addresses, but OpenRouter's clients do. */
		replace(w, file, "file_data", true, &data);
	}
}

/* --- Responses. */

/* The last part of the path: what a person would call the file. */
static void
name_file(json_object *part, const char *address)
{
	const char	*slash, *path = strstr(address, "://") + 3;
	size_t		 n = strcspn(path, "?#");
	char		*name;

	if (js_str(part, "filename") != NULL)
		return;
	slash = memrchr(path, '/', n);
	n -= slash != NULL ? (size_t)(slash + 1 - path) : n;
	if (slash == NULL || n == 0 || n > NAME_MAX_BYTES) {
		js_add_str(part, "filename", "file.pdf");
		return;
	}
	name = xstrndup(slash + 1, n);
	js_add_str(part, "filename", name);
	free(name);
}

static void
file_part(struct walk *w, json_object *part, const struct place *p)
{
	const struct place	 inner = { p, "file_url", NOWHERE };
	struct remote_blob	*blob;
	json_object		*v;

	if (js_str(part, "file_data") != NULL)
		return;
	blob = find(w, js_get(part, "file_url"), true, &inner);
	if (blob == NULL || (v = data_url(w, blob)) == NULL)
		return;
	name_file(part, js_str(part, "file_url"));
	js_del(part, "file_url");
	js_add_take(part, "file_data", v);
}

static void	item_lists(struct walk *, json_object *, const struct place *,
		    int depth);

static void
item_part(struct walk *w, json_object *part, const struct place *p, int depth)
{
	const struct place url = { p, "image_url", NOWHERE };

	if (js_is(part, "type", "input_image"))
		replace(w, part, "image_url", false, &url);
	else if (js_is(part, "type", "input_file"))
		file_part(w, part, p);
	item_lists(w, part, p, depth + 1);
}

static void
item_lists(struct walk *w, json_object *obj, const struct place *p, int depth)
{
	static const char *const lists[] = { "content", "output" };
	json_object	*list;
	struct place	 here;
	size_t		 i;

	for (i = 0; i < COUNT(lists) && depth < DEPTH_MAX; i++) {
		list = js_array(obj, lists[i]);
		here = (struct place){ p, lists[i], 0 };
		for (; here.at < js_len(list) && !w->failed; here.at++)
			item_part(w, json_object_array_get_idx(list, here.at),
			    &here, depth);
	}
}

/* --- Messages. */

static void
source(struct walk *w, json_object *block, const struct place *p)
{
	bool			 file = js_is(block, "type", "document");
	const struct place	 url = {
		p, file ? "document.source.url" : "image.source.url", NOWHERE
	};
	json_object		*old = js_obj(block, "source"), *new, *data;
	struct remote_blob	*blob;

	if (!js_is(old, "type", "url"))
		return;
	blob = find(w, js_get(old, "url"), file, &url);
	if (blob == NULL || (data = encoded(w, blob, "")) == NULL)
		return;
	new = json_object_new_object();
	js_add_str(new, "type", "base64");
	js_add_str(new, "media_type", blob->type);
	js_add_take(new, "data", data);
	js_add_take(block, "source", new);
}

static void
blocks(struct walk *w, json_object *list, const struct place *up, int depth)
{
	json_object	*block;
	struct place	 here = { up, "content", 0 };

	for (; here.at < js_len(list) && !w->failed; here.at++) {
		block = json_object_array_get_idx(list, here.at);
		if (js_is(block, "type", "image") ||
		    js_is(block, "type", "document"))
			source(w, block, &here);
		if (js_is(block, "type", "tool_result") && depth < DEPTH_MAX)
			blocks(w, js_array(block, "content"), &here,
			    depth + 1);
	}
}

/* --- The whole. */

/*
 * Has the model spoken, called, thought? Else a conversation begins, and sees
 * what is there now, even if it begins as an earlier one did.
 */
static bool
is_models(json_object *item)
{
	return js_get(item, "role") == NULL || js_is(item, "role", "assistant");
}

static bool
is_on(const struct exchange *x)
{
	return x->conf->fetch_images != NULL &&
	    x->conf->fetch_images[0] != NULL;
}

/* The key and the conversation have their own copies: see remote/cache.h. */
static void
set_scope(struct exchange *x)
{
	if (x->remote->scope == NULL && x->call.interaction[0] != '\0')
		x->remote->scope = xasprintf("%s %s", x->call.interaction,
		    x->key != NULL ? x->key : "");
}

static enum inline_said
end(struct walk *w, bool *edited)
{
	*edited |= w->edited;
	if (w->failed)
		return INLINE_REFUSED;
	if (!w->wants)
		return INLINE_DONE;
	set_scope(w->x);
	w->x->remote->anew = !w->goes_on;
	return INLINE_FETCH;
}

static void
chat_parts(struct walk *w, json_object *content, const struct place *up)
{
	struct place here = { up, "content", 0 };

	for (; here.at < js_len(content) && !w->failed; here.at++)
		chat_part(w, json_object_array_get_idx(content, here.at),
		    &here);
}

enum inline_said
inline_chat(struct exchange *x, json_object *obj, bool *edited,
    struct err *err)
{
	struct walk	 w = { .x = x, .err = err };
	json_object	*messages = js_array(obj, "messages"), *msg;
	struct place	 p = { NULL, "messages", 0 };
	size_t		 n = is_on(x) ? js_len(messages) : 0;

	for (; p.at < n && !w.failed; p.at++) {
		msg = json_object_array_get_idx(messages, p.at);
		w.goes_on |= is_models(msg);
		chat_parts(&w, js_array(msg, "content"), &p);
	}
	return end(&w, edited);
}

enum inline_said
inline_messages(struct exchange *x, json_object *obj, bool *edited,
    struct err *err)
{
	struct walk	 w = { .x = x, .err = err, .dotted = true };
	json_object	*messages = js_array(obj, "messages"), *msg;
	struct place	 p = { NULL, "messages", 0 };
	size_t		 n = is_on(x) ? js_len(messages) : 0;

	for (; p.at < n && !w.failed; p.at++) {
		msg = json_object_array_get_idx(messages, p.at);
		w.goes_on |= is_models(msg);
		blocks(&w, js_array(msg, "content"), &p, 0);
	}
	return end(&w, edited);
}

enum inline_said
inline_items(struct exchange *x, json_object *items, bool *edited,
    struct err *err)
{
	struct walk	 w = { .x = x, .err = err };
	json_object	*item;
	struct place	 p = { NULL, "input", 0 };
	size_t		 n = is_on(x) ? js_len(items) : 0;

	for (; p.at < n && !w.failed; p.at++) {
		item = json_object_array_get_idx(items, p.at);
		w.goes_on |= is_models(item);
		item_lists(&w, item, &p, 0);
	}
	return end(&w, edited);
}
