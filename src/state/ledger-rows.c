/* The ledger's tables: sums by hour, day and month. */
#include "config.h"

#include <stdio.h>

#include "base/util.h"
#include "state/ledger-rows.h"

/* Never edit a step that was released. */
static const char *const steps[] = {
	"CREATE TABLE usage (start INTEGER NOT NULL, span INTEGER NOT NULL,"
	" key TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,"
	" status INTEGER NOT NULL, requests INTEGER NOT NULL,"
	" input INTEGER NOT NULL, cached INTEGER NOT NULL,"
	" cache_write INTEGER NOT NULL, output INTEGER NOT NULL,"
	" nano INTEGER NOT NULL,"
	" PRIMARY KEY (start, span, key, model, endpoint, status))"
	" WITHOUT ROWID;"
	"CREATE TABLE journal (generation TEXT NOT NULL,"
	" offset INTEGER NOT NULL);"
	"INSERT INTO journal VALUES ('', 0);",
	"ALTER TABLE usage RENAME TO usage_1;"
	"CREATE TABLE usage (start INTEGER NOT NULL, span INTEGER NOT NULL,"
	" key TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,"
	" status INTEGER NOT NULL, initiator TEXT NOT NULL,"
	" requests INTEGER NOT NULL,"
	" input INTEGER NOT NULL, cached INTEGER NOT NULL,"
	" cache_write INTEGER NOT NULL, output INTEGER NOT NULL,"
	" nano INTEGER NOT NULL,"
	" PRIMARY KEY (start, span, key, model, endpoint, status, initiator))"
	" WITHOUT ROWID;"
	"INSERT INTO usage SELECT start, span, key, model, endpoint, status,"
	" '', requests, input, cached, cache_write, output, nano FROM usage_1;"
	"DROP TABLE usage_1;",
	"ALTER TABLE usage ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0;",
	/* Many journals, each host's own. */
	"CREATE TABLE place (generation TEXT PRIMARY KEY, taken INTEGER"
	" NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID;"
	"INSERT INTO place SELECT generation, offset, unixepoch()"
	" FROM journal WHERE generation <> '';"
	"DROP TABLE journal;",
};

static const char *const postgresql_steps[] = {
	"CREATE TABLE usage (start BIGINT NOT NULL, span BIGINT NOT NULL,"
	" key TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,"
	" status BIGINT NOT NULL, initiator TEXT NOT NULL,"
	" requests BIGINT NOT NULL, input BIGINT NOT NULL,"
	" cached BIGINT NOT NULL, cache_write BIGINT NOT NULL,"
	" output BIGINT NOT NULL, nano BIGINT NOT NULL,"
	" estimated BIGINT NOT NULL, PRIMARY KEY"
	" (start, span, key, model, endpoint, status, initiator));"
	"CREATE TABLE place (generation TEXT PRIMARY KEY,"
	" taken BIGINT NOT NULL, seen BIGINT NOT NULL);",
};

const struct db_schema ledger_schema = {
	"usage", LEDGER_FILE, { steps, COUNT(steps) },
	{ postgresql_steps, COUNT(postgresql_steps) }
};

/* --- The journal. */

bool
ledger_place_get(struct db_conn *c, struct journal_place *at)
{
	struct db_stmt	*st = db_prepare(c,
			    "SELECT taken FROM place WHERE generation = ?1",
			    at->generation, NULL);
	enum db_step	 step = db_step(st);

	if (step == DB_ROW)
		at->offset = db_int(st, 0);
	db_done(st);
	return step != DB_FAILED;
}

bool
ledger_place_set(struct db_conn *c, const struct journal_place *at)
{
	struct db_stmt *st = db_prepare(c,
	    "INSERT INTO place (generation, taken, seen)"
	    " VALUES (?1, ?2, unixepoch()) ON CONFLICT (generation)"
	    " DO UPDATE SET taken = excluded.taken, seen = excluded.seen",
	    at->generation, NULL);

	if (st != NULL)
		db_bind_int(st, 2, at->offset);
	return db_finish(st);
}

/* --- Sums. */

