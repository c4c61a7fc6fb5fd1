/* Files of lines, one of which is this process' own. */
#include "config.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "state/journal.h"
#include "state/mapped.h"

#define BLOCK		(32 << 10)	/* read at once */
#define AHEAD		(64 << 10)	/* in memory, and dirty, before */
#define HEAD_SIZE	(JOURNAL_ID_SIZE + 1)	/* '#', id, line end */

/* A file as its appender has it. */
struct held {
	int	 fd;		/* its lock is held; -1: no file */
	char	*p;
	size_t	 used;
};

struct journal {
	char		*home, *name;
	size_t		 size;
	pthread_mutex_t	 tending;	/* one tends at a time */
	pthread_mutex_t	 lock;		/* of what follows */
	struct held	 file;
};

struct journal *
journal_create(const char *home, const char *name, size_t size)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->home = xstrdup(home);
	j->name = xstrdup(name);
	j->size = size;
	pthread_mutex_init(&j->tending, NULL);
	pthread_mutex_init(&j->lock, NULL);
	j->file.fd = -1;
	return j;
}

static void
let_go(const struct held *h, size_t size)
{
	if (h->fd < 0)
		return;
	mapped_destroy(h->p, size);
	close(h->fd);
}

void
journal_destroy(struct journal *j)
{
	let_go(&j->file, j->size);
	pthread_mutex_destroy(&j->tending);
	pthread_mutex_destroy(&j->lock);
	free(j->home);
	free(j->name);
	free(j);
}

/* --- The files. */

static bool
is_ours(const char *file, const char *name)
{
	size_t n = strlen(name);

	return strncmp(file, name, n) == 0 && (file[n] == '\0' ||
	    (file[n] == '.' && strlen(file + n + 1) == JOURNAL_ID_SIZE - 1));
}

/* Hand on the path of each file, as long as that returns true. */
static bool
each(const char *home, const char *name,
    bool (*file)(const char *path, void *arg), void *arg)
{
	DIR		*d = opendir(home);
	struct dirent	*e;
	bool		 ok = true;
	char		*path;

	if (d == NULL)
		return errno == ENOENT;
	while (ok && (e = readdir(d)) != NULL) {
		if (!is_ours(e->d_name, name))
			continue;
		path = xasprintf("%s/%s", home, e->d_name);
		ok = file(path, arg);
		free(path);
	}
	closedir(d);
	return ok;
}

/* --- A file to append to. */

/* Its lock is had by nobody else, and nobody has deleted it. */
static bool
lock(int fd)
{
	struct stat st;

	return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    st.st_nlink > 0;
}

/*
 * Where the lines end, if all of them are whole: behind what a writer left that
 * was killed in the midst of a line nobody appends.
 */
static size_t
end_of_lines(const char *p, size_t size)
{
	const char	*end = memchr(p, '\0', size);
	size_t		 n = end != NULL ? (size_t)(end - p) : size;

	if (n < HEAD_SIZE || p[0] != '#' || p[n - 1] != '\n')
		return 0;
	return n == size || memcmp(end, end + 1, size - n - 1) == 0 ? n : 0;
}

static bool
adopt(const struct journal *j, const char *path, struct held *h)
{
	struct stat st;

	h->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (h->fd < 0)
		return false;
	h->p = NULL;
	if (lock(h->fd) && fstat(h->fd, &st) == 0 &&
	    st.st_size == (off_t)j->size &&
	    (h->p = mapped_create(h->fd, j->size)) != NULL &&
	    (h->used = end_of_lines(h->p, j->size)) > 0 &&
	    h->used <= j->size / 2)
		return true;
	if (h->p != NULL)
		mapped_destroy(h->p, j->size);
	close(h->fd);
	h->fd = -1;
	return false;
}

struct wish {
	const struct journal	*journal;
	struct held		*held;
};

static bool
adopt_any(const char *path, void *arg)
{
	struct wish *w = arg;

	return !adopt(w->journal, path, w->held);
}

/* Its room is allocated: a full disk must not end a process that appends. */
static bool
fill(const struct journal *j, struct held *h, const char *generation)
{
	int why;

	if (!lock(h->fd)) {
		errno = EAGAIN;
		return false;
	}
	if ((why = posix_fallocate(h->fd, 0, (off_t)j->size)) != 0) {
		errno = why;
		return false;
	}
	if ((h->p = mapped_create(h->fd, j->size)) == NULL)
		return false;
	h->p[0] = '#';
	memcpy(h->p + 1, generation, JOURNAL_ID_SIZE - 1);
	h->p[HEAD_SIZE - 1] = '\n';
	h->used = HEAD_SIZE;
	return true;
}

static bool
make(const struct journal *j, struct held *h)
{
	char	 generation[JOURNAL_ID_SIZE], *path;
	bool	 ok;
	int	 why;

	util_random_hex(generation, JOURNAL_ID_SIZE - 1);
	path = xasprintf("%s/%s.%s", j->home, j->name, generation);
	mkdir(j->home, 0700);
	h->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ok = h->fd >= 0 && fill(j, h, generation);
	why = errno;
	if (!ok && h->fd >= 0) {
		unlink(path);
		close(h->fd);
		h->fd = -1;
	}
	free(path);
	errno = why;
	return ok;
}

/*
 * What the next lines fill is touched before the loop has to; what is behind us
 * is the file's, no memory of ours.
 */
