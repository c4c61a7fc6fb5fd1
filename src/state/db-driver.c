/* All databases do this in the same way. */
#include "config.h"

#include <string.h>

#include "state/db-driver.h"

void
db_destroy(struct db *db)
{
	if (db != NULL)
		db->driver->destroy(db);
}

enum db_state
db_state(struct db *db)
{
	return db->driver->state(db);
}

void
db_tidy(struct db *db)
{
	db->driver->tidy(db);
}

void
db_rest(struct db *db)
{
	if (db->driver->rest != NULL)
		db->driver->rest(db);
}

bool
db_waits(const struct db *db)
{
	return db->driver->waits(db);
}

struct db_conn *
db_enter(struct db *db)
{
	return db->driver->enter(db);
}

void
db_leave(struct db_conn *c)
{
	c->db->driver->leave(c);
}

/* --- Statements. */

/* One that was made before and isn't in use, or NULL. */
static struct db_stmt *
made_before(struct db_conn *c, const char *sql)
{
	struct db_stmt *st = c->made;

	while (st != NULL && (st->in_use || (st->sql != sql &&
	    strcmp(st->sql, sql) != 0)))
		st = st->next;
	return st;
}

static struct db_stmt *
make(struct db_conn *c, const char *sql)
{
	struct db_stmt *st = c->db->driver->prepare(c, sql);

	if (st == NULL)
		return NULL;
	st->conn = c;
	st->sql = sql;
	st->next = c->made;
	c->made = st;
	return st;
}

struct db_stmt *
db_prepare(struct db_conn *c, const char *sql, const char *a, const char *b)
{
	struct db_stmt *st = made_before(c, sql);

	if (st == NULL && (st = make(c, sql)) == NULL)
		return NULL;
	st->in_use = true;
	if (a != NULL)
		db_bind_text(st, 1, a);
	if (b != NULL)
		db_bind_text(st, 2, b);
	return st;
}

void
db_bind_text(struct db_stmt *st, int i, const char *text)
{
	db_bind_bytes(st, i, text, text != NULL ? strlen(text) : 0);
}

void
db_bind_bytes(struct db_stmt *st, int i, const char *p, size_t n)
{
	st->conn->db->driver->bind_bytes(st, i, p, n);
}

void
db_bind_int(struct db_stmt *st, int i, int64_t n)
{
	st->conn->db->driver->bind_int(st, i, n);
}

enum db_step
db_step(struct db_stmt *st)
{
	return st != NULL ? st->conn->db->driver->step(st) : DB_FAILED;
}

void
db_stream(struct db_stmt *st)
{
	st->conn->db->driver->stream(st);
}

const char *
db_text(struct db_stmt *st, int column, size_t *n)
{
	size_t unused;

	return st->conn->db->driver->text(st, column, n != NULL ? n : &unused);
}

size_t
db_length(struct db_stmt *st, int column)
{
	return st->conn->db->driver->length(st, column);
}

int64_t
db_int(struct db_stmt *st, int column)
{
	return st->conn->db->driver->number(st, column);
}

bool
db_is_null(struct db_stmt *st, int column)
{
	return st->conn->db->driver->is_null(st, column);
}

void
db_done(struct db_stmt *st)
{
	if (st == NULL)
		return;
	st->conn->db->driver->reset(st);
	st->in_use = false;
}

bool
db_finish(struct db_stmt *st)
{
	enum db_step step;

	while ((step = db_step(st)) == DB_ROW)
		;
	db_done(st);
	return step == DB_DONE;
}

int64_t
db_changes(struct db_conn *c)
{
	return c->db->driver->changes(c);
}

void
db_queue(struct db_stmt *st)
{
	st->conn->db->driver->queue(st);
}

bool
db_settle(struct db_conn *c, int64_t *changes)
{
	int64_t unused;

	return c->db->driver->settle(c, changes != NULL ? changes : &unused);
}

bool
db_run(struct db_conn *c, const char *sql)
{
	return db_finish(db_prepare(c, sql, NULL, NULL));
}

int64_t
db_number(struct db_conn *c, const char *sql)
{
	struct db_stmt	*st = db_prepare(c, sql, NULL, NULL);
	int64_t		 n = db_step(st) == DB_ROW ? db_int(st, 0) : -1;

	db_done(st);
	return n;
}

/* --- Transactions. */

bool
db_begin(struct db_conn *c)
{
	return c->db->driver->begin(c);
}

bool
db_end(struct db_conn *c, bool ok, const char *what)
{
	return c->db->driver->end(c, ok, what);
}

bool
db_begin_reading(struct db_conn *c)
{
	return c->db->driver->begin_reading(c);
}

void
db_end_reading(struct db_conn *c)
{
	c->db->driver->end_reading(c);
}

enum db_fault
db_fault(struct db_conn *c)
{
	return c->db->driver->fault(c);
}

const char *
db_why(struct db_conn *c)
{
	return c->db->driver->why(c);
}

bool
db_is_begun(struct db_conn *c)
{
	return c->db->driver->is_begun(c);
}

/* --- The disk. */

void
db_deleted(struct db_conn *c)
{
	c->db->driver->deleted(c);
}

int64_t
db_give_back(struct db_conn *c, int64_t pages)
{
	return c->db->driver->give_back(c, pages);
}

void
db_compact(struct db_conn *c)
{
	c->db->driver->compact(c);
}
