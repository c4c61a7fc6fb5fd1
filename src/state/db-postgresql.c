/*
 * The driver of PostgreSQL: a few connections, each in pipeline mode, so that
 * what is queued goes to the server together.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "state/db-driver.h"
#include "state/db-pg-link.h"
#include "state/db-pg-pool.h"

#define LOCKED_MS	1000	/* nobody waits for who writes for long */
#define REFUSED_MS	10000	/* nothing is written: its disk is full */
#define DRAIN_MAX	(256 << 10) /* rows that nobody wants; else: close */

static struct pg_conn *
conn_of(struct db_stmt *st)
{
	return (struct pg_conn *)st->conn;
}

/* --- What goes to the server, and what comes. */

/* "?1" as PostgreSQL writes it. */
static char *
translate(const char *sql)
{
	char *copy = xstrdup(sql), *at = copy;

	while ((at = strchr(at, '?')) != NULL)
		*at = '$';
	return copy;
}

static struct db_stmt *
prepare(struct db_conn *c, const char *sql)
{
	struct pg_stmt *s = xcalloc(1, sizeof(*s));

	snprintf(s->name, sizeof(s->name), "s%u",
	    ((struct pg_conn *)c)->names++);
	s->sql = translate(sql);
	return &s->base;
}

static void
bind(struct pg_stmt *s, int i, const char *p, size_t n, bool binary)
{
	if (s->n < i)
		s->n = i;
	s->values[i - 1] = p;
	s->lengths[i - 1] = (int)n;
	s->formats[i - 1] = binary;
}

/* Nothing but UTF-8 goes into a text, and no NUL. */
static const char *
repair(struct buf *out, const char *p, size_t *n)
{
	size_t i;

	buf_finish(out);
	text_utf8_repair(p, *n, out);
	for (i = 0; i < out->len; i++)
		if (out->p[i] == '\0')
			out->p[i] = ' ';
	*n = out->len;
	return buf_str(out);
}

/* A text as it is: its binary form. */
static void
bind_bytes(struct db_stmt *st, int i, const char *p, size_t n)
{
	struct pg_stmt *s = (struct pg_stmt *)st;

	if (p != NULL && (text_utf8_prefix(p, n) < n ||
	    memchr(p, '\0', n) != NULL))
		p = repair(&s->repaired[i - 1], p, &n);
	bind(s, i, p, n, true);
}

/* Its text, since what type is meant isn't known here. */
static void
bind_int(struct db_stmt *st, int i, int64_t n)
{
	struct pg_stmt	*s = (struct pg_stmt *)st;
	int		 len;

	len = snprintf(s->numbers[i - 1], sizeof(s->numbers[i - 1]), "%lld",
	    (long long)n);
	bind(s, i, s->numbers[i - 1], (size_t)len, false);
}

static void
want(struct pg_conn *c, struct pg_stmt *s, int kind)
{
	c->wants = util_grow(c->wants, c->nwants, sizeof(*c->wants));
	c->wants[c->nwants].st = s;
	c->wants[c->nwants++].kind = kind;
}

/* A parameter that was never bound is null, as those up to the highest are. */
static int
count_params(const struct pg_stmt *s)
{
	const char	*at = s->sql;
	int		 n, most = 0;

	while ((at = strchr(at, '$')) != NULL)
		if ((n = atoi(++at)) > most)
			most = n;
	return most;
}

/* Into memory, that is: nothing waits for the server yet. */
static bool
send_statement(struct pg_conn *c, struct pg_stmt *s, int kind)
{
	PGconn *pg = c->link.pg;

	if (c->link.fault == DB_AWAY)
		return false;
	if (c->nwants == 0)
		c->ok = true;
	if (!s->prepared) {
		if (PQsendPrepare(pg, s->name, s->sql, 0, NULL) != 1)
			return db_pg_link_lose(&c->link, PQerrorMessage(pg));
		want(c, s, WANT_PREPARED);
		s->prepared = true;
	}
	if (PQsendQueryPrepared(pg, s->name, count_params(s), s->values,
	    s->lengths, s->formats, 0) != 1)
		return db_pg_link_lose(&c->link, PQerrorMessage(pg));
	want(c, s, kind);
	return true;
}

/* Note how one result of a statement turned out; takes it. */
static void
take_result(struct pg_conn *c, const struct want *w, PGresult *res)
{
	bool	ok = db_pg_link_note(&c->link, res);
	int64_t	n;

	c->ok = c->ok && ok;
	if (!ok && w->kind == WANT_PREPARED)
		w->st->prepared = false;
	if (!ok && w->kind == WANT_DONE)
		c->queue_failed = true;
	if (!util_parse_int64(PQcmdTuples(res), &n))
		n = 0;
	if (w->kind == WANT_DONE)
		c->queued += n;
	c->changes = n;
	if (ok && w->kind == WANT_ROWS) {
		PQclear(w->st->res);
		w->st->res = res;
	} else
		PQclear(res);
}

