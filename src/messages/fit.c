/* A conversation as Copilot's /v1/messages takes it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "messages/fit.h"
#include "turn/calls.h"

#define BLANK " \t\r\n\v\f"
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789+/=_-"

#define GO_ON "Go on."		/* the user has the last word */
/* Claude Code's first system text: its hash would change every prefix. */
#define BILLING "x-anthropic-billing-header:"

struct work {
	struct messages_fit	*fit;
	struct call_ids		*ids;
	json_object		*kept;		/* the messages so far */
	bool			 changed;
};

bool
messages_is_blank(json_object *text)
{
	const char *s = text != NULL ? json_object_get_string(text) : "";

	return text == NULL || strspn(s, BLANK) ==
	    (size_t)json_object_get_string_len(text);
}

/* --- Cache marks. */

bool
messages_fit_mark(json_object *of)
{
	static const char *const known[] = { "type", "ttl" };
	json_object	*mark = js_obj(of, "cache_control"), *kept;
	size_t		 i, n = 0;

	if (mark == NULL)
		return false;
	for (i = 0; i < COUNT(known); i++)
		n += js_has(mark, known[i]);
	if (n == (size_t)json_object_object_length(mark))
		return false;
	kept = json_object_new_object();
	for (i = 0; i < COUNT(known); i++)
		if (js_get(mark, known[i]) != NULL)
			js_add_ref(kept, known[i], js_get(mark, known[i]));
	js_add_take(of, "cache_control", kept);
	return true;
}

/* The mark of what is left out goes to what stands before it. */
static void
move_mark(json_object *from, json_object *kept)
{
	json_object	*mark = js_get(from, "cache_control"), *last;
	size_t		 n = js_len(kept);

	if (mark == NULL || n == 0)
		return;
	last = json_object_array_get_idx(kept, n - 1);
	if (js_get(last, "cache_control") == NULL &&
	    !js_is(last, "type", "thinking") &&
	    !js_is(last, "type", "redacted_thinking"))
		js_add_ref(last, "cache_control", mark);
}

/* --- Blocks. */

static json_object *
text_block(const char *text, size_t n)
{
	json_object *block = json_object_new_object();

	js_add_str(block, "type", "text");
	js_add_take(block, "text", json_object_new_string_len(text, (int)n));
	return block;
}

/* Ours for other models have a colon. */
bool
messages_fit_signature(const char *s, size_t n)
{
	return n > 0 && strspn(s, BASE64) == n;
}

static bool
is_signature(json_object *v)
{
	const char *s;

	if (!json_object_is_type(v, json_type_string) || v == NULL)
		return false;
	s = json_object_get_string(v);
	return messages_fit_signature(s, strlen(s));
}

/*
 * Thoughts come back with their signature. Without one, or with another
 * model's, nobody could check them, and the turn would fail.
 */
static bool
keeps_thought(const struct work *w, json_object *block)
{
	return !w->fit->unsealed && is_signature(js_get(block,
	    js_is(block, "type", "thinking") ? "signature" : "data"));
}

static void
set_id(struct work *w, json_object *block, const char *key, json_object *take)
{
	json_object *old = js_get(block, key);

	if (old == NULL || strcmp(json_object_get_string(old),
	    json_object_get_string(take)) != 0) {
		js_add_ref(block, key, take);
		w->changed = true;
	}
	json_object_put(take);
}

static void
fit_call(struct work *w, json_object *block)
{
	set_id(w, block, "id", call_ids_call(w->ids, js_get(block, "id")));
	if (js_obj(block, "input") == NULL) {
		js_add_take(block, "input", json_object_new_object());
		w->changed = true;
	}
}

static bool	keeps_block(struct work *, json_object *, json_object *kept);

/* The blocks that stay; what is put in their place counts as a change. */
static json_object *
fit_blocks(struct work *w, json_object *blocks)
{
	json_object	*kept = json_object_new_array(), *block;
	size_t		 i, n = js_len(blocks);

	for (i = 0; i < n; i++) {
		block = json_object_array_get_idx(blocks, i);
		if (keeps_block(w, block, kept))
			json_object_array_add(kept, json_object_get(block));
		else
			w->changed = true;
	}
	return kept;
}

static void
fit_result(struct work *w, json_object *block)
{
	json_object *content = js_array(block, "content"), *kept;

	set_id(w, block, "tool_use_id", call_ids_result(w->ids,
	    js_get(block, "tool_use_id")));
	if (content == NULL)
		return;
	kept = fit_blocks(w, content);
	if (js_len(kept) > 0) {
		js_add_take(block, "content", kept);
		return;
	}
	json_object_put(kept);
	js_del(block, "content");
	w->changed = true;
}

/* The name of a tool that was found, for a model that can't look for any. */
static bool
fit_reference(struct work *w, json_object *block)
{
	const char	*name = js_str(block, "tool_name");
	char		*text;

	if (name == NULL)
		return false;
	js_add_bool(w->fit->loaded, name, true);
	if (w->fit->tool_search)
		return true;
	text = xasprintf("The tool %s can be called now.", name);
	json_object_object_del(block, "tool_name");
	js_add_str(block, "type", "text");
	js_add_str(block, "text", text);
	free(text);
	w->changed = true;
	return true;
}

