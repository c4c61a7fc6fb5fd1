/* Carrying an exchange out, on the loop: its life, and what it waits for. */
#include "config.h"

#include <stdlib.h>

#include "base/conf.h"
#include "base/util.h"
#include "copilot/copilot.h"
#include "server/access-log.h"
#include "server/client.h"
#include "server/handle.h"
#include "server/parts.h"
#include "server/relay-state.h"
#include "server/relay.h"

static void	proceed(struct relay *);

void
relay_free(struct relay *r, bool whole)
{
	struct server *s = r->server;

	waiter_forget(&r->waiter);
	http_cancel(r->call);
	loop_timer_stop(s->loop, &r->timer);
	loop_timer_stop(s->loop, &r->linger);
	r->client->ops->finish(r->client, whole);
	handle_leave(r->x);
	access_log(r->x, r->bytes, r->upstream_id, r->remark);
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	http_request_finish(&r->request);
	sse_finish(&r->sse);
	buf_finish(&r->body);
	buf_finish(&r->out);
	free(r->retry_after);
	free(r->upstream_id);
	exchange_destroy(r->x);
	free(r);
}

void
relay_abandon(struct relay *r, const char *remark)
{
	r->gone = true;
	r->remark = remark;
	if (!r->away)
		relay_free(r, false);
}

void
relay_travel(struct relay *r, void (*run)(struct job *),
    void (*back)(struct loop_task *))
{
	r->away = true;
	r->job.run = run;
	r->job.kind = handle_kind(r->x);
	r->job.owner = r->x->memory.holder;
	r->task.run = back;
	if (r->server->workers != NULL)
		workers_submit(r->server->workers, &r->job);
	else
		run(&r->job);
}

static void
token_ready(struct waiter *w, const struct err *err)
{
	struct relay *r = RELAY_OF(w, waiter);

	if (err != NULL) {
		r->err = *err;
		relay_fail(r);
	} else
		relay_call_start(r);
}

/* --- The model list, when the handler could not do without. */

static void
job_again(struct job *job)
{
	struct relay *r = RELAY_OF(job, job);

	r->handled = handle_again(r->server, r->x);
	loop_post(r->server->loop, &r->task);
}

static void
shut_down(struct relay *r)
{
	err_set(&r->err, 503, ERR_SERVER, "server_shutting_down", NULL,
	    "This server is shutting down.");
	relay_fail(r);
}

static void
task_again(struct loop_task *task)
{
	struct relay *r = RELAY_OF(task, task);

	r->away = false;
	if (r->gone)
		relay_abandon(r, r->remark);
	else if (r->stopped)
		shut_down(r);
	else
		proceed(r);
}

void
relay_handle_again(struct relay *r)
{
	relay_travel(r, job_again, task_again);
}

static void
models_ready(struct waiter *w, const struct err *err)
{
	struct relay *r = RELAY_OF(w, waiter);

	r->x->models_tried = true;
	if (err != NULL)
		r->x->models_err = *err;
	relay_handle_again(r);
}

static void
proceed(struct relay *r)
{
	struct copilot *copilot = r->server->copilot;

	switch (r->handled) {
	case HANDLED_REPLY:
		relay_reply(r);
		break;
	case HANDLED_MODELS:
		r->waiter.ready = models_ready;
		copilot_want_models(copilot, &r->waiter);
		break;
	case HANDLED_CALL:
		if (r->x->stream && r->x->conf->sse_keep_alive_ms > 0 &&
		    r->timer.place == 0)
			loop_timer_set(r->server->loop, &r->timer,
			    r->x->conf->sse_keep_alive_ms);
		r->waiter.ready = token_ready;
		if (r->x->call.github)
			relay_call_start(r);
		else
			copilot_want_token(copilot, &r->waiter);
		break;
	}
}

void
relay_start(struct server *s, struct exchange *x, struct client *client,
    enum handled handled)
{
	struct relay *r = xcalloc(1, sizeof(*r));

	r->server = s;
	r->x = x;
	r->client = client;
	r->handled = handled;
	r->written = loop_now(s->loop);
	r->timer.expired = relay_timer;
	r->linger.expired = relay_linger_over;
	client->owner = r;
	client->gone = relay_client_gone;
	client->writable = relay_client_writable;
	r->next = s->relays;
	r->prev = &s->relays;
	if (r->next != NULL)
		r->next->prev = &r->next;
	s->relays = r;
	proceed(r);
}

void
relay_stop_all(struct server *s)
{
	struct relay *r, *next;

	for (r = s->relays; r != NULL; r = next) {
		next = r->next;
		r->stopped = true;
		if (r->away || r->over)
			continue;
		if (r->linger.place != 0) {
			/* All is said, only upstream's end was waited for. */
			loop_timer_stop(s->loop, &r->linger);
			relay_linger_over(&r->linger);
			continue;
		}
		waiter_forget(&r->waiter);
		http_cancel(r->call);
		r->call = NULL;
		shut_down(r);
	}
}