/* The sync is what comes last; then the server has done all it was asked. */
static bool
take_sync(struct pg_conn *c)
{
	PGresult	*res = db_pg_link_next(&c->link);
	bool		 ok = res != NULL &&
			    PQresultStatus(res) == PGRES_PIPELINE_SYNC;

	PQclear(res);
	c->nwants = c->at = 0;
	if (ok && c->ok)
		c->link.fault = DB_FINE;
	return ok || (c->link.fault != DB_AWAY &&
	    db_pg_link_lose(&c->link, "the server is out of step"));
}

/* All that is wanted, up to rows that come one by one. False: it is lost. */
static bool
collect(struct pg_conn *c)
{
	struct want	*w;
	PGresult	*res;

	for (; c->at < c->nwants; c->at++) {
		w = &c->wants[c->at];
		if (w->kind == WANT_ROWS && w->st->streaming)
			return PQsetSingleRowMode(c->link.pg) == 1;
		while ((res = db_pg_link_next(&c->link)) != NULL)
			take_result(c, w, res);
		if (c->link.fault == DB_AWAY)
			return false;
	}
	return take_sync(c);
}

static bool
sync_and_collect(struct pg_conn *c)
{
	return (PQpipelineSync(c->link.pg) == 1 ||
	    db_pg_link_lose(&c->link, PQerrorMessage(c->link.pg))) &&
	    collect(c);
}

static bool
settle(struct db_conn *base, int64_t *changes)
{
	struct pg_conn	*c = (struct pg_conn *)base;
	bool		 ok = c->nwants == 0 || sync_and_collect(c);

	ok = ok && !c->queue_failed && c->link.fault != DB_AWAY;
	*changes = c->queued;
	c->queue_failed = false;
	c->queued = 0;
	return ok;
}

static void
queue(struct db_stmt *st)
{
	struct pg_conn *c = conn_of(st);

	if (!send_statement(c, (struct pg_stmt *)st, WANT_DONE))
		c->queue_failed = true;
}

/* --- Rows. */

static bool
run_once(struct pg_conn *c, struct pg_stmt *s)
{
	return send_statement(c, s, WANT_ROWS) && sync_and_collect(c);
}

/*
 * A statement that only reads may be asked again over a new connection: one
 * that was idle may have been lost since it was last used.
 */
static bool
start(struct pg_conn *c, struct pg_stmt *s)
{
	bool alone = c->nwants == 0 && !c->begun;

	if (run_once(c, s))
		return true;
	if (!alone || c->link.fault != DB_AWAY)
		return false;
	return db_pg_reopen(c) && run_once(c, s);
}

/* The next of the rows that come one by one. */
static enum db_step
stream_row(struct pg_conn *c, struct pg_stmt *s)
{
	PGresult *res = db_pg_link_next(&c->link);

	PQclear(s->res);
	s->res = NULL;
	if (res == NULL) {
		if (c->link.fault != DB_AWAY)
			db_pg_link_lose(&c->link, "rows are missing");
		return DB_FAILED;
	}
	if (PQresultStatus(res) == PGRES_SINGLE_TUPLE) {
		s->res = res;
		return DB_ROW;
	}
	c->ok = db_pg_link_note(&c->link, res) && c->ok;
	PQclear(res);
	res = db_pg_link_next(&c->link);	/* NULL: no more results */
	PQclear(res);
	s->streaming = false;
	c->at++;
	return collect(c) && c->ok ? DB_DONE : DB_FAILED;
}

static enum db_step
step(struct db_stmt *st)
{
	struct pg_conn	*c = conn_of(st);
	struct pg_stmt	*s = (struct pg_stmt *)st;

	if (!s->running) {
		if (!start(c, s))
			return DB_FAILED;
		s->running = true;
		s->row = -1;
	}
	if (s->streaming) {
		s->row = 0;
		return stream_row(c, s);
	}
	if (s->res == NULL)
		return c->ok ? DB_DONE : DB_FAILED;
	return ++s->row < PQntuples(s->res) ? DB_ROW : DB_DONE;
}

static void
stream(struct db_stmt *st)
{
	((struct pg_stmt *)st)->streaming = true;
}

static const char *
text(struct db_stmt *st, int column, size_t *n)
{
	struct pg_stmt *s = (struct pg_stmt *)st;

	*n = (size_t)PQgetlength(s->res, s->row, column);
	return PQgetisnull(s->res, s->row, column) ? NULL :
	    PQgetvalue(s->res, s->row, column);
}

