/* A Responses request for a model that upstream serves by chat completions. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "bridge/responses-input.h"
#include "bridge/responses-request.h"
#include "chat/native.h"
#include "copilot/models.h"
#include "responses/tools.h"
#include "state/reasoning.h"

/* Members that only have another name in chat. */
static const struct {
	const char	*responses;
	const char	*chat;
} renamed[] = {
	{ "temperature",	"temperature" },
	{ "top_p",		"top_p" },
	{ "max_output_tokens",	"max_tokens" },
};

/* --- text, reasoning, include. */

static bool
includes(json_object *obj, const char *what)
{
	return responses_included(js_array(obj, "include"), what);
}

/* The format of chat has the schema in an object of its own. */
static void
set_format(json_object *obj, json_object *chat)
{
	json_object *format = js_obj(js_obj(obj, "text"), "format");
	json_object *to, *schema;

	if (js_str(format, "type") == NULL || js_is(format, "type", "text"))
		return;
	to = json_object_new_object();
	js_add_ref(to, "type", js_get(format, "type"));
	if (js_is(format, "type", "json_schema")) {
		schema = json_object_new_object();
		json_object_object_foreach(format, key, v)
			if (v != NULL && strcmp(key, "type") != 0)
				js_add_ref(schema, key, v);
		js_add_take(to, "json_schema", schema);
	}
	js_add_take(chat, "response_format", to);
}

/* Only OpenAI's models know of verbosity, the others refuse what is unknown. */
static void
set_text(json_object *obj, const struct model *model, json_object *chat)
{
	json_object *verbosity = js_get(js_obj(obj, "text"), "verbosity");

	set_format(obj, chat);
	if (verbosity != NULL && (model == NULL || model->openai))
		js_add_ref(chat, "verbosity", verbosity);
}

static void
set_logprobs(json_object *obj, json_object *chat)
{
	int64_t n = js_int(obj, "top_logprobs", 0);

	if (n <= 0 && !includes(obj, "message.output_text.logprobs"))
		return;
	js_add_bool(chat, "logprobs", true);
	if (n > 0)
		js_add_int(chat, "top_logprobs", n);
}

static void
set_members(json_object *obj, const struct model *model, json_object *chat)
{
	json_object	*effort = js_get(js_obj(obj, "reasoning"), "effort");
	json_object	*v;
	size_t		 i;

	for (i = 0; i < COUNT(renamed); i++)
		if ((v = js_get(obj, renamed[i].responses)) != NULL)
			js_add_ref(chat, renamed[i].chat, v);
	if (effort != NULL)
		js_add_ref(chat, "reasoning_effort", effort);
	set_text(obj, model, chat);
	set_logprobs(obj, chat);
}

/* --- Tools. */

/* The answer repeats the tools that there are, as it does natively. */
static void
drop_refused(json_object *obj)
{
	json_object	*kept;
	bool		 changed = false;

	if (js_array(obj, "tools") == NULL)
		return;
	kept = responses_tools(js_array(obj, "tools"), false, &changed);
	if (changed)
		js_add_ref(obj, "tools", kept);
	json_object_put(kept);
}

/* Without tools nothing can be said about them. */
static bool
set_tools(json_object *obj, bool web_search, struct bridge_tools *tools,
    json_object *chat, struct err *err)
{
	json_object *choice;

	if (!bridge_tools_choose(tools, js_get(obj, "tool_choice"), web_search,
	    &choice, err))
		return false;
	if (tools->n == 0) {
		json_object_put(choice);
		js_del(obj, "tool_choice");
		return true;
	}
	js_add_take(chat, "tools", bridge_tools_chat(tools));
	if (choice != NULL)
		js_add_take(chat, "tool_choice", choice);
	else if (!js_is(js_get(obj, "tool_choice"), "type", "allowed_tools"))
		js_del(obj, "tool_choice");
	if (js_get(obj, "parallel_tool_calls") != NULL)
		js_add_ref(chat, "parallel_tool_calls",
		    js_get(obj, "parallel_tool_calls"));
	return true;
}

/* --- The whole. */

/* The chat request; NULL with "err" set when it can't be one. */
static json_object *
translate(json_object *obj, const struct responses_setting *set,
    struct bridge_request *b, struct err *err)
{
	struct bridge_input	 in = {
		.vendor = b->vendor, .terms = &b->terms, .tools = &b->tools
	};
	json_object		*chat, *messages;

	if (!bridge_tools_add(&b->tools, js_array(obj, "tools"), true, err))
		return NULL;
	messages = bridge_input(js_get(obj, "instructions"),
	    js_get(obj, "input"), &in, err);
	if (messages == NULL)
		return NULL;
	b->responses.vision = in.vision;
	b->responses.agent = in.agent;
	chat = json_object_new_object();
	js_add_str(chat, "model", set->upstream);
	js_add_take(chat, "messages", messages);
	js_add_bool(chat, "stream", true);
	set_members(obj, set->model, chat);
	if (set_tools(obj, set->web_search, &b->tools, chat, err))
		return chat;
	json_object_put(chat);
	return NULL;
}

/* What is true for every chat request to this model is done by its owner. */
static bool
finish_chat(json_object *take, const struct responses_setting *set,
    struct bridge_request *b, struct buf *body, struct err *err)
{
	struct chat_request	r;
	struct buf		text = { 0 };
	bool			ok;

	ok = chat_request_take(&r, take, err);
	if (ok) {
		r.info = set->model;
		ok = chat_messages_images(js_array(r.obj, "messages"), r.info,
		    err) && chat_request_fit(&r, &set->lesson, true, err);
	}
	if (ok) {
		/* Who keeps no reasoning items can't give any back. */
		if (set->thinker != NULL)
			thoughts_restore(set->thinker,
			    js_array(r.obj, "messages"));
		if (set->unsealed)
			chat_messages_forget(js_array(r.obj, "messages"));
		js_print(r.obj, &text);
		chat_request_body(&r, text.p, text.len, body);
		b->told = r.told;
		b->inserted = r.inserted;
	} else
		bridge_terms_apply(&b->terms, &b->tools, err);
	chat_request_finish(&r);
	buf_finish(&text);
	return ok;
}

bool
bridge_request(json_object *obj, const struct responses_setting *set,
    struct bridge_request *b, struct buf *body, struct err *err)
{
	json_object *chat;

	*b = (struct bridge_request){ 0 };
	if (js_get(obj, "prompt") != NULL)
		return err_param(err, "prompt", "unsupported_parameter",
		    "Prompts are not kept by this server: send what is in it "
		    "as 'instructions' and 'input'.");
	if (!responses_check(obj, err))
		return false;
	b->vendor = xstrdup(set->model != NULL && set->model->vendor != NULL ?
	    set->model->vendor : "");
	b->encrypted = set->sealed ||
	    includes(obj, RESPONSES_SEALED);
	if ((chat = translate(obj, set, b, err)) == NULL ||
	    !finish_chat(chat, set, b, body, err))
		return false;
	bridge_tools_settle(&b->tools);
	drop_refused(obj);
	responses_note(obj, &b->responses);
	return true;
}

void
bridge_request_finish(struct bridge_request *b)
{
	responses_finish(&b->responses);
	bridge_tools_finish(&b->tools);
	bridge_terms_finish(&b->terms);
	free(b->vendor);
	*b = (struct bridge_request){ 0 };
}
