/*
 * A client of chat completions for the unit tests: it runs upstream's bytes
 * through an answer, joins the pieces that come out, and is strict about them.
 */
#ifndef CHAT_CLIENT_H
#define CHAT_CLIENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer-run.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/js.h"
#include "base/sse.h"
#include "base/util.h"
#include "chat/answer.h"
#include "data.h"

#define CHOICES 4
#define CALLS	4

/* --- Running an answer. */

#define BROKEN_OFF "Server error: GitHub Copilot's connection was terminated " \
	"before the answer was complete."

static const struct chat_wanted plain = {
	.model = "asked", .stream = true, .n = 1, .max = 1 << 20
};
static const struct chat_wanted with_usage = {
	.model = "asked", .stream = true, .n = 1, .max = 1 << 20,
	.include_usage = true
};
static const struct chat_wanted mapped = {
	.model = "asked", .mapped = true, .stream = true, .n = 1, .max = 1 << 20
};
static const struct chat_wanted three = {
	.model = "asked", .stream = true, .n = 3, .max = 1 << 20,
	.include_usage = true
};
static const struct chat_wanted functions = {
	.model = "asked", .stream = true, .n = 1, .max = 1 << 20,
	.functions = true
};

static inline void
begin(struct run *r, const struct chat_wanted *w)
{
	*r = (struct run){ .usage = USAGE_NONE, .ok = true };
	r->self = chat_answer_create(w, &r->usage);
}

/* As the exchange does: events, the end, and the error as an event. */
static inline void
feed(struct run *r, const char *p, size_t n, size_t step)
{
	run_stream(r, 1 << 20, p, n, step);
	if (!r->ok)
		(turn_answer.fail)(r->self, &r->err, &r->out);
}

static inline void
done(struct run *r)
{
	turn_answer.destroy(r->self);
	buf_finish(&r->out);
}

/* --- What a client reads: it joins the pieces and is strict about them. */

struct seen_call {
	char		id[64], name[64];
	struct buf	args;
};

struct seen {
	struct {
		bool		 role;
		struct buf	 content, reasoning, text, opaque;
		struct seen_call calls[CALLS];
		size_t		 ncalls;
		struct buf	 function, args;
		const char	*finish;
		char		 reason[32];
	}		 choice[CHOICES];
	char		 id[128], model[64];
	int64_t		 created, usage[3];
	bool		 any, has_usage, error, end;
	char		 message[256];
	bool		 want_usage;
};

static inline void
join(struct buf *b, json_object *obj, const char *key)
{
	const char *s = js_str(obj, key);

	if (s != NULL)
		buf_puts(b, s);
}

/* No member of Copilot's own anywhere. */
static inline void
assert_no_private(json_object *v)
{
	static const char *const bad[] = {
		"copilot_", "content_filter_", "prompt_filter_results",
		"padding", "cot_", "thinking", "signature"
	};
	size_t i;

	if (json_object_is_type(v, json_type_array))
		for (i = 0; i < js_len(v); i++)
			assert_no_private(json_object_array_get_idx(v, i));
	if (!json_object_is_type(v, json_type_object))
		return;
	json_object_object_foreach(v, key, value) {
		for (i = 0; i < COUNT(bad); i++)
			if (util_starts(key, bad[i]))
				fail_msg("private member %s", key);
		assert_no_private(value);
	}
}

static inline void
see_call(struct seen *s, size_t c, json_object *piece)
{
	const char		*type = js_obj(piece, "custom") != NULL ?
				    "custom" : "function";
	json_object		*function = js_obj(piece, type);
	size_t			 i = (size_t)js_int(piece, "index", 99);
	struct seen_call	*call;

	assert_true(i < CALLS && i <= s->choice[c].ncalls);
	call = &s->choice[c].calls[i];
	if (i == s->choice[c].ncalls) {
		s->choice[c].ncalls++;
		assert_true(js_is(piece, "type", type));
		snprintf(call->id, sizeof(call->id), "%s", js_str(piece, "id"));
		snprintf(call->name, sizeof(call->name), "%s",
		    js_str(function, "name"));
	} else {
		assert_false(js_has(piece, "id"));
		assert_false(js_has(piece, "type"));
		assert_false(js_has(function, "name"));
	}
	if (strcmp(type, "custom") == 0) {
		assert_non_null(js_str(function, "input"));
		join(&call->args, function, "input");
		return;
	}
	assert_non_null(js_str(function, "arguments"));
	join(&call->args, function, "arguments");
}

static inline void
see_delta(struct seen *s, size_t c, json_object *delta)
{
	json_object	*calls = js_get(delta, "tool_calls"), *function;
	size_t		 i;

	if (!s->choice[c].role)
		assert_true(js_is(delta, "role", "assistant"));
	else
		assert_false(js_has(delta, "role"));
	s->choice[c].role = true;
	join(&s->choice[c].content, delta, "content");
	join(&s->choice[c].reasoning, delta, "reasoning_content");
	join(&s->choice[c].text, delta, "reasoning_text");
	join(&s->choice[c].opaque, delta, "reasoning_opaque");
	assert_false(js_has(delta, "annotations"));
	if (js_has(delta, "tool_calls"))
		assert_true(js_len(calls) > 0);
	for (i = 0; i < js_len(calls); i++)
		see_call(s, c, json_object_array_get_idx(calls, i));
	if (js_has(delta, "function_call")) {
		function = js_obj(delta, "function_call");
		assert_non_null(function);
		join(&s->choice[c].function, function, "name");
		join(&s->choice[c].args, function, "arguments");
	}
}