static void
prepare(char *p, size_t used, size_t size)
{
	size_t	page = (size_t)sysconf(_SC_PAGESIZE), n = AHEAD;

	used -= used % page;
	madvise(p, used, MADV_DONTNEED);
	if (n > size - used)
		n = size - used;
#ifdef MADV_POPULATE_WRITE
	madvise(p + used, n, MADV_POPULATE_WRITE);
#endif
}

/* Has somebody deleted it, or cut it? */
static bool
is_there(int fd, size_t size)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink > 0 &&
	    st.st_size == (off_t)size;
}

static bool
change(struct journal *j)
{
	struct held	next = { .fd = -1 }, old;
	struct wish	w = { j, &next };

	each(j->home, j->name, adopt_any, &w);
	if (next.fd < 0 && !make(j, &next))
		return false;
	prepare(next.p, next.used, j->size);
	pthread_mutex_lock(&j->lock);
	old = j->file;
	j->file = next;
	pthread_mutex_unlock(&j->lock);
	let_go(&old, j->size);
	return true;
}

bool
journal_tend(struct journal *j)
{
	size_t	used;
	bool	ok = true;

	pthread_mutex_lock(&j->tending);
	used = journal_used(j);
	if (j->file.fd < 0 || used > j->size / 2 ||
	    !is_there(j->file.fd, j->size))
		ok = change(j);
	else
		prepare(j->file.p, used, j->size);
	pthread_mutex_unlock(&j->tending);
	return ok;
}

bool
journal_append(struct journal *j, const char *line, size_t n)
{
	struct held	*f = &j->file;
	bool		 ok;

	pthread_mutex_lock(&j->lock);
	if ((ok = f->fd >= 0 && n <= j->size - f->used)) {
		memcpy(f->p + f->used, line, n);
		f->used += n;
	}
	pthread_mutex_unlock(&j->lock);
	return ok;
}

bool
journal_is_low(struct journal *j)
{
	bool low;

	pthread_mutex_lock(&j->lock);
	low = j->file.fd < 0 || j->file.used > j->size / 2;
	pthread_mutex_unlock(&j->lock);
	return low;
}

size_t
journal_used(struct journal *j)
{
	size_t used;

	pthread_mutex_lock(&j->lock);
	used = j->file.used;
	pthread_mutex_unlock(&j->lock);
	return used;
}

/* --- Taking over. */

static bool
note(const char *path, void *there)
{
	(void)path;
	*(bool *)there = true;
	return false;
}

bool
journal_exists(const char *home, const char *name)
{
	bool there = false;

	each(home, name, note, &there);
	return there;
}

static bool
read_head(struct journal_file *f)
{
	char	head[HEAD_SIZE];

	if (pread(f->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    head[0] != '#' || head[HEAD_SIZE - 1] != '\n' ||
	    memchr(head, '\0', sizeof(head)) != NULL)
		return false;
	head[HEAD_SIZE - 1] = '\0';
	snprintf(f->at.generation, sizeof(f->at.generation), "%s", head + 1);
	f->at.offset = HEAD_SIZE;
	return true;
}

static bool
open_one(const char *path, void *arg)
{
	struct journal_files	*files = arg;
	struct journal_file	 f = {
		.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
	};

	if (f.fd < 0)
		return errno == ENOENT;
	if (!read_head(&f)) {
		/* Its writer was killed before the first line. */
		if (lock(f.fd) && !read_head(&f))
			unlink(path);
		close(f.fd);
		return true;
	}
	f.path = xstrdup(path);
	files->list = util_grow(files->list, files->n, sizeof(f));
	files->list[files->n++] = f;
	return true;
}

bool
journal_open(const char *home, const char *name, struct journal_files *files)
{
	*files = (struct journal_files){ NULL, 0 };
	if (each(home, name, open_one, files))
		return true;
	journal_close(files);
	return false;
}

void
journal_close(struct journal_files *files)
{
	size_t i;

	for (i = 0; i < files->n; i++) {
		close(files->list[i].fd);
		free(files->list[i].path);
	}
	free(files->list);
	*files = (struct journal_files){ NULL, 0 };
}

/*
 * The whole lines of a block; the bytes that they take, or -1. A line that is
 * appended right now may show some of its bytes, and has NULs in place of the
 * others.
 */
static int64_t
take_lines(char *p, size_t n, bool (*line)(char *, void *), void *arg)
{
	char	*at = p, *end;

	while ((end = memchr(at, '\n', n - (size_t)(at - p))) != NULL &&
	    memchr(at, '\0', (size_t)(end - at)) == NULL) {
		*end = '\0';
		if (end > at && !line(at, arg))
			return -1;
		at = end + 1;
	}
	return at - p;
}

static bool
read_on(int fd, int64_t *offset, bool (*line)(char *, void *), void *arg)
{
	char	*block = xmalloc(BLOCK);
	ssize_t	 n;
	int64_t	 took = 1;

	while (took > 0 &&
	    (n = pread(fd, block, BLOCK, (off_t)*offset)) > 0) {
		took = take_lines(block, (size_t)n, line, arg);
		*offset += took > 0 ? took : 0;
	}
	free(block);
	return took == 0 || (took > 0 && n == 0);
}

bool
journal_read(struct journal_file *f, bool (*line)(char *, void *), void *arg)
{
	return read_on(f->fd, &f->at.offset, line, arg);
}

static bool
refuse(char *line, void *arg)
{
	(void)line;
	(void)arg;
	return false;
}

void
journal_clear(struct journal_file *f)
{
	int64_t offset = f->at.offset;

	if (!lock(f->fd))
		return;
	if (read_on(f->fd, &offset, refuse, NULL))
		unlink(f->path);
	flock(f->fd, LOCK_UN);
}
