/* A Messages request as a turn. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/models.h"
#include "messages/fit.h"
#include "messages/request-read.h"
#include "messages/signature.h"
#include "messages/terms.h"
#include "messages/tools.h"
#include "turn/hosted.h"
#include "turn/turn.h"

/* A budget of thinking, for models that know efforts only. */
#define BUDGET_LOW	4096
#define BUDGET_MEDIUM	16384

struct reader {
	struct turn	*t;
	json_object	*loaded;	/* names of tools, in an object */
	int64_t		 index;		/* of the message in hand */
	struct err	*err;
};

/* --- Parts. */

static void
add_take(struct reader *r, struct turn_item *item, enum turn_part_kind kind,
    json_object *text, size_t at, json_object *block)
{
	struct turn_part *p = turn_add_part(r->t, item, kind, text,
	    (int64_t)at);

	p->mark = js_get(block, "cache_control") != NULL;
	if (kind == TURN_DOCUMENT && js_str(block, "title") != NULL)
		turn_set(&p->name, js_get(block, "title"));
	json_object_put(text);
}

/* An address, or the data as an address that has it. */
static json_object *
address_of(json_object *source)
{
	const char	*type = js_str(source, "media_type");
	struct buf	 url = { 0 };
	json_object	*string;

	if (js_is(source, "type", "url") && js_str(source, "url") != NULL)
		return json_object_get(js_get(source, "url"));
	if (!js_is(source, "type", "base64") || type == NULL ||
	    js_str(source, "data") == NULL)
		return NULL;
	buf_printf(&url, "data:%s;base64,", type);
	js_append_text(&url, js_get(source, "data"));
	string = json_object_new_string_len(url.p, (int)url.len);
	buf_finish(&url);
	return string;
}

static bool
refuse_source(const struct reader *r, size_t at, const char *type)
{
	return err_param(r->err, "messages", "invalid_value",
	    "messages.%lld.content.%zu.%s.source: a base64 source or an "
	    "address is needed: this server keeps no files.",
	    (long long)r->index, at, type);
}

/* A document may be text, or a content of blocks. */
static json_object *
text_of_source(json_object *source)
{
	if (js_is(source, "type", "text") && js_str(source, "data") != NULL)
		return json_object_get(js_get(source, "data"));
	return js_is(source, "type", "content") ?
	    js_print_string(js_get(source, "content")) : NULL;
}

static bool
read_source(struct reader *r, struct turn_item *item, json_object *block,
    size_t at, enum turn_part_kind kind)
{
	json_object	*source = js_obj(block, "source");
	json_object	*text = address_of(source);

	if (text == NULL && kind == TURN_DOCUMENT) {
		text = text_of_source(source);
		kind = TURN_TEXT;
	}
	if (text == NULL)
		return refuse_source(r, at, js_str(block, "type"));
	add_take(r, item, kind, text, at, block);
	return true;
}

static json_object *
reference(struct reader *r, json_object *block)
{
	const char	*name = js_str(block, "tool_name");
	char		*text;
	json_object	*string;

	if (name == NULL)
		return NULL;
	js_add_bool(r->loaded, name, true);
	text = xasprintf("The tool %s can be called now.", name);
	string = json_object_new_string(text);
	free(text);
	return string;
}

/* A block that is no thought, no call and no result; blank text is none. */
static bool
read_part(struct reader *r, struct turn_item *item, json_object *block,
    size_t at)
{
	json_object *text;

	if (js_is(block, "type", "image"))
		return read_source(r, item, block, at, TURN_IMAGE);
	if (js_is(block, "type", "document"))
		return read_source(r, item, block, at, TURN_DOCUMENT);
	if (js_is(block, "type", "text"))
		text = messages_is_blank(js_get(block, "text")) ? NULL :
		    json_object_get(js_get(block, "text"));
	else if (js_is(block, "type", "tool_reference"))
		text = reference(r, block);
	else
		text = js_print_string(block);
	if (text != NULL)
		add_take(r, item, TURN_TEXT, text, at, block);
	return true;
}

/* --- Items. */

static struct turn_item *
add_item(struct reader *r, enum turn_kind kind, int64_t at)
{
	return turn_add(r->t, kind, r->index, at);
}

