/* A Messages request: from the client's form to Copilot's /v1/messages. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/body.h"
#include "base/buf.h"
#include "base/edits.h"
#include "base/err.h"
#include "base/js.h"
#include "base/plain.h"
#include "base/util.h"
#include "copilot/models.h"
#include "messages/betas.h"
#include "messages/cache.h"
#include "messages/fit.h"
#include "messages/native.h"
#include "messages/thinking.h"
#include "messages/tools.h"

/*
 * Upstream knows these and refuses every other member. Clients of Anthropic
 * send new ones with each version: they go, and change nothing in the answer.
 * Copilot has no service tiers and no regions; whose device it is (metadata) is
 * nobody's business.
 */
static const char *const known[] = {
	"model", "messages", "system", "max_tokens", "stream", "tools",
	"tool_choice", "thinking", "output_config", "context_management",
	"stop_sequences", "temperature", "top_p", "top_k"
};
#define UNKNOWN_MAX (EDITS_MAX / 2)	/* more are for upstream to refuse */
/* The same of a request that only counts. */
static const char *const uncounted[] = {
	"max_tokens", "stream", "temperature", "top_p", "top_k",
	"stop_sequences", "output_config", "context_management"
};

/*
 * "Mark the last block for me": Anthropic's newer form of a cache mark, made
 * the older one, which Copilot is known to take.
 */
static bool
place_mark(json_object *req)
{
	json_object	*mark = js_obj(req, "cache_control"), *blocks, *block;
	json_object	*messages = js_array(req, "messages"), *msg;

	if (mark == NULL)
		return false;
	msg = json_object_array_get_idx(messages, js_len(messages) - 1);
	blocks = messages_blocks(js_get(msg, "content"));
	js_add_take(msg, "content", blocks);
	block = json_object_array_get_idx(blocks, js_len(blocks) - 1);
	if (js_get(block, "cache_control") == NULL)
		js_add_ref(block, "cache_control", mark);
	messages_fit_mark(block);
	return true;
}

static bool
edit_messages(struct messages_request *r, struct edits *ed,
    struct messages_fit *fit, struct err *err)
{
	bool messages, system;

	if (!messages_fit(fit, r->obj, &messages, &system, err))
		return false;
	messages |= place_mark(r->obj) || r->edited;
	edits_drop(ed, r->obj, "cache_control");
	if (messages)
		edits_set_take(ed, "messages", json_object_get(
		    js_array(r->obj, "messages")));
	if (system && js_get(r->obj, "system") != NULL)
		edits_set_take(ed, "system", json_object_get(
		    js_get(r->obj, "system")));
	else if (system)
		edits_remove(ed, "system");
	r->vision = r->vision || fit->vision;
	return true;
}

/*
 * A format that the model can't be held to is told, as turn/format.h does it
 * for chat completions.
 */
static void
edit_format(struct messages_request *r, struct edits *ed)
{
	json_object	*config = js_obj(r->obj, "output_config");
	json_object	*format = js_obj(config, "format"), *block, *system;
	struct buf	 text = { 0 };

	if (format == NULL || r->counts || r->info == NULL ||
	    r->info->structured_outputs)
		return;
	buf_puts(&text, "Your answer in the end has to be one JSON object and "
	    "nothing else: no words before or behind it, no code fence. It has "
	    "to be valid against this JSON Schema, which is not to be "
	    "repeated:\n");
	js_print(js_get(format, "schema"), &text);
	block = json_object_new_object();
	js_add_str(block, "type", "text");
	js_add_take(block, "text", json_object_new_string_len(text.p,
	    (int)text.len));
	buf_finish(&text);
	system = messages_blocks(js_get(r->obj, "system"));
	json_object_array_add(system, block);
	js_add_ref(r->obj, "system", system);
	edits_set_take(ed, "system", system);
	js_del(config, "format");
	if (json_object_object_length(config) > 0)
		edits_set_take(ed, "output_config", json_object_get(config));
	else
		edits_remove(ed, "output_config");
}

/* Without tools nothing can be said about their choice. */
static void
edit_tools(struct messages_request *r, struct edits *ed,
    const struct messages_fit *fit)
{
	if (js_array(r->obj, "tools") != NULL &&
	    messages_fit_tools(r->obj, fit->tool_search, fit->loaded)) {
		if (js_get(r->obj, "tools") != NULL)
			edits_set_take(ed, "tools", json_object_get(
			    js_array(r->obj, "tools")));
		else
			edits_remove(ed, "tools");
	}
	if (js_get(r->obj, "tools") == NULL)
		edits_drop(ed, r->obj, "tool_choice");
}

