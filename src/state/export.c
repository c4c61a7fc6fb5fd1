/* All that is stored, for the command line: counted, deleted, exported. */
#include "config.h"

#include "base/buf.h"
#include "base/js.h"
#include "state/rows.h"
#include "state/stored.h"

#define COUNT_ALL	"SELECT (SELECT COUNT(*) FROM turn) +" \
	" (SELECT COUNT(*) FROM conversation)"

int64_t
stored_count(struct stored *s, int64_t *bytes)
{
	int64_t n;

	if (s == NULL || !sqlite_enter(s))
		return -1;
	n = sqlite_number(s, COUNT_ALL);
	*bytes = sqlite_number(s, "SELECT bytes FROM meta");
	sqlite_leave(s);
	return n;
}

int64_t
stored_delete_all(struct stored *s)
{
	int64_t n = -1;

	if (s == NULL || !sqlite_enter(s))
		return -1;
	if (sqlite_begin(s)) {
		n = sqlite_number(s, COUNT_ALL);
		if (!sqlite_end(s, sqlite_run(s, "DELETE FROM turn;"
		    "DELETE FROM conversation; DELETE FROM thought;"
		    "DELETE FROM background"),
		    "not all could be deleted"))
			n = -1;
	}
	/* Nothing of it shall be left in the log either. */
	if (n >= 0) {
		sqlite_run(s, "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
		sqlite_deleted(s);
	}
	sqlite_leave(s);
	return n;
}

/* NULL when it can't be read. */
static json_object *
turn_of(struct stored *s, sqlite3_stmt *st)
{
	json_object	*obj = json_object_new_object(), *response;
	struct buf	 text[3] = { { 0 }, { 0 }, { 0 } };
	int		 i;

	(void)s;
	for (i = 0; i < 3; i++)
		rows_append(st, 3 + i, &text[i]);
	js_add_str(obj, "id", (const char *)sqlite3_column_text(st, 0));
	js_add_str(obj, "owner", (const char *)sqlite3_column_text(st, 1));
	js_add_str(obj, "previous_response_id",
	    (const char *)sqlite3_column_text(st, 2));
	js_add_take(obj, "input", rows_parse_take(&text[0]));
	response = rows_parse_take(&text[2]);
	if (response != NULL)
		js_add_take(response, "output", rows_parse_take(&text[1]));
	buf_finish(&text[1]);
	js_add_take(obj, "response", response);
	if (js_array(obj, "input") == NULL ||
	    js_array(response, "output") == NULL) {
		json_object_put(obj);
		return NULL;
	}
	return obj;
}

bool
stored_each(struct stored *s, bool (*each)(json_object *, void *), void *arg)
{
	return rows_each(s, "SELECT id, owner, previous, input, output,"
	    " response FROM turn ORDER BY created, rowid", turn_of, each, arg);
}
