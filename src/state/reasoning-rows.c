/* Stored thoughts: a small table beside the turns. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/js.h"
#include "state/rows.h"
#include "state/stored.h"

/* A client goes on with a call within hours, if at all. */
#define PRUNE_EVERY	64
#define KEEP		4096
#define KEEP_S		(30 * 86400)

static bool
prune(struct db_conn *c)
{
	struct db_stmt *st;

	st = db_prepare(c, "DELETE FROM thought WHERE rowid IN (SELECT rowid"
	    " FROM thought ORDER BY created DESC, rowid DESC LIMIT ?1"
	    " OFFSET ?2) OR created < ?3", NULL, NULL);
	if (st != NULL) {
		db_bind_int(st, 1, INT64_MAX);
		db_bind_int(st, 2, KEEP);
		db_bind_int(st, 3, time(NULL) - KEEP_S);
	}
	db_deleted(c);
	return db_finish(st);
}

static bool
put(struct state_tx *tx, void *arg)
{
	const struct reasoning_row	*t = arg;
	struct db_stmt			*st;

	st = db_prepare(tx->c, "INSERT INTO thought (owner, call,"
	    " created, model, opaque, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT (owner, call) DO UPDATE SET"
	    " created = excluded.created, model = excluded.model,"
	    " opaque = excluded.opaque, text = excluded.text",
	    t->owner, t->call);
	if (st == NULL)
		return false;
	db_bind_int(st, 3, time(NULL));
	db_bind_text(st, 4, t->model);
	db_bind_text(st, 5, t->opaque);
	db_bind_text(st, 6, t->text);
	return db_finish(st) && (tx->s->thoughts++ % PRUNE_EVERY != 0 ||
	    prune(tx->c));
}

bool
reasoning_row_put(struct stored *s, const struct reasoning_row *t)
{
	struct reasoning_row one = *t;

	return s != NULL && state_group_put(s, put, &one,
	    "a thought could not be kept");
}

bool
reasoning_row_any(struct stored *s, const char *owner, const char *model)
{
	struct db_conn	*c;
	struct db_stmt	*st;
	bool		 any;

	if (s == NULL || (c = db_enter(s->db)) == NULL)
		return false;
	st = db_prepare(c, "SELECT 1 FROM thought WHERE owner = ?1 AND"
	    " model = ?2 LIMIT 1", owner, model);
	any = db_step(st) == DB_ROW;
	db_done(st);
	db_leave(c);
	return any;
}

json_object *
reasoning_row_get(struct stored *s, const char *owner, const char *call)
{
	struct db_conn	*c;
	struct db_stmt	*st;
	json_object	*obj = NULL;

	if (s == NULL || (c = db_enter(s->db)) == NULL)
		return NULL;
	st = db_prepare(c, "SELECT model, opaque, text FROM thought WHERE"
	    " owner = ?1 AND call = ?2", owner, call);
	if (db_step(st) == DB_ROW) {
		obj = json_object_new_object();
		js_add_str(obj, "model", db_text(st, 0, NULL));
		js_add_str(obj, "reasoning_opaque", db_text(st, 1, NULL));
		if (!db_is_null(st, 2))
			js_add_str(obj, "reasoning_text", db_text(st, 2,
			    NULL));
	}
	db_done(st);
	db_leave(c);
	return obj;
}