static size_t
length(struct db_stmt *st, int column)
{
	struct pg_stmt *s = (struct pg_stmt *)st;

	return (size_t)PQgetlength(s->res, s->row, column);
}

static int64_t
number(struct db_stmt *st, int column)
{
	struct pg_stmt	*s = (struct pg_stmt *)st;
	int64_t		 n;

	return util_parse_int64(PQgetvalue(s->res, s->row, column), &n) ? n : 0;
}

static bool
is_null(struct db_stmt *st, int column)
{
	struct pg_stmt *s = (struct pg_stmt *)st;

	return PQgetisnull(s->res, s->row, column);
}

/* A few rows are read to their end; for more the connection is given up. */
static void
drain(struct pg_conn *c, struct pg_stmt *s)
{
	size_t	size = 0;
	int	i;

	while (s->streaming && size < DRAIN_MAX &&
	    stream_row(c, s) == DB_ROW)
		for (i = 0; i < PQnfields(s->res); i++)
			size += (size_t)PQgetlength(s->res, 0, i);
	if (s->streaming)
		db_pg_link_lose(&c->link, "rows were left");
}

static void
reset(struct db_stmt *st)
{
	struct pg_stmt	*s = (struct pg_stmt *)st;
	int		 i;

	if (s->running && s->streaming)
		drain(conn_of(st), s);
	PQclear(s->res);
	s->res = NULL;
	s->running = s->streaming = false;
	for (i = 0; i < s->n; i++) {
		s->values[i] = NULL;
		buf_finish(&s->repaired[i]);
	}
	s->n = 0;
}

static int64_t
changes(struct db_conn *c)
{
	return ((struct pg_conn *)c)->changes;
}

/* --- Transactions. */

static bool
is_begun(struct db_conn *base)
{
	struct pg_conn			*c = (struct pg_conn *)base;
	PGTransactionStatusType		 is;

	is = PQtransactionStatus(c->link.pg);
	return is == PQTRANS_INTRANS || is == PQTRANS_INERROR;
}

/*
 * For a while nobody waits for who writes; the log tells it once. Others who
 * wait their turn come first then, so that only who waits has one.
 */
static void
note_locked(struct pg *p, bool locked)
{
	pthread_mutex_lock(&p->mutex);
	if (locked && !p->locked)
		log_warn("%s: PostgreSQL: somebody else has been writing for "
		    "long; nothing is stored until that ends",
		    p->base.schema->what);
	if (locked && util_now_ms() >= p->locked_until)
		p->locked_until = util_now_ms() + LOCKED_MS;
	p->locked = locked;
	pthread_mutex_unlock(&p->mutex);
}

/* Nothing is written for a while: its disk is full, say. */
static void
refuse(struct pg *p, const char *what, const char *why)
{
	pthread_mutex_lock(&p->mutex);
	p->refused_until = util_now_ms() + REFUSED_MS;
	pthread_mutex_unlock(&p->mutex);
	log_warn("%s: %s: PostgreSQL: %s; nothing is stored for %d s",
	    p->base.schema->what, what, why, REFUSED_MS / 1000);
}

static bool
is_refused(struct pg *p)
{
	bool refused;

	pthread_mutex_lock(&p->mutex);
	refused = util_now_ms() < p->refused_until;
	pthread_mutex_unlock(&p->mutex);
	return refused;
}

static bool
was_locked(struct pg *p)
{
	bool locked;

	pthread_mutex_lock(&p->mutex);
	locked = p->locked && util_now_ms() < p->locked_until;
	pthread_mutex_unlock(&p->mutex);
	return locked;
}

static void
queue_sql(struct db_conn *c, const char *sql)
{
	struct db_stmt *st = db_prepare(c, sql, NULL, NULL);

	queue(st);
	db_done(st);
}

static void
rollback(struct db_conn *c)
{
	enum db_fault fault = ((struct pg_conn *)c)->link.fault;

	if (fault != DB_AWAY && is_begun(c) && db_run(c, "ROLLBACK"))
		((struct pg_conn *)c)->link.fault = fault;
	((struct pg_conn *)c)->begun = false;
}

/* With the lock of who writes, which ends with the transaction. */
static bool
take_lock(struct pg *p, struct db_conn *c)
{
	int64_t	unused;

	queue_sql(c, "BEGIN");
	if (was_locked(p)) {
		if (db_number(c, p->try_lock) == 1)
			return true;
		if (((struct pg_conn *)c)->link.fault == DB_FINE)
			((struct pg_conn *)c)->link.fault = DB_BUSY;
		return false;
	}
	queue_sql(c, p->lock);
	return settle(c, &unused);
}