#define ADD_UP \
	" ON CONFLICT (start, span, key, model, endpoint, status, initiator)" \
	" DO UPDATE SET requests = usage.requests + excluded.requests," \
	" input = usage.input + excluded.input," \
	" cached = usage.cached + excluded.cached," \
	" cache_write = usage.cache_write + excluded.cache_write," \
	" output = usage.output + excluded.output," \
	" nano = usage.nano + excluded.nano," \
	" estimated = usage.estimated + excluded.estimated"

/* Add to a row, as it stands. */
bool
ledger_sum_add(struct db_conn *c, const struct ledger_row *r)
{
	const struct ledger_counts	*n = &r->counts;
	const int64_t			 numbers[] = {
		r->start, r->span, r->status, n->requests, n->input,
		n->cached, n->cache_write, n->output, n->nano, n->estimated
	};
	struct db_stmt			*st;
	size_t				 i;

	st = db_prepare(c, "INSERT INTO usage (key, model, endpoint, start,"
	    " span, status, requests, input, cached, cache_write, output, nano,"
	    " estimated, initiator) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
	    " ?10, ?11, ?12, ?13, ?14)"
	    ADD_UP, r->key, r->model);
	if (st == NULL)
		return false;
	db_bind_text(st, 3, r->endpoint);
	for (i = 0; i < COUNT(numbers); i++)
		db_bind_int(st, 4 + (int)i, numbers[i]);
	db_bind_text(st, 14, r->initiator);
	return db_finish(st);
}

bool
ledger_row_add(struct db_conn *c, const struct ledger_row *r)
{
	struct ledger_row sum = *r;

	sum.start -= sum.start % LEDGER_SECONDS;
	sum.span = LEDGER_HOUR;
	return ledger_sum_add(c, &sum);
}

/* A statement whose only arguments are numbers. */
static bool
run(struct db_conn *c, const char *sql, const int64_t *numbers, size_t n)
{
	struct db_stmt	*st = db_prepare(c, sql, NULL, NULL);
	size_t		 i;

	for (i = 0; st != NULL && i < n; i++)
		db_bind_int(st, (int)i + 1, numbers[i]);
	return db_finish(st);
}

/* One of a longer span for all from ?1 to ?2. A sum is no BIGINT by itself. */
#define SUM_OF(from, to) \
	"INSERT INTO usage (start, span, key, model, endpoint, status," \
	" initiator, requests, input, cached, cache_write, output, nano," \
	" estimated) SELECT CAST (?1 AS BIGINT), " to ", key, model," \
	" endpoint, status, initiator," \
	" CAST (sum(requests) AS BIGINT), CAST (sum(input) AS BIGINT)," \
	" CAST (sum(cached) AS BIGINT), CAST (sum(cache_write) AS BIGINT)," \
	" CAST (sum(output) AS BIGINT), CAST (sum(nano) AS BIGINT)," \
	" CAST (sum(estimated) AS BIGINT) FROM usage WHERE span = " from \
	" AND start >= ?1 AND start < ?2" \
	" GROUP BY key, model, endpoint, status, initiator" ADD_UP

#define DELETE_OF(span) "DELETE FROM usage WHERE span = " span \
	" AND start >= ?1 AND start < ?2"

/* The first row of a span that begins before "limit"; -1: none. */
static bool
first_before(struct db_conn *c, enum ledger_span span, int64_t limit,
    int64_t *start)
{
	struct db_stmt	*st = db_prepare(c, "SELECT coalesce(min(start), -1)"
			    " FROM usage WHERE span = ?1 AND start < ?2", NULL,
			    NULL);
	bool		 ok;

	if (st != NULL) {
		db_bind_int(st, 1, span);
		db_bind_int(st, 2, limit);
	}
	if ((ok = db_step(st) == DB_ROW))
		*start = db_int(st, 0);
	db_done(st);
	return ok;
}

/* Hours of the day, or days of the month, that begins at "start". */
static bool
sum_up(struct db_conn *c, enum ledger_span span, int64_t start)
{
	const int64_t range[] = { start, span == LEDGER_HOUR ?
	    ledger_day(start, 1) : ledger_month(start, 1) };

	if (span == LEDGER_HOUR)
		return run(c, SUM_OF("0", "1"), range, 2) &&
		    run(c, DELETE_OF("0"), range, 2);
	return run(c, SUM_OF("1", "2"), range, 2) &&
	    run(c, DELETE_OF("1"), range, 2);
}