static bool
read_result(struct reader *r, json_object *block, size_t at)
{
	struct turn_item	*item = add_item(r, TURN_RESULT, (int64_t)at);
	json_object		*content = js_get(block, "content");
	size_t			 i, n = js_len(content);

	turn_set(&item->id, js_get(block, "tool_use_id"));
	item->is_error = js_bool(block, "is_error", false);
	item->mark = js_get(block, "cache_control") != NULL;
	item->listed = json_object_is_type(content, json_type_array);
	if (json_object_is_type(content, json_type_string))
		turn_add_part(r->t, item, TURN_TEXT, content, -1);
	for (i = 0; i < n; i++)
		if (!read_part(r, item, json_object_array_get_idx(content, i),
		    i))
			return false;
	return true;
}

static void
read_call(struct reader *r, json_object *block, size_t at)
{
	struct turn_item *item = add_item(r, TURN_CALL, (int64_t)at);

	turn_set(&item->id, js_get(block, "id"));
	turn_set(&item->name, js_get(block, "name"));
	item->mark = js_get(block, "cache_control") != NULL;
	item->arguments = js_obj(block, "input") != NULL ?
	    js_print_string(js_obj(block, "input")) :
	    json_object_new_string("{}");
}

/* Nobody needs a thought back that nobody sealed. */
static void
read_thought(struct reader *r, json_object *block, size_t at)
{
	bool			 redacted = js_is(block, "type",
				    "redacted_thinking");
	json_object		*sealed = js_get(block, redacted ? "data" :
				    "signature");
	struct turn_item	*item;

	if (!json_object_is_type(sealed, json_type_string) ||
	    sealed == NULL || json_object_get_string_len(sealed) == 0)
		return;
	item = add_item(r, TURN_THOUGHT, (int64_t)at);
	if (!redacted && js_str(block, "thinking") != NULL)
		turn_add_part(r->t, item, TURN_TEXT,
		    js_get(block, "thinking"), -1);
	messages_signature_read(sealed, &item->seal);
	item->seal.redacted = redacted;
}

/* An item that says nothing is none. */
static void
drop_empty(struct turn *t)
{
	if (t->n > 0 && t->items[t->n - 1].nparts == 0 &&
	    t->items[t->n - 1].kind != TURN_CALL &&
	    t->items[t->n - 1].kind != TURN_RESULT &&
	    t->items[t->n - 1].kind != TURN_THOUGHT)
		t->n--;
}

static bool
is_result(json_object *block)
{
	return js_is(block, "type", "tool_result");
}

/* Results stand before what is said about them. */
static bool
read_user(struct reader *r, json_object *blocks, enum turn_kind kind)
{
	struct turn_item	*item;
	json_object		*block;
	size_t			 i, n = js_len(blocks);

	for (i = 0; i < n; i++) {
		block = json_object_array_get_idx(blocks, i);
		if (is_result(block) && !read_result(r, block, i))
			return false;
	}
	item = add_item(r, kind, -1);
	item->listed = true;
	for (i = 0; i < n; i++) {
		block = json_object_array_get_idx(blocks, i);
		if (!is_result(block) && !read_part(r, item, block, i))
			return false;
	}
	drop_empty(r->t);
	return true;
}

static bool
read_assistant(struct reader *r, json_object *blocks)
{
	struct turn_item	*item;
	json_object		*block;
	size_t			 i, n = js_len(blocks);

	for (i = 0; i < n; i++) {
		block = json_object_array_get_idx(blocks, i);
		if (messages_is_foreign_search(block))
			continue;
		if (js_is(block, "type", "tool_use"))
			read_call(r, block, i);
		else if (js_is(block, "type", "thinking") ||
		    js_is(block, "type", "redacted_thinking"))
			read_thought(r, block, i);
		else {
			item = add_item(r, TURN_SAID, (int64_t)i);
			item->listed = true;
			if (!read_part(r, item, block, i))
				return false;
			drop_empty(r->t);
		}
	}
	return true;
}

/*
 * The system in mid-conversation: most models listen to it at the beginning
 * only, and Claude Code says the same in a text of the user's to servers that
 * don't know the role.
 */
