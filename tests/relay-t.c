/*
 * relay*.c, outlet.c and refusal.c: what each event means in each phase. The
 * call, the handler, the client and the log are the test's own.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/exchange.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/loop.h"
#include "base/sse.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/autos.h"
#include "copilot/copilot.h"
#include "server/access-log.h"
#include "server/call.h"
#include "server/client.h"
#include "server/handle.h"
#include "server/outlet.h"
#include "server/parts.h"
#include "server/relay.h"
#include "server/tally.h"

/* --- What stands around the relay, and what it was told. */

static struct conf	 conf = { .refs = 1 };
static struct server	 server;
static struct exchange	*x;
static struct call	*call;
static struct fetch_waiter	*models;	/* who waits for them */
static struct client	 client;
static struct buf	 got;		/* by the client */
static bool		 room;		/* the client reads */
static bool		 broken;	/* a write fails */
static bool		 recorded;	/* what it took is on record */
static char		 seen[256];	/* what else happened, in order */
static enum handled	 handled;	/* the handler's next word */
static struct http_call	*const running = (struct http_call *)&server;

static void
note(const char *format, ...)
{
	size_t	n = strlen(seen);
	va_list	ap;

	va_start(ap, format);
	if (n > 0)
		n += (size_t)snprintf(seen + n, sizeof(seen) - n, " ");
	vsnprintf(seen + n, sizeof(seen) - n, format, ap);
	va_end(ap);
}

static bool
client_room(struct client *c)
{
	(void)c;
	return room;
}

/* The end of an answer is what has "last", "done" or "body" in it. */
static bool
has_end(const char *p, size_t n)
{
	return memmem(p, n, "last", 4) != NULL ||
	    memmem(p, n, "done", 4) != NULL || memmem(p, n, "body", 4) != NULL;
}

static bool
client_write(struct client *c, const char *p, size_t n, bool last)
{
	(void)c;
	(void)last;
	if (has_end(p, n))
		assert_true(recorded);
	if (!broken)
		buf_append(&got, p, n);
	return !broken;
}

static void
client_finish(struct client *c, bool whole)
{
	(void)c;
	note(whole ? "whole" : "broken");
}

static const struct client_ops client_ops = {
	client_room, client_write, client_finish
};

void
access_log(const struct exchange *ended, size_t bytes, const char *upstream_id,
    const char *remark)
{
	(void)upstream_id;
	assert_ptr_equal(ended, x);
	assert_int_equal(bytes, got.len);
	if (remark != NULL)
		note("(%s)", remark);
	x = NULL;
}

void
tally(struct exchange *of, int status)
{
	assert_ptr_equal(of, x);
	assert_int_equal(status, 200);
	recorded = true;
}

void
tally_cut(struct exchange *of, int status)
{
	(void)of;
	(void)status;
}

void
tally_sends(struct exchange *of, bool more)
{
	(void)of;
	(void)more;
}

const char *
tally_model(const struct exchange *of)
{
	return of->model;
}

void
copilot_want_models(struct copilot *c, struct fetch_waiter *w)
{
	static struct fetch_waiter *list;

	(void)c;
	models = w;
	fetch_waiter_add(&list, w);
}

void
copilot_renew_models(struct copilot *c, struct fetch_waiter *w)
{
	copilot_want_models(c, w);
}

void
autos_want(struct autos *a, const struct auto_wish *wish, struct conf *of,
    struct fetch_waiter *w)
{
	(void)a;
	(void)wish;
	(void)of;
	(void)w;
}

const struct auto_session *
autos_find(struct autos *a, const char *conversation)
{
	(void)a;
	(void)conversation;
	return NULL;
}

/* --- The call. */

void
call_init(struct call *c, const struct call_ops *ops, struct server *s,
    struct exchange *of, struct err **err)
{
	*c = (struct call){ .ops = ops, .server = s, .x = of, .err = err };
	call = c;
}

