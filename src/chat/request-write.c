/* A turn as a chat completion request for upstream. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/fit.h"
#include "chat/native.h"
#include "chat/request-tools.h"
#include "chat/request-write.h"
#include "chat/terms.h"
#include "copilot/models.h"
#include "turn/cache-marks.h"
#include "turn/images.h"
#include "turn/seal.h"
#include "turn/terms.h"
#include "turn/turn.h"

/* Words, thoughts and calls of an assistant that are no message yet. */
struct spoken {
	size_t		 first;		/* its first item */
	size_t		 end;		/* behind its last one */
	bool		 begun;
	bool		 said;
	struct buf	 text;
	struct buf	 reasoning;
	json_object	*opaque;
	json_object	*calls;		/* NULL: none */
};

struct writer {
	struct turn		*t;
	const struct model	*info;
	struct terms		*terms;
	struct err		*err;
	size_t			*pairs;
	json_object		*messages;
	struct spoken		 spoken;
	/* That only a user's message can hold. */
	json_object		*images;
};

static json_object *
message_new(const char *role, json_object *content)
{
	json_object *msg = json_object_new_object();

	js_add_str(msg, "role", role);
	js_add_take(msg, "content", content);
	return msg;
}

static json_object *
string_of(const struct buf *b)
{
	return json_object_new_string_len(buf_str(b), (int)b->len);
}

static void
add_take(struct writer *w, json_object *msg, size_t first, size_t n)
{
	size_t i;

	for (i = first; i < first + n; i++)
		if (w->t->items[i].mark)
			cache_marks_set(msg);
	json_object_array_add(w->messages, msg);
	terms_note(w->terms, first, n);
}

/* --- Parts. */

static json_object *
text_part(const struct turn_part *p)
{
	json_object *part = js_typed("text");

	js_add_ref(part, "text", p->text);
	return part;
}

/* The image, if the model takes such ones; NULL with "err" set. */
static json_object *
image_part(struct writer *w, const struct turn_item *item,
    const struct turn_part *p)
{
	json_object	*part, *image;
	char		 place[TERMS_PLACE_SIZE];
	size_t		 n;

	terms_place(w->t->side, item, TERMS_CONTENT, p->at, place);
	n = strlen(place);
	snprintf(place + n, sizeof(place) - n, "%s", w->t->side->image);
	if (!images_check(p->text, w->info, place, w->err))
		return NULL;
	image = json_object_new_object();
	js_add_ref(image, "url", p->text);
	if (p->detail != NULL)
		js_add_str(image, "detail", p->detail);
	part = js_typed("image_url");
	js_add_take(part, "image_url", image);
	return part;
}

static json_object *
refuse_document(struct writer *w, const struct turn_item *item,
    const struct turn_part *p)
{
	char	place[TERMS_PLACE_SIZE];
	size_t	n;

	terms_place(w->t->side, item, TERMS_CONTENT, p->at, place);
	n = strlen(place);
	snprintf(place + n, sizeof(place) - n, ".type");
	err_param(w->err, place, "invalid_value", "Invalid '%s': a file. This "
	    "model runs behind GitHub Copilot's chat completions, which take "
	    "no files: send text or images.", place);
	return NULL;
}

/* A part as chat has it, new; NULL with "err" set when it can't be carried. */
static json_object *
part_of(struct writer *w, const struct turn_item *item,
    const struct turn_part *p)
{
	switch (p->kind) {
	case TURN_IMAGE:
		return image_part(w, item, p);
	case TURN_DOCUMENT:
		return refuse_document(w, item, p);
	default:
		return text_part(p);
	}
}

static bool
is_words(const struct turn_part *p)
{
	return p->kind == TURN_TEXT || p->kind == TURN_REFUSAL;
}

/*
 * Append the words of an item. Images, which only a user's message can hold,
 * are put aside.
 */
static bool
join(struct writer *w, const struct turn_item *item, const char *between,
    struct buf *out)
{
	const struct turn_part	*p;
	json_object		*part;
	bool			 any = false;

	for (p = item->parts; p < item->parts + item->nparts; p++) {
		if (!is_words(p)) {
			if ((part = part_of(w, item, p)) == NULL)
				return false;
			js_append_take(&w->images, part);
			continue;
		}
		if (any)
			buf_puts(out, between);
		js_append_text(out, p->text);
		any = true;
	}
	return true;
}

