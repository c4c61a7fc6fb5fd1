/* Chunks of a chat completion, made of what a response has. */
#include "config.h"

#include "base/js.h"
#include "bridge/chat-chunk.h"
#include "chat/usage.h"
#include "turn/usage.h"

json_object *
bridge_chat_chunk(json_object *delta, const char *reason)
{
	json_object *chunk = json_object_new_object();
	json_object *choices = json_object_new_array_ext(1);
	json_object *piece = json_object_new_object();

	js_add_take(piece, "delta", delta);
	if (reason != NULL)
		js_add_str(piece, "finish_reason", reason);
	json_object_array_add(choices, piece);
	js_add_take(chunk, "choices", choices);
	return chunk;
}

/* Responses may leave out what chat completions have always. */
static void
complete_logprob(json_object *token)
{
	json_object	*top = js_array(token, "top_logprobs"), *t;
	size_t		 i;

	if (!js_has(token, "bytes"))
		js_add_null(token, "bytes");
	if (top == NULL)
		js_add_take(token, "top_logprobs", json_object_new_array());
	for (i = 0; i < js_len(top); i++) {
		t = json_object_array_get_idx(top, i);
		if (json_object_is_type(t, json_type_object) &&
		    !js_has(t, "bytes"))
			js_add_null(t, "bytes");
	}
}

void
bridge_chat_chunk_logprobs(json_object *chunk, json_object *list)
{
	json_object	*piece, *logprobs, *token;
	size_t		 i, n = js_len(list);

	if (n == 0)
		return;
	for (i = 0; i < n; i++) {
		token = json_object_array_get_idx(list, i);
		if (!json_object_is_type(token, json_type_object))
			return;
		complete_logprob(token);
	}
	piece = json_object_array_get_idx(js_array(chunk, "choices"), 0);
	logprobs = json_object_new_object();
	js_add_ref(logprobs, "content", list);
	js_add_take(piece, "logprobs", logprobs);
}

json_object *
bridge_chat_call(int64_t index, json_object *call, json_object *function)
{
	json_object *delta = json_object_new_object();
	json_object *calls = json_object_new_array_ext(1);

	js_add_int(call, "index", index);
	if (function != NULL)
		js_add_take(call, "function", function);
	json_object_array_add(calls, call);
	js_add_take(delta, "tool_calls", calls);
	return delta;
}

json_object *
bridge_chat_arguments(int64_t index, json_object *text)
{
	json_object *function = json_object_new_object();

	js_add_take(function, "arguments", text);
	return bridge_chat_call(index, json_object_new_object(), function);
}

json_object *
bridge_chat_usage(json_object *response)
{
	/* A response has these always, and so have OpenAI's completions. */
	static const char	 details[] =
	    "{\"prompt_tokens\":0,\"completion_tokens\":0,\"total_tokens\":0,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":0},"
	    "\"completion_tokens_details\":{\"reasoning_tokens\":0}}";
	struct usage		 u = USAGE_NONE;
	json_object		*from = js_obj(response, "usage"), *usage;

	if (from == NULL)
		return NULL;
	usage_read(&u, from, NULL);
	usage = js_parse_quiet(details, sizeof(details) - 1);
	chat_usage_write(usage, &u);
	return usage;
}

const char *
bridge_chat_reason(json_object *response)
{
	if (!js_is(response, "status", "incomplete") &&
	    js_obj(response, "incomplete_details") == NULL)
		return "stop";
	return js_is(js_obj(response, "incomplete_details"), "reason",
	    "content_filter") ? "content_filter" : "length";
}