void
call_start(struct call *c)
{
	note("call");
	c->http = running;
}

void
call_start_next(struct call *c)
{
	note("next");
	c->http = running;
}

void
call_forget(struct call *c)
{
	c->answer = CALL_NONE;
	buf_truncate(&c->body, 0);
}

bool
call_running(const struct call *c)
{
	return c->http != NULL;
}

bool
call_sent(const struct call *c)
{
	return c->http != NULL;
}

bool
call_is_released(const struct call *c)
{
	(void)c;
	return true;
}

bool
call_multiplexed(const struct call *c)
{
	(void)c;
	return false;
}

void
call_resume(struct call *c)
{
	(void)c;
	note("resume");
}

void
call_cancel(struct call *c)
{
	if (c->http != NULL)
		note("cancel");
	c->http = NULL;
}

void
call_finish(struct call *c)
{
	call_cancel(c);
	buf_finish(&c->body);
	call = NULL;
}

bool
call_feed(struct call *c, const char *p, size_t n)
{
	const struct sse_event ev = { .data = p, .len = n };

	return c->ops->event(&ev, c);
}

bool
call_feed_end(struct call *c)
{
	(void)c;
	return true;
}

size_t
call_bytes(const struct call *c)
{
	(void)c;
	return 0;
}

/* --- The handler, and an answer that hands on what it gets. */

static int	agains;		/* calls that it still takes */

static enum answer_said
answer_event(void *self, const struct sse_event *ev, struct buf *out,
    struct err *err)
{
	(void)self;
	if (strcmp(ev->data, "bad") == 0) {
		err_set(err, 502, ERR_SERVER, "bad_event", NULL, "Bad.");
		return ANSWER_FAILED;
	}
	buf_puts(out, ev->data);
	if (strcmp(ev->data, "done") == 0)
		return ANSWER_COMPLETE;
	return strcmp(ev->data, "last") == 0 ? ANSWER_HELD : ANSWER_MORE;
}

static enum answer_said
answer_end(void *self, struct buf *out, struct err *err)
{
	(void)self;
	(void)out;
	err_set(err, 502, ERR_SERVER, "cut", NULL, "Cut.");
	return ANSWER_FAILED;
}

static void
answer_fail(void *self, const struct err *err, struct buf *out)
{
	(void)self;
	buf_printf(out, "!%s", err->code);
}

static enum answer_said
answer_whole(void *self, const char *p, size_t n, struct buf *out,
    struct err *err)
{
	(void)self;
	(void)err;
	buf_append(out, p, n);
	return agains-- > 0 ? ANSWER_AGAIN : ANSWER_HELD;
}

static bool
answer_commit(void *self, struct buf *out, struct err *err)
{
	(void)self;
	(void)err;
	note("keep");
	if (x->stream)
		buf_putc(out, '.');
	return true;
}

static void
answer_destroy(void *self)
{
	(void)self;
}

static const struct answer_ops answer_ops = {
	.event = answer_event, .end = answer_end, .fail = answer_fail,
	.whole = answer_whole, .commit = answer_commit,
	.destroy = answer_destroy
};

static enum handled
handler(void)
{
	if (handled == HANDLED_REPLY) {
		reply_json(&x->reply, 200);
		buf_puts(&x->reply.body, "reply");
	}
	x->answer = handled == HANDLED_REPLY ? NULL : &answer_ops;
	x->call.completion = true;
	x->summarizes = false;
	return handled;
}

enum handled
handle_again(struct exchange *of)
{
	assert_ptr_equal(of, x);
	note("handle");
	buf_truncate(&x->reply.body, 0);
	return handler();
}

enum work
handle_kind(const struct exchange *of)
{
	(void)of;
	return WORK_ANY;
}

void
handle_leave(struct exchange *of)
{
	(void)of;
}

/* --- The events. */

static void
gone(void)
{
	client.gone(&client);
}

static void
stop(void)
{
	relay_stop_all(&server);
}