static bool
sum_up_before(struct db_conn *c, enum ledger_span span, int64_t limit)
{
	int64_t at;

	while (first_before(c, span, limit, &at)) {
		if (at < 0)
			return true;
		if (!sum_up(c, span, span == LEDGER_HOUR ?
		    ledger_day(at, 0) : ledger_month(at, 0)))
			return false;
	}
	return false;
}

/* A journal that comes back after all that time has only what is too old. */
bool
ledger_compact(struct db_conn *c, const struct ledger_keep *k, int64_t now)
{
	int64_t hours = ledger_day(now, -(int)k->hours);
	int64_t days = ledger_month(ledger_day(now, -(int)k->days), 0);
	int64_t months = ledger_month(ledger_day(now, -(int)k->months), 0);

	return sum_up_before(c, LEDGER_HOUR, hours) &&
	    sum_up_before(c, LEDGER_DAY, days) &&
	    run(c, "DELETE FROM usage WHERE start < ?1", &months, 1) &&
	    run(c, "DELETE FROM place WHERE seen < ?1 AND"
	    " generation NOT LIKE 'copy-%'", &months, 1);
}

/* --- Reading. */

static const char *
text(struct db_stmt *st, int i)
{
	const char *s = db_text(st, i, NULL);

	return s != NULL ? s : "";
}

static void
read_row(struct db_stmt *st, struct ledger_row *r)
{
	r->start = db_int(st, 0);
	r->span = (enum ledger_span)db_int(st, 1);
	r->key = text(st, 2);
	r->model = text(st, 3);
	r->endpoint = text(st, 4);
	r->status = (int)db_int(st, 5);
	r->initiator = text(st, 6);
	r->counts.requests = db_int(st, 7);
	r->counts.input = db_int(st, 8);
	r->counts.cached = db_int(st, 9);
	r->counts.cache_write = db_int(st, 10);
	r->counts.output = db_int(st, 11);
	r->counts.nano = db_int(st, 12);
	r->counts.estimated = db_int(st, 13);
}

bool
ledger_row_each(struct db_conn *c, int64_t since, int64_t until,
    const char *key, void (*row)(const struct ledger_row *, void *), void *arg)
{
	struct db_stmt		*st = db_prepare(c, "SELECT start, span, key,"
				    " model, endpoint, status, initiator,"
				    " requests, input, cached, cache_write,"
				    " output, nano, estimated FROM usage WHERE"
				    " start >= ?2 AND start < ?3 AND"
				    " (CAST (?1 AS TEXT) IS NULL OR key = ?1)"
				    " ORDER BY start", key, NULL);
	struct ledger_row	 r;
	enum db_step		 step = DB_FAILED;

	if (st != NULL) {
		db_bind_int(st, 2, since);
		db_bind_int(st, 3, until);
	}
	while ((step = db_step(st)) == DB_ROW) {
		read_row(st, &r);
		row(&r, arg);
	}
	db_done(st);
	return step == DB_DONE;
}

bool
ledger_spent_each(struct db_conn *c, int64_t month, int64_t day,
    void (*spent)(const char *, const struct ledger_spent *, void *),
    void *arg)
{
	struct db_stmt		*st = db_prepare(c, "SELECT key, sum(nano),"
				    " sum(CASE WHEN start >= ?2 THEN nano"
				    " ELSE 0 END) FROM usage"
				    " WHERE start >= ?1 GROUP BY key", NULL,
				    NULL);
	struct ledger_spent	 one;
	enum db_step		 step = DB_FAILED;

	if (st != NULL) {
		db_bind_int(st, 1, month);
		db_bind_int(st, 2, day);
	}
	while ((step = db_step(st)) == DB_ROW) {
		one.month = db_int(st, 1);
		one.day = db_int(st, 2);
		spent(text(st, 0), &one, arg);
	}
	db_done(st);
	return step == DB_DONE;
}
