/*
 * What is known of a response in the background at its end is what its client's
 * last event says: for each recording, by the protocols that have one. And what
 * is stored of its events are their bytes, wherever those are cut.
 */
#include "config.h"

#include "stored-fixture.h"

#include "answer-run.h"
#include "api/detached.h"
#include "api/exchange.h"
#include "base/loop.h"
#include "base/workers.h"
#include "chat/answer-read.h"
#include "data.h"
#include "responses/answer-write.h"
#include "responses/native-answer.h"
#include "responses/native.h"
#include "server/background.h"
#include "server/client.h"
#include "server/parts.h"
#include "state/background.h"
#include "turn/tools.h"

#define BODY_MAX (1 << 20)

static struct stored *stored;

/* --- One that is under way. */

static struct detached *
begin(void)
{
	static int			 number;
	struct detached			*d = xcalloc(1, sizeof(*d));
	struct buf			 response = { 0 }, input = { 0 };
	const struct background_start	 start = {
		.owner = d->owner, .id = d->id, .response = &response,
		.input = &input, .most = 1000, .max_age_days = 1
	};

	snprintf(d->id, sizeof(d->id), "resp_%d", number++);
	buf_puts(&response, "{\"queued\":true}");
	buf_puts(&input, "[]");
	d->stored = stored;
	assert_int_equal(background_add(stored, &start, &d->row), STORED_FOUND);
	buf_finish(&response);
	buf_finish(&input);
	return d;
}

/* It is over, for that reason; then this is in the store. */
static void
end(struct detached *d, const char *why, struct background *b)
{
	assert_int_equal(detached_write(d, true, why), STORED_FOUND);
	assert_int_equal(background_get(stored, d->owner, d->id, b),
	    STORED_FOUND);
	assert_false(b->live);
	assert_int_equal(b->events, d->log.n);
}

/* --- Its answer. */

static const struct tools no_tools;

static void
keep(void *arg, json_object *response)
{
	(void)arg;
	js_add_bool(response, "kept", true);
}

/* The writer's, whose request "r" stays, or the native one's. */
static struct answer *
answer_of(const char *file, struct responses *r, struct usage *usage)
{
	struct answer *a;

	if (file[0] == 'r')
		return responses_answer_create(r, usage);
	a = answer_create(responses_write_create(r, true, ""));
	answer_read(a, &chat_reader, chat_reader_create(answer_first(a), false,
	    &no_tools, BODY_MAX, usage));
	return a;
}

static void
answer(const char *file, struct detached *d, struct buf *out)
{
	struct responses	r = {
		.model = xstrdup("asked"), .id = xstrdup(d->id), .stream = true,
		.echo = json_object_new_object(), .keeper = { .keep = keep },
		.tap = detached_tap(d)
	};
	struct run		run = { .usage = USAGE_NONE };
	struct buf		text = { 0 };

	read_data(file, &text);
	run.self = answer_of(file, &r, &run.usage);
	run_stream(&run, BODY_MAX, text.p, text.len, text.len);
	if (!run.ok)
		(turn_answer.fail)(run.self, &run.err, &run.out);
	turn_answer.destroy(run.self);
	responses_finish(&r);
	buf_finish(&text);
	*out = run.out;
}

/* --- What its client is told. */

struct told {
	struct background_log	*log;
	json_object		*last;
};

static bool
on_told(const struct sse_event *ev, void *arg)
{
	struct told	*t = arg;
	struct buf	 text = { 0 };

	sse_put(&text, ev->name, ev->data, ev->len);
	background_log_add(t->log, text.p, text.len);
	buf_finish(&text);
	json_object_put(t->last);
	t->last = js_parse_quiet(ev->data, ev->len);
	return true;
}

/* The last event; all go to the log. */
static json_object *
tell(const struct buf *out, struct background_log *log)
{
	struct told	t = { .log = log };
	struct sse	sse = { .max = BODY_MAX };

	assert_true(sse_feed(&sse, buf_str(out), out->len, on_told, &t));
	assert_false(sse_partial(&sse));
	sse_finish(&sse);
	return t.last;
}

static void
assert_text(const char *got, const char *want)
{
	assert_int_equal(got == NULL, want == NULL);
	if (want != NULL)
		assert_string_equal(got, want);
}

static void
assert_printed(json_object *obj, const struct buf *want)
{
	struct buf text = { 0 };

	js_print(obj, &text);
	assert_string_equal(buf_str(&text), buf_str(want));
	buf_finish(&text);
}

