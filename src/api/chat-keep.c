/* A chat completion that is to be stored. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/chat-keep.h"
#include "api/metadata.h"
#include "api/restore.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/collect.h"
#include "chat/usage.h"
#include "state/completions.h"
#include "turn/answer.h"

struct chat_keep {
	const struct answer_ops	*ops;	/* of the answer behind this one */
	void			*self;
	bool			 held;		/* by that one, too */
	struct stored		*stored;
	const struct conf	*conf;		/* the exchange's */
	struct reply		*reply;		/* likewise */
	const struct usage	*usage;		/* likewise */
	bool			 stream;
	char			 owner[STATE_OWNER_SIZE];
	/* Texts: another thread keeps them. */
	struct buf		 messages, asked;
	struct buf		 sent;		/* what the client gets */
	bool			 lost;		/* that was too much */
};

/* --- What was asked. */

/* Members of the stored object that are the request's, and their names here. */
static const struct {
	const char	*name, *member;
} echoed[] = {
	{ "tool_choice", "tool_choice" }, { "seed", "seed" },
	{ "top_p", "top_p" }, { "temperature", "temperature" },
	{ "presence_penalty", "presence_penalty" },
	{ "frequency_penalty", "frequency_penalty" },
	{ "input_user", "user" }, { "tools", "tools" },
	{ "metadata", "metadata" }, { "response_format", "response_format" },
};

static void
note_asked(struct chat_keep *k, const struct exchange *x, json_object *obj,
    json_object *metadata)
{
	json_object	*asked = json_object_new_object();
	size_t		 i;

	js_add_str(asked, "request_id", x->req.id);
	for (i = 0; i < COUNT(echoed); i++)
		js_add_ref(asked, echoed[i].name, js_get(obj,
		    echoed[i].member));
	js_add_ref(asked, "metadata", metadata);
	js_print(asked, &k->asked);
	json_object_put(asked);
	js_print(js_array(obj, "messages"), &k->messages);
}

static struct chat_keep *
create(struct exchange *x, json_object *obj, json_object *metadata)
{
	struct chat_keep *k = xcalloc(1, sizeof(*k));

	k->stored = x->stored;
	k->conf = x->conf;
	k->reply = &x->reply;
	k->usage = &x->usage;
	k->stream = js_bool(obj, "stream", false);
	state_owner(x->key, k->owner);
	note_asked(k, x, obj, metadata);
	return k;
}

static void
destroy(void *self)
{
	struct chat_keep *k = self;

	if (k == NULL)
		return;
	if (k->self != NULL)
		k->ops->destroy(k->self);
	buf_finish(&k->messages);
	buf_finish(&k->asked);
	buf_finish(&k->sent);
	free(k);
}

/* Parts of a request are asked for the whole, see chat_keep_take(). */
bool
chat_keep_read(struct exchange *x, json_object *obj, struct chat_keep **keep,
    struct err *err)
{
	json_object *metadata;

	*keep = NULL;
	if (x->part || !js_bool(obj, "store", false) ||
	    js_array(obj, "messages") == NULL)
		return true;
	if ((metadata = metadata_read(obj, err)) == NULL)
		return false;
	if (x->stored != NULL && x->conf->stored_responses_enabled)
		*keep = create(x, obj, metadata);
	else
		reply_header(&x->reply, STORED_HEADER, "no");
	json_object_put(metadata);
	return true;
}

/* --- The completion, from what the client got. */

/* Chunks of a stream, put together. */
struct joined {
	json_object		*head;		/* the first of them */
	struct chat_collect	*choices;
};

static bool
join(const struct sse_event *ev, void *arg)
{
	struct joined	*j = arg;
	json_object	*chunk = js_parse_quiet(ev->data, ev->len), *choice;
	json_object	*choices = js_array(chunk, "choices");
	size_t		 i;

	if (j->head == NULL && choices != NULL)
		j->head = json_object_get(chunk);
	for (i = 0; i < js_len(choices); i++) {
		choice = json_object_array_get_idx(choices, i);
		chat_collect_add(j->choices, js_int(choice, "index", 0),
		    choice);
	}
	json_object_put(chunk);
	return true;
}

