/* A process lives as long as it holds the lock of a file of its name. */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/util.h"
#include "state/alive.h"

#define LOCK_BEFORE	"background-"
#define LOCK_BEHIND	".lock"
#define TRIES		4	/* for a lock that nobody has swept away */

static char *
lock_name(const char *process)
{
	return xasprintf(LOCK_BEFORE "%s" LOCK_BEHIND, process);
}

/* Is the file that was locked still the one of that name? */
static bool
is_there(const struct stored *s, const char *name, int fd)
{
	char		*path = xasprintf("%s/%s", s->home, name);
	struct stat	 a, b;
	bool		 same;

	same = fstat(fd, &a) == 0 && stat(path, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	free(path);
	return same;
}

/*
 * This process gets a name, and the lock of that name. Somebody who looks for
 * those who are gone may take a lock away before it is held: then another one.
 */
bool
alive_lock_enlist(struct stored *s, char process[static 33])
{
	char	*name;
	int	 i;
	bool	 busy, ok = false;

	for (i = 0; i < TRIES && !ok; i++) {
		util_random_hex(process, 32);
		name = lock_name(process);
		s->process_lock = files_lock(s->home, name, false, &busy);
		ok = s->process_lock >= 0 &&
		    is_there(s, name, s->process_lock);
		if (!ok && s->process_lock >= 0)
			close(s->process_lock);
		free(name);
	}
	return ok;
}

void
alive_lock_quit(struct stored *s, const char *process)
{
	char *name = lock_name(process);

	files_remove(s->home, name, NULL);
	close(s->process_lock);
	free(name);
}

bool
alive_lock_is_here(const struct stored *s, const char *process)
{
	char	*name = lock_name(process);
	char	*path = xasprintf("%s/%s", s->home, name);
	bool	 here = access(path, F_OK) == 0;

	free(path);
	free(name);
	return here;
}

/* Fail the responses of a process that is gone. */
static bool
put_gone(struct state_tx *tx, void *process)
{
	return db_finish(db_prepare(tx->c, ALIVE_FAIL, process, ALIVE_GONE)) &&
	    (!tx->s->shared || db_finish(db_prepare(tx->c,
	    "DELETE FROM process WHERE name = ?1", process, NULL)));
}

/*
 * Is the process gone? Then what it ran has failed. Doesn't wait for the lock
 * of one that lives.
 */
bool
alive_lock_bury(struct stored *s, const char *process)
{
	char	*name, *copy;
	int	 fd;
	bool	 busy, ok;

	name = lock_name(process);
	if ((fd = files_lock(s->home, name, false, &busy)) < 0) {
		free(name);
		return false;
	}
	copy = xstrdup(process);
	ok = state_group_put(s, put_gone, copy,
	    "an interrupted response could not be noted");
	if (ok)
		files_remove(s->home, name, NULL);
	close(fd);
	free(copy);
	free(name);
	return ok;
}

/* The next process that has a lock here, alive or not; NULL: no more. */
static char *
next_process(DIR *dir)
{
	const size_t	 before = strlen(LOCK_BEFORE);
	struct dirent	*e;
	size_t		 n;

	while ((e = readdir(dir)) != NULL) {
		n = strlen(e->d_name);
		if (util_starts(e->d_name, LOCK_BEFORE) &&
		    util_ends(e->d_name, LOCK_BEHIND) &&
		    n > before + strlen(LOCK_BEHIND))
			return xstrndup(e->d_name + before,
			    n - before - strlen(LOCK_BEHIND));
	}
	return NULL;
}

bool
alive_lock_any(const struct stored *s)
{
	DIR	*dir = opendir(s->home);
	char	*process;
	bool	 any;

	if (dir == NULL)
		return false;
	process = next_process(dir);
	any = process != NULL;
	closedir(dir);
	free(process);
	return any;
}

/* All processes that are gone, by the locks that they left. */
void
alive_lock_bury_all(struct stored *s)
{
	DIR	*dir = opendir(s->home);
	char	*process;

	if (dir == NULL)
		return;
	while ((process = next_process(dir)) != NULL) {
		alive_lock_bury(s, process);
		free(process);
	}
	closedir(dir);
}
