/* The account of what was used: notes, and what becomes of them. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/util.h"
#include "state/journal.h"
#include "state/ledger-line.h"
#include "state/ledger-take.h"
#include "state/ledger.h"
#include "state/spending.h"

#define TEND_MS		1000	/* between two looks at the journal */
#define TAKE_MS		600000	/* notes are taken over when so old, or many */
#define COMPACT_MS	3600000
#define READ_MAX	2000	/* lines that are read again and again */
#define PENDING_MAX	(16 << 20) /* notes in memory, while the disk refuses */
#define FILE_SIZE	(1 << 20) /* of a journal; thousands of lines */
#define FILE_SHORT	(64 << 10) /* likewise, of a process without threads */
#define CONNECTIONS	2	/* to a database of several hosts */

struct ledger {
	char			*home;
	struct db		*db;
	bool			 moved;		/* db is not home's file */
	struct spending		*spending;
	bool			 threaded;	/* there is to be a taker */
	bool			 started;	/* there is one */
	pthread_t		 taker;

	pthread_mutex_t		 lock;		/* of all below */
	pthread_cond_t		 to_take;
	struct journal		*journal;	/* NULL: nothing was noted */
	struct buf		 line;		/* memory for one */
	struct buf		 pending;	/* lines, refused by the disk */
	bool			 refused;	/* it did, lately */
	bool			 fresh;		/* the taker has to look */
	bool			 much;		/* and soon, and to take over */
	bool			 stop;
	struct ledger_keep	 keep;		/* as last heard */
	int64_t			 take_ms;	/* when it is due */
	int64_t			 compact_ms;	/* likewise */
};

struct ledger *
ledger_create(const struct state_place *at)
{
	struct state_place	 few = *at;
	struct db		*db;
	struct ledger		*l;

	few.connections = CONNECTIONS;
	if ((db = db_create(&few, &ledger_schema)) == NULL)
		return NULL;
	l = xcalloc(1, sizeof(*l));
	l->home = xstrdup(at->home);
	l->db = db;
	l->moved = at->url != NULL && at->url[0] != '\0';
	l->spending = spending_create();
	pthread_mutex_init(&l->lock, NULL);
	util_cond_init(&l->to_take);
	return l;
}

/* --- From memory into the journal. */

/* Under the lock: the taker hears of what he doesn't know of. */
static void
to_be_taken(struct ledger *l)
{
	bool much = !l->refused && journal_is_low(l->journal);

	if (!l->fresh || (much && !l->much))
		pthread_cond_signal(&l->to_take);
	l->fresh = true;
	l->much |= much;
}

/* Under the lock: what became of journal_tend(). */
static bool
tended(struct ledger *l, bool ok, int why)
{
	if (!ok && !l->refused)
		log_warn("usage: " LEDGER_JOURNAL ": %s; what has no room is "
		    "kept in memory until that is possible", strerror(why));
	l->refused = !ok;
	return ok;
}

/* Under the lock: have room now. */
static bool
tend(struct ledger *l)
{
	bool ok = journal_tend(l->journal);

	return tended(l, ok, errno);
}

/* Under the lock: what the disk has refused comes before what is noted next. */
static bool
write_pending(struct ledger *l)
{
	const char	*at = buf_str(&l->pending), *end;
	size_t		 done = 0, n;

	while ((end = strchr(at + done, '\n')) != NULL) {
		n = (size_t)(end + 1 - (at + done));
		if (!journal_append(l->journal, at + done, n) && (!tend(l) ||
		    !journal_append(l->journal, at + done, n)))
			break;
		done += n;
	}
	buf_consume(&l->pending, done);
	return l->pending.len == 0;
}

/* Under the lock. A disk that refuses is asked by the taker, not each time. */
static void
put(struct ledger *l, const struct buf *line)
{
	bool ok = l->pending.len == 0 &&
	    journal_append(l->journal, line->p, line->len);

	if (!ok && !(l->refused && l->started))
		ok = tend(l) && write_pending(l) &&
		    journal_append(l->journal, line->p, line->len);
	if (ok)
		return;
	if (l->pending.len > PENDING_MAX)
		log_err("usage: an answer is not counted: the disk refuses");
	else
		buf_append(&l->pending, line->p, line->len);
}

static void	start(struct ledger *);

void
ledger_note(struct ledger *l, const struct ledger_row *r,
    const struct ledger_keep *keep)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	l->keep = *keep;
	if (l->journal == NULL)
		start(l);
	buf_truncate(&l->line, 0);
	ledger_line_put(&l->line, r);
	put(l, &l->line);
	to_be_taken(l);
	pthread_mutex_unlock(&l->lock);
	spending_note(l->spending, r);
}

/* --- From the journal into the database. */

/* Other hosts hear of notes when the database has them. */
static int64_t
next_take(const struct ledger *l)
{
	return util_now_ms() + (l->moved ? 0 : TAKE_MS);
}

/* Have room for what is noted next, and write what is pending. */
static void
prepare(struct ledger *l)
{
	struct journal	*journal;
	bool		 ok;
	int		 why;

	pthread_mutex_lock(&l->lock);
	journal = l->journal;
	l->fresh = false;
	pthread_mutex_unlock(&l->lock);
	if (journal == NULL)
		return;
	ok = journal_tend(journal);
	why = errno;
	pthread_mutex_lock(&l->lock);
	if (tended(l, ok, why))
		write_pending(l);
	l->much = false;
	l->fresh |= l->pending.len > 0;
	pthread_mutex_unlock(&l->lock);
}

