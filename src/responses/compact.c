/* A conversation becomes a summary: the request. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/compact.h"
#include "responses/ids.h"
#include "turn/seal.h"

#define THRESHOLD_MIN 1000	/* OpenAI's (API reference) */

static const char ask[] =
    "This conversation becomes too long and is about to be cut off here. "
    "Whoever goes on with it will have the user's messages, and of everything "
    "else only what you write now. Write a summary for them: the task and its "
    "constraints, what was decided and why, what was done with which files "
    "and commands, what was found out (names, paths, values, errors, as "
    "exactly as they are needed), the state in which things are, and what is "
    "to be done next. Do not go on with the task, call no tools, and write "
    "nothing but the summary.";

static const char told[] =
    "The conversation up to here was too long and was cut off. This is the "
    "summary that was written of it then:\n\n";

/* --- What comes back. */

/* The summary of an item that was sealed here, a string; else NULL. */
static json_object *
summary_of(json_object *item)
{
	const char *sealed = js_str(item, "encrypted_content");

	return sealed != NULL && (js_is(item, "type", "compaction") ||
	    js_is(item, "type", "compaction_summary")) ?
	    seal_open_summary(sealed) : NULL;
}

/* Is that what somebody said who isn't the model? */
static bool
is_said(json_object *item)
{
	return (js_get(item, "type") == NULL ||
	    js_is(item, "type", "message")) && !js_is(item, "role",
	    "assistant");
}

static json_object *
user_message_take(json_object *text)
{
	json_object	*item = json_object_new_object();
	json_object	*content = json_object_new_array();
	json_object	*part = json_object_new_object();

	js_add_str(part, "type", "input_text");
	js_add_take(part, "text", text);
	json_object_array_add(content, part);
	js_add_str(item, "type", "message");
	js_add_str(item, "role", "user");
	js_add_take(item, "content", content);
	return item;
}

static json_object *
opened_take(json_object *summary)
{
	struct buf	 text = { 0 };
	json_object	*s;

	buf_puts(&text, told);
	js_append_text(&text, summary);
	json_object_put(summary);
	s = json_object_new_string_len(text.p, (int)text.len);
	buf_finish(&text);
	return user_message_take(s);
}

/* The place of the last summary, which is yours; or that behind the end. */
static size_t
find_last(json_object *items, json_object **summary)
{
	size_t i;

	for (i = js_len(items); i-- > 0; )
		if ((*summary = summary_of(json_object_array_get_idx(items,
		    i))) != NULL)
			return i;
	return js_len(items);
}

bool
responses_compact_open(json_object *obj, size_t *restored)
{
	json_object	*items = js_array(obj, "input"), *all, *item;
	json_object	*summary = NULL;
	size_t		 n = js_len(items), at = find_last(items, &summary), i;
	size_t		 before = *restored;

	if (summary == NULL)
		return false;
	all = json_object_new_array();
	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		if (i == at)
			json_object_array_add(all, opened_take(summary));
		else if (i > at || is_said(item))
			json_object_array_add(all, json_object_get(item));
		else if (i < before)
			--*restored;
	}
	js_add_take(obj, "input", all);
	return true;
}

/* --- What is asked for. */

bool
responses_compact_trigger(json_object *obj, size_t restored, bool *wanted,
    bool *changed, struct err *err)
{
	json_object	*items = js_array(obj, "input"), *item;
	size_t		 i = 0;
	char		 param[40];

	*wanted = false;
	while (i < js_len(items)) {
		item = json_object_array_get_idx(items, i);
		if (!js_is(item, "type", "compaction_trigger")) {
			i++;
			continue;
		}
		if (i >= restored && i + 1 < js_len(items)) {
			snprintf(param, sizeof(param), "input[%zu]", i);
			return err_param(err, param, "invalid_value",
			    "Invalid '%s': 'compaction_trigger' has to be the "
			    "last item.", param);
		}
		*wanted = i + 1 == js_len(items) && i >= restored;
		*changed = true;
		json_object_array_del_idx(items, i, 1);
	}
	return true;
}

/* "input" as an array that can be added to. */
static json_object *
items_of(json_object *obj)
{
	json_object	*input = js_get(obj, "input"), *items;

	if (!json_object_is_type(input, json_type_string))
		return input;
	items = json_object_new_array();
	json_object_array_add(items, user_message_take(
	    json_object_get(input)));
	js_add_take(obj, "input", items);
	return items;
}

void
responses_compact_ask(json_object *obj)
{
	static const char *const without[] = {
		"tool_choice", "max_tool_calls", "max_output_tokens",
		"context_management"
	};
	size_t i;

	json_object_array_add(items_of(obj), user_message_take(
	    json_object_new_string(ask)));
	for (i = 0; i < COUNT(without); i++)
		js_del(obj, without[i]);
	js_del(js_obj(obj, "text"), "format");
	/* They stay, since the prompt's cache begins with them. */
	if (js_len(js_array(obj, "tools")) > 0)
		js_add_str(obj, "tool_choice", "none");
}

/* --- What makes it necessary. */

bool
responses_compact_threshold(json_object *obj, int64_t most,
    int64_t *threshold, struct err *err)
{
	json_object	*list = js_array(obj, "context_management"), *entry, *n;
	size_t		 i;
	char		 param[64];

	*threshold = -1;
	for (i = 0; i < js_len(list); i++) {
		entry = json_object_array_get_idx(list, i);
		if (!js_is(entry, "type", "compaction")) {
			snprintf(param, sizeof(param),
			    "context_management[%zu].type", i);
			return err_param(err, param, "invalid_value",
			    "Invalid '%s': the only value that is supported "
			    "is 'compaction'.", param);
		}
		n = js_get(entry, "compact_threshold");
		if (n != NULL && (!json_object_is_type(n, json_type_int) ||
		    json_object_get_int64(n) < THRESHOLD_MIN)) {
			snprintf(param, sizeof(param),
			    "context_management[%zu].compact_threshold", i);
			return err_param(err, param, "invalid_value",
			    "Invalid '%s': expected an integer of at least %d.",
			    param, THRESHOLD_MIN);
		}
		*threshold = n != NULL ? json_object_get_int64(n) :
		    most > 0 ? most : -1;
	}
	return true;
}

json_object *
responses_compaction(const char *sealed)
{
	json_object	*item = js_typed("compaction");

	js_add_str(item, "encrypted_content", sealed);
	return item;
}

void
responses_compact_add(json_object *obj, const char *sealed)
{
	json_object_array_add(items_of(obj), responses_compaction(sealed));
}

bool
responses_compact_agent(json_object *obj)
{
	json_object	*items = js_array(obj, "input"), *last;

	if (js_len(items) == 0)
		return false;
	last = json_object_array_get_idx(items, js_len(items) - 1);
	return !is_said(last);
}

/* As an item of an output, which has all that it may have. */
static void
name(json_object *item)
{
	char id[RESPONSES_ID_SIZE];

	js_add_str(item, "type", "message");
	if (js_str(item, "id") != NULL)
		return;
	responses_ids_new(item, id);
	js_add_str(item, "id", id);
}

json_object *
responses_compact_retained(json_object *obj)
{
	json_object	*items = items_of(obj), *kept, *copy, *item;
	size_t		 n = js_len(items), i;

	kept = json_object_new_array();
	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		copy = NULL;
		if (js_is(item, "role", "user") && is_said(item) &&
		    json_object_deep_copy(item, &copy, NULL) == 0) {
			name(copy);
			json_object_array_add(kept, copy);
		}
	}
	return kept;
}
