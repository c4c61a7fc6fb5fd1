/* Rows of stored responses: their texts, and what looking for one came to. */
#include "config.h"

#include "base/budget.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/log.h"
#include "state/rows.h"

void
rows_bind(sqlite3_stmt *st, int i, const struct buf *b)
{
	sqlite3_bind_text64(st, i, buf_str(b), b->len, SQLITE_STATIC,
	    SQLITE_UTF8);
}

bool
rows_append(sqlite3_stmt *st, int column, struct buf *out)
{
	const void *p = sqlite3_column_text(st, column);

	if (p != NULL)
		buf_append(out, p, (size_t)sqlite3_column_bytes(st, column));
	return p != NULL;
}

json_object *
rows_json(sqlite3_stmt *st, int column)
{
	const void *p = sqlite3_column_text(st, column);

	return p == NULL ? NULL :
	    js_parse_quiet(p, (size_t)sqlite3_column_bytes(st, column));
}

enum stored_found
rows_found(struct stored *s, int rc)
{
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc == SQLITE_ROW ? STORED_FOUND : STORED_NONE;
	log_err("stored responses: %s", sqlite3_errmsg(s->db));
	return STORED_TROUBLE;
}

enum stored_found
rows_step(struct stored *s, sqlite3_stmt *st)
{
	return rows_found(s, st != NULL ? sqlite3_step(st) : SQLITE_ERROR);
}

bool
rows_affordable(sqlite3_stmt *st, int first, int second)
{
	return budget_afford(2 * ((size_t)sqlite3_column_bytes(st, first) +
	    (size_t)sqlite3_column_bytes(st, second)));
}

enum stored_found
rows_read(struct stored *s, const char *sql, const char *owner, const char *id,
    struct buf *first, struct buf *second)
{
	sqlite3_stmt		*st;
	enum stored_found	 found;

	if (s == NULL || !sqlite_enter(s))
		return STORED_TROUBLE;
	st = sqlite_prepare(s, sql, owner, id);
	found = rows_step(s, st);
	if (found == STORED_FOUND && !rows_affordable(st, 0, second != NULL))
		found = STORED_FULL;
	/* The text may be on a page of its own, which is read only now. */
	else if (found == STORED_FOUND && (!rows_append(st, 0, first) ||
	    (second != NULL && !rows_append(st, 1, second))))
		found = rows_found(s, SQLITE_ERROR);
	sqlite_done(st);
	sqlite_leave(s);
	return found;
}

json_object *
rows_parse_take(struct buf *text)
{
	json_object *obj = text->len > 0 ?
	    js_parse_quiet(text->p, text->len) : NULL;

	buf_finish(text);
	return obj;
}

json_object *
rows_object(json_object *take, enum stored_found is, enum stored_found *found)
{
	if (is == STORED_FOUND && take == NULL)
		is = STORED_TROUBLE;
	if (found != NULL)
		*found = is;
	return take;
}

bool
rows_room(size_t *room, size_t n)
{
	*room = n < *room ? *room - n : 0;
	return *room > 0;
}

bool
rows_each(struct stored *s, const char *sql,
    json_object *(*row)(struct stored *, sqlite3_stmt *),
    bool (*each)(json_object *, void *), void *arg)
{
	sqlite3_stmt	*st;
	json_object	*obj;
	int		 rc = SQLITE_ERROR;
	bool		 ok = true;

	if (s == NULL || !sqlite_enter(s))
		return false;
	st = sqlite_prepare(s, sql, NULL, NULL);
	while (ok && st != NULL && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		obj = row(s, st);
		ok = obj != NULL && each(obj, arg);
		json_object_put(obj);
	}
	ok = ok && rc == SQLITE_DONE;
	if (!ok)
		log_err("stored responses: not all could be exported");
	sqlite_done(st);
	sqlite_leave(s);
	return ok;
}
