/* POST /v1/responses: the client's request made acceptable to upstream. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/body.h"
#include "base/buf.h"
#include "base/edits.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/models.h"
#include "responses/input.h"
#include "responses/items.h"
#include "responses/native.h"
#include "responses/tools.h"
#include "responses/usual.h"
#include "turn/cache-marks.h"
#include "turn/complain.h"
#include "turn/effort.h"
#include "turn/tuning.h"

#define OUTPUT_TOKENS_MIN 16	/* OpenAI's minimum, and Copilot's */

/* --- What may be there. */

enum {					/* what becomes of a member */
	PASS	= 0,
	DROP	= 1 << 0,		/* upstream refuses it or may do so */
	ECHO	= 1 << 1		/* the answer repeats it */
};

/*
 * metadata, user and safety_identifier only come back to the client, which we
 * do ourselves; service_tier is refused with any value; client_metadata is
 * Codex' own; stream_options is about obfuscation, also done here.
 */
static const struct member {
	const char	*name;
	unsigned	 types;
	const char	*expected;
	unsigned	 fate;
} members[] = {
	{ "input", JS_STRING | JS_ARRAY, "a string or an array of input items",
	    PASS },
	{ "instructions", JS_STRING, "a string", ECHO },
	{ "tools", JS_ARRAY, "an array of tools", ECHO },
	{ "tool_choice", JS_STRING | JS_OBJECT, "a string or an object", ECHO },
	{ "parallel_tool_calls", JS_BOOLEAN, "a boolean", ECHO },
	{ "max_output_tokens", JS_INTEGER, "an integer", ECHO },
	{ "max_tool_calls", JS_INTEGER, "an integer", ECHO },
	{ "temperature", JS_NUMBER, "a number", ECHO },
	{ "top_p", JS_NUMBER, "a number", ECHO },
	{ "top_logprobs", JS_INTEGER, "an integer", ECHO },
	{ "text", JS_OBJECT, "an object", ECHO },
	{ "reasoning", JS_OBJECT, "an object", ECHO },
	{ "truncation", JS_STRING, "a string", ECHO },
	{ "include", JS_ARRAY, "an array of strings", PASS },
	{ "prompt_cache_key", JS_STRING, "a string", ECHO },
	{ "stream", JS_BOOLEAN, "a boolean", PASS },
	{ "store", JS_BOOLEAN, "a boolean", ECHO },
	{ "metadata", JS_OBJECT, "an object", DROP | ECHO },
	{ "user", JS_STRING, "a string", DROP | ECHO },
	{ "safety_identifier", JS_STRING, "a string", DROP | ECHO },
	{ "background", JS_BOOLEAN, "a boolean", DROP | ECHO },
	{ "previous_response_id", JS_STRING, "a string", DROP | ECHO },
	{ "conversation", JS_STRING | JS_OBJECT, "a string or an object",
	    DROP | ECHO },
	{ "context_management", JS_ARRAY, "an array of context management "
	    "entries", PASS },
	{ "service_tier", JS_STRING, "a string", DROP },
	{ "stream_options", JS_OBJECT, "an object", DROP },
	{ "client_metadata", JS_OBJECT, "an object", DROP },
	{ "moderation", JS_OBJECT, "an object", DROP },
	{ "prompt_cache_retention", JS_STRING, "a string", DROP }
};

static bool
check_types(json_object *obj, struct err *err)
{
	const struct member	*m;
	json_object		*v;

	for (m = members; m < members + COUNT(members); m++) {
		v = js_get(obj, m->name);
		if (v != NULL && (js_kinds(v) & m->types) == 0)
			return complain_wrong_type(err, m->name, m->expected,
			    v);
	}
	return true;
}

/* --- What this server cannot do, in OpenAI's words where it has some. */

static bool
check_conversation(json_object *obj, struct err *err)
{
	json_object *v = js_obj(obj, "conversation");

	return v == NULL || js_str(v, "id") != NULL ||
	    complain_missing(err, "conversation.id");
}

/* A response that it continues is enough of an input. */
static bool
continues(json_object *obj)
{
	return js_get(obj, "previous_response_id") != NULL ||
	    js_get(obj, "conversation") != NULL;
}

static bool
check_values(json_object *obj, struct err *err)
{
	int64_t n;

	if (js_get(obj, "input") == NULL && !continues(obj))
		return complain_missing(err, "input");
	if (!check_conversation(obj, err))
		return false;
	n = js_int(obj, "max_output_tokens", OUTPUT_TOKENS_MIN);
	if (n < OUTPUT_TOKENS_MIN)
		return err_param(err, "max_output_tokens",
		    "integer_below_min_value",
		    "Invalid 'max_output_tokens': integer below minimum value. "
		    "Expected a value >= %d, but got %lld instead.",
		    OUTPUT_TOKENS_MIN, (long long)n);
	return true;
}

