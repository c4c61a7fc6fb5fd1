/* What a program without SQLite stores: nothing. */
#include "config.h"

#include <stdio.h>

#include "state/background.h"
#include "state/conversations.h"
#include "state/ledger.h"
#include "state/prune.h"

const char *
stored_library(void)
{
	return NULL;
}

struct stored *
stored_create(const char *home)
{
	(void)home;
	return NULL;
}

void
stored_destroy(struct stored *s)
{
	(void)s;
}

void
stored_tidy(struct stored *s)
{
	(void)s;
}

enum stored_state
stored_state(struct stored *s, const struct conf *conf,
    char why[static STORED_WHY_SIZE])
{
	(void)s;
	(void)conf;
	snprintf(why, STORED_WHY_SIZE,
	    "this program was built without SQLite");
	return STORED_OFF;
}

bool
stored_put(struct stored *s, const struct conf *conf,
    const struct stored_turn *turn)
{
	(void)s;
	(void)conf;
	(void)turn;
	return false;
}

char *
stored_interaction(struct stored *s, const char *owner, const char *id)
{
	(void)s;
	(void)owner;
	(void)id;
	return NULL;
}

json_object *
stored_response(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	(void)s;
	(void)owner;
	(void)id;
	if (found != NULL)
		*found = STORED_NONE;
	return NULL;
}

json_object *
stored_input(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	return stored_response(s, owner, id, found);
}

json_object *
stored_chain(struct stored *s, const char *owner, const char *id,
    const char *model, size_t *room, enum stored_found *found)
{
	(void)model;
	(void)room;
	return stored_response(s, owner, id, found);
}

void
stored_find(struct stored *s, const char *owner, struct stored_wanted *w,
    size_t n, size_t *room)
{
	(void)s;
	(void)owner;
	(void)room;
	while (n-- > 0) {
		w[n].item = NULL;
		w[n].found = STORED_NONE;
	}
}

json_object *
stored_item(struct stored *s, const char *owner, const char *id, size_t *room,
    enum stored_found *found)
{
	(void)room;
	return stored_response(s, owner, id, found);
}

enum stored_found
stored_delete(struct stored *s, const char *owner, const char *id)
{
	(void)s;
	(void)owner;
	(void)id;
	return STORED_NONE;
}

bool
reasoning_row_put(struct stored *s, const struct reasoning_row *t)
{
	(void)s;
	(void)t;
	return false;
}

bool
reasoning_row_any(struct stored *s, const char *owner, const char *model)
{
	(void)s;
	(void)owner;
	(void)model;
	return false;
}

json_object *
reasoning_row_get(struct stored *s, const char *owner, const char *call)
{
	return stored_response(s, owner, call, NULL);
}

int64_t
stored_count(struct stored *s, int64_t *bytes)
{
	(void)s;
	*bytes = 0;
	return -1;
}

int64_t
stored_delete_all(struct stored *s)
{
	(void)s;
	return -1;
}

int64_t
prune_all(struct stored *s, const struct conf *conf)
{
	(void)s;
	(void)conf;
	return -1;
}

bool
stored_each(struct stored *s, bool (*each)(json_object *, void *), void *arg)
{
	(void)s;
	(void)each;
	(void)arg;
	return false;
}

/* --- Conversations. */

void
conversation_finish(struct conversation *c)
{
	json_object_put(c->metadata);
	c->metadata = NULL;
}

enum stored_found
conversation_create(struct stored *s, const struct conf *conf,
    const char *owner, struct conversation *c, json_object *items, int *twice)
{
	(void)s;
	(void)conf;
	(void)owner;
	(void)c;
	(void)items;
	*twice = -1;
	return STORED_TROUBLE;
}

enum stored_found
conversation_get(struct stored *s, const char *owner, const char *id,
    struct conversation *c)
{
	(void)s;
	(void)owner;
	(void)id;
	(void)c;
	return STORED_NONE;
}

enum stored_found
conversation_update(struct stored *s, const char *owner, const char *id,
    json_object *metadata)
{
	(void)metadata;
	return conversation_get(s, owner, id, NULL);
}

enum stored_found
conversation_delete(struct stored *s, const char *owner, const char *id)
{
	return conversation_get(s, owner, id, NULL);
}

