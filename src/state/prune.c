/* Stored turns and conversations within their bounds: age and bytes. */
#include "config.h"

#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "state/found.h"
#include "state/prune.h"
#include "state/sqlite.h"

#define DAY_S		86400
#define PRUNE_EVERY	64	/* additions: what is too old */
#define PRUNE_AT_ONCE	8	/* of each kind: a client waits for that */
#define VACUUM_PAGES	"256"	/* given back to the disk at once */
#define MANY_PAGES	"4096"	/* the same for the command line */
#define PAUSE_EVERY	256	/* deletions, and pages */
#define PAUSE_US	150000	/* for others to write */

/* Run a deletion with up to two numbers; how many went, -1 on trouble. */
static int64_t
delete(struct stored *s, const char *sql, int64_t a, int64_t b)
{
	sqlite3_stmt *st = sqlite_prepare(s, sql, NULL, NULL);

	if (st != NULL) {
		sqlite3_bind_int64(st, 1, a);
		sqlite3_bind_int64(st, 2, b);
	}
	if (!sqlite_finish(st))
		return -1;
	if (sqlite3_changes(s->db) > 0)
		sqlite_deleted(s);
	return sqlite3_changes(s->db);
}

/* The number of those that went, up to "most" of each; -1 on trouble. */
static int64_t
prune_old(struct stored *s, const struct conf *conf, int64_t most)
{
	int64_t oldest, turns, conversations;

	oldest = time(NULL) - conf->stored_responses_max_age_days * DAY_S;
	turns = delete(s, "DELETE FROM turn WHERE rowid IN (SELECT rowid"
	    " FROM turn WHERE created < ?1 ORDER BY created LIMIT ?2)", oldest,
	    most);
	conversations = delete(s, "DELETE FROM conversation WHERE n IN"
	    " (SELECT n FROM conversation WHERE used < ?1 ORDER BY used"
	    " LIMIT ?2)", oldest, most);
	return turns < 0 || conversations < 0 ? -1 : turns + conversations;
}

/* A row that may go. */
struct victim {
	int64_t	row;
	bool	is_turn;
};

/* The oldest of this owner's, of both kinds, that isn't spared. */
static enum stored_found
oldest_of(struct stored *s, const char *owner, int64_t turn,
    int64_t conversation, struct victim *v)
{
	sqlite3_stmt	*st;
	int		 rc = SQLITE_ERROR;

	st = sqlite_prepare(s, "SELECT created AS at, rowid, 1 FROM turn"
	    " WHERE owner = ?1 AND rowid < ?2"
	    " UNION ALL SELECT used, n, 0 FROM conversation"
	    " WHERE owner = ?1 AND n <> ?3 AND n NOT IN (SELECT conversation"
	    " FROM turn WHERE rowid >= ?2 AND conversation IS NOT NULL)"
	    " ORDER BY at LIMIT 1", owner, NULL);
	if (st != NULL) {
		sqlite3_bind_int64(st, 2, turn != 0 ? turn : INT64_MAX);
		sqlite3_bind_int64(st, 3, conversation);
		rc = sqlite3_step(st);
	}
	if (rc == SQLITE_ROW)
		*v = (struct victim){ sqlite3_column_int64(st, 1),
		    sqlite3_column_int(st, 2) != 0 };
	sqlite_done(st);
	return rc == SQLITE_ROW ? STORED_FOUND : rc == SQLITE_DONE ?
	    STORED_NONE : STORED_TROUBLE;
}

/*
 * The owner who has most loses, and never one who has no more than an equal
 * share of what there may be: nobody can drive out what others keep.
 */
static int64_t
prune_one(struct stored *s, const struct conf *conf, int64_t turn,
    int64_t conversation)
{
	enum stored_found	 found = STORED_NONE;
	sqlite3_stmt		*st;
	struct victim		 v = { 0 };
	int			 rc = SQLITE_ERROR;

	st = sqlite_prepare(s, "SELECT owner FROM share WHERE bytes > ?1 /"
	    " (SELECT count(*) FROM share WHERE bytes > 0)"
	    " ORDER BY bytes DESC", NULL, NULL);
	if (st != NULL)
		sqlite3_bind_int64(st, 1, conf->stored_responses_max_bytes);
	while (st != NULL && found == STORED_NONE &&
	    (rc = sqlite3_step(st)) == SQLITE_ROW)
		found = oldest_of(s, (const char *)sqlite3_column_text(st, 0),
		    turn, conversation, &v);
	sqlite_done(st);
	if (found != STORED_FOUND)
		return found == STORED_NONE && rc == SQLITE_DONE ? 0 : -1;
	return delete(s, v.is_turn ? "DELETE FROM turn WHERE rowid = ?1" :
	    "DELETE FROM conversation WHERE n = ?1", v.row, 0);
}

static bool
is_much(struct stored *s, const struct conf *conf)
{
	return sqlite_number(s, "SELECT bytes FROM meta") >
	    conf->stored_responses_max_bytes;
}

static int64_t
prune_much(struct stored *s, const struct conf *conf, int64_t turn,
    int64_t conversation)
{
	int64_t gone = 0, n = 1;

	while (n > 0 && is_much(s, conf)) {
		n = prune_one(s, conf, turn, conversation);
		if (n < 0)
			return -1;
		gone += n;
	}
	return gone;
}

bool
prune_bound(struct stored *s, const struct conf *conf, int64_t turn,
    int64_t conversation)
{
	int64_t old = 0, much;

	if (s->puts++ % PRUNE_EVERY == 0 || s->outdated) {
		old = prune_old(s, conf, PRUNE_AT_ONCE);
		s->outdated = old > 0;
	}
	much = prune_much(s, conf, turn, conversation);
	return old >= 0 && much >= 0 && (old + much == 0 ||
	    sqlite_run(s, "PRAGMA incremental_vacuum(" VACUUM_PAGES ")"));
}

/* How many went in a transaction of their own, 0: no more; -1 on trouble. */
static int64_t
prune_portion(struct stored *s, const struct conf *conf)
{
	int64_t gone, most = PRUNE_AT_ONCE, n = 1;

	if (!sqlite_begin(s))
		return -1;
	gone = prune_old(s, conf, PRUNE_AT_ONCE);
	while (gone >= 0 && n > 0 && most-- > 0 && is_much(s, conf)) {
		n = prune_one(s, conf, 0, 0);
		gone = n < 0 ? -1 : gone + n;
	}
	return sqlite_end(s, gone >= 0, "not all could be deleted") ? gone :
	    -1;
}

/* Free pages back to the disk, as long as that makes them fewer. */
static void
give_back(struct stored *s)
{
	int64_t left = INT64_MAX, n;

	while ((n = sqlite_number(s, "PRAGMA freelist_count")) > 0 &&
	    n < left) {
		left = n;
		sqlite_run(s, "PRAGMA incremental_vacuum(" MANY_PAGES ")");
		if (n > PAUSE_EVERY)
			usleep(PAUSE_US);
	}
}

/*
 * Servers that want to write meanwhile wait for seconds only, and ask SQLite
 * every 100 ms: they get a turn between the portions.
 */
int64_t
prune_all(struct stored *s, const struct conf *conf)
{
	int64_t gone = 0, n;

	if (s == NULL || !sqlite_enter(s))
		return -1;
	while ((n = prune_portion(s, conf)) > 0) {
		gone += n;
		if (gone % PAUSE_EVERY < n)
			usleep(PAUSE_US);
	}
	if (n == 0)
		give_back(s);
	sqlite_leave(s);
	return n < 0 ? -1 : gone;
}
