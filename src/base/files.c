/* The data directory: private files, replaced atomically, and locks. */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/util.h"

#define BELOW_HOME	".local/share/copilot-api"
#define FILE_MAX	(16u << 20)	/* the model list has 200 kB */
#define DIR_MODE	0700
#define FILE_MODE	0600

/* --- Where it is. */

/* The home directory in the password database, or NULL. */
static char *
passwd_home(void)
{
	char		 text[16384];
	struct passwd	 pw, *found;

	if (getpwuid_r(geteuid(), &pw, text, sizeof(text), &found) != 0 ||
	    found == NULL || found->pw_dir == NULL ||
	    found->pw_dir[0] != '/')
		return NULL;
	return xstrdup(found->pw_dir);
}

/*
 * The user's own home directory. HOME is often inherited from root by a web
 * server's children, which then can't even look into it.
 */
static char *
user_home(void)
{
	const char	*env = getenv("HOME");
	struct stat	 st;
	char		*dir;

	if (env != NULL && env[0] == '/') {
		if (stat(env, &st) == 0 && st.st_uid == geteuid())
			return xstrdup(env);
	} else
		env = "/";
	dir = passwd_home();
	return dir != NULL ? dir : xstrdup(env);
}

/* lighttpd starts us in another directory, so a relative name must not stay. */
static char *
absolute(const char *dir)
{
	char	 cwd[PATH_MAX], *home, *path;
	size_t	 n;

	if (util_starts(dir, "~/")) {
		home = user_home();
		path = xasprintf("%s/%s", home, dir + 2);
		free(home);
	} else if (dir[0] == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		path = xstrdup(dir);
	else
		path = xasprintf("%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd,
		    dir);
	for (n = strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	return path;
}

char *
files_usual_home(void)
{
	char *home = user_home(), *path;

	path = xasprintf("%s/%s", strcmp(home, "/") == 0 ? "" : home,
	    BELOW_HOME);
	free(home);
	return path;
}

char *
files_home(const char *wanted)
{
	if (wanted == NULL || wanted[0] == '\0')
		wanted = getenv("COPILOT_API_HOME");
	return wanted != NULL && wanted[0] != '\0' ? absolute(wanted) :
	    files_usual_home();
}

/* --- Files. */

static bool
fail(struct err *err, const char *path, const char *what)
{
	int why = errno;

	return err_set(err, 500, ERR_SERVER, "data_directory", NULL,
	    "%s: %s: %s%s", path, what, strerror(why),
	    why == EACCES || why == EPERM ?
	    " (it belongs to another user than this process runs as)" : "");
}

static bool
read_all(int fd, struct buf *out)
{
	char	chunk[16384];
	ssize_t	n;

	for (;;) {
		if ((n = read(fd, chunk, sizeof(chunk))) == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0 && out->len + (size_t)n > FILE_MAX) {
			errno = EFBIG;
			n = -1;
		}
		if (n < 0)
			return false;
		buf_append(out, chunk, (size_t)n);
	}
}

static bool
write_all(int fd, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

bool
files_read(const char *home, const char *name, struct buf *out,
    struct err *err)
{
	char		*path = xasprintf("%s/%s", home, name);
	struct stat	 st;
	int		 fd;
	bool		 ok = true;

	/* O_NONBLOCK: a pipe by that name must not make anybody wait. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
		ok = fail(err, path, "can't be read");
	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		ok = fail(err, path, "is not a plain file");
	} else if (fd >= 0 && !read_all(fd, out)) {
		buf_truncate(out, 0);
		ok = fail(err, path, "can't be read");
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return ok;
}

/* Make the directory and those above it that are missing. */
static bool
make_dirs(const char *dir)
{
	char	*path = xstrdup(dir), *p;
	bool	 ok = true;

	for (p = path + 1; ok && (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		ok = mkdir(path, DIR_MODE) == 0 || errno == EEXIST ||
		    access(path, X_OK) == 0;
		*p = '/';
	}
	ok = ok && (mkdir(path, DIR_MODE) == 0 || errno == EEXIST);
	free(path);
	return ok;
}

/*
 * A file that root makes in the directory of another user (sudo copilot-api
 * --api-home=/var/lib/copilot-api auth) is meant for that user.
 */
static bool
make_private(int fd, const char *dir)
{
	struct stat st;

	if (geteuid() == 0 && stat(dir, &st) == 0 && st.st_uid != 0 &&
	    fchown(fd, st.st_uid, st.st_gid) != 0)
		return false;
	return fchmod(fd, FILE_MODE) == 0;	/* whatever the umask is */
}

static void
sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Where to write: a link (people keep their dotfiles elsewhere) is followed. */
static char *
target_path(const char *home, const char *name)
{
	char	*path = xasprintf("%s/%s", home, name), real[PATH_MAX];

	if (realpath(path, real) != NULL) {
		free(path);
		path = xstrdup(real);
	}
	return path;
}

bool
files_write(const char *home, const char *name, const char *p, size_t n,
    struct err *err)
{
	char	*path = target_path(home, name), *dir = NULL, *tmp = NULL;
	int	 fd = -1;
	bool	 ok = false;

	if (!make_dirs(home)) {
		fail(err, home, "can't be made");
		goto out;
	}
	dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	tmp = xasprintf("%s/.%s.XXXXXX", dir, strrchr(path, '/') + 1);
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0) {
		fail(err, path, "can't be written");
		goto out;
	}
	ok = make_private(fd, dir) && write_all(fd, p, n) && fsync(fd) == 0 &&
	    rename(tmp, path) == 0;
	if (!ok) {
		fail(err, path, "can't be written");
		unlink(tmp);
	} else
		sync_dir(dir);
out:
	if (fd >= 0)
		close(fd);
	free(tmp);
	free(dir);
	free(path);
	return ok;
}

/* The directory itself, or the one in which it would be made. */
bool
files_writable(const char *home, struct err *err)
{
	char		*path = xstrdup(home), *slash;
	struct stat	 st;
	bool		 ok;

	while (stat(path, &st) != 0 && errno == ENOENT &&
	    (slash = strrchr(path, '/')) != NULL && path[1] != '\0')
		slash[slash == path] = '\0';
	ok = access(path, W_OK | X_OK) == 0;
	if (ok && !S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		ok = false;
	}
	ok = ok || fail(err, home, "can't be written");
	free(path);
	return ok;
}

/*
 * The rights of others: 4 to read, 2 to write. A group that may read was
 * given that on purpose; one that may write is as bad as everybody.
 */
static unsigned
exposure(const struct stat *st)
{
	unsigned rights = st->st_mode & (S_IROTH | S_IWOTH);

	return rights | ((st->st_mode & S_IWGRP) != 0 ? S_IWOTH : 0);
}

static void
tell_exposed(const char *path, unsigned rights, const char *mode,
    void (*found)(void *, const char *), void *arg)
{
	char *said = xasprintf("%s: other users can %s it: chmod %s %s", path,
	    (rights & S_IWOTH) != 0 ? "write" : "read", mode, path);

	found(arg, said);
	free(said);
}

void
files_exposed(const char *home, void (*found)(void *, const char *), void *arg)
{
	DIR		*d = opendir(home);
	struct dirent	*e;
	struct stat	 dir, st;
	char		*path;

	if (d == NULL || fstat(dirfd(d), &dir) != 0)
		goto out;
	if (exposure(&dir) != 0)
		tell_exposed(home, exposure(&dir), "700", found, arg);
	/* Nobody else comes as far as the files. */
	if ((dir.st_mode & (S_IXGRP | S_IXOTH)) == 0)
		goto out;
	while ((e = readdir(d)) != NULL) {
		if (fstatat(dirfd(d), e->d_name, &st, 0) != 0 ||
		    !S_ISREG(st.st_mode) || exposure(&st) == 0)
			continue;
		path = xasprintf("%s/%s", home, e->d_name);
		tell_exposed(path, exposure(&st), "600", found, arg);
		free(path);
	}
out:
	if (d != NULL)
		closedir(d);
}

bool
files_remove(const char *home, const char *name, struct err *err)
{
	char	*path = xasprintf("%s/%s", home, name);
	bool	 ok = unlink(path) == 0 || errno == ENOENT ||
		    errno == ENOTDIR || fail(err, path, "can't be removed");

	free(path);
	return ok;
}

int
files_lock(const char *home, const char *name, bool wait, bool *busy)
{
	char	*path;
	int	 fd = -1, rc;

	if (busy != NULL)
		*busy = false;
	if (!make_dirs(home))
		return -1;
	path = xasprintf("%s/%s", home, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	free(path);
	if (fd < 0)
		return -1;
	make_private(fd, home);		/* only the owner can, and need do it */
	do
		rc = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
	while (rc != 0 && errno == EINTR);
	if (rc == 0)
		return fd;
	if (busy != NULL)
		*busy = errno == EWOULDBLOCK;
	close(fd);
	return -1;
}
