/* A chat completion as OpenAI's first protocol prints it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/completions-answer.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "chat/check.h"
#include "chat/print.h"
#include "chat/wanted.h"

#define CHAT_ID "chatcmpl-"

struct completions {
	bool		 stream;
	struct chat_tap	 next;
	/* Characters of each choice so far: where its next token begins. */
	size_t		*chars;
	size_t		 n;
};

static void
put_id(json_object *chat, json_object *to)
{
	const char	*id = js_str(chat, "id");
	char		*own;

	if (id == NULL)
		return;
	own = xasprintf("cmpl-%s", util_starts(id, CHAT_ID) ?
	    id + strlen(CHAT_ID) : id);
	js_add_str(to, "id", own);
	free(own);
}

/* Words are text; thoughts have no place here. */
static json_object *
text_of(json_object *said)
{
	const char	*text = js_str(said, "content");
	const char	*refusal = js_str(said, "refusal");
	json_object	*v = js_get(said, text != NULL ? "content" : "refusal");

	return text != NULL || refusal != NULL ? json_object_get(v) :
	    json_object_new_string("");
}

/* {"token": logprob, ..} of a token and those that might have come. */
static json_object *
top_of(json_object *token)
{
	json_object	*top = js_array(token, "top_logprobs"), *one, *to;
	size_t		 i;

	if (js_len(top) == 0)
		return NULL;
	to = json_object_new_object();
	for (i = 0; i < js_len(top); i++) {
		one = json_object_array_get_idx(top, i);
		if (js_str(one, "token") != NULL)
			js_add_ref(to, js_str(one, "token"), js_get(one,
			    "logprob"));
	}
	return to;
}

/* A chat's list of objects as lists, NULL when there is none. */
static json_object *
logprobs_of(json_object *choice, size_t *at)
{
	json_object	*list = js_array(js_obj(choice, "logprobs"), "content");
	json_object	*to, *tokens, *probs, *tops, *offsets, *token, *text;
	size_t		 i, n = js_len(list);

	if (n == 0)
		return NULL;
	to = json_object_new_object();
	js_add_take(to, "tokens", tokens = json_object_new_array());
	js_add_take(to, "token_logprobs", probs = json_object_new_array());
	js_add_take(to, "top_logprobs", tops = json_object_new_array());
	js_add_take(to, "text_offset", offsets = json_object_new_array());
	for (i = 0; i < n; i++) {
		token = json_object_array_get_idx(list, i);
		text = js_get(token, "token");
		json_object_array_add(tokens, json_object_get(text));
		json_object_array_add(probs, json_object_get(js_get(token,
		    "logprob")));
		json_object_array_add(tops, top_of(token));
		json_object_array_add(offsets,
		    json_object_new_int64((int64_t)*at));
		if (json_object_is_type(text, json_type_string))
			*at += text_chars(json_object_get_string(text),
			    (size_t)json_object_get_string_len(text));
	}
	return to;
}

static size_t *
chars_of(struct completions *c, json_object *choice)
{
	int64_t i = js_int(choice, "index", 0);

	if (i < 0 || i >= CHAT_N_MAX)
		i = 0;
	c->chars = util_reach(c->chars, &c->n, (size_t)i, sizeof(*c->chars));
	return &c->chars[i];
}

/* NULL for a piece that says nothing. */
static json_object *
choice_of(struct completions *c, json_object *choice)
{
	json_object	*said = js_obj(choice, "message"), *to, *text;
	bool		 piece = said == NULL;

	text = text_of(piece ? js_obj(choice, "delta") : said);
	if (piece && json_object_get_string_len(text) == 0 &&
	    js_get(choice, "finish_reason") == NULL) {
		json_object_put(text);
		return NULL;
	}
	to = json_object_new_object();
	js_add_take(to, "text", text);
	js_add_int(to, "index", js_int(choice, "index", 0));
	js_add_take(to, "logprobs", logprobs_of(choice, chars_of(c, choice)));
	js_add_ref(to, "finish_reason", js_get(choice, "finish_reason"));
	return to;
}

/* False: the chunk said nothing that counts here. */
static bool
put_choices(struct completions *c, json_object *chat, json_object *to)
{
	json_object	*list = js_array(chat, "choices"), *choice;
	json_object	*choices = json_object_new_array();
	size_t		 i;

	for (i = 0; i < js_len(list); i++) {
		choice = choice_of(c, json_object_array_get_idx(list, i));
		if (choice != NULL)
			json_object_array_add(choices, choice);
	}
	js_add_ref(to, "choices", choices);
	i = js_len(choices);
	json_object_put(choices);
	return i > 0 || js_get(chat, "usage") != NULL;
}

/* The text_completion of a chat completion or a chunk; NULL: it says none. */
static json_object *
rewrite(struct completions *c, json_object *chat)
{
	static const char *const kept[] = {
		"created", "model", "system_fingerprint"
	};
	json_object	*to;
	size_t		 i;

	to = json_object_new_object();
	put_id(chat, to);
	js_add_str(to, "object", "text_completion");
	for (i = 0; i < COUNT(kept); i++)
		js_add_given(to, kept[i], js_get(chat, kept[i]));
	if (!put_choices(c, chat, to)) {
		json_object_put(to);
		return NULL;
	}
	if (js_has(chat, "usage"))
		js_add_ref(to, "usage", js_get(chat, "usage"));
	return to;
}

static void
put(const struct completions *c, json_object *obj, struct buf *out)
{
	if (c->next.print != NULL)
		c->next.print(c->next.arg, obj, out);
	else
		chat_print_tree(obj, c->stream, out);
}

void
completions_print(void *arg, json_object *chat, struct buf *out)
{
	struct completions	*c = arg;
	json_object		*to = chat != NULL ? rewrite(c, chat) : NULL;

	if (chat == NULL || to != NULL)
		put(c, to, out);
	json_object_put(to);
}

struct completions *
completions_create(bool stream, const struct chat_tap *next)
{
	struct completions *c = xcalloc(1, sizeof(*c));

	c->stream = stream;
	c->next = *next;
	return c;
}

void
completions_destroy(void *completions)
{
	struct completions *c = completions;

	free(c->chars);
	free(c);
}
