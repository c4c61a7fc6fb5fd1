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
#include "state/sqlite.h"

#define ID_DIGITS	48

void
conversation_finish(struct conversation *c)
{
	json_object_put(c->metadata);
	c->metadata = NULL;
}

/* --- Statements. */

/* A statement about the conversation in this row. */
static sqlite3_stmt *
prepare_row(struct stored *s, const char *sql, int64_t row)
{
	sqlite3_stmt *st = sqlite_prepare(s, sql, NULL, NULL);

	if (st != NULL)
		sqlite3_bind_int64(st, 1, row);
	return st;
}

/* After a statement that changes what it finds. */
static enum stored_found
changed(struct stored *s, bool ok)
{
	sqlite_deleted(s);
	return !ok ? rows_found(s, SQLITE_ERROR) :
	    sqlite3_changes(s->db) > 0 ? STORED_FOUND : STORED_NONE;
}

static enum stored_found
find(struct stored *s, const char *owner, const char *id, int64_t *row)
{
	sqlite3_stmt		*st;
	enum stored_found	 found;

	st = sqlite_prepare(s, "SELECT n FROM conversation WHERE"
	    " owner = ?1 AND id = ?2", owner, id);
	found = rows_step(s, st);
	if (found == STORED_FOUND)
		*row = sqlite3_column_int64(st, 0);
	sqlite_done(st);
	return found;
}

/* Begin to look something up in a conversation; leave unless it is found. */
static enum stored_found
enter(struct stored *s, const char *owner, const char *id, int64_t *row)
{
	enum stored_found found;

	if (s == NULL || !sqlite_enter(s))
		return STORED_TROUBLE;
	found = find(s, owner, id, row);
	if (found != STORED_FOUND)
		sqlite_leave(s);
	return found;
}

