/* Responses that run in the background, in the file of the stored ones. */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/util.h"
#include "state/background.h"
#include "state/rows.h"
#include "state/sqlite.h"

#define LOCK_BEFORE	"background-"
#define LOCK_BEHIND	".lock"
#define TRIES		4	/* for a lock that nobody has swept away */
#define GONE	"The server was stopped before the response was complete."

/* --- Events. */

void
background_log_add(struct background_log *l, const char *p, size_t n)
{
	l->ends = util_grow(l->ends, l->n, sizeof(*l->ends));
	buf_append(&l->text, p, n);
	l->ends[l->n++] = l->text.len;
}

void
background_log_clear(struct background_log *l)
{
	l->first += (int64_t)l->n;
	l->n = 0;
	buf_finish(&l->text);
	free(l->ends);
	l->ends = NULL;
}

void
background_log_finish(struct background_log *l)
{
	buf_finish(&l->text);
	free(l->ends);
	*l = (struct background_log){ 0 };
}

/* --- The processes. */

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
static bool
enlist(struct stored *s)
{
	char	*name;
	int	 i;
	bool	 busy;

	for (i = 0; i < TRIES && s->process[0] == '\0'; i++) {
		util_random_hex(s->process, sizeof(s->process) - 1);
		name = lock_name(s->process);
		s->process_lock = files_lock(s->home, name, false, &busy);
		if (s->process_lock < 0)
			s->process[0] = '\0';
		else if (!is_there(s, name, s->process_lock)) {
			close(s->process_lock);
			s->process[0] = '\0';
		}
		free(name);
	}
	return s->process[0] != '\0';
}

void
background_quit(struct stored *s)
{
	char *name;

	if (s == NULL || s->process[0] == '\0')
		return;
	name = lock_name(s->process);
	files_remove(s->home, name, NULL);
	close(s->process_lock);
	s->process[0] = '\0';
	free(name);
}

/* What a process ran that is gone. */
static bool
put_gone(struct stored *s, void *process)
{
	sqlite3_stmt *st;

	st = sqlite_prepare(s, "UPDATE background SET status = 'failed',"
	    " finished = unixepoch(), code = 'server_error', why = ?2"
	    " WHERE process = ?1 AND finished IS NULL", process, GONE);
	return sqlite_finish(st);
}

/*
 * Is the process gone? Then what it ran has failed. Doesn't wait for the lock
 * of one that lives.
 */
static bool
bury(struct stored *s, const char *process)
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

/* All processes that are gone, by the locks that they left. */
static void
bury_all(struct stored *s)
{
	const size_t	 before = strlen(LOCK_BEFORE);
	struct dirent	*e;
	char		*process;
	size_t		 n;
	DIR		*dir = opendir(s->home);

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		n = strlen(e->d_name);
		if (!util_starts(e->d_name, LOCK_BEFORE) ||
		    !util_ends(e->d_name, LOCK_BEHIND) ||
		    n <= before + strlen(LOCK_BEHIND))
			continue;
		process = xstrndup(e->d_name + before,
		    n - before - strlen(LOCK_BEHIND));
		bury(s, process);
		free(process);
	}
	closedir(dir);
}

/* --- Who runs one. */

static bool
put_events(struct stored *s, int64_t row, const struct background_log *l)
{
	sqlite3_stmt	*st;
	size_t		 i, at = 0;
	bool		 ok = true;

	if (l->n == 0)
		return true;
	st = sqlite_prepare(s, "INSERT INTO background_event (run, number,"
	    " event) VALUES (?1, ?2, ?3)", NULL, NULL);
	for (i = 0; i < l->n && st != NULL && ok; i++) {
		sqlite3_bind_int64(st, 1, row);
		sqlite3_bind_int64(st, 2, l->first + (int64_t)i);
		sqlite3_bind_text64(st, 3, buf_str(&l->text) + at,
		    l->ends[i] - at, SQLITE_STATIC, SQLITE_UTF8);
		ok = sqlite3_step(st) == SQLITE_DONE;
		sqlite3_reset(st);
		at = l->ends[i];
	}
	ok = ok && st != NULL;
	sqlite_done(st);
	return ok;
}

