/* The answer of a Responses request that is to be stored. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/keep.h"
#include "api/references.h"
#include "api/restore.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "responses/items.h"

struct answer {
	struct answer_ops	 ops;		/* ours, as able as the inner */
	const struct answer_ops	*inner;
	void			*self;
	struct stored		*stored;
	const struct conf	*conf;		/* the exchange's */
	struct reply		*reply;		/* likewise */
	struct restored	 r;
	bool			 stream;
	struct buf		 text;	/* what the inner one has said */
	struct buf		 final;	/* its last event, once it came */
	json_object		*last;		/* the same, to be edited */
	json_object		*response; /* the final one; borrowed of last */
	bool			 ended;		/* the inner one, and how: */
	bool			 ok;
	struct err		 err;
	struct buf		 rest;		/* for end() */
};

/* --- What passes. */

/* The end of the event that begins at p: behind its empty line. */
static size_t
event_length(const char *p, size_t n)
{
	const char *end = memmem(p, n, "\n\n", 2);

	return end != NULL ? (size_t)(end - p) + 2 : n;
}

/* "event: NAME\ndata: JSON\n\n", as all of them are printed here. */
static json_object *
event_data(const char *p, size_t n)
{
	const char *data = memmem(p, n, "\ndata: ", 7);

	if (data == NULL)
		return NULL;
	data += 7;
	return js_parse_quiet(data, (size_t)(p + n - data) - 2);
}

static bool
is_event(const char *p, size_t n, const char *start)
{
	size_t len = strlen(start);

	return n > len && memcmp(p, start, len) == 0;
}

static bool
is_last(const char *p, size_t n)
{
	return is_event(p, n, "event: response.completed\n") ||
	    is_event(p, n, "event: response.incomplete\n");
}

static void
print_event(json_object *ev, struct buf *out)
{
	struct buf text = { 0 };

	js_print(ev, &text);
	sse_put(out, js_str(ev, "type"), text.p, text.len);
	buf_finish(&text);
}

/* An item's event without the sealed reasoning that nobody asked for. */
static void
pass_item(const char *p, size_t n, struct buf *out)
{
	static const char	 member[] = "\"encrypted_content\"";
	json_object		*ev = NULL, *item;

	if (memmem(p, n, member, sizeof(member) - 1) != NULL)
		ev = event_data(p, n);
	item = js_obj(ev, "item");
	if (!js_is(item, "type", "reasoning")) {
		buf_append(out, p, n);
	} else {
		js_del(item, "encrypted_content");
		print_event(ev, out);
	}
	json_object_put(ev);
}

/*
 * Give on the events in a->text; the last one stays here. It has all the output
 * in it, so that parsing it is for a worker.
 */
static void
pass_events(struct answer *a, struct buf *out)
{
	const char	*p = buf_str(&a->text);
	size_t		 left = a->text.len, n;

	for (; left > 0; p += n, left -= n) {
		n = event_length(p, left);
		if (a->final.len == 0 && is_last(p, n))
			buf_append(&a->final, p, n);
		else if (a->r.strip &&
		    is_event(p, n, "event: response.output_item."))
			pass_item(p, n, out);
		else
			buf_append(out, p, n);
	}
	buf_truncate(&a->text, 0);
}

/* --- Keeping. */

/*
 * What the turn adds to its conversation: items as a client will see them. NULL
 * when what they refer to can't be read.
 */
