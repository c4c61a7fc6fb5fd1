/* Responses that run in the background, in the file of the stored ones. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "state/alive.h"
#include "state/background.h"
#include "state/rows.h"

#define DAY_S		86400
#define EVENTS_AT_ONCE	256	/* what isn't taken of them is read in vain */

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

/* --- Who runs one. */

static bool
put_events(struct db_conn *c, int64_t row, const struct background_log *l)
{
	struct db_stmt	*st;
	size_t		 i, at = 0;

	if (l->n == 0)
		return true;
	st = db_prepare(c, "INSERT INTO background_event (run, number, event)"
	    " VALUES (?1, ?2, ?3) ON CONFLICT (run, number) DO NOTHING", NULL,
	    NULL);
	if (st == NULL)
		return false;
	db_bind_int(st, 1, row);
	for (i = 0; i < l->n; i++) {
		db_bind_int(st, 2, l->first + (int64_t)i);
		db_bind_bytes(st, 3, buf_str(&l->text) + at, l->ends[i] - at);
		db_queue(st);
		at = l->ends[i];
	}
	db_done(st);
	return db_settle(c, NULL);
}

/* Delete what is beyond a number, or before a time: whose, if not all. */
static bool
drop(struct db_conn *c, const char *sql, const char *owner, int64_t n)
{
	struct db_stmt *st = db_prepare(c, sql, NULL, NULL);

	if (st == NULL)
		return false;
	db_bind_int(st, 1, n);
	if (owner != NULL) {
		db_bind_text(st, 2, owner);
		db_bind_int(st, 3, INT64_MAX);
	}
	if (!db_finish(st))
		return false;
	if (db_changes(c) > 0)
		db_deleted(c);
	return true;
}

/* Drop responses that have ended, as far as nobody will ask for them. */
static bool
drop_ended(struct db_conn *c, const char *owner, int64_t days)
{
	int64_t now = time(NULL);

	return drop(c, "DELETE FROM background_event WHERE run IN (SELECT n"
	    " FROM background WHERE owner = ?2 AND finished IS NOT NULL"
	    " ORDER BY n DESC LIMIT ?3 OFFSET ?1)", owner,
	    BACKGROUND_STREAMS) &&
	    drop(c, "DELETE FROM background_event WHERE run IN (SELECT n"
	    " FROM background WHERE finished < ?1)", NULL,
	    now - BACKGROUND_KEEP_S) &&
	    drop(c, "DELETE FROM background WHERE n IN (SELECT n"
	    " FROM background WHERE owner = ?2 AND finished IS NOT NULL"
	    " ORDER BY n DESC LIMIT ?3 OFFSET ?1)", owner, BACKGROUND_ENDED) &&
	    drop(c, "DELETE FROM background WHERE response IS NULL AND"
	    " finished < ?1", NULL, now - BACKGROUND_KEEP_S) &&
	    drop(c, "DELETE FROM background WHERE finished < ?1", NULL,
	    now - days * DAY_S);
}

struct add {
	const struct background_start	*start;
	int64_t				 row;
	bool				 full;
};

/* -1 on trouble. */
static int64_t
count_live(struct db_conn *c, const char *owner)
{
	struct db_stmt	*st;
	int64_t		 n = -1;

	st = db_prepare(c, "SELECT count(*) FROM background WHERE"
	    " owner = ?1 AND finished IS NULL", owner, NULL);
	if (db_step(st) == DB_ROW)
		n = db_int(st, 0);
	db_done(st);
	return n;
}

/* Its row, 0 on trouble. */
static int64_t
insert(struct state_tx *tx, const struct background_start *b)
{
	struct db_stmt	*st;
	int64_t		 row = 0;

	st = db_prepare(tx->c, "INSERT INTO background (owner, id, process,"
	    " status, created, response, input) VALUES (?1, ?2, ?3, 'queued',"
	    " unixepoch(), ?4, ?5) ON CONFLICT (owner, id) DO NOTHING"
	    " RETURNING n", b->owner, b->id);
	if (st == NULL)
		return 0;
	db_bind_text(st, 3, tx->s->process);
	rows_bind(st, 4, b->response);
	rows_bind(st, 5, b->input);
	return rows_insert(st, &row) ? row : 0;
}

