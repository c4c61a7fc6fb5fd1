/* A sink that prints a chat completion. */
#include "config.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/text.h"
#include "base/util.h"
#include "chat/answer-write.h"
#include "chat/calls.h"
#include "chat/collect.h"
#include "chat/print.h"
#include "chat/usage.h"
#include "chat/wanted.h"
#include "turn/sink.h"

#define NONE SIZE_MAX
#define PARTS_MAX 64	/* of a message, that links refer to */

struct item {
	enum sink_kind	 kind;
	int64_t		 part;		/* that was said last */
	size_t		*starts;	/* of its parts, in the content */
	size_t		 nstarts;
	bool		 said;
	bool		 ended;

	/* A call. */
	char		*id, *name;	/* no name: it is none */
	bool		 custom;
	int64_t		 index;		/* once the client knows of it, or -1 */
	struct buf	 held;		/* what it waits with */
};

struct writer {
	struct sink		 sink;
	struct chat_wanted	 wanted;
	char			*asked;		/* behind wanted.model */
	struct chat_print	 print;
	struct chat_collect	*collect;	/* NULL when we stream */
	size_t			 left;	/* bytes that may still be collected */
	struct item		*items;
	size_t			 n;
	size_t			 message, thought; /* the last that said some */
	size_t			 chars;		/* of the content */
	size_t			 call;		/* the one that goes on */
	int64_t			 ncalls;	/* that the client knows of */
	bool			 role;		/* has been said */
	json_object		*opaque;
};

/* --- Pieces of the choice. */

/* Give a piece to the client, or to what becomes its answer. */
static void
put_piece(struct writer *w, json_object *take, struct buf *out)
{
	if (w->collect != NULL)
		chat_collect_add(w->collect, 0, take);
	else
		chat_print_chunk(&w->print, take, NULL, NULL, out);
	json_object_put(take);
}

/* The role is said with the first one. */
static json_object *
piece_new(struct writer *w, json_object *delta)
{
	json_object *piece = json_object_new_object();

	if (!w->role)
		js_add_str(delta, "role", "assistant");
	w->role = true;
	js_add_take(piece, "delta", delta);
	return piece;
}

static void
put_delta(struct writer *w, json_object *delta, json_object *logprobs,
    struct buf *out)
{
	json_object *piece = piece_new(w, delta);

	if (logprobs != NULL)
		js_add_take(piece, "logprobs", logprobs);
	js_add_int(piece, "index", 0);
	js_add_null(piece, "finish_reason");
	put_piece(w, piece, out);
}

static bool
afford(struct writer *w, size_t n, struct err *err)
{
	if (n > w->left)
		return err_set(err, 502, ERR_SERVER, NULL, NULL,
		    "GitHub Copilot sent an answer that is too large.");
	w->left -= n;
	return true;
}

/* --- Text. */

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

/* NULL: there are none. */
static json_object *
logprobs_of(json_object *list)
{
	json_object	*logprobs, *token;
	size_t		 i, n = js_len(list);

	if (n == 0)
		return NULL;
	for (i = 0; i < n; i++) {
		token = json_object_array_get_idx(list, i);
		if (!json_object_is_type(token, json_type_object))
			return NULL;
		complete_logprob(token);
	}
	logprobs = json_object_new_object();
	js_add_ref(logprobs, "content", list);
	js_add_null(logprobs, "refusal");
	return logprobs;
}

/* Copilot's name for what was thought, and that which clients know. */
static const char *const names[SINK_PART__MAX][2] = {
	[SINK_TEXT] = { "content" },
	[SINK_REFUSAL] = { "refusal" },
	[SINK_SUMMARY] = { "reasoning_text", "reasoning_content" },
};

/* Almost all pieces are these: printed as put_delta() does, without a tree. */
static void
print_text(struct writer *w, enum sink_part part, json_object *text,
    struct buf *out)
{
	size_t i;

	chat_print_open(&w->print, out);
	buf_puts(out, "{\"delta\":");
	for (i = 0; i < 2 && names[part][i] != NULL; i++) {
		buf_puts(out, i == 0 ? "{\"" : ",\"");
		buf_puts(out, names[part][i]);
		buf_puts(out, "\":");
		js_print(text, out);
	}
	buf_puts(out, "},\"index\":0,\"finish_reason\":null}");
	chat_print_close(&w->print, NULL, NULL, out);
}

