/* The account of what was used: notes, and what becomes of them. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "base/util.h"
#include "state/journal.h"
#include "state/ledger-rows.h"
#include "state/ledger.h"

#define WAIT_MS		200	/* for the disk, where somebody reads */
#define TAKE_MS		1000	/* between two takings over */
#define SPENT_MS	2000	/* sums are that old at the most */
#define STALE_MS	60000	/* likewise, where they can't be read anew */
#define COMPACT_MS	3600000
#define PENDING_MAX	(16 << 20) /* notes in memory, while the disk refuses */
#define SPARE_MAX	(64 << 10) /* of memory for lines that is kept */
#define LEFT_BYTES	(64 << 10) /* a journal that a short process leaves */
#define TEXT_MAX	128	/* of a name in a line */
#define LINE_USUAL	200	/* bytes */
#define CONNECTIONS	2	/* to a database of several hosts */
#define SUMS_MAX	64	/* added up before they are put down */

struct spent {
	struct spent		*next;
	char			*key;
	struct ledger_spent	 sum;
};

struct ledger {
	struct journal		*journal;
	struct db		*db;
	char			*file_of;	/* home; NULL: db is its file */
	pthread_t		 writer, taker;
	bool			 threaded;	/* there are to be two */
	bool			 started;
	bool			 taking;	/* there is a taker */
	struct loop_task	 turn_ends;	/* of the loop that waits */
	atomic_bool		 idle;		/* the writer waits */
	sem_t			 to_write;	/* for this */

	pthread_mutex_t		 lock;		/* of all below */
	pthread_cond_t		 written;
	pthread_cond_t		 to_take;
	struct buf		 pending;	/* lines, to be written */
	struct buf		 writing;	/* these are written now */
	uint64_t		 noted, on_record;	/* how many */
	struct ledger_wait	*waits, **last_wait;	/* for their notes */
	bool			 slow;		/* nobody waits for him */
	bool			 refused;	/* by the disk, lately */
	bool			 fresh;		/* there is to take over */
	bool			 stop;
	struct ledger_keep	 keep;		/* as last heard */
	int64_t			 compact_ms;	/* when it is due */

	struct spent		*spent;
	struct spent		*since;	/* noted while these are read anew */
	int64_t			 spent_day;	/* that their days are of */
	int64_t			 spent_ms;	/* when tried; 0: never */
	int64_t			 known_ms;	/* when read; 0: never */
	bool			 spent_busy;	/* somebody reads them anew */
	bool			 spent_failed;	/* the last time */
};

static void	turn_ends(struct loop_task *);

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
	l->journal = journal_create(at->home, LEDGER_JOURNAL);
	l->db = db;
	if (at->url != NULL && at->url[0] != '\0')
		l->file_of = xstrdup(at->home);
	l->last_wait = &l->waits;
	pthread_mutex_init(&l->lock, NULL);
	util_cond_init(&l->written);
	sem_init(&l->to_write, 0, 0);
	l->turn_ends.run = turn_ends;
	util_cond_init(&l->to_take);
	return l;
}

/* --- Lines of the journal. */

/* The last one says that the line is whole; older lines have less. */
#define FIELDS		14
#define FIELDS_OLDEST	12

static void
put_text(struct buf *out, const char *s)
{
	size_t n;

	for (n = 0; n < TEXT_MAX && s[n] != '\0'; n++)
		buf_putc(out, (unsigned char)s[n] < 0x20 || s[n] == 0x7f ?
		    '?' : s[n]);
	buf_putc(out, '\t');
}

static void
put_number(struct buf *out, int64_t n)
{
	buf_int(out, n);
	buf_putc(out, '\t');
}

static void
put_line(struct buf *out, const struct ledger_row *r)
{
	const struct ledger_counts *c = &r->counts;

	buf_reserve(out, LINE_USUAL);
	put_number(out, r->start);
	put_number(out, r->status);
	put_number(out, c->requests);
	put_number(out, c->input);
	put_number(out, c->cached);
	put_number(out, c->cache_write);
	put_number(out, c->output);
	put_number(out, c->nano);
	put_text(out, r->key);
	put_text(out, r->model);
	put_text(out, r->endpoint);
	put_text(out, r->initiator);
	put_number(out, c->estimated);
	buf_puts(out, ".\n");
}

/* A text may have been cut within a character; a database would refuse it. */
static char *
repaired(char *s)
{
	char *at = s;

	while (*(at += text_utf8_prefix(at, strlen(at))) != '\0')
		*at++ = '?';
	return s;
}

