/* Upstream's chat completion as repaired pieces of choices. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/plain.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/check.h"
#include "chat/choice.h"
#include "chat/pieces.h"
#include "chat/wanted.h"
#include "copilot/failure.h"
#include "turn/stop.h"
#include "turn/usage.h"

void
chat_pieces_clear(struct chat_pieces *p)
{
	int64_t i;

	for (i = 0; i < p->nchoices; i++)
		chat_choice_clear(&p->choices[i]);
	free(p->choices);
	json_object_put(p->errors);
	json_object_put(p->counts);
}

static bool
broken(struct err *err, const char *what)
{
	return err_set(err, 502, ERR_SERVER, NULL, NULL, "GitHub Copilot %s.",
	    what);
}

/* --- Pieces. */

/*
 * The client's choice that a piece belongs to; -1: none. A client that asked
 * for one gets one: Claude puts text and tool calls into choices of their own.
 */
static int64_t
index_of(const struct chat_pieces *p, json_object *piece, size_t position)
{
	int64_t i = js_int(piece, "index", (int64_t)position);

	if (p->wanted->n <= 1)
		return 0;
	return i >= 0 && i < CHAT_N_MAX ? i : -1;
}

static struct chat_choice *
choice_at(struct chat_pieces *p, int64_t i)
{
	struct chat_choice *c;

	if (i >= p->nchoices) {
		p->choices = xrealloc(p->choices,
		    (size_t)(i + 1) * sizeof(*p->choices));
		memset(p->choices + p->nchoices, 0,
		    (size_t)(i + 1 - p->nchoices) * sizeof(*p->choices));
		for (; p->nchoices <= i; p->nchoices++) {
			c = &p->choices[p->nchoices];
			c->json = p->wanted->format_in_prompt;
			c->calls.custom = p->wanted->custom;
			if (p->wanted->stop != NULL)
				c->stop = stop_copy(p->wanted->stop);
		}
	}
	return &p->choices[i];
}

static bool
one_piece(struct chat_pieces *p, json_object *piece, size_t position,
    json_object *chunk, struct buf *out, struct err *err)
{
	struct chat_choice	*c;
	json_object		*message = js_obj(piece, "message");
	int64_t			 i = index_of(p, piece, position);
	bool			 worth;

	if (i < 0)
		return broken(err, "sent a choice of an impossible index");
	c = choice_at(p, i);
	/* The first text of a whole answer's split choices counts. */
	if (p->whole && c->content && message != NULL)
		js_del(message, "content");
	if (!chat_choice_repair(c, piece, i, p->wanted->functions, &worth,
	    err))
		return false;
	return !worth || p->say(p->arg, i, piece, chunk, out, err);
}

/* Gemini counts nothing until the end, with zeros in every chunk. */
static void
note_usage(struct chat_pieces *p, json_object *chunk)
{
	json_object	*usage = js_obj(chunk, "usage");

	if (p->counts != NULL && js_int(usage, "prompt_tokens", 0) == 0 &&
	    js_int(usage, "completion_tokens", 0) == 0)
		usage = NULL;
	usage_read(p->usage, usage, js_obj(chunk, "copilot_usage"));
	if (usage == NULL)
		return;
	json_object_put(p->counts);
	p->counts = json_object_get(usage);
}

/*
 * copilot_errors tell of what failed beside the answer (a reference that could
 * not be resolved) or in place of it: that shows at the end.
 */
static void
note_errors(struct chat_pieces *p, json_object *chunk)
{
	json_object *errors = js_array(chunk, "copilot_errors");

	if (p->errors == NULL && js_len(errors) > 0)
		p->errors = json_object_get(
		    json_object_array_get_idx(errors, 0));
}

/*
 * Is this no chunk but a failure? Copilot sends an error object without
 * choices, in "error" or flat, bare or not. Returns what tells of it.
 */
static json_object *
failure(json_object *obj, const struct sse_event *ev)
{
	if (js_get(obj, "error") != NULL)
		return obj;
	if (js_len(js_array(obj, "choices")) > 0 ||
	    json_object_object_length(obj) == 0)
		return NULL;
	if (js_has(obj, "choices") || js_has(obj, "copilot_errors"))
		return NULL;
	return js_is(obj, "type", "error") || js_str(obj, "message") != NULL ||
	    (ev != NULL && (ev->bare || (ev->name != NULL &&
	    strcmp(ev->name, "error") == 0))) ? obj : NULL;
}

static bool
one_chunk(struct chat_pieces *p, json_object *chunk, struct buf *out,
    struct err *err)
{
	json_object	*choices = js_array(chunk, "choices"), *piece;
	json_object	*extra = chunk;
	size_t		 i, n = js_len(choices);

