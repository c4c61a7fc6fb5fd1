/* One fetch from GitHub or Copilot, and those who wait for it. */
#include "config.h"

#include <stdlib.h>

#include "copilot/fetch.h"

#define FETCH_TIMEOUT_MS 30000	/* of silence, as the official language server
				 * allows while polling */
#define ANSWER_MAX	(8u << 20)	/* a model list is about 100 kB */

void
fetch_waiter_add(struct fetch_waiter **list, struct fetch_waiter *w)
{
	w->next = *list;
	w->prev = list;
	if (w->next != NULL)
		w->next->prev = &w->next;
	*list = w;
}

void
fetch_waiter_forget(struct fetch_waiter *w)
{
	if (w->prev == NULL)
		return;
	*w->prev = w->next;
	if (w->next != NULL)
		w->next->prev = w->prev;
	w->next = NULL;
	w->prev = NULL;
}

void
fetch_waiter_wake(struct fetch_waiter **list, const struct err *err)
{
	struct fetch_waiter *mine = *list, *w;

	*list = NULL;
	if (mine != NULL)
		mine->prev = &mine;
	while ((w = mine) != NULL) {
		fetch_waiter_forget(w);
		w->ready(w, err);
	}
}

static enum http_flow
head(void *arg, const struct http_reply *reply)
{
	struct fetch *f = arg;

	f->status = reply->status;
	free(f->retry_after);
	free(f->date);
	f->retry_after = http_reply_header(reply, "retry-after");
	f->date = http_reply_header(reply, "date");
	return HTTP_GO;
}

static enum http_flow
body(void *arg, const char *p, size_t n)
{
	struct fetch *f = arg;

	if (f->body.len + n > ANSWER_MAX)
		return HTTP_STOP;
	buf_append(&f->body, p, n);
	return HTTP_GO;
}

static void
end(void *arg, enum http_end how, const char *why)
{
	struct fetch *f = arg;

	f->call = NULL;
	f->end(f, how, how == HTTP_REFUSED ? "the answer is too large" : why);
}

void
fetch_start(struct fetch *f, struct http *http, const struct conf *conf)
{
	static const struct http_ops ops = { head, body, end };

	f->request.headers_timeout_ms = FETCH_TIMEOUT_MS;
	f->request.silence_timeout_ms = FETCH_TIMEOUT_MS;
	buf_truncate(&f->body, 0);
	f->status = 0;
	f->call = http_start(http, conf, &f->request, &ops, f);
}

void
fetch_clear(struct fetch *f)
{
	http_cancel(f->call);
	f->call = NULL;
	http_request_finish(&f->request);
	buf_finish(&f->body);
	free(f->retry_after);
	free(f->date);
	f->retry_after = f->date = NULL;
}