/* The one that was committed when the connection was lost, or 0. */
static int64_t
find(struct state_tx *tx, const struct background_start *b)
{
	struct db_stmt	*st;
	int64_t		 row = 0;

	st = db_prepare(tx->c, "SELECT n FROM background WHERE owner = ?1"
	    " AND id = ?2", b->owner, b->id);
	if (db_step(st) == DB_ROW)
		row = db_int(st, 0);
	db_done(st);
	return row;
}

static bool
put_new(struct state_tx *tx, void *arg)
{
	struct add			*a = arg;
	const struct background_start	*b = a->start;
	int64_t				 live;

	a->full = false;
	if (tx->again && (a->row = find(tx, b)) != 0)
		return true;
	live = count_live(tx->c, b->owner);
	a->full = live >= b->most;
	if (live < 0 || !drop_ended(tx->c, b->owner, b->max_age_days))
		return false;
	if (!a->full)
		a->row = insert(tx, b);
	return a->full || a->row != 0;
}

enum stored_found
background_add(struct stored *s, const struct background_start *b,
    int64_t *row)
{
	static const char	what[] = "a response could not be queued";
	struct add		a = { .start = b };

	if (s == NULL || !alive_enlist(s) ||
	    !state_group_put(s, put_new, &a, what))
		return STORED_TROUBLE;
	if (a.full) {
		alive_bury_all(s);
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
put_more(struct state_tx *tx, void *arg)
{
	struct more	*m = arg;
	struct db_stmt	*st;

	st = db_prepare(tx->c, "UPDATE background SET status = 'in_progress'"
	    " WHERE n = ?1 AND finished IS NULL", NULL, NULL);
	if (st != NULL)
		db_bind_int(st, 1, m->row);
	if (!db_finish(st))
		return false;
	m->found = db_changes(tx->c) > 0 ? STORED_FOUND : STORED_NONE;
	return m->found == STORED_NONE || put_events(tx->c, m->row, m->log);
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
undo(struct db_conn *c, const struct background_end *e)
{
	db_deleted(c);
	return db_finish(db_prepare(c, "DELETE FROM turn WHERE owner = ?1"
	    " AND id = ?2", e->owner, e->id));
}

/* Was this end committed when the connection was lost? */
static bool
has_ended(struct db_conn *c, const struct more *m)
{
	struct db_stmt	*st;
	bool		 ended;

	st = db_prepare(c, "SELECT 1 FROM background WHERE status = ?1 AND"
	    " finished IS NOT NULL AND n = ?2", m->end->status, NULL);
	if (st != NULL)
		db_bind_int(st, 2, m->row);
	ended = db_step(st) == DB_ROW;
	db_done(st);
	return ended;
}

/* A response among the stored ones has its object and its input there. */
static bool
put_end(struct state_tx *tx, void *arg)
{
	struct more			*m = arg;
	const struct background_end	*e = m->end;
	struct db_stmt			*st;

	if (tx->again && has_ended(tx->c, m)) {
		m->found = STORED_FOUND;
		return true;
	}
	if (!put_more(tx, m))
		return false;
	if (m->found == STORED_NONE)
		return undo(tx->c, e);
	st = db_prepare(tx->c, "UPDATE background SET finished = unixepoch(),"
	    " status = ?3, code = ?4, why = ?5, told = ?6,"
	    " response = CASE WHEN stored THEN NULL ELSE"
	    " coalesce(?7, response) END, input = CASE WHEN stored THEN NULL"
	    " ELSE input END FROM (SELECT EXISTS (SELECT 1 FROM turn WHERE"
	    " owner = ?1 AND id = ?2) AS stored) AS among WHERE n = ?8",
	    e->owner, e->id);
	if (st == NULL)
		return false;
	db_bind_text(st, 3, e->status);
	db_bind_text(st, 4, e->code);
	db_bind_text(st, 5, e->why);
	db_bind_int(st, 6, e->told);
	if (e->response != NULL)
		rows_bind(st, 7, e->response);
	db_bind_int(st, 8, m->row);
	return db_finish(st);
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
column_text(struct db_stmt *st, int i)
{
	const char *text = db_text(st, i, NULL);

	return text != NULL ? xstrdup(text) : NULL;
}

static void
read_row(struct db_stmt *st, struct background *b, char **process)
{
	b->row = db_int(st, 0);
	snprintf(b->status, sizeof(b->status), "%s", db_text(st, 1, NULL));
	b->live = db_is_null(st, 2);
	b->told = db_int(st, 3) != 0;
	b->code = column_text(st, 4);
	b->why = column_text(st, 5);
	b->response = rows_json(st, 6);
	*process = column_text(st, 7);
	b->events = db_int(st, 8);
}

/* "process" is that of another one that runs it, or NULL. */
static enum stored_found
look(struct stored *s, const char *owner, const char *id,
    struct background *b, char **process)
{
	struct db_conn		*c;
	struct db_stmt		*st;
	enum stored_found	 found;

	*b = (struct background){ 0 };
	*process = NULL;
	if (s == NULL)
		return STORED_NONE;
	if ((c = db_enter(s->db)) == NULL)
		return STORED_TROUBLE;
	st = db_prepare(c, "SELECT n, status, finished, told, code, why,"
	    " response, process, (SELECT coalesce(max(number) + 1, 0) FROM"
	    " background_event WHERE run = n) FROM background WHERE"
	    " owner = ?1 AND id = ?2", owner, id);
	found = rows_step(c, st);
	if (found == STORED_FOUND)
		read_row(st, b, process);
	db_done(st);
	db_leave(c);
	if (*process != NULL && alive_is_ours(s, *process)) {
		free(*process);
		*process = NULL;
	}
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
	    alive_bury(s, process);
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
	struct db_conn	*c;
	struct db_stmt	*st;
	size_t		 before = out->len;
	enum db_step	 step;

	if (s == NULL || (c = db_enter(s->db)) == NULL)
		return false;
	st = db_prepare(c, "SELECT number, event FROM background_event"
	    " WHERE run = ?1 AND number > ?2 ORDER BY number LIMIT ?3", NULL,
	    NULL);
	if (st != NULL) {
		db_bind_int(st, 1, row);
		db_bind_int(st, 2, *after);
		db_bind_int(st, 3, EVENTS_AT_ONCE);
		db_stream(st);
	}
	while ((step = db_step(st)) == DB_ROW && rows_append(st, 1, out)) {
		*after = db_int(st, 0);
		if (out->len - before >= most)
			break;
	}
	rows_found(c, step);
	db_done(st);
	db_leave(c);
	return step != DB_FAILED;
}

enum stored_found
background_cancel(struct stored *s, const char *owner, const char *id)
{
	return rows_change(s, "UPDATE background SET status = 'cancelled',"
	    " finished = unixepoch() WHERE owner = ?1 AND id = ?2 AND"
	    " finished IS NULL", owner, id,
	    "a response could not be cancelled");
}

enum stored_found
background_delete(struct stored *s, const char *owner, const char *id)
{
	return rows_change(s, "DELETE FROM background WHERE owner = ?1 AND"
	    " id = ?2", owner, id, "a response could not be deleted");
}

bool
background_left(const struct stored *s)
{
	return s != NULL && alive_lock_any(s);
}

void
background_bury(struct stored *s)
{
	if (s != NULL)
		alive_lock_bury_all(s);
}

void
background_quit(struct stored *s)
{
	if (s != NULL)
		alive_quit(s);
}