bool
messages_is_foreign_search(json_object *block)
{
	const char *id = js_str(block, js_is(block, "type", "server_tool_use") ?
	    "id" : js_is(block, "type", "web_search_tool_result") ?
	    "tool_use_id" : "");

	return id != NULL && util_starts(id, MESSAGES_SEARCH_ID);
}

/* Citations that nobody sealed; a text has those of one upstream only. */
static void
drop_foreign_links(struct work *w, json_object *block)
{
	json_object *list = js_array(block, "citations");

	if (js_len(list) == 0 || !js_is(json_object_array_get_idx(list, 0),
	    "encrypted_index", ""))
		return;
	js_del(block, "citations");
	w->changed = true;
}

static bool
keeps_block(struct work *w, json_object *block, json_object *kept)
{
	const char *type = js_str(block, "type");

	if (type == NULL)
		return true;
	w->changed |= messages_fit_mark(block);
	if (messages_is_foreign_search(block)) {
		move_mark(block, kept);
		return false;
	}
	if (strcmp(type, "text") == 0) {
		drop_foreign_links(w, block);
		if (!messages_is_blank(js_get(block, "text")))
			return true;
		move_mark(block, kept);
		return false;
	}
	if (strcmp(type, "thinking") == 0 ||
	    strcmp(type, "redacted_thinking") == 0)
		return keeps_thought(w, block);
	if (strcmp(type, "tool_use") == 0)
		fit_call(w, block);
	else if (strcmp(type, "tool_result") == 0)
		fit_result(w, block);
	else if (strcmp(type, "tool_reference") == 0)
		return fit_reference(w, block);
	else if (strcmp(type, "image") == 0)
		w->fit->vision = true;
	return true;
}

/* --- Messages. */

json_object *
messages_blocks(json_object *content)
{
	json_object *blocks;

	if (json_object_is_type(content, json_type_array))
		return json_object_get(content);
	blocks = json_object_new_array();
	if (json_object_is_type(content, json_type_string))
		json_object_array_add(blocks, text_block(
		    json_object_get_string(content),
		    (size_t)json_object_get_string_len(content)));
	return blocks;
}

/* The last message that is kept, if it is of this role. */
static json_object *
last_of(const struct work *w, const char *role)
{
	size_t		 n = js_len(w->kept);
	json_object	*last = n > 0 ? json_object_array_get_idx(w->kept,
			    n - 1) : NULL;

	return js_is(last, "role", role) ? last : NULL;
}

/* Behind what the same one said before, since they take turns here. */
static void
append(json_object *msg, json_object *content)
{
	json_object	*blocks = messages_blocks(js_get(msg, "content"));
	json_object	*more = messages_blocks(content);
	size_t		 i;

	for (i = 0; i < js_len(more); i++)
		json_object_array_add(blocks, json_object_get(
		    json_object_array_get_idx(more, i)));
	js_add_take(msg, "content", blocks);
	json_object_put(more);
}

static void
keep(struct work *w, const char *role, json_object *content, json_object *msg)
{
	json_object *last = last_of(w, role);

	if (last != NULL) {
		append(last, content);
		w->changed = true;
		return;
	}
	if (msg == NULL) {
		msg = json_object_new_object();
		js_add_str(msg, "role", role);
		js_add_ref(msg, "content", content);
		w->changed = true;
	} else
		json_object_get(msg);
	json_object_array_add(w->kept, msg);
}

static void
remind(json_object *block)
{
	json_object	*text = js_get(block, "text");
	struct buf	 all = { 0 };

	buf_puts(&all, "<system-reminder>\n");
	js_append_text(&all, text);
	buf_puts(&all, "\n</system-reminder>");
	js_add_take(block, "text", json_object_new_string_len(all.p,
	    (int)all.len));
	buf_finish(&all);
}

json_object *
messages_reminders(json_object *content)
{
	json_object	*blocks = messages_blocks(content), *kept, *block;
	size_t		 i;

	kept = json_object_new_array();
	for (i = 0; i < js_len(blocks); i++) {
		block = json_object_array_get_idx(blocks, i);
		if (!js_is(block, "type", "text") ||
		    messages_is_blank(js_get(block, "text")))
			continue;
		remind(block);
		json_object_array_add(kept, json_object_get(block));
	}
	json_object_put(blocks);
	return kept;
}

/*
 * The system in mid-conversation: Claude Code says so itself, in a text of the
 * user's, to servers that don't know the role.
 */
static void
keep_system(struct work *w, json_object *content)
{
	json_object	*reminders = messages_reminders(content), *kept;

	kept = fit_blocks(w, reminders);
	if (js_len(kept) > 0)
		keep(w, "user", kept, NULL);
	w->changed = true;
	json_object_put(reminders);
	json_object_put(kept);
}

static bool
is_result(json_object *block)
{
	return js_is(block, "type", "tool_result");
}

