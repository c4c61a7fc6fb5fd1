/* A file to which several processes append lines. */
#include "config.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "state/journal.h"

#define CUT_BYTES	(1 << 20)	/* a file of that size begins anew */
#define BLOCK		(256 << 10)	/* read at once */
#define LOCK_STEP_US	5000	/* between tries to get the lock */
#define LOCK_QUICK	20	/* these come sooner */
#define LOCK_TRIES	400	/* two seconds */
#define HEAD_SIZE	(JOURNAL_ID_SIZE + 1)	/* '#', id, line end */

struct journal {
	char		*home;
	char		*path;
	pthread_mutex_t	 lock;		/* flock() knows no threads */
	int		 fd;		/* -1: not open */
};

struct journal *
journal_create(const char *home, const char *name)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->home = xstrdup(home);
	j->path = xasprintf("%s/%s", home, name);
	pthread_mutex_init(&j->lock, NULL);
	j->fd = -1;
	return j;
}

static void
shut(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

void
journal_destroy(struct journal *j)
{
	shut(j);
	pthread_mutex_destroy(&j->lock);
	free(j->home);
	free(j->path);
	free(j);
}

/* Somebody may have deleted it. */
static bool
is_open(const struct journal *j, struct stat *st)
{
	return j->fd >= 0 && fstat(j->fd, st) == 0 && st->st_nlink > 0;
}

/* False when somebody else has it for longer than a few lines take. */
static bool
take_lock(int fd)
{
	int tries;

	for (tries = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
		if ((errno != EWOULDBLOCK && errno != EINTR) ||
		    tries == LOCK_TRIES)
			return false;
		usleep(tries < LOCK_QUICK ? 50 : LOCK_STEP_US);
	}
	return true;
}

/*
 * Open it and take its lock, which other processes hold while they write a few
 * lines. "st" is what it is under the lock.
 */
static bool
enter(struct journal *j, struct stat *st)
{
	for (;;) {
		if (!is_open(j, st)) {
			shut(j);
			mkdir(j->home, 0700);
			j->fd = open(j->path, O_RDWR | O_APPEND | O_CREAT |
			    O_CLOEXEC, 0600);
		}
		if (j->fd < 0)
			return false;
		if (!take_lock(j->fd))
			return false;
		if (is_open(j, st))
			return true;
	}
}

/* A line that a killed writer left without its end gets one. */
static bool
write_lines(struct journal *j, const char *lines, size_t n,
    const struct stat *st)
{
	char		 head[HEAD_SIZE + 1] = "\n";
	struct iovec	 v[2] = { { head, 1 }, { NULL, n } };
	ssize_t		 put;
	int		 why;

	if (st->st_size == 0) {
		head[0] = '#';
		util_random_hex(head + 1, JOURNAL_ID_SIZE - 1);
		head[HEAD_SIZE - 1] = '\n';
		v[0].iov_len = HEAD_SIZE;
	}
	v[1].iov_base = (char *)(uintptr_t)lines;
	put = writev(j->fd, v, 2);
	if (put == (ssize_t)(v[0].iov_len + n))
		return true;
	why = put < 0 ? errno : ENOSPC;
	if (put > 0 && ftruncate(j->fd, st->st_size) < 0)
		why = errno;
	errno = why;
	return false;
}

bool
journal_append(struct journal *j, const char *lines, size_t n)
{
	struct stat	st;
	bool		ok;

	pthread_mutex_lock(&j->lock);
	ok = enter(j, &st);
	if (ok) {
		ok = write_lines(j, lines, n, &st);
		flock(j->fd, LOCK_UN);
	}
	pthread_mutex_unlock(&j->lock);
	return ok;
}

/* --- Reading. */

/* Another file than that which was read begins at its beginning. */
static bool
find_place(int fd, struct journal_place *at)
{
	char	head[HEAD_SIZE];

	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    head[0] != '#' || head[HEAD_SIZE - 1] != '\n')
		return false;
	head[HEAD_SIZE - 1] = '\0';
	if (strcmp(at->generation, head + 1) != 0) {
		snprintf(at->generation, sizeof(at->generation), "%s",
		    head + 1);
		at->offset = HEAD_SIZE;
	}
	return true;
}

/* The whole lines of a block; the bytes that they take, or -1. */
static int64_t
take_lines(char *p, size_t n, bool (*line)(char *, void *), void *arg)
{
	char	*at = p, *end;

	while ((end = memchr(at, '\n', n - (size_t)(at - p))) != NULL) {
		*end = '\0';
		if (end > at && !line(at, arg))
			return -1;
		at = end + 1;
	}
	return at - p;
}

bool
journal_read(struct journal *j, struct journal_place *at,
    bool (*line)(char *, void *), void *arg)
{
	char	*block;
	ssize_t	 n = 0;
	int64_t	 took = 1;
	int	 fd = open(j->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT;
	block = xmalloc(BLOCK);
	if (find_place(fd, at)) {
		while (took > 0 &&
		    (n = pread(fd, block, BLOCK, (off_t)at->offset)) > 0) {
			took = take_lines(block, (size_t)n, line, arg);
			at->offset += took > 0 ? took : 0;
		}
	}
	free(block);
	close(fd);
	return n >= 0 && took >= 0;
}

void
journal_cut(struct journal *j, const struct journal_place *at)
{
	struct stat	st;

	if (at->offset < CUT_BYTES || pthread_mutex_trylock(&j->lock) != 0)
		return;
	if (is_open(j, &st) && flock(j->fd, LOCK_EX | LOCK_NB) == 0) {
		struct journal_place now = *at;

		if (fstat(j->fd, &st) == 0 && st.st_size == at->offset &&
		    find_place(j->fd, &now) && now.offset == at->offset &&
		    ftruncate(j->fd, 0) < 0)
			shut(j);
		else
			flock(j->fd, LOCK_UN);
	}
	pthread_mutex_unlock(&j->lock);
}

int64_t
journal_size(struct journal *j)
{
	struct stat st;

	return stat(j->path, &st) == 0 ? (int64_t)st.st_size : 0;
}
