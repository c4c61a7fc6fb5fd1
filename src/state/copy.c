/* From a data directory into the database that hosts share. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "state/copy.h"
#include "state/db.h"
#include "state/ledger-rows.h"
#include "state/ledger-take.h"
#include "state/rows.h"

#define WHY_SIZE	200
#define AT_ONCE		200		/* rows of a transaction */
#define MARK		"copy-"		/* of a ledger, among its places */

struct copy {
	const char		*home;
	struct db_conn		*from, *to;
	struct copy_counts	*counts;
	/* The items of a conversation: their numbers there and here. */
	int64_t			(*numbers)[2];
	size_t			 n, room;
};

/* Bind the columns of a row to a statement; NULLs are NULLs. */
static void
pass_on(struct db_stmt *row, const char *types, struct db_stmt *st)
{
	const char	*p;
	size_t		 n;
	int		 i;

	for (i = 0; types[i] != '\0'; i++)
		if (db_is_null(row, i))
			db_bind_text(st, i + 1, NULL);
		else if (types[i] == 'n')
			db_bind_int(st, i + 1, db_int(row, i));
		else if ((p = db_text(row, i, &n)) != NULL)
			db_bind_bytes(st, i + 1, p, n);
}

/* A row with a statement that takes its columns as they come. */
static bool
put(struct copy *c, struct db_stmt *row, const char *types, const char *sql)
{
	struct db_stmt *st = db_prepare(c->to, sql, NULL, NULL);

	if (st == NULL)
		return false;
	pass_on(row, types, st);
	return db_finish(st);
}

/* The rows that belong to a row; "key" is a number, or two texts. */
struct part {
	const char	*select, *types, *insert;
};

static bool
put_all(struct copy *c, const struct part *p, struct db_stmt *st)
{
	enum db_step	step;
	bool		ok = true;

	while (ok && (step = db_step(st)) == DB_ROW)
		ok = put(c, st, p->types, p->insert);
	db_done(st);
	return ok && step == DB_DONE;
}

/* --- Responses. */

#define TURN "owner, id, previous, model, created, size, input, output," \
	" response, interaction, start, conversation"
#define TURN_TYPES "ttttnntttt"

static const struct part items_of_turn = {
	"SELECT owner, id, turn, output, place FROM item"
	" WHERE owner = ?1 AND turn = ?2 ORDER BY output, place", "tttnn",
	"INSERT INTO item (owner, id, turn, output, place)"
	" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING"
};

/* The number here of the last item up to that one there. */
static int64_t
number_of(const struct copy *c, int64_t there)
{
	size_t i;

	for (i = c->n; i > 0 && c->numbers[i - 1][0] > there; i--)
		;
	if (i > 0)
		return c->numbers[i - 1][1];
	return c->n > 0 ? c->numbers[0][1] - 1 : 0;
}

/*
 * A turn, which is in this conversation; 0: in none, or in one that was
 * deleted, and no number is 0.
 */
static bool
put_turn(struct copy *c, struct db_stmt *row, int64_t conversation)
{
	struct db_stmt *st = db_prepare(c->to, "INSERT INTO turn (" TURN ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
	    " ON CONFLICT (owner, id) DO NOTHING", NULL, NULL);

	if (st == NULL)
		return false;
	pass_on(row, TURN_TYPES, st);
	if (db_is_null(row, 11))
		db_bind_text(st, 12, NULL);
	else
		db_bind_int(st, 12, conversation);
	if (db_is_null(row, 10))
		db_bind_text(st, 11, NULL);
	else
		db_bind_int(st, 11, number_of(c, db_int(row, 10)));
	if (!db_finish(st))
		return false;
	if (db_changes(c->to) == 0) {
		c->counts->there[COPY_RESPONSES]++;
		return true;
	}
	c->counts->copied[COPY_RESPONSES]++;
	return put_all(c, &items_of_turn, db_prepare(c->from,
	    items_of_turn.select, db_text(row, 0, NULL),
	    db_text(row, 1, NULL)));
}

/* --- Conversations, each with its items and turns in one transaction. */

