/* Stored items, found by their ids. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/buf.h"
#include "base/js.h"
#include "base/util.h"
#include "state/rows.h"
#include "state/stored.h"

/* Where one is: in the input or output of a turn, at a place. */
struct spot {
	struct stored_wanted	*wanted;
	char			*turn;
	bool			 output;
	size_t			 place;
};

/* A model's output comes before what a client made of it. */
static enum stored_found
find_spot(struct db_conn *c, const char *owner, struct spot *spot)
{
	struct db_stmt		*st;
	enum stored_found	 found;

	st = db_prepare(c, "SELECT turn, output, place FROM item"
	    " WHERE owner = ?1 AND id = ?2 ORDER BY output DESC LIMIT 1",
	    owner, spot->wanted->id);
	found = rows_step(c, st);
	if (found == STORED_FOUND) {
		spot->turn = xstrdup(db_text(st, 0, NULL));
		spot->output = db_int(st, 1) != 0;
		spot->place = (size_t)db_int(st, 2);
	}
	db_done(st);
	return found;
}

static int
by_turn(const void *a, const void *b)
{
	const struct spot	*x = a, *y = b;
	int			 rc = strcmp(x->turn, y->turn);

	if (rc == 0)
		rc = (int)x->output - (int)y->output;
	return rc != 0 ? rc : x->place < y->place ? -1 : x->place > y->place;
}

static bool
same_text(const struct spot *a, const struct spot *b)
{
	return a->output == b->output && strcmp(a->turn, b->turn) == 0;
}

/* About how much text an item is. */
static size_t
length_of(json_object *item)
{
	size_t n = 16, i;

	switch (json_object_get_type(item)) {
	case json_type_string:
		return n + (size_t)json_object_get_string_len(item);
	case json_type_array:
		for (i = 0; i < js_len(item); i++)
			n += length_of(json_object_array_get_idx(item, i));
		return n;
	case json_type_object: {
		json_object_object_foreach(item, key, value)
			n += strlen(key) + length_of(value);
		return n;
	}
	default:
		return n;
	}
}

static void
give(struct stored_wanted *w, json_object *take, enum stored_found is,
    size_t *room)
{
	if (is == STORED_FOUND && (take == NULL ||
	    !rows_room(room, length_of(take)))) {
		is = take == NULL ? STORED_TROUBLE : STORED_FULL;
		json_object_put(take);
		take = NULL;
	}
	w->item = take;
	w->found = is;
}

/* All that stand in one text, which is read once. */
static void
give_of_turn(struct stored *s, const char *owner, const struct spot *spots,
    size_t n, size_t *room)
{
	struct buf		 text = { 0 };
	json_object		*items, *item, *copy;
	enum stored_found	 is = STORED_FULL;
	size_t			 i;

	if (*room > 0)
		is = rows_read(s, spots->output ?
		    "SELECT output FROM turn WHERE owner = ?1 AND id = ?2" :
		    "SELECT input FROM turn WHERE owner = ?1 AND id = ?2",
		    owner, spots->turn, &text, NULL);
	items = rows_parse_take(&text);
	for (i = 0; i < n; i++) {
		item = spots[i].place < js_len(items) ?
		    json_object_array_get_idx(items, spots[i].place) : NULL;
		copy = NULL;
		/* One that is asked for twice is edited apart. */
		if (i == 0 || spots[i].place != spots[i - 1].place)
			copy = json_object_get(item);
		else if (item != NULL && *room > 0 &&
		    budget_afford(2 * length_of(item)))
			json_object_deep_copy(item, &copy, NULL);
		give(spots[i].wanted, copy, is, room);
	}
	json_object_put(items);
}

/* An item of a conversation, which has a row of its own. */
static void
give_of_conversation(struct stored *s, const char *owner,
    struct stored_wanted *w, size_t *room)
{
	struct buf		text = { 0 };
	enum stored_found	is = STORED_FULL;

	if (*room > 0)
		is = rows_read(s, "SELECT item FROM conversation_item"
		    " JOIN conversation ON conversation.n = conversation"
		    " WHERE owner = ?1 AND conversation_item.id = ?2"
		    " ORDER BY conversation_item.n DESC LIMIT 1", owner, w->id,
		    &text, NULL);
	give(w, rows_parse_take(&text), is, room);
}

/* The spots of those that stand in turns; the others are told of at once. */
static size_t
find_spots(struct db_conn *c, const char *owner, struct stored_wanted *w,
    size_t n, struct spot *spots)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		w[i].item = NULL;
		spots[found] = (struct spot){ .wanted = &w[i] };
		w[i].found = find_spot(c, owner, &spots[found]);
		found += w[i].found == STORED_FOUND;
	}
	return found;
}

void
stored_find(struct stored *s, const char *owner, struct stored_wanted *w,
    size_t n, size_t *room)
{
	struct db_conn	*c;
	struct spot	*spots;
	size_t		 found = 0, i, k;

	for (i = 0; i < n; i++)
		w[i] = (struct stored_wanted){ w[i].id, NULL,
		    s == NULL ? STORED_NONE : STORED_TROUBLE };
	if (n == 0 || s == NULL || (c = db_enter(s->db)) == NULL)
		return;
	spots = xcalloc(n, sizeof(*spots));
	found = find_spots(c, owner, w, n, spots);
	db_leave(c);
	qsort(spots, found, sizeof(*spots), by_turn);
	for (i = 0; i < found; i = k) {
		for (k = i + 1; k < found && same_text(&spots[k], &spots[i]);
		    k++)
			;
		give_of_turn(s, owner, &spots[i], k - i, room);
	}
	for (i = 0; i < n; i++)
		if (w[i].found == STORED_NONE)
			give_of_conversation(s, owner, &w[i], room);
	for (i = 0; i < found; i++)
		free(spots[i].turn);
	free(spots);
}

json_object *
stored_item(struct stored *s, const char *owner, const char *id, size_t *room,
    enum stored_found *found)
{
	struct stored_wanted w = { .id = id };

	if (*room == 0)
		return rows_object(NULL, STORED_FULL, found);
	stored_find(s, owner, &w, 1, room);
	if (found != NULL)
		*found = w.found;
	return w.item;
}
