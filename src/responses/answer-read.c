/* Upstream's Responses answer, streamed or whole, said to a sink. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "responses/answer-read.h"
#include "responses/read-items.h"
#include "responses/usage.h"
#include "turn/delta.h"
#include "turn/sink.h"

struct reader {
	struct sink		*to;
	struct usage		*usage;
	struct js_halves	 halves;
	struct responses_items	 items;
	struct delta		 delta;
	struct responses_text	 last;	/* what the delta that was read is of */
	int64_t			 last_item;
};

void *
responses_reader_create(struct sink *to, struct usage *usage)
{
	struct reader *r = xcalloc(1, sizeof(*r));

	r->to = to;
	r->usage = usage;
	r->items.to = to;
	return r;
}

static void
destroy(void *self)
{
	struct reader *r = self;

	responses_items_finish(&r->items);
	delta_finish(&r->delta);
	free(r);
}

static bool
broken(struct err *err, const char *what)
{
	return err_set(err, 502, ERR_SERVER, NULL, NULL, "GitHub Copilot %s.",
	    what);
}

/* --- The response as a whole. */

static bool
put_head(struct reader *r, json_object *response, struct buf *out,
    struct err *err)
{
	const struct sink_head head = {
		.model = js_str(response, "model"),
		.created = js_int(response, "created_at", 0)
	};

	return sink_head(r->to, &head, out, err);
}

static bool
put_items(struct reader *r, json_object *response, struct buf *out,
    struct err *err)
{
	json_object	*output = js_array(response, "output");
	size_t		 i, n = js_len(output);

	for (i = 0; i < n && !sink_over(r->to); i++)
		if (!responses_items_end(&r->items, (int64_t)i,
		    json_object_array_get_idx(output, i), out, err))
			return false;
	return true;
}

static enum sink_reason
reason_of(json_object *response)
{
	json_object *details = js_obj(response, "incomplete_details");

	if (!js_is(response, "status", "incomplete") && details == NULL)
		return SINK_STOP;
	return js_is(details, "reason", "content_filter") ? SINK_FILTER :
	    SINK_LENGTH;
}

/* The response is there; so are its items, when no event told of them. */
static bool
complete(struct reader *r, json_object *ev, json_object *response,
    struct buf *out, struct err *err)
{
	struct sink_end end = { .reason = reason_of(response) };

	responses_usage_read(r->usage, ev, response);
	if (js_obj(response, "usage") != NULL)
		end.usage = r->usage;
	if (r->items.n == 0 && (!put_head(r, response, out, err) ||
	    !put_items(r, response, out, err)))
		return false;
	return sink_finish(r->to, &end, out, err);
}

static bool
failure(json_object *ev, struct err *err)
{
	if (js_is(ev, "type", "response.cancelled"))
		return err_set(err, 503, ERR_SERVER, NULL, NULL,
		    "GitHub Copilot cancelled the response.");
	failure_read_event(ev, err);
	return false;
}

/* --- Events. */

enum action { HEAD, BEGIN, TEXT, END, COMPLETE, FAILURE };

/* The members of a TEXT event: what it is for, the text, the part's index. */
struct text {
	enum sink_part	 part;
	bool		 whole;
	const char	*member, *index;
};

