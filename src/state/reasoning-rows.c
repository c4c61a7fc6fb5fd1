/* Stored thoughts: a small table beside the turns. */
#include "config.h"

#include <string.h>
#include <time.h>

#include "base/js.h"
#include "state/sqlite.h"
#include "state/stored.h"

/* A client goes on with a call within hours, if at all. */
#define PRUNE_EVERY	64
#define PRUNE_SQL	"DELETE FROM thought WHERE rowid IN (SELECT rowid" \
	" FROM thought ORDER BY created DESC, rowid DESC LIMIT -1 OFFSET" \
	" 4096) OR created < unixepoch() - 2592000"

static bool
put(struct stored *s, void *arg)
{
	const struct reasoning_row	*t = arg;
	sqlite3_stmt			*st;

	st = sqlite_prepare(s, "INSERT OR REPLACE INTO thought (owner, call,"
	    " created, model, opaque, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	    t->owner, t->call);
	if (st != NULL) {
		sqlite3_bind_int64(st, 3, time(NULL));
		sqlite3_bind_text(st, 4, t->model, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 5, t->opaque, -1, SQLITE_STATIC);
		if (t->text != NULL)
			sqlite3_bind_text(st, 6, t->text, -1, SQLITE_STATIC);
	}
	if (!sqlite_finish(st))
		return false;
	if (s->thoughts++ % PRUNE_EVERY != 0)
		return true;
	sqlite_deleted(s);
	return sqlite_step(s, PRUNE_SQL);
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
	sqlite3_stmt	*st;
	bool		 any;

	if (s == NULL || !sqlite_enter(s))
		return false;
	st = sqlite_prepare(s, "SELECT 1 FROM thought WHERE owner = ?1 AND"
	    " model = ?2 LIMIT 1", owner, model);
	any = st != NULL && sqlite3_step(st) == SQLITE_ROW;
	sqlite_done(st);
	sqlite_leave(s);
	return any;
}

json_object *
reasoning_row_get(struct stored *s, const char *owner, const char *call)
{
	sqlite3_stmt	*st;
	json_object	*obj = NULL;

	if (s == NULL || !sqlite_enter(s))
		return NULL;
	st = sqlite_prepare(s, "SELECT model, opaque, text FROM thought WHERE"
	    " owner = ?1 AND call = ?2", owner, call);
	if (st != NULL && sqlite3_step(st) == SQLITE_ROW) {
		obj = json_object_new_object();
		js_add_str(obj, "model",
		    (const char *)sqlite3_column_text(st, 0));
		js_add_str(obj, "reasoning_opaque",
		    (const char *)sqlite3_column_text(st, 1));
		if (sqlite3_column_type(st, 2) != SQLITE_NULL)
			js_add_str(obj, "reasoning_text",
			    (const char *)sqlite3_column_text(st, 2));
	}
	sqlite_done(st);
	sqlite_leave(s);
	return obj;
}
