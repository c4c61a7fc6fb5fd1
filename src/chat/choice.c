/* One choice of a chat completion, as it comes in pieces. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/calls.h"
#include "chat/choice.h"
#include "chat/repair.h"
#include "turn/stop.h"

/* The members reasoning comes in; the first kind seen counts for the choice. */
static const char *const reasoning_kinds[] = {
	"reasoning_content", "reasoning_text", "thinking", "cot_summary",
};

/* Members of those, and beside them, that no client of OpenAI's knows. */
static const char *const reasoning_private[] = {
	"thinking", "signature", "cot_id", "cot_summary",
};

static json_object *
nonempty_string(json_object *obj, const char *key)
{
	json_object *v = js_get(obj, key);

	return json_object_is_type(v, json_type_string) &&
	    json_object_get_string_len(v) > 0 ? v : NULL;
}

/*
 * The delta of a piece. A whole answer has "message" in its place, and old
 * models "text".
 */
static json_object *
take_delta(json_object *piece)
{
	json_object *delta = js_obj(piece, "delta");

	if (delta == NULL)
		delta = js_obj(piece, "message");
	if (delta != NULL)
		json_object_get(delta);
	else {
		delta = json_object_new_object();
		if (js_str(piece, "text") != NULL)
			js_add_ref(delta, "content", js_get(piece, "text"));
	}
	js_del(piece, "message");
	js_del(piece, "text");
	js_add_take(piece, "delta", delta);
	return delta;
}

/* Gives reasoning the name that clients look for, beside Copilot's own. */
static void
repair_reasoning(struct chat_choice *c, json_object *delta)
{
	json_object	*v = NULL;
	size_t		 i;

	for (i = 0; i < COUNT(reasoning_kinds) && v == NULL; i++)
		if ((v = nonempty_string(delta, reasoning_kinds[i])) != NULL) {
			if (c->reasoning == NULL)
				c->reasoning = reasoning_kinds[i];
			if (c->reasoning == reasoning_kinds[i] && i > 0)
				js_add_ref(delta, "reasoning_content", v);
		}
	for (i = 0; i < COUNT(reasoning_private); i++)
		js_del(delta, reasoning_private[i]);
}

/*
 * Some clients fail on a second one in an answer, others join the two. The
 * first one is what all of ours take, see thoughts.c.
 */
static void
repair_opaque(struct chat_choice *c, json_object *delta)
{
	if (nonempty_string(delta, "reasoning_opaque") == NULL || c->opaque)
		js_del(delta, "reasoning_opaque");
	else
		c->opaque = true;
}

/* OpenAI's first piece has an empty text, no null. */
static void
put_content(const struct chat_choice *c, json_object *delta, struct buf *take)
{
	if (take->len > 0 || !c->role)
		js_add_take(delta, "content", json_object_new_string_len(
		    buf_str(take), (int)take->len));
	else
		js_add_null(delta, "content");
	buf_finish(take);
}

/*
 * A model was told to answer with JSON: only the object counts, and logprobs
 * are no longer about its text.
 */
static void
repair_json(struct chat_choice *c, json_object *piece, json_object *delta)
{
	json_object	*text = nonempty_string(delta, "content");
	struct buf	 out = { 0 };

	if (!c->json || text == NULL)
		return;
	if (js_has(piece, "logprobs"))
		js_add_null(piece, "logprobs");
	object_feed(&c->object, json_object_get_string(text),
	    (size_t)json_object_get_string_len(text), &out);
	put_content(c, delta, &out);
}

/*
 * Where upstream knows no stop strings, the text ends here before the first
 * one, and nothing behind it counts.
 */
static void
repair_stop(struct chat_choice *c, json_object *piece, json_object *delta)
{
	json_object	*text = nonempty_string(delta, "content");
	struct buf	 out = { 0 };

	if (c->stop == NULL)
		return;
	if (c->stopped) {
		js_del(delta, "content");
		js_del(delta, "tool_calls");
		js_add_null(piece, "logprobs");
		return;
	}
	if (text == NULL)
		return;
	c->stopped = stop_feed(c->stop, json_object_get_string(text),
	    (size_t)json_object_get_string_len(text), &out);
	if (c->stopped)
		c->finish = "stop";
	if (out.len != (size_t)json_object_get_string_len(text) &&
	    js_has(piece, "logprobs"))
		js_add_null(piece, "logprobs");
	put_content(c, delta, &out);
}

/* Copilot repeats its copilot_annotations, an object, as "annotations". */
static void
repair_annotations(json_object *delta)
{
	if (js_has(delta, "copilot_annotations") ||
	    js_array(delta, "annotations") == NULL)
		js_del(delta, "annotations");
}

/* Both lists are there when there are any. */
static void
repair_logprobs(json_object *piece)
{
	json_object *v = js_obj(piece, "logprobs");

	if (v == NULL)
		return;
	if (!js_has(v, "content"))
		js_add_null(v, "content");
	if (!js_has(v, "refusal"))
		js_add_null(v, "refusal");
}

/* "function_call", the form before tools, as a tool call. */
static void
take_function_call(json_object *delta)
{
	json_object *function = js_obj(delta, "function_call"), *calls, *call;

	if (function != NULL && js_array(delta, "tool_calls") == NULL) {
		call = json_object_new_object();
		js_add_int(call, "index", 0);
		js_add_ref(call, "function", function);
		calls = json_object_new_array();
		json_object_array_add(calls, call);
		js_add_take(delta, "tool_calls", calls);
	}
	js_del(delta, "function_call");
}

