/* Stored chat completions. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/log.h"
#include "base/util.h"
#include "state/completions.h"
#include "state/prune.h"
#include "state/rows.h"

#define LOOK_AT	256		/* rows at once, for those that are wanted */

/* --- Keeping. */

struct put {
	const struct conf	*conf;
	const struct completion	*of;
	struct buf		 object;	/* with what was asked */
};

/* Two objects become one, neither of which is empty. */
static void
object_make(struct put *p)
{
	js_print(p->of->object, &p->object);
	buf_truncate(&p->object, p->object.len - 1);	/* } */
	buf_putc(&p->object, ',');
	buf_append(&p->object, p->of->asked->p + 1, p->of->asked->len - 1);
}

static int64_t
size_of(const struct put *p)
{
	return (int64_t)(p->object.len + p->of->metadata->len +
	    p->of->messages->len);
}

/* *row stays 0 when there is one of that id. False on trouble. */
static bool
insert(struct db_conn *c, const struct put *p, int64_t *row)
{
	struct db_stmt *st;

	st = db_prepare(c, "INSERT INTO completion (owner, id, model, created,"
	    " size, metadata, messages, object)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	    " ON CONFLICT (owner, id) DO NOTHING RETURNING n", p->of->owner,
	    p->of->id);
	if (st == NULL)
		return false;
	db_bind_text(st, 3, js_str(p->of->object, "model"));
	db_bind_int(st, 4, time(NULL));
	db_bind_int(st, 5, size_of(p));
	rows_bind(st, 6, p->of->metadata);
	rows_bind(st, 7, p->of->messages);
	rows_bind(st, 8, &p->object);
	return rows_insert(st, row);
}

static bool
put_row(struct state_tx *tx, void *arg)
{
	const struct put	*p = arg;
	int64_t			 row = 0;

	if (!insert(tx->c, p, &row))
		return false;
	if (row == 0) {
		if (!tx->again)
			log_warn("stored responses: a chat completion could "
			    "not be kept: there is one of its id");
		return tx->again;
	}
	if (tx->completion == 0)
		tx->completion = row;
	return prune_bound(tx, p->conf, tx->fresh, 0);
}

bool
completion_put(struct stored *s, const struct conf *conf,
    const struct completion *of)
{
	struct put	p = { .conf = conf, .of = of };
	bool		ok;

	if (s == NULL)
		return false;
	object_make(&p);
	/* One that is alone too much would take all others with it. */
	ok = size_of(&p) <= conf->stored_responses_max_bytes &&
	    state_group_put(s, put_row, &p,
	    "a chat completion could not be kept");
	buf_finish(&p.object);
	return ok;
}

/* --- One of them. */

/* The object with its metadata, both taken; NULL when one can't be read. */
static json_object *
whole_take(json_object *obj, json_object *metadata)
{
	if (obj != NULL && metadata != NULL) {
		js_add_take(obj, "metadata", metadata);
		return obj;
	}
	json_object_put(obj);
	json_object_put(metadata);
	return NULL;
}

json_object *
completion_get(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	struct buf		object = { 0 }, metadata = { 0 };
	enum stored_found	is;
	json_object		*obj;

	is = rows_read(s, "SELECT object, metadata FROM completion"
	    " WHERE owner = ?1 AND id = ?2", owner, id, &object, &metadata);
	obj = rows_parse_take(&object);
	return rows_object(whole_take(obj, rows_parse_take(&metadata)), is,
	    found);
}

json_object *
completion_messages(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	struct buf		text = { 0 };
	enum stored_found	is;

	is = rows_read(s, "SELECT messages FROM completion WHERE owner = ?1"
	    " AND id = ?2", owner, id, &text, NULL);
	return rows_object(rows_parse_take(&text), is, found);
}

/* How many bytes its metadata have, and its row; STORED_NONE: it is gone. */
static enum stored_found
measure(struct db_conn *c, const struct rows_update *u, int64_t *row,
    int64_t *bytes)
{
	struct db_stmt		*st;
	enum stored_found	 found;

	st = db_prepare(c, "SELECT n, metadata FROM completion"
	    " WHERE owner = ?1 AND id = ?2", u->owner, u->id);
	found = rows_step(c, st);
	if (found == STORED_FOUND) {
		*row = db_int(st, 0);
		*bytes = (int64_t)db_length(st, 1);
	}
	db_done(st);
	return found;
}

