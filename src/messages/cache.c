/* Marks for the prompt cache. */
#include "config.h"

#include "base/js.h"
#include "messages/cache.h"
#include "messages/fit.h"
#include "messages/write-parts.h"
#include "turn/cache-marks.h"

static bool
any_marked(json_object *list)
{
	size_t i, n = js_len(list);

	for (i = 0; i < n; i++)
		if (cache_marks_has(json_object_array_get_idx(list, i)))
			return true;
	return false;
}

/* The last block that can be marked: no thought, no deferred tool. */
static void
mark_last(json_object *blocks)
{
	json_object	*block;
	size_t		 i;

	for (i = js_len(blocks); i > 0; i--) {
		block = json_object_array_get_idx(blocks, i - 1);
		if (js_is(block, "type", "thinking") ||
		    js_is(block, "type", "redacted_thinking") ||
		    js_bool(block, "defer_loading", false))
			continue;
		messages_mark(block, true);
		return;
	}
}

static void
as_blocks(json_object *obj, const char *key)
{
	if (json_object_is_type(js_get(obj, key), json_type_string))
		js_add_take(obj, key, messages_blocks(js_get(obj, key)));
}

static void
mark_message(json_object *messages, size_t end)
{
	if (end > 0)
		mark_last(js_array(json_object_array_get_idx(messages,
		    end - 1), "content"));
}

bool
messages_cache(json_object *req)
{
	json_object	*messages = js_array(req, "messages");
	size_t		 i, n = js_len(messages);
	size_t		 before = cache_marks_turn_before(messages);

	if (any_marked(js_array(req, "system")) ||
	    any_marked(js_array(req, "tools")) || any_marked(messages))
		return false;
	as_blocks(req, "system");
	for (i = 0; i < n; i++)
		as_blocks(json_object_array_get_idx(messages, i), "content");
	mark_last(js_array(req, "tools"));
	mark_last(js_array(req, "system"));
	if (before < n)
		mark_message(messages, before);
	mark_message(messages, n);
	return true;
}
