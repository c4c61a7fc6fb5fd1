/* The ledger's arithmetic: days, months, sums. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/js.h"
#include "base/util.h"
#include "state/ledger-sums.h"

#define DAY	86400

int64_t
ledger_day(int64_t t, int n)
{
	return t - t % DAY + (int64_t)n * DAY;
}

int64_t
ledger_month(int64_t t, int n)
{
	struct tm	tm;
	time_t		at = (time_t)t;

	gmtime_r(&at, &tm);
	tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
	tm.tm_mday = 1;
	tm.tm_mon += n;
	return (int64_t)timegm(&tm);
}

void
ledger_add(struct ledger_counts *sum, const struct ledger_counts *c)
{
	sum->requests += c->requests;
	sum->input += c->input;
	sum->cached += c->cached;
	sum->cache_write += c->cache_write;
	sum->output += c->output;
	sum->nano += c->nano;
	sum->estimated += c->estimated;
}

/* --- As text. */

#define NANO	INT64_C(1000000000)

void
ledger_credits(int64_t nano, char out[static LEDGER_CREDITS_SIZE])
{
	size_t n;

	n = (size_t)snprintf(out, LEDGER_CREDITS_SIZE, "%lld.%09lld",
	    (long long)(nano / NANO), (long long)(nano % NANO));
	while (out[n - 1] == '0')
		n--;
	if (out[n - 1] == '.')
		n--;
	out[n] = '\0';
}

static void
add_credits(json_object *obj, const char *name, int64_t nano)
{
	char credits[LEDGER_CREDITS_SIZE];

	ledger_credits(nano, credits);
	js_add_take(obj, name, json_object_new_double_s((double)nano /
	    (double)NANO, credits));
}

void
ledger_counts_json(const struct ledger_counts *c, json_object *obj)
{
	js_add_int(obj, "requests", c->requests);
	js_add_int(obj, "input_tokens", c->input);
	js_add_int(obj, "cached_tokens", c->cached);
	js_add_int(obj, "cache_write_tokens", c->cache_write);
	js_add_int(obj, "output_tokens", c->output);
	add_credits(obj, "credits", c->nano);
	add_credits(obj, "estimated_credits", c->estimated);
}

/* --- Groups. */

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

struct ledger_group *
ledger_group(struct ledger_groups *g, int64_t start, const char *key,
    const char *model)
{
	struct ledger_group	*one;
	size_t			 i;

	/* Rows come by time: the last ones are the likely ones. */
	for (i = g->n; i > 0; i--) {
		one = &g->list[i - 1];
		if (one->start == start && same(one->key, key) &&
		    same(one->model, model))
			return one;
	}
	g->list = util_grow(g->list, g->n, sizeof(*g->list));
	one = &g->list[g->n++];
	*one = (struct ledger_group){
		.start = start,
		.key = key != NULL ? xstrdup(key) : NULL,
		.model = model != NULL ? xstrdup(model) : NULL
	};
	return one;
}

static int
dearer_first(const void *a, const void *b)
{
	const struct ledger_group *x = a, *y = b;

	if (x->counts.nano != y->counts.nano)
		return x->counts.nano < y->counts.nano ? 1 : -1;
	return strcmp(x->key, y->key);
}

void
ledger_groups_by_cost(struct ledger_groups *g)
{
	if (g->n > 1)
		qsort(g->list, g->n, sizeof(*g->list), dearer_first);
}

void
ledger_groups_finish(struct ledger_groups *g)
{
	while (g->n > 0) {
		g->n--;
		free(g->list[g->n].key);
		free(g->list[g->n].model);
	}
	free(g->list);
	g->list = NULL;
}
