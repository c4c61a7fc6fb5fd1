/* The answer of a chat completion. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err-json.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/answer.h"
#include "chat/check.h"
#include "chat/choice.h"
#include "chat/collect.h"
#include "chat/head.h"
#include "chat/repair.h"
#include "chat/usage.h"
#include "copilot/failure.h"
#include "turn/stop.h"
#include "turn/usage.h"
#include "turn/terms.h"

struct answer {
	struct chat_wanted	 wanted;
	char			*asked;		/* behind wanted.model */
	struct usage		*noted;
	struct chat_head	 head;
	struct js_halves	 halves;
	struct chat_choice	*choices;	/* by index */
	int64_t			 nchoices;	/* up to the last one seen */
	json_object		*errors; /* the first of copilot_errors */
	json_object		*usage;
	struct chat_collect	*collect;	/* NULL when we stream */
	json_object		*extra;		/* other members, collected */
	struct thought		 thought;	/* of the first choice */
	size_t			 collected;	/* bytes of events */
	bool			 whole;		/* what upstream sent */
	bool			 held;		/* the end, for commit() */
	bool			 done;
};

/* Members of a chunk that are handled by name. */
static const char *const known[] = {
	"id", "object", "created", "model", "system_fingerprint", "choices",
	"usage", "error",
};

void *
chat_answer_create(const struct chat_wanted *wanted, struct usage *noted)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	a->wanted = *wanted;
	a->asked = xstrdup(wanted->model);
	a->wanted.model = a->asked;
	json_object_get(a->wanted.custom);
	if (wanted->stop != NULL)
		a->wanted.stop = chat_stop_copy(wanted->stop);
	a->noted = noted;
	if (!wanted->stream && wanted->sink == NULL)
		a->collect = chat_collect_create();
	return a;
}

static void
answer_destroy(void *self)
{
	struct answer	*a = self;
	int64_t		 i;

	if (a == NULL)
		return;
	for (i = 0; i < a->nchoices; i++)
		chat_choice_clear(&a->choices[i]);
	chat_stop_destroy(a->wanted.stop);
	json_object_put(a->wanted.custom);
	chat_collect_destroy(a->collect);
	json_object_put(a->errors);
	json_object_put(a->usage);
	json_object_put(a->extra);
	thought_finish(&a->thought);
	chat_head_finish(&a->head);
	free(a->choices);
	free(a->asked);
	free(a);
}

static bool
broken(struct err *err, const char *what)
{
	return err_set(err, 502, ERR_SERVER, NULL, NULL, "GitHub Copilot %s.",
	    what);
}

static bool
is_known(const char *key)
{
	size_t i;

	for (i = 0; i < COUNT(known); i++)
		if (strcmp(known[i], key) == 0)
			return true;
	return chat_is_private(key);
}

/* ,"key":value */
static void
put_member(struct buf *out, const char *key, json_object *value)
{
	json_object *name = json_object_new_string(key);

	buf_putc(out, ',');
	js_print(name, out);
	buf_putc(out, ':');
	js_print(value, out);
	json_object_put(name);
}

/* Members of a chunk that we don't know are passed on. */
static void
put_extra(struct buf *out, json_object *chunk)
{
	if (chunk == NULL)
		return;
	json_object_object_foreach(chunk, key, value) {
		if (value != NULL && !is_known(key))
			put_member(out, key, value);
	}
}

/* {"id":..,"object":..,"created":..,"model":.. */
static void
put_head(struct answer *a, struct buf *out)
{
	const struct buf *text = chat_head_text(&a->head, a->collect != NULL ?
	    "chat.completion" : "chat.completion.chunk",
	    a->asked, a->wanted.mapped);

	buf_append(out, text->p, text->len);
}

/*
 * One chunk: the head, one choice (NULL: none), what else upstream's chunk has,
 * and usage when the client asked for it. What js_print prints has no line
 * ends, so that it needs no second look by sse_put.
 */
