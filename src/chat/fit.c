/* Messages and tools as the family of a model takes them. */
#include "config.h"

#include <string.h>

#include "base/js.h"
#include "base/util.h"
#include "chat/fit.h"
#include "chat/usual.h"
#include "copilot/models.h"
#include "turn/calls.h"
#include "turn/schema.h"

#define BLANK " \t\r\n\v\f"

/* These stand where a model wants words and there are none. */
#define EMPTY		"(empty)"
#define BEGIN		"Begin."
#define GO_ON		"Go on."

struct fit {
	bool		 native;	/* for /chat/completions */
	bool		 strict;	/* for Claude, Gemini and the like */
	bool		 no_prefill;	/* the user has the last word */
	json_object	*kept;		/* the messages so far */
	json_object	*images; /* of tool results, for a user's message */
	struct call_ids	*ids;
	bool		 begun;	/* somebody spoke, not the system only */
	bool		 changed;
};

/* Is there no visible character in it? */
static bool
is_blank(json_object *text)
{
	const char	*s = json_object_get_string(text);
	size_t		 n = (size_t)json_object_get_string_len(text);

	return strspn(s, BLANK) == n;
}

static void
set_ref(struct fit *f, json_object *obj, const char *key, json_object *v)
{
	js_add_ref(obj, key, v);
	f->changed = true;
}

static void
set_str(struct fit *f, json_object *obj, const char *key, const char *s)
{
	js_add_str(obj, key, s);
	f->changed = true;
}

static void
drop(struct fit *f, json_object *obj, const char *key)
{
	if (!js_has(obj, key))
		return;
	js_del(obj, key);
	f->changed = true;
}

static json_object *
message_new(const char *role, const char *text)
{
	json_object *msg = json_object_new_object();

	js_add_str(msg, "role", role);
	js_add_str(msg, "content", text);
	return msg;
}

/* --- One message. */

/* Upstream checks a schema in which nothing is null, but for the content. */
static void
fit_nulls(struct fit *f, json_object *msg)
{
	json_object_object_foreach(msg, key, v) {
		if (v == NULL && strcmp(key, "content") != 0)
			drop(f, msg, key);
	}
}

/* A refusal is what was said. */
static void
fit_refusal(struct fit *f, json_object *msg)
{
	json_object *refusal = js_get(msg, "refusal");

	if (!f->native || refusal == NULL)
		return;
	if (json_object_is_type(refusal, json_type_string) &&
	    js_get(msg, "content") == NULL)
		js_add_ref(msg, "content", refusal);
	drop(f, msg, "refusal");
}

/* Set what replaces the member, unless it is the same. */
static void
replace_take(struct fit *f, json_object *obj, const char *key,
    json_object *value)
{
	if (value != js_get(obj, key))
		set_ref(f, obj, key, value);
	json_object_put(value);
}

/* One call; only functions have arguments. */
static void
fit_call(struct fit *f, json_object *call)
{
	json_object *function = js_obj(call, "function");

	if (js_str(call, "id") != NULL)
		replace_take(f, call, "id",
		    call_ids_call(f->ids, js_get(call, "id")));
	if (function != NULL)
		replace_take(f, function, "arguments",
		    calls_arguments(js_get(function, "arguments")));
}

static void
fit_calls(struct fit *f, json_object *msg)
{
	json_object	*calls = js_array(msg, "tool_calls");
	size_t		 i, n = js_len(calls);

	for (i = 0; i < n; i++)
		fit_call(f, json_object_array_get_idx(calls, i));
	if (calls != NULL && n == 0)
		drop(f, msg, "tool_calls");
	if (js_is(msg, "role", "tool") && js_str(msg, "tool_call_id") != NULL)
		replace_take(f, msg, "tool_call_id",
		    call_ids_result(f->ids, js_get(msg, "tool_call_id")));
}

/* --- The parts of a content. */

static json_object *
text_part(json_object *text)
{
	json_object *part = json_object_new_object();

	js_add_str(part, "type", "text");
	js_add_ref(part, "text", text);
	return part;
}

/* Some clients write the address where the object with "url" belongs. */
static json_object *
image_part(json_object *url)
{
	json_object *part = json_object_new_object();
	json_object *image = json_object_new_object();

	js_add_str(part, "type", "image_url");
	js_add_ref(image, "url", url);
	js_add_take(part, "image_url", image);
	return part;
}

/* The part as it goes, a new reference; NULL: it says nothing. */
static json_object *
fit_part(struct fit *f, json_object *part)
{
	json_object *v;

	if (f->native && js_is(part, "type", "refusal"))
		return text_part(js_get(part, "refusal"));
	if (js_is(part, "type", "image_url") &&
	    json_object_is_type(v = js_get(part, "image_url"),
	    json_type_string))
		return image_part(v);
	if (f->strict && js_is(part, "type", "text") &&
	    (v = js_get(part, "text")) != NULL && is_blank(v))
		return NULL;
	return json_object_get(part);
}

/* Images of a tool's result wait for a message of the user's. */
static bool
set_aside(struct fit *f, json_object *msg, json_object *part)
{
	if (!f->native || !js_is(msg, "role", "tool") ||
	    !js_is(part, "type", "image_url"))
		return false;
	js_append_take(&f->images, part);
	return true;
}

