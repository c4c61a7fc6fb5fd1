/* Which processes that run responses in the background are alive. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "state/alive.h"

static bool
enlist(struct stored *s, char name[static 33])
{
	if (!alive_lock_enlist(s, name))
		return false;
	if (!s->shared || alive_row_enlist(s, name))
		return true;
	alive_lock_quit(s, name);
	return false;
}

bool
alive_enlist(struct stored *s)
{
	bool	first, ok;
	char	name[sizeof(s->process)] = "";

	pthread_mutex_lock(&s->lock);
	first = s->process[0] == '\0';
	ok = !first || enlist(s, name);
	if (ok && first)
		memcpy(s->process, name, sizeof(name));
	pthread_mutex_unlock(&s->lock);
	if (ok && first)
		alive_bury_all(s);
	return ok;
}

bool
alive_is_ours(struct stored *s, const char *process)
{
	bool ours;

	pthread_mutex_lock(&s->lock);
	ours = strcmp(process, s->process) == 0;
	pthread_mutex_unlock(&s->lock);
	return ours;
}

/* A lock says it at once, where there is one. */
bool
alive_bury(struct stored *s, const char *process)
{
	return s->shared && !alive_lock_is_here(s, process) ?
	    alive_row_bury(s, process) : alive_lock_bury(s, process);
}

void
alive_bury_all(struct stored *s)
{
	alive_lock_bury_all(s);
	if (s->shared)
		alive_row_bury_all(s);
}

void
alive_quit(struct stored *s)
{
	if (s->process[0] == '\0')
		return;
	if (s->shared)
		alive_row_quit(s);
	alive_lock_quit(s, s->process);
	s->process[0] = '\0';
}
