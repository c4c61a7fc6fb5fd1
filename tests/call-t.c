/*
 * call.c: second tries, and what comes of a call. The connection and the tokens
 * are the test's own.
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
#include "base/body.h"
#include "base/conf.h"
#include "base/http.h"
#include "base/util.h"
#include "copilot/accounts.h"
#include "copilot/copilot.h"
#include "server/call.h"
#include "server/parts.h"

/* --- The connection, and what went over it. */

static char			 seen[512];	/* in order */
static const struct http_ops	*http;
static void			*http_arg;
static bool			 running, no_token;
static struct err		*failure;
static unsigned			 generation;	/* of the token */
static struct fetch_waiter		*waits;		/* for one */

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

struct http_call *
http_start(struct http *h, const struct conf *conf,
    const struct http_request *r, const struct http_ops *ops, void *arg)
{
	(void)h;
	(void)conf;
	note("ask(%s)", buf_str(&r->body.own));
	http = ops;
	http_arg = arg;
	running = true;
	return (struct http_call *)&running;
}

void
http_cancel(struct http_call *c)
{
	if (c != NULL)
		note("cancel");
	running = false;
}

void
http_resume(struct http_call *c)
{
	(void)c;
	note("resume");
}

bool
http_sent(const struct http_call *c)
{
	(void)c;
	return true;
}

bool
http_release(struct http_call *c)
{
	return http_sent(c);
}

bool
http_multiplexed(const struct http_call *c)
{
	(void)c;
	return false;
}

char *
http_reply_header(const struct http_reply *r, const char *name)
{
	(void)r;
	return strcmp(name, "retry-after") == 0 ? xstrdup("7") : NULL;
}

void
http_request_finish(struct http_request *r)
{
	body_finish(&r->body);
}

void
copilot_want_token(struct copilot *c, struct fetch_waiter *w)
{
	struct err err = { 0 };

	(void)c;
	waits = w;
	if (no_token)
		err_set(&err, 401, ERR_AUTH, "not_signed_in", NULL, "No.");
	w->ready(w, no_token ? &err : NULL);
}

void
copilot_want_github(struct copilot *c, struct conf *with,
    struct fetch_waiter *w)
{
	(void)with;
	note("github");
	copilot_want_token(c, w);
}

bool
copilot_request(struct copilot *c, const struct conf *conf,
    struct upstream_call *what, struct http_request *r, struct err *err)
{
	(void)c;
	(void)conf;
	(void)err;
	note(what->agent ? "agent" : "user");
	r->body = what->body;
	what->body = (struct body){ 0 };
	return true;
}

unsigned
copilot_generation(const struct copilot *c)
{
	(void)c;
	return generation;
}

void
copilot_refused(struct copilot *c, unsigned refused)
{
	(void)c;
	note("refused(%u)", refused);
	generation++;
}

void
fetch_waiter_forget(struct fetch_waiter *w)
{
	(void)w;
}

/* --- The owner. */

static struct conf		 conf = { .max_response_body_bytes = 64 };
static struct server		 server;
static enum answer_said
take_event(void *self, const struct sse_event *ev, struct buf *out,
    struct err *err)
{
	(void)self;
	(void)ev;
	(void)out;
	(void)err;
	return ANSWER_MORE;
}

static const struct answer_ops	 answer = { .event = take_event };
static struct exchange		 x;
static struct call		 call;

static void
on_head(struct call *c, const struct http_reply *reply)
{
	assert_int_equal(c->status, reply->status);
}

static enum http_flow
on_events(struct call *c, const char *p, size_t n)
{
	return call_feed(c, p, n) ? HTTP_GO : HTTP_STOP;
}

static bool
on_event(const struct sse_event *ev, void *c)
{
	assert_ptr_equal(c, &call);
	note("<%s>", ev->data);
	return strcmp(ev->data, "enough") != 0;
}

static void
on_ended(struct call *c)
{
	static const char *const names[] = {
		"none", "events", "whole", "error", "failed", "stopped"
	};

	assert_false(call_running(c));
	note("%s", names[c->answer]);
	if (c->answer == CALL_FAILED)
		note("%d %s", failure->status, failure->code);
	else if (c->answer == CALL_EVENTS)
		note("[%s]", c->silence);
	else if (c->answer != CALL_STOPPED)
		note("%d [%s]", c->status, buf_str(&c->body));
}

static const struct call_ops ops = {
	on_head, on_events, on_event, on_ended
};

/*
 * What upstream does, a letter each: the head of an answer with status 200, 401
 * or 400 (2, 4, b), of a stream (e); text in "say"; an end as in http.h.
 */
static void
happen(char what, const char *say)
{
	static char		 json[] = "application/json",
				 stream[] = "text/event-stream";
	static const char	 letters[] = "DULSCR";
	struct http_reply	 reply = { .content_type =
				    what == 'e' ? stream : json };
	const char		*end = strchr(letters, what);
	enum http_flow		 flow;

	if (!running)
		return;
	if (end != NULL) {
		running = false;
		http->end(http_arg, (enum http_end)(end - letters), "why");
		return;
	}
	if (what == 't') {
		flow = http->body(http_arg, say, strlen(say));
		if (flow == HTTP_STOP)
			happen('R', say);
		return;
	}
	reply.status = what == '4' ? 401 : what == 'b' ? 400 : 200;
	http->head(http_arg, &reply);
}

