/* The connections of a database: opened as needed, kept while idle. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "state/db-driver.h"
#include "state/db-pg-link.h"
#include "state/db-pg-pool.h"

#define ENTER_MS	5000	/* all connections are in use */
#define ENTER_SLOW_MS	100	/* and were so before */
#define AWAY_MS		250	/* then it is tried again, ... */
#define AWAY_MAX_MS	5000	/* ... twice as late each time */

struct pg *
db_pg_of(struct db_conn *c)
{
	return (struct pg *)c->db;
}

/* --- Its tables. */

static const char prelude[] =
    "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;"
    "SET LOCAL idle_in_transaction_session_timeout = 0;"
    "SELECT pg_advisory_xact_lock(hashtext('copilot_api'),"
    " hashtext(current_schema()));"
    "CREATE TABLE IF NOT EXISTS copilot_api_version"
    " (what TEXT PRIMARY KEY, version BIGINT NOT NULL);"
    "CREATE OR REPLACE FUNCTION unixepoch() RETURNS BIGINT LANGUAGE sql AS"
    " 'SELECT CAST (floor(extract(epoch FROM clock_timestamp())) AS BIGINT)'";

static bool
read_version(struct pg *p, struct db_pg_link *l, int64_t *version)
{
	char	*sql = xasprintf("SELECT version FROM copilot_api_version"
		    " WHERE what = '%s'", p->base.schema->what);
	bool	 ok = db_pg_link_script(l, sql, version);

	free(sql);
	return ok;
}

static bool
set_version(struct pg *p, struct db_pg_link *l)
{
	char	*sql = xasprintf("INSERT INTO copilot_api_version VALUES"
		    " ('%s', %zu) ON CONFLICT (what) DO UPDATE SET"
		    " version = excluded.version; COMMIT",
		    p->base.schema->what, p->base.schema->postgresql.n);
	bool	 ok = db_pg_link_script(l, sql, NULL);

	free(sql);
	return ok;
}

/* One of the processes that come at once does it, and the others wait. */
static bool
migrate(struct pg *p, struct db_pg_link *l)
{
	const struct db_steps	*steps = &p->base.schema->postgresql;
	int64_t			 version = 0;
	bool			 ok;

	ok = db_pg_link_migrate(l, prelude) &&
	    read_version(p, l, &version);
	for (; ok && version < (int64_t)steps->n; version++)
		ok = db_pg_link_migrate(l, steps->list[version]);
	return ok && set_version(p, l);
}

/* Tables are made where there are none; those of a newer program stay. */
static bool
check_version(struct pg *p, struct db_pg_link *l)
{
	const int64_t	newest = (int64_t)p->base.schema->postgresql.n;
	int64_t		version = 0;

	if (read_version(p, l, &version) && version == newest)
		return true;
	if (l->fault == DB_AWAY)
		return false;
	if (version > newest) {
		db_pg_link_lose(l, "its tables were made by a newer version "
		    "of this program");
		return false;
	}
	return migrate(p, l);
}

/* --- Connections. */

static void
forget_statements(struct pg_conn *c)
{
	struct db_stmt	*st;
	struct pg_stmt	*s;

	for (st = c->base.made; st != NULL; st = st->next) {
		s = (struct pg_stmt *)st;
		s->prepared = s->running = false;
		PQclear(s->res);
		s->res = NULL;
	}
	c->nwants = c->at = 0;
}

static bool
open_conn(struct pg_conn *c)
{
	struct pg *p = db_pg_of(&c->base);

	c->link.fault = DB_FINE;
	c->link.waits = &p->waits;
	forget_statements(c);
	return db_pg_link_open(&c->link, p->url) &&
	    check_version(p, &c->link) &&
	    (PQenterPipelineMode(c->link.pg) == 1 ||
	    db_pg_link_lose(&c->link, "no pipeline mode"));
}

static void
free_statement(struct pg_stmt *s)
{
	int i;

	PQclear(s->res);
	for (i = 0; i < DB_PG_PARAMS; i++)
		buf_finish(&s->repaired[i]);
	free(s->sql);
	free(s);
}

void
db_pg_conn_free(struct pg_conn *c)
{
	struct db_stmt *st;

	while ((st = c->base.made) != NULL) {
		c->base.made = st->next;
		free_statement((struct pg_stmt *)st);
	}
	db_pg_link_close(&c->link);
	free(c->wants);
	free(c);
}

