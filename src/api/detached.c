/* A response that runs in the background, on its own. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/detached.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "responses/object.h"


static const char interrupted[] = "The response was interrupted.";

void
detached_destroy(struct detached *d)
{
	if (d == NULL)
		return;
	buf_finish(&d->response);
	background_log_finish(&d->log);
	buf_finish(&d->last);
	buf_finish(&d->refusal);
	free(d);
}

/* --- What came of it. */

/* The status that an event says is the last one; NULL: none. */
static const char *
status_by(const char *name)
{
	static const char *const ends[] = {
		"completed", "incomplete", "failed"
	};
	size_t i;

	if (name == NULL || !util_starts(name, "response."))
		return NULL;
	for (i = 0; i < COUNT(ends); i++)
		if (strcmp(name + strlen("response."), ends[i]) == 0)
			return ends[i];
	return NULL;
}

void
detached_event(struct detached *d, const struct sse_event *ev)
{
	struct buf	 text = { 0 };
	const char	*status = status_by(ev->name);

	if (d->status != NULL)
		return;
	sse_put(&text, ev->name, ev->data, ev->len);
	background_log_add(&d->log, text.p, text.len);
	buf_finish(&text);
	if (status == NULL)
		return;
	d->status = status;
	buf_append(&d->last, ev->data, ev->len);
}

/* Read an error's body in the terms of a response's "error". */
static void
read_refusal(json_object *obj, struct background_end *e)
{
	json_object	*error = js_obj(obj, "error");
	const char	*code = js_str(error, "code");

	e->status = "failed";
	e->code = "server_error";
	if (!js_is(error, "type", ERR_SERVER))
		e->code = code != NULL ? code : "invalid_prompt";
	if (js_str(error, "message") != NULL)
		e->why = js_str(error, "message");
}

/* The last event, or what there is in its place, as a tree. */
static json_object *
parse_end(const struct detached *d)
{
	const struct buf *b = d->status != NULL ? &d->last : &d->refusal;

	return b->len > 0 ? js_parse_quiet(b->p, b->len) : NULL;
}

static enum stored_found
finish(struct detached *d, const char *why)
{
	struct background_end	 e = {
		.owner = d->owner, .id = d->id, .status = "failed",
		.code = "server_error", .why = why != NULL ? why : interrupted
	};
	json_object		*obj = parse_end(d), *error;
	struct buf		 text = { 0 };
	enum stored_found	 found;

	if (d->status != NULL) {
		error = js_obj(js_obj(obj, "response"), "error");
		e.status = d->status;
		e.code = js_str(error, "code");
		e.why = js_str(error, "message");
		e.told = true;
		js_print(js_obj(obj, "response"), &text);
		e.response = &text;
	} else if (obj != NULL)
		read_refusal(obj, &e);
	found = background_finish(d->stored, d->row, &d->log, &e);
	buf_finish(&text);
	json_object_put(obj);
	return found;
}

enum stored_found
detached_write(struct detached *d, bool over, const char *why)
{
	return over ? finish(d, why) :
	    background_append(d->stored, d->row, &d->log);
}

/* --- Who asks about one. */

bool
detached_failed(const struct background *b, struct err *err)
{
	const char *code = b->code != NULL ? b->code : "server_error";

	if (b->why == NULL)
		return false;
	err_set(err, 500, strcmp(code, "server_error") == 0 ? ERR_SERVER :
	    ERR_REQUEST, code, NULL, "%s", b->why);
	return true;
}

json_object *
detached_object(const struct background *b)
{
	json_object	*obj = b->response;
	struct err	 err;

	if (obj == NULL)
		return NULL;
	js_add_str(obj, "status", b->status);
	if (js_obj(obj, "error") == NULL && detached_failed(b, &err))
		js_add_take(obj, "error", responses_error(&err));
	return json_object_get(obj);
}