static bool
read_reminder(struct reader *r, json_object *content)
{
	json_object	*blocks = messages_reminders(content);
	struct turn	*t = r->t;
	bool		 ok = true;
	size_t		 i;

	if (js_len(blocks) > 0 &&
	    (t->n == 0 || t->items[t->n - 1].kind != TURN_USER))
		add_item(r, TURN_USER, -1)->listed = true;
	for (i = 0; ok && i < js_len(blocks); i++)
		ok = read_part(r, &t->items[t->n - 1],
		    json_object_array_get_idx(blocks, i), i);
	json_object_put(blocks);
	return ok;
}

static bool
read_message(struct reader *r, json_object *msg)
{
	json_object	*content = js_get(msg, "content");
	enum turn_kind	 kind = TURN_USER;

	if (js_is(msg, "role", "assistant"))
		kind = TURN_SAID;
	else if (js_is(msg, "role", "system"))
		return read_reminder(r, content);
	if (json_object_is_type(content, json_type_string)) {
		if (!messages_is_blank(content))
			turn_add_part(r->t, add_item(r, kind, -1), TURN_TEXT,
			    content, -1);
		return true;
	}
	return kind == TURN_SAID ? read_assistant(r, content) :
	    read_user(r, content, kind);
}

/* The system stands beside the messages. */
static bool
read_system(struct reader *r, json_object *system)
{
	json_object	*blocks;
	bool		 ok;

	if (system == NULL)
		return true;
	r->index = TURN_INSTRUCTIONS;
	blocks = messages_system_blocks(system);
	ok = read_user(r, blocks, TURN_SYSTEM);
	json_object_put(blocks);
	return ok;
}

static bool
read_messages(struct reader *r, json_object *messages)
{
	size_t i, n = js_len(messages);

	for (i = 0; i < n; i++) {
		r->index = (int64_t)i;
		if (!read_message(r, json_object_array_get_idx(messages, i)))
			return false;
	}
	return r->t->n > 0 || err_param(r->err, "messages", "invalid_value",
	    "messages: at least one message with something in it is required");
}

/* --- Tools. */

static bool
refuse_tool(json_object *tool, size_t i, struct err *err)
{
	const char	*type = js_str(tool, "type");
	char		 shown[64];

	if (type == NULL)
		type = "";
	text_clean(type, strlen(type), shown, sizeof(shown));
	return err_param(err, "tools", "invalid_value", "tools.%zu: only "
	    "Claude knows the tool '%s'. Describe it with an input_schema, or "
	    "use a model of Anthropic's.", i, shown);
}

/*
 * A search of the web, for upstreams that have one. Hosts that it must not use
 * can't be said there: then there is none. How often it may search is not said
 * either.
 */
static void
read_search(struct reader *r, json_object *tool)
{
	struct turn_search	*s = &r->t->search;
	const char		*type = js_str(tool, "type");

	if (type == NULL || !util_starts(type, "web_search_") ||
	    js_len(js_array(tool, "blocked_domains")) > 0)
		return;
	s->wanted = true;
	if (js_len(js_array(tool, "allowed_domains")) > 0)
		turn_set(&s->hosts, js_array(tool, "allowed_domains"));
	turn_set(&s->place, js_obj(tool, "user_location"));
}

static bool
read_tools(struct reader *r, json_object *obj)
{
	json_object	*tools, *one;
	struct tool	*tool;
	size_t		 i;

	messages_fit_tools(obj, false, r->loaded);
	tools = js_array(obj, "tools");
	for (i = 0; i < js_len(tools); i++) {
		one = json_object_array_get_idx(tools, i);
		/* A client can do without these, as Claude Code can. */
		if ((hosted_of(one) & MESSAGES_HOSTED) != 0) {
			read_search(r, one);
			continue;
		}
		if (js_obj(one, "input_schema") == NULL)
			return refuse_tool(one, i, r->err);
		tool = tools_add(&r->t->tools, NULL, js_str(one, "name"));
		if (tool == NULL)
			continue;
		tool->at = (int64_t)i;
		tool->mark = js_get(one, "cache_control") != NULL;
		if (js_str(one, "description") != NULL)
			turn_set(&tool->description, js_get(one,
			    "description"));
		turn_set(&tool->schema, js_obj(one, "input_schema"));
		turn_set(&tool->strict, js_get(one, "strict"));
	}
	return true;
}