static inline void
see_usage(struct seen *s, json_object *chunk)
{
	json_object *usage = js_obj(chunk, "usage");

	assert_int_equal(js_has(chunk, "usage"), s->want_usage);
	if (usage == NULL) {
		assert_int_equal(js_len(js_array(chunk, "choices")), 1);
		assert_false(s->has_usage);
		return;
	}
	assert_int_equal(js_len(js_array(chunk, "choices")), 0);
	s->has_usage = true;
	s->usage[0] = js_int(usage, "prompt_tokens", -1);
	s->usage[1] = js_int(usage, "completion_tokens", -1);
	s->usage[2] = js_int(usage, "total_tokens", -1);
	assert_false(js_has(usage, "reasoning_tokens"));
}

static inline void
see_constants(struct seen *s, json_object *chunk)
{
	assert_true(js_is(chunk, "object", "chat.completion.chunk"));
	assert_non_null(js_str(chunk, "id"));
	assert_true(js_int(chunk, "created", 0) > 0);
	if (!s->any) {
		snprintf(s->id, sizeof(s->id), "%s", js_str(chunk, "id"));
		snprintf(s->model, sizeof(s->model), "%s",
		    js_str(chunk, "model"));
		s->created = js_int(chunk, "created", 0);
	}
	s->any = true;
	assert_true(s->id[0] != '\0');
	assert_string_equal(js_str(chunk, "id"), s->id);
	assert_string_equal(js_str(chunk, "model"), s->model);
	assert_int_equal(js_int(chunk, "created", 0), s->created);
}

static inline void
see_choice(struct seen *s, json_object *choice)
{
	size_t c = (size_t)js_int(choice, "index", 99);

	assert_true(c < CHOICES);
	assert_int_equal(s->choice[c].reason[0], 0);	/* nothing behind it */
	assert_true(js_has(choice, "finish_reason"));
	assert_non_null(js_obj(choice, "delta"));
	see_delta(s, c, js_obj(choice, "delta"));
	if (js_str(choice, "finish_reason") != NULL)
		snprintf(s->choice[c].reason, sizeof(s->choice[c].reason),
		    "%s", js_str(choice, "finish_reason"));
}

static inline bool
see(const struct sse_event *ev, void *arg)
{
	struct seen	*s = arg;
	json_object	*chunk, *choices;
	size_t		 i;

	assert_false(s->end || s->error);
	if (strcmp(ev->data, "[DONE]") == 0) {
		s->end = true;
		return true;
	}
	chunk = js_parse_quiet(ev->data, ev->len);
	assert_non_null(chunk);
	assert_no_private(chunk);
	if (js_has(chunk, "error")) {
		s->error = true;
		snprintf(s->message, sizeof(s->message), "%s",
		    js_str(js_obj(chunk, "error"), "message"));
	} else {
		see_constants(s, chunk);
		choices = js_array(chunk, "choices");
		assert_non_null(choices);
		for (i = 0; i < js_len(choices); i++)
			see_choice(s, json_object_array_get_idx(choices, i));
		see_usage(s, chunk);
	}
	json_object_put(chunk);
	return true;
}

static inline void
sum_field(struct buf *out, const char *name, struct buf *b)
{
	if (b->len > 0)
		buf_printf(out, " %s=%s", name, b->p);
	buf_finish(b);
}

static inline void
sum_choice(struct seen *s, size_t c, struct buf *out)
{
	struct seen_call	*call;
	size_t			 i;

	buf_printf(out, "#%zu", c);
	sum_field(out, "C", &s->choice[c].content);
	sum_field(out, "R", &s->choice[c].reasoning);
	sum_field(out, "T", &s->choice[c].text);
	sum_field(out, "O", &s->choice[c].opaque);
	for (i = 0; i < s->choice[c].ncalls; i++) {
		call = &s->choice[c].calls[i];
		buf_printf(out, " %s:%s(%s)", call->id, call->name,
		    buf_str(&call->args));
		buf_finish(&call->args);
	}
	sum_field(out, "F", &s->choice[c].function);
	sum_field(out, "A", &s->choice[c].args);
	buf_printf(out, " [%s] ", s->choice[c].reason);
}

/* The stream in one line. */
static inline void
summary(const struct buf *stream, bool want_usage, struct buf *out)
{
	struct sse	sse = { .max = 1 << 20 };
	struct seen	s = { .want_usage = want_usage };
	size_t		c;

	assert_true(sse_feed(&sse, buf_str(stream), stream->len, see, &s));
	assert_false(sse_partial(&sse));
	sse_finish(&sse);
	assert_true(s.end != s.error);	/* a clean end or an error, not both */
	for (c = 0; c < CHOICES; c++)
		if (s.choice[c].role)
			sum_choice(&s, c, out);
	if (s.any)
		buf_printf(out, "model=%s", s.model);
	if (s.has_usage)
		buf_printf(out, " usage=%d+%d=%d", (int)s.usage[0],
		    (int)s.usage[1], (int)s.usage[2]);
	if (s.error)
		buf_printf(out, " error=%s", s.message);
}

#endif
