/* Bytes that were fetched lately. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/util.h"
#include "remote/blob.h"
#include "remote/cache.h"

#define BYTES_MAX	((size_t)64 << 20)
#define PERCENT		12	/* of maxMemoryBytes, if that is less */
#define ENTRIES_MAX	1024
#define ENTRY_OVERHEAD	512	/* two strings and the rest */

struct entry {
	struct entry		*next;
	char			*scope, *address;
	struct remote_blob	*blob;
};

/* The list begins with what was used last. */
struct remote_cache {
	struct entry		*first;
	size_t			 n, bytes;
	struct budget_account	 memory;
};

static size_t
cost(const struct entry *e)
{
	return ENTRY_OVERHEAD + e->blob->bytes.cap + strlen(e->scope) +
	    strlen(e->address);
}

static void
entry_free(struct entry *e)
{
	remote_blob_unref(e->blob);
	free(e->scope);
	free(e->address);
	free(e);
}

static void
drop(struct remote_cache *c, struct entry **p)
{
	struct entry *e = *p;

	*p = e->next;
	c->n--;
	c->bytes -= cost(e);
	budget_hold(&c->memory, c->bytes);
	entry_free(e);
}

static void
drop_last(struct remote_cache *c)
{
	struct entry **p = &c->first;

	while ((*p)->next != NULL)
		p = &(*p)->next;
	drop(c, p);
}

struct remote_cache *
remote_cache_create(struct budget *budget)
{
	struct remote_cache *c = xcalloc(1, sizeof(*c));

	/* A holder of its own: no client's key has a line break in it. */
	if (budget != NULL)
		c->memory.holder = budget_holder(budget, "images\n", PERCENT);
	return c;
}

void
remote_cache_destroy(struct remote_cache *c)
{
	if (c == NULL)
		return;
	while (c->first != NULL)
		drop_last(c);
	budget_close(&c->memory);
	free(c);
}

struct remote_blob *
remote_cache_get(struct remote_cache *c, const char *scope,
    const char *address)
{
	struct entry **p, *e;

	for (p = &c->first; (e = *p) != NULL; p = &e->next)
		if (strcmp(e->scope, scope) == 0 &&
		    strcmp(e->address, address) == 0) {
			*p = e->next;
			e->next = c->first;
			c->first = e;
			return remote_blob_ref(e->blob);
		}
	return NULL;
}

/* False: not even an empty cache has room for it. */
static bool
make_room(struct remote_cache *c, size_t n)
{
	if (n > BYTES_MAX)
		return false;
	while (c->n >= ENTRIES_MAX || c->bytes + n > BYTES_MAX ||
	    !budget_hold(&c->memory, c->bytes + n)) {
		if (c->first == NULL)
			return false;
		drop_last(c);
	}
	return true;
}

void
remote_cache_put(struct remote_cache *c, const char *scope,
    const char *address, struct remote_blob *blob)
{
	struct remote_blob	*old = remote_cache_get(c, scope, address);
	struct entry		*e;

	if (old != NULL) {		/* which is the first now */
		remote_blob_unref(old);
		drop(c, &c->first);
	}
	e = xcalloc(1, sizeof(*e));
	e->scope = xstrdup(scope);
	e->address = xstrdup(address);
	e->blob = remote_blob_ref(blob);
	if (!make_room(c, cost(e))) {
		entry_free(e);
		return;
	}
	c->bytes += cost(e);
	c->n++;
	e->next = c->first;
	c->first = e;
}
