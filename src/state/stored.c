/* Stored responses: whole turns in SQLite. */
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
#include "state/sqlite.h"
#include "state/stored.h"

#define CHAIN_MAX	10000	/* turns */
#define COUNT_ALL	"SELECT (SELECT COUNT(*) FROM turn) +" \
	" (SELECT COUNT(*) FROM conversation)"

const char *
stored_library(void)
{
	return sqlite3_libversion();
}

struct stored *
stored_create(const char *home)
{
	return sqlite_create(home, &sqlite_schema);
}

void
stored_destroy(struct stored *s)
{
	sqlite_destroy(s);
}

void
stored_tidy(struct stored *s)
{
	struct stat	 st;
	char		*log;

	if (s == NULL)
		return;
	log = xasprintf("%s-wal", s->path);
	if (stat(log, &st) == 0 && st.st_size > 0)
		sqlite_wal_forget(s->log);
	free(log);
}

enum stored_state
stored_state(struct stored *s, const struct conf *conf,
    char why[static STORED_WHY_SIZE])
{
	const char		*off = s == NULL ? "this program was built "
	    "without SQLite" : "storedResponses.enabled is false";
	enum stored_state	 state = STORED_BROKEN;

	if (s == NULL || !conf->stored_responses_enabled) {
		snprintf(why, STORED_WHY_SIZE, "%s", off);
		return STORED_OFF;
	}
	if (sqlite_enter(s)) {
		state = STORED_READABLE;
		if (sqlite_is_locked(s))
			snprintf(why, STORED_WHY_SIZE, "%s: another process "
			    "has locked it", s->path);
		else {
			if (s->refused_until == 0)
				state = STORED_USABLE;
			snprintf(why, STORED_WHY_SIZE, "%s", s->why);
		}
		sqlite_leave(s);
	} else if (pthread_mutex_trylock(&s->lock) == 0) {
		snprintf(why, STORED_WHY_SIZE, "%s", s->why);
		pthread_mutex_unlock(&s->lock);
	} else
		snprintf(why, STORED_WHY_SIZE, "%s: the disk is slow",
		    s->path);
	return state;
}

/* --- Keeping. */

/* A turn as text, made before the lock is taken. */
struct texts {
	struct buf output, response;
};

static void
texts_make(struct texts *t, const struct stored_turn *turn)
{
	json_object	*output, *rest = json_object_new_object();
	json_object	*none = json_object_new_array();

	output = js_array(turn->response, "output");
	js_print(output != NULL ? output : none, &t->output);
	/* The member keeps its place for stored_response(). */
	json_object_object_foreach(turn->response, key, v)
		js_add_ref(rest, key, v == output ? none : v);
	js_print(rest, &t->response);
	json_object_put(none);
	json_object_put(rest);
}

static void
texts_finish(struct texts *t)
{
	buf_finish(&t->output);
	buf_finish(&t->response);
}

static int64_t
size_of(const struct stored_turn *turn, const struct texts *t)
{
	return (int64_t)(turn->input->len + t->output.len + t->response.len);
}

static void
bind_buf(sqlite3_stmt *st, int i, const struct buf *b)
{
	sqlite3_bind_text64(st, i, buf_str(b), b->len, SQLITE_STATIC,
	    SQLITE_UTF8);
}

/* Where a turn is in a conversation: behind the last item. Row 0: in none. */
struct place {
	int64_t row, last;
};

static bool
put_turn(struct stored *s, const struct stored_turn *t,
    const struct texts *texts, const struct place *in)
{
	sqlite3_stmt	*st;
	const char	*model = js_str(t->response, "model");

	st = sqlite_prepare(s, "INSERT INTO turn (owner, id, previous, model,"
	    " created, size, input, output, response, conversation, start,"
	    " interaction)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	    t->owner,
	    t->id);
	if (st == NULL)
		return false;
	if (t->previous != NULL)
		sqlite3_bind_text(st, 3, t->previous, -1, SQLITE_STATIC);
	if (model != NULL)
		sqlite3_bind_text(st, 4, model, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 5, time(NULL));
	sqlite3_bind_int64(st, 6, size_of(t, texts));
	bind_buf(st, 7, t->input);
	bind_buf(st, 8, &texts->output);
	bind_buf(st, 9, &texts->response);
	if (in->row != 0) {
		sqlite3_bind_int64(st, 10, in->row);
		sqlite3_bind_int64(st, 11, in->last);
	}
	if (t->interaction != NULL)
		sqlite3_bind_text(st, 12, t->interaction, -1, SQLITE_STATIC);
	return sqlite_finish(st);
}

