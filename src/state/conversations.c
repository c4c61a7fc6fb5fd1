/* Stored conversations. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/log.h"
#include "base/util.h"
#include "state/conversation-rows.h"
#include "state/conversations.h"
#include "state/prune.h"
#include "state/rows.h"

#define ID_DIGITS	48

void
conversation_finish(struct conversation *c)
{
	json_object_put(c->metadata);
	c->metadata = NULL;
}

/* --- Statements. */

/* A statement about the conversation in this row. */
static struct db_stmt *
prepare_row(struct db_conn *c, const char *sql, int64_t row)
{
	struct db_stmt *st = db_prepare(c, sql, NULL, NULL);

	if (st != NULL)
		db_bind_int(st, 1, row);
	return st;
}

/* The number that a statement gives; it stays as it is without a row. */
static enum stored_found
read_number(struct db_conn *c, struct db_stmt *st, int64_t *n)
{
	enum stored_found found = rows_step(c, st);

	if (found == STORED_FOUND)
		*n = db_int(st, 0);
	db_done(st);
	return found;
}

static enum stored_found
find(struct db_conn *c, const char *owner, const char *id, int64_t *row)
{
	return read_number(c, db_prepare(c, "SELECT n FROM conversation WHERE"
	    " owner = ?1 AND id = ?2", owner, id), row);
}

/*
 * Begin to look something up in a conversation; NULL, and there is nothing to
 * leave, unless it is found.
 */
static struct db_conn *
enter(struct stored *s, const char *owner, const char *id, int64_t *row,
    enum stored_found *found)
{
	struct db_conn *c;

	*found = s == NULL ? STORED_NONE : STORED_TROUBLE;
	if (s == NULL || (c = db_enter(s->db)) == NULL)
		return NULL;
	*found = find(c, owner, id, row);
	if (*found == STORED_FOUND)
		return c;
	db_leave(c);
	return NULL;
}

/* --- Adding items. */

void
conversation_texts_make(struct conversation_texts *t, json_object *items)
{
	size_t n = js_len(items), i;

	*t = (struct conversation_texts){ .items = items, .ends = xcalloc(n + 1,
	    sizeof(*t->ends)) };
	for (i = 0; i < n; i++) {
		js_print(json_object_array_get_idx(items, i), &t->text);
		t->ends[i] = t->text.len;
	}
}

void
conversation_texts_finish(struct conversation_texts *t)
{
	buf_finish(&t->text);
	free(t->ends);
}

static void
bind_item(struct db_stmt *st, const struct conversation_texts *t, size_t i)
{
	size_t start = i > 0 ? t->ends[i - 1] : 0, n = t->ends[i] - start;

	db_bind_text(st, 3, js_str(json_object_array_get_idx(t->items, i),
	    "id"));
	db_bind_int(st, 4, (int64_t)n);
	db_bind_bytes(st, 5, buf_str(&t->text) + start, n);
}

/* An item that is there stays as it is; *added is how many were not. */
static bool
insert(struct db_conn *c, int64_t row, const char *model,
    const struct conversation_texts *t, int64_t *added)
{
	struct db_stmt	*st;
	size_t		 n = js_len(t->items), i;

	/* Without names "DO NOTHING" would leave out one without an id. */
	st = prepare_row(c, "INSERT INTO conversation_item"
	    " (conversation, model, id, size, item)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT (conversation, id) DO NOTHING", row);
	if (st == NULL)
		return false;
	db_bind_text(st, 2, model);
	for (i = 0; i < n; i++) {
		bind_item(st, t, i);
		db_queue(st);
	}
	db_done(st);
	return db_settle(c, added);
}

/* The number of an item of that id. */
static enum stored_found
number_of(struct db_conn *c, int64_t row, const char *item, int64_t *n)
{
	struct db_stmt *st;

	st = prepare_row(c, "SELECT n FROM conversation_item WHERE"
	    " conversation = ?1 AND id = ?2", row);
	if (st != NULL)
		db_bind_text(st, 2, item);
	return read_number(c, st, n);
}