static void
stop_loop(struct loop_task *t)
{
	(void)t;
	loop_stop(server.loop);
}

/* It comes back from its worker. */
static void
back(void)
{
	static struct loop_task last = { .run = stop_loop };

	loop_post(server.loop, &last);
	loop_run(server.loop);
}

static void
reads(void)
{
	room = true;
	client.writable(&client);
}

static void
events(const char *data)
{
	enum http_flow flow = call->ops->events(call, data, strlen(data));

	if (flow == HTTP_PAUSE)
		note("pause");
	else if (flow == HTTP_STOP) {
		call->http = NULL;
		call->answer = CALL_STOPPED;
		call->ops->ended(call);
	}
	loop_settle(server.loop);
}

static void
end_as(enum call_answer answer)
{
	call->http = NULL;
	call->answer = answer;
	call->ops->ended(call);
}

static void
ended(void)
{
	end_as(CALL_EVENTS);
}

static void
failed(void)
{
	err_set(err_room(call->err), 502, ERR_SERVER, "unreachable", NULL,
	    "No.");
	end_as(CALL_FAILED);
}

static void
refused(void)
{
	call->status = 400;
	buf_puts(&call->body, "{\"error\":{\"message\":\"no\",\"code\":"
	    "\"unsupported_api_for_model\"}}");
	end_as(CALL_ERROR);
}

static void
whole(void)
{
	buf_puts(&call->body, "body");
	end_as(CALL_WHOLE);
}

static void
is_done(void)
{
	events("done");
}

static void
sends_bad(void)
{
	events("bad");
}

/* Nothing is written for so long. */
static void
passes(int64_t ms)
{
	struct outlet *o = client.owner;

	o->written -= ms;
	if (o->out.len > 0)
		o->stall.expired(&o->stall);
	else
		o->silence.expired(&o->silence);
}

static void
nothing_comes(void)
{
	passes(conf.sse_keep_alive_ms);
}

static void
something_comes(void)
{
	passes(conf.sse_keep_alive_ms - 1000);
}

static void
nothing_is_read(void)
{
	passes(120000);
}

static void
cannot_write(void)
{
	broken = true;
	events("b");
}

static void
reads_slowly(void)
{
	room = false;
	events("b");
	events("c");
}

/* --- The phases. */

static struct copilot_account account;

static void
start(bool stream)
{
	x = exchange_create();
	x->conf = conf_ref(&conf);
	x->account = &account;
	x->stream = stream;
	x->req.method = xstrdup("POST");
	relay_start(&server, x, &client, handler());
}

static void
in_models(void)
{
	handled = HANDLED_MODELS;
	start(false);
}

static void
in_handling(void)
{
	in_models();
	handled = HANDLED_CALL;
	fetch_waiter_forget(models);
	models->ready(models, NULL);
}

static void
in_refusing(void)
{
	in_models();
	handled = HANDLED_REPLY;
	fetch_waiter_forget(models);
	models->ready(models, NULL);
}

static void
in_asking(void)
{
	handled = HANDLED_CALL;
	start(true);
}

static void
in_answering(void)
{
	in_asking();
	events("a");
}

static void
in_translating(void)
{
	handled = HANDLED_CALL;
	start(false);
	whole();
}

/* A small one would be translated by the loop at once. */
static void
in_translating_once(void)
{
	char *body = xcalloc(1, 40000);

	agains = 1;
	handled = HANDLED_CALL;
	start(false);
	memset(body, 'b', 39999);
	buf_puts(&call->body, body);
	free(body);
	end_as(CALL_WHOLE);
}

static void
in_translating_a_small_one(void)
{
	agains = 1;
	in_translating();
}

static void
in_keeping(void)
{
	in_answering();
	events("last");
}

static void
in_lingering(void)
{
	in_keeping();
	back();
}

static void
in_draining(void)
{
	handled = HANDLED_REPLY;
	room = false;
	start(false);
}

static void
in_stopping(void)
{
	in_handling();
	stop();
}

