/* The configuration in force: config.json, read again when it was edited. */
#include "config.h"

#include <sys/stat.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf-row.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/log.h"
#include "base/util.h"

#define RECHECK_MS 1000		/* look at the file at most this often */

/* This tells one state of the file from the next; all zero: no file. */
struct mark {
	ino_t		 inode;
	off_t		 size;
	struct timespec	 mtime;
};

struct conf_file {
	pthread_mutex_t		 lock;
	char			*home;
	char			*path;
	struct conf_override	 override;	/* its strings are ours */
	struct conf		*conf;		/* in force */
	struct mark		 mark;		/* of the file last looked at */
	bool			 vanished;	/* empty or gone: wait */
	int64_t			 next_ms;
};

static struct mark
look(const char *path)
{
	struct mark	m;
	struct stat	st;

	memset(&m, 0, sizeof(m));
	if (stat(path, &st) != 0)
		return m;
	m.inode = st.st_ino;
	m.size = st.st_size;
	m.mtime = st.st_mtim;
	return m;
}

static bool
same(const struct mark *a, const struct mark *b)
{
	return a->inode == b->inode && a->size == b->size &&
	    a->mtime.tv_sec == b->mtime.tv_sec &&
	    a->mtime.tv_nsec == b->mtime.tv_nsec;
}

static char *
copy(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

/*
 * Let the next process know whether keys were in force, see lost_keys(). Where
 * nothing can be written it knows the file only.
 */
static void
mark_keys(const struct conf_file *f)
{
	const struct conf	*c = f->conf;
	struct err		 ignored;
	char			*path = xasprintf("%s/%s", f->home,
				    CONF_HAD_KEYS);
	bool			 marked = access(path, F_OK) == 0;

	if (c->nkeys > 0 && !c->from_environment && !marked)
		files_write(f->home, CONF_HAD_KEYS, "", 0, &ignored);
	else if (marked && (c->opened || (c->nkeys == 0 && c->auth_open)))
		files_remove(f->home, CONF_HAD_KEYS, &ignored);
	if (c->closed)
		log_err("%s: auth.apiKeys has gone, and nobody is let in. "
		    "Write \"apiKeys\": [] to let everybody in.", f->path);
	free(path);
}

static void
log_warnings(const struct conf *c)
{
	size_t i;

	for (i = 0; i < c->nwarnings; i++)
		log_warn("%s", c->warnings[i]);
}

struct conf_file *
conf_file_create(const char *home, const struct conf_override *o)
{
	struct conf_file	*f = xcalloc(1, sizeof(*f));
	struct err		 err;

	pthread_mutex_init(&f->lock, NULL);
	f->home = xstrdup(home);
	f->path = xasprintf("%s/%s", home, CONF_FILE_NAME);
	if (o != NULL) {
		f->override.enterprise_url = copy(o->enterprise_url);
		f->override.account_type = copy(o->account_type);
		f->override.api_key = copy(o->api_key);
		f->override.state_url = copy(o->state_url);
		f->override.verbose = o->verbose;
		f->override.need_keys = o->need_keys;
	}
	/* Before reading: an edit in between is seen by the next look. */
	f->mark = look(f->path);
	f->next_ms = util_now_ms() + RECHECK_MS;
	if ((f->conf = conf_load(home, &f->override, &err)) == NULL) {
		log_err("%s; every request is refused until it is mended",
		    err.msg);
		f->conf = conf_broken(err.msg);
	}
	log_set_level(f->conf->log_level);
	log_warnings(f->conf);
	mark_keys(f);
	return f;
}

/*
 * Would this let everybody in who needed a key until now? A file that was lost,
 * cut off or misspelt does; only the word of somebody who means it counts.
 */
static bool
opens(const struct conf_file *f, const struct conf *c)
{
	if (c->nkeys > 0 || c->auth_open)
		return false;
	return f->override.need_keys ||
	    (f->conf->nkeys > 0 && !c->opened);
}

/*
 * Read the file if it is another one than before. A file that is suddenly
 * empty or gone is believed at the second look only: some editors empty it
 * before they write, and for that moment "no keys" would let everybody in.
 */
static void
refresh(struct conf_file *f)
{
	struct mark	 now = look(f->path);
	struct conf	*c;
	struct err	 err;

	if (same(&now, &f->mark))
		return;
	if (now.size == 0 && !f->vanished) {
		f->vanished = true;
		return;
	}
	f->vanished = false;
	f->mark = now;
	if ((c = conf_load(f->home, &f->override, &err)) == NULL) {
		log_err("%s; the configuration stays as it was", err.msg);
		return;
	}
	if (opens(f, c)) {
		conf_unref(c);
		log_err("%s: auth.apiKeys has gone; the configuration stays as "
		    "it was. %s", f->path, f->override.need_keys ?
		    "This server listens beyond this machine." :
		    "Write \"apiKeys\": [] to let everybody in.");
		return;
	}
	conf_unref(f->conf);
	f->conf = c;
	log_set_level(c->log_level);
	log_info("%s: read again", f->path);
	log_warnings(c);
	mark_keys(f);
}

struct conf *
conf_file_get(struct conf_file *f)
{
	struct conf	*c;
	int64_t		 now = util_now_ms();

	pthread_mutex_lock(&f->lock);
	if (now >= f->next_ms) {
		f->next_ms = now + RECHECK_MS;
		refresh(f);
	}
	c = conf_ref(f->conf);
	pthread_mutex_unlock(&f->lock);
	return c;
}

void
conf_file_destroy(struct conf_file *f)
{
	if (f == NULL)
		return;
	conf_unref(f->conf);
	free((char *)(uintptr_t)f->override.enterprise_url);
	free((char *)(uintptr_t)f->override.account_type);
	free((char *)(uintptr_t)f->override.api_key);
	free((char *)(uintptr_t)f->override.state_url);
	free(f->home);
	free(f->path);
	pthread_mutex_destroy(&f->lock);
	free(f);
}