/* Behind all that changes what is marked. */
static void
edit_cache(struct messages_request *r, struct edits *ed)
{
	static const char *const marked[] = { "tools", "system", "messages" };
	size_t i;

	if (!r->cache || r->counts || r->marked || !messages_cache(r->obj))
		return;
	for (i = 0; i < COUNT(marked); i++)
		if (js_len(js_array(r->obj, marked[i])) > 0)
			edits_set_take(ed, marked[i], json_object_get(
			    js_array(r->obj, marked[i])));
}

/*
 * Whole answers of Copilot's end at 16000 tokens, and say nothing for minutes:
 * all are streamed from there, and put together here.
 */
static int64_t
edit_limits(struct messages_request *r, struct edits *ed)
{
	int64_t	max = js_int(r->obj, "max_tokens", 0);
	int64_t	most = r->info != NULL ? r->info->max_output_tokens : 0;

	if (most > 0 && max > most) {
		max = most;
		if (!r->counts)
			edits_set_take(ed, "max_tokens",
			    json_object_new_int64(max));
	}
	if (!r->counts && !js_bool(r->obj, "stream", false))
		edits_set_take(ed, "stream", json_object_new_boolean(true));
	return max;
}

/* Does the model edit its context, if it is asked to? */
static bool
edits_context(const struct messages_request *r)
{
	return r->info == NULL || r->info->context_editing;
}

/* SDKs of what needs no beta at Anthropic any more don't say it. */
static unsigned
needed_betas(const struct messages_request *r, const struct messages_fit *fit,
    const char *text, size_t n)
{
	unsigned bits = 0;

	if (!r->counts && edits_context(r) &&
	    js_get(r->obj, "context_management") != NULL)
		bits |= BETA_CONTEXT;
	if (fit->tool_search && messages_has_deferred(
	    js_array(r->obj, "tools")))
		bits |= BETA_TOOLS;
	if (plain_holds(text, n, "\"ttl\"", 5))
		bits |= BETA_TTL;
	return bits;
}

static void
drop_unknown(json_object *obj, struct edits *ed)
{
	size_t i, n = 0;

	json_object_object_foreach(obj, name, value) {
		(void)value;
		for (i = 0; i < COUNT(known) && strcmp(known[i], name) != 0;
		    i++)
			;
		if (i == COUNT(known) && n++ < UNKNOWN_MAX)
			edits_remove(ed, name);
	}
}

static void
edit_members(struct messages_request *r, struct edits *ed)
{
	const char	*member, *inner;
	size_t		 i;

	if (!js_is(r->obj, "model", r->model))
		edits_set_take(ed, "model", json_object_new_string(r->model));
	drop_unknown(r->obj, ed);
	for (i = 0; r->counts && i < COUNT(uncounted); i++)
		edits_drop(ed, r->obj, uncounted[i]);
	if (!edits_context(r))
		edits_drop(ed, r->obj, "context_management");
	for (i = 0; lesson_next(&r->lesson, r->obj, &i, &member, &inner); )
		if (inner == NULL)
			edits_drop(ed, r->obj, member);
}

bool
messages_body(struct messages_request *r, const char *text, size_t n,
    struct body *out, struct err *err)
{
	struct messages_fit	fit = { .unsealed = r->unsealed };
	struct edits		ed = { .n = 0 };
	int64_t			max;
	bool			ok;

	fit.tool_search = r->info == NULL || r->info->tool_search;
	fit.usual = r->usual && !r->unsealed;
	if ((ok = edit_messages(r, &ed, &fit, err))) {
		edit_tools(r, &ed, &fit);
		edit_format(r, &ed);
		edit_cache(r, &ed);
		max = edit_limits(r, &ed);
		if (r->info != NULL)
			messages_thinking(r->obj, r->info, max, &ed);
		edit_members(r, &ed);
		r->header = messages_betas(r->betas, needed_betas(r, &fit,
		    text, n));
		js_splice_body(text, n, r->obj, false, ed.list, ed.n, out);
	}
	edits_finish(&ed);
	messages_fit_finish(&fit);
	return ok;
}

void
messages_request_finish(struct messages_request *r)
{
	free(r->header);
	r->header = NULL;
}
