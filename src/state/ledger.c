/* The account of what was used: notes, and what becomes of them. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/util.h"
#include "state/journal.h"
#include "state/ledger-rows.h"
#include "state/ledger.h"

#define WAIT_MS		200	/* for the disk, before an answer's end */
#define TAKE_MS		1000	/* between two takings over */
#define SPENT_MS	2000	/* sums are that old at the most */
#define COMPACT_MS	3600000
#define PENDING_MAX	(16 << 20) /* notes in memory, while the disk refuses */
#define LEFT_BYTES	(64 << 10) /* a journal that a short process leaves */
#define TEXT_MAX	128	/* of a name in a line */

struct spent {
	struct spent		*next;
	char			*key;
	struct ledger_spent	 sum;
};

struct ledger {
	struct journal		*journal;
	struct stored		*db;
	pthread_t		 writer, taker;
	bool			 threaded;	/* there are to be two */
	bool			 started;
	bool			 taking;	/* there is a taker */

	pthread_mutex_t		 lock;		/* of all below */
	pthread_cond_t		 written;
	pthread_cond_t		 to_write, to_take;
	struct buf		 pending;	/* lines, to be written */
	uint64_t		 noted, on_record;	/* how many */
	bool			 slow;		/* nobody waits for him */
	bool			 refused;	/* by the disk, lately */
	bool			 fresh;		/* there is to take over */
	bool			 stop;
	struct ledger_keep	 keep;		/* as last heard */
	int64_t			 compact_ms;	/* when it is due */
	struct spent		*spent;
	int64_t			 spent_day;	/* that their days are of */
	int64_t			 spent_ms;	/* when read; 0: never */
	bool			 spent_busy;	/* somebody reads them anew */
};

static void
init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static struct timespec
after_ms(int64_t ms)
{
	struct timespec	t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ms += t.tv_nsec / 1000000;
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	return t;
}

struct ledger *
ledger_create(const char *home)
{
	struct ledger *l = xcalloc(1, sizeof(*l));

	l->journal = journal_create(home, LEDGER_JOURNAL);
	l->db = sqlite_create(home, &ledger_schema);
	pthread_mutex_init(&l->lock, NULL);
	init_cond(&l->written);
	init_cond(&l->to_write);
	init_cond(&l->to_take);
	return l;
}

/* --- Lines of the journal. */

#define FIELDS 13	/* the last one says that the line is whole */

static void
put_text(struct buf *out, const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0' && n < TEXT_MAX; n++)
		buf_putc(out, (unsigned char)s[n] < 0x20 || s[n] == 0x7f ?
		    '?' : s[n]);
	buf_putc(out, '\t');
}

static void
put_line(struct buf *out, const struct ledger_row *r)
{
	const struct ledger_counts *c = &r->counts;

	buf_printf(out, "%lld\t%d\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t",
	    (long long)r->start, r->status, (long long)c->requests,
	    (long long)c->input, (long long)c->cached,
	    (long long)c->cache_write, (long long)c->output,
	    (long long)c->nano);
	put_text(out, r->key);
	put_text(out, r->model);
	put_text(out, r->endpoint);
	put_text(out, r->initiator);
	buf_puts(out, ".\n");
}

/*
 * False for a line that was not written to its end. Those of older versions
 * don't say who asked.
 */
static bool
read_line(char *line, struct ledger_row *r)
{
	char	*f[FIELDS], *at = line;
	int64_t	 n[8];
	size_t	 i, fields;

	for (fields = 0; fields < FIELDS && at != NULL; fields++)
		f[fields] = strsep(&at, "\t");
	if (fields < FIELDS - 1 || at != NULL ||
	    strcmp(f[fields - 1], ".") != 0)
		return false;
	for (i = 0; i < COUNT(n); i++)
		if (!util_parse_int64(f[i], &n[i]))
			return false;
	*r = (struct ledger_row){
		.start = n[0], .status = (int)n[1],
		.counts = { n[2], n[3], n[4], n[5], n[6], n[7] },
		.key = f[8], .model = f[9], .endpoint = f[10],
		.initiator = fields == FIELDS ? f[11] : ""
	};
	return true;
}

/* --- From memory into the journal. */

/* Under the lock: write what is pending. Others add to what is next. */
static void
write_pending(struct ledger *l)
{
	struct buf	lines = l->pending;
	uint64_t	upto = l->noted;
	bool		ok;
	int		why;

	l->pending = (struct buf){ 0 };
	pthread_mutex_unlock(&l->lock);
	ok = lines.len == 0 || journal_append(l->journal, lines.p, lines.len);
	why = errno;
	pthread_mutex_lock(&l->lock);
	if (ok) {
		l->on_record = upto;
		l->slow = l->refused = false;
		l->fresh |= lines.len > 0;
		pthread_cond_broadcast(&l->to_take);
	} else {
		if (!l->refused)
			log_warn("usage: %s: %s; it is kept in memory until "
			    "that is possible", LEDGER_JOURNAL, strerror(why));
		l->refused = true;
		buf_append(&lines, buf_str(&l->pending), l->pending.len);
		buf_finish(&l->pending);
		l->pending = lines;
		lines = (struct buf){ 0 };
	}
	buf_finish(&lines);
	pthread_cond_broadcast(&l->written);
}