static void
check(const char *file, const char *status)
{
	struct detached		*d = begin();
	struct background	 b;
	struct buf		 out;
	json_object		*last, *response, *error;
	char			*type = xasprintf("response.%s", status);

	answer(file, d, &out);
	last = tell(&out, &d->log);
	response = js_obj(last, "response");
	error = js_obj(response, "error");
	assert_true(js_is(last, "type", type));
	assert_int_equal(js_bool(response, "kept", false),
	    strcmp(status, "failed") != 0);
	assert_int_equal(d->last.number, js_int(last, "sequence_number", -1));
	assert_int_equal(d->last.number, d->log.n - 1);
	assert_printed(response, &d->last.response);
	end(d, NULL, &b);
	assert_string_equal(b.status, status);
	assert_true(b.told);
	assert_text(b.code, js_str(error, "code"));
	assert_text(b.why, js_str(error, "message"));
	assert_printed(b.response, &d->last.response);
	background_release(&b);
	json_object_put(last);
	buf_finish(&out);
	detached_destroy(d);
	free(type);
}

/* --- Tests. */

static void
test_recordings(void **state)
{
	static const char *const	complete[] = {
		"chat-azure-tools.sse", "chat-claude-tools.sse",
		"chat-claude.sse", "chat-gemini-tools.sse", "chat-gemini.sse",
		"chat-openai-tools.sse", "chat-openai.sse", "chat-text.sse",
		"chat-thinking.sse", "responses-stream.sse",
	}, *const			failing[] = {
		"chat-cut.sse", "chat-error.sse", "chat-garbage.sse",
		"responses-error-late.sse", "responses-failed-early.sse",
		"responses-failed-late.sse",
	};
	size_t				i;

	(void)state;
	for (i = 0; i < COUNT(complete); i++)
		check(complete[i], "completed");
	for (i = 0; i < COUNT(failing); i++)
		check(failing[i], "failed");
	check("responses-incomplete.sse", "incomplete");
}

/* What no client would have got is no end. */
static void
test_without_the_last(void **state)
{
	struct detached		*d = begin();
	struct background	 b;
	struct buf		 out;

	(void)state;
	answer("responses-stream.sse", d, &out);
	json_object_put(tell(&out, &d->log));
	d->log.text.len = d->log.ends[--d->log.n - 1];
	assert_string_equal(d->last.status, "completed");
	end(d, "It was too long.", &b);
	assert_string_equal(b.status, "failed");
	assert_string_equal(b.code, "server_error");
	assert_string_equal(b.why, "It was too long.");
	assert_false(b.told);
	assert_true(js_bool(b.response, "queued", false));
	background_release(&b);
	buf_finish(&out);
	detached_destroy(d);
}

/* The last event may come when others are in the store already. */
static void
test_piece_by_piece(void **state)
{
	struct detached		*d = begin();
	struct background_log	 all = { 0 };
	struct background	 b;
	struct buf		 out;
	size_t			 i, at = 0;

	(void)state;
	answer("responses-stream.sse", d, &out);
	json_object_put(tell(&out, &all));
	for (i = 0; i < all.n; i++) {
		background_log_clear(&d->log);
		background_log_add(&d->log, all.text.p + at, all.ends[i] - at);
		at = all.ends[i];
		assert_int_equal(detached_write(d, false, NULL), STORED_FOUND);
	}
	assert_int_equal(detached_write(d, true, NULL), STORED_FOUND);
	assert_int_equal(background_get(stored, d->owner, d->id, &b),
	    STORED_FOUND);
	assert_string_equal(b.status, "completed");
	assert_int_equal(b.events, all.n);
	background_release(&b);
	background_log_finish(&all);
	buf_finish(&out);
	detached_destroy(d);
}

static void
test_refusals(void **state)
{
	static const struct {
		const char	*type, *code, *want;
	} refusals[] = {
		{ ERR_SERVER, "upstream_timeout", "server_error" },
		{ NULL, NULL, "server_error" },
		{ ERR_QUOTA, "quota_exceeded", "quota_exceeded" },
		{ ERR_REQUEST, NULL, "invalid_prompt" },
	};
	struct detached		*d;
	struct background	 b;
	struct err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(refusals); i++) {
		d = begin();
		err_set(&err, 400, refusals[i].type, refusals[i].code, NULL,
		    "No.");
		detached_refuse(d, &err);
		end(d, "It is gone.", &b);
		assert_string_equal(b.status, "failed");
		assert_string_equal(b.code, refusals[i].want);
		assert_string_equal(b.why, "No.");
		assert_false(b.told);
		background_release(&b);
		detached_destroy(d);
	}
	d = begin();
	end(d, NULL, &b);
	assert_string_equal(b.why, "The response was interrupted.");
	background_release(&b);
	detached_destroy(d);
}

