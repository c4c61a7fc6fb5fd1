/* A sink that prints an answer as Anthropic's. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/models.h"
#include "messages/answer-write.h"
#include "messages/collect.h"
#include "messages/error.h"
#include "messages/fit.h"
#include "messages/signature.h"
#include "turn/sink.h"
#include "turn/usage.h"

/*
 * An item becomes a block. Blocks follow each other, so what comes of a later
 * one waits until those before it have ended.
 */
struct block {
	enum sink_kind	 kind;
	char		*id, *name;	/* of a call; a search has an id */
	json_object	*sources;	/* of a search or a text; NULL: none */
	struct buf	 waiting;	/* text that has not been said */
	json_object	*signature;	/* of a thought; NULL: none */
	bool		 redacted;	/* it is all there is of it */
	int64_t		 part;		/* of the text, -1: none yet */
	bool		 ended;
	bool		 skipped;	/* nobody wants it */
	bool		 vain;		/* a search that failed */
};

struct writer {
	struct sink		 sink;
	bool			 stream, thoughts, shown;
	char			*model, *vendor, *request_id;
	char			 id[40];
	struct block		*blocks;	/* by item */
	size_t			 n;
	size_t			 at;	/* the one whose turn it is */
	bool			 open;		/* it has begun */
	int64_t			 index;		/* of the next one */
	json_object		*late;	/* a signature; NULL: none */
	bool			 begun, over, called;
	struct messages_collect	*collect;	/* NULL when we stream */
};

static struct writer *
writer_of(struct sink *s)
{
	return (struct writer *)s;
}

/* --- Events. */

static void
put_take(struct writer *w, json_object *ev, struct buf *out)
{
	if (w->collect != NULL)
		messages_collect_event(w->collect, ev);
	else
		messages_put(ev, out);
	json_object_put(ev);
}

/* Before the end nothing is known but 0; clients count the end's. */
static json_object *
usage_of(const struct usage *u)
{
	json_object	*obj = json_object_new_object(), *cost = NULL;
	int64_t		 read = 0, written = 0, all = 0, output = 0;

	if (u != NULL) {
		read = u->cached;
		written = u->cache_write;
		all = u->input > 0 ? u->input : 0;
		output = u->output > 0 ? u->output : 0;
		cost = usage_cost(u);
	}
	js_add_int(obj, "input_tokens", all > read + written ?
	    all - read - written : 0);
	js_add_int(obj, "cache_creation_input_tokens", written);
	js_add_int(obj, "cache_read_input_tokens", read);
	js_add_int(obj, "output_tokens", output);
	if (cost != NULL)
		js_add_take(obj, "cost", cost);
	return obj;
}

static void
put_start(struct writer *w, struct buf *out)
{
	json_object *ev, *message;

	if (w->begun)
		return;
	w->begun = true;
	message = js_typed("message");
	js_add_str(message, "id", w->id);
	js_add_str(message, "role", "assistant");
	js_add_str(message, "model", w->model);
	js_add_take(message, "content", json_object_new_array());
	js_add_null(message, "stop_reason");
	js_add_null(message, "stop_sequence");
	js_add_take(message, "usage", usage_of(NULL));
	ev = js_typed("message_start");
	js_add_take(ev, "message", message);
	put_take(w, ev, out);
}

static json_object *
content_of(const struct block *b)
{
	json_object *obj;

	switch (b->kind) {
	case SINK_SEARCH:
		obj = js_typed("server_tool_use");
		js_add_str(obj, "id", b->id);
		js_add_str(obj, "name", "web_search");
		js_add_take(obj, "input", json_object_new_object());
		return obj;
	case SINK_CALL:
		obj = js_typed("tool_use");
		js_add_str(obj, "id", b->id);
		js_add_str(obj, "name", b->name);
		js_add_take(obj, "input", json_object_new_object());
		return obj;
	case SINK_THOUGHT:
		if (b->redacted) {
			obj = js_typed("redacted_thinking");
			js_add_ref(obj, "data", b->signature);
			return obj;
		}
		obj = js_typed("thinking");
		js_add_str(obj, "thinking", "");
		js_add_str(obj, "signature", "");
		return obj;
	default:
		obj = js_typed("text");
		js_add_str(obj, "text", "");
		return obj;
	}
}

static void
put_block_take(struct writer *w, json_object *block, struct buf *out)
{
	json_object *ev = js_typed("content_block_start");

	js_add_int(ev, "index", w->index);
	js_add_take(ev, "content_block", block);
	put_take(w, ev, out);
}

