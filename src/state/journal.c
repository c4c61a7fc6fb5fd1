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
#define SPOILED		'\030'	/* ends a line that is not whole (CAN) */

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
is_there(const struct journal *j, struct stat *st)
{
	return fstat(j->fd, st) == 0 && st->st_nlink > 0;
}

/* False when somebody else has it for longer than a few lines take. */
static bool
take_lock(int fd, int kind)
{
	int tries;

	for (tries = 0; flock(fd, kind | LOCK_NB) < 0; tries++) {
		if ((errno != EWOULDBLOCK && errno != EINTR) ||
		    tries == LOCK_TRIES)
			return false;
		usleep(tries < LOCK_QUICK ? 50 : LOCK_STEP_US);
	}
	return true;
}

static bool
open_file(struct journal *j)
{
	mkdir(j->home, 0700);
	j->fd = open(j->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	return j->fd >= 0;
}

/*
 * Open it and take its lock. Writers that append share it: each write() goes
 * behind what is there. One that gives the file its first line, or begins it
 * anew, is alone. "st" is what it is under the lock.
 */
static bool
enter(struct journal *j, struct stat *st)
{
	int kind = LOCK_SH;

	for (;;) {
		if (j->fd < 0 && !open_file(j))
			return false;
		if (!take_lock(j->fd, kind))
			return false;
		if (!is_there(j, st))
			shut(j);
		else if (st->st_size > 0 || kind == LOCK_EX)
			return true;
		else
			kind = LOCK_EX;
	}
}

/* How many of "put" bytes belong to whole lines. */
static size_t
whole_lines(const char *lines, size_t put)
{
	const char *end = put > 0 ? memrchr(lines, '\n', put) : NULL;

	return end != NULL ? (size_t)(end - lines) + 1 : 0;
}

/*
 * A piece of a line, left by a killed writer or a disk that became full, is
 * spoilt and ended first.
 */
static size_t
write_lines(struct journal *j, const char *lines, size_t n,
    const struct stat *st)
{
	char		 head[HEAD_SIZE + 1] = { SPOILED, '\n' };
	struct iovec	 v[2] = { { head, 2 }, { NULL, n } };
	ssize_t		 put;
	size_t		 first;

	if (st->st_size == 0) {
		head[0] = '#';
		util_random_hex(head + 1, JOURNAL_ID_SIZE - 1);
		head[HEAD_SIZE - 1] = '\n';
		v[0].iov_len = HEAD_SIZE;
	}
	v[1].iov_base = (char *)(uintptr_t)lines;
	first = v[0].iov_len;
	put = writev(j->fd, v, 2);
	if (put >= 0 && (size_t)put < first + n)
		errno = ENOSPC;
	return put > (ssize_t)first ? whole_lines(lines, (size_t)put - first) :
	    0;
}

size_t
journal_append(struct journal *j, const char *lines, size_t n)
{
	struct stat	st;
	size_t		done = 0;
	int		why;

	pthread_mutex_lock(&j->lock);
	if (enter(j, &st)) {
		done = write_lines(j, lines, n, &st);
		why = errno;
		flock(j->fd, LOCK_UN);
		errno = why;
	}
	pthread_mutex_unlock(&j->lock);
	return done;
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

bool
journal_begin(struct journal *j, struct journal_place *at)
{
	int fd = open(j->path, O_RDONLY | O_CLOEXEC);

	*at = (struct journal_place){ .generation = "" };
	if (fd < 0)
		return errno == ENOENT;
	find_place(fd, at);
	close(fd);
	return true;
}

/* Has it a text, which is whole? */
static bool
is_whole(const char *line, const char *end)
{
	return end > line && end[-1] != SPOILED;
}

/* The whole lines of a block; the bytes that they take, or -1. */
static int64_t
take_lines(char *p, size_t n, bool (*line)(char *, void *), void *arg)
{
	char	*at = p, *end;

	while ((end = memchr(at, '\n', n - (size_t)(at - p))) != NULL) {
		*end = '\0';
		if (is_whole(at, end) && !line(at, arg))
			return -1;
		at = end + 1;
	}
	return at - p;
}

static bool
read_on(int fd, struct journal_place *at, bool (*line)(char *, void *),
    void *arg)
{
	char	*block = xmalloc(BLOCK);
	ssize_t	 n;
	int64_t	 took = 1;

	while (took > 0 &&
	    (n = pread(fd, block, BLOCK, (off_t)at->offset)) > 0) {
		took = take_lines(block, (size_t)n, line, arg);
		at->offset += took > 0 ? took : 0;
	}
	free(block);
	return took == 0 || (took > 0 && n == 0);
}

/*
 * A file that is begun anew while it is read has nothing more for the place;
 * what stands there then is of another generation.
 */
bool
journal_read(struct journal *j, struct journal_place *at,
    bool (*line)(char *, void *), void *arg)
{
	struct journal_place	after;
	int			fd = open(j->path, O_RDONLY | O_CLOEXEC);
	bool			ok;

	if (fd < 0)
		return errno == ENOENT;
	ok = true;
	if (find_place(fd, at)) {
		ok = read_on(fd, at, line, arg);
		after = *at;
		ok = ok && find_place(fd, &after) &&
		    strcmp(after.generation, at->generation) == 0;
	}
	close(fd);
	return ok;
}

void
journal_cut(struct journal *j, const struct journal_place *at)
{
	struct stat	st;

	if (at->offset < CUT_BYTES || pthread_mutex_trylock(&j->lock) != 0)
		return;
	if (j->fd >= 0 && is_there(j, &st) &&
	    flock(j->fd, LOCK_EX | LOCK_NB) == 0) {
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