/* The first one that comes twice, or was there already, up to "last". */
static int
find_twice(struct db_conn *c, int64_t row, const struct conversation_texts *t,
    int64_t last)
{
	size_t		 n = js_len(t->items), i, k;
	int64_t		 number;
	const char	*id;

	for (i = 0; i < n; i++) {
		id = js_str(json_object_array_get_idx(t->items, i), "id");
		for (k = 0; k < i; k++)
			if (js_is(json_object_array_get_idx(t->items, k), "id",
			    id))
				return (int)i;
		if (number_of(c, row, id, &number) == STORED_FOUND &&
		    number <= last)
			return (int)i;
	}
	return -1;
}

/* The number of the last item of a conversation; 0: there is none. */
static enum stored_found
last_of(struct db_conn *c, int64_t row, int64_t *last)
{
	return read_number(c, prepare_row(c, "SELECT max(n) FROM"
	    " conversation_item WHERE conversation = ?1", row), last);
}

/* It is in use: the oldest go first when there is too much. */
static bool
touch(struct db_conn *c, int64_t row)
{
	struct db_stmt *st;

	st = prepare_row(c, "UPDATE conversation SET used = ?2 WHERE n = ?1",
	    row);
	if (st != NULL)
		db_bind_int(st, 2, time(NULL));
	return db_finish(st);
}

/* Would it alone be more than all may be, which prunes everything else? */
static bool
is_full(struct db_conn *c, const struct conf *conf, int64_t row, size_t more)
{
	int64_t size = 0;

	read_number(c, prepare_row(c, "SELECT size FROM conversation WHERE"
	    " n = ?1", row), &size);
	return size + (int64_t)more > conf->stored_responses_max_bytes;
}

/* A new conversation or one that is there, and what comes into it. */
struct addition {
	const struct conf		*conf;
	const char			*owner, *id;
	const struct buf		*metadata;	/* NULL: it is there */
	struct conversation_texts	 texts;
	int				*twice;
	enum stored_found		 found;
};

static enum stored_found
add(struct state_tx *tx, const struct addition *a)
{
	enum stored_found	found;
	int64_t			row, last, added;

	found = find(tx->c, a->owner, a->id, &row);
	if (found == STORED_FOUND)
		found = last_of(tx->c, row, &last);
	if (found != STORED_FOUND)
		return found;
	if (is_full(tx->c, a->conf, row, a->texts.text.len))
		return STORED_FULL;
	if (!insert(tx->c, row, NULL, &a->texts, &added))
		return STORED_TROUBLE;
	if (added < (int64_t)js_len(a->texts.items)) {
		*a->twice = find_twice(tx->c, row, &a->texts, last);
		return *a->twice >= 0 ? STORED_NONE : STORED_TROUBLE;
	}
	return touch(tx->c, row) && prune_bound(tx, a->conf, tx->fresh, row) ?
	    STORED_FOUND : STORED_TROUBLE;
}

static bool
create(struct db_conn *c, const struct addition *a)
{
	struct db_stmt	*st;
	int64_t		 row = 0;

	st = db_prepare(c, "INSERT INTO conversation"
	    " (owner, id, metadata, size, created, used)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
	    " ON CONFLICT (owner, id) DO NOTHING RETURNING n", a->owner, a->id);
	if (st == NULL)
		return false;
	rows_bind(st, 3, a->metadata);
	db_bind_int(st, 4, (int64_t)a->metadata->len);
	db_bind_int(st, 5, time(NULL));
	return rows_insert(st, &row) && row != 0;
}

/*
 * Was it committed when the connection was lost? Then all of it was: a
 * conversation is there, and so is the first item.
 */
static bool
was_added(struct state_tx *tx, const struct addition *a)
{
	const char	*id = js_str(json_object_array_get_idx(a->texts.items,
			    0), "id");
	int64_t		 row, n;

	return tx->again && find(tx->c, a->owner, a->id, &row) ==
	    STORED_FOUND && (a->metadata != NULL || id == NULL ||
	    number_of(tx->c, row, id, &n) == STORED_FOUND);
}

/* Nothing of it is kept unless it is found. */
static bool
put_addition(struct state_tx *tx, void *arg)
{
	struct addition *a = arg;

	*a->twice = -1;
	if (was_added(tx, a)) {
		a->found = STORED_FOUND;
		return true;
	}
	a->found = a->metadata == NULL || create(tx->c, a) ? add(tx, a) :
	    STORED_TROUBLE;
	return a->found == STORED_FOUND;
}