static void
put_begin(struct writer *w, struct block *b, struct buf *out)
{
	put_start(w, out);
	put_block_take(w, content_of(b), out);
	w->open = true;
	w->called |= b->kind == SINK_CALL;
}

/*
 * Almost all events are these: printed without a tree, and js_print prints no
 * line ends.
 */
static void
put_delta(const struct writer *w, const char *type, const char *member,
    json_object *text, struct buf *out)
{
	buf_puts(out, "event: content_block_delta\n"
	    "data: {\"type\":\"content_block_delta\",\"index\":");
	buf_int(out, w->index);
	buf_puts(out, ",\"delta\":{\"type\":\"");
	buf_puts(out, type);
	buf_puts(out, "\",\"");
	buf_puts(out, member);
	buf_puts(out, "\":");
	js_print(text, out);
	buf_puts(out, "}}\n\n");
}

static void
put_delta_take(struct writer *w, const char *type, const char *member,
    json_object *text, struct buf *out)
{
	json_object *ev, *delta;

	if (w->collect == NULL) {
		put_delta(w, type, member, text, out);
		json_object_put(text);
		return;
	}
	ev = js_typed("content_block_delta");
	delta = js_typed(type);
	js_add_int(ev, "index", w->index);
	js_add_take(delta, member, text);
	js_add_take(ev, "delta", delta);
	put_take(w, ev, out);
}

/* Print what has come of the block whose turn it is. */
static void
put_waiting(struct writer *w, struct block *b, struct buf *out)
{
	static const struct {
		const char *type, *member;
	} deltas[] = {
		[SINK_MESSAGE] = { "text_delta", "text" },
		[SINK_THOUGHT] = { "thinking_delta", "thinking" },
		[SINK_CALL] = { "input_json_delta", "partial_json" },
		[SINK_SEARCH] = { "input_json_delta", "partial_json" }
	};

	if (b->waiting.len == 0 || b->redacted)
		return;
	put_delta_take(w, deltas[b->kind].type, deltas[b->kind].member,
	    json_object_new_string_len(b->waiting.p, (int)b->waiting.len),
	    out);
	buf_truncate(&b->waiting, 0);
}

static void
put_block_end(struct writer *w, struct buf *out)
{
	json_object *ev = js_typed("content_block_stop");

	js_add_int(ev, "index", w->index++);
	put_take(w, ev, out);
}

/* A search's pages have a block of their own behind it. */
static void
put_found(struct writer *w, struct block *b, struct buf *out)
{
	json_object *block = js_typed("web_search_tool_result"), *error;

	js_add_str(block, "tool_use_id", b->id);
	if (b->vain) {
		error = js_typed("web_search_tool_result_error");
		js_add_str(error, "error_code", "unavailable");
		js_add_take(block, "content", error);
	} else
		js_add_take(block, "content", b->sources != NULL ?
		    json_object_get(b->sources) : json_object_new_array());
	put_block_take(w, block, out);
	put_block_end(w, out);
}

static void
put_stop(struct writer *w, struct block *b, struct buf *out)
{
	size_t i, n = b->kind == SINK_MESSAGE ? js_len(b->sources) : 0;

	if (b->signature != NULL && !b->redacted)
		put_delta_take(w, "signature_delta", "signature",
		    json_object_get(b->signature), out);
	for (i = 0; i < n; i++)
		put_delta_take(w, "citations_delta", "citation",
		    json_object_get(json_object_array_get_idx(b->sources, i)),
		    out);
	put_block_end(w, out);
	w->open = false;
	buf_finish(&b->waiting);
	if (b->kind == SINK_SEARCH)
		put_found(w, b, out);
}

/*
 * Has the block something to be begun for? Text without a word would be refused
 * when it is sent back; a thought that nobody sealed may be shown.
 */
static bool
counts(const struct block *b)
{
	if (b->skipped)
		return false;
	return b->kind == SINK_CALL || b->kind == SINK_SEARCH ||
	    b->waiting.len > 0 || b->redacted;
}

/*
 * A signature that came too late for its thought stands in one without words,
 * before the next block. Behind the last one nobody expects a thought.
 */
static void
put_late(struct writer *w, struct buf *out)
{
	struct block b = { .kind = SINK_THOUGHT, .signature = w->late };

	if (w->late == NULL)
		return;
	w->late = NULL;
	put_begin(w, &b, out);
	put_stop(w, &b, out);
	json_object_put(b.signature);
}

