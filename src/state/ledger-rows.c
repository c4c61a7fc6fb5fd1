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
};

const struct sqlite_schema ledger_schema = {
	"usage", LEDGER_FILE, steps, COUNT(steps)
};

/* --- The journal. */

bool
ledger_place_get(struct stored *s, struct journal_place *at)
{
	sqlite3_stmt *st = sqlite_prepare(s,
	    "SELECT generation, offset FROM journal", NULL, NULL);
	bool ok = st != NULL && sqlite3_step(st) == SQLITE_ROW;

	if (ok) {
		snprintf(at->generation, sizeof(at->generation), "%s",
		    (const char *)sqlite3_column_text(st, 0));
		at->offset = sqlite3_column_int64(st, 1);
	}
	sqlite_done(st);
	return ok;
}

bool
ledger_place_set(struct stored *s, const struct journal_place *at)
{
	sqlite3_stmt *st = sqlite_prepare(s,
	    "UPDATE journal SET generation = ?1, offset = ?2", at->generation,
	    NULL);

	if (st != NULL)
		sqlite3_bind_int64(st, 2, at->offset);
	return sqlite_finish(st);
}

/* --- Sums. */

#define ADD_UP " ON CONFLICT DO UPDATE SET" \
	" requests = requests + excluded.requests," \
	" input = input + excluded.input, cached = cached + excluded.cached," \
	" cache_write = cache_write + excluded.cache_write," \
	" output = output + excluded.output, nano = nano + excluded.nano," \
	" estimated = estimated + excluded.estimated"

bool
ledger_row_add(struct stored *s, const struct ledger_row *r)
{
	const struct ledger_counts	*c = &r->counts;
	const int64_t			 numbers[] = {
		r->start - r->start % LEDGER_SECONDS, LEDGER_HOUR, r->status,
		c->requests, c->input, c->cached, c->cache_write, c->output,
		c->nano, c->estimated
	};
	sqlite3_stmt			*st;
	size_t				 i;

	st = sqlite_prepare(s, "INSERT INTO usage (key, model, endpoint, start,"
	    " span, status, requests, input, cached, cache_write, output, nano,"
	    " estimated, initiator) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
	    " ?10, ?11, ?12, ?13, ?14)"
	    ADD_UP, r->key, r->model);
	if (st == NULL)
		return false;
	sqlite3_bind_text(st, 3, r->endpoint, -1, SQLITE_STATIC);
	for (i = 0; i < COUNT(numbers); i++)
		sqlite3_bind_int64(st, 4 + (int)i, numbers[i]);
	sqlite3_bind_text(st, 14, r->initiator, -1, SQLITE_STATIC);
	return sqlite_finish(st);
}

static bool
run_before(struct stored *s, const char *sql, int64_t limit)
{
	sqlite3_stmt *st = sqlite_prepare(s, sql, NULL, NULL);

	if (st != NULL)
		sqlite3_bind_int64(st, 1, limit);
	return sqlite_finish(st);
}

#define SUM_OF(start, from, to) \
	"INSERT INTO usage SELECT " start ", " to ", key, model, endpoint," \
	" status, initiator, sum(requests), sum(input), sum(cached)," \
	" sum(cache_write), sum(output), sum(nano), sum(estimated) FROM usage" \
	" WHERE span = " from " AND start < ?1" \
	" GROUP BY 1, key, model, endpoint, status, initiator" ADD_UP

bool
ledger_compact(struct stored *s, const struct ledger_keep *k, int64_t now)
{
	int64_t hours = ledger_day(now, -(int)k->hours);
	int64_t days = ledger_month(ledger_day(now, -(int)k->days), 0);
	int64_t months = ledger_month(ledger_day(now, -(int)k->months), 0);

	return run_before(s, SUM_OF("start - start % 86400", "0", "1"),
	    hours) &&
	    run_before(s, "DELETE FROM usage WHERE span = 0 AND start < ?1",
	    hours) &&
	    run_before(s, SUM_OF("CAST(strftime('%s', start, 'unixepoch',"
	    " 'start of month') AS INTEGER)", "1", "2"), days) &&
	    run_before(s, "DELETE FROM usage WHERE span = 1 AND start < ?1",
	    days) &&
	    run_before(s, "DELETE FROM usage WHERE start < ?1", months);
}

/* --- Reading. */

static const char *
text(sqlite3_stmt *st, int i)
{
	const char *s = (const char *)sqlite3_column_text(st, i);

	return s != NULL ? s : "";
}

static void
read_row(sqlite3_stmt *st, struct ledger_row *r)
{
	r->start = sqlite3_column_int64(st, 0);
	r->span = (enum ledger_span)sqlite3_column_int(st, 1);
	r->key = text(st, 2);
	r->model = text(st, 3);
	r->endpoint = text(st, 4);
	r->status = sqlite3_column_int(st, 5);
	r->initiator = text(st, 6);
	r->counts.requests = sqlite3_column_int64(st, 7);
	r->counts.input = sqlite3_column_int64(st, 8);
	r->counts.cached = sqlite3_column_int64(st, 9);
	r->counts.cache_write = sqlite3_column_int64(st, 10);
	r->counts.output = sqlite3_column_int64(st, 11);
	r->counts.nano = sqlite3_column_int64(st, 12);
	r->counts.estimated = sqlite3_column_int64(st, 13);
}

bool
ledger_row_each(struct stored *s, int64_t since, int64_t until,
    const char *key, void (*row)(const struct ledger_row *, void *), void *arg)
{
	sqlite3_stmt		*st = sqlite_prepare(s, "SELECT * FROM usage"
				    " WHERE start >= ?2 AND start < ?3 AND"
				    " (?1 IS NULL OR key = ?1) ORDER BY start",
				    key, NULL);
	struct ledger_row	 r;
	int			 rc = SQLITE_ERROR;

	if (st != NULL) {
		sqlite3_bind_int64(st, 2, since);
		sqlite3_bind_int64(st, 3, until);
	}
	while (st != NULL && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		read_row(st, &r);
		row(&r, arg);
	}
	sqlite_done(st);
	return rc == SQLITE_DONE;
}

bool
ledger_spent_each(struct stored *s, int64_t month, int64_t day,
    void (*spent)(const char *, const struct ledger_spent *, void *),
    void *arg)
{
	sqlite3_stmt		*st = sqlite_prepare(s, "SELECT key, sum(nano),"
				    " sum(nano * (start >= ?2)) FROM usage"
				    " WHERE start >= ?1 GROUP BY key", NULL,
				    NULL);
	struct ledger_spent	 one;
	int			 rc = SQLITE_ERROR;

	if (st != NULL) {
		sqlite3_bind_int64(st, 1, month);
		sqlite3_bind_int64(st, 2, day);
	}
	while (st != NULL && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		one.month = sqlite3_column_int64(st, 1);
		one.day = sqlite3_column_int64(st, 2);
		spent(text(st, 0), &one, arg);
	}
	sqlite_done(st);
	return rc == SQLITE_DONE;
}