/* Results stand before all else, or upstream misses them. */
static void
results_first(struct work *w, json_object *msg)
{
	json_object	*blocks = js_array(msg, "content"), *sorted, *block;
	size_t		 i, n = js_len(blocks);
	bool		 late = false, other = false;
	int		 pass;

	for (i = 0; i < n; i++) {
		if (!is_result(json_object_array_get_idx(blocks, i)))
			other = true;
		else
			late |= other;
	}
	if (!late)
		return;
	sorted = json_object_new_array();
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < n; i++) {
			block = json_object_array_get_idx(blocks, i);
			if (is_result(block) == (pass == 0))
				json_object_array_add(sorted,
				    json_object_get(block));
		}
	js_add_take(msg, "content", sorted);
	w->changed = true;
}

/* Only these two are Anthropic's; a message of Claude Code's has an effort. */
static void
drop_others(struct work *w, json_object *msg)
{
	static const char *const others[] = { "output_config", "id", "model",
	    "stop_reason", "stop_sequence", "usage", "type" };
	size_t i;

	for (i = 0; i < COUNT(others); i++)
		if (js_has(msg, others[i])) {
			js_del(msg, others[i]);
			w->changed = true;
		}
}

static void
fit_message(struct work *w, json_object *msg)
{
	const char	*role = js_str(msg, "role");
	json_object	*content = js_get(msg, "content"), *kept;

	if (strcmp(role, "system") == 0) {
		keep_system(w, content);
		return;
	}
	drop_others(w, msg);
	if (json_object_is_type(content, json_type_string)) {
		if (messages_is_blank(content))
			w->changed = true;
		else
			keep(w, role, content, msg);
		return;
	}
	kept = fit_blocks(w, content);
	js_add_ref(msg, "content", kept);
	if (js_len(kept) > 0)
		keep(w, role, kept, msg);
	else
		w->changed = true;
	json_object_put(kept);
}

/* Does the message end with a call that awaits its result? */
static bool
calls(json_object *msg)
{
	json_object	*blocks = js_array(msg, "content");
	size_t		 i;

	for (i = 0; i < js_len(blocks); i++)
		if (js_is(json_object_array_get_idx(blocks, i), "type",
		    "tool_use"))
			return true;
	return false;
}

static void
fit_end(struct work *w)
{
	json_object	*last = last_of(w, "assistant"), *text;
	size_t		 i;

	if (last != NULL && !calls(last)) {
		text = json_object_new_string(GO_ON);
		keep(w, "user", text, NULL);
		json_object_put(text);
	}
	for (i = 0; i < js_len(w->kept); i++)
		results_first(w, json_object_array_get_idx(w->kept, i));
}

/* --- The system. */

static bool
is_billing(json_object *block)
{
	const char *text = js_str(block, "text");

	return text != NULL && util_starts(text, BILLING);
}

json_object *
messages_system_blocks(json_object *system)
{
	json_object	*all = messages_blocks(system), *kept, *block;
	size_t		 i;

	kept = json_object_new_array();
	for (i = 0; i < js_len(all); i++) {
		block = json_object_array_get_idx(all, i);
		if (!is_billing(block))
			json_object_array_add(kept, json_object_get(block));
	}
	json_object_put(all);
	return kept;
}

static bool
fit_system(struct work *w, json_object *req)
{
	json_object *system = js_get(req, "system"), *kept, *blocks;

	w->changed = false;
	if (system == NULL || (json_object_is_type(system, json_type_string) &&
	    !messages_is_blank(system)))
		return false;
	blocks = messages_system_blocks(system);
	w->changed = js_len(blocks) != js_len(system) ||
	    json_object_is_type(system, json_type_string);
	kept = fit_blocks(w, blocks);
	json_object_put(blocks);
	if (js_len(kept) > 0)
		js_add_ref(req, "system", kept);
	else
		js_del(req, "system");
	json_object_put(kept);
	return w->changed;
}

bool
messages_fit(struct messages_fit *f, json_object *req, bool *changed_messages,
    bool *changed_system, struct err *err)
{
	json_object	*messages = js_array(req, "messages");
	struct work	 w = { .fit = f };
	size_t		 i, n = js_len(messages);

	f->loaded = json_object_new_object();
	w.ids = call_ids_create();
	if (f->usual) {
		*changed_messages = false;
		*changed_system = fit_system(&w, req);
		call_ids_destroy(w.ids);
		return true;
	}
	w.kept = json_object_new_array();
	for (i = 0; i < n; i++)
		fit_message(&w, json_object_array_get_idx(messages, i));
	fit_end(&w);
	*changed_messages = w.changed;
	js_add_ref(req, "messages", w.kept);
	*changed_system = fit_system(&w, req);
	call_ids_destroy(w.ids);
	n = js_len(w.kept);
	json_object_put(w.kept);
	return n > 0 || err_param(err, "messages", "invalid_value",
	    "messages: at least one message with something in it is required");
}

void
messages_fit_finish(struct messages_fit *f)
{
	json_object_put(f->loaded);
	f->loaded = NULL;
}
