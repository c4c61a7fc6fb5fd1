/*
 * A Responses request over chat completions. The input is split at the first
 * NUL: what is before it is the client's request, what is behind it upstream's
 * stream, fed at once and in pieces. Both must give the same answer, ids and
 * times aside; one that is complete must be what a second turn can be made of.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../answer-run.h"
#include "api/carry-answer.h"
#include "api/carry.h"
#include "base/body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "turn/answer.h"
#include "turn/usage.h"
#include "copilot/models.h"

#define EVENT_MAX 4096		/* small, so that the limits are met as well */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char *efforts[] = { (char *)"low", NULL };
static const struct model model = {
	.id = (char *)"g", .vendor = (char *)"Google",
	.reasoning_effort = efforts, .max_prompt_image_size = 100
};

/* False when the request is refused. */
static bool
ask(const char *p, size_t n, struct carry_note *b)
{
	struct responses_setting	 set = {
		.upstream = "g", .model = &model, .web_search = true
	};
	json_object			*obj = js_parse_quiet(p, n), *sent;
	struct body			 body = { 0 };
	struct err			 err;
	bool				 ok;

	if (!json_object_is_type(obj, json_type_object) ||
	    js_str(obj, "model") == NULL) {
		json_object_put(obj);
		return false;
	}
	ok = carry_by_chat(obj, &set, b, &body, &err);
	json_object_put(obj);
	if (ok) {
		sent = js_parse_quiet(body.own.p, body.own.len);
		if (js_len(js_array(sent, "messages")) == 0)
			abort();
		json_object_put(sent);
	} else {
		if (err.status < 400 || err.msg[0] == '\0')
			abort();
		carry_note_finish(b);
	}
	body_finish(&body);
	return ok;
}

static bool
answer(const char *p, size_t n, size_t step, struct run *r)
{
	run_stream(r, EVENT_MAX, p, n, step);
	if (!r->ok)
		(turn_answer.fail)(r->self, &r->err, &r->out);
	return r->ok;
}

/* The items of a complete answer are good input. */
static void
second_turn(const struct buf *whole)
{
	json_object		*r = js_parse_quiet(buf_str(whole), whole->len);
	json_object		*obj = json_object_new_object(), *input;
	struct carry_note	 b;
	struct buf		 text = { 0 };

	if (js_array(r, "output") == NULL || !js_is(r, "object", "response"))
		abort();
	input = js_array(r, "output");
	js_add_str(obj, "model", "g");
	js_add_ref(obj, "input", input);
	js_print(obj, &text);
	if (ask(text.p, text.len, &b))
		carry_note_finish(&b);
	buf_finish(&text);
	json_object_put(obj);
	json_object_put(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char		*p = (const char *)data, *cut;
	struct carry_note	 b;
	struct run		 runs[2] = { { 0 } };
	struct usage		 usage = USAGE_NONE;
	size_t			 head, i, len[2];
	bool			 ok[2], stream;

	cut = memchr(p, '\0', size);
	head = cut != NULL ? (size_t)(cut - p) : size;
	for (i = 0; i < 2; i++) {
		if (!ask(p, head, &b))
			return 0;
		stream = b.responses.stream;
		runs[i].self = carry_answer_responses(&b, EVENT_MAX * 16,
		    &usage);
		ok[i] = answer(p + head + (cut != NULL),
		    size - head - (cut != NULL), i == 0 ? size + 1 : 3,
		    &runs[i]);
		len[i] = runs[i].out.len;
		if (ok[i] && !stream)
			second_turn(&runs[i].out);
		turn_answer.destroy(runs[i].self);
		buf_finish(&runs[i].out);
	}
	/* A call's id that upstream left out is invented, in one length. */
	if (ok[0] != ok[1] || len[0] != len[1])
		abort();
	return 0;
}
