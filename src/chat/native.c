/* A chat completion request: from the client's form to upstream's. */
#include "config.h"

#include <string.h>

#include "base/body.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/edits.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/check.h"
#include "chat/custom.h"
#include "chat/fit.h"
#include "chat/native.h"
#include "chat/usual.h"
#include "copilot/models.h"
#include "turn/cache-marks.h"
#include "turn/effort.h"
#include "turn/format.h"
#include "turn/images.h"
#include "turn/stop.h"

/*
 * Members that upstream refuses or can't honour, and that change nothing in
 * the answer: Copilot has no service tiers, stores no completions (and metadata
 * is only for stored ones), and rejects safety_identifier at times.
 */
static const char *const refused[] = {
	"service_tier", "store", "metadata", "safety_identifier",
};

bool
chat_request_read(struct chat_request *r, const char *text, size_t n,
    struct err *err)
{
	json_object *obj;

	*r = (struct chat_request){ 0 };
	return js_parse(text, n, &obj, err) && chat_request_take(r, obj, err);
}

bool
chat_request_take(struct chat_request *r, json_object *take, struct err *err)
{
	*r = (struct chat_request){ .obj = take };
	if (!chat_check(r->obj, err) ||
	    !chat_messages_read(js_array(r->obj, "messages"), &r->messages,
	    err))
		return false;
	/* Upstream's name may take its place, see chat_request_body(). */
	r->name = json_object_get(js_get(r->obj, "model"));
	r->asked = r->model = json_object_get_string(r->name);
	r->stream = js_bool(r->obj, "stream", false);
	r->include_usage = js_bool(js_get(r->obj, "stream_options"),
	    "include_usage", false);
	r->search = js_obj(r->obj, "web_search_options") != NULL;
	r->functions = js_len(js_array(r->obj, "functions")) > 0;
	r->usual_tools = chat_usual_tools(js_array(r->obj, "tools")) > 0;
	if (!r->usual_tools)
		r->custom = chat_custom_names(js_array(r->obj, "tools"));
	r->n = js_int(r->obj, "n", 1);
	return true;
}

static bool
includes_reasoning(json_object *include)
{
	json_object	*v;
	size_t		 i;

	for (i = 0; i < js_len(include); i++) {
		v = json_object_array_get_idx(include, i);
		if (json_object_is_type(v, json_type_string) &&
		    util_starts(json_object_get_string(v), "reasoning"))
			return true;
	}
	return false;
}

/* Whoever asks for reasoning, in whichever words, wants to see some of it. */
static bool
wants_summaries(json_object *obj, const struct conf *conf)
{
	json_object	*reasoning = js_obj(obj, "reasoning");
	json_object	*effort = js_get(obj, "reasoning_effort");

	if (strcmp(conf->reasoning_summaries, "asked") != 0)
		return strcmp(conf->reasoning_summaries, "always") == 0;
	if (effort != NULL)
		return !js_is(obj, "reasoning_effort", "none");
	if (reasoning != NULL)
		return js_bool(reasoning, "enabled", true) &&
		    !js_bool(reasoning, "exclude", false) &&
		    !js_is(reasoning, "effort", "none");
	return js_bool(obj, "include_reasoning", false) ||
	    includes_reasoning(js_array(obj, "include"));
}

bool
chat_request_model(struct chat_request *r, const struct conf *conf,
    const char *upstream, const struct model *info, struct err *err)
{
	r->summaries = wants_summaries(r->obj, conf);
	r->cache = conf->prompt_cache;
	r->model = upstream;
	r->info = info;
	/* One that wants several answers needs chat completions. */
	r->by_messages = r->n == 1 && model_by_messages(info, conf);
	/* Chat completions upstream take none, the other endpoints do. */
	if (r->messages.file && (r->info == NULL ||
	    ((r->info->endpoints & MODEL_CHAT) != 0 && !r->by_messages)))
		return chat_messages_no_file(&r->messages, err);
	return !r->messages.vision ||
	    chat_messages_images(js_array(r->obj, "messages"), r->info, err);
}

/*
 * Has the model to be told of the format? OpenAI's models all know JSON without
 * a schema, the others' lists say nothing about it. OpenAI's serve /responses.
 */