static bool
check_format(json_object *obj, struct err *err)
{
	json_object *format = js_get(js_obj(obj, "text"), "format");

	return format == NULL || tuning_check_format(format, "text.format",
	    format, "text.format", err);
}

/* --- Edits. */

/* Members that upstream must not see; null is how SDKs say "not set". */
static void
drop_members(json_object *obj, struct edits *e)
{
	const struct member *m;

	for (m = members; m < members + COUNT(members); m++)
		if (js_has(obj, m->name) && ((m->fate & DROP) != 0 ||
		    (js_get(obj, m->name) == NULL &&
		    strcmp(m->name, "store") != 0)))
			edits_remove(e, m->name);
}

static void
set_model(json_object *obj, const char *upstream, struct edits *e)
{
	if (!js_is(obj, "model", upstream))
		edits_set_take(e, "model", json_object_new_string(upstream));
	/* Copilot keeps nothing, and its own clients always say so. */
	edits_set_take(e, "store", json_object_new_boolean(false));
	/* Nobody waits for it, so it is read as it comes. */
	if (js_bool(obj, "background", false))
		edits_set_take(e, "stream", json_object_new_boolean(true));
}

/*
 * The items, new; NULL: a string, which goes as it is. One that is kept goes as
 * it will come back.
 */
static json_object *
input_of(json_object *obj, bool kept)
{
	json_object *input = js_get(obj, "input");

	if (!json_object_is_type(input, json_type_string))
		return json_object_get(input);
	if (!kept)
		return NULL;
	input = responses_items_array(input);
	responses_items_settle(input);
	return input;
}

static bool
set_input(json_object *obj, const struct responses_setting *set,
    struct responses *r, struct edits *e, struct err *err)
{
	struct responses_input	 in = {
		.web_search = set->web_search, .unsealed = set->unsealed,
		.changed = set->edited, .model = set->model
	};
	json_object		*input, *items;

	if (set->usual && !set->edited && !set->unsealed && !set->sealed) {
		r->agent = set->usual_agent;
		return true;
	}
	if ((input = input_of(obj, set->sealed)) == NULL)
		return true;
	items = responses_input(input, &in, err);
	json_object_put(input);
	if (items == NULL)
		return false;
	r->vision = in.vision;
	r->agent = in.agent;
	if (in.changed)
		edits_set_take(e, "input", items);
	else
		json_object_put(items);
	return true;
}

/* Without tools, tool_choice and parallel_tool_calls are refused, too. */
static void
set_tool_choice(json_object *obj, bool web_search, bool any, struct edits *e)
{
	json_object	*choice = js_get(obj, "tool_choice"), *left;

	if (!any && js_get(obj, "parallel_tool_calls") != NULL)
		edits_remove(e, "parallel_tool_calls");
	if (choice == NULL)
		return;
	left = any ? responses_tool_choice(choice, web_search) : NULL;
	if (left == choice) {
		json_object_put(left);
	} else if (left == NULL) {
		js_del(obj, "tool_choice");
		edits_remove(e, "tool_choice");
	} else {
		js_add_ref(obj, "tool_choice", left);
		edits_set_take(e, "tool_choice", left);
	}
}

static void
set_tools(json_object *obj, bool web_search, struct edits *e)
{
	json_object	*kept;
	bool		 changed = false, any;

	if (js_array(obj, "tools") == NULL)
		return;
	if (responses_usual_tools(js_array(obj, "tools"))) {
		set_tool_choice(obj, web_search, true, e);
		return;
	}
	kept = responses_tools(js_array(obj, "tools"), web_search, &changed);
	any = js_len(kept) > 0 || !changed;
	set_tool_choice(obj, web_search, any, e);
	if (changed && any) {
		js_add_ref(obj, "tools", kept);
		edits_set_take(e, "tools", kept);
		return;
	}
	if (changed) {
		js_del(obj, "tools");
		edits_remove(e, "tools");
	}
	json_object_put(kept);
}

/* Only of a model that is known to reason reasoning can be asked for. */
static bool
seals(const struct responses_setting *set)
{
	return set->sealed && set->model != NULL &&
	    set->model->reasoning_effort != NULL &&
	    set->model->reasoning_effort[0] != NULL;
}

static void
set_include(json_object *obj, const struct responses_setting *set,
    struct edits *e)
{
	json_object	*kept;
	bool		 changed = false;

