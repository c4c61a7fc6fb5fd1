/* The answer of Copilot's /v1/messages, made Anthropic's. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "messages/collect.h"
#include "messages/error.h"
#include "messages/native-answer.h"
#include "turn/usage.h"

#define PRIVATE "copilot_"	/* how the members begin that Copilot adds */

struct answer {
	struct messages_wanted	 wanted;
	char			*request_id;	/* behind wanted.request_id */
	struct js_halves	 halves;
	struct messages_collect	*collect;	/* NULL when we stream */
	/*
	 * message_start is held back until something follows it: when that is
	 * an error, the client gets an HTTP status instead of a stream.
	 */
	struct buf		 held;
	bool			 begun;		/* it has gone out */
	bool			 stopped;	/* a reason to stop was said */
	bool			 over;		/* the last event was sent */
};

/* --- What Copilot adds. */

static void
drop_private(json_object *obj)
{
	struct json_object_iterator	 at, end;
	const char			*names[16];
	size_t				 i, n = 0;

	if (!json_object_is_type(obj, json_type_object) || obj == NULL)
		return;
	at = json_object_iter_begin(obj);
	end = json_object_iter_end(obj);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		if (n < COUNT(names) && util_starts(
		    json_object_iter_peek_name(&at), PRIVATE))
			names[n++] = json_object_iter_peek_name(&at);
	for (i = 0; i < n; i++)
		json_object_object_del(obj, names[i]);
}

static void
repair(json_object *ev)
{
	drop_private(ev);
	drop_private(js_obj(ev, "message"));
	drop_private(js_obj(ev, "delta"));
	drop_private(js_obj(ev, "usage"));
	drop_private(js_obj(js_obj(ev, "message"), "usage"));
}

/* --- Tokens. */

/* What it costs is told beside the tokens, as on the other endpoints. */
static void
note_usage(struct answer *a, json_object *of, json_object *usage)
{
	json_object *cost;

	usage_read(a->wanted.usage, usage, js_get(of, "copilot_usage"));
	cost = usage_cost(a->wanted.usage);
	if (cost != NULL && usage != NULL)
		js_add_take(usage, "cost", cost);
	else
		json_object_put(cost);
}

/* --- Events. */

static bool
is(const char *type, const char *name)
{
	return strcmp(type, name) == 0;
}

static void
put_held(struct answer *a, struct buf *out)
{
	buf_append(out, buf_str(&a->held), a->held.len);
	buf_finish(&a->held);
	a->begun = true;
}

/* Where an event goes to: the beginning waits for what follows. */
static struct buf *
place(struct answer *a, const char *type, struct buf *out)
{
	if (!a->begun && (is(type, "message_start") || is(type, "ping")))
		return &a->held;
	if (!a->begun)
		put_held(a, out);
	return out;
}

static bool
take_event(struct answer *a, const char *type, json_object *ev,
    struct buf *out, struct err *err)
{
	if (is(type, "error")) {
		failure_read_event(ev, err);
		return false;
	}
	if (is(type, "message_start"))
		note_usage(a, ev, js_obj(js_obj(ev, "message"), "usage"));
	else if (is(type, "message_delta"))
		note_usage(a, ev, js_obj(ev, "usage"));
	a->stopped |= js_str(js_obj(ev, "delta"), "stop_reason") != NULL;
	a->over |= is(type, "message_stop");
	repair(ev);
	if (a->collect != NULL) {
		messages_collect_event(a->collect, ev);
		return true;
	}
	if (!js_is(ev, "type", type))
		js_add_str(ev, "type", type);
	messages_put(ev, place(a, type, out));
	return true;
}

/* Most events go on as they came, unread. */
static bool
passes(const struct answer *a, const struct sse_event *e)
{
	return a->collect == NULL && a->begun && !e->bare && !e->unfinished &&
	    e->name != NULL && e->len > 0 && e->data[0] == '{' &&
	    is(e->name, "content_block_delta") &&
	    a->halves.high[0] == '\0' &&
	    memmem(e->data, e->len, PRIVATE, sizeof(PRIVATE) - 1) == NULL;
}

static bool
unreadable(const struct sse_event *e, struct err *err)
{
	if (e->bare || e->len == 0)
		return true;
	return e->unfinished ? failure_broken_off(err) :
	    err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
	    "GitHub Copilot sent an event that could not be read.");
}