static enum stored_found
put(struct stored *s, struct addition *a, json_object *items)
{
	a->found = STORED_TROUBLE;
	*a->twice = -1;
	conversation_texts_make(&a->texts, items);
	if (!state_group_put(s, put_addition, a,
	    "a conversation could not be kept") && a->found == STORED_FOUND)
		a->found = STORED_TROUBLE;
	conversation_texts_finish(&a->texts);
	return a->found;
}

enum stored_found
conversation_add(struct stored *s, const struct conf *conf, const char *owner,
    const char *id, json_object *items, int *twice)
{
	struct addition a = { .conf = conf, .owner = owner, .id = id,
		.twice = twice };

	*twice = -1;
	return s != NULL ? put(s, &a, items) : STORED_NONE;
}

bool
conversation_place(struct db_conn *c, const char *owner, const char *id,
    int64_t *row, int64_t *last)
{
	enum stored_found found;

	found = find(c, owner, id, row);
	if (found == STORED_FOUND)
		found = last_of(c, *row, last);
	return found != STORED_TROUBLE;
}

bool
conversation_join(struct db_conn *c, const struct conf *conf, int64_t row,
    const char *model, const struct conversation_texts *t)
{
	int64_t added;

	if (!is_full(c, conf, row, t->text.len))
		return insert(c, row, model, t, &added) && touch(c, row);
	log_warn("stored responses: a conversation is full "
	    "(storedResponses.maxBytes)");
	return false;
}

/* --- Reading items. */

/* Is it reasoning that another model put out, which no other can read? */
static bool
is_foreign(struct db_stmt *st, const char *model)
{
	const char	*made = db_text(st, 1, NULL);
	json_object	*item;
	bool		 is;

	if (made == NULL || model == NULL || strcmp(made, model) == 0)
		return false;
	item = rows_json(st, 0);
	is = js_is(item, "type", "reasoning");
	json_object_put(item);
	return is;
}

/* Append the item of a row, unless it is left out. False: it can't be read. */
static bool
append_item(struct db_stmt *st, const char *model, size_t *room,
    struct buf *out)
{
	size_t n = db_length(st, 0);

	*room = n < *room && budget_afford(2 * n) ? *room - n : 0;
	if (*room == 0 || is_foreign(st, model))
		return true;
	if (out->p[out->len - 1] != '[')
		buf_putc(out, ',');
	return rows_append(st, 0, out);
}

bool
conversation_text(struct db_conn *c, int64_t row, int64_t last,
    const char *model, size_t *room, struct buf *out)
{
	struct db_stmt	*st;
	enum db_step	 step = DB_FAILED;
	bool		 ok = true;

	st = prepare_row(c, "SELECT item, model FROM conversation_item WHERE"
	    " conversation = ?1 AND n <= ?2 ORDER BY n", row);
	if (st != NULL) {
		db_bind_int(st, 2, last);
		db_stream(st);
	}
	buf_putc(out, '[');
	while (ok && *room > 0 && (step = db_step(st)) == DB_ROW)
		ok = append_item(st, model, room, out);
	buf_putc(out, ']');
	db_done(st);
	return ok && step == DB_DONE;
}

json_object *
conversation_items(struct stored *s, const char *owner, const char *id,
    const char *model, size_t *room, enum stored_found *found)
{
	struct buf	 text = { 0 };
	struct db_conn	*c;
	json_object	*items = NULL;
	int64_t		 row;

	if ((c = enter(s, owner, id, &row, found)) == NULL)
		return NULL;
	if (!conversation_text(c, row, INT64_MAX, model, room, &text))
		*found = *room > 0 ? STORED_TROUBLE : STORED_FULL;
	db_leave(c);
	if (*found == STORED_FOUND &&
	    (items = js_parse_quiet(text.p, text.len)) == NULL)
		*found = STORED_TROUBLE;
	buf_finish(&text);
	return items;
}

