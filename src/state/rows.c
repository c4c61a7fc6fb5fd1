/* Rows of stored responses: their texts, and what looking for one came to. */
#include "config.h"

#include "base/budget.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/log.h"
#include "state/rows.h"

#define EACH_AT_ONCE	16	/* PostgreSQL's are in memory, all of them */

void
rows_bind(struct db_stmt *st, int i, const struct buf *b)
{
	db_bind_bytes(st, i, buf_str(b), b->len);
}

bool
rows_append(struct db_stmt *st, int column, struct buf *out)
{
	size_t		 n;
	const char	*p = db_text(st, column, &n);

	if (p != NULL)
		buf_append(out, p, n);
	return p != NULL;
}

json_object *
rows_json(struct db_stmt *st, int column)
{
	size_t		 n;
	const char	*p = db_text(st, column, &n);

	return p == NULL ? NULL : js_parse_quiet(p, n);
}

enum stored_found
rows_found(struct db_conn *c, enum db_step step)
{
	if (step != DB_FAILED)
		return step == DB_ROW ? STORED_FOUND : STORED_NONE;
	log_err("stored responses: %s", db_why(c));
	return STORED_TROUBLE;
}

enum stored_found
rows_step(struct db_conn *c, struct db_stmt *st)
{
	return rows_found(c, db_step(st));
}

bool
rows_insert(struct db_stmt *st, int64_t *row)
{
	enum db_step step = db_step(st);

	if (step == DB_ROW) {
		*row = db_int(st, 0);
		step = db_step(st);
	}
	db_done(st);
	return step == DB_DONE;
}

bool
rows_affordable(struct db_stmt *st, int first, int second)
{
	return budget_afford(2 * (db_length(st, first) +
	    db_length(st, second)));
}

enum stored_found
rows_read(struct stored *s, const char *sql, const char *owner, const char *id,
    struct buf *first, struct buf *second)
{
	struct db_conn		*c;
	struct db_stmt		*st;
	enum stored_found	 found;

	if (s == NULL)
		return STORED_NONE;
	if ((c = db_enter(s->db)) == NULL)
		return STORED_TROUBLE;
	st = db_prepare(c, sql, owner, id);
	found = rows_step(c, st);
	if (found == STORED_FOUND && !rows_affordable(st, 0, second != NULL))
		found = STORED_FULL;
	/* The text may be on a page of its own, which is read only now. */
	else if (found == STORED_FOUND && (!rows_append(st, 0, first) ||
	    (second != NULL && !rows_append(st, 1, second))))
		found = rows_found(c, DB_FAILED);
	db_done(st);
	db_leave(c);
	return found;
}

struct change {
	const char	*sql, *owner, *id;
	bool		 changed;	/* also: by what may be committed */
};

static bool
put_change(struct state_tx *tx, void *arg)
{
	struct change *c = arg;

	if (!db_finish(db_prepare(tx->c, c->sql, c->owner, c->id)))
		return false;
	c->changed = db_changes(tx->c) > 0 || (tx->again && c->changed);
	db_deleted(tx->c);
	return true;
}

enum stored_found
rows_change(struct stored *s, const char *sql, const char *owner,
    const char *id, const char *what)
{
	struct change c = { sql, owner, id, false };

	if (s == NULL)
		return STORED_NONE;
	if (!state_group_put(s, put_change, &c, what))
		return STORED_TROUBLE;
	return c.changed ? STORED_FOUND : STORED_NONE;
}

enum stored_found
rows_update(struct stored *s, bool (*put)(struct state_tx *, void *),
    const char *owner, const char *id, json_object *metadata, const char *what)
{
	struct rows_update u = { .owner = owner, .id = id,
	    .found = STORED_NONE };

	if (s == NULL)
		return STORED_NONE;
	js_print(metadata, &u.metadata);
	if (!state_group_put(s, put, &u, what))
		u.found = STORED_TROUBLE;
	buf_finish(&u.metadata);
	return u.found;
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

/* Those behind number *last, which becomes the last one's; *n is how many. */
static bool
portion(struct db_conn *c, const struct rows_each *e, int64_t *last, int *n,
    void *arg)
{
	struct db_stmt	*st = db_prepare(c, e->sql, NULL, NULL);
	json_object	*obj;
	enum db_step	 step = DB_FAILED;
	bool		 ok = st != NULL;

	if (ok) {
		db_bind_int(st, 1, *last);
		db_bind_int(st, 2, EACH_AT_ONCE);
	}
	for (*n = 0; ok && (step = db_step(st)) == DB_ROW; ++*n) {
		*last = db_int(st, 0);
		obj = e->row(c, st);
		ok = obj != NULL && e->each(obj, arg);
		json_object_put(obj);
	}
	db_done(st);
	return ok && step == DB_DONE;
}

bool
rows_each(struct stored *s, const struct rows_each *e, void *arg)
{
	struct db_conn	*c;
	int64_t		 last = 0;
	int		 n;
	bool		 ok;

	if (s == NULL || (c = db_enter(s->db)) == NULL)
		return false;
	do
		ok = portion(c, e, &last, &n, arg);
	while (ok && n == EACH_AT_ONCE);
	if (!ok)
		log_err("stored responses: not all could be exported");
	db_leave(c);
	return ok;
}