static bool
one_event(struct answer *a, const struct sse_event *e, struct buf *out,
    struct err *err)
{
	json_object	*ev;
	const char	*type;
	bool		 ok;

	/* Copilot ends its stream as OpenAI does; Anthropic has no such end. */
	if ((e->len == 6 && memcmp(e->data, "[DONE]", 6) == 0))
		return true;
	if (passes(a, e)) {
		sse_put(out, e->name, e->data, e->len);
		return true;
	}
	ev = js_parse_event(&a->halves, e->data, e->len);
	if (!json_object_is_type(ev, json_type_object) || ev == NULL) {
		json_object_put(ev);
		return unreadable(e, err);
	}
	type = js_str(ev, "type");
	if (type == NULL)
		type = e->name;
	if (type == NULL || e->bare)
		type = js_get(ev, "error") != NULL || e->bare ? "error" : "";
	ok = *type == '\0' || take_event(a, type, ev, out, err);
	json_object_put(ev);
	return ok;
}

static bool
end_whole(struct answer *a, struct buf *out, struct err *err)
{
	json_object *message = messages_collect_end(a->collect);

	if (message == NULL)
		return err_set(err, 502, ERR_SERVER, "upstream_invalid", NULL,
		    "GitHub Copilot's answer could not be read.");
	js_print(message, out);
	json_object_put(message);
	return true;
}

/* Whoever has said why it stopped has only forgotten to say that it has. */
static bool
finish(struct answer *a, struct buf *out, struct err *err)
{
	static const char	 stop[] = "{\"type\":\"message_stop\"}";

	if (!a->over && !a->stopped)
		return failure_broken_off(err);
	if (a->collect != NULL)
		return end_whole(a, out, err);
	if (!a->over) {
		put_held(a, out);
		sse_put(out, "message_stop", stop, sizeof(stop) - 1);
	}
	a->over = true;
	return true;
}

static enum answer_said
end(void *self, struct buf *out, struct err *err)
{
	return finish(self, out, err) ? ANSWER_COMPLETE : ANSWER_FAILED;
}

static enum answer_said
event(void *self, const struct sse_event *e, struct buf *out,
    struct err *err)
{
	struct answer *a = self;

	if (!one_event(a, e, out, err))
		return ANSWER_FAILED;
	if (!a->over)
		return ANSWER_MORE;
	return end(a, out, err);
}

static void
fail(void *self, const struct err *err, struct buf *out)
{
	struct answer *a = self;

	if (a->over)
		return;
	put_held(a, out);
	messages_error_event(err, a->request_id, out);
	a->over = true;
}

/* Anthropic's own way through a silence, which is no event before the first. */
static bool
filler(void *self, struct buf *out)
{
	const struct answer *a = self;

	if (!a->begun || a->over)
		return false;
	messages_put_ping(out);
	return true;
}

/* --- A whole answer. */

static bool
take_whole(struct answer *a, json_object *obj, struct buf *out,
    struct err *err)
{
	if (!js_is(obj, "type", "message")) {
		if (js_get(obj, "error") == NULL)
			return err_set(err, 502, ERR_SERVER, "upstream_invalid",
			    NULL, "GitHub Copilot's answer could not be read.");
		failure_read_event(obj, err);
		return false;
	}
	note_usage(a, obj, js_obj(obj, "usage"));
	repair(obj);
	if (a->wanted.stream)
		messages_replay(obj, out);
	else
		js_print(obj, out);
	return true;
}

static enum answer_said
whole(void *self, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	json_object	*obj = js_parse_quiet(p, n);
	bool		 ok = take_whole(self, obj, out, err);

	json_object_put(obj);
	return ok ? ANSWER_COMPLETE : ANSWER_FAILED;
}

/* --- Life. */

static void
destroy(void *self)
{
	struct answer *a = self;

	if (a == NULL)
		return;
	messages_collect_destroy(a->collect);
	buf_finish(&a->held);
	free(a->request_id);
	free(a);
}

const struct answer_ops messages_answer = {
	.event = event,
	.end = end,
	.fail = fail,
	.whole = whole,
	.filler = filler,
	.destroy = destroy
};

void *
messages_answer_create(const struct messages_wanted *wanted)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	a->wanted = *wanted;
	a->request_id = xstrdup(wanted->request_id);
	if (!wanted->stream)
		a->collect = messages_collect_create();
	return a;
}
