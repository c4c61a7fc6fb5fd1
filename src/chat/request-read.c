/* A chat completion request as a turn. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/native.h"
#include "chat/opaque.h"
#include "chat/request-read.h"
#include "chat/request-tools.h"
#include "chat/terms.h"
#include "copilot/models.h"
#include "turn/cache-marks.h"
#include "turn/complain.h"
#include "turn/turn.h"

#define PARAM_SIZE 128

/* The message in hand. */
struct reader {
	struct turn	*t;
	json_object	*msg;
	size_t		 i;		/* its index */
	bool		 assistant;
	json_object	*customs;	/* ids of custom tools' calls */
	struct err	*err;
	char		 param[PARAM_SIZE];
};

static const char *param(struct reader *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* "messages[I]" and what follows, in r->param. */
static const char *
param(struct reader *r, const char *fmt, ...)
{
	va_list	ap;
	int	n;

	n = snprintf(r->param, sizeof(r->param), "messages[%zu]", r->i);
	va_start(ap, fmt);
	vsnprintf(r->param + n, sizeof(r->param) - (size_t)n, fmt, ap);
	va_end(ap);
	return r->param;
}

static struct turn_item *
add_item(struct reader *r, enum turn_kind kind, int64_t part)
{
	return turn_add(r->t, kind, (int64_t)r->i, part);
}

/* --- The parts of a message's content. */

static struct turn_part *
add(struct reader *r, struct turn_item *item, enum turn_part_kind kind,
    json_object *text, size_t j)
{
	return turn_add_part(r->t, item, kind, text, (int64_t)j);
}

/* Some clients write the address where the object with "url" belongs. */
static bool
read_image(struct reader *r, struct turn_item *item, json_object *part,
    size_t j)
{
	json_object *image = js_get(part, "image_url"), *url;

	url = json_object_is_type(image, json_type_string) ? image :
	    js_get(image, "url");
	if (!json_object_is_type(url, json_type_string))
		return complain_no_string(r->err,
		    param(r, ".content[%zu].image_url.url", j), url);
	add(r, item, TURN_IMAGE, url, j)->detail = turn_detail(image);
	return true;
}

/* A file's data, whose address begins with "data:"; upstream keeps no files. */
static bool
read_file(struct reader *r, struct turn_item *item, json_object *part,
    size_t j)
{
	json_object		*file = js_get(part, "file");
	struct turn_part	*new;

	if (js_str(file, "file_data") == NULL)
		return complain_missing(r->err,
		    param(r, ".content[%zu].file.file_data", j));
	new = add(r, item, TURN_DOCUMENT, js_get(file, "file_data"), j);
	if (js_str(file, "filename") != NULL)
		turn_set(&new->name, js_get(file, "filename"));
	return true;
}

/* A part that is one string, in the member called like its type. */
static bool
read_string(struct reader *r, struct turn_item *item, json_object *part,
    size_t j)
{
	const char	*key = js_str(part, "type");
	json_object	*v = js_get(part, key);

	if (!json_object_is_type(v, json_type_string))
		return complain_no_string(r->err,
		    param(r, ".content[%zu].%s", j, key), v);
	add(r, item, strcmp(key, "text") == 0 ? TURN_TEXT : TURN_REFUSAL, v,
	    j);
	return true;
}

static bool
read_part(struct reader *r, struct turn_item *item, json_object *part,
    size_t j)
{
	const char *type = js_str(part, "type");

	if (strcmp(type, "text") == 0 ||
	    (strcmp(type, "refusal") == 0 && r->assistant))
		return read_string(r, item, part, j);
	if (strcmp(type, "image_url") == 0 && !r->assistant)
		return read_image(r, item, part, j);
	if (strcmp(type, "file") == 0 && !r->assistant)
		return read_file(r, item, part, j);
	return err_param(r->err, param(r, ".content[%zu].type", j),
	    "invalid_value", "Invalid value: '%.*s'. Supported values are: "
	    "'text' and '%s'.", complain_clip(type), type,
	    r->assistant ? "refusal" : "image_url");
}

static bool
read_parts(struct reader *r, struct turn_item *item, json_object *content)
{
	size_t j, n = js_len(content);

	item->listed = true;
	for (j = 0; j < n; j++)
		if (!read_part(r, item, json_object_array_get_idx(content, j),
		    j))
			return false;
	return true;
}

/* A string or a list; "content" may be NULL, which says nothing. */
static bool
read_content(struct reader *r, struct turn_item *item, json_object *content)
{
	if (json_object_is_type(content, json_type_array))
		return read_parts(r, item, content);
	if (content != NULL)
		turn_add_part(r->t, item, TURN_TEXT, content, -1);
	return true;
}

/* --- Messages by their role. */

/* "name" changes little, and has no place elsewhere: it is left out. */
static bool
read_plain(struct reader *r)
{
	json_object		*content = js_get(r->msg, "content");
	bool			 user = js_is(r->msg, "role", "user");
	struct turn_item	*item;

	if (content == NULL)
		return complain_wrong_type(r->err, param(r, ".content"),
		    "one of a string or array of objects", content);
	item = add_item(r, user ? TURN_USER : TURN_SYSTEM, -1);
	item->developer = js_is(r->msg, "role", "developer");
	return read_content(r, item, content);
}

static bool
read_result(struct reader *r)
{
	json_object		*id = js_get(r->msg, "tool_call_id");
	struct turn_item	*item;

	if (!json_object_is_type(id, json_type_string))
		return complain_no_string(r->err, param(r, ".tool_call_id"),
		    id);
	item = add_item(r, TURN_RESULT, -1);
	turn_set(&item->id, id);
	item->custom = js_has(r->customs, json_object_get_string(id));
	return read_content(r, item, js_get(r->msg, "content"));
}

/* The arguments of a call, which were mended before. */
static json_object *
arguments_of(json_object *tool, bool custom)
{
	json_object *v = js_get(tool, custom ? "input" : "arguments");

	return json_object_is_type(v, json_type_string) ? json_object_get(v) :
	    json_object_new_string(custom ? "" : "{}");
}

static bool
check_call(struct reader *r, json_object *call, size_t k, const char *member)
{
	const char *type = js_str(call, "type");

	if (type != NULL && strcmp(type, member) != 0)
		return err_param(r->err, param(r, ".tool_calls[%zu].type", k),
		    "invalid_value", "Invalid value: '%.*s'. Supported values "
		    "are: 'function' and 'custom'.", complain_clip(type),
		    type);
	if (js_str(call, "id") == NULL)
		return complain_missing(r->err,
		    param(r, ".tool_calls[%zu].id", k));
	return js_str(js_obj(call, member), "name") != NULL ||
	    complain_missing(r->err,
	    param(r, ".tool_calls[%zu].%s.name", k, member));
}

static bool
read_call(struct reader *r, json_object *call, size_t k)
{
	bool			 custom = js_is(call, "type", "custom");
	const char		*member = custom ? "custom" : "function";
	json_object		*tool = js_obj(call, member);
	struct turn_item	*item;

	if (!check_call(r, call, k, member))
		return false;
	item = add_item(r, TURN_CALL, (int64_t)k);
	turn_set(&item->id, js_get(call, "id"));
	turn_set(&item->name, js_get(tool, "name"));
	item->custom = custom;
	item->arguments = arguments_of(tool, custom);
	if (custom)
		js_add_bool(r->customs, js_str(call, "id"), true);
	return true;
}

/* The text of an assistant's message, if there is any. */
static bool
read_said(struct reader *r, const char *phase)
{
	json_object		*content = js_get(r->msg, "content");
	json_object		*refusal = js_get(r->msg, "refusal");
	struct turn_item	*item = add_item(r, TURN_SAID, -1);

	if (phase[0] != '\0')
		item->phase = json_object_new_string(phase);
	if (json_object_is_type(content, json_type_array) ||
	    json_object_get_string_len(content) > 0)
		if (!read_content(r, item, content))
			return false;
	if (json_object_is_type(refusal, json_type_string) &&
	    json_object_get_string_len(refusal) > 0)
		turn_add_part(r->t, item, TURN_REFUSAL, refusal, -1);
	if (item->nparts == 0)
		turn_drop_last(r->t);
	return true;
}

/* Only models of chat completions show their thoughts. */
static void
read_thought(struct reader *r)
{
	json_object		*opaque = js_get(r->msg, "reasoning_opaque");
	json_object		*text = js_get(r->msg, "reasoning_text");
	struct turn_item	*item;

	if (js_str(r->msg, "reasoning_opaque") == NULL &&
	    js_str(r->msg, "reasoning_text") == NULL)
		return;
	item = add_item(r, TURN_THOUGHT, -1);
	item->seal.endpoint = MODEL_CHAT;
	if (js_str(r->msg, "reasoning_opaque") != NULL)
		turn_set(&item->seal.text, opaque);
	if (js_str(r->msg, "reasoning_text") != NULL)
		turn_add_part(r->t, item, TURN_TEXT, text, -1);
}

/* The thoughts up to that place in the message. */
static void
read_sealed(struct reader *r, const struct chat_opaque *o, size_t *at,
    int64_t place)
{
	struct turn_item	*item;
	json_object		*sealed;

	while ((sealed = chat_opaque_next(o, at, place)) != NULL) {
		item = add_item(r, TURN_THOUGHT, -1);
		item->seal.endpoint = MODEL_RESPONSES;
		turn_set(&item->seal.text, sealed);
	}
}

/*
 * The model thought, said and called, in this order; thoughts that were between
 * calls go back there. Thoughts that nothing followed are of no use.
 */
static bool
read_spoken(struct reader *r, const struct chat_opaque *o)
{
	json_object	*calls = js_array(r->msg, "tool_calls");
	size_t		 at = 0, k, n = js_len(calls), before = r->t->n, said;

	read_sealed(r, o, &at, 0);
	said = r->t->n;
	if (!read_said(r, o->phase))
		return false;
	if (r->t->n == said && n == 0)
		while (r->t->n > before)
			turn_drop_last(r->t);
	for (k = 0; k < n; k++) {
		read_sealed(r, o, &at, 1 + (int64_t)k);
		if (!read_call(r, json_object_array_get_idx(calls, k), k))
			return false;
	}
	return true;
}

static bool
read_assistant(struct reader *r)
{
	struct chat_opaque	 opaque = { 0 };
	json_object		*text = js_get(r->msg, "reasoning_opaque");
	bool			 ours = false, ok;

	if (json_object_is_type(text, json_type_string))
		ours = chat_opaque_read(&opaque, json_object_get_string(text),
		    (size_t)json_object_get_string_len(text));
	if (!ours)
		read_thought(r);
	ok = read_spoken(r, &opaque);
	chat_opaque_finish(&opaque);
	return ok;
}

static bool
read_messages(struct turn *t, json_object *messages, struct err *err)
{
	struct reader	r = { .t = t, .err = err };
	size_t		n = js_len(messages), before;
	bool		ok = true;

	r.customs = json_object_new_object();
	for (; r.i < n && ok; r.i++) {
		r.msg = json_object_array_get_idx(messages, r.i);
		r.assistant = js_is(r.msg, "role", "assistant");
		before = t->n;
		if (r.assistant)
			ok = read_assistant(&r);
		else
			ok = js_is(r.msg, "role", "tool") ? read_result(&r) :
			    read_plain(&r);
		if (t->n > before && cache_marks_has(r.msg))
			t->items[t->n - 1].mark = true;
	}
	json_object_put(r.customs);
	return ok;
}

/* --- The other members. */

/* Several choices are several requests by then (api/split.h). */
static bool
check_n(const struct chat_request *r, struct err *err)
{
	return r->n == 1 || err_param(err, "n", "unsupported_value",
	    "Unsupported value: 'n' has to be 1 with this model. Send several "
	    "requests for several choices.");
}

const char *
chat_request_limit(const struct chat_request *r)
{
	return js_get(r->obj, "max_completion_tokens") == NULL &&
	    js_get(r->obj, "max_tokens") != NULL ? "max_tokens" :
	    "max_completion_tokens";
}

static bool
check_limit(const struct chat_request *r, struct err *err)
{
	const char	*name = chat_request_limit(r);
	int64_t		 n = js_int(r->obj, name, 1);

	return n >= 1 || err_param(err, name, "integer_below_min_value",
	    "Invalid '%s': integer below minimum value. Expected a value >= 1, "
	    "but got %lld instead.", name, (long long)n);
}

static void
read_format(json_object *format, struct turn_format *f)
{
	json_object *in = js_obj(format, "json_schema");

	f->kind = turn_format_kind(format);
	if (f->kind != TURN_FORMAT_SCHEMA)
		return;
	turn_set(&f->name, js_get(in, "name"));
	turn_set(&f->description, js_get(in, "description"));
	turn_set(&f->schema, js_obj(in, "schema"));
	turn_set(&f->strict, js_get(in, "strict"));
}

/* What is "approximate" is in an object of its own here. */
static json_object *
place_of(json_object *location)
{
	json_object *in = js_obj(location, "approximate"), *place;

	if (in == NULL)
		return NULL;
	place = js_typed("approximate");
	json_object_object_foreach(in, key, v)
		js_add_ref(place, key, v);
	return place;
}

static void
read_search(json_object *options, struct turn_search *s)
{
	s->wanted = options != NULL;
	turn_set(&s->size, js_get(options, "search_context_size"));
	s->place = place_of(js_obj(options, "user_location"));
}

static void
read_members(const struct chat_request *r, struct turn *t)
{
	json_object *obj = r->obj;

	turn_set(&t->temperature, js_get(obj, "temperature"));
	turn_set(&t->top_p, js_get(obj, "top_p"));
	turn_set(&t->limit, js_get(obj, chat_request_limit(r)));
	turn_set(&t->effort, js_get(obj, "reasoning_effort"));
	turn_set(&t->verbosity, js_get(obj, "verbosity"));
	turn_set(&t->stop, js_get(obj, "stop"));
	turn_set(&t->cache_key, js_get(obj, "prompt_cache_key"));
	t->logprobs = js_bool(obj, "logprobs", false);
	if (t->logprobs)
		turn_set(&t->top_logprobs, js_get(obj, "top_logprobs"));
	t->summaries = r->summaries;
	t->stream = r->stream;
	read_search(js_obj(obj, "web_search_options"), &t->search);
	if (!r->formless)
		read_format(js_get(obj, "response_format"), &t->format);
}

/* A message of ours may stand before all of the client's. */
static void
count_from_theirs(struct turn *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->items[i].origin.index > 0)
			t->items[i].origin.index--;
}

bool
chat_request_turn(struct chat_request *r, struct turn *t, struct err *err)
{
	*t = (struct turn){
		.side = r->functions ? &chat_functions_terms : &chat_terms
	};
	if (!check_n(r, err) || !check_limit(r, err) ||
	    !chat_read_tools(r->obj, r->functions, t, err))
		return false;
	read_members(r, t);
	chat_request_messages(r, false);
	if (!read_messages(t, js_array(r->obj, "messages"), err))
		return false;
	t->agent = r->messages.agent;
	if (r->inserted)
		count_from_theirs(t);
	return true;
}