/* The images that were put aside, in a message of the user's. */
static void
flush_images(struct writer *w, size_t item)
{
	if (w->images == NULL)
		return;
	json_object_array_add(w->messages, message_new("user", w->images));
	terms_note_extra(w->terms, item);
	w->images = NULL;
}

/* --- Results. */

/* Directly behind its call, wherever it stood. */
static bool
put_result(struct writer *w, size_t call)
{
	size_t			 i = w->pairs[call];
	const struct turn_item	*item = &w->t->items[i];
	json_object		*msg;
	struct buf		 text = { 0 };
	bool			 ok;

	if (i == w->t->n)
		return terms_unpaired(w->t, call, w->err);
	if ((ok = join(w, item, "\n", &text))) {
		if (text.len == 0 && w->images != NULL)
			buf_puts(&text, CHAT_FIT_IMAGE_BELOW);
		msg = message_new("tool", string_of(&text));
		js_add_ref(msg, "tool_call_id", item->id);
		add_take(w, msg, i, 1);
	}
	buf_finish(&text);
	return ok;
}

/* --- The assistant. */

static void
spoken_finish(struct spoken *s)
{
	buf_finish(&s->text);
	buf_finish(&s->reasoning);
	json_object_put(s->opaque);
	json_object_put(s->calls);
	*s = (struct spoken){ 0 };
}

static void
begin(struct writer *w, size_t i)
{
	if (!w->spoken.begun)
		w->spoken.first = i;
	w->spoken.begun = true;
	w->spoken.end = i + 1;
}

static json_object *
spoken_message(const struct spoken *s)
{
	json_object *msg;

	msg = message_new("assistant", s->text.len > 0 || s->calls == NULL ?
	    string_of(&s->text) : NULL);
	if (s->reasoning.len > 0)
		js_add_take(msg, "reasoning_text", string_of(&s->reasoning));
	if (s->opaque != NULL)
		js_add_ref(msg, "reasoning_opaque", s->opaque);
	if (s->calls != NULL)
		js_add_ref(msg, "tool_calls", s->calls);
	return msg;
}

static bool
put_results(struct writer *w)
{
	size_t i;

	for (i = w->spoken.first; i < w->spoken.end; i++)
		if (w->t->items[i].kind == TURN_CALL && !put_result(w, i))
			return false;
	return true;
}

/*
 * It is over: its message, the results of its calls, their images. One that
 * only thought left nothing that could be said.
 */
static bool
flush(struct writer *w)
{
	struct spoken	*s = &w->spoken;
	bool		 ok;

	if (s->said || s->calls != NULL)
		add_take(w, spoken_message(s), s->first, s->end - s->first);
	ok = put_results(w);
	flush_images(w, s->first);
	spoken_finish(s);
	return ok;
}

/* --- Items. */

/* Text behind other text is a message of its own, behind calls it can't be. */
static bool
put_said(struct writer *w, size_t i)
{
	struct spoken *s = &w->spoken;

	if (s->said && s->calls == NULL && !flush(w))
		return false;
	begin(w, i);
	if (s->text.len > 0)
		buf_puts(&s->text, "\n\n");
	s->said = true;
	return join(w, &w->t->items[i], "", &s->text);
}

static bool
put_system(struct writer *w, size_t i)
{
	struct buf	text = { 0 };
	bool		ok;

	ok = flush(w) && join(w, &w->t->items[i], "\n", &text);
	if (ok) {
		add_take(w, message_new("system", string_of(&text)), i, 1);
		flush_images(w, i);
	}
	buf_finish(&text);
	return ok;
}

static json_object *
user_content(struct writer *w, const struct turn_item *item)
{
	json_object	*list, *part;
	size_t		 i;

	if (item->nparts == 1 && is_words(&item->parts[0]))
		return json_object_get(item->parts[0].text);
	list = json_object_new_array();
	for (i = 0; i < item->nparts; i++) {
		if ((part = part_of(w, item, &item->parts[i])) == NULL) {
			json_object_put(list);
			return NULL;
		}
		json_object_array_add(list, part);
	}
	return list;
}

static bool
put_user(struct writer *w, size_t i)
{
	json_object *content;

	if (!flush(w) ||
	    (content = user_content(w, &w->t->items[i])) == NULL)
		return false;
	add_take(w, message_new("user", content), i, 1);
	return true;
}

static bool
put_call(struct writer *w, size_t i)
{
	begin(w, i);
	js_append_take(&w->spoken.calls, chat_write_call(&w->t->items[i]));
	return true;
}

