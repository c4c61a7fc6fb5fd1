/* Clients follow a response in the background. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/detached.h"
#include "api/followed.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "responses/object.h"

#define PIECE (256u << 10)	/* of events, read in one go */
#define NUMBERED 8	/* the end takes fewer numbers */

struct followed *
followed_create(const char *owner, const char *id, int64_t after)
{
	struct followed *f = xcalloc(1, sizeof(*f));

	snprintf(f->owner, sizeof(f->owner), "%s", owner);
	f->id = xstrdup(id);
	f->after = after;
	return f;
}

void
followed_destroy(struct followed *f)
{
	if (f == NULL)
		return;
	free(f->id);
	free(f);
}

static void
tell(struct followed *f, int64_t *number, json_object *take, struct buf *out)
{
	struct buf text = { 0 };

	js_add_int(take, "sequence_number", *number);
	if (*number > f->after) {
		js_print(take, &text);
		sse_put(out, js_str(take, "type"), text.p, text.len);
		f->after = *number;
	}
	++*number;
	buf_finish(&text);
	json_object_put(take);
}

static void
tell_response(struct followed *f, int64_t *number, const char *status,
    json_object *response, struct buf *out)
{
	json_object	*ev = json_object_new_object();
	char		 type[40];

	snprintf(type, sizeof(type), "response.%s", status);
	js_add_str(ev, "type", type);
	js_add_int(ev, "sequence_number", 0);
	js_add_ref(ev, "response", response);
	tell(f, number, ev, out);
}

/*
 * One that ended from outside (it was cancelled, its server was stopped) said
 * nothing of that itself. Once its events are gone nobody knows their numbers:
 * the end then comes behind whatever the client has seen.
 */
static void
tell_end(struct followed *f, const struct background *b, struct buf *out)
{
	json_object	*response, *ev;
	int64_t		 number = b->events;
	struct err	 err;

	if (b->response == NULL)
		return;
	if (number == 0) {
		js_add_str(b->response, "status", "in_progress");
		tell_response(f, &number, "created", b->response, out);
		if (number <= f->after && f->after <= INT64_MAX - NUMBERED)
			number = f->after + 1;
	}
	response = detached_object(b);
	if (detached_failed(b, &err)) {
		ev = responses_error_event(&err);
		tell(f, &number, ev, out);
	}
	tell_response(f, &number, b->status, response, out);
	json_object_put(response);
}

enum followed_said
followed_read(struct stored *s, struct followed *f, struct buf *out)
{
	enum stored_found	 found;
	enum followed_said	 said = FOLLOWED_WAIT;
	struct background	 b;

	found = background_get(s, f->owner, f->id, &b);
	if (found == STORED_NONE)
		return FOLLOWED_OVER;
	if (found != STORED_FOUND)
		return FOLLOWED_WAIT;
	if (!background_events(s, b.row, &f->after, PIECE, out))
		said = FOLLOWED_WAIT;
	else if (f->after < b.events - 1)
		said = FOLLOWED_MORE;
	else if (!b.live) {
		if (!b.told || b.events == 0)
			tell_end(f, &b, out);
		said = FOLLOWED_OVER;
	}
	background_release(&b);
	return said;
}
