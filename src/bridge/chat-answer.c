/* The answer of a bridged chat completion. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "bridge/chat-answer.h"
#include "bridge/chat-chunk.h"
#include "bridge/chat-items.h"
#include "bridge/chat-request.h"
#include "chat/answer.h"
#include "copilot/failure.h"
#include "responses/usage.h"
#include "turn/usage.h"

struct answer {
	struct bridge_chat		 req;
	void				*chat;	/* who prints it */
	char				*model;	/* that was asked for */
	struct usage			*usage;
	struct js_halves		 halves;
	struct bridge_chat_items	 items;
	bool				 over;	/* nothing more is read */
	bool				 whole;	/* what upstream sent */
	bool				 held;	/* end() says the rest */
};

void *
bridge_chat_answer_create(const struct chat_wanted *wanted,
    struct bridge_chat *take, struct usage *usage)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	a->req = *take;
	*take = (struct bridge_chat){ 0 };
	a->model = xstrdup(wanted->model);
	a->usage = usage;
	a->chat = chat_answer_create(wanted, usage);
	bridge_chat_items_init(&a->items, a->chat, a->req.stop,
	    wanted->stream ? SIZE_MAX : wanted->max);
	return a;
}

static void
destroy(void *self)
{
	struct answer *a = self;

	if (a == NULL)
		return;
	bridge_chat_items_finish(&a->items);
	bridge_chat_finish(&a->req);
	chat_answer.destroy(a->chat);
	free(a->model);
	free(a);
}

static bool
broken(struct err *err, const char *what)
{
	return err_set(err, 502, ERR_SERVER, NULL, NULL, "GitHub Copilot %s.",
	    what);
}

/* Model and time, before anything is printed. */
static bool
note_head(struct answer *a, json_object *response)
{
	json_object *chunk = json_object_new_object();

	/* Not the name of Copilot's deployment. */
	if (js_str(response, "model") != NULL &&
	    util_starts(js_str(response, "model"), a->model))
		js_add_ref(chunk, "model", js_get(response, "model"));
	js_add_int(chunk, "created", js_int(response, "created_at", 0));
	return bridge_chat_items_put(&a->items, chunk);
}

/*
 * The last chunk and the end; event and response are NULL when they never
 * came.
 */
static bool
finish(struct answer *a, json_object *ev, json_object *response,
    const char *reason)
{
	json_object	*delta = json_object_new_object(), *chunk;
	json_object	*opaque = bridge_chat_opaque_text(&a->items.opaque);
	json_object	*usage = bridge_chat_usage(response);

	responses_usage_read(a->usage, ev, response);

	/* Once in an answer, since clients take no second one. */
	if (opaque != NULL)
		js_add_take(delta, "reasoning_opaque", opaque);
	chunk = bridge_chat_chunk(delta, reason);
	if (usage != NULL)
		js_add_take(chunk, "usage", usage);
	a->over = true;
	if (!bridge_chat_items_put(&a->items, chunk))
		return false;
	/* The client may send the next request at once: thoughts come first. */
	a->held = !a->whole && chat_answer.commits(a->chat);
	return a->held ||
	    chat_answer_finish(a->chat, a->items.out, a->items.err);
}

static bool
all_items(struct answer *a, json_object *response)
{
	json_object	*output = js_array(response, "output");
	size_t		 i, n = js_len(output);

	for (i = 0; i < n && !a->items.cut; i++)
		if (!bridge_chat_items_end(&a->items, (int64_t)i,
		    json_object_array_get_idx(output, i)))
			return false;
	return true;
}

/* The response is there; so are its items, when no event told of them. */
static bool
complete(struct answer *a, json_object *ev, json_object *response)
{
	if (a->items.n == 0 && (!note_head(a, response) ||
	    !all_items(a, response)))
		return false;
	return bridge_chat_items_flush(&a->items) && finish(a, ev, response,
	    a->items.cut ? "stop" : bridge_chat_reason(response));
}

/* An error is told in the client's terms, early or late. */
static bool
failure(struct answer *a, json_object *ev)
{
	struct err *err = a->items.err;

	if (js_is(ev, "type", "response.cancelled"))
		err_set(err, 503, ERR_SERVER, NULL, NULL,
		    "GitHub Copilot cancelled the response.");
	else
		upstream_error_event(ev, err);
	bridge_chat_reword(&a->req, err);
	return false;
}

/* --- Events. */

enum action { HEAD, BEGIN, TEXT, END, COMPLETE, FAILURE };

/* The members of a TEXT event: what it is for, the text, the part's index. */
struct text {
	enum bridge_chat_kind	 kind;
	bool			 whole;
	const char		*member, *part;
};

