/*
 * Chat completions over /responses. The first byte chooses: any text as a
 * request, whose translation must be an object with an input, and whose errors
 * can be reworded; or any bytes as upstream's events, at once and cut, or as a
 * whole answer, which must give the same each time.
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
#include "base/conf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "chat/answer.h"
#include "chat/native.h"

#define EVENT_MAX 65536

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct conf conf = {
	.refs = 1, .reasoning_summaries = (char *)(uintptr_t)"asked"
};

static const char plain_request[] = "{\"model\":\"m\",\"stop\":[\"END\","
    "\"x\"],\"messages\":[{\"role\":\"user\",\"content\":\"u\"}]}";

/* The request as it would go upstream; NULL when it is refused. */
static json_object *
translate(const char *p, size_t n, struct carry_note *b)
{
	struct chat_request	r;
	struct err		err;
	struct body		out = { 0 };
	json_object		*obj = NULL;

	*b = (struct carry_note){ 0 };
	if (chat_request_read(&r, p, n, &err) &&
	    chat_request_model(&r, &conf, r.asked, NULL, &err) &&
	    carry_by_responses(&r, b, &out, &err) &&
	    (obj = js_parse_quiet(out.own.p, out.own.len)) == NULL)
		abort();
	chat_request_finish(&r);
	body_finish(&out);
	return obj;
}

static void
fuzz_request(const char *p, size_t n)
{
	struct carry_note	 b;
	struct err		 err;
	json_object		*obj = translate(p, n, &b);

	if (obj != NULL) {
		if (js_len(js_array(obj, "input")) != b.terms.nelements)
			abort();
		err_param(&err, "input[1].call_id", NULL, "%.*s '%.*s'",
		    (int)(n % 700), p, (int)(n % 100), p);
		terms_apply(&b.terms, &err);
		if (strlen(err.msg) >= sizeof(err.msg))
			abort();
	}
	json_object_put(obj);
	carry_note_finish(&b);
}

/* --- Answers. */

static void
begin(struct run *r, bool stream)
{
	struct chat_wanted	w = {
		.model = "m", .stream = stream, .include_usage = true, .n = 1,
		.max = EVENT_MAX
	};
	struct carry_note	b;

	json_object_put(translate(plain_request, sizeof(plain_request) - 1,
	    &b));
	*r = (struct run){ .ok = true, .usage = USAGE_NONE };
	r->self = carry_answer_chat(&w, &b, &r->usage);
}

static void
finish(struct run *r)
{
	if (!r->ok)
		(turn_answer.fail)(r->self, &r->err, &r->out);
	turn_answer.destroy(r->self);
}

static void
run_events(struct run *r, const char *p, size_t n, size_t step, bool stream)
{
	begin(r, stream);
	run_stream(r, EVENT_MAX, p, n, step);
	finish(r);
}

/* Ids are random, but as long each time. */
static void
fuzz_events(const char *p, size_t n, size_t step, bool stream)
{
	struct run whole, cut;

	run_events(&whole, p, n, n, stream);
	run_events(&cut, p, n, step, stream);
	if (whole.ok != cut.ok || whole.out.len != cut.out.len)
		abort();
	buf_finish(&whole.out);
	buf_finish(&cut.out);
}

static void
fuzz_whole(const char *p, size_t n, bool stream)
{
	struct run	 r;
	json_object	*obj;

	begin(&r, stream);
	r.ok = run_whole(&turn_answer, r.self, p, n, &r.out, &r.err);
	if (r.ok && !stream) {
		obj = js_parse_quiet(r.out.p, r.out.len);
		if (js_len(js_array(obj, "choices")) != 1)
			abort();
		json_object_put(obj);
	}
	finish(&r);
	buf_finish(&r.out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data + 1;

	if (size < 2)
		return 0;
	switch (data[0] % 3) {
	case 0:
		fuzz_request(p, size - 1);
		break;
	case 1:
		fuzz_events(p, size - 1, (size_t)data[0] / 6 + 1,
		    data[0] / 3 % 2 == 0);
		break;
	default:
		fuzz_whole(p, size - 1, data[0] / 3 % 2 == 0);
		break;
	}
	return 0;
}
