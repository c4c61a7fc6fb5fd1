/*
 * POST /v1/responses/input_tokens: how many tokens a request has. Upstream
 * counts none but Claude's; OpenAI's models are billed by the vocabulary that
 * is linked in. Nobody tells of the tokens that stand around a text.
 */
#include "config.h"

#include <string.h>

#include "api/api.h"
#include "api/input-tokens.h"
#include "api/restore.h"
#include "api/target.h"
#include "api/vocabulary.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "copilot/models.h"
#include "responses/request-read.h"
#include "turn/turn.h"

#define HEADER		"x-input-tokens" /* "text-exact" or "estimate" */
#define DEFAULT_MODEL	"gpt-4o"	/* OpenAI's requests may name none */

/*
 * Around an item and around all of them: what OpenAI bills for a message of
 * one word is 8 (gpt-4o), of which the word is 1.
 */
#define ITEM_TOKENS	4
#define REQUEST_TOKENS	3
#define IMAGE_TOKENS	765	/* 1024 x 1024, OpenAI's guide to vision */

/* More text than any model reads is not worth a worker's time. */
#define COUNTED_MAX	(4u << 20)

struct count {
	const struct vocabulary	*v;
	size_t			 counted;	/* bytes */
	int64_t			 n;
	bool			 guessed; /* there is more than text in it */
};

static void
add_bytes(struct count *c, const char *text, size_t n)
{
	if (c->counted + n > COUNTED_MAX) {
		c->n += (int64_t)(n / 4);
		c->guessed = true;
		return;
	}
	c->counted += n;
	c->n += vocabulary_encode(c->v, text, n, NULL, NULL);
}

static void
add_text(struct count *c, json_object *text)
{
	if (json_object_is_type(text, json_type_string))
		add_bytes(c, json_object_get_string(text),
		    (size_t)json_object_get_string_len(text));
}

/* A schema, as it is written. */
static void
add_json(struct count *c, json_object *v)
{
	struct buf text = { 0 };

	if (v == NULL)
		return;
	js_print(v, &text);
	add_bytes(c, buf_str(&text), text.len);
	c->guessed = true;
	buf_finish(&text);
}

static void
add_part(struct count *c, const struct turn_part *p)
{
	if (p->kind == TURN_TEXT || p->kind == TURN_REFUSAL) {
		add_text(c, p->text);
		return;
	}
	c->guessed = true;
	if (p->kind == TURN_IMAGE)
		c->n += IMAGE_TOKENS;
	else
		c->n += json_object_get_string_len(p->text) / 4;
}

static void
add_item(struct count *c, const struct turn_item *item)
{
	size_t i;

	c->n += ITEM_TOKENS;
	for (i = 0; i < item->nparts; i++)
		add_part(c, &item->parts[i]);
	if (item->kind != TURN_CALL)
		return;
	c->guessed = true;
	add_text(c, item->name);
	add_text(c, item->arguments);
}

static void
add_tool(struct count *c, const struct tool *tool)
{
	c->guessed = true;
	c->n += ITEM_TOKENS;
	add_bytes(c, tool->name, strlen(tool->name));
	add_text(c, tool->description);
	add_json(c, tool->schema);
	add_json(c, tool->format);
}

static void
add_turn(struct count *c, const struct turn *t)
{
	size_t i;

	c->n = REQUEST_TOKENS;
	for (i = 0; i < t->n; i++)
		add_item(c, &t->items[i]);
	for (i = 0; i < t->tools.n; i++)
		add_tool(c, &t->tools.list[i]);
	add_json(c, t->format.schema);
}

/* Reading takes away what upstream must not see: a copy is read, which pays. */
int64_t
input_tokens(json_object *obj, const char *model)
{
	struct count	 c = { .v = vocabulary_of(model) };
	struct turn	 t = { 0 };
	struct buf	 text = { 0 };
	json_object	*copy;
	struct err	 err;

	js_print(obj, &text);
	copy = js_parse_quiet(buf_str(&text), text.len);
	buf_finish(&text);
	if (copy != NULL && responses_request_read(copy, false, &t, &err))
		add_turn(&c, &t);
	turn_finish(&t);
	json_object_put(copy);
	return c.n;
}

static void
answer(struct exchange *x, const struct count *c, bool openai)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "object", "response.input_tokens");
	js_add_int(obj, "input_tokens", c->n);
	reply_json(&x->reply, 200);
	reply_header(&x->reply, HEADER, openai && !c->guessed ?
	    "text-exact" : "estimate");
	js_print(obj, &x->reply.body);
	json_object_put(obj);
}

static bool
count(struct exchange *x, json_object *obj, struct err *err)
{
	struct restored	stored = { 0 };
	struct turn	t = { 0 };
	struct target	to;
	struct count	c = { 0 };
	bool		ok;

	if ((ok = target_find(x, obj, MODEL_RESPONSES | MODEL_CHAT |
	    MODEL_MESSAGES, &to, err) && restore_read(&stored, x, obj, err) &&
	    responses_request_read(obj, false, &t, err))) {
		c.v = vocabulary_of(to.upstream);
		add_turn(&c, &t);
		answer(x, &c, to.model != NULL && to.model->openai);
	} else
		exchange_terms(x, err);
	turn_finish(&t);
	restore_finish(&stored);
	return ok;
}

enum handled
api_input_tokens(struct exchange *x)
{
	json_object	*obj;
	struct err	 err;
	enum handled	 h = HANDLED_REPLY;

	if (!exchange_parse(x, &obj, &err))
		return exchange_refuse(x, &err);
	if (json_object_is_type(obj, json_type_object) &&
	    js_get(obj, "model") == NULL)
		js_add_str(obj, "model", DEFAULT_MODEL);
	if (x->models == NULL && !x->models_tried)
		h = HANDLED_MODELS;
	else if (!count(x, obj, &err))
		h = exchange_refuse(x, &err);
	json_object_put(obj);
	return h;
}