static const struct kind {
	const char	*type;
	enum action	 action;
	struct text	 text;
} kinds[] = {
	{ "response.output_text.delta", TEXT,
	    { BRIDGE_CHAT_CONTENT, false, "delta", "content_index" } },
	{ "response.function_call_arguments.delta", TEXT,
	    { BRIDGE_CHAT_ARGUMENTS, false, "delta", "" } },
	{ "response.reasoning_summary_text.delta", TEXT,
	    { BRIDGE_CHAT_REASONING_TEXT, false, "delta", "summary_index" } },
	{ "response.refusal.delta", TEXT,
	    { BRIDGE_CHAT_REFUSAL, false, "delta", "content_index" } },
	{ "response.output_text.done", TEXT,
	    { BRIDGE_CHAT_CONTENT, true, "text", "content_index" } },
	{ "response.function_call_arguments.done", TEXT,
	    { BRIDGE_CHAT_ARGUMENTS, true, "arguments", "" } },
	{ "response.reasoning_summary_text.done", TEXT,
	    { BRIDGE_CHAT_REASONING_TEXT, true, "text", "summary_index" } },
	{ "response.refusal.done", TEXT,
	    { BRIDGE_CHAT_REFUSAL, true, "refusal", "content_index" } },
	{ .type = "response.output_item.added", .action = BEGIN },
	{ .type = "response.output_item.done", .action = END },
	{ .type = "response.created", .action = HEAD },
	{ .type = "response.in_progress", .action = HEAD },
	{ .type = "response.completed", .action = COMPLETE },
	{ .type = "response.incomplete", .action = COMPLETE },
	{ .type = "response.failed", .action = FAILURE },
	{ .type = "response.cancelled", .action = FAILURE },
	{ .type = "error", .action = FAILURE }
};

static const struct kind *
find_kind(const char *type)
{
	size_t i;

	for (i = 0; type != NULL && i < COUNT(kinds); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

static bool
text_event(struct answer *a, json_object *ev, const struct text *text)
{
	struct bridge_chat_text t = {
		.kind = text->kind,
		.part = js_int(ev, text->part, 0),
		.whole = text->whole,
		.text = js_get(ev, text->member),
		.logprobs = js_array(ev, "logprobs")
	};

	return bridge_chat_items_text(&a->items,
	    js_int(ev, "output_index", -1), &t);
}

static bool
item_event(struct answer *a, json_object *ev, const struct kind *k)
{
	int64_t index = js_int(ev, "output_index", -1);

	switch (k->action) {
	case BEGIN:
		return bridge_chat_items_begin(&a->items, index,
		    js_obj(ev, "item"));
	case END:
		return bridge_chat_items_end(&a->items, index,
		    js_obj(ev, "item"));
	default:
		return text_event(a, ev, &k->text);
	}
}

static bool
known_event(struct answer *a, json_object *ev, const struct kind *k)
{
	switch (k->action) {
	case HEAD:
		return note_head(a, js_obj(ev, "response"));
	case COMPLETE:
		return complete(a, ev, js_obj(ev, "response"));
	case FAILURE:
		return failure(a, ev);
	default:
		/* Nothing behind a stop string matters. */
		return item_event(a, ev, k) &&
		    (!a->items.cut || finish(a, NULL, NULL, "stop"));
	}
}

/* A failure may come without a type, as a last line even without "data:". */
static bool
is_untyped_failure(json_object *ev, bool bare)
{
	return js_get(ev, "error") != NULL ||
	    (bare && (js_has(ev, "code") || js_has(ev, "message")));
}

static bool
any_event(struct answer *a, json_object *ev, const struct sse_event *e)
{
	const char		*type = js_str(ev, "type");
	const struct kind	*k;

	if (type == NULL && is_untyped_failure(ev, e->bare))
		return failure(a, ev);
	k = find_kind(type != NULL ? type : e->name);
	return k == NULL || known_event(a, ev, k);
}

static bool
event(void *self, const struct sse_event *e, struct buf *out, struct err *err)
{
	struct answer	*a = self;
	json_object	*ev;
	bool		 ok;

	if (a->over || e->len == 0 || strcmp(e->data, "[DONE]") == 0)
		return true;
	a->items.out = out;
	a->items.err = err;
	ev = js_parse_event(&a->halves, e->data, e->len);
	if (json_object_is_type(ev, json_type_object))
		ok = any_event(a, ev, e);
	else
		ok = e->unfinished ? upstream_broken_off(err) :
		    broken(err, "sent an event that is not a JSON object");
	json_object_put(ev);
	return ok;
}

static bool
end(void *self, struct buf *out, struct err *err)
{
	struct answer *a = self;

	return chat_answer.end(a->chat, out, err);
}

static void
fail(void *self, const struct err *why, struct buf *out)
{
	struct answer *a = self;

	a->over = true;
	(chat_answer.fail)(a->chat, why, out);
}

static void
commit(void *self)
{
	struct answer *a = self;

	chat_answer.commit(a->chat);
}

static bool
commits(void *self)
{
	struct answer *a = self;

	return chat_answer.commits(a->chat);
}

static bool
done(void *self)
{
	const struct answer *a = self;

	return a->held;
}

static bool
over(void *self)
{
	const struct answer *a = self;

	return a->items.cut;
}

static void
explain(void *self, struct err *err)
{
	struct answer *a = self;

	bridge_chat_reword(&a->req, err);
}

/* --- A whole answer. */

static bool
take_whole(struct answer *a, json_object *obj)
{
	if (js_get(obj, "error") != NULL || js_is(obj, "status", "failed"))
		return failure(a, obj);
	if (js_array(obj, "output") == NULL)
		return broken(a->items.err,
		    "sent an answer that is no response");
	return complete(a, NULL, obj);
}

static bool
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	struct answer	*a = self;
	json_object	*obj = js_parse_quiet(p, n);
	bool		 ok;

	a->whole = true;
	a->items.out = out;
	a->items.err = err;
	ok = take_whole(a, obj);
	json_object_put(obj);
	return ok;
}

const struct answer_ops bridge_chat_answer = {
	.either = true,
	.event = event,
	.end = end,
	.fail = fail,
	.whole = whole,
	.commit = commit,
	.commits = commits,
	.done = done,
	.explain = explain,
	.over = over,
	.destroy = destroy
};