	if (js_array(obj, "include") == NULL && !seals(set))
		return;
	kept = responses_include(js_array(obj, "include"), set->web_search,
	    &changed);
	if (seals(set) && !responses_included(kept, RESPONSES_SEALED)) {
		json_object_array_add(kept,
		    json_object_new_string(RESPONSES_SEALED));
		changed = true;
	}
	if (changed)
		edits_set_take(e, "include", kept);
	else
		json_object_put(kept);
}

/* --- reasoning.effort */

static void
set_effort(json_object *obj, const struct model *model, struct edits *e)
{
	json_object	*reasoning = js_obj(obj, "reasoning");
	const char	*wish = js_str(reasoning, "effort"), *best;

	if (wish == NULL || model == NULL)
		return;
	best = effort_nearest(wish, model->reasoning_effort);
	if (best == NULL || strcmp(best, wish) == 0)
		return;
	js_add_str(reasoning, "effort", best);
	edits_set_take(e, "reasoning", json_object_get(reasoning));
}

/* --- What this model refuses, as upstream has said. */

static void
remove_inner(json_object *obj, const char *member, const char *inner,
    struct edits *e)
{
	js_del(js_obj(obj, member), inner);
	edits_set_take(e, member, json_object_get(js_obj(obj, member)));
}

static void
set_lessons(json_object *obj, const struct lesson *lesson, struct edits *e)
{
	const char	*member, *inner;
	size_t		 i = 0;

	while (lesson_next(lesson, obj, &i, &member, &inner)) {
		if (inner == NULL) {
			js_del(obj, member);
			edits_remove(e, member);
		} else
			remove_inner(obj, member, inner, e);
	}
	/* The format that is none; others can't be left out. */
	if ((lesson->without & LESSON_FORMAT) != 0 &&
	    js_is(js_obj(js_obj(obj, "text"), "format"), "type", "text"))
		remove_inner(obj, "text", "format", e);
}

static void
set_cache_key(json_object *obj, const struct responses_setting *set,
    struct edits *e)
{
	const char *key = cache_key_for(set->model, js_get(obj,
	    "prompt_cache_key"), set->cache_key);

	if (key != NULL && (set->lesson.without & LESSON_CACHE_KEY) == 0)
		edits_set_take(e, "prompt_cache_key",
		    json_object_new_string(key));
}

/* --- The whole. */

static json_object *
echo_of(json_object *obj)
{
	json_object		*echo = json_object_new_object();
	const struct member	*m;

	for (m = members; m < members + COUNT(members); m++)
		if ((m->fate & ECHO) != 0 && js_get(obj, m->name) != NULL)
			js_add_take(echo, m->name,
			    js_detach(js_get(obj, m->name)));
	return echo;
}

/* Services that OpenAI alone has, and that would be missed in an answer. */
static bool
check_services(json_object *obj, struct err *err)
{
	if (js_get(obj, "moderation") != NULL)
		return err_param(err, "moderation", "unsupported_parameter",
		    "Unsupported parameter: 'moderation'. GitHub Copilot "
		    "moderates nothing for its clients.");
	return js_get(obj, "prompt") == NULL || err_param(err, "prompt",
	    "unsupported_parameter", "Unsupported parameter: 'prompt'. "
	    "Prompts are not kept by this server: send what is in it as "
	    "'instructions' and 'input'.");
}

bool
responses_check(json_object *obj, struct err *err)
{
	return check_services(obj, err) && check_types(obj, err) &&
	    check_values(obj, err) && tuning_check(obj, err) &&
	    check_format(obj, err);
}

void
responses_note(json_object *obj, struct responses *r)
{
	r->model = xstrdup(js_str(obj, "model"));
	r->stream = js_bool(obj, "stream", false);
	r->plain = !js_bool(js_obj(obj, "stream_options"),
	    "include_obfuscation", true);
	r->echo = echo_of(obj);
}

bool
responses_request(const char *text, size_t n, json_object *obj,
    const struct responses_setting *set, struct responses *r, struct body *body,
    struct err *err)
{
	struct edits e = { .n = 0 };

	if (!responses_check(obj, err))
		return false;
	drop_members(obj, &e);
	set_model(obj, set->upstream, &e);
	if (!set_input(obj, set, r, &e, err)) {
		edits_finish(&e);
		return false;
	}
	set_tools(obj, set->web_search, &e);
	set_include(obj, set, &e);
	set_cache_key(obj, set, &e);
	set_lessons(obj, &set->lesson, &e);
	set_effort(obj, set->model, &e);
	js_splice_body(text, n, obj, true, e.list, e.n, body);
	responses_note(obj, r);
	edits_finish(&e);
	return true;
}

void
responses_finish(struct responses *r)
{
	free(r->model);
	free(r->id);
	json_object_put(r->echo);
	json_object_put(r->retained);
	json_object_put(r->compaction);
	*r = (struct responses){ 0 };
}
