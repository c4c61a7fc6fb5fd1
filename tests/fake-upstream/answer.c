/* What will be sent, and what a scenario does to it. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/js.h"
#include "base/util.h"
#include "jt.h"

void
answer_finish(struct answer *a)
{
	free(a->type);
	free(a->ends);
	free(a->arg);
	buf_finish(&a->headers);
	buf_finish(&a->text);
	*a = (struct answer){ 0 };
}

void
answer_header(struct answer *a, const char *name, const char *fmt, ...)
{
	va_list	 ap;
	char	*value;

	va_start(ap, fmt);
	if (vasprintf(&value, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	/* A value from a scenario must not be able to end the head. */
	value[strcspn(value, "\r\n")] = '\0';
	buf_printf(&a->headers, "%s: %s\r\n", name, value);
	free(value);
}

void
answer_begin(struct answer *a, int status, const char *type)
{
	free(a->type);
	a->type = xstrdup(type);
	a->status = status;
	a->stream = false;
	a->n = 0;
	buf_truncate(&a->text, 0);
}

void
answer_json(struct answer *a, int status, json_object *obj)
{
	answer_begin(a, status, "application/json; charset=utf-8");
	js_print(obj, &a->text);
}

void
answer_stream(struct answer *a)
{
	answer_begin(a, 200, "text/event-stream");
	a->stream = true;
}

void
answer_mark(struct answer *a)
{
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 32;
		a->ends = xrealloc(a->ends, a->cap * sizeof(*a->ends));
	}
	a->ends[a->n++] = a->text.len;
}

void
answer_data(struct answer *a)
{
	buf_puts(&a->text, "data: ");
}

void
answer_data_end(struct answer *a)
{
	buf_puts(&a->text, "\n\n");
	answer_mark(a);
}

/* Keep the first "keep" events only. */
static void
cut(struct answer *a, size_t keep)
{
	if (keep >= a->n)
		return;
	a->n = keep;
	buf_truncate(&a->text, keep > 0 ? a->ends[keep - 1] : 0);
}

/* An error in the middle of a 200: behind it comes nothing more. */
static void
add_error(struct answer *a, json_object *scn, bool bare)
{
	const char	*code = js_str(scn, "code");
	const char	*msg = js_str(scn, "message");
	int64_t		 at = js_int(scn, "at", (int64_t)(a->n / 2));

	cut(a, at > 0 ? (size_t)at : 0);
	if (!bare)
		answer_data(a);
	jt(&a->text, "{'error':{'code':%s,'message':%s,'metadata':{}}}",
	    code != NULL ? code : "rate_limited",
	    msg != NULL ? msg : "Sorry, you have been rate-limited.");
	if (bare) {
		buf_putc(&a->text, '\n');
		answer_mark(a);
	} else
		answer_data_end(a);
}

/*
 * Rewrite each event: a comment before and inside it, and \r\n for \n. JSON
 * holds no bare newline, so each \n ends a line.
 */
static void
rewrite(struct answer *a, bool comments, bool crlf)
{
	struct buf	 old = a->text;
	size_t		 i, at = 0, end;
	const char	*nl;

	a->text = (struct buf){ 0 };
	for (i = 0; i < a->n; i++) {
		end = a->ends[i];
		if (comments)
			buf_puts(&a->text, crlf ?
			    ": keep-alive\r\n\r\n: in\r\n" :
			    ": keep-alive\n\n: in\n");
		while (crlf && at < end &&
		    (nl = memchr(old.p + at, '\n', end - at)) != NULL) {
			buf_append(&a->text, old.p + at,
			    (size_t)(nl - old.p) - at);
			buf_puts(&a->text, "\r\n");
			at = (size_t)(nl - old.p) + 1;
		}
		buf_append(&a->text, old.p + at, end - at);
		at = end;
		a->ends[i] = a->text.len;
	}
	buf_finish(&old);
}

void
answer_spoil(struct answer *a, json_object *scn)
{
	bool comments = js_bool(scn, "comments", false);
	bool crlf = js_bool(scn, "crlf", false);

	if (!a->stream || a->next != NULL)
		return;
	if (js_bool(scn, "error_chunk", false))
		add_error(a, scn, false);
	else if (js_bool(scn, "bare_json_error_line", false))
		add_error(a, scn, true);
	if (comments || crlf)
		rewrite(a, comments, crlf);
}