static bool
has_to_be_told(const struct chat_request *r, bool native)
{
	if (!format_is_json(r->obj))
		return false;
	if ((r->lesson.without & LESSON_FORMAT) != 0)
		return true;
	if (!native || r->info == NULL)
		return false;
	return js_is(js_get(r->obj, "response_format"), "type",
	    "json_object") ? !r->info->openai : !r->info->structured_outputs;
}

/*
 * OpenAI's reasoning models refuse stop strings, and Claude those without a
 * visible character.
 */
static bool
honours_stop(const struct chat_request *r, const struct stop *stop)
{
	if ((r->lesson.without & LESSON_STOP) != 0)
		return false;
	if (r->info == NULL)
		return true;
	return r->info->openai ? r->info->reasoning_effort == NULL ||
	    r->info->reasoning_effort[0] == NULL : !stop_has_blank(stop);
}

/* The stop strings that upstream is not told of. */
static bool
read_stop(struct chat_request *r, bool native, struct err *err)
{
	if (!native)
		return true;
	if (!stop_read(js_get(r->obj, "stop"), &r->stop, err))
		return false;
	if (r->stop != NULL && honours_stop(r, r->stop)) {
		stop_destroy(r->stop);
		r->stop = NULL;
	}
	return true;
}

bool
chat_request_fit(struct chat_request *r, const struct lesson *lesson,
    bool native, struct err *err)
{
	int64_t max = lesson->images;

	r->lesson = *lesson;
	r->format_in_prompt = has_to_be_told(r, native);
	r->formless = r->format_in_prompt ||
	    (lesson->without & LESSON_FORMAT) != 0;
	if (max == 0)
		max = images_max(r->info);
	if (!read_stop(r, native, err))
		return false;
	return !r->messages.vision || max == 0 ||
	    chat_messages_trim(js_array(r->obj, "messages"), max,
	    &r->messages.dirty, err);
}

/* Is there a role that only OpenAI's models are known to have? */
static bool
has_developer(const struct chat_request *r)
{
	return r->messages.developer && r->info != NULL && !r->info->openai;
}

/* Has nothing to be changed in them? */
static bool
go_as_they_are(const struct chat_request *r)
{
	return r->messages.usual && !r->messages.dirty &&
	    (r->info == NULL || r->info->openai || r->messages.strict);
}

static void
fit_messages(struct chat_request *r, bool native)
{
	json_object *messages = js_array(r->obj, "messages");

	if (r->messages.dirty)
		chat_messages_repair(messages, native);
	if (native && chat_custom_messages(messages))
		r->messages.dirty = true;
	r->refitted = chat_fit_messages(r->obj, r->info, native);
	if (has_developer(r))
		chat_messages_system(js_array(r->obj, "messages"));
}

void
chat_request_messages(struct chat_request *r, bool native)
{
	if (!native || !go_as_they_are(r))
		fit_messages(r, native);
	if (r->format_in_prompt)
		r->inserted = format_tell(r->obj);
}

static void
edit_model(const struct chat_request *r, struct edits *ed)
{
	if (strcmp(r->model, r->asked) != 0)
		edits_set_take(ed, "model", json_object_new_string(r->model));
}

static void
edit_messages(const struct chat_request *r, struct edits *ed)
{
	if (r->messages.dirty || r->refitted || r->format_in_prompt ||
	    has_developer(r))
		edits_set_take(ed, "messages", json_object_get(js_array(r->obj,
		    "messages")));
	if (r->formless)
		edits_drop(ed, r->obj, "response_format");
}

/*
 * Claude and Gemini are reported to come back empty when they do not stream
 * (langchain-ai/openwiki PR 744), and Claude's whole answers end at 16000
 * tokens: these are streamed from upstream and put together here. Usage is
 * always asked for, since the log wants it.
 */
static void
edit_stream(const struct chat_request *r, struct edits *ed)
{
	json_object *options;

	if (!r->stream) {
		if (r->info == NULL || r->info->openai || !r->info->streaming) {
			edits_drop(ed, r->obj, "stream_options");
			return;
		}
		edits_set_take(ed, "stream", json_object_new_boolean(true));
	}
	options = json_object_new_object();
	js_add_bool(options, "include_usage", true);
	edits_set_take(ed, "stream_options", options);
}

