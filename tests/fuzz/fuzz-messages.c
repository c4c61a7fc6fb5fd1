/*
 * Anthropic's Messages. The first byte chooses: any text as a request, which
 * is made fit for upstream, read as a turn and written again, each an object or
 * refused; or any bytes as upstream's events, at once and cut, which must give
 * as much each time, as they are and by way of a sink, or as a whole answer.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/body.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "messages/answer-read.h"
#include "messages/answer-write.h"
#include "messages/check.h"
#include "messages/estimate.h"
#include "messages/initiator.h"
#include "messages/native-answer.h"
#include "messages/native.h"
#include "messages/request-read.h"
#include "messages/request-write.h"
#include "turn/answer.h"
#include "turn/sink.h"
#include "turn/terms.h"
#include "turn/turn.h"
#include "turn/usage.h"
#include "../answer-run.h"

#define EVENT_MAX 65536

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* --- Requests. */

/* A request that passed the check; NULL when it didn't. */
static json_object *
parse(const char *p, size_t n)
{
	json_object	*obj = NULL;
	struct err	 err;

	if (js_parse(p, n, &obj, &err) && messages_check(obj, false, &err))
		return obj;
	json_object_put(obj);
	return NULL;
}

static void
fuzz_native(const char *p, size_t n, bool counts)
{
	struct messages_client	 client = { .claude_code = counts };
	struct messages_request	 r = {
		.obj = parse(p, n), .model = "m", .counts = counts
	};
	struct body		 out = { 0 };
	struct err		 err;
	json_object		*again;

	if (r.obj == NULL)
		return;
	messages_initiator(r.obj, &client);
	if (messages_estimate(r.obj) < 0)
		abort();
	if (messages_body(&r, p, n, &out, &err)) {
		body_settle(&out);
		again = js_parse_quiet(out.own.p, out.own.len);
		if (js_len(js_array(again, "messages")) == 0)
			abort();
		json_object_put(again);
	}
	messages_request_finish(&r);
	json_object_put(r.obj);
	body_finish(&out);
}

static void
fuzz_turn(const char *p, size_t n)
{
	json_object	*obj = parse(p, n), *again = NULL;
	struct turn	 t = { 0 };
	struct terms	 terms = { 0 };
	struct err	 err;
	bool		 in_prompt;

	if (obj != NULL && messages_request_read(obj, NULL, &t, &err))
		again = messages_request_write(&t, "m", NULL, &in_prompt,
		    &terms, &err);
	if (again != NULL) {
		err_param(&err, "messages[0].content[0]", NULL, "%.*s",
		    (int)(n % 700), p);
		terms_apply(&terms, &err);
	}
	json_object_put(again);
	terms_finish(&terms);
	turn_finish(&t);
	json_object_put(obj);
}

/* --- Answers. */

static void
begin(struct run *r, bool carried, bool stream)
{
	const struct messages_wanted	 wanted = {
		.stream = stream, .request_id = "req", .usage = &r->usage
	};
	const struct messages_writing	 writing = {
		.model = "m", .vendor = "", .request_id = "req",
		.stream = stream, .thoughts = true, .shown = true
	};
	struct answer			*a;

	*r = (struct run){ .ok = true, .usage = USAGE_NONE };
	if (!carried) {
		r->self = messages_answer_create(&wanted);
		return;
	}
	a = answer_create(messages_write_create(&writing));
	answer_read(a, &messages_reader,
	    messages_reader_create(answer_first(a), NULL, &r->usage));
	r->self = a;
}

static void
finish(struct run *r)
{
	if (!r->ok)
		(turn_answer.fail)(r->self, &r->err, &r->out);
	turn_answer.destroy(r->self);
}

static void
run_events(struct run *r, const char *p, size_t n, size_t step)
{
	run_stream(r, EVENT_MAX, p, n, step);
	finish(r);
}

/* Ids are random, but as long each time. */
static void
fuzz_events(const char *p, size_t n, size_t step, bool carried, bool stream)
{
	struct run whole, cut;

	begin(&whole, carried, stream);
	run_events(&whole, p, n, n);
	begin(&cut, carried, stream);
	run_events(&cut, p, n, step);
	if (whole.ok != cut.ok || whole.out.len != cut.out.len)
		abort();
	buf_finish(&whole.out);
	buf_finish(&cut.out);
}

static void
fuzz_whole(const char *p, size_t n, bool carried, bool stream)
{
	struct run	 r;
	json_object	*obj;

	begin(&r, carried, stream);
	r.ok = run_whole(&turn_answer, r.self, p, n, &r.out, &r.err);
	if (r.ok && !stream) {
		obj = js_parse_quiet(r.out.p, r.out.len);
		if (!js_is(obj, "type", "message"))
			abort();
		json_object_put(obj);
	}
	finish(&r);
	buf_finish(&r.out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char	*p = (const char *)data + 1;
	bool		 one = data != NULL && size > 0 && data[0] / 4 % 2 == 0;
	bool		 two = data != NULL && size > 0 && data[0] / 8 % 2 == 0;

	if (size < 2)
		return 0;
	switch (data[0] % 4) {
	case 0:
		fuzz_native(p, size - 1, one);
		break;
	case 1:
		fuzz_turn(p, size - 1);
		break;
	case 2:
		fuzz_events(p, size - 1, (size_t)data[0] / 16 + 1, one, two);
		break;
	default:
		fuzz_whole(p, size - 1, one, two);
		break;
	}
	return 0;
}