/* What was begun ends with this: nothing of it is kept unless it is found. */
static enum stored_found
finish(struct stored *s, enum stored_found found)
{
	if (!sqlite_end(s, found == STORED_FOUND,
	    "a conversation could not be kept") && found == STORED_FOUND)
		found = STORED_TROUBLE;
	sqlite_leave(s);
	return found;
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
bind_item(sqlite3_stmt *st, const struct conversation_texts *t, size_t i)
{
	size_t start = i > 0 ? t->ends[i - 1] : 0, n = t->ends[i] - start;

	sqlite3_bind_text(st, 3, js_str(json_object_array_get_idx(t->items, i),
	    "id"), -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 4, (int64_t)n);
	sqlite3_bind_text64(st, 5, buf_str(&t->text) + start, n, SQLITE_STATIC,
	    SQLITE_UTF8);
}

/*
 * "twice" may be NULL: then an item that is there stays as it is. Else it gets
 * the index of such an item, and it is for the caller to undo the rest.
 */
static bool
insert(struct stored *s, int64_t row, const char *model,
    const struct conversation_texts *t, int *twice)
{
	sqlite3_stmt	*st;
	size_t		 n = js_len(t->items), i;
	int		 rc = SQLITE_DONE;

	/* "OR IGNORE" would leave out one without an id as well. */
	st = prepare_row(s, "INSERT INTO conversation_item"
	    " (conversation, model, id, size, item)"
	    " VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT (conversation, id) DO NOTHING", row);
	if (st == NULL)
		return false;
	if (model != NULL)
		sqlite3_bind_text(st, 2, model, -1, SQLITE_STATIC);
	for (i = 0; i < n && rc == SQLITE_DONE; i++) {
		bind_item(st, t, i);
		rc = sqlite3_step(st);
		sqlite3_reset(st);
		if (rc == SQLITE_DONE && sqlite3_changes(s->db) == 0 &&
		    twice != NULL) {
			*twice = (int)i;
			break;
		}
	}
	sqlite_done(st);
	return rc == SQLITE_DONE;
}

/* It is in use: the oldest go first when there is too much. */
static bool
touch(struct stored *s, int64_t row)
{
	sqlite3_stmt *st;

	st = prepare_row(s, "UPDATE conversation SET used = ?2 WHERE n = ?1",
	    row);
	if (st != NULL)
		sqlite3_bind_int64(st, 2, time(NULL));
	return sqlite_finish(st);
}

/* Would it alone be more than all may be, which prunes everything else? */
static bool
is_full(struct stored *s, const struct conf *conf, int64_t row, size_t more)
{
	sqlite3_stmt	*st;
	int64_t		 size = 0;

	st = prepare_row(s, "SELECT size FROM conversation WHERE n = ?1", row);
	if (st != NULL && sqlite3_step(st) == SQLITE_ROW)
		size = sqlite3_column_int64(st, 0);
	sqlite_done(st);
	return size + (int64_t)more > conf->stored_responses_max_bytes;
}

static enum stored_found
add(struct stored *s, const struct conf *conf, const char *owner,
    const char *id, const struct conversation_texts *t, int *twice)
{
	enum stored_found	found;
	int64_t			row;

	found = find(s, owner, id, &row);
	if (found != STORED_FOUND)
		return found;
	if (is_full(s, conf, row, t->text.len))
		return STORED_FULL;
	if (!insert(s, row, NULL, t, twice))
		return STORED_TROUBLE;
	if (*twice >= 0)
		return STORED_NONE;
	return touch(s, row) && prune_bound(s, conf, 0, row) ? STORED_FOUND :
	    STORED_TROUBLE;
}

enum stored_found
conversation_add(struct stored *s, const struct conf *conf, const char *owner,
    const char *id, json_object *items, int *twice)
{
	enum stored_found	found = STORED_TROUBLE;
	struct conversation_texts	t;

	*twice = -1;
	conversation_texts_make(&t, items);
	if (s != NULL && sqlite_enter(s)) {
		if (sqlite_begin(s))
			found = add(s, conf, owner, id, &t, twice);
		found = finish(s, found);
	}
	conversation_texts_finish(&t);
	return found;
}

bool
conversation_place(struct stored *s, const char *owner, const char *id,
    int64_t *row, int64_t *last)
{
	enum stored_found	 found;
	sqlite3_stmt		*st;

	found = find(s, owner, id, row);
	if (found != STORED_FOUND)
		return found == STORED_NONE;
	st = prepare_row(s, "SELECT max(n) FROM conversation_item WHERE"
	    " conversation = ?1", *row);
	if (st != NULL && sqlite3_step(st) == SQLITE_ROW)
		*last = sqlite3_column_int64(st, 0);
	else
		found = STORED_TROUBLE;
	sqlite_done(st);
	return found == STORED_FOUND;
}

bool
conversation_join(struct stored *s, const struct conf *conf, int64_t row,
    const char *model, const struct conversation_texts *t)
{
	if (!is_full(s, conf, row, t->text.len))
		return insert(s, row, model, t, NULL) && touch(s, row);
	log_warn("stored responses: a conversation is full "
	    "(storedResponses.maxBytes)");
	return false;
}

/* --- Reading items. */

bool
conversation_text(struct stored *s, int64_t row, int64_t last,
    const char *model, size_t *room, struct buf *out)
{
	sqlite3_stmt	*st;
	size_t		 n;
	int		 rc = SQLITE_ERROR;

	st = prepare_row(s, "SELECT item FROM conversation_item WHERE"
	    " conversation = ?1 AND n <= ?2 AND (model IS NULL OR"
	    " model = ifnull(?3, model) OR"
	    " json_extract(item, '$.type') <> 'reasoning') ORDER BY n", row);
	if (st != NULL) {
		sqlite3_bind_int64(st, 2, last);
		if (model != NULL)
			sqlite3_bind_text(st, 3, model, -1, SQLITE_STATIC);
	}
	buf_putc(out, '[');
	while (st != NULL && *room > 0 &&
	    (rc = sqlite3_step(st)) == SQLITE_ROW) {
		n = (size_t)sqlite3_column_bytes(st, 0);
		*room = n < *room && budget_afford(2 * n) ? *room - n : 0;
		if (out->len > 1)
			buf_putc(out, ',');
		buf_append(out, sqlite3_column_text(st, 0), n);
	}
	buf_putc(out, ']');
	sqlite_done(st);
	return rc == SQLITE_DONE && *room > 0;
}

json_object *
conversation_items(struct stored *s, const char *owner, const char *id,
    const char *model, size_t *room, enum stored_found *found)
{
	struct buf	 text = { 0 };
	json_object	*items = NULL;
	int64_t		 row;

	*found = enter(s, owner, id, &row);
	if (*found != STORED_FOUND)
		return NULL;
	if (!conversation_text(s, row, INT64_MAX, model, room, &text))
		*found = *room > 0 ? STORED_TROUBLE : STORED_FULL;
	sqlite_leave(s);
	if (*found == STORED_FOUND &&
	    (items = js_parse_quiet(text.p, text.len)) == NULL)
		*found = STORED_TROUBLE;
	buf_finish(&text);
	return items;
}

/* The number of the item that a page begins behind. */
static enum stored_found
number_of(struct stored *s, int64_t row, const char *item, int64_t *n)
{
	sqlite3_stmt		*st;
	enum stored_found	 found;

	st = prepare_row(s, "SELECT n FROM conversation_item WHERE"
	    " conversation = ?1 AND id = ?2", row);
	if (st != NULL)
		sqlite3_bind_text(st, 2, item, -1, SQLITE_STATIC);
	found = rows_step(s, st);
	if (found == STORED_FOUND)
		*n = sqlite3_column_int64(st, 0);
	sqlite_done(st);
	return found;
}

/* One more row than a page has tells that there are more. */
static bool
read_page(struct stored *s, int64_t row, const struct conversation_cursor *p,
    int64_t after, size_t room, struct conversation_page *page)
{
	sqlite3_stmt	*st;
	json_object	*item;
	int64_t		 n = 0;
	size_t		 size = 0;
	int		 rc;

	st = prepare_row(s, p->ascending ?
	    "SELECT item FROM conversation_item WHERE conversation = ?1 AND"
	    " n > ?2 ORDER BY n LIMIT ?3" :
	    "SELECT item FROM conversation_item WHERE conversation = ?1 AND"
	    " n < ?2 ORDER BY n DESC LIMIT ?3", row);
	if (st == NULL)
		return false;
	sqlite3_bind_int64(st, 2, after);
	sqlite3_bind_int64(st, 3, p->limit + 1);
	page->items = json_object_new_array();
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && n++ < p->limit) {
		size += (size_t)sqlite3_column_bytes(st, 0);
		if (size > room && n > 1)
			break;
		if ((item = rows_json(st, 0)) == NULL)
			rc = SQLITE_CORRUPT;
		if (rc != SQLITE_ROW)
			break;
		json_object_array_add(page->items, item);
	}
	page->more = rc == SQLITE_ROW;
	sqlite_done(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

enum stored_found
conversation_list(struct stored *s, const char *owner, const char *id,
    const struct conversation_cursor *p, size_t room,
    struct conversation_page *page)
{
	enum stored_found	found;
	int64_t			row, after = p->ascending ? 0 : INT64_MAX;

	*page = (struct conversation_page){ .items = NULL };
	found = enter(s, owner, id, &row);
	if (found != STORED_FOUND)
		return found;
	if (p->after != NULL)
		found = number_of(s, row, p->after, &after);
	if (found == STORED_NONE) {
		page->no_after = true;
		found = STORED_FOUND;
	} else if (found == STORED_FOUND &&
	    !read_page(s, row, p, after, room, page)) {
		json_object_put(page->items);
		page->items = NULL;
		found = STORED_TROUBLE;
	}
	sqlite_leave(s);
	return found;
}

json_object *
conversation_item(struct stored *s, const char *owner, const char *id,
    const char *item, enum stored_found *found)
{
	enum stored_found	 is;
	sqlite3_stmt		*st;
	json_object		*obj = NULL;
	int64_t			 row;

	*found = enter(s, owner, id, &row);
	if (*found != STORED_FOUND)
		return NULL;
	st = prepare_row(s, "SELECT item FROM conversation_item WHERE"
	    " conversation = ?1 AND id = ?2", row);
	if (st != NULL)
		sqlite3_bind_text(st, 2, item, -1, SQLITE_STATIC);
	is = rows_step(s, st);
	if (is == STORED_FOUND && (obj = rows_json(st, 0)) == NULL)
		is = STORED_TROUBLE;
	if (is == STORED_TROUBLE)
		*found = STORED_TROUBLE;
	sqlite_done(st);
	sqlite_leave(s);
	return obj;
}

enum stored_found
conversation_item_delete(struct stored *s, const char *owner, const char *id,
    const char *item)
{
	enum stored_found	 found;
	sqlite3_stmt		*st;
	int64_t			 row;

	found = enter(s, owner, id, &row);
	if (found != STORED_FOUND)
		return found;
	st = prepare_row(s, "DELETE FROM conversation_item WHERE"
	    " conversation = ?1 AND id = ?2", row);
	if (st != NULL)
		sqlite3_bind_text(st, 2, item, -1, SQLITE_STATIC);
	found = changed(s, sqlite_finish(st));
	sqlite_leave(s);
	return found;
}

/* --- Conversations. */

/* With owner, id, metadata and the time bound. */
static sqlite3_stmt *
prepare_metadata(struct stored *s, const char *sql, const char *owner,
    const char *id, const struct buf *metadata)
{
	sqlite3_stmt *st = sqlite_prepare(s, sql, owner, id);

	if (st != NULL) {
		rows_bind(st, 3, metadata);
		sqlite3_bind_int64(st, 4, time(NULL));
	}
	return st;
}

static bool
create(struct stored *s, const char *owner, const char *id,
    const struct buf *metadata)
{
	return sqlite_finish(prepare_metadata(s, "INSERT INTO conversation"
	    " (owner, id, metadata, size, created, used)"
	    " VALUES (?1, ?2, ?3, length(CAST(?3 AS BLOB)), ?4, ?4)", owner, id,
	    metadata));
}

enum stored_found
conversation_create(struct stored *s, const struct conf *conf,
    const char *owner, struct conversation *c, json_object *items, int *twice)
{
	enum stored_found	found = STORED_TROUBLE;
	struct buf		metadata = { 0 };
	struct conversation_texts	t;

	*twice = -1;
	memcpy(c->id, "conv_", 5);
	util_random_hex(c->id + 5, ID_DIGITS);
	c->created = time(NULL);
	js_print(c->metadata, &metadata);
	conversation_texts_make(&t, items);
	if (s != NULL && sqlite_enter(s)) {
		if (sqlite_begin(s) && create(s, owner, c->id, &metadata))
			found = add(s, conf, owner, c->id, &t, twice);
		found = finish(s, found);
	}
	conversation_texts_finish(&t);
	buf_finish(&metadata);
	return found;
}

enum stored_found
conversation_get(struct stored *s, const char *owner, const char *id,
    struct conversation *c)
{
	enum stored_found	 found;
	sqlite3_stmt		*st;

	if (s == NULL || !sqlite_enter(s))
		return STORED_TROUBLE;
	st = sqlite_prepare(s, "SELECT created, metadata FROM conversation"
	    " WHERE owner = ?1 AND id = ?2", owner, id);
	found = rows_step(s, st);
	if (found == STORED_FOUND) {
		snprintf(c->id, sizeof(c->id), "%s", id);
		c->created = sqlite3_column_int64(st, 0);
		c->metadata = rows_json(st, 1);
	}
	sqlite_done(st);
	sqlite_leave(s);
	return found;
}

enum stored_found
conversation_update(struct stored *s, const char *owner, const char *id,
    json_object *metadata)
{
	enum stored_found	found;
	struct buf		text = { 0 };

	if (s == NULL || !sqlite_enter(s))
		return STORED_TROUBLE;
	js_print(metadata, &text);
	found = changed(s, sqlite_finish(prepare_metadata(s,
	    "UPDATE conversation SET metadata = ?3, used = ?4,"
	    " size = size - length(CAST(metadata AS BLOB)) +"
	    " length(CAST(?3 AS BLOB)) WHERE owner = ?1 AND id = ?2", owner,
	    id, &text)));
	sqlite_leave(s);
	buf_finish(&text);
	return found;
}

enum stored_found
conversation_delete(struct stored *s, const char *owner, const char *id)
{
	enum stored_found found;

	if (s == NULL || !sqlite_enter(s))
		return STORED_TROUBLE;
	found = changed(s, sqlite_finish(sqlite_prepare(s,
	    "DELETE FROM conversation WHERE owner = ?1 AND id = ?2", owner,
	    id)));
	sqlite_leave(s);
	return found;
}

/* --- For the command line. */

/* NULL when its items can't be read. */
static json_object *
export(struct stored *s, sqlite3_stmt *st)
{
	json_object	*obj = json_object_new_object(), *items = NULL;
	struct buf	 text = { 0 };
	size_t		 room = SIZE_MAX;

	js_add_str(obj, "id", (const char *)sqlite3_column_text(st, 1));
	js_add_str(obj, "owner", (const char *)sqlite3_column_text(st, 2));
	js_add_int(obj, "created_at", sqlite3_column_int64(st, 3));
	js_add_take(obj, "metadata", rows_json(st, 4));
	if (conversation_text(s, sqlite3_column_int64(st, 0), INT64_MAX, NULL,
	    &room, &text))
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
	return rows_each(s, "SELECT n, id, owner, created, metadata FROM"
	    " conversation ORDER BY n", export, each, arg);
}
