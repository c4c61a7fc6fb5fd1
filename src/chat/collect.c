/* A whole chat completion from its repaired pieces. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/collect.h"

/* Text that comes in pieces. */
enum text { CONTENT, REFUSAL, REASONING_TEXT, REASONING_CONTENT, TEXT__MAX };

static const char *const text_names[TEXT__MAX] = {
	[CONTENT] = "content",
	[REFUSAL] = "refusal",
	[REASONING_TEXT] = "reasoning_text",
	[REASONING_CONTENT] = "reasoning_content"
};

struct call {
	json_object	*first;		/* the first piece; NULL: none */
	struct buf	 args;
};

struct collected {
	bool		 seen;
	bool		 has[TEXT__MAX];
	struct buf	 text[TEXT__MAX];
	struct call	*calls;		/* numbered without gaps */
	size_t		 ncalls;
	struct call	 function;	/* function_call */
	json_object	*logprobs;
	json_object	*message;	/* other members of deltas */
	json_object	*choice;	/* other members of pieces */
};

struct chat_collect {
	struct collected	*list;	/* by index */
	size_t			 n;
};

struct chat_collect *
chat_collect_create(void)
{
	return xcalloc(1, sizeof(struct chat_collect));
}

static void
collected_finish(struct collected *c)
{
	size_t i;

	for (i = 0; i < TEXT__MAX; i++)
		buf_finish(&c->text[i]);
	for (i = 0; i < c->ncalls; i++) {
		json_object_put(c->calls[i].first);
		buf_finish(&c->calls[i].args);
	}
	free(c->calls);
	json_object_put(c->function.first);
	buf_finish(&c->function.args);
	json_object_put(c->logprobs);
	json_object_put(c->message);
	json_object_put(c->choice);
}

void
chat_collect_destroy(struct chat_collect *cc)
{
	size_t i;

	if (cc == NULL)
		return;
	for (i = 0; i < cc->n; i++)
		collected_finish(&cc->list[i]);
	free(cc->list);
	free(cc);
}

static struct collected *
at_index(struct chat_collect *cc, size_t i)
{
	cc->list = util_reach(cc->list, &cc->n, i, sizeof(*cc->list));
	if (!cc->list[i].seen) {
		cc->list[i].seen = true;
		cc->list[i].message = json_object_new_object();
		cc->list[i].choice = json_object_new_object();
	}
	return &cc->list[i];
}

static void
append(struct buf *b, json_object *text)
{
	if (json_object_is_type(text, json_type_string))
		js_append_text(b, text);
}

/* A piece of a call whose function object is "function". */
static void
add_call(struct call *call, json_object *piece, json_object *function)
{
	if (call->first == NULL)
		call->first = json_object_get(piece);
	append(&call->args, js_get(function, "arguments"));
}

static void
add_calls(struct collected *c, json_object *pieces)
{
	json_object	*piece;
	size_t		 i, k;

	for (i = 0; i < js_len(pieces); i++) {
		piece = json_object_array_get_idx(pieces, i);
		k = (size_t)js_int(piece, "index", 0);
		if (k > c->ncalls)
			continue;
		if (k == c->ncalls) {
			c->calls = util_grow(c->calls, k, sizeof(*c->calls));
			c->calls[c->ncalls++] = (struct call){ 0 };
		}
		add_call(&c->calls[k], piece, js_obj(piece, "function"));
	}
}

static void
add_logprobs(struct collected *c, json_object *logprobs)
{
	static const char *const lists[] = { "content", "refusal" };
	json_object		*have, *more;
	size_t			 i, j;

	if (logprobs == NULL)
		return;
	if (c->logprobs == NULL) {
		c->logprobs = json_object_get(logprobs);
		return;
	}
	for (i = 0; i < COUNT(lists); i++) {
		have = js_array(c->logprobs, lists[i]);
		if ((more = js_array(logprobs, lists[i])) == NULL)
			continue;
		if (have == NULL)
			js_add_ref(c->logprobs, lists[i], more);
		else for (j = 0; j < js_len(more); j++)
			json_object_array_add(have, json_object_get(
			    json_object_array_get_idx(more, j)));
	}
}

