/* A chat completion that is to be stored. */
#include "config.h"

#include <stdlib.h>

#include "api/chat-keep.h"
#include "api/metadata.h"
#include "api/restore.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "chat/collect.h"
#include "chat/print.h"
#include "chat/usage.h"
#include "chat/wanted.h"
#include "state/completions.h"

struct keep {
	struct chat_tap		 tap;
	struct stored		*stored;
	const struct conf	*conf;		/* the exchange's */
	struct reply		*reply;		/* likewise */
	const struct usage	*usage;		/* likewise */
	bool			 stream;
	char			 owner[STATE_OWNER_SIZE];
	/* Texts: another thread keeps them. */
	struct buf		 messages, asked, metadata;
	json_object		*object;	/* the first chunk, or all */
	struct chat_collect	*choices;	/* of chunks */
	size_t			 left;		/* bytes that may come */
	bool			 lost;		/* they were too many */
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

/* The metadata may change: here is their place. */
static void
note_asked(struct keep *k, const struct exchange *x, json_object *obj)
{
	json_object	*asked = json_object_new_object();
	size_t		 i;

	js_add_str(asked, "request_id", x->req.id);
	for (i = 0; i < COUNT(echoed); i++)
		js_add_ref(asked, echoed[i].name, js_get(obj,
		    echoed[i].member));
	js_add_take(asked, "metadata", json_object_new_object());
	js_print(asked, &k->asked);
	json_object_put(asked);
	js_print(js_array(obj, "messages"), &k->messages);
}

static void
forget(void *kept)
{
	struct keep *k = kept;

	buf_finish(&k->messages);
	buf_finish(&k->asked);
	buf_finish(&k->metadata);
	json_object_put(k->object);
	chat_collect_destroy(k->choices);
	free(k);
}

/* --- What is answered. */

static void
note_chunk(struct keep *k, json_object *chunk)
{
	json_object	*choices = js_array(chunk, "choices"), *choice;
	size_t		 i;

	if (k->object == NULL)
		k->object = json_object_get(chunk);
	for (i = 0; i < js_len(choices); i++) {
		choice = json_object_array_get_idx(choices, i);
		chat_collect_add(k->choices, js_int(choice, "index", 0),
		    choice);
	}
}

static void
note(struct keep *k, json_object *obj, size_t n)
{
	k->lost = k->lost || n > k->left;
	if (k->lost) {
		json_object_put(k->object);
		k->object = NULL;
		chat_collect_destroy(k->choices);
		k->choices = NULL;
		return;
	}
	k->left -= n;
	if (k->stream)
		note_chunk(k, obj);
	else
		k->object = json_object_get(obj);
}

static void
print(void *arg, json_object *obj, struct buf *out)
{
	struct keep	*k = arg;
	size_t		 at = out->len;

	chat_print_tree(obj, k->stream, out);
	if (obj != NULL)
		note(k, obj, out->len - at);
}

/* The members keep their places. */
static void
complete(struct keep *k)
{
	js_add_str(k->object, "object", "chat.completion");
	js_add_take(k->object, "choices", chat_collect_choices(k->choices));
	js_add_take(k->object, "usage", chat_usage_new(k->usage));
}

/* The header of a stream is sent already. */
static void
keep(void *arg)
{
	struct keep		*k = arg;
	struct completion	 of = {
		.owner = k->owner, .asked = &k->asked,
		.metadata = &k->metadata, .messages = &k->messages
	};

	if (k->stream && k->object != NULL)
		complete(k);
	of.object = k->object;
	of.id = js_str(k->object, "id");
	if ((of.id == NULL || !completion_put(k->stored, k->conf, &of)) &&
	    !k->stream)
		reply_header(k->reply, STORED_HEADER, "no");
}

/* --- The exchange. */

static struct keep *
create(struct exchange *x, json_object *obj, json_object *metadata)
{
	struct keep *k = xcalloc(1, sizeof(*k));

	k->tap = (struct chat_tap){ print, keep, k };
	k->stored = x->stored;
	k->conf = x->conf;
	k->reply = &x->reply;
	k->usage = &x->usage;
	k->stream = js_bool(obj, "stream", false);
	k->left = (size_t)x->conf->max_response_body_bytes;
	if (k->stream)
		k->choices = chat_collect_create();
	state_owner(x->key, k->owner);
	note_asked(k, x, obj);
	js_print(metadata, &k->metadata);
	x->kept = k;
	x->forget = forget;
	x->copied = k->messages.len + k->asked.len + k->metadata.len;
	x->collects = true;
	return k;
}

bool
chat_keep_read(struct exchange *x, json_object *obj, struct chat_tap *tap,
    struct err *err)
{
	json_object *metadata;

	*tap = (struct chat_tap){ .print = NULL };
	if (x->part || !js_bool(obj, "store", false) ||
	    js_array(obj, "messages") == NULL)
		return true;
	if ((metadata = metadata_read(obj, err)) == NULL)
		return false;
	if (x->stored != NULL && x->conf->stored_responses_enabled)
		*tap = create(x, obj, metadata)->tap;
	else
		reply_header(&x->reply, STORED_HEADER, "no");
	json_object_put(metadata);
	return true;
}

enum handled
chat_keep_settle(struct exchange *x, enum handled handled)
{
	struct keep *k = x->kept;

	if (k == NULL || handled == HANDLED_CALL)
		return handled;
	if (handled == HANDLED_PARTS) {
		x->tap = &k->tap;
		return handled;
	}
	forget(k);
	x->kept = NULL;
	x->copied = 0;
	x->collects = false;
	return handled;
}