static bool
put_update(struct state_tx *tx, void *arg)
{
	struct rows_update	*u = arg;
	struct db_stmt		*st;
	int64_t			 row, before;

	u->found = measure(tx->c, u, &row, &before);
	if (u->found != STORED_FOUND)
		return u->found == STORED_NONE;
	st = db_prepare(tx->c, "UPDATE completion SET metadata = ?1,"
	    " size = size + ?2 WHERE n = ?3", NULL, NULL);
	if (st == NULL)
		return false;
	rows_bind(st, 1, &u->metadata);
	db_bind_int(st, 2, (int64_t)u->metadata.len - before);
	db_bind_int(st, 3, row);
	if (!db_finish(st))
		return false;
	db_deleted(tx->c);
	return true;
}

enum stored_found
completion_update(struct stored *s, const char *owner, const char *id,
    json_object *metadata)
{
	return rows_update(s, put_update, owner, id, metadata,
	    "a chat completion could not be changed");
}

enum stored_found
completion_delete(struct stored *s, const char *owner, const char *id)
{
	return rows_change(s, "DELETE FROM completion WHERE owner = ?1 AND"
	    " id = ?2", owner, id, "a chat completion could not be deleted");
}

/* --- Lists. They are in the order of their time, and then of their rows. */

struct place {
	int64_t	created, row;
};

/* A page while it is looked for. */
struct look {
	const struct completion_cursor	*p;
	const char			*owner;
	struct place			 at;	/* behind this one */
	int64_t				*rows;	/* that are wanted */
	int64_t				 n;
	bool				 end;	/* there are no more */
};

static enum stored_found
find_after(struct db_conn *c, struct look *l)
{
	struct db_stmt		*st;
	enum stored_found	 found;

	st = db_prepare(c, "SELECT created, n FROM completion"
	    " WHERE owner = ?1 AND id = ?2", l->owner, l->p->after);
	found = rows_step(c, st);
	if (found == STORED_FOUND)
		l->at = (struct place){ db_int(st, 0), db_int(st, 1) };
	db_done(st);
	return found;
}

/* Has it all these pairs? */
static bool
has_pairs(json_object *metadata, json_object *wanted)
{
	if (wanted == NULL)
		return true;
	json_object_object_foreach(wanted, key, v)
		if (!js_is(metadata, key, json_object_get_string(v)))
			return false;
	return true;
}

/* The row has: number, time, model, metadata. */
static bool
is_wanted(struct db_stmt *st, const struct completion_cursor *p)
{
	const char	*model = db_text(st, 2, NULL);
	json_object	*metadata;
	bool		 is;

	if (p->model != NULL && (model == NULL ||
	    strcmp(model, p->model) != 0))
		return false;
	if (p->metadata == NULL)
		return true;
	metadata = rows_json(st, 3);
	is = has_pairs(metadata, p->metadata);
	json_object_put(metadata);
	return is;
}

/*
 * Some more rows, without their texts. One more than a page has tells that
 * there are more.
 */
static bool
look_on(struct db_conn *c, struct look *l)
{
	struct db_stmt	*st;
	int64_t		 seen = 0;
	enum db_step	 step = DB_FAILED;

	st = db_prepare(c, l->p->ascending ?
	    "SELECT n, created, model, metadata FROM completion"
	    " WHERE owner = ?1 AND (created, n) > (?2, ?3)"
	    " ORDER BY created, n LIMIT ?4" :
	    "SELECT n, created, model, metadata FROM completion"
	    " WHERE owner = ?1 AND (created, n) < (?2, ?3)"
	    " ORDER BY created DESC, n DESC LIMIT ?4", l->owner, NULL);
	if (st != NULL) {
		db_bind_int(st, 2, l->at.created);
		db_bind_int(st, 3, l->at.row);
		db_bind_int(st, 4, LOOK_AT);
	}
	while (l->n <= l->p->limit && (step = db_step(st)) == DB_ROW) {
		seen++;
		l->at = (struct place){ db_int(st, 1), db_int(st, 0) };
		if (is_wanted(st, l->p))
			l->rows[l->n++] = l->at.row;
	}
	db_done(st);
	l->end = l->n > l->p->limit || seen < LOOK_AT;
	return step != DB_FAILED;
}

