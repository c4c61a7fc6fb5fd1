/* A turn as a Messages request for upstream. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "copilot/models.h"
#include "messages/fit.h"
#include "messages/request-write.h"
#include "messages/signature.h"
#include "messages/terms.h"
#include "messages/write-parts.h"
#include "messages/write-tools.h"
#include "turn/cache-marks.h"
#include "turn/calls.h"
#include "turn/terms.h"
#include "turn/turn.h"

#define LIMIT_DEFAULT 8192	/* Anthropic wants one, and others have none */

struct writer {
	struct turn		*t;
	const struct model	*info;		/* may be NULL */
	struct terms		*terms;
	struct err		*err;
	size_t			*pairs;
	json_object		*messages;
	json_object		*system;	/* blocks that stand beside */
	/* The message in hand: the same one may go on. */
	const char		*role;		/* NULL: there is none */
	json_object		*blocks;
	size_t			 first, end;	/* its items */
	bool			 calls;		/* that await results */
};

/* --- Messages. */

static void
flush(struct writer *w)
{
	json_object *msg;

	if (w->role == NULL)
		return;
	if (js_len(w->blocks) > 0) {
		msg = json_object_new_object();
		js_add_str(msg, "role", w->role);
		js_add_take(msg, "content", w->blocks);
		json_object_array_add(w->messages, msg);
		terms_note(w->terms, w->first, w->end - w->first);
	} else
		json_object_put(w->blocks);
	w->blocks = NULL;
	w->role = NULL;
}

/* The item belongs to a message of this role. */
static void
enter(struct writer *w, const char *role, size_t i)
{
	if (w->role == NULL || strcmp(w->role, role) != 0) {
		flush(w);
		w->role = role;
		w->blocks = json_object_new_array();
		w->first = i;
	}
	w->end = i + 1;
}

static bool
put_parts(struct writer *w, const struct turn_item *item, json_object *to)
{
	json_object	*block;
	size_t		 i;

	for (i = 0; i < item->nparts; i++) {
		block = messages_part(&item->parts[i], item, w->t->side,
		    w->info, w->err);
		if (block == NULL)
			return false;
		json_object_array_add(to, block);
	}
	return true;
}

/* Where the whole item is marked, its last block is. */
static bool
put_words(struct writer *w, const struct turn_item *item, json_object *to)
{
	size_t before = js_len(to), n;

	if (!put_parts(w, item, to))
		return false;
	if (item->mark && (n = js_len(to)) > before)
		messages_mark(json_object_array_get_idx(to, n - 1), true);
	return true;
}

/* --- Calls and results. */

static bool
put_result(struct writer *w, size_t call)
{
	size_t			 i = w->pairs[call];
	const struct turn_item	*item = &w->t->items[i];
	json_object		*block, *content;

	if (i == w->t->n)
		return terms_unpaired(w->t, call, w->err);
	block = js_typed("tool_result");
	js_add_ref(block, "tool_use_id", item->id);
	content = json_object_new_array();
	js_add_take(block, "content", content);
	if (item->is_error)
		js_add_bool(block, "is_error", true);
	messages_mark(block, item->mark);
	json_object_array_add(w->blocks, block);
	return put_parts(w, item, content);
}

/* Directly behind the calls, wherever they stood. */
static bool
put_results(struct writer *w)
{
	size_t i, first = w->first, end = w->end;

	if (!w->calls)
		return true;
	w->calls = false;
	enter(w, "user", first);
	for (i = first; i < end; i++)
		if (w->t->items[i].kind == TURN_CALL && !put_result(w, i))
			return false;
	return true;
}

/* Somebody else than the assistant speaks. */
static bool
enter_user(struct writer *w, size_t i)
{
	if (!put_results(w))
		return false;
	enter(w, "user", i);
	return true;
}

/* Arguments are the text of an object; a custom tool's are any text. */
static json_object *
input_of(const struct turn_item *item)
{
	json_object *input, *text;

	if (item->custom) {
		input = json_object_new_object();
		js_add_ref(input, "input", item->arguments);
		return input;
	}
	text = calls_arguments(item->arguments);
	input = js_parse_quiet(json_object_get_string(text),
	    (size_t)json_object_get_string_len(text));
	json_object_put(text);
	return input != NULL ? input : json_object_new_object();
}

static bool
put_call(struct writer *w, size_t i)
{
	const struct turn_item	*item = &w->t->items[i];
	const struct turn_name	 name = { item->space, item->name,
				    item->custom };
	json_object		*block = js_typed("tool_use");
	char			 flat[TOOLS_NAME_SIZE];

	turn_flat(&name, flat);
	enter(w, "assistant", i);
	js_add_ref(block, "id", item->id);
	js_add_str(block, "name", flat);
	js_add_take(block, "input", input_of(item));
	messages_mark(block, item->mark);
	json_object_array_add(w->blocks, block);
	w->calls = true;
	return true;
}