/*
 * OpenAI's models refuse max_tokens (GPT-5) and all take
 * max_completion_tokens; for the others only max_tokens is known to work. A
 * model that refused one of them shall get the other.
 */
static bool
wants_max_tokens(const struct chat_request *r)
{
	unsigned bad = r->lesson.without &
	    (LESSON_MAX_TOKENS | LESSON_MAX_COMPLETION);

	return bad == LESSON_MAX_TOKENS || bad == LESSON_MAX_COMPLETION ?
	    bad == LESSON_MAX_COMPLETION :
	    r->info != NULL && !r->info->openai;
}

static void
edit_max_tokens(const struct chat_request *r, struct edits *ed)
{
	const char	*good = "max_tokens", *bad = "max_completion_tokens";
	const char	*s;
	json_object	*v;

	if (r->info == NULL && (r->lesson.without &
	    (LESSON_MAX_TOKENS | LESSON_MAX_COMPLETION)) == 0)
		return;
	if (!wants_max_tokens(r)) {
		s = good;
		good = bad;
		bad = s;
	}
	v = js_get(r->obj, bad);
	if (v != NULL && js_get(r->obj, good) == NULL)
		edits_set_take(ed, good, json_object_get(v));
	edits_drop(ed, r->obj, bad);
}

/* Upstream refuses an effort that isn't in the model's list. */
static void
edit_effort(const struct chat_request *r, struct edits *ed)
{
	const char *asked = js_str(r->obj, "reasoning_effort"), *best;

	if (asked == NULL || r->info == NULL)
		return;
	best = effort_nearest(asked, r->info->reasoning_effort);
	if (best == NULL)
		edits_drop(ed, r->obj, "reasoning_effort");
	else if (strcmp(best, asked) != 0)
		edits_set_take(ed, "reasoning_effort",
		    json_object_new_string(best));
}

static void
edit_stop(const struct chat_request *r, struct edits *ed)
{
	if (r->stop != NULL)
		edits_drop(ed, r->obj, "stop");
}

/* Chat completions upstream carry functions only. */
static void
edit_custom(const struct chat_request *r, struct edits *ed)
{
	json_object *tools, *choice = js_obj(r->obj, "tool_choice");

	if (r->custom == NULL)
		return;
	tools = chat_custom_tools(js_array(r->obj, "tools"));
	js_add_ref(r->obj, "tools", tools);
	edits_set_take(ed, "tools", tools);
	if (choice != NULL)
		edits_set_take(ed, "tool_choice", chat_custom_choice(choice));
}

static void
edit_tools(const struct chat_request *r, struct edits *ed)
{
	if (chat_fit_tools(r->obj, r->info))
		edits_set_take(ed, "tools",
		    json_object_get(js_array(r->obj, "tools")));
}

/* An empty list of tools is no list, and a choice needs one. */
static void
edit_no_tools(const struct chat_request *r, struct edits *ed)
{
	json_object *tools = js_array(r->obj, "tools");

	if (tools == NULL || r->usual_tools || js_len(tools) > 0 ||
	    r->functions)
		return;
	edits_drop(ed, r->obj, "tools");
	edits_drop(ed, r->obj, "tool_choice");
	edits_drop(ed, r->obj, "parallel_tool_calls");
}

static json_object *
tools_of_functions(json_object *functions)
{
	json_object	*tools = json_object_new_array(), *tool;
	size_t		 i;

	for (i = 0; i < js_len(functions); i++) {
		tool = json_object_new_object();
		js_add_str(tool, "type", "function");
		js_add_ref(tool, "function",
		    json_object_array_get_idx(functions, i));
		json_object_array_add(tools, tool);
	}
	return tools;
}

