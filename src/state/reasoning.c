/* Thoughts of models before they called a tool. */
#include "config.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/js.h"
#include "base/util.h"
#include "state/reasoning.h"
#include "state/stored.h"

#define ENTRIES		4096		/* the oldest goes */
#define BYTES_MAX	(16u << 20)	/* of all of them */
#define CALLS_MAX	128

/* A thought of one owner about one call; the name is owner and id. */
struct entry {
	char		*name;
	uint64_t	 hash;		/* of the name; 0: free */
	char		*model, *opaque, *text;
	size_t		 size;
};

/* A ring: "next" is where the newest goes, and the oldest is. */
struct reasoning {
	struct stored	*stored;
	pthread_mutex_t	 lock;		/* of all below */
	struct entry	 ring[ENTRIES];
	size_t		 next, oldest, bytes;
};

struct reasoning *
reasoning_create(struct stored *stored)
{
	struct reasoning *t = xcalloc(1, sizeof(*t));

	t->stored = stored;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

static void
entry_clear(struct reasoning *t, struct entry *e)
{
	t->bytes -= e->size;
	free(e->name);
	free(e->model);
	free(e->opaque);
	free(e->text);
	*e = (struct entry){ 0 };
}

void
reasoning_destroy(struct reasoning *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < ENTRIES; i++)
		entry_clear(t, &t->ring[i]);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* --- In memory. */

static void
ring_put(struct reasoning *t, struct entry *e)
{
	pthread_mutex_lock(&t->lock);
	entry_clear(t, &t->ring[t->next]);
	t->ring[t->next] = *e;
	t->bytes += e->size;
	t->next = (t->next + 1) % ENTRIES;
	if (t->oldest == t->next)
		t->oldest = (t->oldest + 1) % ENTRIES;
	while (t->bytes > BYTES_MAX) {
		entry_clear(t, &t->ring[t->oldest]);
		t->oldest = (t->oldest + 1) % ENTRIES;
	}
	pthread_mutex_unlock(&t->lock);
}

static json_object *
thought_object(const char *model, const char *opaque, const char *text)
{
	json_object *obj = json_object_new_object();

	js_add_str(obj, "model", model);
	js_add_str(obj, "reasoning_opaque", opaque);
	if (text != NULL)
		js_add_str(obj, "reasoning_text", text);
	return obj;
}

/* The newest of that name. */
static json_object *
ring_get(struct reasoning *t, const char *name)
{
	uint64_t	 hash = util_hash(name);
	struct entry	*e;
	json_object	*obj = NULL;
	size_t		 i;

	pthread_mutex_lock(&t->lock);
	for (i = 1; i <= ENTRIES && obj == NULL; i++) {
		e = &t->ring[(t->next + ENTRIES - i) % ENTRIES];
		if (e->hash == hash && e->name != NULL &&
		    strcmp(e->name, name) == 0)
			obj = thought_object(e->model, e->opaque, e->text);
	}
	pthread_mutex_unlock(&t->lock);
	return obj;
}

/* --- The answer. */

static void
keep_call(const struct reasoning_scope *who, const char *owner,
    const char *call, const char *opaque, const char *text, bool disk)
{
	struct entry e = {
		.name = xasprintf("%s %s", owner, call),
		.model = xstrdup(who->model),
		.opaque = xstrdup(opaque),
		.text = text != NULL ? xstrdup(text) : NULL,
	};

	e.hash = util_hash(e.name);
	e.size = strlen(e.name) + strlen(e.model) + strlen(opaque) +
	    (text != NULL ? strlen(text) : 0);
	ring_put(who->thoughts, &e);
	if (disk)
		reasoning_row_put(who->thoughts->stored, &(struct
		    reasoning_row){ owner, call, who->model, opaque, text });
}

void
reasoning_keep(const struct reasoning_scope *who, const char *opaque,
    const char *text, json_object *calls)
{
	char	owner[STATE_OWNER_SIZE], why[STORED_WHY_SIZE];
	bool	disk;
	size_t	i, n = js_len(calls);

	if (who->thoughts == NULL)
		return;
	state_owner(who->key, owner);
	disk = !who->memory_only &&
	    stored_state(who->thoughts->stored, who->conf, why) ==
	    STORED_USABLE;
	for (i = 0; i < n; i++)
		keep_call(who, owner, json_object_get_string(
		    json_object_array_get_idx(calls, i)), opaque, text, disk);
}

/* --- The request. */

/* Where it is worth looking: most models never have thoughts to give back. */
struct places {
	char	owner[STATE_OWNER_SIZE];
	bool	memory, disk;
};

static void
find_places(const struct reasoning_scope *who, struct places *p)
{
	struct reasoning	*t = who->thoughts;
	char		 why[STORED_WHY_SIZE];

	state_owner(who->key, p->owner);
	pthread_mutex_lock(&t->lock);
	p->memory = t->bytes > 0;
	pthread_mutex_unlock(&t->lock);
	p->disk = stored_state(t->stored, who->conf, why) != STORED_OFF &&
	    reasoning_row_any(t->stored, p->owner, who->model);
}

static json_object *
find(const struct reasoning_scope *who, const struct places *p,
    const char *call)
{
	char		*name = xasprintf("%s %s", p->owner, call);
	json_object	*found = NULL;

	if (p->memory)
		found = ring_get(who->thoughts, name);
	free(name);
	if (found == NULL && p->disk)
		found = reasoning_row_get(who->thoughts->stored,
		    p->owner, call);
	/* No model can read another one's. */
	if (found != NULL && !js_is(found, "model", who->model)) {
		json_object_put(found);
		found = NULL;
	}
	return found;
}

static bool
restore(const struct reasoning_scope *who, const struct places *p,
    json_object *msg)
{
	json_object	*calls = js_array(msg, "tool_calls"), *found = NULL;
	const char	*id;
	size_t		 n = js_len(calls), i;

	for (i = 0; i < n && i < CALLS_MAX && found == NULL; i++) {
		id = js_str(json_object_array_get_idx(calls, i), "id");
		if (id != NULL)
			found = find(who, p, id);
	}
	if (found == NULL)
		return false;
	js_add_ref(msg, "reasoning_opaque", js_get(found, "reasoning_opaque"));
	if (js_get(msg, "reasoning_text") == NULL &&
	    js_get(msg, "reasoning_content") == NULL &&
	    js_get(found, "reasoning_text") != NULL)
		js_add_ref(msg, "reasoning_text",
		    js_get(found, "reasoning_text"));
	json_object_put(found);
	return true;
}

bool
reasoning_any(const struct reasoning_scope *who)
{
	struct places p;

	if (who->thoughts == NULL)
		return false;
	find_places(who, &p);
	return p.memory || p.disk;
}

bool
reasoning_restore(const struct reasoning_scope *who, json_object *messages)
{
	struct places	 p = { .memory = true };
	json_object	*msg;
	size_t		 n = js_len(messages), i;
	bool		 changed = false, asked = false;

	for (i = 0; who->thoughts != NULL && i < n && (p.memory || p.disk);
	    i++) {
		msg = json_object_array_get_idx(messages, i);
		if (js_array(msg, "tool_calls") == NULL ||
		    js_get(msg, "reasoning_opaque") != NULL)
			continue;
		if (!asked)
			find_places(who, &p);
		asked = true;
		changed |= restore(who, &p, msg);
	}
	return changed;
}