/* It is behind its call by now, or there was no such call. */
static bool
put_result_place(struct writer *w, size_t i)
{
	return put_results(w) && (w->pairs[i] < i || terms_unpaired(w->t, i,
	    w->err));
}

/* --- Words and thoughts. */

/* Before all others it stands beside; later it is one of the messages. */
static bool
put_system(struct writer *w, size_t i)
{
	if (w->role == NULL && js_len(w->messages) == 0)
		return put_words(w, &w->t->items[i], w->system);
	if (!put_results(w))
		return false;
	enter(w, "system", i);
	return put_words(w, &w->t->items[i], w->blocks);
}

static bool
put_user(struct writer *w, size_t i)
{
	return enter_user(w, i) &&
	    put_words(w, &w->t->items[i], w->blocks);
}

/* Words behind a call begin another turn of the assistant's. */
static bool
put_said(struct writer *w, size_t i)
{
	if (!put_results(w))
		return false;
	enter(w, "assistant", i);
	return put_words(w, &w->t->items[i], w->blocks);
}

static bool
put_thought(struct writer *w, size_t i)
{
	struct turn_item	*item = &w->t->items[i];
	json_object		*block;

	if (item->seal.text == NULL ||
	    (item->seal.endpoint != MODEL_MESSAGES &&
	    !messages_opaque_open(&item->seal)))
		return true;
	if (!put_results(w))
		return false;
	enter(w, "assistant", i);
	if (item->seal.redacted) {
		block = js_typed("redacted_thinking");
		js_add_ref(block, "data", item->seal.text);
	} else {
		block = js_typed("thinking");
		if (item->nparts > 0)
			js_add_ref(block, "thinking", item->parts[0].text);
		else
			js_add_str(block, "thinking", "");
		js_add_ref(block, "signature", item->seal.text);
	}
	json_object_array_add(w->blocks, block);
	return true;
}

static bool
has_words(json_object *msg)
{
	json_object	*blocks = js_array(msg, "content"), *block;
	size_t		 i;

	for (i = 0; i < js_len(blocks); i++) {
		block = json_object_array_get_idx(blocks, i);
		if (!js_is(block, "type", "text") ||
		    !messages_is_blank(js_get(block, "text")))
			return true;
	}
	return false;
}

/*
 * Upstream wants words of a user. Clients of other APIs do without them: with a
 * prompt that is empty, or with a system alone.
 */
static void
put_begin(struct writer *w)
{
	size_t		 i, n = js_len(w->messages);
	json_object	*block;

	for (i = 0; i < n; i++)
		if (has_words(json_object_array_get_idx(w->messages, i)))
			return;
	enter(w, "user", w->t->n);
	block = js_typed("text");
	js_add_str(block, "text", n > 0 ? "(empty)" : "Begin.");
	json_object_array_add(w->blocks, block);
	flush(w);
}

static bool
put_items(struct writer *w)
{
	static bool (*const put[TURN_KIND__MAX])(struct writer *, size_t) = {
		[TURN_SYSTEM] = put_system, [TURN_USER] = put_user,
		[TURN_SAID] = put_said, [TURN_THOUGHT] = put_thought,
		[TURN_CALL] = put_call, [TURN_RESULT] = put_result_place,
	};
	size_t	i;
	bool	ok = true;

	for (i = 0; ok && i < w->t->n; i++)
		ok = put[w->t->items[i].kind](w, i);
	ok = ok && put_results(w);
	flush(w);
	if (ok)
		put_begin(w);
	return ok;
}

/* --- The other members. */

/* Does the client want it to think? Nobody else pays for that. */
static bool
thinks(const struct turn *t)
{
	const char *effort = json_object_get_string(t->effort);

	if (t->choice.kind == TURN_CHOICE_REQUIRED ||
	    t->choice.kind == TURN_CHOICE_TOOL)
		return false;		/* refused beside it */
	return effort != NULL ? strcmp(effort, "none") != 0 &&
	    strcmp(effort, "minimal") != 0 : t->summaries;
}

static void
put_thinking(const struct turn *t, json_object *config, json_object *to)
{
	json_object *thinking;

	if (!thinks(t))
		return;
	thinking = js_typed("adaptive");
	js_add_str(thinking, "display", "summarized");
	js_add_take(to, "thinking", thinking);
	js_add_given(config, "effort", t->effort);
}

/* Other protocols' temperatures end at 2, this one's at 1. */
static void
put_sampling(const struct turn *t, json_object *to)
{
	double warmth = json_object_get_double(t->temperature);

	if (thinks(t))
		return;
	if (t->temperature == NULL)
		js_add_given(to, "top_p", t->top_p);
	else if (warmth > 1)
		js_add_int(to, "temperature", 1);
	else
		js_add_given(to, "temperature", t->temperature);
	js_add_given(to, "top_k", t->top_k);
}