static bool
drop(struct stored *s, const char *sql, const char *owner, int64_t n)
{
	sqlite3_stmt *st = sqlite_prepare(s, sql, owner, NULL);

	if (st != NULL)
		sqlite3_bind_int64(st, 2, n);
	if (!sqlite_finish(st))
		return false;
	if (sqlite3_changes(s->db) > 0)
		sqlite_deleted(s);
	return true;
}

/* What has ended, as far as nobody will ask for it. */
static bool
drop_ended(struct stored *s, const char *owner, int64_t days)
{
	return drop(s, "DELETE FROM background_event WHERE run IN (SELECT n"
	    " FROM background WHERE owner = ?1 AND finished IS NOT NULL"
	    " ORDER BY n DESC LIMIT -1 OFFSET ?2)", owner,
	    BACKGROUND_STREAMS) &&
	    drop(s, "DELETE FROM background_event WHERE ?1 IS NOT NULL AND"
	    " run IN (SELECT n FROM background WHERE finished <"
	    " unixepoch() - ?2)", owner, BACKGROUND_KEEP_S) &&
	    drop(s, "DELETE FROM background WHERE n IN (SELECT n"
	    " FROM background WHERE owner = ?1 AND finished IS NOT NULL"
	    " ORDER BY n DESC LIMIT -1 OFFSET ?2)", owner, BACKGROUND_ENDED) &&
	    drop(s, "DELETE FROM background WHERE ?1 IS NOT NULL AND"
	    " response IS NULL AND finished < unixepoch() - ?2", owner,
	    BACKGROUND_KEEP_S) &&
	    drop(s, "DELETE FROM background WHERE ?1 IS NOT NULL AND"
	    " finished < unixepoch() - ?2 * 86400", owner, days);
}

struct add {
	const struct background_start	*start;
	int64_t				 row;
	bool				 full;
};

/* -1 on trouble. */
static int64_t
count_live(struct stored *s, const char *owner)
{
	sqlite3_stmt	*st;
	int64_t		 n = -1;

	st = sqlite_prepare(s, "SELECT count(*) FROM background WHERE"
	    " owner = ?1 AND finished IS NULL", owner, NULL);
	if (st != NULL && sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite_done(st);
	return n;
}

static bool
put_new(struct stored *s, void *arg)
{
	struct add			*a = arg;
	const struct background_start	*b = a->start;
	sqlite3_stmt			*st;
	int64_t				 live = count_live(s, b->owner);

	a->full = live >= b->most;
	if (live < 0 || !drop_ended(s, b->owner, b->max_age_days))
		return false;
	if (a->full)
		return true;
	st = sqlite_prepare(s, "INSERT INTO background (owner, id, process,"
	    " status, created, response, input) VALUES (?1, ?2, ?3, 'queued',"
	    " unixepoch(), ?4, ?5)", b->owner, b->id);
	if (st == NULL)
		return false;
	sqlite3_bind_text(st, 3, s->process, -1, SQLITE_STATIC);
	rows_bind(st, 4, b->response);
	rows_bind(st, 5, b->input);
	if (!sqlite_finish(st))
		return false;
	a->row = sqlite3_last_insert_rowid(s->db);
	return true;
}

/* The name that this process has, given under the lock. */
static bool
is_enlisted(struct stored *s)
{
	bool ok, first;

	if (!sqlite_enter(s))
		return false;
	first = s->process[0] == '\0';
	ok = enlist(s);
	sqlite_leave(s);
	if (ok && first)
		bury_all(s);
	return ok;
}

enum stored_found
background_add(struct stored *s, const struct background_start *b,
    int64_t *row)
{
	static const char	what[] = "a response could not be queued";
	struct add		a = { .start = b };

	if (s == NULL || !is_enlisted(s) ||
	    !state_group_put(s, put_new, &a, what))
		return STORED_TROUBLE;
	if (a.full) {
		bury_all(s);
		a.full = false;
		if (!state_group_put(s, put_new, &a, what))
			return STORED_TROUBLE;
	}
	*row = a.row;
	return a.full ? STORED_FULL : STORED_FOUND;
}

struct more {
	int64_t				 row;
	const struct background_log	*log;
	const struct background_end	*end;
	enum stored_found		 found;
};

static bool
put_more(struct stored *s, void *arg)
{
	struct more	*m = arg;
	sqlite3_stmt	*st;

	st = sqlite_prepare(s, "UPDATE background SET status = 'in_progress'"
	    " WHERE n = ?1 AND finished IS NULL", NULL, NULL);
	if (st != NULL)
		sqlite3_bind_int64(st, 1, m->row);
	if (!sqlite_finish(st))
		return false;
	m->found = sqlite3_changes(s->db) > 0 ? STORED_FOUND : STORED_NONE;
	return m->found == STORED_NONE || put_events(s, m->row, m->log);
}

enum stored_found
background_append(struct stored *s, int64_t row,
    const struct background_log *log)
{
	struct more m = { .row = row, .log = log };

	return s != NULL && state_group_put(s, put_more, &m,
	    "more of a response could not be kept") ? m.found : STORED_TROUBLE;
}

/* It is not wanted: nor is what was stored of it, a moment ago. */
static bool
undo(struct stored *s, const struct background_end *e)
{
	sqlite_deleted(s);
	return sqlite_finish(sqlite_prepare(s, "DELETE FROM turn WHERE"
	    " owner = ?1 AND id = ?2", e->owner, e->id));
}

static void
bind_text(sqlite3_stmt *st, int i, const char *text)
{
	if (text != NULL)
		sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC);
}

