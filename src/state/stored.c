/* Stored responses: whole turns in SQLite. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/js.h"
#include "base/log.h"
#include "base/util.h"
#include "state/conversation-rows.h"
#include "state/prune.h"
#include "state/rows.h"
#include "state/stored.h"

struct stored *
stored_create(const struct state_place *at)
{
	struct db	*db = db_create(at, &stored_schema);
	struct stored	*s;

	if (db == NULL)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->db = db;
	s->home = xstrdup(at->home);
	s->shared = at->url != NULL && at->url[0] != '\0';
	s->group = state_group_create();
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
stored_destroy(struct stored *s)
{
	if (s == NULL)
		return;
	db_destroy(s->db);
	state_group_destroy(s->group);
	pthread_mutex_destroy(&s->lock);
	free(s->home);
	free(s);
}

void
stored_tidy(struct stored *s)
{
	if (s != NULL)
		db_tidy(s->db);
}

bool
stored_is_shared(const struct stored *s)
{
	return s != NULL && s->shared;
}

enum stored_state
stored_state(struct stored *s, const struct conf *conf,
    char why[static STORED_WHY_SIZE])
{
	static const struct {
		enum stored_state	 state;
		const char		*why;
	} states[] = {
		[DB_BROKEN] = { STORED_BROKEN, "the database is away" },
		[DB_READABLE] = { STORED_READABLE,
		    "the database can only be read at the moment" },
		[DB_USABLE] = { STORED_USABLE, "" },
	};
	enum db_state is;

	if (s != NULL && conf->stored_responses_enabled) {
		is = db_state(s->db);
		snprintf(why, STORED_WHY_SIZE, "%s", states[is].why);
		return states[is].state;
	}
	if (s == NULL)
		snprintf(why, STORED_WHY_SIZE, "this program was built "
		    "without %s", state_place_kind(conf));
	else
		snprintf(why, STORED_WHY_SIZE,
		    "storedResponses.enabled is false");
	return STORED_OFF;
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

/* Where a turn is in a conversation: behind the last item. Row 0: in none. */
struct place {
	int64_t row, last;
};

/* False on trouble. *row stays as it is when there is one of that id. */
static bool
put_turn(struct db_conn *c, const struct stored_turn *t,
    const struct texts *texts, const struct place *in, int64_t *row)
{
	struct db_stmt *st;

	st = db_prepare(c, "INSERT INTO turn (owner, id, previous, model,"
	    " created, size, input, output, response, conversation, start,"
	    " interaction)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
	    " ON CONFLICT (owner, id) DO NOTHING RETURNING rowid", t->owner,
	    t->id);
	if (st == NULL)
		return false;
	db_bind_text(st, 3, t->previous);
	db_bind_text(st, 4, js_str(t->response, "model"));
	db_bind_int(st, 5, time(NULL));
	db_bind_int(st, 6, size_of(t, texts));
	rows_bind(st, 7, t->input);
	rows_bind(st, 8, &texts->output);
	rows_bind(st, 9, &texts->response);
	if (in->row != 0) {
		db_bind_int(st, 10, in->row);
		db_bind_int(st, 11, in->last);
	}
	db_bind_text(st, 12, t->interaction);
	return rows_insert(st, row);
}

/* Where items are found: a list of them, or of their ids alone. */
static bool
put_items(struct db_conn *c, const struct stored_turn *t, json_object *items,
    bool output)
{
	struct db_stmt	*st;
	json_object	*item;
	const char	*id;
	size_t		 n = js_len(items), i;

	st = db_prepare(c, "INSERT INTO item (owner, id, turn, output, place)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING", t->owner,
	    NULL);
	for (i = 0; i < n && st != NULL; i++) {
		item = json_object_array_get_idx(items, i);
		id = json_object_is_type(item, json_type_string) ?
		    json_object_get_string(item) : js_str(item, "id");
		if (id == NULL)
			continue;
		db_bind_text(st, 2, id);
		db_bind_text(st, 3, t->id);
		db_bind_int(st, 4, output);
		db_bind_int(st, 5, (int64_t)i);
		db_queue(st);
	}
	db_done(st);
	return st != NULL;
}

struct put {
	const struct conf		*conf;
	const struct stored_turn	*turn;
	struct texts			 texts;
	struct conversation_texts	 joined;
};

/* The rows of a turn, and of what it adds to its conversation. */
static bool
put_all(struct state_tx *tx, void *arg)
{
	const struct put		*p = arg;
	const struct stored_turn	*t = p->turn;
	struct place			 in = { 0 };
	int64_t				 row = 0;

	if ((t->conversation != NULL && !conversation_place(tx->c, t->owner,
	    t->conversation, &in.row, &in.last)) ||
	    !put_turn(tx->c, t, &p->texts, &in, &row))
		return false;
	if (row == 0) {
		if (!tx->again)
			log_warn("stored responses: a response could not be "
			    "kept: there is one of its id");
		return tx->again;
	}
	if (tx->fresh == 0)
		tx->fresh = row;
	return put_items(tx->c, t, t->ids, false) &&
	    put_items(tx->c, t, js_array(t->response, "output"), true) &&
	    db_settle(tx->c, NULL) &&
	    (in.row == 0 || conversation_join(tx->c, p->conf, in.row,
	    js_str(t->response, "model"), &p->joined)) &&
	    prune_bound(tx, p->conf, tx->fresh, in.row);
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

/* --- Reading. Texts that were read are parsed without the lock. */

json_object *
stored_response(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	struct buf		 text = { 0 }, output = { 0 };
	json_object		*obj, *items;
	enum stored_found	 is;

	is = rows_read(s, "SELECT response, output FROM turn WHERE owner = ?1"
	    " AND id = ?2", owner, id, &text, &output);
	obj = rows_parse_take(&text);
	items = rows_parse_take(&output);
	if (obj != NULL && items != NULL)
		js_add_take(obj, "output", items);
	else {
		json_object_put(items);
		json_object_put(obj);
		obj = NULL;
	}
	return rows_object(obj, is, found);
}

json_object *
stored_input(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	struct buf		text = { 0 };
	enum stored_found	is;

	is = rows_read(s, "SELECT input FROM turn WHERE owner = ?1 AND id = ?2",
	    owner, id, &text, NULL);
	return rows_object(rows_parse_take(&text), is, found);
}

char *
stored_interaction(struct stored *s, const char *owner, const char *id)
{
	struct buf text = { 0 };

	rows_read(s, "SELECT interaction FROM turn WHERE owner = ?1"
	    " AND id = ?2 AND interaction IS NOT NULL", owner, id, &text,
	    NULL);
	if (text.len > 0)
		return buf_steal(&text);
	buf_finish(&text);
	return NULL;
}

enum stored_found
stored_delete(struct stored *s, const char *owner, const char *id)
{
	return rows_change(s, "DELETE FROM turn WHERE owner = ?1 AND id = ?2",
	    owner, id, "a response could not be deleted");
}