static void
put_text_delta(struct writer *w, enum sink_part part, json_object *text,
    json_object *logprobs, struct buf *out)
{
	json_object	*delta;
	size_t		 i;

	if (w->collect == NULL && w->wanted.tap.print == NULL && w->role &&
	    logprobs == NULL) {
		print_text(w, part, text, out);
		return;
	}
	delta = json_object_new_object();
	for (i = 0; i < 2 && names[part][i] != NULL; i++)
		js_add_ref(delta, names[part][i], text);
	put_delta(w, delta, logprobs, out);
}

/* An empty line between two texts, and between two thoughts or their parts. */
static bool
put_gap(struct writer *w, size_t item, const struct sink_delta *d,
    struct buf *out, struct err *err)
{
	struct item	*it = &w->items[item];
	size_t		*last = d->part == SINK_TEXT ? &w->message :
			    &w->thought;
	json_object	*line;
	bool		 gap;

	if (d->part == SINK_REFUSAL)
		return true;
	gap = *last != NONE && (*last != item ||
	    (d->part == SINK_SUMMARY && it->part != d->index));
	*last = item;
	it->part = d->index;
	if (!gap)
		return true;
	line = json_object_new_string("\n\n");
	put_text_delta(w, d->part, line, NULL, out);
	json_object_put(line);
	if (d->part == SINK_TEXT)
		w->chars += 2;
	return afford(w, 2, err);
}

/* Links of the text count its characters, those of the whole content. */
static void
count_chars(struct writer *w, struct item *it, const struct sink_delta *d)
{
	const char *s = json_object_get_string(d->text);

	if (d->part != SINK_TEXT || d->index < 0 || d->index >= PARTS_MAX)
		return;
	if ((size_t)d->index >= it->nstarts) {
		it->starts = util_reach(it->starts, &it->nstarts,
		    (size_t)d->index, sizeof(*it->starts));
		it->starts[d->index] = w->chars;
	}
	w->chars += text_chars(s, (size_t)json_object_get_string_len(d->text));
}

static bool
put_text(struct writer *w, size_t item, const struct sink_delta *d,
    struct buf *out, struct err *err)
{
	size_t n = (size_t)json_object_get_string_len(d->text);

	/* OpenAI's first piece has an empty text, later ones have some. */
	if (n == 0 && w->role)
		return true;
	if ((n > 0 && !put_gap(w, item, d, out, err)) || !afford(w, n, err))
		return false;
	count_chars(w, &w->items[item], d);
	put_text_delta(w, d->part, d->text,
	    d->part == SINK_TEXT ? logprobs_of(d->logprobs) : NULL, out);
	return true;
}

/* --- Calls. */

/* "call" is taken; a client that knows function_call has one call only. */
static void
put_call(struct writer *w, json_object *call, struct buf *out)
{
	json_object	*delta = json_object_new_object(), *calls;
	json_object	*function = js_obj(call, "function");

	if (w->wanted.functions) {
		if (function != NULL && js_int(call, "index", 0) == 0)
			js_add_ref(delta, "function_call", function);
		json_object_put(call);
	} else {
		calls = json_object_new_array_ext(1);
		json_object_array_add(calls, call);
		js_add_take(delta, "tool_calls", calls);
	}
	if (json_object_object_length(delta) > 0 || !w->role)
		put_delta(w, delta, NULL, out);
	else
		json_object_put(delta);
}

static json_object *
call_new(struct writer *w, struct item *it)
{
	json_object *call = json_object_new_object();

	if (it->index >= 0) {
		js_add_int(call, "index", it->index);
		return call;
	}
	it->index = w->ncalls++;
	js_add_str(call, "id", it->id);
	js_add_int(call, "index", it->index);
	return call;
}

/* The first piece has id and name. */
static void
put_arguments(struct writer *w, struct item *it, json_object *take,
    struct buf *out)
{
	json_object	*function = json_object_new_object(), *call;
	bool		 first = it->index < 0;

	call = call_new(w, it);
	if (first)
		js_add_str(function, "name", it->name);
	js_add_take(function, "arguments", take);
	js_add_take(call, "function", function);
	if (first)
		js_add_str(call, "type", "function");
	put_call(w, call, out);
}

static json_object *
held(const struct item *it)
{
	return json_object_new_string_len(buf_str(&it->held),
	    (int)it->held.len);
}

