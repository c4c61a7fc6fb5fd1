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

const struct db_schema ledger_schema = {
	"usage", LEDGER_FILE, { steps, COUNT(steps) }
};

/* --- The journal. */

bool
ledger_place_get(struct db_conn *c, struct journal_place *at)
{
	struct db_stmt *st = db_prepare(c,
	    "SELECT generation, offset FROM journal", NULL, NULL);
	bool ok = db_step(st) == DB_ROW;

	if (ok) {
		snprintf(at->generation, sizeof(at->generation), "%s",
		    db_text(st, 0, NULL));
		at->offset = db_int(st, 1);
	}
	db_done(st);
	return ok;
}

bool
ledger_place_set(struct db_conn *c, const struct journal_place *at)
{
	struct db_stmt *st = db_prepare(c,
	    "UPDATE journal SET generation = ?1, offset = ?2", at->generation,
	    NULL);

	if (st != NULL)
		db_bind_int(st, 2, at->offset);
	return db_finish(st);
}

/* --- Sums. */

#define ADD_UP " ON CONFLICT DO UPDATE SET" \
	" requests = requests + excluded.requests," \
	" input = input + excluded.input, cached = cached + excluded.cached," \
	" cache_write = cache_write + excluded.cache_write," \
	" output = output + excluded.output, nano = nano + excluded.nano," \
	" estimated = estimated + excluded.estimated"

bool
ledger_row_add(struct db_conn *c, const struct ledger_row *r)
{
	const struct ledger_counts	*n = &r->counts;
	const int64_t			 numbers[] = {
		r->start - r->start % LEDGER_SECONDS, LEDGER_HOUR, r->status,
		n->requests, n->input, n->cached, n->cache_write, n->output,
		n->nano, n->estimated
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

static bool
run_before(struct db_conn *c, const char *sql, int64_t limit)
{
	struct db_stmt *st = db_prepare(c, sql, NULL, NULL);

	if (st != NULL)
		db_bind_int(st, 1, limit);
	return db_finish(st);
}

#define SUM_OF(start, from, to) \
	"INSERT INTO usage SELECT " start ", " to ", key, model, endpoint," \
	" status, initiator, sum(requests), sum(input), sum(cached)," \
	" sum(cache_write), sum(output), sum(nano), sum(estimated) FROM usage" \
	" WHERE span = " from " AND start < ?1" \
	" GROUP BY 1, key, model, endpoint, status, initiator" ADD_UP

bool
ledger_compact(struct db_conn *c, const struct ledger_keep *k, int64_t now)
{
	int64_t hours = ledger_day(now, -(int)k->hours);
	int64_t days = ledger_month(ledger_day(now, -(int)k->days), 0);
	int64_t months = ledger_month(ledger_day(now, -(int)k->months), 0);

	return run_before(c, SUM_OF("start - start % 86400", "0", "1"),
	    hours) &&
	    run_before(c, "DELETE FROM usage WHERE span = 0 AND start < ?1",
	    hours) &&
	    run_before(c, SUM_OF("CAST(strftime('%s', start, 'unixepoch',"
	    " 'start of month') AS INTEGER)", "1", "2"), days) &&
	    run_before(c, "DELETE FROM usage WHERE span = 1 AND start < ?1",
	    days) &&
	    run_before(c, "DELETE FROM usage WHERE start < ?1", months);
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
	struct db_stmt		*st = db_prepare(c, "SELECT * FROM usage"
				    " WHERE start >= ?2 AND start < ?3 AND"
				    " (?1 IS NULL OR key = ?1) ORDER BY start",
				    key, NULL);
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
				    " sum(nano * (start >= ?2)) FROM usage"
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
