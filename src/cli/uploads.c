/* Request bodies of the lighttpd of "start", on the disk. */
#include "config.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/util.h"
#include "cli/uploads.h"

#define DIR_NAME	"uploads."	/* and our process */
#define FILE_PREFIX	"lighttpd-upload"
#define BODIES_MAX	64		/* of the largest size */

/* --- Where. */

bool
uploads_plain_path(const char *s)
{
	return s[0] == '/' && strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == strlen(s);
}

void
uploads_remove_dir(const char *dir)
{
	DIR		*d = opendir(dir);
	struct dirent	*e;

	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static bool
is_memory(const char *dir)
{
	struct statfs s;

	return statfs(dir, &s) == 0 && (s.f_type == TMPFS_MAGIC ||
	    s.f_type == RAMFS_MAGIC);
}

/* May files be made in it, and how much goes into them? */
static bool
has_room(const char *dir, int64_t want, uint64_t *room, struct err *err)
{
	struct statvfs s;

	if (statvfs(dir, &s) != 0 || access(dir, W_OK | X_OK) != 0 ||
	    ((s.f_flag & ST_RDONLY) != 0 && (errno = EROFS)))
		return err_set(err, 500, ERR_SERVER, NULL, NULL,
		    "%s: request bodies can't be kept there: %s", dir,
		    strerror(errno));
	*room = (uint64_t)s.f_bavail * s.f_frsize;
	return *room >= (uint64_t)want || err_set(err, 500, ERR_SERVER, NULL,
	    NULL, "%s: no room for a request body: %llu of %lld bytes "
	    "(maxRequestBodyBytes)", dir, (unsigned long long)*room,
	    (long long)want);
}

/* Remove the leavings of a process that was killed. */
static void
remove_old(const char *home)
{
	DIR		*d = opendir(home);
	struct dirent	*e;
	char		*path;
	int64_t		 pid;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (!util_starts(e->d_name, DIR_NAME) ||
		    !util_parse_int64(e->d_name + strlen(DIR_NAME), &pid) ||
		    (pid != getpid() && (kill((pid_t)pid, 0) == 0 ||
		    errno != ESRCH)))
			continue;
		path = xasprintf("%s/%s", home, e->d_name);
		uploads_remove_dir(path);
		free(path);
	}
	if (d != NULL)
		closedir(d);
}

static bool
make_below(struct uploads *u, const char *home)
{
	char *dir = xasprintf("%s/" DIR_NAME "%d", home, (int)getpid());

	remove_old(home);
	if (!uploads_plain_path(dir) || is_memory(home) ||
	    mkdir(dir, 0700) != 0) {
		free(dir);
		return false;
	}
	u->dir = dir;
	u->made = true;
	return true;
}

bool
uploads_prepare(struct uploads *u, const char *runtime, const char *home,
    int64_t body_max, struct err *err)
{
	struct err	ignored;
	uint64_t	room = 0;

	if (is_memory(runtime) && make_below(u, home) &&
	    !has_room(u->dir, body_max, &room, &ignored))
		uploads_finish(u);
	if (u->dir == NULL)
		u->dir = xstrdup(runtime);
	if (!has_room(u->dir, body_max, &room, err))
		return false;
	u->most = (uint64_t)body_max * BODIES_MAX;
	if (u->most > room / 2)
		u->most = room / 2 > (uint64_t)body_max ? room / 2 :
		    (uint64_t)body_max;
	return true;
}

void
uploads_finish(struct uploads *u)
{
	if (u->made)
		uploads_remove_dir(u->dir);
	free(u->dir);
	memset(u, 0, sizeof(*u));
}

/* --- How much. */

/* Bytes in all of them; "name" becomes the largest one's. */
static uint64_t
add_up(DIR *d, char name[NAME_MAX + 1], off_t *largest)
{
	struct dirent	*e;
	struct stat	 st;
	uint64_t	 all = 0;

	*largest = 0;
	rewinddir(d);
	while ((e = readdir(d)) != NULL) {
		if (!util_starts(e->d_name, FILE_PREFIX) ||
		    fstatat(dirfd(d), e->d_name, &st, 0) != 0)
			continue;
		all += (uint64_t)st.st_blocks * 512;
		if ((off_t)st.st_blocks * 512 > *largest) {
			*largest = (off_t)st.st_blocks * 512;
			snprintf(name, NAME_MAX + 1, "%s", e->d_name);
		}
	}
	return all;
}

/* lighttpd goes on behind a hole, which is zeros: no JSON, a 400. */
void
uploads_watch(const struct uploads *u)
{
	DIR		*d = opendir(u->dir);
	char		 name[NAME_MAX + 1];
	off_t		 largest;
	uint64_t	 all;
	int		 fd, cut = 0;

	if (d == NULL)
		return;
	for (all = add_up(d, name, &largest); all > u->most && largest > 0;
	    all = add_up(d, name, &largest)) {
		fd = openat(dirfd(d), name, O_WRONLY | O_TRUNC | O_CLOEXEC |
		    O_NOFOLLOW);
		if (fd < 0)
			break;
		close(fd);
		cut++;
	}
	closedir(d);
	if (cut > 0)
		fprintf(stderr, "copilot-api: more than %llu MB of request "
		    "bodies at a time: %d of them cut off\n",
		    (unsigned long long)u->most >> 20, cut);
}