/* What is among the stored ones has its object and its input there. */
static bool
put_end(struct stored *s, void *arg)
{
	struct more			*m = arg;
	const struct background_end	*e = m->end;
	sqlite3_stmt			*st;

	if (!put_more(s, m))
		return false;
	if (m->found == STORED_NONE)
		return undo(s, e);
	st = sqlite_prepare(s, "UPDATE background SET finished = unixepoch(),"
	    " status = ?3, code = ?4, why = ?5, told = ?6,"
	    " response = CASE WHEN stored THEN NULL ELSE"
	    " coalesce(?7, response) END, input = CASE WHEN stored THEN NULL"
	    " ELSE input END FROM (SELECT EXISTS (SELECT 1 FROM turn WHERE"
	    " owner = ?1 AND id = ?2) AS stored) WHERE n = ?8", e->owner,
	    e->id);
	if (st == NULL)
		return false;
	bind_text(st, 3, e->status);
	bind_text(st, 4, e->code);
	bind_text(st, 5, e->why);
	sqlite3_bind_int(st, 6, e->told);
	if (e->response != NULL)
		rows_bind(st, 7, e->response);
	sqlite3_bind_int64(st, 8, m->row);
	return sqlite_finish(st);
}

enum stored_found
background_finish(struct stored *s, int64_t row,
    const struct background_log *log, const struct background_end *end)
{
	struct more m = { .row = row, .log = log, .end = end };

	return s != NULL && state_group_put(s, put_end, &m,
	    "the end of a response could not be kept") ? m.found :
	    STORED_TROUBLE;
}

/* --- Who asks about one. */

static char *
column_text(sqlite3_stmt *st, int i)
{
	const char *text = (const char *)sqlite3_column_text(st, i);

	return text != NULL ? xstrdup(text) : NULL;
}

static void
read_row(sqlite3_stmt *st, struct background *b, char **process)
{
	b->row = sqlite3_column_int64(st, 0);
	snprintf(b->status, sizeof(b->status), "%s",
	    (const char *)sqlite3_column_text(st, 1));
	b->live = sqlite3_column_type(st, 2) == SQLITE_NULL;
	b->told = sqlite3_column_int(st, 3) != 0;
	b->code = column_text(st, 4);
	b->why = column_text(st, 5);
	b->response = rows_json(st, 6);
	*process = column_text(st, 7);
	b->events = sqlite3_column_int64(st, 8);
}