/* Under the lock, until the note of this number is on record, or can't be. */
static void
wait_written(struct ledger *l, uint64_t number)
{
	struct timespec until = after_ms(WAIT_MS);

	while (l->on_record < number && !l->refused && !l->slow) {
		if (!l->started)
			write_pending(l);
		else if (pthread_cond_timedwait(&l->written, &l->lock,
		    &until) == ETIMEDOUT && l->on_record < number) {
			l->slow = true;
			log_warn("usage: the disk is slow");
		}
	}
}

static void	add_spent(struct ledger *, const struct ledger_row *);
static void	start(struct ledger *);

void
ledger_note(struct ledger *l, const struct ledger_row *r,
    const struct ledger_keep *keep, bool wait)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	if (l->pending.len < PENDING_MAX) {
		put_line(&l->pending, r);
		l->noted++;
		add_spent(l, r);
	} else
		log_err("usage: an answer is not counted: the disk refuses");
	l->keep = *keep;
	start(l);
	pthread_cond_signal(&l->to_write);
	if (wait)
		wait_written(l, l->noted);
	pthread_mutex_unlock(&l->lock);
}

/* --- From the journal into the database. */

static bool
take_line(char *line, void *arg)
{
	struct ledger_row r;

	return !read_line(line, &r) || ledger_row_add(arg, &r);
}

/* Under the database's lock, in a transaction. */
static bool
take_all(struct ledger *l, struct journal_place *at,
    const struct ledger_keep *keep)
{
	struct journal_place before;

	if (!ledger_place_get(l->db, at))
		return false;
	before = *at;
	return journal_read(l->journal, at, take_line, l->db) &&
	    ((before.offset == at->offset &&
	    strcmp(before.generation, at->generation) == 0) ||
	    ledger_place_set(l->db, at)) &&
	    (keep == NULL || ledger_compact(l->db, keep, (int64_t)time(NULL)));
}

static bool
take_over(struct ledger *l, const struct ledger_keep *keep)
{
	struct journal_place	at = { .generation = "" };
	bool			ok;

	if (!sqlite_enter(l->db))
		return false;
	ok = sqlite_begin(l->db);
	ok = sqlite_end(l->db, ok && take_all(l, &at, keep),
	    "not taken over yet");
	sqlite_leave(l->db);
	if (ok)
		journal_cut(l->journal, &at);
	return ok;
}

/* Under the lock: have what is pending written, but don't wait for long. */
static void
flush(struct ledger *l)
{
	struct timespec	until = after_ms(WAIT_MS);
	int		rc = 0;

	if (!l->started && l->pending.len > 0)
		write_pending(l);
	while (l->started && l->on_record < l->noted && rc == 0) {
		pthread_cond_signal(&l->to_write);
		rc = pthread_cond_timedwait(&l->written, &l->lock, &until);
	}
}

/* Write and take over what there is. */
static bool
settle(struct ledger *l)
{
	struct ledger_keep	keep;
	int64_t			now = util_now_ms();
	bool			old, ok;

	pthread_mutex_lock(&l->lock);
	keep = l->keep;
	flush(l);
	old = keep.hours > 0 && now >= l->compact_ms;
	l->fresh = false;
	pthread_mutex_unlock(&l->lock);
	ok = take_over(l, old ? &keep : NULL);
	pthread_mutex_lock(&l->lock);
	if (ok && old)
		l->compact_ms = now + COMPACT_MS;
	l->fresh |= !ok;
	pthread_mutex_unlock(&l->lock);
	return ok;
}

/* --- Two threads: nobody who writes waits for the database. */

/* Under the lock: some time passes, unless it is the last. */
static void
rest(struct ledger *l)
{
	struct timespec	until = after_ms(TAKE_MS);
	int		rc = 0;

	while (!l->stop && rc == 0)
		rc = pthread_cond_timedwait(&l->to_take, &l->lock, &until);
}