/* Its client has the head of a stream, for that took long. */
static void
in_handling_behind_a_summary(void)
{
	in_asking();
	x->summarizes = true;
	nothing_comes();
	whole();
	back();
}

static void
in_refusing_behind_a_summary(void)
{
	in_asking();
	x->summarizes = true;
	nothing_comes();
	whole();
	handled = HANDLED_REPLY;
	back();
}

static void
in_leaving(void)
{
	in_keeping();
	gone();
}

/* --- The table. */

#define GONE "broken (client closed the connection)"
#define STOP "whole (This server is shutting down.)"

static const struct row {
	int		 line;
	void		(*in)(void);		/* the phase */
	void		(*event)(void);
	const char	*meant;			/* what it meant at once */
	void		(*then)(void);		/* NULL: that was all */
	const char	*after;
	const char	*answer; /* what the client got: status, body or code */
} rows[] = {
	{ __LINE__, in_models, gone, GONE, NULL, "", "" },
	{ __LINE__, in_models, stop, STOP, NULL, "",
	  "503 server_shutting_down" },

	{ __LINE__, in_handling, gone, "", back, GONE, "" },
	{ __LINE__, in_handling, stop, "", back, STOP,
	  "503 server_shutting_down" },
	{ __LINE__, in_handling, back, "call", NULL, "", "" },
	{ __LINE__, in_refusing, back, "whole", NULL, "", "200 reply" },

	{ __LINE__, in_asking, gone, GONE " cancel", NULL, "", "" },
	{ __LINE__, in_asking, stop, "cancel " STOP, NULL, "",
	  "503 server_shutting_down" },
	{ __LINE__, in_asking, failed, "whole (No.)", NULL, "",
	  "502 unreachable" },
	{ __LINE__, in_asking, refused, "handle", back, "call", "" },
	{ __LINE__, in_answering, gone, GONE " cancel", NULL, "", "200 a" },
	{ __LINE__, in_answering, stop, "cancel " STOP, NULL, "",
	  "200 a!server_shutting_down" },
	{ __LINE__, in_answering, failed, "whole (No.)", NULL, "",
	  "200 a!unreachable" },
	{ __LINE__, in_answering, ended, "whole (Cut.)", NULL, "",
	  "200 a!cut" },
	{ __LINE__, in_answering, sends_bad, "whole (Bad.)", NULL, "",
	  "200 a!bad_event" },
	{ __LINE__, in_answering, is_done, "resume", back, "resume",
	  "200 adone" },
	{ __LINE__, in_answering, cannot_write, GONE " cancel", NULL, "", "200 a" },
	{ __LINE__, in_answering, reads_slowly, "pause", reads, "resume",
	  "200 ab" },

	{ __LINE__, in_asking, nothing_comes, "resume", NULL, "",
	  "200 : keep-alive\n\n" },
	{ __LINE__, in_answering, something_comes, "", nothing_comes,
	  "resume", "200 a: keep-alive\n\n" },
	{ __LINE__, in_answering, reads_slowly, "pause", nothing_is_read,
	  "broken (client stopped reading) cancel", "200 a" },
	{ __LINE__, in_answering, reads_slowly, "pause", nothing_comes, "",
	  "200 a" },

	{ __LINE__, in_translating, gone, "", back, GONE, "" },
	{ __LINE__, in_translating, stop, "", back, "whole", "200 body" },
	{ __LINE__, in_translating, back, "whole", NULL, "", "200 body" },
	{ __LINE__, in_translating_once, gone, "", back, GONE, "" },
	{ __LINE__, in_translating_once, back, "next", whole, "keep", "" },
	{ __LINE__, in_translating_a_small_one, whole, "keep", back, "whole",
	  "200 body" },

	{ __LINE__, in_keeping, gone, "", back, GONE " cancel", "200 a" },
	{ __LINE__, in_keeping, stop, "", back, "resume", "200 alast." },
	{ __LINE__, in_keeping, ended, "", back, "whole", "200 alast." },
	{ __LINE__, in_keeping, back, "resume", NULL, "", "200 alast." },

	{ __LINE__, in_lingering, gone, GONE " cancel", NULL, "",
	  "200 alast." },
	{ __LINE__, in_lingering, stop, "cancel whole", NULL, "",
	  "200 alast." },
	{ __LINE__, in_lingering, ended, "whole", NULL, "", "200 alast." },

	{ __LINE__, in_draining, gone, GONE, NULL, "", "" },
	{ __LINE__, in_draining, nothing_is_read,
	  "broken (client stopped reading)", NULL, "", "" },
	{ __LINE__, in_draining, stop, "", reads, "whole", "200 reply" },
	{ __LINE__, in_draining, reads, "whole", NULL, "", "200 reply" },

	{ __LINE__, in_stopping, gone, "", back, GONE, "" },
	{ __LINE__, in_stopping, stop, "", back, STOP,
	  "503 server_shutting_down" },
	{ __LINE__, in_stopping, back, STOP, NULL, "",
	  "503 server_shutting_down" },

	{ __LINE__, in_handling_behind_a_summary, stop, "", back, STOP,
	  "200 : keep-alive\n\n!server_shutting_down" },
	{ __LINE__, in_handling_behind_a_summary, back, "call", NULL, "",
	  "200 : keep-alive\n\n" },
	{ __LINE__, in_refusing_behind_a_summary, stop, "", back, "whole",
	  "200 : keep-alive\n\nreply" },
	{ __LINE__, in_refusing_behind_a_summary, back, "whole", NULL, "",
	  "200 : keep-alive\n\nreply" },

	{ __LINE__, in_leaving, gone, "", back, GONE " cancel", "200 a" },
	{ __LINE__, in_leaving, stop, "", back, GONE " cancel", "200 a" },
	{ __LINE__, in_leaving, ended, "", back, GONE, "200 a" },
	{ __LINE__, in_leaving, back, GONE " cancel", NULL, "", "200 a" },
};

