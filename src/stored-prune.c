/* Stored turns within their bounds: age and bytes. */
#include "config.h"

#include <time.h>

#include "conf.h"
#include "stored-db.h"
#include "stored.h"

#define DAY_S		86400
#define PRUNE_EVERY	64	/* turns: what is too old */
#define VACUUM_PAGES	"256"	/* given back to the disk at once */

/* The number of those that went, -1 on trouble. */
static int64_t
prune_old(struct stored *s, const struct conf *conf)
{
	sqlite3_stmt *st;

	st = stored_prepare(s, "DELETE FROM turn WHERE created < ?1", NULL,
	    NULL);
	if (st != NULL)
		sqlite3_bind_int64(st, 1, time(NULL) -
		    conf->stored_responses_max_age_days * DAY_S);
	return stored_finish(st) ? sqlite3_changes(s->db) : -1;
}

/*
 * The oldest beyond the limit, likewise; but not the turns from this row on,
 * which clients are about to hear of, whatever the clock said before.
 */
static int64_t
prune_much(struct stored *s, const struct conf *conf, int64_t turn)
{
	sqlite3_stmt	*st;
	int64_t		 gone = 0, n = 1;

	while (n > 0 && stored_number(s, "SELECT bytes FROM meta") >
	    conf->stored_responses_max_bytes) {
		st = stored_prepare(s, "DELETE FROM turn WHERE rowid = (SELECT"
		    " rowid FROM turn WHERE rowid < ?1 ORDER BY created, rowid"
		    " LIMIT 1)", NULL, NULL);
		if (st != NULL)
			sqlite3_bind_int64(st, 1, turn != 0 ? turn :
			    INT64_MAX);
		if (!stored_finish(st))
			return -1;
		gone += n = sqlite3_changes(s->db);
	}
	return gone;
}

bool
stored_bound(struct stored *s, const struct conf *conf, int64_t turn)
{
	int64_t old = 0, much;

	if (s->puts++ % PRUNE_EVERY == 0)
		old = prune_old(s, conf);
	much = prune_much(s, conf, turn);
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
		much = prune_much(s, conf, 0);
		if (!stored_end(s, old >= 0 && much >= 0,
		    "not all could be deleted"))
			old = -1;
	}
	if (old >= 0)
		stored_run(s, "PRAGMA incremental_vacuum");
	stored_leave(s);
	return old < 0 ? -1 : old + much;
}