/* One without words is said when something comes behind it, if ever. */
static void
put_off(struct writer *w, struct block *b, struct buf *out)
{
	if (!b->ended || w->open || b->skipped || b->redacted ||
	    b->signature == NULL)
		return;
	put_late(w, out);
	w->late = b->signature;
	b->signature = NULL;
	b->skipped = true;
}

/* Does something wait behind the block whose turn it is? */
static bool
is_pressed(const struct writer *w)
{
	size_t i;

	for (i = w->at + 1; i < w->n; i++)
		if (counts(&w->blocks[i]))
			return true;
	return false;
}

/* Say all that can be said now. Words don't wait for the end of a thought. */
static void
advance(struct writer *w, struct buf *out)
{
	struct block *b;

	for (; w->at < w->n; w->at++) {
		b = &w->blocks[w->at];
		if (!counts(b))
			put_off(w, b, out);
		else if (!w->open) {
			put_late(w, out);
			put_begin(w, b, out);
		}
		if (w->open)
			put_waiting(w, b, out);
		if (!b->ended && (b->kind != SINK_THOUGHT || !is_pressed(w)))
			return;
		if (w->open)
			put_stop(w, b, out);
	}
}

/* --- The sink. */

static bool
begin(struct sink *s, size_t item, const struct sink_item *what,
    struct buf *out, struct err *err)
{
	struct writer	*w = writer_of(s);
	struct block	*b;
	char		 digits[25];

	(void)err;
	w->blocks = util_reach(w->blocks, &w->n, item, sizeof(*w->blocks));
	b = &w->blocks[item];
	b->kind = what->kind;
	b->part = -1;
	b->skipped = what->kind == SINK_THOUGHT && !w->thoughts;
	if (what->kind == SINK_CALL) {
		b->id = xstrdup(what->id != NULL ? what->id : "");
		b->name = xstrdup(what->name != NULL ? what->name : "");
	} else if (what->kind == SINK_SEARCH) {
		util_random_hex(digits, sizeof(digits) - 1);
		b->id = xasprintf(MESSAGES_SEARCH_ID "%s",
		    digits);
	}
	advance(w, out);
	return true;
}

/* The one member of a search's input. */
static void
put_query(struct block *b, json_object *query)
{
	json_object *input = json_object_new_object();

	js_add_ref(input, "query", query);
	buf_truncate(&b->waiting, 0);
	js_print(input, &b->waiting);
	json_object_put(input);
}

static bool
delta(struct sink *s, size_t item, const struct sink_delta *d,
    struct buf *out, struct err *err)
{
	struct writer	*w = writer_of(s);
	struct block	*b = &w->blocks[item];

	(void)err;
	if (b->kind == SINK_THOUGHT && !w->shown)
		return true;
	if (b->kind == SINK_SEARCH) {
		put_query(b, d->text);
		return true;
	}
	if (b->part >= 0 && b->part != d->index && b->kind != SINK_CALL)
		buf_puts(&b->waiting, "\n\n");
	b->part = d->index;
	js_append_text(&b->waiting, d->text);
	advance(w, out);
	return true;
}

/* A signature that another upstream wants back bears its name. */
static json_object *
signature_of(const struct writer *w, enum sink_seal kind, json_object *text)
{
	switch (kind) {
	case SINK_OPAQUE:
		return messages_signature(MODEL_CHAT, w->vendor, text);
	case SINK_ENCRYPTED:
		return messages_signature(MODEL_RESPONSES, w->vendor, text);
	case SINK_SIGNATURE:
	case SINK_REDACTED:
		return json_object_get(text);
	default:
		return NULL;
	}
}

static bool
seal(struct sink *s, size_t item, enum sink_seal kind, json_object *text,
    struct buf *out, struct err *err)
{
	struct writer	*w = writer_of(s);
	struct block	*b = &w->blocks[item];
	json_object	*signature;

	(void)out;
	(void)err;
	if (b->kind != SINK_THOUGHT ||
	    (signature = signature_of(w, kind, text)) == NULL)
		return true;
	if (item < w->at) {
		if (w->late == NULL && !b->skipped && b->signature == NULL)
			w->late = signature;
		else
			json_object_put(signature);
		return true;
	}
	json_object_put(b->signature);
	b->signature = signature;
	b->redacted = kind == SINK_REDACTED;
	return true;
}

/*
 * Claude's have what only Anthropic can read, and what was quoted, neither of
 * which there is. A page without a title is called by its address.
 */