/* And back, for a client that knows nothing else; it had one call only. */
static void
give_function_call(json_object *delta)
{
	json_object *calls = js_array(delta, "tool_calls"), *call, *function;

	call = json_object_array_get_idx(calls, 0);
	function = js_obj(call, "function");
	if (function != NULL && js_int(call, "index", 0) == 0)
		js_add_ref(delta, "function_call", function);
	js_del(delta, "tool_calls");
}

static bool
repair_calls(struct chat_choice *c, json_object *delta, bool functions,
    struct err *err)
{
	json_object *calls;

	take_function_call(delta);
	if ((calls = js_array(delta, "tool_calls")) == NULL) {
		js_del(delta, "tool_calls");
		return true;
	}
	if ((calls = chat_calls_take(&c->calls, calls, err)) == NULL)
		return false;
	if (js_len(calls) > 0)
		js_add_take(delta, "tool_calls", calls);
	else {
		json_object_put(calls);
		js_del(delta, "tool_calls");
	}
	if (functions && js_has(delta, "tool_calls"))
		give_function_call(delta);
	return true;
}

/* Remembers why it ended; the client is told at the very end. */
static bool
take_finish(struct chat_choice *c, json_object *piece, struct err *err)
{
	const char	*s = js_str(piece, "finish_reason"), *reason = NULL;
	bool		 said = s != NULL && s[0] != '\0';

	if (said)
		reason = chat_finish_reason(s);
	js_add_null(piece, "finish_reason");	/* frees s */
	if (!said)
		return true;
	if (reason == NULL)
		return err_set(err, 502, ERR_SERVER, NULL, NULL,
		    "GitHub Copilot ended the answer because of an error.");
	if (c->stopped)
		return true;
	/* A split choice says "stop" for one part; "length" is the whole's. */
	if (c->finish == NULL || strcmp(c->finish, "stop") == 0)
		c->finish = reason;
	return true;
}

bool
chat_choice_repair(struct chat_choice *c, json_object *piece, int64_t index,
    bool functions, bool *say, struct err *err)
{
	json_object	*delta = take_delta(piece);
	bool		 first = !c->role;

	c->seen = true;
	js_add_int(piece, "index", index);
	chat_drop_private(piece);
	repair_json(c, piece, delta);
	repair_stop(c, piece, delta);
	repair_logprobs(piece);
	repair_annotations(delta);
	chat_drop_private(delta);
	repair_reasoning(c, delta);
	repair_opaque(c, delta);
	if (!take_finish(c, piece, err) ||
	    !repair_calls(c, delta, functions, err))
		return false;
	/* Copilot repeats the role on each delta, or says null. */
	js_del(delta, "role");
	chat_drop_nulls(delta, first ? "content" : NULL,
	    first ? "refusal" : NULL);
	if (nonempty_string(delta, "content") != NULL)
		c->content = true;
	*say = first || json_object_object_length(delta) > 0 ||
	    js_get(piece, "logprobs") != NULL;
	if (first)
		js_add_str(delta, "role", "assistant");
	c->role = true;
	return true;
}

const char *
chat_choice_reason(const char *said, bool called, bool functions)
{
	const char	*s = said != NULL ? said : "stop";
	bool		 call = strcmp(s, "tool_calls") == 0 ||
			    strcmp(s, "function_call") == 0;

	if (strcmp(s, "stop") != 0 && !call)
		return s;
	if (!called)
		return "stop";
	return functions ? "function_call" : "tool_calls";
}

static json_object *
piece_new(int64_t index, json_object *take, const char *reason)
{
	json_object *piece = json_object_new_object();

	js_add_int(piece, "index", index);
	js_add_take(piece, "delta", take);
	js_add_null(piece, "logprobs");
	js_add_str(piece, "finish_reason", reason);
	return piece;
}

/* Text that waited, as "content". */
static void
rest_of_text(struct chat_choice *c, json_object *delta)
{
	const struct buf	*object = object_rest(&c->object);
	struct buf		 rest = { 0 };

	if (c->stop != NULL && !c->stopped)
		stop_flush(c->stop, &rest);
	/* Words before a call are no object, and parsers would fail on them. */
	if (object != NULL && c->calls.n == 0)
		buf_append(&rest, object->p, object->len);
	if (rest.len > 0)
		js_add_take(delta, "content",
		    json_object_new_string_len(rest.p, (int)rest.len));
	buf_finish(&rest);
}

json_object *
chat_choice_rest(struct chat_choice *c, int64_t index, bool functions)
{
	json_object *delta = json_object_new_object(), *calls;

	rest_of_text(c, delta);
	if (!c->stopped && (calls = chat_calls_rest(&c->calls)) != NULL) {
		js_add_take(delta, "tool_calls", calls);
		if (functions)
			give_function_call(delta);
	}
	if (json_object_object_length(delta) > 0)
		return piece_new(index, delta, NULL);
	json_object_put(delta);
	return NULL;
}

json_object *
chat_choice_last(const struct chat_choice *c, int64_t index, bool functions)
{
	json_object *delta = json_object_new_object();

	if (!c->role) {
		js_add_str(delta, "role", "assistant");
		js_add_str(delta, "content", "");
	}
	return piece_new(index, delta, chat_choice_reason(c->finish,
	    c->calls.nstarted > 0, functions));
}

void
chat_choice_clear(struct chat_choice *c)
{
	chat_calls_finish(&c->calls);
	object_finish(&c->object);
	stop_destroy(c->stop);
	*c = (struct chat_choice){ 0 };
}