/*
 * False for a line that was not written to its end. Lines of older versions
 * don't say who asked, and have nothing that is estimated.
 */
static bool
read_line(char *line, struct ledger_row *r)
{
	char	*f[FIELDS], *at = line;
	int64_t	 n[8], estimated = 0;
	size_t	 i, fields;

	for (fields = 0; fields < FIELDS && at != NULL; fields++)
		f[fields] = strsep(&at, "\t");
	if (fields < FIELDS_OLDEST || at != NULL ||
	    strcmp(f[fields - 1], ".") != 0)
		return false;
	for (i = 0; i < COUNT(n); i++)
		if (!util_parse_int64(f[i], &n[i]))
			return false;
	if (fields == FIELDS && !util_parse_int64(f[12], &estimated))
		return false;
	*r = (struct ledger_row){
		.start = n[0], .status = (int)n[1],
		.counts = { n[2], n[3], n[4], n[5], n[6], n[7], estimated },
		.key = repaired(f[8]), .model = repaired(f[9]),
		.endpoint = repaired(f[10]),
		.initiator = fields > FIELDS_OLDEST ? repaired(f[11]) : ""
	};
	return true;
}

/* --- From memory into the journal. */

static uint64_t
count_lines(const char *p, size_t n)
{
	const char	*at = p;
	uint64_t	 lines = 0;

	while (n > 0 && (at = memchr(at, '\n', n - (size_t)(at - p))) != NULL) {
		lines++;
		at++;
	}
	return lines;
}

/*
 * Under the lock: whoever has waited for what is on record goes on, when these
 * are posted. NULL if there is nobody.
 */
static struct ledger_wait *
let_go(struct ledger *l)
{
	struct ledger_wait	*first = l->waits, *w;
	struct loop_task	**link = NULL;

	while ((w = l->waits) != NULL && (l->refused ||
	    w->number <= l->on_record)) {
		if ((l->waits = w->next) == NULL)
			l->last_wait = &l->waits;
		w->waiting = false;
		w->done.next = NULL;
		if (link != NULL)
			*link = &w->done;
		link = &w->done.next;
	}
	pthread_cond_broadcast(&l->written);
	return link != NULL ? first : NULL;
}

/* Under the lock: what is not on record comes before what was noted since. */
static void
put_back(struct ledger *l, size_t done, int why)
{
	struct buf rest = { 0 };

	if (!l->refused)
		log_warn("usage: %s: %s; it is kept in memory until that is "
		    "possible", LEDGER_JOURNAL, strerror(why));
	l->refused = true;
	buf_append(&rest, l->writing.p + done, l->writing.len - done);
	buf_append(&rest, buf_str(&l->pending), l->pending.len);
	buf_finish(&l->pending);
	l->pending = rest;
}

/* Under the lock: the taker hears of the first line that he doesn't know of. */
static void
to_be_taken(struct ledger *l)
{
	if (!l->fresh)
		pthread_cond_broadcast(&l->to_take);
	l->fresh = true;
}

/*
 * Under the lock: write what is pending. Others add to what is next. Where
 * there is no writer, several may come at once, who take turns.
 */
static void
write_pending(struct ledger *l)
{
	struct ledger_wait	*waited;
	struct buf		 next;
	size_t			 done;
	int			 why;

	while (l->writing.len > 0)
		pthread_cond_wait(&l->written, &l->lock);
	if (l->pending.len == 0)
		return;
	next = l->writing;		/* the memory of the last one */
	l->writing = l->pending;
	l->pending = next;
	pthread_mutex_unlock(&l->lock);
	done = journal_append(l->journal, l->writing.p, l->writing.len);
	why = errno;
	pthread_mutex_lock(&l->lock);
	l->on_record += count_lines(l->writing.p, done);
	if (done > 0)
		to_be_taken(l);
	if (done < l->writing.len)
		put_back(l, done, why);
	else
		l->slow = l->refused = false;
	if (l->writing.cap > SPARE_MAX)
		buf_finish(&l->writing);
	buf_truncate(&l->writing, 0);
	if ((waited = let_go(l)) == NULL)
		return;
	pthread_mutex_unlock(&l->lock);
	loop_post_all(waited->loop, &waited->done);
	pthread_mutex_lock(&l->lock);
}

static void	add_spent(struct ledger *, const struct ledger_row *);
static void	start(struct ledger *);

