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

const char *
stored_library(void)
{
	return sqlite3_libversion();
}

struct stored *
stored_create(const char *home)
{
	struct stored *s = sqlite_create(home, &sqlite_schema);

	s->group = state_group_create();
	return s;
}

void
stored_destroy(struct stored *s)
{
	struct state_group *group;

	if (s == NULL)
		return;
	group = s->group;
	sqlite_destroy(s);
	state_group_destroy(group);
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
	rows_bind(st, 7, t->input);
	rows_bind(st, 8, &texts->output);
	rows_bind(st, 9, &texts->response);
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
	struct conversation_texts	 joined;
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
	    " AND id = ?2", owner, id, &text, NULL);
	if (text.len > 0)
		return buf_steal(&text);
	buf_finish(&text);
	return NULL;
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
		found = rows_found(s, SQLITE_ERROR);
	else
		found = sqlite3_changes(s->db) > 0 ? STORED_FOUND : STORED_NONE;
	sqlite_deleted(s);
	sqlite_leave(s);
	return found;
}