static const struct kind {
	const char	*type;
	enum action	 action;
	struct text	 text;
} kinds[] = {
	{ "response.output_text.delta", TEXT,
	    { SINK_TEXT, false, "delta", "content_index" } },
	{ "response.function_call_arguments.delta", TEXT,
	    { SINK_ARGUMENTS, false, "delta", "" } },
	{ "response.reasoning_summary_text.delta", TEXT,
	    { SINK_SUMMARY, false, "delta", "summary_index" } },
	{ "response.refusal.delta", TEXT,
	    { SINK_REFUSAL, false, "delta", "content_index" } },
	{ "response.output_text.done", TEXT,
	    { SINK_TEXT, true, "text", "content_index" } },
	{ "response.function_call_arguments.done", TEXT,
	    { SINK_ARGUMENTS, true, "arguments", "" } },
	{ "response.reasoning_summary_text.done", TEXT,
	    { SINK_SUMMARY, true, "text", "summary_index" } },
	{ "response.refusal.done", TEXT,
	    { SINK_REFUSAL, true, "refusal", "content_index" } },
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

/* A delta without news beside its text is what the next one will be like. */
static void
learn(struct reader *r, json_object *ev, const struct sse_event *e,
    const struct responses_text *t, int64_t item)
{
	if (t->whole || js_len(t->logprobs) > 0 || js_str(ev, "type") == NULL)
		return;
	r->last = *t;
	r->last.text = r->last.logprobs = NULL;
	r->last_item = item;
	delta_learn(&r->delta, e, "delta", t->text);
}

static bool
text_event(struct reader *r, json_object *ev, const struct sse_event *e,
    const struct text *text, struct buf *out, struct err *err)
{
	int64_t			item = js_int(ev, "output_index", -1);
	struct responses_text	t = {
		.part = text->part,
		.index = js_int(ev, text->index, 0),
		.whole = text->whole,
		.text = js_get(ev, text->member),
		.logprobs = js_array(ev, "logprobs")
	};

	learn(r, ev, e, &t, item);
	return responses_items_text(&r->items, item, &t, out, err);
}

static bool
same_event(struct reader *r, json_object *text, struct buf *out,
    struct err *err)
{
	struct responses_text t = r->last;

	t.text = text;
	return responses_items_text(&r->items, r->last_item, &t, out, err);
}

static bool
known_event(struct reader *r, json_object *ev, const struct sse_event *e,
    const struct kind *k, struct buf *out, struct err *err)
{
	int64_t index = js_int(ev, "output_index", -1);

	switch (k->action) {
	case HEAD:
		return put_head(r, js_obj(ev, "response"), out, err);
	case BEGIN:
		return responses_items_begin(&r->items, index,
		    js_obj(ev, "item"), out, err);
	case TEXT:
		return text_event(r, ev, e, &k->text, out, err);
	case END:
		return responses_items_end(&r->items, index,
		    js_obj(ev, "item"), out, err);
	case COMPLETE:
		return complete(r, ev, js_obj(ev, "response"), out, err);
	default:
		return failure(ev, err);
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
any_event(struct reader *r, json_object *ev, const struct sse_event *e,
    struct buf *out, struct err *err)
{
	const char		*type = js_str(ev, "type");
	const struct kind	*k;

	if (type == NULL && is_untyped_failure(ev, e->bare))
		return failure(ev, err);
	k = find_kind(type != NULL ? type : e->name);
	return k == NULL || known_event(r, ev, e, k, out, err);
}

static bool
event(void *self, const struct sse_event *e, struct buf *out, struct err *err)
{
	struct reader	*r = self;
	json_object	*ev = delta_text(&r->delta, e);
	bool		 ok;

	if (ev != NULL) {
		ok = same_event(r, ev, out, err);
		json_object_put(ev);
		return ok;
	}
	if (e->len == 0 || strcmp(e->data, "[DONE]") == 0)
		return true;
	ev = js_parse_event(&r->halves, e->data, e->len);
	if (json_object_is_type(ev, json_type_object))
		ok = any_event(r, ev, e, out, err);
	else
		ok = e->unfinished ? failure_broken_off(err) :
		    broken(err, "sent an event that is not a JSON object");
	json_object_put(ev);
	return ok;
}

static bool
cut(void *self, struct buf *out, struct err *err)
{
	(void)self;
	(void)out;
	return failure_broken_off(err);
}

/* --- A whole answer. */

static bool
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	json_object	*obj = js_parse_quiet(p, n);
	bool		 ok;

	if (js_get(obj, "error") != NULL || js_is(obj, "status", "failed"))
		ok = failure(obj, err);
	else if (js_array(obj, "output") == NULL)
		ok = broken(err, "sent an answer that is no response");
	else
		ok = complete(self, NULL, obj, out, err);
	json_object_put(obj);
	return ok;
}

const struct answer_reader responses_reader = { event, cut, whole, destroy };
