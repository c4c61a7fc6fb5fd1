/* Telling a client of a response in the background as it comes. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/followed.h"
#include "base/conf.h"
#include "base/loop.h"
#include "base/util.h"
#include "base/workers.h"
#include "server/access-log.h"
#include "server/client.h"
#include "server/follow.h"
#include "server/handle.h"
#include "server/meter.h"
#include "server/outlet.h"
#include "server/parts.h"

/* How long to wait before looking again, doubled while nothing comes. */
#define PAUSE_MIN_MS	100
#define PAUSE_MAX_MS	1000

struct follow {
	struct follow	  *next, **prev;	/* all of the server */
	struct server	  *server;
	struct exchange	  *x;
	struct outlet	   outlet;
	enum followed_said said;
	struct buf	   more;	/* that the worker read */
	int64_t		   pause;	/* ms */
	bool		   flying;	/* a worker has it */
	bool		   again;	/* woken meanwhile */
	bool		   stopping;	/* what is there is the last of it */
	struct job	   job;
	struct loop_task   back;
	struct loop_timer  timer;
};

static void
end(struct follow *f, bool whole)
{
	loop_timer_stop(f->server->loop, &f->timer);
	outlet_finish(&f->outlet, whole);
	handle_leave(f->x);
	meter(f->x, f->outlet.why == NULL ? 200 : CLIENT_GONE);
	access_log(f->x, f->outlet.bytes, NULL, f->outlet.why);
	*f->prev = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	buf_finish(&f->more);
	exchange_destroy(f->x);
	free(f);
}

static void
run_job(struct job *job)
{
	struct follow *f = CONTAINER(job, struct follow, job);

	f->said = followed_read(f->x->stored, f->x->followed, &f->more);
	loop_post(f->server->loop, &f->back);
}

static void
look(struct follow *f)
{
	loop_timer_stop(f->server->loop, &f->timer);
	f->flying = true;
	f->again = false;
	f->job.run = run_job;
	f->job.kind = WORK_STORE;
	f->job.owner = f->x->memory.holder;
	if (f->server->workers != NULL)
		workers_submit(f->server->workers, &f->job);
	else
		run_job(&f->job);
}

static void
say_last(struct follow *f)
{
	loop_timer_stop(f->server->loop, &f->timer);
	f->stopping = true;
	outlet_last(&f->outlet);
	outlet_push(&f->outlet);
}

static void
came_back(struct loop_task *task)
{
	struct follow	*f = CONTAINER(task, struct follow, back);
	bool		 any = f->more.len > 0;

	f->flying = false;
	if (f->outlet.state == OUTLET_GONE) {
		end(f, false);
		return;
	}
	buf_append(&f->outlet.out, buf_str(&f->more), f->more.len);
	buf_finish(&f->more);
	if (f->said == FOLLOWED_OVER || f->stopping) {
		say_last(f);
		return;
	}
	f->pause = any ? PAUSE_MIN_MS : f->pause * 2 < PAUSE_MAX_MS ?
	    f->pause * 2 : PAUSE_MAX_MS;
	if (f->said == FOLLOWED_WAIT)
		loop_timer_set(f->server->loop, &f->timer,
		    f->again ? 0 : f->pause);
	if (f->outlet.out.len > 0)
		outlet_push(&f->outlet);
}

static void
timer_due(struct loop_timer *t)
{
	struct follow *f = CONTAINER(t, struct follow, timer);

	/* A client that reads slowly is waited for. */
	if (!f->flying && f->outlet.out.len == 0)
		look(f);
}

static void
outlet_drained(struct outlet *o)
{
	struct follow *f = CONTAINER(o, struct follow, outlet);

	if (f->stopping)
		end(f, true);
	else if (!f->flying && f->timer.place == 0)
		look(f);
}

static void
outlet_gone(struct outlet *o)
{
	struct follow *f = CONTAINER(o, struct follow, outlet);

	loop_timer_stop(f->server->loop, &f->timer);
	if (!f->flying)
		end(f, false);
}

static void
outlet_silent(struct outlet *o)
{
	buf_puts(&o->out, ": keep-alive\n\n");
	outlet_push(o);
}

static const struct outlet_ops outlet_ops = {
	outlet_drained, outlet_gone, outlet_silent
};

void
follow_wake(struct server *s, const char *id)
{
	struct follow *f;

	for (f = s->follows; f != NULL; f = f->next)
		if (strcmp(f->x->followed->id, id) == 0) {
			f->again = true;
			if (f->timer.place != 0)
				loop_timer_set(s->loop, &f->timer, 0);
		}
}

void
follow_stop_all(struct server *s)
{
	struct follow *f, *next;

	for (f = s->follows; f != NULL; f = next) {
		next = f->next;
		f->stopping = true;
		if (!f->flying && f->outlet.state != OUTLET_LAST)
			say_last(f);
	}
}

void
follow_start(struct server *s, struct exchange *x, struct client *client)
{
	struct follow *f = xcalloc(1, sizeof(*f));

	f->server = s;
	f->x = x;
	f->pause = PAUSE_MIN_MS;
	f->back.run = came_back;
	f->timer.expired = timer_due;
	f->next = s->follows;
	f->prev = &s->follows;
	if (f->next != NULL)
		f->next->prev = &f->next;
	s->follows = f;
	outlet_init(&f->outlet, &outlet_ops, s->loop, client);
	outlet_begin(&f->outlet, &x->reply, &x->req);
	outlet_watch(&f->outlet, x->conf->sse_keep_alive_ms);
	look(f);
}