/* Where items are found: a list of them, or of their ids alone. */
static bool
put_items(struct stored *s, const struct stored_turn *t, json_object *items,
    bool output)
{
	sqlite3_stmt	*st;
	json_object	*item;
	const char	*id;
	size_t		 n = js_len(items), i;
	bool		 ok = true;

	st = sqlite_prepare(s, "INSERT OR IGNORE INTO item (owner, id, turn,"
	    " output, place) VALUES (?1, ?2, ?3, ?4, ?5)", t->owner, NULL);
	for (i = 0; i < n && st != NULL && ok; i++) {
		item = json_object_array_get_idx(items, i);
		id = json_object_is_type(item, json_type_string) ?
		    json_object_get_string(item) : js_str(item, "id");
		if (id == NULL)
			continue;
		sqlite3_bind_text(st, 2, id, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 3, t->id, -1, SQLITE_STATIC);
		sqlite3_bind_int(st, 4, output);
		sqlite3_bind_int64(st, 5, (int64_t)i);
		ok = sqlite3_step(st) == SQLITE_DONE;
		sqlite3_reset(st);
	}
	ok = ok && st != NULL;
	sqlite_done(st);
	return ok;
}

struct put {
	const struct conf		*conf;
	const struct stored_turn	*turn;
	struct texts			 texts;
	struct conversation_texts		 joined;
};

/* The rows of a turn, and of what it adds to its conversation. */
static bool
put_all(struct stored *s, void *arg)
{
	const struct put		*p = arg;
	const struct stored_turn	*t = p->turn;
	struct place			 in = { 0 };

	if ((t->conversation != NULL && !conversation_place(s, t->owner,
	    t->conversation, &in.row, &in.last)) ||
	    !put_turn(s, t, &p->texts, &in))
		return false;
	if (s->fresh == 0)
		s->fresh = sqlite3_last_insert_rowid(s->db);
	return put_items(s, t, t->ids, false) &&
	    put_items(s, t, js_array(t->response, "output"), true) &&
	    (in.row == 0 || conversation_join(s, p->conf, in.row,
	    js_str(t->response, "model"), &p->joined)) &&
	    prune_bound(s, p->conf, s->fresh, in.row);
}

bool
stored_put(struct stored *s, const struct conf *conf,
    const struct stored_turn *t)
{
	struct put	p = { .conf = conf, .turn = t };
	bool		ok;

	if (s == NULL)
		return false;
	texts_make(&p.texts, t);
	conversation_texts_make(&p.joined, t->joined);
	/* One that is alone too much would take all others with it. */
	ok = size_of(t, &p.texts) <= conf->stored_responses_max_bytes &&
	    state_group_put(s, put_all, &p, "a response could not be kept");
	texts_finish(&p.texts);
	conversation_texts_finish(&p.joined);
	return ok;
}

/* --- Reading. What was read is parsed without the lock. */

static bool
append_column(sqlite3_stmt *st, int column, struct buf *out)
{
	const void *p = sqlite3_column_text(st, column);

	if (p != NULL)
		buf_append(out, p, (size_t)sqlite3_column_bytes(st, column));
	return p != NULL;
}

/* What the last step of a statement came to. */
static enum stored_found
found_by(struct stored *s, int rc)
{
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return rc == SQLITE_ROW ? STORED_FOUND : STORED_NONE;
	log_err("stored responses: %s", sqlite3_errmsg(s->db));
	return STORED_TROUBLE;
}

/* Is there memory for the texts of two columns? */
static bool
affordable(sqlite3_stmt *st, int first, int second)
{
	return budget_afford(2 * ((size_t)sqlite3_column_bytes(st, first) +
	    (size_t)sqlite3_column_bytes(st, second)));
}