/* Write and take over what there is. */
static bool
settle(struct ledger *l)
{
	const struct ledger_source from = { l->home, l->moved };
	struct ledger_keep	keep;
	int64_t			now = util_now_ms();
	bool			old, ok;

	prepare(l);
	pthread_mutex_lock(&l->lock);
	keep = l->keep;
	old = keep.hours > 0 && now >= l->compact_ms;
	pthread_mutex_unlock(&l->lock);
	ok = ledger_take(l->db, &from, old ? &keep : NULL);
	pthread_mutex_lock(&l->lock);
	if (ok && old)
		l->compact_ms = now + COMPACT_MS;
	if (ok)
		l->take_ms = next_take(l);
	l->fresh |= !ok;
	pthread_mutex_unlock(&l->lock);
	return ok;
}

bool
ledger_has_notes(const char *home)
{
	return journal_exists(home, LEDGER_JOURNAL);
}

bool
ledger_settle(struct ledger *l)
{
	return l == NULL || settle(l);
}

/* Under the lock: some time passes, unless it is the last, or there is much. */
static void
rest(struct ledger *l)
{
	struct timespec	until = util_after_ms(TEND_MS);
	int		rc = 0;

	while (!l->stop && !l->much && rc == 0)
		rc = pthread_cond_timedwait(&l->to_take, &l->lock, &until);
}

/*
 * Under the lock, which others have meanwhile. SQLite, open, is a megabyte of
 * a process that may need it for nothing else.
 */
static void
look(struct ledger *l)
{
	bool due = l->much || util_now_ms() >= l->take_ms;

	pthread_mutex_unlock(&l->lock);
	if (!due)
		prepare(l);
	else if (settle(l))
		db_rest(l->db);
	pthread_mutex_lock(&l->lock);
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
		look(l);
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

/* Under the lock: it begins with the first note. */
static void
start(struct ledger *l)
{
	l->journal = journal_create(l->home, LEDGER_JOURNAL,
	    l->threaded ? FILE_SIZE : FILE_SHORT);
	l->take_ms = next_take(l);
	/* Without the thread the journal waits for the next start. */
	l->started = l->threaded &&
	    pthread_create(&l->taker, NULL, take_all_over, l) == 0;
}

static void
finish_taker(struct ledger *l)
{
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->to_take);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->taker, NULL);
}

/* A short process leaves a few lines to the next one. */
static void
finish_journal(struct ledger *l)
{
	size_t used;

	prepare(l);
	if (l->pending.len > 0)
		log_err("usage: answers are not counted: the disk refuses");
	used = journal_used(l->journal);
	journal_destroy(l->journal);
	l->journal = NULL;
	if (l->threaded || used > FILE_SHORT / 2)
		settle(l);
}

void
ledger_destroy(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->started)
		finish_taker(l);
	if (l->journal != NULL)
		finish_journal(l);
	spending_destroy(l->spending);
	buf_finish(&l->line);
	buf_finish(&l->pending);
	db_destroy(l->db);
	free(l->home);
	pthread_cond_destroy(&l->to_take);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* --- Reading. */

bool
ledger_rows(struct ledger *l, int64_t since, int64_t until, const char *key,
    void (*row)(const struct ledger_row *, void *), void *arg)
{
	struct db_conn	*c;
	bool		 ok;

	if (l == NULL)
		return true;
	settle(l);
	if ((c = db_enter(l->db)) == NULL)
		return false;
	ok = ledger_row_each(c, since, until, key, row, arg);
	db_leave(c);
	return ok;
}

/* Sums of the database, and lines that it doesn't have yet. */
struct reading {
	struct spending_sums	*to;
	size_t			 lines;
};

static bool
read_sums(struct db_conn *c, void *arg)
{
	struct spending_sums *to = ((struct reading *)arg)->to;

	return ledger_spent_each(c, to->month, to->day, spending_add_sum, to);
}

static bool
read_line(char *line, void *arg)
{
	struct reading		*r = arg;
	struct ledger_row	 row;

	r->lines++;
	if (ledger_line_read(line, &row))
		spending_add(r->to, &row);
	return true;
}

/* What is in memory only. */
static void
read_pending(struct ledger *l, struct reading *r)
{
	char *copy, *at, *line;

	pthread_mutex_lock(&l->lock);
	at = copy = xstrndup(buf_str(&l->pending), l->pending.len);
	pthread_mutex_unlock(&l->lock);
	while ((line = strsep(&at, "\n")) != NULL)
		read_line(line, r);
	free(copy);
}

/* There is much that would be read again: have it taken over. */
static void
want_taken(struct ledger *l)
{
	pthread_mutex_lock(&l->lock);
	l->fresh = l->much = true;
	pthread_cond_signal(&l->to_take);
	pthread_mutex_unlock(&l->lock);
}

static bool
read_spent(struct spending_sums *to, void *arg)
{
	struct ledger			*l = arg;
	const struct ledger_source	 from = { l->home, l->moved };
	struct reading			 r = { to, 0 };
	bool				 ok;

	read_pending(l, &r);
	ok = ledger_sums_read(l->db, &from, read_sums, read_line, &r);
	if (r.lines > READ_MAX)
		want_taken(l);
	return ok;
}

bool
ledger_spent(struct ledger *l, const char *key, struct ledger_spent *sum)
{
	return l != NULL &&
	    spending_of(l->spending, key, sum, read_spent, l);
}