/* functions and function_call as tools; they had no parallel calls. */
static void
edit_functions(const struct chat_request *r, struct edits *ed)
{
	json_object *call = js_get(r->obj, "function_call"), *choice;

	edits_drop(ed, r->obj, "functions");
	edits_drop(ed, r->obj, "function_call");
	if (!r->functions)
		return;
	js_add_take(r->obj, "tools",
	    tools_of_functions(js_array(r->obj, "functions")));
	edits_set_take(ed, "tools", json_object_get(js_array(r->obj,
	    "tools")));
	edits_set_take(ed, "parallel_tool_calls",
	    json_object_new_boolean(false));
	if (json_object_is_type(call, json_type_object)) {
		choice = json_object_new_object();
		js_add_str(choice, "type", "function");
		js_add_ref(choice, "function", call);
		edits_set_take(ed, "tool_choice", choice);
	} else if (call != NULL)
		edits_set_take(ed, "tool_choice", json_object_get(call));
}

/* Upstream answers an empty prediction with a 400. */
static void
edit_prediction(const struct chat_request *r, struct edits *ed)
{
	json_object *content = js_get(js_get(r->obj, "prediction"), "content");

	if (content == NULL || (json_object_is_type(content, json_type_array) &&
	    js_len(content) == 0) ||
	    (json_object_is_type(content, json_type_string) &&
	    json_object_get_string_len(content) == 0))
		edits_drop(ed, r->obj, "prediction");
}

/* This model refuses these, as upstream has said; "inner" is of Responses. */
static void
edit_lessons(const struct chat_request *r, struct edits *ed)
{
	const char	*member, *inner;
	size_t		 i = 0;

	while (lesson_next(&r->lesson, r->obj, &i, &member, &inner))
		if (inner == NULL)
			edits_drop(ed, r->obj, member);
}

static bool
is_claude(const struct model *m)
{
	return m != NULL && m->vendor != NULL &&
	    strcmp(m->vendor, "Anthropic") == 0;
}

/* Behind all that changes messages and tools. */
static void
edit_cache(const struct chat_request *r, struct edits *ed)
{
	json_object		*messages = js_array(r->obj, "messages");
	json_object		*tools = js_array(r->obj, "tools");
	struct cache_marks	 m;

	/* Others take none, and the usual messages and tools have none. */
	if (!is_claude(r->info) && r->messages.usual)
		messages = NULL;
	if (!is_claude(r->info) && r->usual_tools)
		tools = NULL;
	m = cache_marks_chat(messages, tools, is_claude(r->info), r->cache);
	if (m.messages)
		edits_set_take(ed, "messages", json_object_get(messages));
	if (m.tools && js_len(tools) > 0)
		edits_set_take(ed, "tools", json_object_get(tools));
}

static void
edit_cache_key(const struct chat_request *r, struct edits *ed)
{
	const char *key = cache_key_for(r->info, js_get(r->obj,
	    "prompt_cache_key"), r->cache_key);

	if (key != NULL && (r->lesson.without & LESSON_CACHE_KEY) == 0)
		edits_set_take(ed, "prompt_cache_key",
		    json_object_new_string(key));
}

static void
edit_refused(const struct chat_request *r, struct edits *ed)
{
	size_t i;

	for (i = 0; i < COUNT(refused); i++)
		edits_drop(ed, r->obj, refused[i]);
}

void
chat_request_body(struct chat_request *r, const char *text, size_t n,
    struct body *out)
{
	static void (*const repairs[])(const struct chat_request *,
	    struct edits *) = {
		edit_model, edit_messages, edit_stream, edit_stop,
		edit_max_tokens, edit_effort, edit_custom, edit_tools,
		edit_no_tools, edit_functions,
		edit_prediction, edit_refused, edit_lessons, edit_cache,
		edit_cache_key,
	};
	struct edits	ed = { 0 };
	size_t		i;

	chat_request_messages(r, true);
	for (i = 0; i < COUNT(repairs); i++)
		repairs[i](r, &ed);
	if (text != NULL)
		js_splice_body(text, n, r->obj, false, ed.list, ed.n, out);
	else {
		edits_apply(&ed, r->obj);
		js_print(r->obj, &out->own);
	}
	edits_finish(&ed);
}

void
chat_request_finish(struct chat_request *r)
{
	json_object_put(r->obj);
	json_object_put(r->name);
	json_object_put(r->custom);
	stop_destroy(r->stop);
	*r = (struct chat_request){ 0 };
}
