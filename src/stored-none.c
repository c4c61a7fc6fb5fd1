/* Stored responses of a program without SQLite: there are none. */
#include "config.h"

#include <stdio.h>

#include "stored.h"

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

bool
stored_usable(struct stored *s, const struct conf *conf,
    char why[static STORED_WHY_SIZE])
{
	(void)s;
	(void)conf;
	snprintf(why, STORED_WHY_SIZE,
	    "this program was built without SQLite");
	return false;
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
stored_thought_put(struct stored *s, const struct stored_thought *t)
{
	(void)s;
	(void)t;
	return false;
}

bool
stored_thought_any(struct stored *s, const char *owner, const char *model)
{
	(void)s;
	(void)owner;
	(void)model;
	return false;
}

json_object *
stored_thought_get(struct stored *s, const char *owner, const char *call)
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
stored_prune(struct stored *s, const struct conf *conf)
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