/* Under the lock. False: it is away, and nobody has to be asked for that. */
static bool
may_open(const struct pg *p)
{
	return p->failures == 0 ||
	    (!p->opening && util_now_ms() >= p->away_until);
}

/*
 * Under the lock: one that is idle, or leave to open one (*take is NULL). False
 * when there is neither in time.
 */
static bool
get_idle(struct pg *p, struct pg_conn **take)
{
	struct timespec	until = util_after_ms(p->slow ? ENTER_SLOW_MS :
			    ENTER_MS);
	int		rc = 0;

	while (p->idle == NULL && p->open >= p->most && rc == 0)
		rc = pthread_cond_timedwait(&p->change, &p->mutex, &until);
	if ((*take = p->idle) != NULL)
		p->idle = p->idle->next;
	else if (p->open < p->most && may_open(p)) {
		p->open++;
		p->opening = true;
	} else {
		if (rc != 0 && !p->slow)
			log_warn("%s: all %lld connections are in use",
			    p->base.schema->what, (long long)p->most);
		p->slow = rc != 0;
		return false;
	}
	p->slow = false;
	return true;
}

/*
 * Under the lock. The log tells once that it is away, and that it is back. All
 * that lost it at the same time have tried once.
 */
static void
note_opened(struct pg *p, const struct pg_conn *c, bool ok)
{
	int64_t now = util_now_ms(), ms = AWAY_MS;

	p->opening = false;
	if (ok) {
		if (p->failures > 0)
			log_info("%s: PostgreSQL is back",
			    p->base.schema->what);
		p->failures = 0;
		return;
	}
	if (p->failures > 0 && now < p->away_until)
		return;
	if (p->failures++ == 0)
		log_warn("%s: PostgreSQL: %.180s; what needs it is refused "
		    "until it is back", p->base.schema->what, c->link.why);
	if (p->failures < 6)
		ms <<= p->failures - 1;
	p->away_until = now + (p->failures < 6 ? ms : AWAY_MAX_MS);
}

/* Under the lock. */
static void
drop(struct pg *p, struct pg_conn *c)
{
	p->open--;
	db_pg_conn_free(c);
	pthread_cond_signal(&p->change);
}

/* Under the lock, which is let go meanwhile. */
static struct pg_conn *
open_new(struct pg *p)
{
	struct pg_conn	*c = xcalloc(1, sizeof(*c));
	bool		 ok;

	c->base.db = &p->base;
	pthread_mutex_unlock(&p->mutex);
	ok = open_conn(c);
	pthread_mutex_lock(&p->mutex);
	note_opened(p, c, ok);
	if (ok)
		return c;
	drop(p, c);
	return NULL;
}

/* One that was lost while it was idle makes place for another one. */
struct db_conn *
db_pg_enter(struct db *db)
{
	struct pg	*p = (struct pg *)db;
	struct pg_conn	*c = NULL;

	pthread_mutex_lock(&p->mutex);
	while (get_idle(p, &c)) {
		if (c == NULL)
			c = open_new(p);
		else if (!db_pg_link_is_alive(&c->link)) {
			drop(p, c);
			c = NULL;
			continue;
		}
		break;
	}
	pthread_mutex_unlock(&p->mutex);
	return c != NULL ? &c->base : NULL;
}

void
db_pg_leave(struct db_conn *base)
{
	struct pg	*p = db_pg_of(base);
	struct pg_conn	*c = (struct pg_conn *)base;

	pthread_mutex_lock(&p->mutex);
	if (c->link.pg != NULL && c->nwants == 0 &&
	    PQstatus(c->link.pg) == CONNECTION_OK && c->link.fault != DB_AWAY &&
	    PQtransactionStatus(c->link.pg) == PQTRANS_IDLE) {
		c->next = p->idle;
		p->idle = c;
		pthread_cond_signal(&p->change);
	} else
		drop(p, c);
	pthread_mutex_unlock(&p->mutex);
}

bool
db_pg_reopen(struct pg_conn *c)
{
	struct pg	*p = db_pg_of(&c->base);
	bool		 may, ok;

	db_pg_link_close(&c->link);
	pthread_mutex_lock(&p->mutex);
	may = may_open(p);
	p->opening |= may;
	pthread_mutex_unlock(&p->mutex);
	if (!(ok = may && open_conn(c)))
		c->link.fault = DB_AWAY;
	if (!may)
		return false;
	pthread_mutex_lock(&p->mutex);
	note_opened(p, c, ok);
	pthread_mutex_unlock(&p->mutex);
	return ok;
}