/* All of a custom tool's call, see chat/calls.h. */
static void
put_custom(struct writer *w, struct item *it, struct buf *out)
{
	json_object *call = json_object_new_object();
	json_object *custom = json_object_new_object();

	it->index = w->ncalls++;
	js_add_int(call, "index", it->index);
	js_add_str(call, "id", it->id);
	js_add_str(call, "type", "custom");
	js_add_str(custom, "name", it->name);
	js_add_take(custom, "input", held(it));
	js_add_take(call, "custom", custom);
	put_call(w, call, out);
}

/* Say what the call waited with; at its end also that there is nothing. */
static void
put_held(struct writer *w, struct item *it, struct buf *out)
{
	if (it->custom) {
		if (it->ended && it->index < 0)
			put_custom(w, it, out);
		return;
	}
	if (it->ended && it->index < 0 && it->held.len == 0)
		buf_puts(&it->held, "{}");
	if (it->held.len > 0)
		put_arguments(w, it, held(it), out);
	buf_finish(&it->held);
}

/* Where a call is at its end the next one goes on, up to one that isn't. */
static void
drain(struct writer *w, struct buf *out)
{
	struct item *it;

	for (; w->call < w->n; w->call++) {
		it = &w->items[w->call];
		if (it->name == NULL)
			continue;
		put_held(w, it, out);
		if (!it->ended)
			return;
	}
}

static bool
put_called(struct writer *w, size_t item, const struct sink_delta *d,
    struct buf *out, struct err *err)
{
	struct item	*it = &w->items[item];
	size_t		 n = (size_t)json_object_get_string_len(d->text);

	if (it->name == NULL || n == 0)
		return true;
	if (!afford(w, n, err))
		return false;
	if (item == w->call && !it->custom)
		put_arguments(w, it, json_object_get(d->text), out);
	else
		js_append_text(&it->held, d->text);
	return true;
}

/* --- The sink. */

static bool
head(struct sink *s, const struct sink_head *head, struct buf *out,
    struct err *err)
{
	struct writer	*w = (struct writer *)s;
	json_object	*chunk = json_object_new_object();

	(void)out;
	(void)err;
	/* Not the name of Copilot's deployment. */
	if (head->model != NULL && util_starts(head->model, w->asked))
		js_add_str(chunk, "model", head->model);
	js_add_int(chunk, "created", head->created);
	chat_head_note(&w->print.head, chunk);
	json_object_put(chunk);
	return true;
}