/* One more row than a page has tells that there are more. */
static bool
read_page(struct db_conn *c, int64_t row, const struct conversation_cursor *p,
    int64_t after, size_t room, struct conversation_page *page)
{
	struct db_stmt	*st;
	json_object	*item;
	int64_t		 n = 0;
	size_t		 size = 0;
	enum db_step	 step;

	st = prepare_row(c, p->ascending ?
	    "SELECT item FROM conversation_item WHERE conversation = ?1 AND"
	    " n > ?2 ORDER BY n LIMIT ?3" :
	    "SELECT item FROM conversation_item WHERE conversation = ?1 AND"
	    " n < ?2 ORDER BY n DESC LIMIT ?3", row);
	if (st == NULL)
		return false;
	db_bind_int(st, 2, after);
	db_bind_int(st, 3, p->limit + 1);
	db_stream(st);
	page->items = json_object_new_array();
	while ((step = db_step(st)) == DB_ROW && n++ < p->limit) {
		size += db_length(st, 0);
		if (size > room && n > 1)
			break;
		if ((item = rows_json(st, 0)) == NULL) {
			step = DB_FAILED;
			break;
		}
		json_object_array_add(page->items, item);
	}
	page->more = step == DB_ROW;
	db_done(st);
	return step != DB_FAILED;
}

enum stored_found
conversation_list(struct stored *s, const char *owner, const char *id,
    const struct conversation_cursor *p, size_t room,
    struct conversation_page *page)
{
	struct db_conn		*c;
	enum stored_found	 found;
	int64_t			 row, after = p->ascending ? 0 : INT64_MAX;

	*page = (struct conversation_page){ .items = NULL };
	if ((c = enter(s, owner, id, &row, &found)) == NULL)
		return found;
	if (p->after != NULL)
		found = number_of(c, row, p->after, &after);
	if (found == STORED_NONE) {
		page->no_after = true;
		found = STORED_FOUND;
	} else if (found == STORED_FOUND &&
	    !read_page(c, row, p, after, room, page)) {
		json_object_put(page->items);
		page->items = NULL;
		found = STORED_TROUBLE;
	}
	db_leave(c);
	return found;
}

json_object *
conversation_item(struct stored *s, const char *owner, const char *id,
    const char *item, enum stored_found *found)
{
	enum stored_found	 is;
	struct db_conn		*c;
	struct db_stmt		*st;
	json_object		*obj = NULL;
	int64_t			 row;

	if ((c = enter(s, owner, id, &row, found)) == NULL)
		return NULL;
	st = prepare_row(c, "SELECT item FROM conversation_item WHERE"
	    " conversation = ?1 AND id = ?2", row);
	if (st != NULL)
		db_bind_text(st, 2, item);
	is = rows_step(c, st);
	if (is == STORED_FOUND && (obj = rows_json(st, 0)) == NULL)
		is = STORED_TROUBLE;
	if (is == STORED_TROUBLE)
		*found = STORED_TROUBLE;
	db_done(st);
	db_leave(c);
	return obj;
}

/* To be taken out of a conversation. */
struct removal {
	const char		*owner, *id, *item;
	enum stored_found	 found;
	bool			 removed; /* also: by what may be committed */
};

static bool
put_removal(struct state_tx *tx, void *arg)
{
	struct removal	*r = arg;
	struct db_stmt	*st;
	int64_t		 row;

	r->found = find(tx->c, r->owner, r->id, &row);
	if (r->found != STORED_FOUND)
		return r->found == STORED_NONE;
	st = prepare_row(tx->c, "DELETE FROM conversation_item WHERE"
	    " conversation = ?1 AND id = ?2", row);
	if (st != NULL)
		db_bind_text(st, 2, r->item);
	if (!db_finish(st))
		return false;
	r->removed = db_changes(tx->c) > 0 || (tx->again && r->removed);
	r->found = r->removed ? STORED_FOUND : STORED_NONE;
	db_deleted(tx->c);
	return true;
}

enum stored_found
conversation_item_delete(struct stored *s, const char *owner, const char *id,
    const char *item)
{
	struct removal r = { owner, id, item, STORED_TROUBLE, false };

	if (s == NULL)
		return STORED_NONE;
	return state_group_put(s, put_removal, &r,
	    "an item could not be deleted") ? r.found : STORED_TROUBLE;
}

