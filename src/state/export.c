/* All that is stored, for the command line: counted, deleted, exported. */
#include "config.h"

#include "base/buf.h"
#include "base/js.h"
#include "state/rows.h"
#include "state/stored.h"

#define COUNT_ALL	"SELECT (SELECT COUNT(*) FROM turn) +" \
	" (SELECT COUNT(*) FROM conversation) +" \
	" (SELECT COUNT(*) FROM completion)"

int64_t
stored_count(struct stored *s, int64_t *bytes)
{
	struct db_conn	*c;
	int64_t		 n;

	*bytes = 0;
	if (s == NULL || (c = db_enter(s->db)) == NULL)
		return -1;
	n = db_number(c, COUNT_ALL);
	*bytes = db_number(c, "SELECT bytes FROM meta");
	db_leave(c);
	return n;
}

static bool
delete_all(struct db_conn *c)
{
	return db_run(c, "DELETE FROM turn") &&
	    db_run(c, "DELETE FROM conversation") &&
	    db_run(c, "DELETE FROM completion") &&
	    db_run(c, "DELETE FROM thought") &&
	    db_run(c, "DELETE FROM background");
}

int64_t
stored_delete_all(struct stored *s)
{
	struct db_conn	*c;
	int64_t		 n = -1;

	if (s == NULL || (c = db_enter(s->db)) == NULL)
		return -1;
	if (db_begin(c)) {
		n = db_number(c, COUNT_ALL);
		if (!db_end(c, delete_all(c), "not all could be deleted"))
			n = -1;
	}
	if (n >= 0)
		db_compact(c);
	db_leave(c);
	return n;
}

/* NULL when it can't be read. */
static json_object *
turn_of(struct db_conn *c, struct db_stmt *st)
{
	json_object	*obj = json_object_new_object(), *response;
	struct buf	 text[3] = { { 0 }, { 0 }, { 0 } };
	int		 i;

	(void)c;
	for (i = 0; i < 3; i++)
		rows_append(st, 4 + i, &text[i]);
	js_add_str(obj, "id", db_text(st, 1, NULL));
	js_add_str(obj, "owner", db_text(st, 2, NULL));
	js_add_str(obj, "previous_response_id", db_text(st, 3, NULL));
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
	const struct rows_each e = { "SELECT rowid, id, owner, previous,"
	    " input, output, response FROM turn WHERE rowid > ?1"
	    " ORDER BY rowid LIMIT ?2", turn_of, each };

	return rows_each(s, &e, arg);
}