static void
read_choice(json_object *choice, struct turn *t)
{
	static const struct {
		const char		*type;
		enum turn_choice_kind	 kind;
	} kinds[] = {
		{ "auto", TURN_CHOICE_AUTO }, { "none", TURN_CHOICE_NONE },
		{ "any", TURN_CHOICE_REQUIRED }, { "tool", TURN_CHOICE_TOOL }
	};
	json_object	*parallel;
	size_t		 i;

	if (t->tools.n == 0)
		return;
	for (i = 0; i < COUNT(kinds); i++)
		if (js_is(choice, "type", kinds[i].type))
			t->choice.kind = kinds[i].kind;
	if (t->choice.kind == TURN_CHOICE_TOOL) {
		if (js_str(choice, "name") != NULL && t->search.wanted &&
		    tools_find(&t->tools, js_str(choice, "name")) == NULL)
			t->choice.kind = TURN_CHOICE_AUTO;
		else if (js_str(choice, "name") != NULL)
			turn_add_name(&t->choice, NULL, js_get(choice, "name"),
			    false);
		else
			t->choice.kind = TURN_CHOICE_REQUIRED;
	}
	if (js_bool(choice, "disable_parallel_tool_use", false)) {
		parallel = json_object_new_boolean(false);
		turn_set(&t->parallel, parallel);
		json_object_put(parallel);
	}
}

/* --- The other members. */

bool
messages_wants_thoughts(json_object *obj)
{
	json_object *thinking = js_obj(obj, "thinking");

	return js_is(thinking, "type", "adaptive") ||
	    js_is(thinking, "type", "enabled");
}

bool
messages_shows_thoughts(json_object *obj)
{
	return messages_wants_thoughts(obj) &&
	    !js_is(js_obj(obj, "thinking"), "display", "omitted");
}

static const char *
effort_of(json_object *obj)
{
	json_object	*thinking = js_obj(obj, "thinking");
	const char	*asked = js_str(js_obj(obj, "output_config"), "effort");
	int64_t		 budget;

	if (js_is(thinking, "type", "disabled"))
		return "none";
	if (asked != NULL || !js_is(thinking, "type", "enabled"))
		return asked;
	budget = js_int(thinking, "budget_tokens", BUDGET_MEDIUM);
	return budget <= BUDGET_LOW ? "low" :
	    budget <= BUDGET_MEDIUM ? "medium" : "high";
}

/* Claude Code asks for more than other models have. */
static void
read_limit(json_object *obj, const struct model *m, struct turn *t)
{
	int64_t n = js_int(obj, "max_tokens", 0);

	if (m != NULL && m->max_output_tokens > 0 && n > m->max_output_tokens)
		n = m->max_output_tokens;
	t->limit = json_object_new_int64(n);
}

static void
read_members(json_object *obj, const struct model *m, struct turn *t)
{
	json_object	*format = js_obj(js_obj(obj, "output_config"),
			    "format");
	const char	*effort = effort_of(obj);

	turn_set(&t->temperature, js_get(obj, "temperature"));
	if (t->temperature == NULL)
		turn_set(&t->top_p, js_get(obj, "top_p"));
	turn_set(&t->top_k, js_get(obj, "top_k"));
	if (js_len(js_array(obj, "stop_sequences")) > 0)
		turn_set(&t->stop, js_array(obj, "stop_sequences"));
	read_limit(obj, m, t);
	if (effort != NULL)
		t->effort = json_object_new_string(effort);
	t->summaries = messages_shows_thoughts(obj);
	t->stream = js_bool(obj, "stream", false);
	if (!js_is(format, "type", "json_schema"))
		return;
	t->format.kind = TURN_FORMAT_SCHEMA;
	t->format.name = json_object_new_string("answer");
	turn_set(&t->format.schema, js_obj(format, "schema"));
}

bool
messages_request_read(json_object *obj, const struct model *m, struct turn *t,
    struct err *err)
{
	struct reader	r = { .t = t, .err = err };
	bool		ok;

	*t = (struct turn){ .side = &messages_terms };
	r.loaded = json_object_new_object();
	read_members(obj, m, t);
	ok = read_system(&r, js_get(obj, "system")) &&
	    read_messages(&r, js_array(obj, "messages")) &&
	    read_tools(&r, obj);
	if (ok)
		read_choice(js_obj(obj, "tool_choice"), t);
	json_object_put(r.loaded);
	return ok;
}