static json_object *
joined_items(const struct answer *a)
{
	size_t		 room = (size_t)a->conf->max_request_body_bytes, i;
	json_object	*items = js_parse_quiet(a->r.input.p, a->r.input.len);
	json_object	*output = js_array(a->response, "output");

	if (items == NULL)
		items = json_object_new_array();
	if (!references_follow(a->stored, a->r.owner, items, &room, NULL)) {
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
keep(struct answer *a)
{
	struct stored_turn turn = {
		.owner = a->r.owner,
		.id = js_str(a->response, "id"),
		.previous = a->r.previous,
		.input = &a->r.input,
		.ids = a->r.ids,
		.response = a->response,
		.conversation = a->r.conversation,
		.interaction = a->r.interaction
	};

	if (turn.conversation != NULL)
		turn.joined = joined_items(a);
	if (turn.id == NULL ||
	    (turn.conversation != NULL && turn.joined == NULL) ||
	    !stored_put(a->stored, a->conf, &turn)) {
		js_add_bool(a->response, "store", false);
		/* The header of a stream is sent already. */
		if (!a->stream)
			reply_header(a->reply, STORED_HEADER, "no");
	}
	json_object_put(turn.joined);
}

/* The inner answer is complete, in a->text what it said at its end. */
static void
read_last(struct answer *a, struct buf *out)
{
	if (a->stream) {
		pass_events(a, out);
		a->last = event_data(buf_str(&a->final), a->final.len);
		a->response = js_obj(a->last, "response");
	} else {
		a->final = a->text;
		a->text = (struct buf){ 0 };
		a->last = js_parse_quiet(buf_str(&a->final), a->final.len);
		a->response = a->last;
	}
}

static void
finish(struct answer *a, struct buf *out)
{
	read_last(a, out);
	if (js_array(a->response, "output") != NULL)
		keep(a);
	else
		a->response = NULL;
	if (a->response != NULL && a->r.strip)
		responses_items_strip(js_array(a->response, "output"));
	if (a->last == NULL)
		buf_append(out, buf_str(&a->final), a->final.len);
	else if (a->stream)
		print_event(a->last, out);
	else
		js_print(a->last, out);
}

/* --- The answer. */

static bool
event(void *self, const struct sse_event *ev, struct buf *out, struct err *err)
{
	struct answer	*a = self;
	bool		 ok;

	ok = a->inner->event(a->self, ev, &a->text, err);
	if (a->stream)
		pass_events(a, out);
	return ok;
}

static void
commit(void *self)
{
	struct answer *a = self;

	if (a->inner->commit != NULL &&
	    (a->inner->commits == NULL || a->inner->commits(a->self)))
		a->inner->commit(a->self);
	if (a->ended)
		return;
	a->ended = true;
	a->ok = a->inner->end(a->self, &a->text, &a->err);
	if (a->ok)
		finish(a, &a->rest);
}

static bool
end(void *self, struct buf *out, struct err *err)
{
	struct answer *a = self;

	if (!a->ended)
		commit(a);
	buf_append(out, buf_str(&a->rest), a->rest.len);
	buf_finish(&a->rest);
	if (!a->ok)
		*err = a->err;
	return a->ok;
}

static void
fail(void *self, const struct err *err, struct buf *out)
{
	struct answer *a = self;

	a->inner->fail(a->self, err, &a->text);
	if (a->stream)
		pass_events(a, out);
}

/* On a worker, since there is a commit(). */
static bool
whole(void *self, const char *p, size_t n, struct buf *out, struct err *err)
{
	struct answer *a = self;

	a->ended = true;
	if (!a->inner->whole(a->self, p, n, &a->text, err))
		return false;
	finish(a, out);
	return true;
}

static bool
done(void *self)
{
	const struct answer *a = self;

	return a->final.len > 0 || (a->inner->done != NULL &&
	    a->inner->done(a->self));
}

static void
explain(void *self, struct err *err)
{
	struct answer *a = self;

	a->inner->explain(a->self, err);
}

static bool
over(void *self)
{
	struct answer *a = self;

	return a->inner->over(a->self);
}

/* What the inner answer withholds comes first; the last event stays last. */
static bool
alive(void *self, struct buf *out)
{
	struct answer *a = self;

	return a->final.len == 0 && !a->ended && a->inner->alive(a->self, out);
}

static void
destroy(void *self)
{
	struct answer *a = self;

	if (a == NULL)
		return;
	a->inner->destroy(a->self);
	restore_finish(&a->r);
	json_object_put(a->last);
	buf_finish(&a->text);
	buf_finish(&a->final);
	buf_finish(&a->rest);
	free(a);
}

void
keep_wrap(struct exchange *x, struct restored *take)
{
	struct answer *a = xcalloc(1, sizeof(*a));

	a->inner = x->answer;
	a->self = x->self;
	a->ops = (struct answer_ops){
		.either = a->inner->either,
		.event = event,
		.end = end,
		.fail = fail,
		.whole = whole,
		.commit = commit,
		.done = done,
		.explain = a->inner->explain != NULL ? explain : NULL,
		.over = a->inner->over != NULL ? over : NULL,
		.alive = a->inner->alive != NULL ? alive : NULL,
		.destroy = destroy
	};
	a->stored = x->stored;
	a->conf = x->conf;
	a->reply = &x->reply;
	a->r = *take;
	*take = (struct restored){ 0 };
	a->stream = x->stream;
	x->answer = &a->ops;
	x->self = a;
}
