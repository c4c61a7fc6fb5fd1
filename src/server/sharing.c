/* The texts of upstream that hosts share, asked for on workers. */
#include "config.h"

#include <stdlib.h>

#include "base/loop.h"
#include "base/util.h"
#include "base/workers.h"
#include "copilot/shared.h"
#include "server/parts.h"
#include "server/sharing.h"
#include "state/shared.h"

struct sharing {
	struct copilot_shared	 shared;
	struct server		*server;
	struct shared		*db;
};

static struct sharing *
sharing_of(struct shared_ask *ask)
{
	return CONTAINER(ask->shared, struct sharing, shared);
}

static enum shared_answer
answer(struct shared *db, struct shared_ask *ask)
{
	static const enum shared_answer answers[] = {
		[SHARED_UNKNOWN] = SHARED_AWAY, [SHARED_MADE] = SHARED_BUSY,
		[SHARED_TO_MAKE] = SHARED_MINE, [SHARED_FOUND] = SHARED_THERE
	};

	switch (ask->what) {
	case SHARED_LOOK:
		buf_truncate(&ask->text, 0);
		return answers[shared_find(db, ask->name, ask->behind,
		    &ask->text, &ask->version, &ask->left)];
	case SHARED_KEEP:
		return shared_put(db, ask->name, &ask->text, ask->left,
		    &ask->version) ? SHARED_THERE : SHARED_AWAY;
	case SHARED_NOTES:
		ask->version = ask->behind;
		return shared_notes(db, ask->name, &ask->text,
		    &ask->version) ? SHARED_THERE : SHARED_AWAY;
	case SHARED_LEAVE:
		shared_leave(db, ask->name);
		break;
	}
	return SHARED_AWAY;
}

static void
back(struct loop_task *t)
{
	struct shared_ask *ask = CONTAINER(t, struct shared_ask, back);

	ask->running = false;
	ask->done(ask);
}

static void
run(struct job *job)
{
	struct shared_ask	*ask = CONTAINER(job, struct shared_ask, job);
	struct sharing		*s = sharing_of(ask);

	ask->answer = answer(s->db, ask);
	loop_post(s->server->loop, &ask->back);
}

static void
ask_for(struct copilot_shared *shared, struct shared_ask *ask)
{
	ask->shared = shared;
	ask->job = (struct job){ .run = run, .kind = WORK_STORE };
	ask->back.run = back;
	if (sharing_of(ask)->server->workers != NULL)
		workers_submit(sharing_of(ask)->server->workers, &ask->job);
	else
		run(&ask->job);
}

struct copilot_shared *
sharing_create(struct server *server, const struct state_place *at)
{
	struct shared	*db = shared_create(at);
	struct sharing	*s;

	if (db == NULL)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->shared.ask = ask_for;
	s->server = server;
	s->db = db;
	return &s->shared;
}

void
sharing_destroy(struct copilot_shared *shared)
{
	struct sharing *s;

	if (shared == NULL)
		return;
	s = CONTAINER(shared, struct sharing, shared);
	shared_destroy(s->db);
	free(s);
}
