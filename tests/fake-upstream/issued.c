/* A set of pairs of strings, kept as hashes in an open table. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "issued.h"

#define SLOTS	((size_t)1 << 16)

static uint64_t
hash(const char *a, const char *b)
{
	uint64_t h = util_hash(a);

	if (b != NULL)
		h = (h ^ util_hash(b)) * 0x9e3779b97f4a7c15u + 1;
	return h != 0 ? h : 1;
}

/* Where the hash is, or would go. */
static size_t
find(const struct issued *s, uint64_t h)
{
	size_t i = (size_t)(h ^ h >> 32) % SLOTS;

	while (s->slot[i] != 0 && s->slot[i] != h)
		i = (i + 1) % SLOTS;
	return i;
}

static void
add(struct issued *s, uint64_t h)
{
	size_t i;

	if (s->n > SLOTS / 4 * 3) {
		memset(s->slot, 0, SLOTS * sizeof(*s->slot));
		s->n = 0;
	}
	i = find(s, h);
	if (s->slot[i] == 0)
		s->n++;
	s->slot[i] = h;
}

void
issued_add(struct issued *s, const char *a, const char *b)
{
	if (s->slot == NULL)
		s->slot = xcalloc(SLOTS, sizeof(*s->slot));
	add(s, hash(a, NULL));
	add(s, hash(a, b));
}

bool
issued_has(const struct issued *s, const char *a, const char *b)
{
	uint64_t h = hash(a, b);

	return s->slot != NULL && s->slot[find(s, h)] == h;
}

void
issued_clear(struct issued *s)
{
	free(s->slot);
	*s = (struct issued){ 0 };
}