/* "process" is that of another one that runs it, or NULL. */
static enum stored_found
look(struct stored *s, const char *owner, const char *id,
    struct background *b, char **process)
{
	sqlite3_stmt		*st;
	enum stored_found	 found;

	*b = (struct background){ 0 };
	*process = NULL;
	if (s == NULL || !sqlite_enter(s))
		return STORED_TROUBLE;
	st = sqlite_prepare(s, "SELECT n, status, finished, told, code, why,"
	    " response, process, (SELECT coalesce(max(number) + 1, 0) FROM"
	    " background_event WHERE run = n) FROM background WHERE"
	    " owner = ?1 AND id = ?2", owner, id);
	found = rows_step(s, st);
	if (found == STORED_FOUND)
		read_row(st, b, process);
	if (*process != NULL && strcmp(*process, s->process) == 0) {
		free(*process);
		*process = NULL;
	}
	sqlite_done(st);
	sqlite_leave(s);
	return found;
}

enum stored_found
background_get(struct stored *s, const char *owner, const char *id,
    struct background *b)
{
	char			*process;
	enum stored_found	 found = look(s, owner, id, b, &process);
	bool			 gone;

	gone = found == STORED_FOUND && b->live && process != NULL &&
	    bury(s, process);
	free(process);
	if (gone) {
		background_release(b);
		found = look(s, owner, id, b, &process);
		free(process);
	}
	return found;
}

void
background_release(struct background *b)
{
	json_object_put(b->response);
	free(b->code);
	free(b->why);
	*b = (struct background){ 0 };
}

json_object *
background_input(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	struct buf		text = { 0 };
	enum stored_found	is;

	is = rows_read(s, "SELECT input FROM background WHERE owner = ?1 AND"
	    " id = ?2 AND input IS NOT NULL", owner, id, &text, NULL);
	return rows_object(rows_parse_take(&text), is, found);
}

bool
background_events(struct stored *s, int64_t row, int64_t *after, size_t most,
    struct buf *out)
{
	sqlite3_stmt	*st;
	size_t		 before = out->len;
	int		 rc = SQLITE_ERROR;

	if (s == NULL || !sqlite_enter(s))
		return false;
	st = sqlite_prepare(s, "SELECT number, event FROM background_event"
	    " WHERE run = ?1 AND number > ?2 ORDER BY number", NULL, NULL);
	if (st != NULL) {
		sqlite3_bind_int64(st, 1, row);
		sqlite3_bind_int64(st, 2, *after);
	}
	while (st != NULL && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		buf_append(out, (const char *)sqlite3_column_text(st, 1),
		    (size_t)sqlite3_column_bytes(st, 1));
		*after = sqlite3_column_int64(st, 0);
		if (out->len - before >= most)
			break;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		rows_found(s, rc);
	sqlite_done(st);
	sqlite_leave(s);
	return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

/* A statement about the one of this owner and id, and whether there was one. */
struct change {
	const char	*sql, *owner, *id;
	bool		 changed;
};

static bool
put_change(struct stored *s, void *arg)
{
	struct change *c = arg;

	if (!sqlite_finish(sqlite_prepare(s, c->sql, c->owner, c->id)))
		return false;
	c->changed = sqlite3_changes(s->db) > 0;
	sqlite_deleted(s);
	return true;
}

static enum stored_found
change(struct stored *s, struct change c, const char *what)
{
	if (s == NULL || !state_group_put(s, put_change, &c, what))
		return STORED_TROUBLE;
	return c.changed ? STORED_FOUND : STORED_NONE;
}

enum stored_found
background_cancel(struct stored *s, const char *owner, const char *id)
{
	return change(s, (struct change){ "UPDATE background SET"
	    " status = 'cancelled', finished = unixepoch() WHERE owner = ?1"
	    " AND id = ?2 AND finished IS NULL", owner, id, false },
	    "a response could not be cancelled");
}

enum stored_found
background_delete(struct stored *s, const char *owner, const char *id)
{
	return change(s, (struct change){ "DELETE FROM background WHERE"
	    " owner = ?1 AND id = ?2", owner, id, false },
	    "a response could not be deleted");
}