static int
text_find(const char *key, json_object *value)
{
	int i;

	for (i = 0; i < TEXT__MAX; i++)
		if (strcmp(text_names[i], key) == 0 && (value == NULL ||
		    json_object_is_type(value, json_type_string)))
			return i;
	return -1;
}

/* A list that comes in pieces. */
static void
add_list(json_object *to, const char *key, json_object *more)
{
	json_object	*have = js_array(to, key);
	size_t		 i, n = js_len(more);

	if (have == NULL) {
		js_add_ref(to, key, more);
		return;
	}
	for (i = 0; i < n; i++)
		json_object_array_add(have, json_object_get(
		    json_object_array_get_idx(more, i)));
}

/* Text is joined, calls by their number; of anything else the last counts. */
static void
add_member(struct collected *c, const char *key, json_object *value)
{
	int i = text_find(key, value);

	if (i >= 0) {
		c->has[i] = c->has[i] || value != NULL;
		append(&c->text[i], value);
	} else if (strcmp(key, "tool_calls") == 0)
		add_calls(c, value);
	else if (strcmp(key, "annotations") == 0)
		add_list(c->message, key, value);
	else if (strcmp(key, "function_call") == 0)
		add_call(&c->function, value, value);
	else if (strcmp(key, "role") != 0)
		js_add_ref(c->message, key, value);
}

void
chat_collect_add(struct chat_collect *cc, int64_t index, json_object *piece)
{
	struct collected	*c = at_index(cc, (size_t)index);
	json_object		*delta = js_obj(piece, "delta");

	if (delta != NULL) {
		json_object_object_foreach(delta, key, value)
			add_member(c, key, value);
	}
	add_logprobs(c, js_obj(piece, "logprobs"));
	json_object_object_foreach(piece, name, member) {
		if (strcmp(name, "delta") != 0 && strcmp(name, "logprobs") != 0)
			js_add_ref(c->choice, name, member);
	}
}

static void
put_text(json_object *obj, const char *key, const struct buf *b)
{
	js_add_take(obj, key,
	    json_object_new_string_len(buf_str(b), (int)b->len));
}

/* A call's first piece with all of its arguments; a custom tool's is all. */
static json_object *
whole_call(struct call *call)
{
	json_object	*obj = call->first, *function = js_obj(obj, "function");

	call->first = NULL;
	js_del(obj, "index");
	if (js_obj(obj, "custom") != NULL)
		return obj;	/* its input came with it */
	put_text(function != NULL ? function : obj, "arguments", &call->args);
	return obj;
}

static json_object *
whole_message(struct collected *c)
{
	json_object	*msg = json_object_new_object(), *calls;
	bool		 called = c->ncalls > 0 || c->function.first != NULL;
	size_t		 i;

	js_add_str(msg, "role", "assistant");
	/* Content is null only beside calls. */
	if (c->text[CONTENT].len > 0 || !called)
		put_text(msg, "content", &c->text[CONTENT]);
	else
		js_add_null(msg, "content");
	js_add_null(msg, "refusal");
	for (i = REFUSAL; i < TEXT__MAX; i++)
		if (c->has[i])
			put_text(msg, text_names[i], &c->text[i]);
	json_object_object_foreach(c->message, key, value)
		js_add_ref(msg, key, value);
	if (c->function.first != NULL)
		js_add_take(msg, "function_call", whole_call(&c->function));
	if (c->ncalls > 0) {
		calls = json_object_new_array();
		for (i = 0; i < c->ncalls; i++)
			json_object_array_add(calls, whole_call(&c->calls[i]));
		js_add_take(msg, "tool_calls", calls);
	}
	return msg;
}

json_object *
chat_collect_choices(struct chat_collect *cc)
{
	json_object		*choices = json_object_new_array(), *choice;
	struct collected	*c;
	size_t			 i;

	for (i = 0; i < cc->n; i++) {
		c = &cc->list[i];
		if (!c->seen)
			continue;
		choice = json_object_new_object();
		js_add_int(choice, "index", (int64_t)i);
		js_add_take(choice, "message", whole_message(c));
		js_add_take(choice, "logprobs", json_object_get(c->logprobs));
		json_object_object_foreach(c->choice, key, value)
			js_add_ref(choice, key, value);
		json_object_array_add(choices, choice);
	}
	return choices;
}