static json_object *
of_stream(const struct chat_keep *k)
{
	struct joined	 j = { .choices = chat_collect_create() };
	struct sse	 sse = { .max = k->sent.len + 1 };
	json_object	*obj = NULL;

	sse_feed(&sse, buf_str(&k->sent), k->sent.len, join, &j);
	if (j.head != NULL) {
		obj = json_object_new_object();
		json_object_object_foreach(j.head, key, v)
			js_add_ref(obj, key, v);
		js_add_str(obj, "object", "chat.completion");
		js_add_take(obj, "choices", chat_collect_choices(j.choices));
		js_add_take(obj, "usage", chat_usage_new(k->usage));
	}
	json_object_put(j.head);
	chat_collect_destroy(j.choices);
	sse_finish(&sse);
	return obj;
}

/* NULL: it could not be read. */
static json_object *
completion_of(const struct chat_keep *k)
{
	json_object *asked = js_parse_quiet(k->asked.p, k->asked.len), *obj;

	obj = k->stream ? of_stream(k) :
	    js_parse_quiet(buf_str(&k->sent), k->sent.len);
	if (js_array(obj, "choices") == NULL || asked == NULL) {
		json_object_put(asked);
		json_object_put(obj);
		return NULL;
	}
	json_object_object_foreach(asked, key, v)
		js_add_ref(obj, key, v);
	json_object_put(asked);
	return obj;
}

/* The header of a stream is sent already. */
static void
keep(struct chat_keep *k)
{
	json_object		*obj = k->lost ? NULL : completion_of(k);
	const struct completion	 of = {
		.owner = k->owner, .id = js_str(obj, "id"), .object = obj,
		.messages = &k->messages
	};

	if ((of.id == NULL || !completion_put(k->stored, k->conf, &of)) &&
	    !k->stream)
		reply_header(k->reply, STORED_HEADER, "no");
	json_object_put(obj);
}

/* --- The answer that stands before the other one. */

static void
note(struct chat_keep *k, const struct buf *out, size_t at)
{
	size_t n = out->len - at;

	k->lost = k->lost || n >
	    (size_t)k->conf->max_response_body_bytes - k->sent.len;
	if (k->lost)
		buf_finish(&k->sent);
	else
		buf_append(&k->sent, buf_str(out) + at, n);
}

/* The end waits until this is kept, whether or not there was more to keep. */
static enum answer_said
noted(struct chat_keep *k, enum answer_said said, const struct buf *out,
    size_t at)
{
	note(k, out, at);
	k->held = said == ANSWER_HELD;
	return said == ANSWER_COMPLETE ? ANSWER_HELD : said;
}

static enum answer_said
event(void *self, const struct sse_event *ev, struct buf *out, struct err *err)
{
	struct chat_keep	*k = self;
	size_t			 at = out->len;

	return noted(k, k->ops->event(k->self, ev, out, err), out, at);
}

static enum answer_said
end(void *self, struct buf *out, struct err *err)
{
	struct chat_keep	*k = self;
	size_t			 at = out->len;

	return noted(k, k->ops->end(k->self, out, err), out, at);
}

static enum answer_said
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	struct chat_keep	*k = self;
	size_t			 at = out->len;

	return noted(k, k->ops->whole(k->self, p, n, out, err), out, at);
}

static bool
commit(void *self, struct buf *out, struct err *err)
{
	struct chat_keep	*k = self;
	size_t			 at = out->len;

	if (k->held && !k->ops->commit(k->self, out, err))
		return false;
	note(k, out, at);
	keep(k);
	return true;
}

static void
fail(void *self, const struct err *why, struct buf *out)
{
	struct chat_keep *k = self;

	k->ops->fail(k->self, why, out);
}

static void
explain(void *self, struct err *err)
{
	struct chat_keep *k = self;

	if (k->ops->explain != NULL)
		k->ops->explain(k->self, err);
}

static bool
filler(void *self, struct buf *out)
{
	struct chat_keep *k = self;

	return k->ops->filler != NULL && k->ops->filler(k->self, out);
}

static const struct answer_ops ops = {
	.event = event, .end = end, .whole = whole, .commit = commit,
	.fail = fail, .explain = explain, .filler = filler,
	.destroy = destroy
};

/*
 * A request that is split comes back as one answer without an end of its own:
 * it is not kept.
 */
enum handled
chat_keep_take(struct exchange *x, struct chat_keep *take, enum handled handled)
{
	if (take == NULL)
		return handled;
	if (handled == HANDLED_PARTS)
		reply_header(&x->reply, STORED_HEADER, "no");
	if (handled != HANDLED_CALL) {
		destroy(take);
		return handled;
	}
	take->ops = x->answer;
	take->self = x->self;
	x->answer = &ops;
	x->self = take;
	x->copied += take->messages.len + take->asked.len;
	x->collects = true;
	return handled;
}
