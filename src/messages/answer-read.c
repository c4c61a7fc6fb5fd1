/* The answer of Copilot's /v1/messages, said to a sink. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/text.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "messages/answer-read.h"
#include "turn/delta.h"
#include "turn/sink.h"
#include "turn/tools.h"
#include "turn/usage.h"

#define BLOCKS_MAX 4096		/* no answer has so many */

/* A block of upstream's; an item of the sink's, unless nobody knows it. */
struct block {
	bool		 known, open;
	size_t		 item;
	enum sink_kind	 kind;
	bool		 custom;	/* a call of a custom tool */
	struct buf	 input;		/* its JSON, as it comes */
	struct buf	 signature;
	char		*search;	/* its id, until its result has come */
	json_object	*links;		/* citations of a text; NULL: none */
	size_t		 chars;		/* of the text */
};

struct reader {
	struct sink		*to;
	const struct tools	*tools;
	struct usage		*usage;
	struct js_halves	 halves;
	struct delta		 delta;
	int64_t			 last;	/* whose delta was read, its index */
	struct block		*blocks;
	size_t			 n, items;
	/*
	 * Upstream ends a block before it says why the answer ends: the end of
	 * the last item waits until it is known whether that was cut off.
	 */
	bool			 ending;
	size_t			 late;
	struct sink_end		 end;
	char			*string;	/* behind end.string */
	bool			 stopped, finished;
};

void *
messages_reader_create(struct sink *to, const struct tools *tools,
    struct usage *usage)
{
	struct reader *r = xcalloc(1, sizeof(*r));

	r->to = to;
	r->tools = tools;
	r->usage = usage;
	return r;
}

static void
destroy(void *self)
{
	struct reader	*r = self;
	size_t		 i;

	for (i = 0; i < r->n; i++) {
		buf_finish(&r->blocks[i].input);
		buf_finish(&r->blocks[i].signature);
		json_object_put(r->blocks[i].links);
		free(r->blocks[i].search);
	}
	free(r->blocks);
	free(r->string);
	delta_finish(&r->delta);
	free(r);
}

/* --- Blocks. */

/* The block of an index, new if need be; NULL: no block has such a one. */
static struct block *
block_at(struct reader *r, int64_t index)
{
	if (index < 0 || index >= BLOCKS_MAX)
		return NULL;
	r->blocks = util_reach(r->blocks, &r->n, (size_t)index,
	    sizeof(*r->blocks));
	return &r->blocks[index];
}

