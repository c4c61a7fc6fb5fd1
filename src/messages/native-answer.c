/*
 * The answer of Copilot's /v1/messages, made Anthropic's: it writes its events
 * itself, and is a sink for the ends of its life only.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/plain.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/failure.h"
#include "messages/collect.h"
#include "messages/error.h"
#include "messages/native-answer.h"
#include "messages/usual-answer.h"
#include "turn/sink.h"
#include "turn/usage.h"

struct native {
	struct sink		 sink;
	struct sink		*first;		/* of the answer's */
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
	bool			 over;		/* the last event has come */
	json_object		*whole;		/* that came as one; NULL: no */
	bool			 told;		/* all of it */
};

/* --- What Copilot adds. */

static void
drop_private(json_object *obj)
{
	if (!json_object_is_type(obj, json_type_object) || obj == NULL)
		return;
	/* json-c allows the current member to be removed on the way. */
	json_object_object_foreach(obj, key, value) {
		(void)value;
		if (util_starts(key, MESSAGES_PRIVATE))
			js_del(obj, key);
	}
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

/* The cost is told beside the tokens, as on the other endpoints. */
static void
note_usage(struct native *n, json_object *of, json_object *usage)
{
	json_object *cost;

	usage_read(n->wanted.usage, usage, js_get(of, "copilot_usage"));
	cost = usage_cost(n->wanted.usage);
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
put_held(struct native *n, struct buf *out)
{
	buf_append(out, buf_str(&n->held), n->held.len);
	buf_finish(&n->held);
	n->begun = true;
}

/* Where an event goes to: the beginning waits for what follows. */
static struct buf *
place(struct native *n, const char *type, struct buf *out)
{
	if (!n->begun && (is(type, "message_start") || is(type, "ping")))
		return &n->held;
	if (!n->begun)
		put_held(n, out);
	return out;
}

static bool
take_event(struct native *n, const char *type, json_object *ev,
    struct buf *out, struct err *err)
{
	if (is(type, "error")) {
		failure_read_event(ev, err);
		return false;
	}
	if (is(type, "message_start"))
		note_usage(n, ev, js_obj(js_obj(ev, "message"), "usage"));
	else if (is(type, "message_delta"))
		note_usage(n, ev, js_obj(ev, "usage"));
	n->stopped |= js_str(js_obj(ev, "delta"), "stop_reason") != NULL;
	n->over |= is(type, "message_stop");
	repair(ev);
	if (n->collect != NULL) {
		messages_collect_event(n->collect, ev);
		return true;
	}
	if (!js_is(ev, "type", type))
		js_add_str(ev, "type", type);
	messages_put(ev, place(n, type, out));
	return true;
}

/* Most events go on as they came, unread. */
static bool
passes(const struct native *n, const struct sse_event *e)
{
	return n->collect == NULL && n->begun && !e->bare && !e->unfinished &&
	    e->name != NULL && e->len > 0 && e->data[0] == '{' &&
	    is(e->name, "content_block_delta") &&
	    n->halves.high[0] == '\0' &&
	    !plain_holds(e->data, e->len, MESSAGES_PRIVATE,
	    sizeof(MESSAGES_PRIVATE) - 1);
}

static bool
unreadable(const struct sse_event *e, struct err *err)
{
	if (e->bare || e->len == 0)
		return true;
	return e->unfinished ? failure_broken_off(err) :
	    failure_unreadable_event(err);
}

static bool
one_event(struct native *n, const struct sse_event *e, struct buf *out,
    struct err *err)
{
	json_object	*ev;
	const char	*type;
	bool		 ok;

	/* Copilot ends its stream as OpenAI does; Anthropic has no such end. */
	if ((e->len == 6 && memcmp(e->data, "[DONE]", 6) == 0))
		return true;
	if (passes(n, e)) {
		sse_put(out, e->name, e->data, e->len);
		return true;
	}
	ev = js_parse_event(&n->halves, e->data, e->len);
	if (!json_object_is_type(ev, json_type_object) || ev == NULL) {
		json_object_put(ev);
		return unreadable(e, err);
	}
	type = js_str(ev, "type");
	if (type == NULL)
		type = e->name;
	if (type == NULL || e->bare)
		type = js_get(ev, "error") != NULL || e->bare ? "error" : "";
	ok = *type == '\0' || take_event(n, type, ev, out, err);
	json_object_put(ev);
	return ok;
}

/* The end, once the last event has come. */
static bool
event(void *self, const struct sse_event *e, struct buf *out, struct err *err)
{
	const struct sink_end	 end = { .reason = SINK_STOP };
	struct native		*n = self;

	return one_event(n, e, out, err) &&
	    (!n->over || sink_finish(n->first, &end, out, err));
}

/* Whoever has said why it stopped has only forgotten to say that it has. */
static bool
cut(void *self, struct buf *out, struct err *err)
{
	const struct sink_end	 end = { .reason = SINK_STOP };
	struct native		*n = self;

	return n->stopped ? sink_finish(n->first, &end, out, err) :
	    failure_broken_off(err);
}

/* --- A whole answer. */

static bool
take_whole(struct native *n, json_object *obj, struct err *err)
{
	if (!js_is(obj, "type", "message")) {
		if (js_get(obj, "error") == NULL)
			return failure_unreadable(err);
		failure_read_event(obj, err);
		return false;
	}
	note_usage(n, obj, js_obj(obj, "usage"));
	repair(obj);
	n->whole = json_object_get(obj);
	return true;
}

static bool
whole(void *self, const char *p, size_t len, struct buf *out,
    struct err *err)
{
	const struct sink_end	 end = { .reason = SINK_STOP };
	struct native		*n = self;
	json_object		*obj;
	bool			 ok;

	n->told = n->collect != NULL &&
	    messages_usual_answer(p, len, n->wanted.usage, out);
	if (n->told)
		return sink_finish(n->first, &end, out, err);
	obj = js_parse_quiet(p, len);
	ok = take_whole(n, obj, err) && sink_finish(n->first, &end, out, err);
	json_object_put(obj);
	return ok;
}

static void
none(void *self)
{
	(void)self;
}

static const struct answer_reader reader = { event, cut, whole, none };

/* --- The ends. */

static bool
put_whole(json_object *message, struct buf *out, struct err *err)
{
	if (message == NULL)
		return failure_unreadable(err);
	js_print(message, out);
	return true;
}

static bool
put_collected(struct native *n, struct buf *out, struct err *err)
{
	json_object	*message = messages_collect_end(n->collect);
	bool		 ok = put_whole(message, out, err);

	json_object_put(message);
	return ok;
}

static bool
finish(struct sink *s, const struct sink_end *end, struct buf *out,
    struct err *err)
{
	static const char	 stop[] = "{\"type\":\"message_stop\"}";
	struct native		*n = (struct native *)s;

	(void)end;
	if (n->told)
		return true;
	if (n->collect != NULL)
		return n->whole != NULL ? put_whole(n->whole, out, err) :
		    put_collected(n, out, err);
	if (n->whole != NULL)
		messages_replay(n->whole, out);
	else if (!n->over) {
		put_held(n, out);
		sse_put(out, "message_stop", stop, sizeof(stop) - 1);
	}
	return true;
}

/* Half a JSON body can't say it. */
static void
fail(struct sink *s, const struct err *err, struct buf *out)
{
	struct native *n = (struct native *)s;

	if (n->over || n->collect != NULL)
		return;
	put_held(n, out);
	messages_error_event(err, n->request_id, out);
}

/* Anthropic's own way through a silence, which is no event before the first. */
static bool
filler(struct sink *s, struct buf *out)
{
	const struct native *n = (const struct native *)s;

	if (!n->begun || n->over)
		return false;
	messages_put_ping(out);
	return true;
}

static void
destroy(struct sink *s)
{
	struct native *n = (struct native *)s;

	messages_collect_destroy(n->collect);
	json_object_put(n->whole);
	buf_finish(&n->held);
	free(n->request_id);
	free(n);
}

static const struct sink_ops ops = {
	.finish = finish, .fail = fail, .filler = filler, .destroy = destroy
};

struct answer *
messages_answer_create(const struct messages_wanted *wanted)
{
	struct native	*n = xcalloc(1, sizeof(*n));
	struct answer	*a = answer_create(&n->sink);

	n->sink.ops = &ops;
	n->first = answer_first(a);
	n->wanted = *wanted;
	n->request_id = xstrdup(wanted->request_id);
	if (!wanted->stream)
		n->collect = messages_collect_create();
	answer_read(a, &reader, n);
	return a;
}