static char *
copy(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

static bool
begin(struct sink *s, size_t item, const struct sink_item *is, struct buf *out,
    struct err *err)
{
	struct writer	*w = (struct writer *)s;
	struct item	*it;

	(void)err;
	w->items = util_grow(w->items, item, sizeof(*w->items));
	it = &w->items[item];
	*it = (struct item){ .kind = is->kind, .index = -1 };
	w->n = item + 1;
	if (is->kind != SINK_CALL)
		return true;
	it->name = copy(is->name);
	it->id = is->id != NULL && is->id[0] != '\0' ? xstrdup(is->id) :
	    chat_call_id();
	it->custom = is->custom;
	if (!w->role && !it->custom)
		put_delta(w, json_object_new_object(), NULL, out);
	drain(w, out);
	return true;
}

static bool
delta(struct sink *s, size_t item, const struct sink_delta *d, struct buf *out,
    struct err *err)
{
	struct writer *w = (struct writer *)s;

	switch (w->items[item].kind) {
	case SINK_CALL:
		return put_called(w, item, d, out, err);
	case SINK_SEARCH:
		return true;
	default:
		return put_text(w, item, d, out, err);
	}
}

static bool
seal(struct sink *s, size_t item, enum sink_seal form, json_object *text,
    struct buf *out, struct err *err)
{
	struct writer *w = (struct writer *)s;

	(void)item;
	(void)out;
	(void)err;
	if (form == SINK_OPAQUE && w->opaque == NULL)
		w->opaque = json_object_get(text);
	return true;
}

/* A link; what was found and not mentioned has no form here. */
static bool
source(struct sink *s, size_t item, const struct sink_source *from,
    struct buf *out, struct err *err)
{
	struct writer	*w = (struct writer *)s;
	struct item	*it = &w->items[item];
	json_object	*link, *one, *list = NULL, *delta;
	int64_t		 at;

	(void)err;
	if (it->kind != SINK_MESSAGE || from->index < 0 ||
	    (size_t)from->index >= it->nstarts)
		return true;
	at = (int64_t)it->starts[from->index];
	link = json_object_new_object();
	js_add_int(link, "start_index", at + from->start);
	js_add_int(link, "end_index", at + from->end);
	js_add_ref(link, "url", from->url);
	js_add_ref(link, "title", from->title != NULL ? from->title :
	    from->url);
	one = js_typed("url_citation");
	js_add_take(one, "url_citation", link);
	js_append_take(&list, one);
	delta = json_object_new_object();
	js_add_take(delta, "annotations", list);
	put_delta(w, delta, NULL, out);
	return true;
}

static bool
end(struct sink *s, size_t item, bool cut, struct buf *out, struct err *err)
{
	struct writer *w = (struct writer *)s;

	(void)cut;
	(void)err;
	w->items[item].ended = true;
	drain(w, out);
	return true;
}

/* --- The end. */

static const char *
reason_of(const struct writer *w, enum sink_reason reason)
{
	switch (reason) {
	case SINK_LENGTH:
		return "length";
	case SINK_FILTER:
		return "content_filter";
	default:
		if (w->ncalls == 0)
			return "stop";
		return w->wanted.functions ? "function_call" : "tool_calls";
	}
}

/* The one seal of an answer, and the role if nothing else said it. */
static void
put_opaque(struct writer *w, struct buf *out)
{
	json_object *delta, *piece;

	if (w->opaque == NULL && w->role)
		return;
	delta = json_object_new_object();
	if (w->opaque != NULL)
		js_add_ref(delta, "reasoning_opaque", w->opaque);
	piece = piece_new(w, delta);
	js_add_null(piece, "finish_reason");
	js_add_int(piece, "index", 0);
	put_piece(w, piece, out);
}

static void
put_reason(struct writer *w, const char *reason, struct buf *out)
{
	json_object *piece = json_object_new_object();

	js_add_int(piece, "index", 0);
	js_add_take(piece, "delta", json_object_new_object());
	js_add_null(piece, "logprobs");
	js_add_str(piece, "finish_reason", reason);
	put_piece(w, piece, out);
}

static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	struct writer	*w = (struct writer *)s;
	json_object	*usage = end->usage != NULL ?
			    chat_usage_new(end->usage) : NULL;
	size_t		 i;

	(void)err;
	put_opaque(w, out);
	for (i = 0; i < w->n; i++)
		w->items[i].ended = true;
	drain(w, out);
	put_reason(w, reason_of(w, end->reason), out);
	if (w->collect != NULL)
		chat_print_whole(&w->print, chat_collect_choices(w->collect),
		    usage, NULL, out);
	else
		chat_print_last(&w->print, usage, out);
	json_object_put(usage);
	if (w->wanted.tap.keep != NULL)
		w->wanted.tap.keep(w->wanted.tap.arg);
	return true;
}

static void
fail(struct sink *s, const struct err *why, struct buf *out)
{
	const struct writer *w = (const struct writer *)s;

	chat_print_failure(&w->print, why, out);
}

static bool
keeps(struct sink *s)
{
	const struct writer *w = (const struct writer *)s;

	return w->wanted.tap.keep != NULL;
}

static void
destroy(struct sink *s)
{
	struct writer	*w = (struct writer *)s;
	size_t		 i;

	for (i = 0; i < w->n; i++) {
		free(w->items[i].id);
		free(w->items[i].name);
		free(w->items[i].starts);
		buf_finish(&w->items[i].held);
	}
	free(w->items);
	free(w->asked);
	chat_collect_destroy(w->collect);
	chat_print_finish(&w->print);
	json_object_put(w->opaque);
	free(w);
}

static const struct sink_ops ops = {
	.head = head, .begin = begin, .delta = delta, .seal = seal,
	.source = source, .end = end, .finish = finish,
	.fail = fail, .keeps = keeps, .destroy = destroy
};

struct sink *
chat_write_create(const struct chat_wanted *wanted)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->sink.ops = &ops;
	w->wanted = *wanted;
	w->wanted.model = w->asked = xstrdup(wanted->model);
	w->print.wanted = &w->wanted;
	w->message = w->thought = NONE;
	w->left = wanted->stream ? SIZE_MAX : wanted->max;
	if (!wanted->stream)
		w->collect = chat_collect_create();
	return &w->sink;
}
