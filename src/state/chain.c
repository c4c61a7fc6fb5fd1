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

/* False when it can't be read. What there is no room for leaves none. */
static bool
chain_row(struct chain *c, sqlite3_stmt *st, const char *model, size_t *room)
{
	const char	*made = (const char *)sqlite3_column_text(st, 1);
	struct link	*l;

	c->links = util_grow(c->links, c->n, sizeof(*c->links));
	l = &c->links[c->n++];
	*l = (struct link){ .foreign = made != NULL && model != NULL &&
	    strcmp(made, model) != 0 };
	if (sqlite3_column_type(st, 0) == SQLITE_NULL) {
		c->complete = true;
		c->conversation = sqlite3_column_int64(st, 4);
		c->start = sqlite3_column_int64(st, 5);
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

/* Read all rows of a chain, and what is before them. */
static enum stored_found
chain_read(struct stored *s, struct chain *c, sqlite3_stmt *st,
    const char *model, size_t *room)
{
	int rc = SQLITE_ERROR;

	while (*room > 0 && (rc = sqlite3_step(st)) == SQLITE_ROW)
		if (!chain_row(c, st, model, room))
			return rows_found(s, SQLITE_ERROR);
	if (*room == 0)
		return STORED_FULL;
	if (rows_found(s, rc) == STORED_TROUBLE)
		return STORED_TROUBLE;
	if (!c->complete)
		return STORED_NONE;
	if (c->conversation != 0 && !conversation_text(s, c->conversation,
	    c->start, model, room, &c->before))
		return *room > 0 ? STORED_TROUBLE : STORED_FULL;
	return STORED_FOUND;
}

json_object *
stored_chain(struct stored *s, const char *owner, const char *id,
    const char *model, size_t *room, enum stored_found *found)
{
	struct chain		 c = { .n = 0 };
	json_object		*all = NULL;
	sqlite3_stmt		*st;
	enum stored_found	 is = STORED_TROUBLE;

	if (s == NULL || !sqlite_enter(s))
		return rows_object(NULL, is, found);
	/* Ordered before the texts are read: else all wait in the sorter. */
	st = sqlite_prepare(s, "WITH RECURSIVE chain (id, previous, depth) AS"
	    " (SELECT id, previous, 0 FROM turn WHERE owner = ?1 AND id = ?2"
	    " UNION ALL SELECT turn.id, turn.previous, depth + 1 FROM turn"
	    " JOIN chain ON turn.id = chain.previous WHERE turn.owner = ?1 AND"
	    " depth < ?3) SELECT sorted.previous, turn.model, turn.input,"
	    " turn.output, turn.conversation, turn.start FROM (SELECT id,"
	    " previous FROM chain ORDER BY depth DESC LIMIT -1) AS sorted"
	    " CROSS JOIN turn ON turn.id = sorted.id AND turn.owner = ?1",
	    owner, id);
	if (st != NULL) {
		sqlite3_bind_int(st, 3, CHAIN_MAX);
		is = chain_read(s, &c, st, model, room);
	}
	sqlite_done(st);
	sqlite_leave(s);
	if (is == STORED_FOUND)
		all = chain_items(&c);
	chain_finish(&c);
	return rows_object(all, is, found);
}