/* Others get the connection between the portions. */
static enum stored_found
find_rows(struct stored *s, struct look *l)
{
	enum stored_found	 found = STORED_FOUND;
	struct db_conn		*c;

	while (found == STORED_FOUND && !l->end) {
		if ((c = db_enter(s->db)) == NULL)
			return STORED_TROUBLE;
		if (l->p->after != NULL && l->at.row < 0)
			found = find_after(c, l);
		if (found == STORED_FOUND && !look_on(c, l))
			found = rows_found(c, DB_FAILED);
		db_leave(c);
	}
	return found;
}

/* One that was deleted meanwhile is left out. False on trouble. */
static bool
add_row(struct db_conn *c, int64_t row, size_t *room,
    struct completion_page *page)
{
	struct db_stmt	*st;
	enum db_step	 step;
	json_object	*obj;
	size_t		 n = 0;

	st = db_prepare(c, "SELECT object, metadata FROM completion"
	    " WHERE n = ?1", NULL, NULL);
	if (st != NULL)
		db_bind_int(st, 1, row);
	step = db_step(st);
	if (step == DB_ROW)
		n = db_length(st, 0) + db_length(st, 1);
	if (step == DB_ROW && (js_len(page->items) == 0 ||
	    rows_room(room, n))) {
		obj = rows_json(st, 0);
		obj = whole_take(obj, rows_json(st, 1));
		if (obj != NULL)
			json_object_array_add(page->items, obj);
		else
			step = DB_FAILED;
	} else if (step == DB_ROW)
		page->more = true;
	db_done(st);
	return step != DB_FAILED;
}

static enum stored_found
read_rows(struct stored *s, const struct look *l, size_t room,
    struct completion_page *page)
{
	struct db_conn	*c;
	int64_t		 i, n = l->n < l->p->limit ? l->n : l->p->limit;
	bool		 ok = true;

	if ((c = db_enter(s->db)) == NULL)
		return STORED_TROUBLE;
	page->items = json_object_new_array();
	page->more = l->n > n;
	for (i = 0; i < n && ok && room > 0; i++)
		ok = add_row(c, l->rows[i], &room, page);
	if (!ok)
		rows_found(c, DB_FAILED);
	db_leave(c);
	return ok ? STORED_FOUND : STORED_TROUBLE;
}

enum stored_found
completion_list(struct stored *s, const char *owner,
    const struct completion_cursor *p, size_t room,
    struct completion_page *page)
{
	struct look		l = { .p = p, .owner = owner };
	enum stored_found	found;

	*page = (struct completion_page){ .items = NULL };
	if (s == NULL)
		return STORED_NONE;
	l.rows = xcalloc((size_t)p->limit + 1, sizeof(*l.rows));
	l.at = p->after != NULL ? (struct place){ 0, -1 } : p->ascending ?
	    (struct place){ 0, 0 } : (struct place){ INT64_MAX, INT64_MAX };
	found = find_rows(s, &l);
	if (found == STORED_NONE) {
		page->no_after = true;
		found = STORED_FOUND;
	} else if (found == STORED_FOUND)
		found = read_rows(s, &l, room, page);
	if (found != STORED_FOUND) {
		json_object_put(page->items);
		page->items = NULL;
	}
	free(l.rows);
	return found;
}

/* --- For the command line. */

/* NULL when it can't be read. */
static json_object *
export(struct db_conn *c, struct db_stmt *st)
{
	json_object *obj = json_object_new_object(), *object;

	(void)c;
	js_add_str(obj, "id", db_text(st, 1, NULL));
	js_add_str(obj, "owner", db_text(st, 2, NULL));
	js_add_take(obj, "messages", rows_json(st, 3));
	object = rows_json(st, 4);
	js_add_take(obj, "completion", whole_take(object, rows_json(st, 5)));
	if (js_array(obj, "messages") != NULL &&
	    js_obj(obj, "completion") != NULL)
		return obj;
	json_object_put(obj);
	return NULL;
}

bool
completion_each(struct stored *s, bool (*each)(json_object *, void *),
    void *arg)
{
	const struct rows_each e = { "SELECT n, id, owner, messages, object,"
	    " metadata FROM completion WHERE n > ?1 ORDER BY n LIMIT ?2",
	    export, each };

	return rows_each(s, &e, arg);
}