/* Two columns of one row. */
static enum stored_found
row_of(struct stored *s, const char *sql, const char *owner, const char *id,
    struct buf *first, struct buf *second)
{
	sqlite3_stmt		*st;
	enum stored_found	 found;

	if (s == NULL || !sqlite_enter(s))
		return STORED_TROUBLE;
	st = sqlite_prepare(s, sql, owner, id);
	found = found_by(s, st != NULL ? sqlite3_step(st) : SQLITE_ERROR);
	if (found == STORED_FOUND && !affordable(st, 0, second != NULL))
		found = STORED_FULL;
	/* The text may be on a page of its own, which is read only now. */
	else if (found == STORED_FOUND && (!append_column(st, 0, first) ||
	    (second != NULL && !append_column(st, 1, second))))
		found = found_by(s, SQLITE_ERROR);
	sqlite_done(st);
	sqlite_leave(s);
	return found;
}

static json_object *
parse_take(struct buf *text)
{
	json_object *obj = text->len > 0 ?
	    js_parse_quiet(text->p, text->len) : NULL;

	buf_finish(text);
	return obj;
}

/* What was found has to be JSON; else the file was damaged. */
static json_object *
found_object(json_object *take, enum stored_found is, enum stored_found *found)
{
	if (is == STORED_FOUND && take == NULL)
		is = STORED_TROUBLE;
	if (found != NULL)
		*found = is;
	return take;
}

json_object *
stored_response(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	struct buf		 text = { 0 }, output = { 0 };
	json_object		*obj, *items;
	enum stored_found	 is;

	is = row_of(s, "SELECT response, output FROM turn WHERE owner = ?1 AND"
	    " id = ?2", owner, id, &text, &output);
	obj = parse_take(&text);
	items = parse_take(&output);
	if (obj != NULL && items != NULL)
		js_add_take(obj, "output", items);
	else {
		json_object_put(items);
		json_object_put(obj);
		obj = NULL;
	}
	return found_object(obj, is, found);
}

json_object *
stored_input(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	struct buf		text = { 0 };
	enum stored_found	is;

	is = row_of(s, "SELECT input FROM turn WHERE owner = ?1 AND id = ?2",
	    owner, id, &text, NULL);
	return found_object(parse_take(&text), is, found);
}

char *
stored_interaction(struct stored *s, const char *owner, const char *id)
{
	struct buf text = { 0 };

	row_of(s, "SELECT interaction FROM turn WHERE owner = ?1 AND id = ?2",
	    owner, id, &text, NULL);
	if (text.len > 0)
		return buf_steal(&text);
	buf_finish(&text);
	return NULL;
}

/* Is there room for so many bytes more? Else there is none from now on. */
static bool
take_room(size_t *room, size_t n)
{
	*room = n < *room ? *room - n : 0;
	return *room > 0;
}

/* --- Items by their ids. */

/* Where one is: in the input or output of a turn, at a place. */
struct spot {
	struct stored_wanted	*wanted;
	char			*turn;
	bool			 output;
	size_t			 place;
};

/* What a model put out comes before what a client made of it. */
static enum stored_found
find_spot(struct stored *s, const char *owner, struct spot *spot)
{
	sqlite3_stmt		*st;
	enum stored_found	 found;

	st = sqlite_prepare(s, "SELECT turn, output, place FROM item"
	    " WHERE owner = ?1 AND id = ?2 ORDER BY output DESC LIMIT 1",
	    owner, spot->wanted->id);
	found = found_by(s, st != NULL ? sqlite3_step(st) : SQLITE_ERROR);
	if (found == STORED_FOUND) {
		spot->turn = xstrdup((const char *)sqlite3_column_text(st, 0));
		spot->output = sqlite3_column_int(st, 1) != 0;
		spot->place = (size_t)sqlite3_column_int64(st, 2);
	}
	sqlite_done(st);
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
	    !take_room(room, length_of(take)))) {
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
		is = row_of(s, spots->output ?
		    "SELECT output FROM turn WHERE owner = ?1 AND id = ?2" :
		    "SELECT input FROM turn WHERE owner = ?1 AND id = ?2",
		    owner, spots->turn, &text, NULL);
	items = parse_take(&text);
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
		is = row_of(s, "SELECT item FROM conversation_item"
		    " JOIN conversation ON conversation.n = conversation"
		    " WHERE owner = ?1 AND conversation_item.id = ?2"
		    " ORDER BY conversation_item.n DESC LIMIT 1", owner, w->id,
		    &text, NULL);
	give(w, parse_take(&text), is, room);
}

