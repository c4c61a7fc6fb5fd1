/* What is stored within its bounds: age and bytes. */
#include "config.h"

#include <time.h>
#include <unistd.h>

#include "base/conf.h"
#include "state/prune.h"
#include "state/rows.h"

#define DAY_S		86400
#define PRUNE_EVERY	64	/* additions: what is too old */
#define PRUNE_AT_ONCE	8	/* of each kind: a client waits for that */
#define VACUUM_PAGES	256	/* given back to the disk at once */
#define MANY_PAGES	4096	/* the same for the command line */
#define PAUSE_EVERY	256	/* deletions, and pages */
#define PAUSE_US	150000	/* for others to write */

/* Run a deletion with up to two numbers; how many went, -1 on trouble. */
static int64_t
delete(struct db_conn *c, struct db_stmt *st)
{
	if (!db_finish(st))
		return -1;
	if (db_changes(c) > 0)
		db_deleted(c);
	return db_changes(c);
}

static int64_t
delete_old(struct db_conn *c, const char *sql, int64_t oldest, int64_t most)
{
	struct db_stmt *st = db_prepare(c, sql, NULL, NULL);

	if (st != NULL) {
		db_bind_int(st, 1, oldest);
		db_bind_int(st, 2, most);
	}
	return delete(c, st);
}

/* The number of those that went, up to "most" of each; -1 on trouble. */
static int64_t
prune_old(struct db_conn *c, const struct conf *conf, int64_t most)
{
	int64_t oldest, turns, conversations, completions;

	oldest = time(NULL) - conf->stored_responses_max_age_days * DAY_S;
	turns = delete_old(c, "DELETE FROM turn WHERE rowid IN (SELECT rowid"
	    " FROM turn WHERE created < ?1 ORDER BY created LIMIT ?2)", oldest,
	    most);
	conversations = delete_old(c, "DELETE FROM conversation WHERE n IN"
	    " (SELECT n FROM conversation WHERE used < ?1 ORDER BY used"
	    " LIMIT ?2)", oldest, most);
	completions = delete_old(c, "DELETE FROM completion WHERE n IN"
	    " (SELECT n FROM completion WHERE created < ?1 ORDER BY created"
	    " LIMIT ?2)", oldest, most);
	return turns < 0 || conversations < 0 || completions < 0 ? -1 :
	    turns + conversations + completions;
}

/* What may go, in the order of their numbers below. */
static const char *const deletions[] = {
	"DELETE FROM turn WHERE rowid = ?1",
	"DELETE FROM conversation WHERE n = ?1",
	"DELETE FROM completion WHERE n = ?1"
};

/* A row that may go. */
struct victim {
	int64_t	row, kind;
};

/* What may not: from these rows on, but for the conversation, which is one. */
struct spared {
	int64_t	turn, conversation, completion;		/* 0: none */
};

static int64_t
from(int64_t row)
{
	return row != 0 ? row : INT64_MAX;
}

/* The oldest of this owner's, of all kinds, that isn't spared. */
static enum db_step
oldest_of(struct db_conn *c, const char *owner, const struct spared *spared,
    struct victim *v)
{
	struct db_stmt	*st;
	enum db_step	 step;

	st = db_prepare(c, "SELECT created AS at, rowid AS n, 0 AS kind"
	    " FROM turn WHERE owner = ?1 AND rowid < ?2"
	    " UNION ALL SELECT used, n, 1 FROM conversation"
	    " WHERE owner = ?1 AND n <> ?3 AND n NOT IN (SELECT conversation"
	    " FROM turn WHERE rowid >= ?2 AND conversation IS NOT NULL)"
	    " UNION ALL SELECT created, n, 2 FROM completion"
	    " WHERE owner = ?1 AND n < ?4 ORDER BY at LIMIT 1", owner, NULL);
	if (st != NULL) {
		db_bind_int(st, 2, from(spared->turn));
		db_bind_int(st, 3, spared->conversation);
		db_bind_int(st, 4, from(spared->completion));
	}
	step = db_step(st);
	if (step == DB_ROW)
		*v = (struct victim){ db_int(st, 1), db_int(st, 2) };
	db_done(st);
	return step;
}