/* What comes while lines are written goes with the next ones. */
static void *
write_all(void *arg)
{
	struct ledger *l = arg;

	pthread_mutex_lock(&l->lock);
	while (!l->stop) {
		if (l->pending.len == 0) {
			pthread_cond_wait(&l->to_write, &l->lock);
			continue;
		}
		write_pending(l);
		if (l->refused)
			rest(l);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static void *
take_all_over(void *arg)
{
	struct ledger *l = arg;

	pthread_mutex_lock(&l->lock);
	while (!l->stop) {
		if (!l->fresh) {
			pthread_cond_wait(&l->to_take, &l->lock);
			continue;
		}
		rest(l);
		pthread_mutex_unlock(&l->lock);
		settle(l);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void
ledger_start(struct ledger *l)
{
	if (l != NULL)
		l->threaded = true;
}

/* Under the lock. They begin with the first note. */
static void
start(struct ledger *l)
{
	if (!l->threaded || l->started)
		return;
	if (pthread_create(&l->writer, NULL, write_all, l) != 0)
		return;
	l->started = true;
	/* Without it the journal waits for the next start. */
	l->taking = pthread_create(&l->taker, NULL, take_all_over, l) == 0;
}

static void
finish_threads(struct ledger *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->to_write);
	pthread_cond_broadcast(&l->to_take);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->writer, NULL);
	if (l->taking)
		pthread_join(l->taker, NULL);
	l->started = false;
}

static void
forget_spent(struct ledger *l)
{
	struct spent *s;

	while ((s = l->spent) != NULL) {
		l->spent = s->next;
		free(s->key);
		free(s);
	}
}

void
ledger_destroy(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->started)
		finish_threads(l);
	/* A short process leaves a few lines to the next one. */
	if (l->pending.len > 0 || (l->noted > 0 && (l->threaded ||
	    journal_size(l->journal) > LEFT_BYTES)))
		settle(l);
	if (l->pending.len > 0)
		log_err("usage: answers are not counted: the disk refuses");
	forget_spent(l);
	buf_finish(&l->pending);
	sqlite_destroy(l->db);
	journal_destroy(l->journal);
	pthread_cond_destroy(&l->written);
	pthread_cond_destroy(&l->to_write);
	pthread_cond_destroy(&l->to_take);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* --- Reading. */

bool
ledger_rows(struct ledger *l, int64_t since, int64_t until, const char *key,
    void (*row)(const struct ledger_row *, void *), void *arg)
{
	bool ok;

	if (l == NULL)
		return true;
	settle(l);
	if (!sqlite_enter(l->db))
		return false;
	ok = ledger_row_each(l->db, since, until, key, row, arg);
	sqlite_leave(l->db);
	return ok;
}

/* Under the lock; made when it is new. */
static struct spent *
find_spent(struct ledger *l, const char *key)
{
	struct spent *s;

	for (s = l->spent; s != NULL && strcmp(s->key, key) != 0; s = s->next)
		;
	if (s == NULL) {
		s = xcalloc(1, sizeof(*s));
		s->key = xstrdup(key);
		s->next = l->spent;
		l->spent = s;
	}
	return s;
}

/* What this process notes counts at once. */
static void
add_spent(struct ledger *l, const struct ledger_row *r)
{
	struct spent *s;

	if (l->spent_ms == 0 || r->counts.nano == 0)
		return;			/* nobody has asked yet */
	s = find_spent(l, r->key);
	s->sum.month += r->counts.nano;
	if (r->start >= l->spent_day)
		s->sum.day += r->counts.nano;
}

static void
take_spent(const char *key, const struct ledger_spent *sum, void *arg)
{
	find_spent(arg, key)->sum = *sum;
}

/* Read the sums anew; who asks meanwhile has the old ones. */
static void
read_spent(struct ledger *l, int64_t now)
{
	struct ledger	fresh = { 0 };
	int64_t		day = ledger_day(now, 0);
	bool		ok = false;

	l->spent_busy = true;
	pthread_mutex_unlock(&l->lock);
	settle(l);
	if (sqlite_enter(l->db)) {
		ok = ledger_spent_each(l->db, ledger_month(now, 0), day,
		    take_spent, &fresh);
		sqlite_leave(l->db);
	}
	pthread_mutex_lock(&l->lock);
	l->spent_busy = false;
	l->spent_ms = util_now_ms();
	if (ok) {
		forget_spent(l);
		l->spent = fresh.spent;
		l->spent_day = day;
	} else
		forget_spent(&fresh);
}

struct ledger_spent
ledger_spent(struct ledger *l, const char *key)
{
	struct ledger_spent	sum = { 0, 0 };
	int64_t			now = (int64_t)time(NULL);

	if (l == NULL)
		return sum;
	pthread_mutex_lock(&l->lock);
	if (!l->spent_busy && (l->spent_ms == 0 ||
	    util_now_ms() - l->spent_ms >= SPENT_MS ||
	    l->spent_day != ledger_day(now, 0)))
		read_spent(l, now);
	sum = find_spent(l, key)->sum;
	pthread_mutex_unlock(&l->lock);
	return sum;
}
