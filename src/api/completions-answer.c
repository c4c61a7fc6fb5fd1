/*
 * A chat completion as OpenAI's first protocol prints it: what the chat's
 * answer prints is read again. It is ours and whole, event by event.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/completions-answer.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"

#define CHAT_ID "chatcmpl-"

struct completions {
	const struct answer_ops	*ops;	/* of the chat's answer */
	void			*self;
};

/* --- One object. */

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

/* NULL for a piece that says nothing. */
static json_object *
choice_of(json_object *choice)
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
	js_add_null(to, "logprobs");
	js_add_ref(to, "finish_reason", js_get(choice, "finish_reason"));
	return to;
}

/* False: the chunk said nothing that counts here. */
static bool
put_choices(json_object *chat, json_object *to)
{
	json_object	*list = js_array(chat, "choices"), *choice;
	json_object	*choices = json_object_new_array();
	size_t		 i;

	for (i = 0; i < js_len(list); i++) {
		choice = choice_of(json_object_array_get_idx(list, i));
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
rewrite(json_object *chat)
{
	static const char *const kept[] = {
		"created", "model", "system_fingerprint"
	};
	json_object	*to;
	size_t		 i;

	if (js_get(chat, "choices") == NULL)
		return json_object_get(chat);	/* an error */
	to = json_object_new_object();
	put_id(chat, to);
	js_add_str(to, "object", "text_completion");
	for (i = 0; i < COUNT(kept); i++)
		js_add_given(to, kept[i], js_get(chat, kept[i]));
	if (!put_choices(chat, to)) {
		json_object_put(to);
		return NULL;
	}
	if (js_has(chat, "usage"))
		js_add_ref(to, "usage", js_get(chat, "usage"));
	return to;
}

/* --- What the chat's answer prints. */

static bool
put_event(const struct sse_event *ev, void *out)
{
	struct buf	 text = { 0 };
	json_object	*chat, *to;

	if (strcmp(ev->data, "[DONE]") == 0) {
		sse_put(out, NULL, ev->data, ev->len);
		return true;
	}
	chat = js_parse_quiet(ev->data, ev->len);
	if ((to = rewrite(chat)) != NULL) {
		js_print(to, &text);
		sse_put(out, NULL, buf_str(&text), text.len);
	}
	json_object_put(to);
	json_object_put(chat);
	buf_finish(&text);
	return true;
}

static void
put_events(const struct buf *chat, struct buf *out)
{
	struct sse sse = { .max = chat->len + 1 };

	sse_feed(&sse, buf_str(chat), chat->len, put_event, out);
	sse_finish(&sse);
}

static void
put_whole(const struct buf *chat, struct buf *out)
{
	json_object *obj = js_parse_quiet(buf_str(chat), chat->len);
	json_object *to = rewrite(obj);

	js_print(to, out);
	json_object_put(to);
	json_object_put(obj);
}

/* Events, or the one object of who asked for no stream. */
static void
put(struct buf *chat, struct buf *out)
{
	if (chat->len > 0 && chat->p[0] == '{')
		put_whole(chat, out);
	else if (chat->len > 0)
		put_events(chat, out);
	buf_finish(chat);
}

static enum answer_said
event(void *self, const struct sse_event *ev, struct buf *out, struct err *err)
{
	struct completions	*c = self;
	struct buf		 chat = { 0 };
	enum answer_said	 said = c->ops->event(c->self, ev, &chat, err);

	put(&chat, out);
	return said;
}

static enum answer_said
end(void *self, struct buf *out, struct err *err)
{
	struct completions	*c = self;
	struct buf		 chat = { 0 };
	enum answer_said	 said = c->ops->end(c->self, &chat, err);

	put(&chat, out);
	return said;
}

static enum answer_said
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	struct completions	*c = self;
	struct buf		 chat = { 0 };
	enum answer_said	 said;

	said = c->ops->whole(c->self, p, n, &chat, err);
	put(&chat, out);
	return said;
}

static bool
commit(void *self, struct buf *out, struct err *err)
{
	struct completions	*c = self;
	struct buf		 chat = { 0 };
	bool			 ok = c->ops->commit(c->self, &chat, err);

	put(&chat, out);
	return ok;
}

static void
fail(void *self, const struct err *why, struct buf *out)
{
	struct completions *c = self;

	c->ops->fail(c->self, why, out);
}

static void
explain(void *self, struct err *err)
{
	struct completions *c = self;

	if (c->ops->explain != NULL)
		c->ops->explain(c->self, err);
}

static void
destroy(void *self)
{
	struct completions *c = self;

	c->ops->destroy(c->self);
	free(c);
}

const struct answer_ops completions_answer = {
	.event = event, .end = end, .whole = whole, .commit = commit,
	.fail = fail, .explain = explain, .destroy = destroy
};

void *
completions_answer_create(const struct answer_ops *ops, void *take)
{
	struct completions *c = xcalloc(1, sizeof(*c));

	c->ops = ops;
	c->self = take;
	return c;
}