/* --- The client in place of the one that left. */

static struct server server;

static void
quiet(struct server *s)
{
	loop_stop(s->loop);
}

static struct exchange *
exchange_of(struct detached *d)
{
	struct exchange *x = exchange_create();

	conf.max_response_body_bytes = 16 << 20;
	conf.background_max_minutes = 1;
	x->conf = &conf;
	x->detached = d;
	x->req.method = xstrdup("POST");
	x->reply.status = 200;
	d->alone = true;
	return x;
}

/* It is written these bytes, so many at a time; then this is in the store. */
static void
write_all(struct exchange *x, const struct buf *bytes, size_t step,
    struct background *b)
{
	char		*id = xstrdup(x->detached->id);
	struct client	*c = background_start(&server, x);
	size_t		 at, n;

	for (at = 0; at < bytes->len; at += n) {
		n = bytes->len - at < step ? bytes->len - at : step;
		assert_true(c->ops->room(c));
		assert_true(c->ops->write(c, bytes->p + at, n, false));
	}
	c->ops->finish(c, true);
	x->conf = NULL;
	exchange_destroy(x);
	loop_run(server.loop);
	assert_int_equal(background_get(stored, "", id, b), STORED_FOUND);
	free(id);
}

static void
check_written(const char *file, size_t step)
{
	struct detached		*d = begin();
	struct background_log	 log = { 0 };
	struct background	 b;
	struct buf		 out, bytes = { 0 }, kept = { 0 };
	int64_t			 after = -1;

	answer(file, d, &out);
	json_object_put(tell(&out, &log));
	buf_puts(&bytes, "Status: 200 OK\r\nContent-Type: x\r\n\r\n");
	buf_append(&bytes, out.p, out.len);
	write_all(exchange_of(d), &bytes, step, &b);
	assert_string_equal(b.status, "completed");
	assert_int_equal(b.events, log.n);
	assert_true(background_events(stored, b.row, &after, SIZE_MAX, &kept));
	assert_string_equal(buf_str(&kept), buf_str(&out));
	background_release(&b);
	background_log_finish(&log);
	buf_finish(&kept);
	buf_finish(&bytes);
	buf_finish(&out);
}

static void
test_cut_anywhere(void **state)
{
	size_t step;

	(void)state;
	for (step = 1; step < 70; step++)
		check_written("responses-stream.sse", step);
	check_written("chat-claude.sse", 1);
	check_written("chat-claude.sse", SIZE_MAX);
}

/* Nothing is written of it before it is whole, which it has to become. */
static void
test_large_event(void **state)
{
	struct background	 b;
	struct buf		 bytes = { 0 };
	char			*data = xcalloc(1, 3 << 20);

	(void)state;
	memset(data, 'x', (3 << 20) - 1);
	buf_puts(&bytes, "Status: 200 OK\r\n\r\ndata: ");
	buf_puts(&bytes, data);
	buf_puts(&bytes, "\n\n");
	write_all(exchange_of(begin()), &bytes, CLIENT_PIECE, &b);
	assert_string_equal(b.status, "failed");
	assert_int_equal(b.events, 1);
	background_release(&b);
	buf_finish(&bytes);
	free(data);
}

static void
test_refused(void **state)
{
	struct exchange		*x = exchange_of(begin());
	struct background	 b;
	struct buf		 bytes = { 0 };
	struct err		 err;

	(void)state;
	err_set(&err, 429, ERR_RATE, "rate_limit_exceeded", NULL, "Later.");
	exchange_refuse(x, &err);
	reply_print(&x->reply, &x->req, &bytes);
	write_all(x, &bytes, 7, &b);
	assert_string_equal(b.status, "failed");
	assert_string_equal(b.code, "rate_limit_exceeded");
	assert_string_equal(b.why, "Later.");
	assert_int_equal(b.events, 0);
	background_release(&b);
	buf_finish(&bytes);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_without_the_last),
		cmocka_unit_test(test_piece_by_piece),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_large_event),
		cmocka_unit_test(test_refused),
	};
	int	 status;
	char	*home;

	if (mkdtemp(top) == NULL)
		return 1;
	stored = open_fresh(&home);
	server = (struct server){
		.loop = loop_create(), .workers = workers_create(),
		.stored = stored, .quiet = quiet
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	status = cmocka_run_group_tests(tests, NULL, NULL);
	workers_destroy(server.workers);
	loop_destroy(server.loop);
	background_quit(stored);
	close_fresh(stored, home);
	return dir_remove(top) | status;
}