static void
fit_parts(struct fit *f, json_object *msg)
{
	json_object	*parts = js_array(msg, "content"), *kept, *old, *new;
	bool		 changed = false, image = f->images != NULL;
	size_t		 i, n = js_len(parts);

	if (parts == NULL)
		return;
	kept = json_object_new_array_ext(n > 0 ? (int)n : 1);
	for (i = 0; i < n; i++) {
		old = json_object_array_get_idx(parts, i);
		new = fit_part(f, old);
		changed |= new != old;
		if (new != NULL && set_aside(f, msg, new))
			changed = image = true;
		else if (new != NULL)
			json_object_array_add(kept, new);
	}
	if (js_len(kept) == 0 && (n > 0 || f->strict))
		set_str(f, msg, "content",
		    image && js_is(msg, "role", "tool") ?
		    CHAT_FIT_IMAGE_BELOW : "");
	else if (changed)
		set_ref(f, msg, "content", kept);
	json_object_put(kept);
}

/* --- The sequence. */

static void
flush_images(struct fit *f)
{
	json_object *msg;

	if (f->images == NULL)
		return;
	msg = json_object_new_object();
	js_add_str(msg, "role", "user");
	js_add_take(msg, "content", f->images);
	json_object_array_add(f->kept, msg);
	f->images = NULL;
	f->changed = true;
}

/*
 * Claude wants text with a visible character, Gemini some text. A blank text of
 * the system's or the model's own is left out; the user's and a tool's had its
 * place in the conversation. False: leave it out.
 */
static bool
fit_blank(struct fit *f, json_object *msg)
{
	json_object	*content = js_get(msg, "content");
	bool		 calls = js_len(js_array(msg, "tool_calls")) > 0;

	if (!f->strict || json_object_is_type(content, json_type_array) ||
	    (content != NULL && !is_blank(content)))
		return true;
	if (js_is(msg, "role", "assistant")) {
		if (calls && content != NULL)
			set_ref(f, msg, "content", NULL);
		return calls;
	}
	if (js_is(msg, "role", "system") || js_is(msg, "role", "developer"))
		return false;
	set_str(f, msg, "content", EMPTY);
	return true;
}

/* Only at the beginning other models listen to the system. */
static void
fit_role(struct fit *f, json_object *msg)
{
	bool system = js_is(msg, "role", "system") ||
	    js_is(msg, "role", "developer");

	if (!system)
		f->begun = true;
	else if (f->strict && f->begun)
		set_str(f, msg, "role", "user");
}

static void
fit_message(struct fit *f, json_object *msg)
{
	fit_nulls(f, msg);
	fit_refusal(f, msg);
	fit_calls(f, msg);
	fit_parts(f, msg);
	fit_role(f, msg);
	if (!js_is(msg, "role", "tool"))
		flush_images(f);
	if (fit_blank(f, msg))
		json_object_array_add(f->kept, json_object_get(msg));
	else
		f->changed = true;
}

static void
add_user(struct fit *f, const char *text)
{
	json_object_array_add(f->kept, message_new("user", text));
	f->changed = true;
}

/* Somebody has to ask, and the user has the last word. */
static void
fit_end(struct fit *f)
{
	size_t		 n = js_len(f->kept);
	json_object	*last = n > 0 ? json_object_array_get_idx(f->kept,
			    n - 1) : NULL;

	flush_images(f);
	if (!f->strict)
		return;
	if (n == 0 || js_is(last, "role", "system") ||
	    js_is(last, "role", "developer"))
		add_user(f, BEGIN);
	else if (f->no_prefill && js_is(last, "role", "assistant") &&
	    js_len(js_array(last, "tool_calls")) == 0)
		add_user(f, GO_ON);
}

static bool
is_vendor(const struct model *model, const char *vendor)
{
	return model != NULL && model->vendor != NULL &&
	    strcmp(model->vendor, vendor) == 0;
}

bool
chat_fit_messages(json_object *req, const struct model *model, bool native)
{
	json_object	*messages = js_array(req, "messages");
	struct fit	 f = {
		.native = native, .kept = json_object_new_array(),
		.strict = native && model != NULL && !model->openai,
		.no_prefill = is_vendor(model, "Anthropic"),
		.ids = call_ids_create()
	};
	size_t		 i, n = js_len(messages);

	for (i = 0; i < n; i++)
		fit_message(&f, json_object_array_get_idx(messages, i));
	fit_end(&f);
	call_ids_destroy(f.ids);
	if (f.changed)
		js_add_take(req, "messages", f.kept);
	else
		json_object_put(f.kept);
	return f.changed;
}

/* --- Tools. */

/* The name of a tool of either kind, or NULL. */
static const char *
name_of(json_object *tool)
{
	const char *type = js_str(tool, "type");

	return type != NULL ? js_str(js_obj(tool, type), "name") : NULL;
}

bool
chat_fit_tools(json_object *req, const struct model *model)
{
	json_object	*tools = js_array(req, "tools"), *kept, *names, *tool;
	bool		 gemini = is_vendor(model, "Google"), changed = false;
	const char	*name;
	size_t		 i, n;

	if (!gemini && chat_usual_tools(tools) > 0)
		return false;
	n = js_len(tools);
	kept = json_object_new_array();
	names = json_object_new_object();
	for (i = 0; i < n; i++) {
		tool = json_object_array_get_idx(tools, i);
		name = name_of(tool);
		/* The first of two of one name counts. */
		if (name != NULL && js_has(names, name)) {
			changed = true;
			continue;
		}
		if (name != NULL)
			js_add_bool(names, name, true);
		if (gemini)
			changed |= schema_for_gemini(js_obj(js_obj(tool,
			    "function"), "parameters"));
		json_object_array_add(kept, json_object_get(tool));
	}
	json_object_put(names);
	if (changed)
		js_add_ref(req, "tools", kept);
	json_object_put(kept);
	return changed;
}
