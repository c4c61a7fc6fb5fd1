/* What keys have spent. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "state/spending.h"

#define WAIT_MS		200	/* for the first sums */
#define SPENT_MS	2000	/* sums are that old at the most */
#define STALE_MS	60000	/* likewise, where they can't be read anew */

struct spent {
	struct spent		*next;
	char			*key;
	struct ledger_spent	 sum;
};

struct spending {
	pthread_mutex_t	 lock;
	pthread_cond_t	 is_read;
	struct spent	*spent;
	struct spent	*since;		/* noted while these are read anew */
	int64_t		 day;		/* that their days are of */
	int64_t		 tried_ms;	/* 0: never */
	int64_t		 known_ms;	/* when read; 0: never */
	bool		 busy;		/* somebody reads them anew */
	bool		 failed;	/* the last time */
};

struct spending *
spending_create(void)
{
	struct spending *s = xcalloc(1, sizeof(*s));

	pthread_mutex_init(&s->lock, NULL);
	util_cond_init(&s->is_read);
	return s;
}

static void
forget(struct spent **list)
{
	struct spent *s;

	while ((s = *list) != NULL) {
		*list = s->next;
		free(s->key);
		free(s);
	}
}

void
spending_destroy(struct spending *s)
{
	forget(&s->spent);
	forget(&s->since);
	pthread_cond_destroy(&s->is_read);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Made when it is new. */
static struct spent *
find(struct spent **list, const char *key)
{
	struct spent *s;

	for (s = *list; s != NULL && strcmp(s->key, key) != 0; s = s->next)
		;
	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->key = xstrdup(key);
		s->next = *list;
		*list = s;
	}
	return s;
}

static void
add(struct spent **list, const char *key, const struct ledger_spent *sum)
{
	struct spent *s = find(list, key);

	s->sum.month += sum->month;
	s->sum.day += sum->day;
}

void
spending_add_sum(const char *key, const struct ledger_spent *sum, void *sums)
{
	add(((struct spending_sums *)sums)->list, key, sum);
}

void
spending_add(struct spending_sums *to, const struct ledger_row *r)
{
	const struct ledger_spent sum = {
		r->start >= to->day ? r->counts.nano : 0, r->counts.nano
	};

	if (r->counts.nano != 0 && r->start >= to->month)
		add(to->list, r->key, &sum);
}

void
spending_note(struct spending *s, const struct ledger_row *r)
{
	struct spending_sums to = { INT64_MIN, 0, &s->spent };

	pthread_mutex_lock(&s->lock);
	to.day = s->day;
	if (s->known_ms != 0)
		spending_add(&to, r);
	to.list = &s->since;
	to.day = ledger_day(r->start, 0);
	if (s->busy)
		spending_add(&to, r);
	pthread_mutex_unlock(&s->lock);
}

/* Under the lock: what was read takes the place of what was known. */
static void
renew(struct spending *s, struct spent **fresh, int64_t day)
{
	const struct spent *since;

	for (since = s->since; since != NULL; since = since->next)
		add(fresh, since->key, &since->sum);
	forget(&s->spent);
	s->spent = *fresh;
	*fresh = NULL;
	s->day = day;
	s->known_ms = s->tried_ms;
}

/* Under the lock, which others have meanwhile. */
static void
read_anew(struct spending *s, int64_t now,
    bool (*read)(struct spending_sums *, void *), void *arg)
{
	struct spent		*fresh = NULL;
	struct spending_sums	 to = {
		ledger_month(now, 0), ledger_day(now, 0), &fresh
	};
	bool			 ok;

	s->busy = true;
	pthread_mutex_unlock(&s->lock);
	ok = read(&to, arg);
	pthread_mutex_lock(&s->lock);
	s->busy = false;
	s->tried_ms = util_now_ms();
	if (ok)
		renew(s, &fresh, to.day);
	else if (!s->failed)
		log_err("usage: what keys have spent can't be read; those with "
		    "a budget are refused after a minute, or at once when it "
		    "never could be");
	s->failed = !ok;
	forget(&fresh);
	forget(&s->since);
	pthread_cond_broadcast(&s->is_read);
}

/* Under the lock: the first sums are waited for, for a moment. */
static void
wait_known(struct spending *s)
{
	struct timespec	until = util_after_ms(WAIT_MS);
	int		rc = 0;

	while (s->known_ms == 0 && s->busy && rc == 0)
		rc = pthread_cond_timedwait(&s->is_read, &s->lock, &until);
}

bool
spending_of(struct spending *s, const char *key, struct ledger_spent *sum,
    bool (*read)(struct spending_sums *, void *), void *arg)
{
	int64_t	now = (int64_t)time(NULL);
	bool	known;

	pthread_mutex_lock(&s->lock);
	if (!s->busy && (s->tried_ms == 0 ||
	    util_now_ms() - s->tried_ms >= SPENT_MS ||
	    s->day != ledger_day(now, 0)))
		read_anew(s, now, read, arg);
	wait_known(s);
	known = s->known_ms != 0 && util_now_ms() - s->known_ms < STALE_MS;
	*sum = find(&s->spent, key)->sum;
	pthread_mutex_unlock(&s->lock);
	return known;
}