static bool
has_word(json_object *text)
{
	const char *s = json_object_get_string(text);

	return s != NULL && s[strspn(s, " \t\r\n\v\f")] != '\0';
}

static void
put_stop(const struct turn *t, json_object *to)
{
	json_object	*list = json_object_new_array(), *one;
	size_t		 i;

	if (json_object_is_type(t->stop, json_type_string) &&
	    has_word(t->stop))
		json_object_array_add(list, json_object_get(t->stop));
	for (i = 0; i < js_len(t->stop); i++) {
		one = json_object_array_get_idx(t->stop, i);
		if (has_word(one))
			json_object_array_add(list, json_object_get(one));
	}
	if (js_len(list) > 0)
		js_add_take(to, "stop_sequences", list);
	else
		json_object_put(list);
}

static void
put_limit(const struct turn *t, const struct model *m, json_object *to)
{
	int64_t n = json_object_get_int64(t->limit);

	if (n <= 0)
		n = m != NULL && m->max_output_tokens > 0 ?
		    m->max_output_tokens : LIMIT_DEFAULT;
	js_add_int(to, "max_tokens", n);
}

/*
 * Only a strict schema is one that Anthropic takes as it is; of the others, and
 * of JSON without a schema, the model is told.
 */
static bool
put_format(struct writer *w, const struct model *m, json_object *config)
{
	const struct turn_format	*f = &w->t->format;
	json_object			*format, *block;
	struct buf			 text = { 0 };

	if (f->kind != TURN_FORMAT_OBJECT && f->kind != TURN_FORMAT_SCHEMA)
		return false;
	if (f->kind == TURN_FORMAT_SCHEMA && f->schema != NULL &&
	    json_object_get_boolean(f->strict) &&
	    (m == NULL || m->structured_outputs)) {
		format = js_typed("json_schema");
		js_add_ref(format, "schema", f->schema);
		js_add_take(config, "format", format);
		return false;
	}
	buf_puts(&text, "Your answer in the end has to be one JSON object and "
	    "nothing else: no words before or behind it, no code fence.");
	if (f->schema != NULL) {
		buf_puts(&text, " It has to be valid against this JSON Schema, "
		    "which is not to be repeated:\n");
		js_print(f->schema, &text);
	}
	block = js_typed("text");
	js_add_take(block, "text", json_object_new_string_len(text.p,
	    (int)text.len));
	json_object_array_add(w->system, block);
	buf_finish(&text);
	return true;
}

static void
put_unless_empty(json_object *to, const char *key, json_object *take,
    bool empty)
{
	if (empty)
		json_object_put(take);
	else
		js_add_take(to, key, take);
}

static json_object *
write_take(struct writer *w, const char *upstream, const struct model *m,
    bool *in_prompt)
{
	json_object	*to = json_object_new_object();
	json_object	*config = json_object_new_object();

	js_add_str(to, "model", upstream);
	put_limit(w->t, m, to);
	*in_prompt = put_format(w, m, config);
	turn_limit(w->t);
	messages_write_tools(w->t, w->terms, to);
	put_thinking(w->t, config, to);
	put_sampling(w->t, to);
	put_stop(w->t, to);
	put_unless_empty(to, "output_config", config,
	    json_object_object_length(config) == 0);
	put_unless_empty(to, "system", w->system, js_len(w->system) == 0);
	js_add_take(to, "messages", w->messages);
	js_add_bool(to, "stream", true);
	return to;
}

/* Anthropic takes few marks: the last ones count. */
static void
limit_marks(struct turn *t)
{
	size_t i, n = 0;

	for (i = t->n; i > 0; i--)
		t->items[i - 1].mark = t->items[i - 1].mark &&
		    n++ < CACHE_MARKS_MAX;
	for (i = t->tools.n; i > 0; i--)
		t->tools.list[i - 1].mark = t->tools.list[i - 1].mark &&
		    n++ < CACHE_MARKS_MAX;
}

json_object *
messages_request_write(struct turn *t, const char *upstream,
    const struct model *info, bool *in_prompt, struct terms *terms,
    struct err *err)
{
	struct writer w = {
		.t = t, .info = info, .terms = terms, .err = err,
		.pairs = turn_pairs(t),
		.messages = json_object_new_array(),
		.system = json_object_new_array()
	};
	bool ok;

	limit_marks(t);
	terms_begin(terms, t, &messages_terms);
	ok = put_items(&w);
	free(w.pairs);
	if (ok)
		return write_take(&w, upstream, info, in_prompt);
	json_object_put(w.messages);
	json_object_put(w.system);
	return NULL;
}