static bool
begin(struct db_conn *c)
{
	struct pg	*p = db_pg_of(c);
	int64_t		 unused;
	bool		 ok;

	if (is_refused(p))
		return false;
	((struct pg_conn *)c)->begun = true;
	ok = take_lock(p, c);
	settle(c, &unused);
	if (ok)
		note_locked(p, false);
	else if (((struct pg_conn *)c)->link.fault == DB_BUSY)
		note_locked(p, true);
	if (!ok)
		rollback(c);
	return ok;
}

static bool
commit(struct db_conn *c)
{
	struct pg_conn	*conn = (struct pg_conn *)c;
	bool		 ok = PQtransactionStatus(conn->link.pg) ==
			    PQTRANS_INTRANS && db_run(c, "COMMIT");

	conn->begun = conn->begun && !ok;
	return ok;
}

static bool
end(struct db_conn *c, bool ok, const char *what)
{
	struct pg_conn	*conn = (struct pg_conn *)c;
	struct pg	*p = db_pg_of(c);
	int64_t		 unused;

	ok = settle(c, &unused) && ok;
	if (!conn->begun)
		return false;	/* begin() has told */
	if (ok && commit(c))
		return true;
	rollback(c);
	if (conn->link.fault == DB_REFUSED || conn->link.fault == DB_BUSY)
		log_warn("%s: %s: %s", p->base.schema->what, what,
		    conn->link.why);
	else if (conn->link.fault == DB_WORSE)
		refuse(p, what, conn->link.why);
	return false;
}

static bool
begin_reading(struct db_conn *c)
{
	((struct pg_conn *)c)->begun = true;
	return db_run(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

static void
end_reading(struct db_conn *c)
{
	rollback(c);
}

static enum db_fault
fault_of(struct db_conn *c)
{
	return ((struct pg_conn *)c)->link.fault;
}

static const char *
why_of(struct db_conn *c)
{
	return ((struct pg_conn *)c)->link.why;
}

/* --- The disk is the server's: it vacuums. */

static void
deleted(struct db_conn *c)
{
	(void)c;
}

static int64_t
give_back(struct db_conn *c, int64_t pages)
{
	(void)c;
	(void)pages;
	return 0;
}

static void
tidy(struct db *db)
{
	(void)db;
}

static bool
waits(const struct db *db)
{
	return atomic_load(&((const struct pg *)db)->waits);
}

static enum db_state
state(struct db *db)
{
	struct db_conn *c = db_pg_enter(db);

	if (c == NULL)
		return DB_BROKEN;
	db_pg_leave(c);
	return is_refused((struct pg *)db) ? DB_READABLE : DB_USABLE;
}

static void
destroy(struct db *db)
{
	struct pg	*p = (struct pg *)db;
	struct pg_conn	*c;

	while ((c = p->idle) != NULL) {
		p->idle = c->next;
		db_pg_conn_free(c);
	}
	pthread_cond_destroy(&p->change);
	pthread_mutex_destroy(&p->mutex);
	free(p->lock);
	free(p->try_lock);
	free(p->url);
	free(p);
}

static const struct db_driver driver = {
	.destroy = destroy,
	.state = state,
	.tidy = tidy,
	.waits = waits,
	.enter = db_pg_enter,
	.leave = db_pg_leave,
	.prepare = prepare,
	.bind_bytes = bind_bytes,
	.bind_int = bind_int,
	.step = step,
	.stream = stream,
	.text = text,
	.length = length,
	.number = number,
	.is_null = is_null,
	.reset = reset,
	.changes = changes,
	.queue = queue,
	.settle = settle,
	.begin = begin,
	.end = end,
	.begin_reading = begin_reading,
	.end_reading = end_reading,
	.fault = fault_of,
	.why = why_of,
	.is_begun = is_begun,
	.deleted = deleted,
	.give_back = give_back,
	.compact = deleted,
};

struct db *
db_postgresql_create(const struct state_place *at,
    const struct db_schema *schema)
{
	static const char	key[] = "(hashtext(current_schema()),"
	    " hashtext('%s'))";
	struct pg		*p = xcalloc(1, sizeof(*p));
	char			*of_schema = xasprintf(key, schema->what);

	p->base.driver = &driver;
	p->base.schema = schema;
	p->url = xstrdup(at->url);
	p->most = at->connections > 0 ? at->connections : 1;
	p->lock = xasprintf("SELECT pg_advisory_xact_lock%s", of_schema);
	p->try_lock = xasprintf("SELECT CASE WHEN pg_try_advisory_xact_lock%s"
	    " THEN 1 ELSE 0 END", of_schema);
	free(of_schema);
	pthread_mutex_init(&p->mutex, NULL);
	util_cond_init(&p->change);
	return &p->base;
}
