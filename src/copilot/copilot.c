/* Copilot as the loop sees it: what it consists of, and lessons. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/loop.h"
#include "base/util.h"
#include "copilot/copilot-state.h"
#include "copilot/copilot.h"
#include "copilot/fetch.h"
#include "copilot/lessons.h"
#include "copilot/models.h"
#include "copilot/shared.h"
#include "copilot/signin.h"
#include "copilot/token.h"

#define LESSONS_MS	5000	/* between hosts that tell each other */

/* --- The lessons of all hosts. */

static void
lessons_answered(struct shared_ask *ask)
{
	struct copilot	*c = CONTAINER(ask, struct copilot, lessons_ask);
	const char	*at = buf_str(&ask->text), *end, *rest;

	if (ask->answer != SHARED_THERE)
		return;
	lessons_told(c->lessons, c->lessons_last);
	c->lessons_heard = ask->version;
	for (; (end = strchr(at, '\n')) != NULL; at = end + 1)
		if ((rest = memchr(at, ' ', (size_t)(end - at))) != NULL)
			lessons_hear(c->lessons, rest + 1,
			    (size_t)(end - rest - 1));
}

static void
lessons_timer(struct loop_timer *t)
{
	struct copilot		*c;
	struct shared_ask	*ask;

	c = CONTAINER(t, struct copilot, lessons_timer);
	ask = &c->lessons_ask;

	loop_timer_set(c->loop, &c->lessons_timer, LESSONS_MS);
	if (!copilot_share_begin(c, ask, SHARED_NOTES, "lessons"))
		return;
	if (c->lessons_heard == 0)
		lessons_secret(c->lessons, signin_secret(&c->signin));
	buf_truncate(&ask->text, 0);
	c->lessons_last = lessons_news(c->lessons, &ask->text);
	ask->behind = c->lessons_heard;
	ask->done = lessons_answered;
	c->shared->ask(c->shared, ask);
}

struct lessons *
copilot_lessons(struct copilot *c)
{
	return c->lessons;
}

static void
account_changed(struct copilot *c)
{
	c->models_version = 0;
	c->lessons_heard = 0;
	copilot_models_set(c, NULL);
}

struct copilot *
copilot_create(const struct copilot_parts *parts)
{
	struct copilot *c = xcalloc(1, sizeof(*c));

	c->loop = parts->loop;
	c->http = parts->http;
	c->conf_file = parts->conf_file;
	c->home = xstrdup(parts->home);
	signin_init(&c->signin, parts->home, parts->enterprise,
	    parts->github_token, NULL);
	c->signin.command = parts->command;
	c->signin.name = parts->name != NULL ? xstrdup(parts->name) : NULL;
	copilot_wire_token(c);
	copilot_wire_models(c);
	c->changed = account_changed;
	c->lessons_timer.expired = lessons_timer;
	c->shared = parts->shared;
	util_uuid(c->session);
	c->lessons = lessons_create();
	return c;
}

void
copilot_destroy(struct copilot *c)
{
	if (c == NULL)
		return;
	fetch_waiter_forget(&c->models_token);
	fetch_waiter_forget(&c->github);
	fetch_clear(&c->token_fetch);
	fetch_clear(&c->models_fetch);
	loop_timer_stop(c->loop, &c->token_timer);
	loop_timer_stop(c->loop, &c->models_timer);
	buf_finish(&c->token_ask.text);
	buf_finish(&c->models_ask.text);
	loop_timer_stop(c->loop, &c->lessons_timer);
	buf_finish(&c->lessons_ask.text);
	if (c->lock >= 0)
		close(c->lock);
	copilot_token_finish(&c->token);
	models_unref(c->models);
	lessons_destroy(c->lessons);
	conf_unref(c->conf);
	pthread_mutex_destroy(&c->models_lock);
	signin_finish(&c->signin);
	free(c->home);
	free(c);
}
