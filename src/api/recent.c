/* The latest requests that failed in this process. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/recent.h"
#include "base/util.h"

#define KEPT 32

struct recent {
	pthread_mutex_t		 lock;
	struct recent_error	 list[KEPT];
	size_t			 n;		/* that ever came */
};

struct recent *
recent_create(void)
{
	struct recent *r = xcalloc(1, sizeof(*r));

	pthread_mutex_init(&r->lock, NULL);
	return r;
}

void
recent_destroy(struct recent *r)
{
	if (r == NULL)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void
recent_add(struct recent *r, const struct recent_error *e)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->list[r->n++ % KEPT] = *e;
	pthread_mutex_unlock(&r->lock);
}

void
recent_list(struct recent *r, const char *key,
    void (*one)(const struct recent_error *, void *), void *arg)
{
	const struct recent_error	*e;
	size_t				 i;

	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	for (i = 0; i < KEPT && i < r->n; i++) {
		e = &r->list[(r->n - 1 - i) % KEPT];
		if (key == NULL || strcmp(key, e->key) == 0)
			one(e, arg);
	}
	pthread_mutex_unlock(&r->lock);
}