static void
put_chunk(struct answer *a, json_object *choice, json_object *chunk,
    json_object *usage, struct buf *out)
{
	buf_puts(out, "data: ");
	put_head(a, out);
	buf_puts(out, ",\"choices\":[");
	if (choice != NULL)
		js_print(choice, out);
	buf_putc(out, ']');
	put_extra(out, chunk);
	if (a->wanted.include_usage)
		put_member(out, "usage", usage);
	buf_puts(out, "}\n\n");
}

/* Collected: keeps what put_extra would print. */
static void
keep_extra(struct answer *a, json_object *chunk)
{
	if (a->extra == NULL)
		a->extra = json_object_new_object();
	json_object_object_foreach(chunk, key, value) {
		if (value != NULL && !is_known(key))
			js_add_ref(a->extra, key, value);
	}
}

static void
note_thought(struct thought *t, json_object *piece)
{
	json_object	*delta = js_get(piece, "delta");
	json_object	*calls = js_array(delta, "tool_calls");
	size_t		 i, n = js_len(calls);

	thought_opaque(t, js_get(delta, "reasoning_opaque"));
	thought_text(t, js_get(delta, "reasoning_content"));
	for (i = 0; i < n; i++)
		thought_call(t, js_str(json_object_array_get_idx(calls, i),
		    "id"));
}

/* Gives a repaired piece to the client, or to what becomes its answer. */
static bool
say(struct answer *a, int64_t index, json_object *piece, json_object *chunk,
    struct buf *out, struct err *err)
{
	if (index == 0 && a->wanted.thoughts.keep != NULL)
		note_thought(&a->thought, piece);
	if (a->wanted.sink != NULL)
		return a->wanted.sink->piece(a->wanted.arg, piece, out, err);
	if (a->collect != NULL)
		chat_collect_add(a->collect, index, piece);
	else
		put_chunk(a, piece, chunk, NULL, out);
	return true;
}

/*
 * Which of the client's choices a piece belongs to. Who asked for one gets one:
 * Claude puts text and tool calls into choices of their own. -1: none.
 */
static int64_t
index_of(const struct answer *a, json_object *piece, size_t position)
{
	int64_t i = js_int(piece, "index", (int64_t)position);

	if (a->wanted.n <= 1)
		return 0;
	return i >= 0 && i < CHAT_N_MAX ? i : -1;
}

static struct chat_choice *
choice_at(struct answer *a, int64_t i)
{
	if (i >= a->nchoices) {
		a->choices = xrealloc(a->choices,
		    (size_t)(i + 1) * sizeof(*a->choices));
		memset(a->choices + a->nchoices, 0,
		    (size_t)(i + 1 - a->nchoices) * sizeof(*a->choices));
		for (; a->nchoices <= i; a->nchoices++) {
			a->choices[a->nchoices].json = a->wanted.told;
			a->choices[a->nchoices].calls.custom =
			    a->wanted.custom;
			if (a->wanted.stop != NULL)
				a->choices[a->nchoices].stop =
				    chat_stop_copy(a->wanted.stop);
		}
	}
	return &a->choices[i];
}

static bool
one_piece(struct answer *a, json_object *piece, size_t position,
    json_object *chunk, struct buf *out, struct err *err)
{
	struct chat_choice	*c;
	json_object		*message = js_obj(piece, "message");
	int64_t			 i = index_of(a, piece, position);
	bool			 worth;

	if (i < 0)
		return broken(err, "sent a choice of an impossible index");
	c = choice_at(a, i);
	/* Of a whole answer's split choices the first text counts. */
	if (a->whole && c->content && message != NULL)
		js_del(message, "content");
	if (!chat_choice_repair(c, piece, i, a->wanted.functions, &worth, err))
		return false;
	return !worth || say(a, i, piece, chunk, out, err);
}