static int64_t
delete_row(struct db_conn *c, struct victim v)
{
	struct db_stmt *st = db_prepare(c, deletions[v.kind], NULL, NULL);

	if (st != NULL)
		db_bind_int(st, 1, v.row);
	return delete(c, st);
}

/*
 * The owner who has most loses, and never one who has no more than an equal
 * share of what there may be: nobody can drive out what others keep.
 */
static int64_t
prune_one(struct db_conn *c, const struct conf *conf,
    const struct spared *spared)
{
	enum db_step	 found = DB_DONE, step = DB_FAILED;
	struct db_stmt	*st;
	struct victim	 v = { 0 };

	st = db_prepare(c, "SELECT owner FROM share WHERE bytes > ?1 /"
	    " (SELECT nullif(count(*), 0) FROM share WHERE bytes > 0)"
	    " ORDER BY bytes DESC", NULL, NULL);
	if (st != NULL)
		db_bind_int(st, 1, conf->stored_responses_max_bytes);
	while (found == DB_DONE && (step = db_step(st)) == DB_ROW)
		found = oldest_of(c, db_text(st, 0, NULL), spared, &v);
	db_done(st);
	if (found == DB_ROW)
		return delete_row(c, v);
	return found == DB_DONE && step == DB_DONE ? 0 : -1;
}

static bool
is_much(struct db_conn *c, const struct conf *conf)
{
	return db_number(c, "SELECT bytes FROM meta") >
	    conf->stored_responses_max_bytes;
}

static int64_t
prune_much(struct db_conn *c, const struct conf *conf,
    const struct spared *spared)
{
	int64_t gone = 0, n = 1;

	while (n > 0 && is_much(c, conf)) {
		n = prune_one(c, conf, spared);
		if (n < 0)
			return -1;
		gone += n;
	}
	return gone;
}

bool
prune_bound(struct state_tx *tx, const struct conf *conf, int64_t turn,
    int64_t conversation)
{
	const struct spared	spared = { turn, conversation, tx->completion };
	int64_t			old = 0, much;

	if (tx->s->puts++ % PRUNE_EVERY == 0 || tx->s->outdated) {
		old = prune_old(tx->c, conf, PRUNE_AT_ONCE);
		tx->s->outdated = old > 0;
	}
	much = prune_much(tx->c, conf, &spared);
	return old >= 0 && much >= 0 && (old + much == 0 ||
	    db_give_back(tx->c, VACUUM_PAGES) >= 0);
}

/* How many went in a transaction of their own, 0: no more; -1 on trouble. */
static int64_t
prune_portion(struct db_conn *c, const struct conf *conf)
{
	const struct spared	none = { 0 };
	int64_t			gone, most = PRUNE_AT_ONCE, n = 1;

	if (!db_begin(c))
		return -1;
	gone = prune_old(c, conf, PRUNE_AT_ONCE);
	while (gone >= 0 && n > 0 && most-- > 0 && is_much(c, conf)) {
		n = prune_one(c, conf, &none);
		gone = n < 0 ? -1 : gone + n;
	}
	return db_end(c, gone >= 0, "not all could be deleted") ? gone : -1;
}

/* Free pages back to the disk, as long as that makes them fewer. */
static void
give_back(struct db_conn *c)
{
	int64_t left = INT64_MAX, n;

	while ((n = db_give_back(c, MANY_PAGES)) > 0 && n < left) {
		left = n;
		if (n > PAUSE_EVERY)
			usleep(PAUSE_US);
	}
}

/*
 * Servers that want to write meanwhile wait for seconds only, and SQLite's ask
 * every 100 ms: they get a turn between the portions.
 */
int64_t
prune_all(struct stored *s, const struct conf *conf)
{
	struct db_conn	*c;
	int64_t		 gone = 0, n;

	if (s == NULL || (c = db_enter(s->db)) == NULL)
		return -1;
	while ((n = prune_portion(c, conf)) > 0) {
		gone += n;
		if (gone % PAUSE_EVERY < n)
			usleep(PAUSE_US);
	}
	if (n == 0)
		give_back(c);
	db_leave(c);
	return n < 0 ? -1 : gone;
}
