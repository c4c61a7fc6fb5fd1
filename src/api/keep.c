/* The response of an answer that is to be stored. */
#include "config.h"

#include <stdlib.h>

#include "api/exchange.h"
#include "api/keep.h"
#include "api/references.h"
#include "api/restore.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/items.h"
#include "responses/native.h"

struct keep {
	struct stored		*stored;
	const struct conf	*conf;		/* the exchange's */
	struct reply		*reply;		/* likewise */
	struct restored	 r;
	bool			 stream;
};

/*
 * The turn adds these to its conversation: items as a client will see them. The
 * input has waited for the answer as the text that is stored, maybe for minutes
 * and on another thread. NULL when a reference of theirs can't be read.
 */
static json_object *
joined_items(const struct keep *k, json_object *response)
{
	size_t		 room = (size_t)k->conf->max_request_body_bytes, i;
	json_object	*items = js_parse_quiet(k->r.input.p, k->r.input.len);
	json_object	*output = js_array(response, "output");

	if (items == NULL)
		items = json_object_new_array();
	if (!references_follow(k->stored, k->r.owner, items, &room, NULL)) {
		json_object_put(items);
		return NULL;
	}
	responses_items_present(items);
	for (i = 0; i < js_len(output); i++)
		json_object_array_add(items, json_object_get(
		    json_object_array_get_idx(output, i)));
	return items;
}

/* Where nothing could be kept the answer says so. */
static void
put(struct keep *k, json_object *response)
{
	struct stored_turn turn = {
		.owner = k->r.owner,
		.id = js_str(response, "id"),
		.previous = k->r.previous,
		.input = &k->r.input,
		.ids = k->r.ids,
		.response = response,
		.conversation = k->r.conversation,
		.interaction = k->r.interaction
	};

	if (turn.conversation != NULL)
		turn.joined = joined_items(k, response);
	if (turn.id == NULL ||
	    (turn.conversation != NULL && turn.joined == NULL) ||
	    !stored_put(k->stored, k->conf, &turn)) {
		js_add_bool(response, "store", false);
		/* The header of a stream is sent already. */
		if (!k->stream)
			reply_header(k->reply, STORED_HEADER, "no");
	}
	json_object_put(turn.joined);
}

/* The client gets what it asked for, which may be less than is kept. */
static void
keep(void *arg, json_object *response)
{
	struct keep	*k = arg;
	json_object	*output = js_array(response, "output");

	if (output == NULL)
		return;
	put(k, response);
	if (k->r.strip)
		responses_items_strip(output);
}

static void
forget(void *kept)
{
	struct keep *k = kept;

	restore_finish(&k->r);
	free(k);
}

struct responses_keeper
keep_create(struct exchange *x, struct restored *take, bool stream)
{
	struct keep *k = xcalloc(1, sizeof(*k));

	k->stored = x->stored;
	k->conf = x->conf;
	k->reply = &x->reply;
	k->r = *take;
	*take = (struct restored){ 0 };
	k->stream = stream;
	x->kept = k;
	x->forget = forget;
	x->copied = k->r.input.len;
	return (struct responses_keeper){
		.keep = keep, .arg = k, .strip = k->r.strip
	};
}