static bool
put_item(struct copy *c, struct db_stmt *row, int64_t conversation)
{
	struct db_stmt	*st = db_prepare(c->to, "INSERT INTO conversation_item"
			    " (id, model, size, item, conversation)"
			    " VALUES (?1, ?2, ?3, ?4, ?5) RETURNING n", NULL,
			    NULL);
	bool		 ok;

	if (st == NULL)
		return false;
	pass_on(row, "ttnt", st);
	db_bind_int(st, 5, conversation);
	ok = db_step(st) == DB_ROW;
	if (ok && c->n == c->room) {
		c->room = c->room > 0 ? 2 * c->room : 64;
		c->numbers = xrealloc(c->numbers,
		    c->room * sizeof(*c->numbers));
	}
	if (ok) {
		c->numbers[c->n][0] = db_int(row, 4);
		c->numbers[c->n++][1] = db_int(st, 0);
	}
	db_done(st);
	return ok;
}

static bool
put_items(struct copy *c, int64_t there, int64_t here)
{
	struct db_stmt	*st = db_prepare(c->from, "SELECT id, model, size,"
			    " item, n FROM conversation_item"
			    " WHERE conversation = ?1 ORDER BY n", NULL, NULL);
	enum db_step	 step = DB_FAILED;
	bool		 ok = st != NULL;

	c->n = 0;
	if (ok)
		db_bind_int(st, 1, there);
	while (ok && (step = db_step(st)) == DB_ROW)
		ok = put_item(c, st, here);
	db_done(st);
	return ok && step == DB_DONE;
}

static bool
put_turns(struct copy *c, int64_t there, int64_t here)
{
	struct db_stmt	*st = db_prepare(c->from, "SELECT " TURN " FROM turn"
			    " WHERE conversation = ?1", NULL, NULL);
	enum db_step	 step = DB_FAILED;
	bool		 ok = st != NULL;

	if (ok)
		db_bind_int(st, 1, there);
	while (ok && (step = db_step(st)) == DB_ROW)
		ok = put_turn(c, st, here);
	db_done(st);
	return ok && step == DB_DONE;
}

/* -1: trouble; 0: it was there before. */
static int64_t
put_conversation(struct copy *c, struct db_stmt *row)
{
	struct db_stmt	*st = db_prepare(c->to, "INSERT INTO conversation"
			    " (owner, id, created, used, metadata, size)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
			    " ON CONFLICT (owner, id) DO NOTHING RETURNING n",
			    NULL, NULL);
	int64_t		 n = 0;

	if (st == NULL)
		return -1;
	/* Its items add their sizes. */
	pass_on(row, "ttnnt", st);
	db_bind_int(st, 6, (int64_t)db_length(row, 4));
	return rows_insert(st, &n) ? n : -1;
}

static bool
copy_conversation(struct copy *c, struct db_stmt *row)
{
	struct copy_counts	before = *c->counts;
	int64_t			there = db_int(row, 5), here;
	bool			ok;

	if ((ok = db_begin(c->to))) {
		here = put_conversation(c, row);
		ok = here >= 0 && (here == 0 || (put_items(c, there, here) &&
		    put_turns(c, there, here)));
		if (here == 0)
			c->counts->there[COPY_CONVERSATIONS]++;
		else
			c->counts->copied[COPY_CONVERSATIONS]++;
	}
	if (!(ok = db_end(c->to, ok, "not copied")))
		*c->counts = before;
	c->n = 0;
	return ok;
}

static bool
copy_conversations(struct copy *c)
{
	struct db_stmt	*st = db_prepare(c->from, "SELECT owner, id, created,"
			    " used, metadata, n FROM conversation ORDER BY n",
			    NULL, NULL);
	enum db_step	 step = DB_FAILED;
	bool		 ok = st != NULL;

	while (ok && (step = db_step(st)) == DB_ROW)
		ok = copy_conversation(c, st);
	db_done(st);
	return ok && step == DB_DONE;
}

/* --- What has no number of its own: some rows in each transaction. */

static bool
put_thought(struct copy *c, struct db_stmt *row)
{
	bool ok = put(c, row, "ttnttt", "INSERT INTO thought (owner, call,"
	    " created, model, opaque, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT (owner, call) DO NOTHING");

	if (ok && db_changes(c->to) > 0)
		c->counts->copied[COPY_THOUGHTS]++;
	else if (ok)
		c->counts->there[COPY_THOUGHTS]++;
	return ok;
}