/* Under the lock. */
static void
wait_for(struct ledger *l, struct ledger_wait *w)
{
	w->number = l->noted;
	w->next = NULL;
	w->waiting = true;
	*l->last_wait = w;
	l->last_wait = &w->next;
}

/*
 * The writer is woken; once is enough. Best not under the lock, which he takes
 * at once.
 */
static void
wake_writer(struct ledger *l)
{
	if (atomic_exchange(&l->idle, false))
		sem_post(&l->to_write);
}

/* Under the lock. True: somebody waits for it. */
static bool
add_line(struct ledger *l, const struct ledger_row *r, struct ledger_wait *w)
{
	put_line(&l->pending, r);
	l->noted++;
	if (!l->started) {
		if (w != NULL)
			write_pending(l);
		return false;
	}
	if (w == NULL || l->refused || l->slow)
		return false;
	wait_for(l, w);
	return true;
}

static void
turn_ends(struct loop_task *task)
{
	wake_writer(CONTAINER(task, struct ledger, turn_ends));
}

bool
ledger_note(struct ledger *l, const struct ledger_row *r,
    const struct ledger_keep *keep, struct ledger_wait *w)
{
	bool waits = false;

	if (l == NULL)
		return false;
	pthread_mutex_lock(&l->lock);
	l->keep = *keep;
	start(l);
	if (l->pending.len > PENDING_MAX)
		log_err("usage: an answer is not counted: the disk refuses");
	else {
		add_spent(l, r);
		waits = add_line(l, r, w);
	}
	pthread_mutex_unlock(&l->lock);
	/* Many answers may end in this turn: he is woken once for all. */
	if (waits)
		loop_at_end(w->loop, &l->turn_ends);
	else
		wake_writer(l);
	return waits;
}

bool
ledger_wait_over(struct ledger *l, struct ledger_wait *w)
{
	struct ledger_wait	**at;
	bool			  waited;

	pthread_mutex_lock(&l->lock);
	if ((waited = w->waiting)) {
		for (at = &l->waits; *at != w; at = &(*at)->next)
			;
		if ((*at = w->next) == NULL)
			l->last_wait = at;
		w->waiting = false;
		if (!l->slow)
			log_warn("usage: the disk is slow");
		l->slow = true;
	}
	pthread_mutex_unlock(&l->lock);
	return waited;
}

/* --- From the journal into the database. */

/* Sums of lines, since most differ in their numbers only. */
struct sums {
	struct db_conn		*conn;
	struct ledger_row	 rows[SUMS_MAX];
	char			*lines[SUMS_MAX];	/* with their texts */
	size_t			 n;
};

static bool
is_same(const struct ledger_row *a, const struct ledger_row *b)
{
	return a->status == b->status &&
	    a->start / LEDGER_SECONDS == b->start / LEDGER_SECONDS &&
	    strcmp(a->key, b->key) == 0 && strcmp(a->model, b->model) == 0 &&
	    strcmp(a->endpoint, b->endpoint) == 0 &&
	    strcmp(a->initiator, b->initiator) == 0;
}

static bool
put_sums(struct sums *s, bool ok)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		ok = ok && ledger_row_add(s->conn, &s->rows[i]);
		free(s->lines[i]);
	}
	s->n = 0;
	return ok;
}

static bool
take_line(char *line, void *arg)
{
	struct sums		*s = arg;
	struct ledger_row	 r;
	char			*copy;
	size_t			 i;

	if (s->n == SUMS_MAX && !put_sums(s, true))
		return false;
	copy = xstrdup(line);
	if (!read_line(copy, &r)) {
		free(copy);
		return true;
	}
	for (i = 0; i < s->n && !is_same(&s->rows[i], &r); i++)
		;
	if (i < s->n) {
		ledger_add(&s->rows[i].counts, &r.counts);
		free(copy);
		return true;
	}
	s->rows[s->n] = r;
	s->lines[s->n++] = copy;
	return true;
}

static bool
take_lines(struct ledger *l, struct db_conn *c, struct journal_place *at)
{
	struct sums	s = { .conn = c };
	bool		ok = journal_read(l->journal, at, take_line, &s);

	return put_sums(&s, ok);
}

/*
 * The file that was used before may have taken over a part of the journal: the
 * database begins behind that, so that the file's sums can be added to it.
 */
