/* Which processes that run responses in the background are alive. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "state/alive.h"

static const struct alive_way *
way(const struct stored *s)
{
	return s->shared ? &alive_row : &alive_lock;
}

bool
alive_enlist(struct stored *s)
{
	bool	first, ok;
	char	name[sizeof(s->process)] = "";

	pthread_mutex_lock(&s->lock);
	first = s->process[0] == '\0';
	ok = !first || way(s)->enlist(s, name);
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

bool
alive_bury(struct stored *s, const char *process)
{
	return way(s)->bury(s, process);
}

void
alive_bury_all(struct stored *s)
{
	way(s)->bury_all(s);
}

void
alive_quit(struct stored *s)
{
	if (s->process[0] != '\0')
		way(s)->quit(s);
	s->process[0] = '\0';
}