/* It is behind its call by now, or there was no such call. */
static bool
put_result_place(struct writer *w, size_t i)
{
	if (!flush(w))
		return false;
	return w->pairs[i] < i || terms_unpaired(w->t, i,
	    w->err);
}

/*
 * A thought before, or between, the words and calls of the same turn; if it was
 * thought here, by a model of this vendor.
 */
static bool
put_thought(struct writer *w, size_t i)
{
	const struct turn_item	*item = &w->t->items[i];
	const struct model	*m = w->info;

	if (item->seal.endpoint != MODEL_CHAT || !seal_is_for(
	    item->seal.vendor, m != NULL ? m->vendor : NULL))
		return true;
	if (item->seal.text != NULL && util_starts(json_object_get_string(
	    item->seal.text), SEAL_MESSAGES))
		return true;
	begin(w, i);
	if (item->nparts > 0)
		js_append_text(&w->spoken.reasoning, item->parts[0].text);
	if (w->spoken.opaque == NULL)
		w->spoken.opaque = json_object_get(item->seal.text);
	return true;
}

static bool
put_items(struct writer *w)
{
	static bool (*const put[TURN_KIND__MAX])(struct writer *, size_t) = {
		[TURN_SYSTEM] = put_system, [TURN_USER] = put_user,
		[TURN_SAID] = put_said, [TURN_THOUGHT] = put_thought,
		[TURN_CALL] = put_call, [TURN_RESULT] = put_result_place,
	};
	size_t i;

	for (i = 0; i < w->t->n; i++)
		if (!put[w->t->items[i].kind](w, i))
			return false;
	return flush(w);
}

/* The messages, new; NULL with "err" set. */
static json_object *
messages_of(struct turn *t, const struct model *info, struct terms *terms,
    struct err *err)
{
	struct writer w = {
		.t = t, .info = info, .terms = terms, .err = err,
		.pairs = turn_pairs(t), .messages = json_object_new_array()
	};
	bool ok = put_items(&w);

	spoken_finish(&w.spoken);
	json_object_put(w.images);
	free(w.pairs);
	if (ok)
		return w.messages;
	json_object_put(w.messages);
	return NULL;
}

/* --- The other members. */

/* The format of chat has the schema in an object of its own. */
static void
put_format(const struct turn_format *f, json_object *to)
{
	json_object *format, *inner;

	if (f->kind == TURN_FORMAT_UNSAID || f->kind == TURN_FORMAT_TEXT)
		return;
	format = js_typed(f->kind == TURN_FORMAT_OBJECT ? "json_object" :
	    "json_schema");
	if (f->kind == TURN_FORMAT_SCHEMA) {
		inner = json_object_new_object();
		js_add_given(inner, "name", f->name);
		js_add_given(inner, "description", f->description);
		js_add_given(inner, "schema", f->schema);
		js_add_given(inner, "strict", f->strict);
		js_add_take(format, "json_schema", inner);
	}
	js_add_take(to, "response_format", format);
}

/* Only OpenAI's models know of verbosity, the others refuse what is unknown. */
static void
put_members(const struct turn *t, const struct model *info, json_object *to)
{
	js_add_bool(to, "stream", true);
	js_add_given(to, "temperature", t->temperature);
	js_add_given(to, "top_p", t->top_p);
	js_add_given(to, "max_tokens", t->limit);
	js_add_given(to, "stop", t->stop);
	js_add_given(to, "reasoning_effort", t->effort);
	put_format(&t->format, to);
	if (info == NULL || info->openai) {
		js_add_given(to, "verbosity", t->verbosity);
		js_add_given(to, "prompt_cache_key", t->cache_key);
	}
	if (t->logprobs)
		js_add_bool(to, "logprobs", true);
	js_add_given(to, "top_logprobs", t->top_logprobs);
}

bool
chat_request_write(struct turn *t, const char *upstream,
    const struct model *info, struct chat_request *r, struct terms *terms,
    struct err *err)
{
	json_object *to, *messages;

	*r = (struct chat_request){ 0 };
	terms_begin(terms, t, &chat_terms);
	messages = messages_of(t, info, terms, err);
	if (messages == NULL)
		return false;
	to = json_object_new_object();
	js_add_str(to, "model", upstream);
	js_add_take(to, "messages", messages);
	put_members(t, info, to);
	turn_limit(t);
	chat_write_tools(t, terms, to);
	if (!chat_request_take(r, to, err)) {
		terms_apply(terms, err);
		return false;
	}
	r->info = info;
	return true;
}