static bool
kind_of(json_object *content, enum sink_kind *kind)
{
	static const struct {
		const char	*type;
		enum sink_kind	 kind;
	} kinds[] = {
		{ "text", SINK_MESSAGE }, { "thinking", SINK_THOUGHT },
		{ "redacted_thinking", SINK_THOUGHT },
		{ "tool_use", SINK_CALL }
	};
	size_t i;

	if (js_is(content, "type", "server_tool_use")) {
		*kind = SINK_SEARCH;
		return js_is(content, "name", "web_search");
	}

	for (i = 0; i < COUNT(kinds); i++)
		if (js_is(content, "type", kinds[i].type)) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static bool
say(struct reader *r, const struct block *b, enum sink_part part,
    json_object *text, struct buf *out, struct err *err)
{
	struct sink_delta d = { .part = part, .text = text };

	return !json_object_is_type(text, json_type_string) ||
	    json_object_get_string_len(text) == 0 ||
	    sink_delta(r->to, b->item, &d, out, err);
}

static bool
say_call(struct reader *r, struct block *b, json_object *content,
    struct buf *out, struct err *err)
{
	const char		*name = js_str(content, "name");
	const struct tool	*tool = NULL;
	struct sink_item	 item = {
		.kind = SINK_CALL, .id = js_str(content, "id"), .name = name
	};

	if (name != NULL && r->tools != NULL)
		tool = tools_find(r->tools, name);
	if (tool != NULL) {
		item.name = tool->name;
		item.space = tool->space;
		item.plain = tool->sealed;
		item.search = tool->search;
		item.custom = b->custom = tool->custom;
	}
	return sink_begin(r->to, b->item, &item, out, err);
}

static bool
say_words(struct reader *r, struct block *b, json_object *text,
    struct buf *out, struct err *err)
{
	if (json_object_is_type(text, json_type_string))
		b->chars += text_chars(json_object_get_string(text),
		    (size_t)json_object_get_string_len(text));
	return say(r, b, SINK_TEXT, text, out, err);
}

static void
add_link(struct block *b, json_object *citation)
{
	if (js_is(citation, "type", "web_search_result_location") &&
	    js_str(citation, "url") != NULL)
		js_append_take(&b->links, json_object_get(citation));
}

/* Its citations are of all of a text. */
static bool
say_links(struct reader *r, const struct block *b, struct buf *out,
    struct err *err)
{
	struct sink_source	 source = { .end = (int64_t)b->chars };
	json_object		*link;
	size_t			 i, n = js_len(b->links);

	for (i = 0; i < n; i++) {
		link = json_object_array_get_idx(b->links, i);
		source.url = js_get(link, "url");
		source.title = js_get(link, "title");
		if (!sink_source(r->to, b->item, &source, out, err))
			return false;
	}
	return true;
}

/* The search of that id found pages, or an error stands in their place. */
static bool
say_found(struct reader *r, json_object *result, struct buf *out,
    struct err *err)
{
	const char		*id = js_str(result, "tool_use_id");
	json_object		*list = js_array(result, "content"), *page;
	struct sink_source	 source = { 0 };
	struct block		*b = NULL;
	size_t			 i;

	for (i = 0; id != NULL && i < r->n && b == NULL; i++)
		if (r->blocks[i].search != NULL && !r->blocks[i].open &&
		    strcmp(r->blocks[i].search, id) == 0)
			b = &r->blocks[i];
	if (b == NULL)
		return true;
	for (i = 0; i < js_len(list); i++) {
		page = json_object_array_get_idx(list, i);
		source.url = js_get(page, "url");
		source.title = js_get(page, "title");
		if (js_str(page, "url") != NULL &&
		    !sink_source(r->to, b->item, &source, out, err))
			return false;
	}
	free(b->search);
	b->search = NULL;
	return sink_end(r->to, b->item, list == NULL, out, err);
}

/* The beginning may have said some of it already. */
static bool
say_beginning(struct reader *r, struct block *b, json_object *content,
    struct buf *out, struct err *err)
{
	json_object	*links = js_array(content, "citations");
	size_t		 i;

	if (js_is(content, "type", "redacted_thinking"))
		return sink_seal(r->to, b->item, SINK_REDACTED,
		    js_get(content, "data"), out, err);
	if (b->kind == SINK_MESSAGE) {
		for (i = 0; i < js_len(links); i++)
			add_link(b, json_object_array_get_idx(links, i));
		return say_words(r, b, js_get(content, "text"), out, err);
	}
	if (b->kind == SINK_SEARCH)
		b->search = xstrdup(js_str(content, "id") != NULL ?
		    js_str(content, "id") : "");
	if (b->kind != SINK_THOUGHT)
		return true;
	if (js_str(content, "signature") != NULL)
		js_append_text(&b->signature, js_get(content, "signature"));
	return say(r, b, SINK_SUMMARY, js_get(content, "thinking"), out, err);
}

/* The item whose end waits, if any. */
static bool
end_last(struct reader *r, bool cut, struct buf *out, struct err *err)
{
	if (!r->ending)
		return true;
	r->ending = false;
	return sink_end(r->to, r->late, cut, out, err);
}

static bool
begin(struct reader *r, int64_t index, json_object *content, struct buf *out,
    struct err *err)
{
	struct block		*b = block_at(r, index);
	struct sink_item	 item = { 0 };

	if (!end_last(r, false, out, err))
		return false;
	if (js_is(content, "type", "web_search_tool_result"))
		return say_found(r, content, out, err);
	if (b == NULL || b->known || !kind_of(content, &b->kind))
		return true;
	b->known = b->open = true;
	b->item = r->items++;
	item.kind = b->kind;
	if (b->kind == SINK_CALL)
		return say_call(r, b, content, out, err);
	return sink_begin(r->to, b->item, &item, out, err) &&
	    say_beginning(r, b, content, out, err);
}

/* The member of a delta that has the block's text. */
static const char *const texts[] = {
	[SINK_MESSAGE] = "text", [SINK_THOUGHT] = "thinking",
	[SINK_CALL] = "partial_json", [SINK_SEARCH] = "partial_json"
};

static bool
more_text(struct reader *r, struct block *b, json_object *text,
    struct buf *out, struct err *err)
{
	if (b->kind == SINK_MESSAGE)
		return say_words(r, b, text, out, err);
	if (b->kind == SINK_THOUGHT)
		return say(r, b, SINK_SUMMARY, text, out, err);
	if (!json_object_is_type(text, json_type_string))
		return true;
	js_append_text(&b->input, text);
	return b->custom || b->kind == SINK_SEARCH ||
	    say(r, b, SINK_ARGUMENTS, text, out, err);
}

static bool
more(struct reader *r, int64_t index, json_object *delta, struct buf *out,
    struct err *err)
{
	struct block *b = block_at(r, index);

	if (b == NULL || !b->open)
		return true;
	if (b->kind == SINK_MESSAGE)
		add_link(b, js_obj(delta, "citation"));
	if (b->kind == SINK_THOUGHT && js_str(delta, "signature") != NULL)
		js_append_text(&b->signature, js_get(delta, "signature"));
	return more_text(r, b, js_get(delta, texts[b->kind]), out, err);
}

/* A delta of its type and a text is what the next one will be like. */
static void
learn(struct reader *r, const struct sse_event *e, json_object *ev)
{
	json_object	*delta = js_obj(ev, "delta");
	int64_t		 index = js_int(ev, "index", -1);
	const char	*text;

	if (!js_is(ev, "type", "content_block_delta") ||
	    !js_has(delta, "type") || json_object_object_length(delta) != 2 ||
	    index < 0 || (size_t)index >= r->n || !r->blocks[index].open)
		return;
	text = texts[r->blocks[index].kind];
	r->last = index;
	if (js_str(delta, text) != NULL)
		delta_learn(&r->delta, e, text, js_get(delta, text));
}

/* A custom tool's text is the one argument of the function it became. */
static bool
say_input(struct reader *r, struct block *b, struct buf *out, struct err *err)
{
	json_object	*args = js_parse_quiet(buf_str(&b->input),
			    b->input.len);
	json_object	*text = js_str(args, "input") != NULL ?
			    json_object_get(js_get(args, "input")) :
			    json_object_new_string_len(buf_str(&b->input),
			    (int)b->input.len);
	bool		 ok = say(r, b, SINK_INPUT, text, out, err);

	json_object_put(text);
	json_object_put(args);
	return ok;
}

static bool
say_query(struct reader *r, struct block *b, struct buf *out, struct err *err)
{
	json_object	*input = js_parse_quiet(buf_str(&b->input),
			    b->input.len);
	bool		 ok = say(r, b, SINK_QUERY, js_get(input, "query"),
			    out, err);

	json_object_put(input);
	return ok;
}

/* Arguments are an object, if only an empty one. */
static bool
say_rest(struct reader *r, struct block *b, struct buf *out, struct err *err)
{
	json_object	*text;
	bool		 ok = true;

	if (b->kind == SINK_CALL && b->custom)
		return say_input(r, b, out, err);
	if (b->kind == SINK_SEARCH)
		return say_query(r, b, out, err);
	if (b->kind == SINK_MESSAGE)
		return say_links(r, b, out, err);
	if (b->kind == SINK_CALL && b->input.len == 0) {
		text = json_object_new_string("{}");
		ok = say(r, b, SINK_ARGUMENTS, text, out, err);
		json_object_put(text);
	} else if (b->signature.len > 0) {
		text = json_object_new_string_len(b->signature.p,
		    (int)b->signature.len);
		ok = sink_seal(r->to, b->item, SINK_SIGNATURE, text, out,
		    err);
		json_object_put(text);
	}
	return ok;
}

static bool
stop(struct reader *r, int64_t index, struct buf *out, struct err *err)
{
	struct block *b = block_at(r, index);

	if (b == NULL || !b->open)
		return true;
	b->open = false;
	if (!end_last(r, false, out, err) || !say_rest(r, b, out, err))
		return false;
	if (b->search != NULL)
		return true;		/* it ends with its result */
	r->ending = true;
	r->late = b->item;
	return true;
}

/* --- The answer as a whole. */

static void
read_reason(struct reader *r, json_object *from)
{
	static const struct {
		const char		*name;
		enum sink_reason	 reason;
	} reasons[] = {
		{ "max_tokens", SINK_LENGTH },
		{ "model_context_window_exceeded", SINK_LENGTH },
		{ "stop_sequence", SINK_AT_STRING },
		{ "refusal", SINK_FILTER }
	};
	const char	*s = js_str(from, "stop_reason");
	size_t		 i;

	if (s == NULL)
		return;
	r->stopped = true;
	r->end.reason = SINK_STOP;
	for (i = 0; i < COUNT(reasons); i++)
		if (strcmp(s, reasons[i].name) == 0)
			r->end.reason = reasons[i].reason;
	free(r->string);
	s = js_str(from, "stop_sequence");
	r->string = s != NULL ? xstrdup(s) : NULL;
	r->end.string = r->string;
}

static void
read_usage(struct reader *r, json_object *usage, json_object *beside)
{
	usage_read(r->usage, usage, js_get(beside, "copilot_usage"));
	if (usage != NULL)
		r->end.usage = r->usage;
}

static bool
finish(struct reader *r, struct buf *out, struct err *err)
{
	bool	cut = r->end.reason == SINK_LENGTH ||
		    r->end.reason == SINK_FILTER;
	size_t	i;

	if (r->finished)
		return true;
	r->finished = true;
	for (i = 0; i < r->n; i++)
		if (r->blocks[i].open && !stop(r, (int64_t)i, out, err))
			return false;
	for (i = 0; i < r->n; i++)
		if (r->blocks[i].search != NULL && !sink_end(r->to,
		    r->blocks[i].item, true, out, err))
			return false;
	return end_last(r, cut, out, err) &&
	    sink_finish(r->to, &r->end, out, err);
}

static bool
head(struct reader *r, json_object *message, struct buf *out, struct err *err)
{
	const struct sink_head h = { .model = js_str(message, "model") };

	return sink_head(r->to, &h, out, err);
}

/* --- Events. */

static bool
is(const char *type, const char *name)
{
	return strcmp(type, name) == 0;
}

static bool
known_event(struct reader *r, const char *type, json_object *ev,
    struct buf *out, struct err *err)
{
	int64_t		 index = js_int(ev, "index", -1);
	json_object	*message = js_obj(ev, "message");

	if (is(type, "content_block_delta"))
		return more(r, index, js_obj(ev, "delta"), out, err);
	if (is(type, "content_block_start"))
		return begin(r, index, js_obj(ev, "content_block"), out, err);
	if (is(type, "content_block_stop"))
		return stop(r, index, out, err);
	if (is(type, "message_start")) {
		read_usage(r, js_obj(message, "usage"), ev);
		return head(r, message, out, err);
	}
	if (is(type, "message_delta")) {
		read_reason(r, js_obj(ev, "delta"));
		read_usage(r, js_obj(ev, "usage"), ev);
	} else if (is(type, "message_stop"))
		return finish(r, out, err);
	return true;
}

static bool
any_event(struct reader *r, json_object *ev, const struct sse_event *e,
    struct buf *out, struct err *err)
{
	const char *type = js_str(ev, "type");

	if (type == NULL)
		type = e->name;
	if (e->bare || (type == NULL && js_get(ev, "error") != NULL) ||
	    (type != NULL && is(type, "error"))) {
		failure_read_event(ev, err);
		return false;
	}
	return type == NULL || known_event(r, type, ev, out, err);
}

static bool
event(void *self, const struct sse_event *e, struct buf *out, struct err *err)
{
	struct reader	*r = self;
	json_object	*ev = delta_text(&r->delta, e);
	bool		 ok;

	if (ev != NULL) {
		ok = more_text(r, &r->blocks[r->last], ev, out, err);
		json_object_put(ev);
		return ok;
	}
	if (e->len == 0 || strcmp(e->data, "[DONE]") == 0)
		return true;
	ev = js_parse_event(&r->halves, e->data, e->len);
	if (json_object_is_type(ev, json_type_object) && ev != NULL) {
		ok = any_event(r, ev, e, out, err);
		learn(r, e, ev);
	} else
		ok = e->unfinished ? failure_broken_off(err) :
		    failure_unreadable_event(err);
	json_object_put(ev);
	return ok;
}

/* A model that said why it stopped only forgot to say that it has. */
static bool
cut(void *self, struct buf *out, struct err *err)
{
	struct reader *r = self;

	return r->stopped ? finish(r, out, err) : failure_broken_off(err);
}

/* --- A whole answer. */

/* As if it had come in one piece. */
static bool
whole_input(struct reader *r, int64_t index, json_object *input,
    struct buf *out, struct err *err)
{
	json_object	*delta;
	struct buf	 text = { 0 };
	bool		 ok;

	if (input == NULL)
		return true;
	js_print(input, &text);
	delta = json_object_new_object();
	js_add_str(delta, "partial_json", text.p);
	ok = more(r, index, delta, out, err);
	json_object_put(delta);
	buf_finish(&text);
	return ok;
}

static bool
put_blocks(struct reader *r, json_object *content, struct buf *out,
    struct err *err)
{
	json_object	*block;
	size_t		 i, n = js_len(content);

	for (i = 0; i < n && !sink_over(r->to); i++) {
		block = json_object_array_get_idx(content, i);
		if (!begin(r, (int64_t)i, block, out, err) ||
		    !whole_input(r, (int64_t)i, js_get(block, "input"), out,
		    err) || !stop(r, (int64_t)i, out, err))
			return false;
	}
	return true;
}

static bool
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	struct reader	*r = self;
	json_object	*obj = js_parse_quiet(p, n);
	bool		 ok = false;

	if (js_is(obj, "type", "message")) {
		read_reason(r, obj);
		read_usage(r, js_obj(obj, "usage"), obj);
		ok = head(r, obj, out, err) &&
		    put_blocks(r, js_array(obj, "content"), out, err) &&
		    finish(r, out, err);
	} else if (js_get(obj, "error") != NULL)
		failure_read_event(obj, err);
	else
		failure_unreadable(err);
	json_object_put(obj);
	return ok;
}

const struct answer_reader messages_reader = { event, cut, whole, destroy };