static const struct row {
	int		 line;
	bool		 stream;	/* the client wants events */
	const char	*does;		/* upstream; see happen() */
	const char	*say;
	const char	*want;
} rows[] = {
	/* What comes. */
	{ __LINE__, false, "2tD", "all", "user ask(q) whole 200 [all]" },
	{ __LINE__, true, "etD", "data: 1\n\ndata: 2\n\n",
	  "user ask(q) <1> <2> events []" },
	{ __LINE__, true, "etD", "data: enough\n\ndata: 2\n\n",
	  "user ask(q) <enough> stopped" },
	{ __LINE__, false, "btD", "no", "user ask(q) error 400 [no]" },
	/* What isn't what was asked for is for the answer to read. */
	{ __LINE__, true, "2tD", "all", "user ask(q) whole 200 [all]" },
	{ __LINE__, false, "etD", "data: 1\n\n", "user ask(q) <1> events []" },
	/* Too much of it. */
	{ __LINE__, false, "2ttD", "123456789012345678901234567890123456789",
	  "user ask(q) failed 502 upstream_answer_too_large" },
	{ __LINE__, true, "ettD", "data: 678901234567890123456789012345678",
	  "user ask(q) failed 502 upstream_answer_too_large" },

	/* It breaks off: only an answer knows whether a stream was whole. */
	{ __LINE__, true, "etC", "data: 1\n\n",
	  "user ask(q) <1> events []" },
	{ __LINE__, true, "etS", "data: 1\n\n",
	  "user ask(q) <1> events [why]" },
	{ __LINE__, false, "2tC", "a",
	  "user ask(q) failed 502 upstream_unreachable" },
	{ __LINE__, false, "2tS", "a",
	  "user ask(q) failed 504 upstream_timeout" },
	{ __LINE__, false, "S", "", "user ask(q) failed 504 upstream_timeout" },

	/* Nothing of an answer: once more, and who may have paid is told. */
	{ __LINE__, false, "U2tD", "all",
	  "user ask(q) user ask(q) whole 200 [all]" },
	{ __LINE__, false, "L2tD", "all",
	  "user ask(q) agent ask(q) whole 200 [all]" },
	{ __LINE__, false, "UL", "",
	  "user ask(q) user ask(q) failed 502 upstream_unreachable" },
	{ __LINE__, false, "LU", "",
	  "user ask(q) agent ask(q) failed 502 upstream_unreachable" },

	/* The token is refused: once more with another one. */
	{ __LINE__, false, "4tD2tD", "a",
	  "user ask(q) refused(1) user ask(q) whole 200 [a]" },
	{ __LINE__, false, "4tD4tD", "a",
	  "user ask(q) refused(1) user ask(q) error 401 [a]" },
	{ __LINE__, false, "L4tD2tD", "a",
	  "user ask(q) agent ask(q) refused(1) agent ask(q) whole 200 [a]" },
	{ __LINE__, false, "4tDL4tD", "a", "user ask(q) refused(1) user ask(q) "
	  "agent ask(q) error 401 [a]" },
};

static struct copilot_account account;

static void
begin(bool stream)
{
	seen[0] = '\0';
	free(failure);
	failure = NULL;
	generation = 1;
	no_token = false;
	x = (struct exchange){
		.conf = &conf,
		.account = &account,
		.answer = &answer,
		.stream = stream,
		.call.method = "POST"
	};
	buf_puts(&x.call.body.own, "q");
	call_init(&call, &ops, &server, &x, &failure);
}

static void
test_rows(void **state)
{
	const char	*p;
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		begin(rows[i].stream);
		call_start(&call);
		for (p = rows[i].does; *p != '\0'; p++)
			happen(*p, rows[i].say);
		if (strcmp(seen, rows[i].want) != 0)
			fail_msg("line %d: %s", rows[i].line, seen);
		call_finish(&call);
		body_finish(&x.call.body);
	}
}

/* One more call has second tries of its own, but may still be paid twice. */
static void
test_next(void **state)
{
	(void)state;
	begin(false);
	call_start(&call);
	happen('L', "");
	happen('2', "");
	happen('D', "");
	buf_puts(&x.call.body.own, "next");
	call_start_next(&call);
	happen('U', "");
	happen('2', "");
	happen('t', "b");
	happen('D', "");
	assert_string_equal(seen, "user ask(q) agent ask(q) whole 200 [] "
	    "agent ask(next) agent ask(next) whole 200 [b]");
	call_finish(&call);
}

static void
test_no_token(void **state)
{
	(void)state;
	begin(false);
	no_token = true;
	call_start(&call);
	assert_ptr_equal(waits, &call.waiter);
	assert_string_equal(seen, "failed 401 not_signed_in");
	call_finish(&call);
	body_finish(&x.call.body);
}

/* A call to GitHub's own API has no Copilot token that could be stale. */
static void
test_github(void **state)
{
	(void)state;
	begin(false);
	x.call.github = true;
	call_start(&call);
	happen('4', "");
	happen('D', "");
	assert_string_equal(seen, "github user ask(q) error 401 []");
	call_finish(&call);
	body_finish(&x.call.body);
}

static void
test_cancel(void **state)
{
	(void)state;
	begin(true);
	call_start(&call);
	happen('e', "");
	call_resume(&call);
	call_cancel(&call);
	call_cancel(&call);
	call_resume(&call);
	assert_string_equal(seen, "user ask(q) resume cancel");
	call_finish(&call);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_no_token),
		cmocka_unit_test(test_github),
		cmocka_unit_test(test_cancel)
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