/* --- Conversations. */

enum stored_found
conversation_create(struct stored *s, const struct conf *conf,
    const char *owner, struct conversation *c, json_object *items, int *twice)
{
	struct buf		metadata = { 0 };
	struct addition		a = { .conf = conf, .owner = owner,
		.id = c->id, .metadata = &metadata, .twice = twice };
	enum stored_found	found = STORED_TROUBLE;

	*twice = -1;
	memcpy(c->id, "conv_", 5);
	util_random_hex(c->id + 5, ID_DIGITS);
	c->created = time(NULL);
	js_print(c->metadata, &metadata);
	if (s != NULL)
		found = put(s, &a, items);
	buf_finish(&metadata);
	return found;
}

enum stored_found
conversation_get(struct stored *s, const char *owner, const char *id,
    struct conversation *c)
{
	struct db_conn		*conn;
	enum stored_found	 found;
	struct db_stmt		*st;

	if (s == NULL)
		return STORED_NONE;
	if ((conn = db_enter(s->db)) == NULL)
		return STORED_TROUBLE;
	st = db_prepare(conn, "SELECT created, metadata FROM conversation"
	    " WHERE owner = ?1 AND id = ?2", owner, id);
	found = rows_step(conn, st);
	if (found == STORED_FOUND) {
		snprintf(c->id, sizeof(c->id), "%s", id);
		c->created = db_int(st, 0);
		c->metadata = rows_json(st, 1);
	}
	db_done(st);
	db_leave(conn);
	return found;
}

/* Its size is that of its items and of this. */
static bool
put_update(struct state_tx *tx, void *arg)
{
	struct rows_update	*u = arg;
	struct db_stmt		*st;

	st = db_prepare(tx->c, "UPDATE conversation SET metadata = ?3,"
	    " used = ?4, size = ?5 + (SELECT coalesce(sum(i.size), 0) FROM"
	    " conversation_item AS i WHERE i.conversation = conversation.n)"
	    " WHERE owner = ?1 AND id = ?2", u->owner, u->id);
	if (st == NULL)
		return false;
	rows_bind(st, 3, &u->metadata);
	db_bind_int(st, 4, time(NULL));
	db_bind_int(st, 5, (int64_t)u->metadata.len);
	if (!db_finish(st))
		return false;
	u->found = db_changes(tx->c) > 0 ? STORED_FOUND : STORED_NONE;
	db_deleted(tx->c);
	return true;
}

enum stored_found
conversation_update(struct stored *s, const char *owner, const char *id,
    json_object *metadata)
{
	return rows_update(s, put_update, owner, id, metadata,
	    "a conversation could not be changed");
}

enum stored_found
conversation_delete(struct stored *s, const char *owner, const char *id)
{
	return rows_change(s, "DELETE FROM conversation WHERE owner = ?1 AND"
	    " id = ?2", owner, id, "a conversation could not be deleted");
}

/* --- For the command line. */

/* NULL when its items can't be read. */
static json_object *
export(struct db_conn *c, struct db_stmt *st)
{
	json_object	*obj = json_object_new_object(), *items = NULL;
	struct buf	 text = { 0 };
	size_t		 room = SIZE_MAX;

	js_add_str(obj, "id", db_text(st, 1, NULL));
	js_add_str(obj, "owner", db_text(st, 2, NULL));
	js_add_int(obj, "created_at", db_int(st, 3));
	js_add_take(obj, "metadata", rows_json(st, 4));
	if (conversation_text(c, db_int(st, 0), INT64_MAX, NULL, &room, &text))
		items = js_parse_quiet(text.p, text.len);
	buf_finish(&text);
	if (items == NULL) {
		json_object_put(obj);
		return NULL;
	}
	js_add_take(obj, "items", items);
	return obj;
}

bool
conversation_each(struct stored *s, bool (*each)(json_object *, void *),
    void *arg)
{
	const struct rows_each e = { "SELECT n, id, owner, created, metadata"
	    " FROM conversation WHERE n > ?1 ORDER BY n LIMIT ?2", export,
	    each };

	return rows_each(s, &e, arg);
}