/* The spots of those that stand in turns; the others are told of at once. */
static size_t
find_spots(struct stored *s, const char *owner, struct stored_wanted *w,
    size_t n, struct spot *spots)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		w[i].item = NULL;
		spots[found] = (struct spot){ .wanted = &w[i] };
		w[i].found = find_spot(s, owner, &spots[found]);
		found += w[i].found == STORED_FOUND;
	}
	return found;
}

void
stored_find(struct stored *s, const char *owner, struct stored_wanted *w,
    size_t n, size_t *room)
{
	struct spot	*spots;
	size_t		 found = 0, i, k;

	for (i = 0; i < n; i++)
		w[i] = (struct stored_wanted){ w[i].id, NULL, STORED_TROUBLE };
	if (n == 0 || s == NULL || !sqlite_enter(s))
		return;
	spots = xcalloc(n, sizeof(*spots));
	found = find_spots(s, owner, w, n, spots);
	sqlite_leave(s);
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
		return found_object(NULL, STORED_FULL, found);
	stored_find(s, owner, &w, 1, room);
	if (found != NULL)
		*found = w.found;
	return w.item;
}

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

	if ((c->n & (c->n - 1)) == 0)
		c->links = xrealloc(c->links,
		    (c->n > 0 ? c->n * 2 : 1) * sizeof(*c->links));
	l = &c->links[c->n++];
	*l = (struct link){ .foreign = made != NULL && model != NULL &&
	    strcmp(made, model) != 0 };
	if (sqlite3_column_type(st, 0) == SQLITE_NULL) {
		c->complete = true;
		c->conversation = sqlite3_column_int64(st, 4);
		c->start = sqlite3_column_int64(st, 5);
	}
	if (!affordable(st, 2, 3)) {
		*room = 0;
		return true;
	}
	if (!append_column(st, 2, &l->input) ||
	    !append_column(st, 3, &l->output))
		return false;
	take_room(room, l->input.len + l->output.len);
	return true;
}

/* False when they can't be read; no text is fine. */
static bool
add_items(json_object *to, struct buf *text, bool foreign)
{
	json_object	*items = parse_take(text), *item;
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
			return found_by(s, SQLITE_ERROR);
	if (*room == 0)
		return STORED_FULL;
	if (found_by(s, rc) == STORED_TROUBLE)
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
		return found_object(NULL, is, found);
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
	return found_object(all, is, found);
}

enum stored_found
stored_delete(struct stored *s, const char *owner, const char *id)
{
	sqlite3_stmt		*st;
	enum stored_found	 found;

	if (s == NULL || !sqlite_enter(s))
		return STORED_TROUBLE;
	st = sqlite_prepare(s, "DELETE FROM turn WHERE owner = ?1 AND id = ?2",
	    owner, id);
	if (!sqlite_finish(st))
		found = found_by(s, SQLITE_ERROR);
	else
		found = sqlite3_changes(s->db) > 0 ? STORED_FOUND : STORED_NONE;
	sqlite_deleted(s);
	sqlite_leave(s);
	return found;
}

/* --- For the command line. */

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
		    "DELETE FROM conversation; DELETE FROM thought"),
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
		append_column(st, 3 + i, &text[i]);
	js_add_str(obj, "id", (const char *)sqlite3_column_text(st, 0));
	js_add_str(obj, "owner", (const char *)sqlite3_column_text(st, 1));
	js_add_str(obj, "previous_response_id",
	    (const char *)sqlite3_column_text(st, 2));
	js_add_take(obj, "input", parse_take(&text[0]));
	response = parse_take(&text[2]);
	if (response != NULL)
		js_add_take(response, "output", parse_take(&text[1]));
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
stored_rows(struct stored *s, const char *sql,
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

bool
stored_each(struct stored *s, bool (*each)(json_object *, void *), void *arg)
{
	return stored_rows(s, "SELECT id, owner, previous, input, output,"
	    " response FROM turn ORDER BY created, rowid", turn_of, each, arg);
}