	note_errors(p, chunk);
	note_usage(p, chunk);
	if (p->note != NULL)
		p->note(p->arg, chunk);
	for (i = 0; i < n; i++) {
		piece = json_object_array_get_idx(choices, i);
		if (!json_object_is_type(piece, json_type_object))
			continue;
		if (!one_piece(p, piece, i, extra, out, err))
			return false;
		extra = NULL;
	}
	return true;
}

static bool
one_object(struct chat_pieces *p, json_object *obj, const struct sse_event *ev,
    struct buf *out, struct err *err)
{
	json_object *bad = failure(obj, ev);

	if (bad != NULL) {
		failure_read_event(bad, err);
		return false;
	}
	return one_chunk(p, obj, out, err);
}

/* --- What upstream sends. */

/* Has upstream said of each choice asked for why it ended? */
static bool
complete(const struct chat_pieces *p)
{
	int64_t i;

	for (i = 0; i < p->nchoices; i++)
		if (p->choices[i].finish == NULL)
			return false;
	return p->nchoices >= p->wanted->n;
}

bool
chat_pieces_count(struct chat_pieces *p, size_t n, struct err *err)
{
	if (p->max > 0 && n > p->max - p->received)
		return broken(err, "sent an answer that is too large");
	p->received += n;
	return true;
}

static const char *const news[] = {
	"\"tool_calls\"", "\"function_call\"", "\"reasoning_content\"",
	"\"reasoning_text\"", "\"reasoning_opaque\"", "\"thinking\"",
	"\"signature\"", "\"cot_", "\"copilot_", "\"finish_reason\":\"",
};

bool
chat_pieces_news(const struct sse_event *ev, const char *but)
{
	size_t i;

	for (i = 0; i < COUNT(news); i++)
		if ((but == NULL || !util_starts(news[i] + 1, but)) &&
		    plain_holds(ev->data, ev->len, news[i], strlen(news[i])))
			return true;
	return false;
}

bool
chat_pieces_event(struct chat_pieces *p, const struct sse_event *ev,
    struct buf *out, struct err *err)
{
	json_object	*obj;
	bool		 ok;

	if (ev->len == 0)
		return true;
	if (strcmp(ev->data, "[DONE]") == 0) {
		p->ended = true;
		return true;
	}
	if (!chat_pieces_count(p, ev->len, err))
		return false;
	obj = js_parse_event(&p->halves, ev->data, ev->len);
	if (json_object_is_type(obj, json_type_object))
		ok = one_object(p, obj, ev, out, err);
	else		/* behind the end of all choices it doesn't matter */
		ok = complete(p) || (ev->unfinished ?
		    failure_broken_off(err) : broken(err,
		    "sent an event that is not a JSON object"));
	json_object_put(obj);
	return ok;
}

bool
chat_pieces_cut(struct chat_pieces *p, struct err *err)
{
	p->ended = complete(p) || (p->nchoices == 0 && p->errors != NULL);
	return p->ended || failure_broken_off(err);
}

bool
chat_pieces_whole(struct chat_pieces *p, const char *text, size_t n,
    struct buf *out, struct err *err)
{
	json_object	*obj = js_parse_quiet(text, n);
	bool		 ok;

	p->whole = p->ended = true;
	if (!json_object_is_type(obj, json_type_object))
		ok = broken(err, "sent an answer that is not a JSON object");
	else
		ok = one_object(p, obj, NULL, out, err);
	json_object_put(obj);
	return ok;
}

bool
chat_pieces_over(const struct chat_pieces *p)
{
	int64_t i;

	for (i = 0; i < p->nchoices; i++)
		if (!p->choices[i].stopped)
			return false;
	return p->nchoices > 0 && p->nchoices >= p->wanted->n;
}

/* --- The end. */

/* Say the rest of a choice, and its reason to end. */
static bool
finish_choice(struct chat_pieces *p, int64_t i, struct buf *out,
    struct err *err)
{
	struct chat_choice		*c = &p->choices[i];
	json_object			*rest = chat_choice_rest(c, i,
					    p->wanted->functions);
	json_object			*last = chat_choice_last(c, i,
					    p->wanted->functions);
	bool				 ok;

	ok = (rest == NULL || p->say(p->arg, i, rest, NULL, out, err)) &&
	    p->say(p->arg, i, last, NULL, out, err);
	json_object_put(rest);
	json_object_put(last);
	return ok;
}

bool
chat_pieces_finish(struct chat_pieces *p, struct buf *out, struct err *err)
{
	int64_t i;

	if (p->nchoices == 0 && p->errors != NULL) {
		failure_read_event(p->errors, err);
		return false;
	}
	if (p->nchoices == 0)
		return broken(err, "sent an empty answer");
	for (i = 0; i < p->nchoices; i++)
		if (p->choices[i].seen && !finish_choice(p, i, out, err))
			return false;
	return true;
}