static bool
look_in_file(const struct ledger *l, struct journal_place *at)
{
	struct state_place	 home = { .home = l->file_of };
	char			*path = xasprintf("%s/" LEDGER_FILE, home.home);
	struct db		*file = NULL;
	struct db_conn		*c;
	bool			 ok = true;

	if (access(path, F_OK) == 0)
		file = db_create(&home, &ledger_schema);
	free(path);
	if (file != NULL && (ok = (c = db_enter(file)) != NULL)) {
		ok = ledger_place_get(c, at);
		db_leave(c);
	}
	db_destroy(file);
	return ok;
}

/* How far the journal was taken over. */
static bool
find_place(const struct ledger *l, struct db_conn *c, struct journal_place *at)
{
	int64_t begin = at->offset;

	at->offset = -1;
	if (!ledger_place_get(c, at))
		return false;
	if (at->offset >= 0)
		return true;
	at->offset = begin;
	return l->file_of == NULL || look_in_file(l, at);
}

/* In a transaction. */
static bool
take_all(struct ledger *l, struct db_conn *c, struct journal_place *at,
    const struct ledger_keep *keep)
{
	struct journal_place before;

	if (!journal_begin(l->journal, at) || !find_place(l, c, at))
		return false;
	before = *at;
	return take_lines(l, c, at) &&
	    ((before.offset == at->offset &&
	    strcmp(before.generation, at->generation) == 0) ||
	    ledger_place_set(c, at)) &&
	    (keep == NULL || ledger_compact(c, keep, (int64_t)time(NULL)));
}

static bool
take_over(struct ledger *l, const struct ledger_keep *keep)
{
	struct journal_place	 at = { .generation = "" };
	struct db_conn		*c = db_enter(l->db);
	bool			 ok;

	if (c == NULL)
		return false;
	ok = db_begin(c);
	ok = db_end(c, ok && take_all(l, c, &at, keep), "not taken over yet");
	db_leave(c);
	if (ok)
		journal_cut(l->journal, &at);
	return ok;
}

