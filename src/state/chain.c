/* A stored response with all turns that it goes on from. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "state/conversation-rows.h"
#include "state/rows.h"
#include "state/stored.h"

#define CHAIN_MAX	10000	/* turns */

/* One turn of a chain. */
struct link {
	int64_t		depth;		/* 0: the one that was asked for */
	struct buf	input, output;
	bool		foreign;	/* put out by another model */
};

struct chain {
	struct link	*links;
	size_t		 n;
	bool		 complete;	/* its root was reached */
	int64_t		 conversation;	/* that the root is part of */
	int64_t		 start;		/* the item that the root follows */
	struct buf	 before;	/* the items up to there */
};

/* False when it can't be read. Texts that find no room leave none. */
static bool
chain_row(struct chain *c, struct db_stmt *st, const char *model, size_t *room)
{
	const char	*made = db_text(st, 1, NULL);
	struct link	*l;

	c->links = util_grow(c->links, c->n, sizeof(*c->links));
	l = &c->links[c->n++];
	*l = (struct link){ .depth = db_int(st, 6), .foreign = made != NULL &&
	    model != NULL && strcmp(made, model) != 0 };
	if (db_is_null(st, 0)) {
		c->complete = true;
		c->conversation = db_int(st, 4);
		c->start = db_int(st, 5);
	}
	if (!rows_affordable(st, 2, 3)) {
		*room = 0;
		return true;
	}
	if (!rows_append(st, 2, &l->input) ||
	    !rows_append(st, 3, &l->output))
		return false;
	rows_room(room, l->input.len + l->output.len);
	return true;
}

/* False when they can't be read; no text is fine. */
static bool
add_items(json_object *to, struct buf *text, bool foreign)
{
	json_object	*items = rows_parse_take(text), *item;
	size_t		 n = js_len(items), i;
	bool		 ok = items != NULL;

	for (i = 0; i < n; i++) {
		item = json_object_array_get_idx(items, i);
		if (!foreign || !js_is(item, "type", "reasoning"))
			json_object_array_add(to, json_object_get(item));
	}
	json_object_put(items);
	return ok;
}

/* All items, or NULL when they can't be read. */
static json_object *
chain_items(struct chain *c)
{
	json_object	*all = json_object_new_array();
	bool		 ok;
	size_t		 i;

	ok = c->before.len == 0 || add_items(all, &c->before, false);
	for (i = 0; i < c->n && ok; i++)
		ok = add_items(all, &c->links[i].input, false) &&
		    add_items(all, &c->links[i].output, c->links[i].foreign);
	if (!ok) {
		json_object_put(all);
		all = NULL;
	}
	return all;
}

static void
chain_finish(struct chain *c)
{
	size_t i;

	buf_finish(&c->before);
	for (i = 0; i < c->n; i++) {
		buf_finish(&c->links[i].input);
		buf_finish(&c->links[i].output);
	}
	free(c->links);
}

static int
oldest_first(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return x->depth < y->depth ? 1 : x->depth > y->depth ? -1 : 0;
}

/* All its rows; the database need not keep to an order. */
static enum stored_found
read_rows(struct db_conn *conn, struct chain *c, struct db_stmt *st,
    const char *model, size_t *room)
{
	enum db_step step = DB_FAILED;

	if (st != NULL)
		db_stream(st);
	while (*room > 0 && (step = db_step(st)) == DB_ROW)
		if (!chain_row(c, st, model, room))
			return rows_found(conn, DB_FAILED);
	if (*room == 0)
		return STORED_FULL;
	if (rows_found(conn, step) == STORED_TROUBLE)
		return STORED_TROUBLE;
	if (c->n > 0)
		qsort(c->links, c->n, sizeof(*c->links), oldest_first);
	return c->complete ? STORED_FOUND : STORED_NONE;
}

static enum stored_found
chain_read(struct db_conn *conn, struct chain *c, const char *owner,
    const char *id, const char *model, size_t *room)
{
	enum stored_found	 found;
	struct db_stmt		*st;

	/* Found before the texts are read, which else wait in a sorter. */
	st = db_prepare(conn, "WITH RECURSIVE chain (id, previous, depth) AS"
	    " (SELECT id, previous, 0 FROM turn WHERE owner = ?1 AND id = ?2"
	    " UNION ALL SELECT turn.id, turn.previous, depth + 1 FROM turn"
	    " JOIN chain ON turn.id = chain.previous WHERE turn.owner = ?1 AND"
	    " depth < ?3) SELECT sorted.previous, turn.model, turn.input,"
	    " turn.output, turn.conversation, turn.start, sorted.depth"
	    " FROM (SELECT id, previous, depth FROM chain ORDER BY depth DESC"
	    " LIMIT ?3 + 1) AS sorted"
	    " LEFT JOIN turn ON turn.id = sorted.id AND turn.owner = ?1",
	    owner, id);
	if (st != NULL)
		db_bind_int(st, 3, CHAIN_MAX);
	found = read_rows(conn, c, st, model, room);
	db_done(st);
	if (found == STORED_FOUND && c->conversation != 0 &&
	    !conversation_text(conn, c->conversation, c->start, model, room,
	    &c->before))
		found = *room > 0 ? STORED_TROUBLE : STORED_FULL;
	return found;
}

json_object *
stored_chain(struct stored *s, const char *owner, const char *id,
    const char *model, size_t *room, enum stored_found *found)
{
	struct chain		 c = { .n = 0 };
	struct db_conn		*conn;
	json_object		*all = NULL;
	enum stored_found	 is;

	if (s == NULL)
		return rows_object(NULL, STORED_NONE, found);
	if ((conn = db_enter(s->db)) == NULL)
		return rows_object(NULL, STORED_TROUBLE, found);
	is = chain_read(conn, &c, owner, id, model, room);
	db_leave(conn);
	if (is == STORED_FOUND)
		all = chain_items(&c);
	chain_finish(&c);
	return rows_object(all, is, found);
}