/* What the client got: status, and the body or the code of an error. */
static void
read_answer(char *out, size_t size)
{
	const char	*head = buf_str(&got), *body, *text;
	json_object	*obj;

	snprintf(out, size, "%s", "");
	if (got.len == 0)
		return;
	assert_true(util_starts(head, "Status: "));
	assert_non_null(body = strstr(head, "\r\n\r\n"));
	body += 4;
	obj = js_parse_quiet(body, strlen(body));
	text = js_str(js_obj(obj, "error"), "code");
	snprintf(out, size, "%.3s %s", head + 8, text != NULL ? text : body);
	json_object_put(obj);
}

static void
check(const struct row *row, const char *what, const char *is, const char *want)
{
	if (strcmp(is, want) != 0)
		fail_msg("line %d: %s: \"%s\", not \"%s\"", row->line, what, is,
		    want);
}

static void
happens(const struct row *row, void (*event)(void), const char *want)
{
	seen[0] = '\0';
	event();
	check(row, "happened", seen, want);
}

static void
test_phases(void **state)
{
	char	answer[256];
	size_t	i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		room = true;
		broken = recorded = false;
		agains = 0;
		buf_truncate(&got, 0);
		client = (struct client){ .ops = &client_ops };
		rows[i].in();
		happens(&rows[i], rows[i].event, rows[i].meant);
		if (rows[i].then != NULL)
			happens(&rows[i], rows[i].then, rows[i].after);
		read_answer(answer, sizeof(answer));
		check(&rows[i], "answered", answer, rows[i].answer);
		if (x != NULL)
			gone();
		back();
		assert_null(x);
		assert_null(server.relays);
	}
	buf_finish(&got);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phases)
	};
	int failures;

	server.loop = loop_create();
	conf.sse_keep_alive_ms = 15000;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	loop_destroy(server.loop);
	return failures;
}
