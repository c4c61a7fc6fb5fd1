/* A response that runs in the background, on its own. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/detached.h"
#include "base/err.h"
#include "base/js.h"
#include "base/util.h"
#include "responses/native.h"
#include "responses/object.h"


static const char interrupted[] = "The response was interrupted.";

static void
last_finish(struct detached_last *last)
{
	free(last->code);
	free(last->why);
	buf_finish(&last->response);
}

void
detached_destroy(struct detached *d)
{
	if (d == NULL)
		return;
	buf_finish(&d->response);
	background_log_finish(&d->log);
	last_finish(&d->last);
	free(d->refusal);
	free(d);
}

/* --- What came of it. */

/* The status that an event says is the last one; NULL: none. */
static const char *
status_by(const char *type)
{
	static const char *const ends[] = {
		"completed", "incomplete", "failed"
	};
	size_t i;

	if (type == NULL || !util_starts(type, "response."))
		return NULL;
	for (i = 0; i < COUNT(ends); i++)
		if (strcmp(type + strlen("response."), ends[i]) == 0)
			return ends[i];
	return NULL;
}

static char *
copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

/* A text of the tree, since other threads have parts of that. */
static void
note_last(void *arg, json_object *ev)
{
	struct detached	*d = arg;
	json_object	*response = js_obj(ev, "response");
	json_object	*error = js_obj(response, "error");

	last_finish(&d->last);
	d->last = (struct detached_last){
		.number = js_int(ev, "sequence_number", 0),
		.status = status_by(js_str(ev, "type")),
		.code = copy(js_str(error, "code")),
		.why = copy(js_str(error, "message"))
	};
	js_print(response, &d->last.response);
}

struct responses_tap
detached_tap(struct detached *d)
{
	return (struct responses_tap){ note_last, d };
}

void
detached_refuse(struct detached *d, const struct err *err)
{
	free(d->refusal);
	d->refusal = xmalloc(sizeof(*err));
	*d->refusal = *err;
}

/* Did the last event get as far as a client would have had it? */
static bool
has_last(const struct detached *d)
{
	return d->last.status != NULL &&
	    d->last.number < d->log.first + (int64_t)d->log.n;
}

/* An error in the terms of a response's "error". */
static void
read_refusal(const struct err *err, struct background_end *e)
{
	e->why = err->msg;
	if (err->type != NULL && strcmp(err->type, ERR_SERVER) != 0)
		e->code = err->code[0] != '\0' ? err->code : "invalid_prompt";
}

static enum stored_found
finish(struct detached *d, const char *why)
{
	struct background_end e = {
		.owner = d->owner, .id = d->id, .status = "failed",
		.code = "server_error", .why = why != NULL ? why : interrupted
	};

	if (has_last(d)) {
		e.status = d->last.status;
		e.code = d->last.code;
		e.why = d->last.why;
		e.told = true;
		e.response = &d->last.response;
	} else if (d->refusal != NULL)
		read_refusal(d->refusal, &e);
	return background_finish(d->stored, d->row, &d->log, &e);
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