/* Under the lock: have what is pending written, but don't wait for long. */
static void
flush(struct ledger *l)
{
	struct timespec	until = util_after_ms(WAIT_MS);
	int		rc = 0;

	if (!l->started)
		write_pending(l);
	while (l->started && l->on_record < l->noted && rc == 0) {
		wake_writer(l);
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

bool
ledger_settle(struct ledger *l)
{
	return l == NULL || settle(l);
}

/* --- Two threads: nobody who writes waits for the database. */

/* Under the lock: some time passes, unless it is the last. */
static void
rest(struct ledger *l)
{
	struct timespec	until = util_after_ms(TAKE_MS);
	int		rc = 0;

	while (!l->stop && rc == 0)
		rc = pthread_cond_timedwait(&l->to_take, &l->lock, &until);
}

/* A line that comes while others are written goes with the next ones. */
static void *
write_all(void *arg)
{
	struct ledger *l = arg;

	pthread_mutex_lock(&l->lock);
	while (!l->stop) {
		if (l->pending.len == 0) {
			/* Two calls; with a condition there are four. */
			atomic_store(&l->idle, true);
			pthread_mutex_unlock(&l->lock);
			sem_wait(&l->to_write);
			pthread_mutex_lock(&l->lock);
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
	sem_post(&l->to_write);
	pthread_cond_broadcast(&l->to_take);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->writer, NULL);
	if (l->taking)
		pthread_join(l->taker, NULL);
	l->started = false;
}

static void
forget_spent(struct spent **list)
{
	struct spent *s;

	while ((s = *list) != NULL) {
		*list = s->next;
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
	forget_spent(&l->spent);
	buf_finish(&l->pending);
	buf_finish(&l->writing);
	db_destroy(l->db);
	free(l->file_of);
	journal_destroy(l->journal);
	pthread_cond_destroy(&l->written);
	sem_destroy(&l->to_write);
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

/* Under the lock; made when it is new. */
static struct spent *
find_spent(struct spent **list, const char *key)
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

/* A sum of the database, or the notes of a line. */
static void
take_spent(const char *key, const struct ledger_spent *sum, void *list)
{
	struct spent *s = find_spent(list, key);

	s->sum.month += sum->month;
	s->sum.day += sum->day;
}

/* A list adds up the spending of each key. */
struct spending {
	struct spent	**list;
	int64_t		  month, day;		/* where they begin */
};

static void
spend(const struct spending *to, const struct ledger_row *r)
{
	const struct ledger_spent sum = {
		r->start >= to->day ? r->counts.nano : 0, r->counts.nano
	};

	if (r->counts.nano != 0 && r->start >= to->month)
		take_spent(r->key, &sum, to->list);
}

static bool
spend_line(char *line, void *to)
{
	struct ledger_row r;

	if (read_line(line, &r))
		spend(to, &r);
	return true;
}

/* Lines that are in memory only. */
static void
spend_lines(const struct buf *lines, struct spending *to)
{
	char	*copy = xstrndup(buf_str(lines), lines->len), *at = copy, *line;

	while ((line = strsep(&at, "\n")) != NULL)
		spend_line(line, to);
	free(copy);
}

/*
 * A note of this process counts at once; twice for a moment, perhaps, when it
 * comes while the sums are read.
 */
static void
add_spent(struct ledger *l, const struct ledger_row *r)
{
	struct spending to = { &l->spent, INT64_MIN, l->spent_day };

	if (l->known_ms != 0)
		spend(&to, r);
	to.list = &l->since;
	to.day = ledger_day(r->start, 0);
	if (l->spent_busy)
		spend(&to, r);
}

/*
 * Read the database, and the journal behind that: nobody has to be able to
 * write. A journal that was begun anew in between is in the database.
 */
static bool
read_sums(struct ledger *l, struct spending *to)
{
	struct journal_place	 at;
	char			 generation[JOURNAL_ID_SIZE];
	struct db_conn		*c;
	bool			 ok;

	if (!journal_begin(l->journal, &at) || (c = db_enter(l->db)) == NULL)
		return false;
	ok = db_begin_reading(c) && find_place(l, c, &at) &&
	    ledger_spent_each(c, to->month, to->day, take_spent, to->list);
	db_end_reading(c);
	db_leave(c);
	snprintf(generation, sizeof(generation), "%s", at.generation);
	return ok && journal_read(l->journal, &at, spend_line, to) &&
	    strcmp(generation, at.generation) == 0;
}

/* Once more, if the journal was begun anew meanwhile. */
static bool
read_anew(struct ledger *l, struct spending *to)
{
	if (read_sums(l, to))
		return true;
	forget_spent(to->list);
	return read_sums(l, to);
}

static void
merge_spent(struct spent **list, const struct spent *more)
{
	for (; more != NULL; more = more->next)
		take_spent(more->key, &more->sum, list);
}

/* Read the sums anew; who asks meanwhile has the old ones. */
static void
read_spent(struct ledger *l, int64_t now)
{
	struct spent	*fresh = NULL, *unwritten = NULL;
	struct spending	 to = { &fresh, ledger_month(now, 0),
			    ledger_day(now, 0) };
	bool		 ok;

	l->spent_busy = true;
	flush(l);
	to.list = &unwritten;
	spend_lines(&l->writing, &to);
	spend_lines(&l->pending, &to);
	to.list = &fresh;
	pthread_mutex_unlock(&l->lock);
	ok = read_anew(l, &to);
	pthread_mutex_lock(&l->lock);
	l->spent_busy = false;
	l->spent_ms = util_now_ms();
	if (ok) {
		merge_spent(&fresh, unwritten);
		merge_spent(&fresh, l->since);
		forget_spent(&l->spent);
		l->spent = fresh;
		l->spent_day = to.day;
		l->known_ms = l->spent_ms;
	} else
		forget_spent(&fresh);
	if (!ok && !l->spent_failed)
		log_err("usage: what keys have spent can't be read; those with "
		    "a budget are refused after a minute, or at once when it "
		    "never could be");
	l->spent_failed = !ok;
	forget_spent(&unwritten);
	forget_spent(&l->since);
	pthread_cond_broadcast(&l->written);
}

/* Under the lock: the first sums are waited for, for a moment. */
static void
wait_known(struct ledger *l)
{
	struct timespec	until = util_after_ms(WAIT_MS);
	int		rc = 0;

	while (l->known_ms == 0 && l->spent_busy && rc == 0)
		rc = pthread_cond_timedwait(&l->written, &l->lock, &until);
}

bool
ledger_spent(struct ledger *l, const char *key, struct ledger_spent *sum)
{
	int64_t	now = (int64_t)time(NULL);
	bool	known;

	if (l == NULL)
		return false;
	pthread_mutex_lock(&l->lock);
	if (!l->spent_busy && (l->spent_ms == 0 ||
	    util_now_ms() - l->spent_ms >= SPENT_MS ||
	    l->spent_day != ledger_day(now, 0)))
		read_spent(l, now);
	wait_known(l);
	known = l->known_ms != 0 && util_now_ms() - l->known_ms < STALE_MS;
	*sum = find_spent(&l->spent, key)->sum;
	pthread_mutex_unlock(&l->lock);
	return known;
}