static bool
put_completion(struct copy *c, struct db_stmt *row)
{
	bool ok = put(c, row, "tttnnttt", "INSERT INTO completion (owner, id,"
	    " model, created, size, metadata, messages, object)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	    " ON CONFLICT (owner, id) DO NOTHING");

	if (ok && db_changes(c->to) > 0)
		c->counts->copied[COPY_COMPLETIONS]++;
	else if (ok)
		c->counts->there[COPY_COMPLETIONS]++;
	return ok;
}

static bool
put_lone_turn(struct copy *c, struct db_stmt *row)
{
	return put_turn(c, row, 0);
}

static bool
put_events(struct copy *c, int64_t there, int64_t here)
{
	struct db_stmt	*row, *st;
	enum db_step	 step = DB_FAILED;
	bool		 ok;

	row = db_prepare(c->from, "SELECT number, event FROM background_event"
	    " WHERE run = ?1 ORDER BY number", NULL, NULL);
	if ((ok = row != NULL))
		db_bind_int(row, 1, there);
	while (ok && (step = db_step(row)) == DB_ROW) {
		st = db_prepare(c->to, "INSERT INTO background_event"
		    " (number, event, run) VALUES (?1, ?2, ?3)", NULL, NULL);
		if ((ok = st != NULL)) {
			pass_on(row, "nt", st);
			db_bind_int(st, 3, here);
		}
		ok = ok && db_finish(st);
	}
	db_done(row);
	return ok && step == DB_DONE;
}

static bool
put_background(struct copy *c, struct db_stmt *row)
{
	struct db_stmt	*st = db_prepare(c->to, "INSERT INTO background"
			    " (owner, id, process, status, created, finished,"
			    " told, code, why, response, input) VALUES (?1,"
			    " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
			    " ON CONFLICT (owner, id) DO NOTHING RETURNING n",
			    NULL, NULL);
	int64_t		 here = 0;

	if (st == NULL)
		return false;
	pass_on(row, "ttttnnntttt", st);
	if (!rows_insert(st, &here))
		return false;
	if (here == 0) {
		c->counts->there[COPY_BACKGROUND]++;
		return true;
	}
	c->counts->copied[COPY_BACKGROUND]++;
	return put_events(c, db_int(row, 11), here);
}

static bool
copy_rows(struct copy *c, const char *sql,
    bool (*one)(struct copy *, struct db_stmt *))
{
	struct db_stmt		*st = db_prepare(c->from, sql, NULL, NULL);
	struct copy_counts	 before = *c->counts;
	enum db_step		 step = DB_ROW;
	bool			 ok = st != NULL;
	int			 n;

	while (ok && step == DB_ROW) {
		ok = db_begin(c->to);
		for (n = 0; ok && n < AT_ONCE &&
		    (step = db_step(st)) == DB_ROW; n++)
			ok = one(c, st);
		if ((ok = db_end(c->to, ok, "not copied")))
			before = *c->counts;
	}
	*c->counts = before;
	db_done(st);
	return ok && step == DB_DONE;
}

static bool
copy_stored(struct copy *c)
{
	return copy_conversations(c) &&
	    copy_rows(c, "SELECT " TURN " FROM turn WHERE conversation IS NULL"
	    " OR NOT EXISTS (SELECT 1 FROM conversation"
	    " WHERE conversation.n = turn.conversation)", put_lone_turn) &&
	    copy_rows(c, "SELECT owner, id, model, created, size, metadata,"
	    " messages, object FROM completion ORDER BY created, n",
	    put_completion) &&
	    copy_rows(c, "SELECT owner, call, created, model, opaque, text"
	    " FROM thought", put_thought) &&
	    copy_rows(c, "SELECT owner, id, process, status, created,"
	    " finished, told, code, why, response, input, n FROM background"
	    " WHERE finished IS NOT NULL", put_background);
}

/* --- The ledger: sums, which must not be added twice. */

struct adding {
	struct copy	*copy;
	bool		 ok;
};

static void
add_row(const struct ledger_row *r, void *arg)
{
	struct adding *a = arg;

	a->ok = a->ok && ledger_sum_add(a->copy->to, r);
	a->copy->counts->copied[COPY_USAGE]++;
}

/* A name for this ledger, which stays with it. */
static bool
find_mark(struct copy *c, struct journal_place *mark)
{
	struct db_stmt	*st = db_prepare(c->from, "SELECT generation"
			    " FROM place WHERE generation LIKE '" MARK "%'",
			    NULL, NULL);
	enum db_step	 step = db_step(st);
	bool		 ok;

	if (step == DB_ROW)
		snprintf(mark->generation, sizeof(mark->generation), "%s",
		    db_text(st, 0, NULL));
	db_done(st);
	if (step != DB_DONE)
		return step == DB_ROW;
	memcpy(mark->generation, MARK, strlen(MARK));
	util_random_hex(mark->generation + strlen(MARK),
	    JOURNAL_ID_SIZE - 1 - strlen(MARK));
	ok = db_begin(c->from) && ledger_place_set(c->from, mark);
	return db_end(c->from, ok, "not marked");
}

static const struct part places = {
	"SELECT generation, taken, seen FROM place"
	" WHERE generation NOT LIKE '" MARK "%'", "tnn",
	"INSERT INTO place (generation, taken, seen) VALUES (?1, ?2, ?3)"
	" ON CONFLICT (generation) DO NOTHING"
};

/*
 * All of it and how far its journal is in it, or nothing: "taken" of the mark
 * is how many answers were copied.
 */
static bool
add_all(struct copy *c, struct journal_place *mark)
{
	struct adding	a = { c, true };
	int64_t		requests;

	requests = db_number(c->from,
	    "SELECT coalesce(sum(requests), 0) FROM usage");
	mark->offset = -1;
	if (requests < 0 || !ledger_place_get(c->to, mark))
		return false;
	if (mark->offset >= 0) {
		c->counts->there[COPY_USAGE] = db_number(c->from,
		    "SELECT count(*) FROM usage");
		c->counts->usage_differs = mark->offset != requests;
		return true;
	}
	mark->offset = requests;
	return ledger_row_each(c->from, INT64_MIN, INT64_MAX, NULL, add_row,
	    &a) && a.ok && put_all(c, &places, db_prepare(c->from,
	    places.select, NULL, NULL)) && ledger_place_set(c->to, mark);
}

/*
 * The directory's journal goes into its file first, but for what a server has
 * begun to take over into the database, which goes on with it.
 */
static bool
settle_file(struct copy *c, struct journal_file *f)
{
	const struct ledger_source	from = { c->home, false };
	struct journal_place		at = f->at;

	at.offset = -1;
	if (!ledger_place_get(c->to, &at))
		return false;
	return at.offset >= 0 || ledger_take_file(c->from, &from, f);
}

static bool
settle(struct copy *c)
{
	struct journal_files	files;
	size_t			i;
	bool			ok;

	if (!journal_open(c->home, LEDGER_JOURNAL, &files))
		return false;
	ok = db_begin(c->from);
	for (i = 0; ok && i < files.n; i++)
		ok = settle_file(c, &files.list[i]);
	ok = db_end(c->from, ok, "not taken over");
	journal_close(&files);
	return ok;
}

static bool
copy_usage(struct copy *c)
{
	struct journal_place	mark = { .generation = "" };
	bool			ok;

	if (!settle(c) || !find_mark(c, &mark) || !db_begin_reading(c->from))
		return false;
	ok = db_begin(c->to) && add_all(c, &mark);
	ok = db_end(c->to, ok, "not copied");
	db_end_reading(c->from);
	if (!ok)
		c->counts->copied[COPY_USAGE] = 0;
	return ok;
}

/* --- Both files. */

static bool
copy_file(const struct state_place *at, const struct db_schema *schema,
    bool (*copy)(struct copy *), struct copy_counts *counts, char *why)
{
	struct db	*from = db_create(&(struct state_place){
			    .home = at->home }, schema);
	struct db	*to = db_create(at, schema);
	struct copy	 c = { .home = at->home, .counts = counts };
	bool		 ok = false;

	if (from == NULL || to == NULL)
		snprintf(why, WHY_SIZE, "this program was built without %s",
		    from == NULL ? "SQLite" : "PostgreSQL");
	else if ((c.from = db_enter(from)) == NULL)
		snprintf(why, WHY_SIZE, "%s/%s can't be opened", at->home,
		    schema->file);
	else if ((c.to = db_enter(to)) == NULL)
		snprintf(why, WHY_SIZE, "the database can't be opened");
	else if (!(ok = copy(&c)))
		snprintf(why, WHY_SIZE, "%s: %s", schema->what,
		    db_fault(c.to) != DB_FINE ? db_why(c.to) :
		    db_fault(c.from) != DB_FINE ? db_why(c.from) :
		    "the journal can't be taken over");
	if (c.to != NULL)
		db_leave(c.to);
	if (c.from != NULL)
		db_leave(c.from);
	db_destroy(to);
	db_destroy(from);
	free(c.numbers);
	return ok;
}

bool
state_copy(const struct state_place *to, struct copy_counts *counts,
    char why[static WHY_SIZE])
{
	*counts = (struct copy_counts){ 0 };
	return copy_file(to, &stored_schema, copy_stored, counts, why) &&
	    copy_file(to, &ledger_schema, copy_usage, counts, why);
}