enum stored_found
conversation_add(struct stored *s, const struct conf *conf, const char *owner,
    const char *id, json_object *items, int *twice)
{
	(void)conf;
	(void)items;
	*twice = -1;
	return conversation_get(s, owner, id, NULL);
}

json_object *
conversation_items(struct stored *s, const char *owner, const char *id,
    const char *model, size_t *room, enum stored_found *found)
{
	(void)model;
	(void)room;
	*found = conversation_get(s, owner, id, NULL);
	return NULL;
}

enum stored_found
conversation_list(struct stored *s, const char *owner, const char *id,
    const struct conversation_cursor *p, size_t room,
    struct conversation_page *page)
{
	(void)p;
	(void)room;
	(void)page;
	return conversation_get(s, owner, id, NULL);
}

json_object *
conversation_item(struct stored *s, const char *owner, const char *id,
    const char *item, enum stored_found *found)
{
	(void)item;
	*found = conversation_get(s, owner, id, NULL);
	return NULL;
}

enum stored_found
conversation_item_delete(struct stored *s, const char *owner, const char *id,
    const char *item)
{
	(void)item;
	return conversation_get(s, owner, id, NULL);
}

bool
conversation_each(struct stored *s, bool (*each)(json_object *, void *),
    void *arg)
{
	return stored_each(s, each, arg);
}

struct ledger *
ledger_create(const char *home)
{
	(void)home;
	return NULL;
}

void
ledger_destroy(struct ledger *l)
{
	(void)l;
}

void
ledger_start(struct ledger *l)
{
	(void)l;
}

bool
ledger_note(struct ledger *l, const struct ledger_row *r,
    const struct ledger_keep *keep, struct ledger_wait *w)
{
	(void)l;
	(void)r;
	(void)keep;
	(void)w;
	return false;
}

bool
ledger_wait_over(struct ledger *l, struct ledger_wait *w)
{
	(void)l;
	(void)w;
	return false;
}

bool
ledger_spent(struct ledger *l, const char *key, struct ledger_spent *sum)
{
	(void)l;
	(void)key;
	*sum = (struct ledger_spent){ 0, 0 };
	return false;
}

bool
ledger_rows(struct ledger *l, int64_t since, int64_t until, const char *key,
    void (*row)(const struct ledger_row *, void *), void *arg)
{
	(void)l;
	(void)since;
	(void)until;
	(void)key;
	(void)row;
	(void)arg;
	return true;
}

/* --- Nothing runs in the background where nothing is stored. */

void
background_log_add(struct background_log *l, const char *p, size_t n)
{
	(void)l;
	(void)p;
	(void)n;
}

void
background_log_clear(struct background_log *l)
{
	(void)l;
}

void
background_log_finish(struct background_log *l)
{
	(void)l;
}

enum stored_found
background_add(struct stored *s, const struct background_start *b,
    int64_t *row)
{
	(void)s;
	(void)b;
	(void)row;
	return STORED_TROUBLE;
}

enum stored_found
background_append(struct stored *s, int64_t row,
    const struct background_log *log)
{
	(void)s;
	(void)row;
	(void)log;
	return STORED_NONE;
}

enum stored_found
background_finish(struct stored *s, int64_t row,
    const struct background_log *log, const struct background_end *end)
{
	(void)end;
	return background_append(s, row, log);
}

enum stored_found
background_get(struct stored *s, const char *owner, const char *id,
    struct background *b)
{
	(void)s;
	(void)owner;
	(void)id;
	*b = (struct background){ 0 };
	return STORED_NONE;
}

void
background_release(struct background *b)
{
	(void)b;
}

json_object *
background_input(struct stored *s, const char *owner, const char *id,
    enum stored_found *found)
{
	return stored_response(s, owner, id, found);
}

bool
background_events(struct stored *s, int64_t row, int64_t *after, size_t most,
    struct buf *out)
{
	(void)s;
	(void)row;
	(void)after;
	(void)most;
	(void)out;
	return false;
}

enum stored_found
background_cancel(struct stored *s, const char *owner, const char *id)
{
	(void)s;
	(void)owner;
	(void)id;
	return STORED_NONE;
}

enum stored_found
background_delete(struct stored *s, const char *owner, const char *id)
{
	return background_cancel(s, owner, id);
}

void
background_quit(struct stored *s)
{
	(void)s;
}
