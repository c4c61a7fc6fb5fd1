/* Stored turns and conversations within their bounds: age and bytes. */
#include "config.h"

#include <time.h>

#include "conf.h"
#include "stored-db.h"
#include "stored.h"

#define DAY_S		86400
#define PRUNE_EVERY	64	/* additions: what is too old */
#define VACUUM_PAGES	"256"	/* given back to the disk at once */

/* Run a deletion with up to two numbers; how many went, -1 on trouble. */
static int64_t
delete(struct stored *s, const char *sql, int64_t a, int64_t b)
{
	sqlite3_stmt *st = stored_prepare(s, sql, NULL, NULL);

	if (st != NULL) {
		sqlite3_bind_int64(st, 1, a);
		sqlite3_bind_int64(st, 2, b);
	}
	return stored_finish(st) ? sqlite3_changes(s->db) : -1;
}

/* The number of those that went, -1 on trouble. */
static int64_t
prune_old(struct stored *s, const struct conf *conf)
{
	int64_t oldest, turns, conversations;

	oldest = time(NULL) - conf->stored_responses_max_age_days * DAY_S;
	turns = delete(s, "DELETE FROM turn WHERE created < ?1", oldest, 0);
	conversations = delete(s, "DELETE FROM conversation WHERE used < ?1",
	    oldest, 0);
	return turns < 0 || conversations < 0 ? -1 : turns + conversations;
}

/* The oldest of both kinds goes, unless it is spared. */
static int64_t
prune_one(struct stored *s, int64_t turn, int64_t conversation)
{
	sqlite3_stmt	*st;
	int64_t		 row = 0;
	bool		 is_turn = false;
	int		 rc = SQLITE_ERROR;

	st = stored_prepare(s, "SELECT created AS at, rowid, 1 FROM turn"
	    " WHERE rowid < ?1 UNION ALL SELECT used, n, 0 FROM conversation"
	    " WHERE n <> ?2 AND n NOT IN (SELECT conversation FROM turn"
	    " WHERE rowid >= ?1 AND conversation IS NOT NULL)"
	    " ORDER BY at LIMIT 1", NULL, NULL);
	if (st != NULL) {
		sqlite3_bind_int64(st, 1, turn != 0 ? turn : INT64_MAX);
		sqlite3_bind_int64(st, 2, conversation);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW) {
		row = sqlite3_column_int64(st, 1);
		is_turn = sqlite3_column_int(st, 2) != 0;
	}
	stored_done(st);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? 0 : -1;
	return delete(s, is_turn ? "DELETE FROM turn WHERE rowid = ?1" :
	    "DELETE FROM conversation WHERE n = ?1", row, 0);
}

static int64_t
prune_much(struct stored *s, const struct conf *conf, int64_t turn,
    int64_t conversation)
{
	int64_t gone = 0, n = 1;

	while (n > 0 && stored_number(s, "SELECT bytes FROM meta") >
	    conf->stored_responses_max_bytes) {
		n = prune_one(s, turn, conversation);
		if (n < 0)
			return -1;
		gone += n;
	}
	return gone;
}

bool
stored_bound(struct stored *s, const struct conf *conf, int64_t turn,
    int64_t conversation)
{
	int64_t old = 0, much;

	if (s->puts++ % PRUNE_EVERY == 0)
		old = prune_old(s, conf);
	much = prune_much(s, conf, turn, conversation);
	return old >= 0 && much >= 0 && (old + much == 0 ||
	    stored_run(s, "PRAGMA incremental_vacuum(" VACUUM_PAGES ")"));
}

int64_t
stored_prune(struct stored *s, const struct conf *conf)
{
	int64_t old = -1, much = -1;

	if (s == NULL || !stored_enter(s))
		return -1;
	if (stored_begin(s)) {
		old = prune_old(s, conf);
		much = prune_much(s, conf, 0, 0);
		if (!stored_end(s, old >= 0 && much >= 0,
		    "not all could be deleted"))
			old = -1;
	}
	if (old >= 0)
		stored_run(s, "PRAGMA incremental_vacuum");
	stored_leave(s);
	return old < 0 ? -1 : old + much;
}