/* Gemini counts nothing until the end, with zeros in every chunk. */
static void
note_usage(struct answer *a, json_object *chunk)
{
	json_object	*usage = js_obj(chunk, "usage");

	if (a->usage != NULL && js_int(usage, "prompt_tokens", 0) == 0 &&
	    js_int(usage, "completion_tokens", 0) == 0)
		usage = NULL;
	usage_read(a->noted, usage, js_obj(chunk, "copilot_usage"));
	if (usage == NULL)
		return;
	json_object_put(a->usage);
	a->usage = json_object_get(usage);
}

/*
 * copilot_errors tell of what failed beside the answer (a reference that could
 * not be resolved) or in place of it: that shows at the end.
 */
static void
note_errors(struct answer *a, json_object *chunk)
{
	json_object *errors = js_array(chunk, "copilot_errors");

	if (a->errors == NULL && js_len(errors) > 0)
		a->errors = json_object_get(
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
one_chunk(struct answer *a, json_object *chunk, struct buf *out,
    struct err *err)
{
	json_object	*choices = js_array(chunk, "choices"), *piece;
	json_object	*extra = chunk;
	size_t		 i, n = js_len(choices);

	chat_head_note(&a->head, chunk);
	note_errors(a, chunk);
	note_usage(a, chunk);
	if (a->collect != NULL)
		keep_extra(a, chunk);
	for (i = 0; i < n; i++) {
		piece = json_object_array_get_idx(choices, i);
		if (!json_object_is_type(piece, json_type_object))
			continue;
		if (!one_piece(a, piece, i, extra, out, err))
			return false;
		extra = NULL;
	}
	return true;
}

static void
put_whole(struct answer *a, struct buf *out)
{
	json_object *choices = chat_collect_choices(a->collect);

	put_head(a, out);
	put_member(out, "choices", choices);
	if (a->usage != NULL)
		put_member(out, "usage", a->usage);
	put_extra(out, a->extra);
	buf_putc(out, '}');
	json_object_put(choices);
}

/* What is still to be said of a choice, and its reason to end. */
static bool
finish_choice(struct answer *a, int64_t i, struct buf *out, struct err *err)
{
	struct chat_choice		*c = &a->choices[i];
	json_object			*rest = chat_choice_rest(c, i,
					    a->wanted.functions);
	json_object			*last = chat_choice_last(c, i,
					    a->wanted.functions);
	bool				 ok;

	ok = (rest == NULL || say(a, i, rest, NULL, out, err)) &&
	    say(a, i, last, NULL, out, err);
	json_object_put(rest);
	json_object_put(last);
	return ok;
}

/* The end: a reason for each choice, usage, [DONE]; or the whole body. */
static bool
finish(struct answer *a, struct buf *out, struct err *err)
{
	int64_t i;

	if (a->nchoices == 0 && a->errors != NULL) {
		upstream_error_event(a->errors, err);
		return false;
	}
	if (a->nchoices == 0)
		return broken(err, "sent an empty answer");
	for (i = 0; i < a->nchoices; i++)
		if (a->choices[i].seen && !finish_choice(a, i, out, err))
			return false;
	a->done = true;
	if (a->wanted.sink != NULL)
		return a->wanted.sink->end(a->wanted.arg, a->noted, out, err);
	if (a->usage != NULL)
		chat_usage_write(a->usage, a->noted);
	if (a->collect != NULL) {
		put_whole(a, out);
		return true;
	}
	if (a->wanted.include_usage && a->usage != NULL)
		put_chunk(a, NULL, NULL, a->usage, out);
	sse_put(out, NULL, "[DONE]", 6);
	return true;
}

/* Has upstream said of each choice asked for why it ended? */
static bool
complete(const struct answer *a)
{
	int64_t i;

	for (i = 0; i < a->nchoices; i++)
		if (a->choices[i].finish == NULL)
			return false;
	return a->nchoices >= a->wanted.n;
}

static bool
one_object(struct answer *a, json_object *obj, const struct sse_event *ev,
    struct buf *out, struct err *err)
{
	json_object *bad = failure(obj, ev);

	if (bad != NULL) {
		upstream_error_event(bad, err);
		return false;
	}
	return one_chunk(a, obj, out, err);
}

static bool
answer_event(void *self, const struct sse_event *ev, struct buf *out,
    struct err *err)
{
	struct answer	*a = self;
	json_object	*obj;
	bool		 ok;

	if (a->done || a->held || ev->len == 0)
		return true;
	if (strcmp(ev->data, "[DONE]") == 0) {
		/* The client may send the next request at once. */
		a->held = thought_counts(&a->thought);
		return a->held || finish(a, out, err);
	}
	if ((a->collect != NULL || a->wanted.sink != NULL) &&
	    ev->len > a->wanted.max - a->collected)
		return broken(err, "sent an answer that is too large");
	a->collected += ev->len;
	obj = js_parse_event(&a->halves, ev->data, ev->len);
	if (json_object_is_type(obj, json_type_object))
		ok = one_object(a, obj, ev, out, err);
	else		/* behind the end of all choices it doesn't matter */
		ok = complete(a) || (ev->unfinished ?
		    upstream_broken_off(err) : broken(err,
		    "sent an event that is not a JSON object"));
	json_object_put(obj);
	return ok;
}

/*
 * End of input. Copilot may leave out [DONE], and Gemini the reason of the end,
 * but where both are missing the answer was cut off.
 */
static bool
answer_end(void *self, struct buf *out, struct err *err)
{
	struct answer *a = self;

	if (a->done)
		return true;
	if (!a->held && !complete(a))
		return a->nchoices == 0 && a->errors != NULL ?
		    finish(a, out, err) : upstream_broken_off(err);
	return finish(a, out, err);
}

static void
answer_fail(void *self, const struct err *why, struct buf *out)
{
	struct answer	*a = self;
	struct buf	 body = { 0 };

	if (a->done)
		return;
	a->done = true;
	if (!a->wanted.stream)
		return;		/* half a JSON body can't say it */
	err_json(why, &body);
	sse_put(out, NULL, body.p, body.len);
	buf_finish(&body);
}

static bool
answer_whole(void *self, const char *text, size_t n, struct buf *out,
    struct err *err)
{
	struct answer	*a = self;
	json_object	*obj = js_parse_quiet(text, n);
	bool		 ok;

	a->whole = true;
	if (!json_object_is_type(obj, json_type_object))
		ok = broken(err, "sent an answer that is not a JSON object");
	else
		ok = one_object(a, obj, NULL, out, err) && finish(a, out, err);
	json_object_put(obj);
	return ok;
}

static void
answer_commit(void *self)
{
	struct answer *a = self;

	if (thought_counts(&a->thought))
		a->wanted.thoughts.keep(a->wanted.thoughts.arg, &a->thought);
}

static bool
answer_commits(void *self)
{
	const struct answer *a = self;

	return thought_counts(&a->thought);
}

/* Upstream's own end is not worth waiting for. */
static bool
answer_held(void *self)
{
	const struct answer *a = self;

	return a->held;
}

static void
answer_explain(void *self, struct err *err)
{
	const struct answer *a = self;

	if (a->wanted.inserted)
		terms_shift("messages", 1, NULL, err);
}

/* Has each choice come to a stop string, whatever upstream still says? */
static bool
answer_over(void *self)
{
	const struct answer	*a = self;
	int64_t			 i;

	for (i = 0; i < a->nchoices; i++)
		if (!a->choices[i].stopped)
			return false;
	return a->nchoices > 0 && a->nchoices >= a->wanted.n;
}

const struct answer_ops chat_answer = {
	.either = true,
	.event = answer_event,
	.end = answer_end,
	.fail = answer_fail,
	.whole = answer_whole,
	.commit = answer_commit,
	.commits = answer_commits,
	.done = answer_held,
	.over = answer_over,
	.explain = answer_explain,
	.destroy = answer_destroy
};
