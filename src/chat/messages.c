/* The messages of a chat completion request. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/opaque.h"
#include "chat/messages.h"
#include "chat/usual.h"
#include "turn/complain.h"
#include "turn/images.h"
#include "turn/seal.h"

#define PARAM_SIZE 128
#define ID_SIZE    32

/* A message is a turn of one of these; the last one decides X-Initiator. */
enum turn { USER, AGENT, NEITHER };

static const struct role {
	const char	*name;
	enum turn	 turn;
} roles[] = {
	{ "system",	NEITHER },
	{ "assistant",	AGENT },
	{ "user",	USER },
	{ "function",	AGENT },
	{ "tool",	AGENT },
	{ "developer",	NEITHER },
};

static const struct role *
role_find(const char *name)
{
	size_t i;

	for (i = 0; i < COUNT(roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}

/* Some clients write the address where the object with "url" belongs. */
static json_object *
url_of(json_object *part)
{
	json_object *image = js_get(part, "image_url"), *url;

	url = json_object_is_type(image, json_type_string) ? image :
	    js_get(image, "url");
	return json_object_is_type(url, json_type_string) ? url : NULL;
}

/* A part's place and what is in it: names are made for refusals only. */
static const char *
of_part(char param[static PARAM_SIZE], size_t i, size_t j, const char *rest)
{
	snprintf(param, PARAM_SIZE, "messages[%zu].content[%zu]%s", i, j, rest);
	return param;
}

static const char *
of_message(char param[static PARAM_SIZE], size_t i, const char *rest)
{
	snprintf(param, PARAM_SIZE, "messages[%zu]%s", i, rest);
	return param;
}

static bool
read_part(json_object *part, size_t i, size_t j, struct chat_messages *m,
    struct err *err)
{
	char		 param[PARAM_SIZE];
	const char	*type;

	if (!json_object_is_type(part, json_type_object))
		return complain_wrong_type(err, of_part(param, i, j, ""),
		    "an object", part);
	if ((type = js_str(part, "type")) == NULL)
		return complain_no_string(err, of_part(param, i, j, ".type"),
		    js_get(part, "type"));
	if (strcmp(type, "file") == 0 && !m->file) {
		m->file = true;
		m->file_message = i;
		m->file_part = j;
	}
	if (strcmp(type, "refusal") == 0 && js_str(part, "refusal") == NULL)
		return complain_no_string(err, of_part(param, i, j,
		    ".refusal"), js_get(part, "refusal"));
	if (strcmp(type, "image_url") != 0)
		return true;
	m->vision = true;
	return url_of(part) != NULL ||
	    complain_no_string(err, of_part(param, i, j, ".image_url.url"),
	    js_get(js_get(part, "image_url"), "url"));
}

bool
chat_messages_no_file(const struct chat_messages *m, struct err *err)
{
	char param[PARAM_SIZE];

	return err_param(err, of_part(param, m->file_message, m->file_part,
	    ".type"), "invalid_value",
	    "Invalid value: 'file'. Supported values are: 'text' and "
	    "'image_url'. GitHub Copilot takes no files for this model.");
}

static bool
read_content(json_object *content, size_t i, struct chat_messages *m,
    struct err *err)
{
	char	param[PARAM_SIZE];
	size_t	j, n = js_len(content);

	if (!json_object_is_type(content, json_type_array)) {
		if (content == NULL ||
		    json_object_is_type(content, json_type_string))
			return true;
		return complain_wrong_type(err, of_message(param, i,
		    ".content"),
		    "one of a string or array of objects", content);
	}
	for (j = 0; j < n; j++)
		if (!read_part(json_object_array_get_idx(content, j), i, j, m,
		    err))
			return false;
	return true;
}

/* Has it the thoughts of a model that answered over /responses? */
static bool
is_bridged(json_object *msg)
{
	const char *opaque = js_str(msg, "reasoning_opaque");

	return opaque != NULL && (chat_opaque_is(opaque) ||
	    util_starts(opaque, SEAL_MESSAGES));
}

static bool
read_message(json_object *msg, size_t i, struct chat_messages *m,
    struct err *err)
{
	const struct role	*role;
	const char		*name;
	char			 param[PARAM_SIZE];

	if (!json_object_is_type(msg, json_type_object))
		return complain_wrong_type(err, of_message(param, i, ""),
		    "an object", msg);
	if ((name = js_str(msg, "role")) == NULL)
		return complain_no_string(err, of_message(param, i, ".role"),
		    js_get(msg, "role"));
	if ((role = role_find(name)) == NULL)
		return err_param(err, of_message(param, i, ".role"),
		    "invalid_value",
		    "Invalid value: '%.*s'. Supported values are: 'system', "
		    "'assistant', 'user', 'function', 'tool', and 'developer'.",
		    complain_clip(name), name);
	m->developer |= strcmp(name, "developer") == 0;
	/* The system's reminder behind a turn doesn't change whose it is. */
	if (role->turn != NEITHER)
		m->agent = role->turn == AGENT;
	if (js_get(msg, "reasoning_content") != NULL ||
	    js_get(msg, "function_call") != NULL || is_bridged(msg) ||
	    strcmp(name, "function") == 0)
		m->dirty = true;
	return read_content(js_get(msg, "content"), i, m, err);
}

bool
chat_messages_read(json_object *messages, struct chat_messages *m,
    struct err *err)
{
	struct chat_usual	usual;
	size_t			i, n;

	*m = (struct chat_messages){ 0 };
	if (chat_usual_messages(messages, &usual)) {
		m->usual = true;
		m->strict = usual.strict;
		m->agent = usual.agent;
		m->developer = usual.developer;
		m->calls = usual.calls;
		return true;
	}
	n = js_len(messages);
	if (n == 0)
		return err_param(err, "messages", "empty_array",
		    "Invalid 'messages': empty array. Expected an array with "
		    "minimum length 1, but got an empty array instead.");
	for (i = 0; i < n; i++)
		if (!read_message(json_object_array_get_idx(messages, i), i, m,
		    err))
			return false;
	return true;
}

static bool
is_image(json_object *part)
{
	return js_is(part, "type", "image_url");
}

bool
chat_messages_images(json_object *messages, const struct model *model,
    struct err *err)
{
	json_object	*content, *part;
	char		 param[PARAM_SIZE];
	size_t		 i, j;

	for (i = 0; i < js_len(messages); i++) {
		content = js_array(json_object_array_get_idx(messages, i),
		    "content");
		for (j = 0; j < js_len(content); j++) {
			part = json_object_array_get_idx(content, j);
			if (!is_image(part))
				continue;
			if (!images_check(url_of(part), model, of_part(param,
			    i, j, ".image_url"), err))
				return false;
		}
	}
	return true;
}

/* A text in place of an image, so that the model knows of it. */
static json_object *
left_out(int64_t max)
{
	json_object	*part = json_object_new_object();
	char		*text;

	text = xasprintf("[An image was here. This model takes %lld at a time, "
	    "so that only the newest are shown.]", (long long)max);
	js_add_str(part, "type", "text");
	js_add_str(part, "text", text);
	free(text);
	return part;
}

/* Images of a message, from its end, as long as "room" is left. */
static void
trim_message(json_object *msg, int64_t max, int64_t *room, bool *changed)
{
	json_object	*content = js_array(msg, "content");
	size_t		 j;

	for (j = js_len(content); j > 0; j--) {
		if (!is_image(json_object_array_get_idx(content, j - 1)))
			continue;
		if (--*room >= 0)
			continue;
		json_object_array_put_idx(content, j - 1, left_out(max));
		*changed = true;
	}
}

static int64_t
count_images(json_object *msg)
{
	json_object	*content = js_array(msg, "content");
	int64_t		 n = 0;
	size_t		 j;

	for (j = 0; j < js_len(content); j++)
		n += is_image(json_object_array_get_idx(content, j));
	return n;
}

/*
 * How many of "n" images stay; "fresh" ones have come since the model last
 * spoke. An image that is left out changes the prompt from there on, and its
 * cache finds only the part before: so half of them go at once.
 */
static int64_t
keep_images(int64_t n, int64_t fresh, int64_t max)
{
	int64_t step = max > 1 ? max / 2 : 1, go = 0;

	while (n - go > max)
		go += step;
	return n - go > fresh ? n - go : fresh;
}

/*
 * An agent's screenshots pile up until its model refuses every further request,
 * and then the conversation is lost; so VS Code and others send the newest
 * (microsoft/vscode pull request 310437). The question is about those that have
 * come since the model last spoke: none of them is left out.
 */
bool
chat_messages_trim(json_object *messages, int64_t max, bool *changed,
    struct err *err)
{
	json_object	*msg;
	int64_t		 n = 0, fresh = -1, room;
	size_t		 i;

	for (i = js_len(messages); i > 0; i--) {
		msg = json_object_array_get_idx(messages, i - 1);
		if (fresh < 0 && js_is(msg, "role", "assistant"))
			fresh = n;
		n += count_images(msg);
	}
	if (fresh < 0)
		fresh = n;
	if (fresh > max)
		return err_param(err, "messages", "too_many_images",
		    "Too many images in the request. This model takes "
		    "at most %lld of them.", (long long)max);
	room = keep_images(n, fresh, max);
	for (i = js_len(messages); i > 0; i--)
		trim_message(json_object_array_get_idx(messages, i - 1), max,
		    &room, changed);
	return true;
}

static void
repair_reasoning(json_object *msg)
{
	json_object *v = js_get(msg, "reasoning_content");

	if (v == NULL)
		return;
	if (js_is(msg, "role", "assistant") &&
	    js_get(msg, "reasoning_text") == NULL &&
	    json_object_is_type(v, json_type_string) &&
	    json_object_get_string_len(v) > 0)
		js_add_ref(msg, "reasoning_text", v);
	js_del(msg, "reasoning_content");
}

/* An assistant's function_call becomes its only tool call, named "id". */
static bool
repair_call(json_object *msg, const char *id)
{
	json_object *function = js_get(msg, "function_call"), *calls, *call;

	if (function == NULL)
		return false;
	if (json_object_is_type(function, json_type_object) &&
	    js_len(js_array(msg, "tool_calls")) == 0) {
		call = json_object_new_object();
		js_add_str(call, "id", id);
		js_add_str(call, "type", "function");
		js_add_ref(call, "function", function);
		calls = json_object_new_array();
		json_object_array_add(calls, call);
		js_add_take(msg, "tool_calls", calls);
	}
	js_del(msg, "function_call");
	return true;
}

void
chat_messages_repair(json_object *messages, bool native)
{
	json_object	*msg;
	char		 id[ID_SIZE] = "call_0";
	size_t		 i, n = js_len(messages), calls = 0;

	for (i = 0; i < n; i++) {
		msg = json_object_array_get_idx(messages, i);
		repair_reasoning(msg);
		if (native && is_bridged(msg))
			js_del(msg, "reasoning_opaque");
		snprintf(id, sizeof(id), "call_%zu", calls + 1);
		if (repair_call(msg, id))
			calls++;
		if (!js_is(msg, "role", "function"))
			continue;
		/* A function's result belongs to the call before it. */
		snprintf(id, sizeof(id), "call_%zu", calls);
		js_add_str(msg, "role", "tool");
		js_add_str(msg, "tool_call_id", id);
		js_del(msg, "name");
	}
}

void
chat_messages_system(json_object *messages)
{
	json_object	*msg;
	size_t		 i, n = js_len(messages);

	for (i = 0; i < n; i++) {
		msg = json_object_array_get_idx(messages, i);
		if (js_is(msg, "role", "developer"))
			js_add_str(msg, "role", "system");
	}
}

void
chat_messages_forget(json_object *messages)
{
	static const char *const members[] = {
		"reasoning_opaque", "reasoning_text", "reasoning_content"
	};
	size_t i, k, n = js_len(messages);

	for (i = 0; i < n; i++)
		for (k = 0; k < COUNT(members); k++)
			js_del(json_object_array_get_idx(messages, i),
			    members[k]);
}