static bool
source(struct sink *s, size_t item, const struct sink_source *source,
    struct buf *out, struct err *err)
{
	struct block	*b = &writer_of(s)->blocks[item];
	bool		 found = b->kind == SINK_SEARCH;
	json_object	*obj = js_typed(found ? "web_search_result" :
			    "web_search_result_location");

	(void)out;
	(void)err;
	js_add_ref(obj, "url", source->url);
	js_add_ref(obj, "title", source->title != NULL ? source->title :
	    source->url);
	js_add_str(obj, found ? "encrypted_content" : "encrypted_index", "");
	if (found)
		js_add_null(obj, "page_age");
	else
		js_add_str(obj, "cited_text", "");
	js_append_take(&b->sources, obj);
	return true;
}

static bool
end(struct sink *s, size_t item, bool cut, struct buf *out, struct err *err)
{
	struct writer *w = writer_of(s);

	(void)err;
	w->blocks[item].vain = cut;
	w->blocks[item].ended = true;
	advance(w, out);
	return true;
}

static const char *
reason_of(const struct writer *w, enum sink_reason reason)
{
	static const char *const reasons[] = {
		[SINK_STOP] = "end_turn", [SINK_AT_STRING] = "stop_sequence",
		[SINK_LENGTH] = "max_tokens", [SINK_FILTER] = "refusal"
	};

	return reason == SINK_STOP && w->called ? "tool_use" : reasons[reason];
}

static void
put_end(struct writer *w, const struct sink_end *e, struct buf *out)
{
	json_object *ev = js_typed("message_delta");
	json_object *delta = json_object_new_object();

	js_add_str(delta, "stop_reason", reason_of(w, e->reason));
	js_add_str(delta, "stop_sequence", e->reason == SINK_AT_STRING ?
	    e->string : NULL);
	js_add_take(ev, "delta", delta);
	js_add_take(ev, "usage", usage_of(e->usage));
	put_take(w, ev, out);
	put_take(w, js_typed("message_stop"), out);
}

static bool
finish(struct sink *s, const struct sink_end *e, struct buf *out,
    struct err *err)
{
	struct writer	*w = writer_of(s);
	json_object	*message;
	size_t		 i;

	(void)err;
	for (i = 0; i < w->n; i++)
		w->blocks[i].ended = true;
	advance(w, out);
	put_start(w, out);
	put_end(w, e, out);
	w->over = true;
	if (w->collect == NULL)
		return true;
	message = messages_collect_end(w->collect);
	js_print(message, out);
	json_object_put(message);
	return true;
}

static void
fail(struct sink *s, const struct err *err, struct buf *out)
{
	struct writer *w = writer_of(s);

	if (w->over)
		return;
	messages_error_event(err, w->request_id, out);
	w->over = true;
}

static bool
filler(struct sink *s, struct buf *out)
{
	const struct writer *w = writer_of(s);

	if (!w->begun || w->over)
		return false;
	messages_put_ping(out);
	return true;
}

static void
destroy(struct sink *s)
{
	struct writer	*w = writer_of(s);
	size_t		 i;

	for (i = 0; i < w->n; i++) {
		free(w->blocks[i].id);
		free(w->blocks[i].name);
		buf_finish(&w->blocks[i].waiting);
		json_object_put(w->blocks[i].signature);
		json_object_put(w->blocks[i].sources);
	}
	free(w->blocks);
	json_object_put(w->late);
	free(w->model);
	free(w->vendor);
	free(w->request_id);
	messages_collect_destroy(w->collect);
	free(w);
}

static const struct sink_ops ops = {
	.begin = begin,
	.delta = delta,
	.seal = seal,
	.source = source,
	.end = end,
	.finish = finish,
	.fail = fail,
	.filler = filler,
	.destroy = destroy
};

struct sink *
messages_write_create(const struct messages_writing *how)
{
	struct writer	*w = xcalloc(1, sizeof(*w));
	char		 digits[25];

	util_random_hex(digits, sizeof(digits) - 1);
	snprintf(w->id, sizeof(w->id), "msg_%s", digits);
	w->sink.ops = &ops;
	w->model = xstrdup(how->model);
	w->vendor = xstrdup(how->vendor);
	w->request_id = xstrdup(how->request_id);
	w->stream = how->stream;
	w->thoughts = how->thoughts;
	w->shown = how->shown;
	if (!how->stream)
		w->collect = messages_collect_create();
	return &w->sink;
}
