/* The ledger: notes, what becomes of them, sums, damage. */
#include "config.h"

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/loop.h"
#include "base/util.h"
#include "state/ledger.h"

#define DAY	86400
/* 2026-11-15 12:30 UTC */
#define NOON	INT64_C(1794745800)

static struct ledger *
at_home(const char *home)
{
	return ledger_create(&(struct state_place){ .home = home, .url = "" });
}

static const struct ledger_keep always = { 36500, 36500, 36500 };

/* --- A data directory, and what is in it. */

static char *
make_home(void)
{
	char *home = xstrdup("/tmp/ledger-t.XXXXXX");

	assert_non_null(mkdtemp(home));
	return home;
}

static char *
path_of(const char *home, const char *name)
{
	return xasprintf("%s/%s", home, name);
}

static void
remove_home(char *home)
{
	static const char *const names[] = {
		LEDGER_FILE, LEDGER_FILE "-wal", LEDGER_FILE "-shm",
		LEDGER_JOURNAL
	};
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		char *path = path_of(home, names[i]);

		if (remove(path) != 0)
			rmdir(path);
		free(path);
	}
	assert_int_equal(rmdir(home), 0);
	free(home);
}

static void
append(const char *home, const char *name, const char *text)
{
	char	*path = path_of(home, name);
	FILE	*f = fopen(path, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static void
copy(const char *home, const char *from, const char *to)
{
	struct buf	text = { 0 };
	struct err	err;

	assert_true(files_read(home, from, &text, &err));
	assert_true(files_write(home, to, buf_str(&text), text.len, &err));
	buf_finish(&text);
}

/* --- Notes and sums. */

static void
note(struct ledger *l, int64_t time, const char *key, const char *model,
    int64_t nano, const struct ledger_keep *keep)
{
	const struct ledger_row r = {
		.start = time, .key = key, .model = model,
		.endpoint = "/chat/completions", .status = 200,
		.initiator = "user",
		.counts = { 1, 100, 80, 5, 7, nano, 0 }
	};
	struct ledger_wait	w = { 0 };

	assert_false(ledger_note(l, &r, keep, &w));
}

static void
note_row(struct ledger *l, const struct ledger_row *r)
{
	struct ledger_wait w = { 0 };

	assert_false(ledger_note(l, r, &always, &w));
}

static void
note_later(struct ledger *l, int64_t time, const char *key, const char *model,
    int64_t nano)
{
	const struct ledger_row r = {
		.start = time, .key = key, .model = model,
		.endpoint = "/chat/completions", .status = 200,
		.initiator = "user",
		.counts = { 1, 100, 80, 5, 7, nano, 0 }
	};

	assert_false(ledger_note(l, &r, &always, NULL));
}

static void
add_row(const struct ledger_row *r, void *arg)
{
	buf_printf(arg, "%lld/%d %s %s %s %d: %lld %lld %lld %lld %lld %lld\n",
	    (long long)(r->start - NOON) / 3600, r->span, r->key, r->model,
	    r->endpoint, r->status, (long long)r->counts.requests,
	    (long long)r->counts.input, (long long)r->counts.cached,
	    (long long)r->counts.cache_write, (long long)r->counts.output,
	    (long long)r->counts.nano);
}

static void
expect(struct ledger *l, const char *key, const char *want)
{
	struct buf out = { 0 };

	assert_true(ledger_rows(l, 0, INT64_MAX, key, add_row, &out));
	assert_string_equal(buf_str(&out), want);
	buf_finish(&out);
}

static void
test_sums(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	int64_t		 now = NOON;

	(void)state;
	expect(l, NULL, "");
	note(l, now, "alice", "m1", 150325000, &always);
	note(l, now + 60, "alice", "m1", 1, &always);
	note(l, now, "bob", "m1", 5, &always);
	note(l, now, "alice", "m\t2\n", 0, &always);
	note(l, now + 3600, "", "m1", INT64_C(4000000000000000000), &always);
	expect(l, "alice",
	    "0/0 alice m1 /chat/completions 200: 2 200 160 10 14 150325001\n"
	    "0/0 alice m?2? /chat/completions 200: 1 100 80 5 7 0\n");
	expect(l, "bob",
	    "0/0 bob m1 /chat/completions 200: 1 100 80 5 7 5\n");
	expect(l, "",
	    "0/0  m1 /chat/completions 200: 1 100 80 5 7 4000000000000000000\n");
	ledger_destroy(l);
	/* Another process has the same, and adds to it. */
	l = at_home(home);
	note(l, now, "bob", "m1", 5, &always);
	expect(l, "bob",
	    "0/0 bob m1 /chat/completions 200: 2 200 160 10 14 10\n");
	ledger_destroy(l);
	remove_home(home);
}

/* Whoever is killed: what was waited for is there, once. */
static void
test_killed(void **state)
{
	static const char	 one[] =
	    "0/0 k m /chat/completions 200: 1 100 80 5 7 3\n";
	static const char	 two[] =
	    "0/0 k m /chat/completions 200: 2 200 160 10 14 6\n";
	static const char	 three[] =
	    "0/0 k m /chat/completions 200: 3 300 240 15 21 9\n";
	char			*home = make_home();
	struct ledger		*dead = at_home(home), *l;

	(void)state;
	/* Killed before it could take its note over. */
	note(dead, NOON, "k", "m", 3, &always);
	l = at_home(home);
	expect(l, NULL, one);
	expect(l, NULL, one);
	/* While it wrote: a line without its end, and one cut in its middle. */
	append(home, LEDGER_JOURNAL, "1794745800\t200\t1\t1\t1\t1\t1\t99\tk");
	expect(l, NULL, one);
	note(l, NOON, "k", "m", 3, &always);
	expect(l, NULL, two);
	append(home, LEDGER_JOURNAL, "\n1794745800\t200\t1\t1\t1\t1\t1\t99\tk\t"
	    "m\te\t\n\n#x\n1\t2\n");
	note(l, NOON, "k", "m", 3, &always);
	expect(l, NULL, three);
	/* Between the commit and the new file that follows it. */
	ledger_destroy(l);
	append(home, LEDGER_JOURNAL, "");
	l = at_home(home);
	expect(l, NULL, three);
	ledger_destroy(l);
	ledger_destroy(dead);
	remove_home(home);
}

static void
add_initiator(const struct ledger_row *r, void *arg)
{
	buf_printf(arg, "%s=%lld ", r->initiator,
	    (long long)r->counts.requests);
}

/* Sums are apart by who asked; a journal of before doesn't say who did. */
static void
test_initiators(void **state)
{
	static const char *const	 who[] = { "user", "agent", "user" };
	char				*home = make_home();
	struct ledger			*l = at_home(home);
	struct ledger_row		 r = {
		.start = NOON, .key = "k", .model = "m", .endpoint = "e",
		.status = 200, .counts = { 1, 1, 1, 1, 1, 1, 0 }
	};
	struct buf			 out = { 0 };
	size_t				 i;

	(void)state;
	for (i = 0; i < COUNT(who); i++) {
		r.initiator = who[i];
		note_row(l, &r);
	}
	append(home, LEDGER_JOURNAL,
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk\tm\te\t.\n"
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk\tm\te\tuser\t\n"
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk\tm\te\tuser\t.\t\n");
	assert_true(ledger_rows(l, 0, INT64_MAX, NULL, add_initiator, &out));
	assert_string_equal(buf_str(&out), "=1 agent=1 user=2 ");
	buf_finish(&out);
	ledger_destroy(l);
	remove_home(home);
}

/*
 * A disk that becomes full in the middle of a line: what was written whole is
 * on record and stays, since a reader may have it; the rest follows when there
 * is room, once.
 */
static void
test_short_write(void **state)
{
	char		*home = make_home(), *path, *want;
	struct ledger	*l = at_home(home), *other = at_home(home);
	struct rlimit	 all, few;
	struct stat	 st;
	int		 n, line, end;

	(void)state;
	path = path_of(home, LEDGER_JOURNAL);
	note(l, NOON, "k", "m", 3, &always);
	assert_int_equal(stat(path, &st), 0);
	line = (int)st.st_size - 18;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &all);
	n = 1;
	/* Cut in the middle, before the end, without the line's end alone. */
	for (end = 0; end < 3; end++) {
		const int cut[] = { line + line / 2, 2 * line - 2,
		    2 * line - 1 };

		assert_int_equal(stat(path, &st), 0);
		few = all;
		few.rlim_cur = (rlim_t)(st.st_size + 2 + cut[end]);
		setrlimit(RLIMIT_FSIZE, &few);
		note_later(l, NOON, "k", "m", 3);
		note_later(l, NOON, "k", "m", 3);
		note(l, NOON, "k", "m", 3, &always);
		setrlimit(RLIMIT_FSIZE, &all);
		want = xasprintf("0/0 k m /chat/completions 200: "
		    "%d %d %d %d %d %d\n", n + 1, (n + 1) * 100, (n + 1) * 80,
		    (n + 1) * 5, (n + 1) * 7, (n + 1) * 3);
		expect(other, NULL, want);
		free(want);
		n += 3;
		want = xasprintf("0/0 k m /chat/completions 200: "
		    "%d %d %d %d %d %d\n", n, n * 100, n * 80, n * 5, n * 7,
		    n * 3);
		expect(l, NULL, want);
		expect(other, NULL, want);
		free(want);
	}
	signal(SIGXFSZ, SIG_DFL);
	free(path);
	ledger_destroy(l);
	ledger_destroy(other);
	remove_home(home);
}

/* The database as it was before a while: the journal still has what is new. */
static void
test_an_older_database(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	struct err	 err;

	(void)state;
	note(l, NOON, "k", "m", 3, &always);
	expect(l, NULL, "0/0 k m /chat/completions 200: 1 100 80 5 7 3\n");
	ledger_destroy(l);
	copy(home, LEDGER_FILE, "kept");
	l = at_home(home);
	note(l, NOON, "k", "m", 4, &always);
	expect(l, NULL, "0/0 k m /chat/completions 200: 2 200 160 10 14 7\n");
	ledger_destroy(l);
	copy(home, "kept", LEDGER_FILE);
	l = at_home(home);
	expect(l, NULL, "0/0 k m /chat/completions 200: 2 200 160 10 14 7\n");
	ledger_destroy(l);
	assert_true(files_remove(home, "kept", &err));
	remove_home(home);
}

/* A journal that has grown begins anew, and nothing is counted twice. */
static void
test_a_long_journal(void **state)
{
	char		*home = make_home(), *path, *want;
	char		 model[129];
	struct ledger	*l = at_home(home), *other = at_home(home);
	struct stat	 st;
	int		 i, n = 0, cuts = 0;
	off_t		 last = 0;

	(void)state;
	path = path_of(home, LEDGER_JOURNAL);
	memset(model, 'm', 128);
	model[128] = '\0';
	for (i = 0; i < 24; i++) {
		for (; n < (i + 1) * 1000; n++)
			note(n % 2 == 0 ? l : other, NOON, "k", model, 2,
			    &always);
		want = xasprintf("0/0 k %s /chat/completions 200: %d %d %d %d "
		    "%d %d\n", model, n, n * 100, n * 80, n * 5, n * 7, n * 2);
		expect(i % 3 == 0 ? l : other, NULL, want);
		free(want);
		assert_int_equal(stat(path, &st), 0);
		cuts += st.st_size < last;
		last = st.st_size;
	}
	assert_true(cuts > 1);
	assert_true(last < 3 << 20);
	free(path);
	ledger_destroy(l);
	ledger_destroy(other);
	remove_home(home);
}

/* Hours become days, days months, months nothing; the sums stay. */
static void
test_old_rows(void **state)
{
	const struct ledger_keep	 keep = { 2, 62, 800 };
	char				*home = make_home(), *want;
	struct ledger			*l = at_home(home);
	int64_t				 now = (int64_t)time(NULL);
	int64_t				 day = ledger_day(now, -20);
	int64_t				 month = ledger_month(now, -10);

	(void)state;
	note(l, now, "k", "m", 1, &always);
	note(l, day + 3600, "k", "m", 1, &always);
	note(l, day + 7300, "k", "m", 1, &always);
	note(l, month + 5, "k", "m", 1, &always);
	note(l, month + 5 * DAY, "k", "m", 1, &always);
	note(l, ledger_month(now, -30), "k", "m", 1, &always);
	ledger_destroy(l);
	/* Due with the first look of a process that knows for how long. */
	l = at_home(home);
	note(l, now, "k", "m", 1, &keep);
	want = xasprintf("%lld/2 k m /chat/completions 200: 2 200 160 10 14 2\n"
	    "%lld/1 k m /chat/completions 200: 2 200 160 10 14 2\n"
	    "%lld/0 k m /chat/completions 200: 2 200 160 10 14 2\n",
	    (long long)(month - NOON) / 3600, (long long)(day - NOON) / 3600,
	    (long long)(now - now % 3600 - NOON) / 3600);
	expect(l, NULL, want);
	free(want);
	ledger_destroy(l);
	remove_home(home);
}

static struct ledger_spent
spent(struct ledger *l, const char *key)
{
	struct ledger_spent s;

	assert_true(ledger_spent(l, key, &s));
	return s;
}

static void
add_counts(const struct ledger_row *r, void *sum)
{
	ledger_add(sum, &r->counts);
}

static void
test_spent(void **state)
{
	char			*home = make_home();
	struct ledger		*l = at_home(home), *other;
	int64_t			 now = (int64_t)time(NULL);
	int64_t			 month = ledger_month(now, 0);
	struct ledger_spent	 s;

	(void)state;
	s = spent(l, "k");
	assert_true(s.day == 0 && s.month == 0);
	note(l, now, "k", "m", 5, &always);
	note(l, now, "other", "m", 50, &always);
	note(l, ledger_month(now, -1), "k", "m", 500, &always);
	s = spent(l, "k");
	assert_true(s.day == 5);
	assert_true(s.month >= 5);
	other = at_home(home);
	note(other, now, "k", "m", 7, &always);
	s = spent(other, "k");
	assert_true(s.day == 12 && s.month == 12);
	if (ledger_day(now, 0) != month) {
		note(other, month, "k", "m", 1, &always);
		s = spent(other, "k");
		assert_true(s.day == 12 && s.month == 13);
	}
	ledger_destroy(other);
	ledger_destroy(l);
	remove_home(home);
}

/* Another process writes, or reads only, for long. */
static sqlite3 *
lock(const char *home, const char *how)
{
	char	*path = path_of(home, LEDGER_FILE);
	sqlite3	*db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, how, NULL, NULL, NULL), SQLITE_OK);
	free(path);
	return db;
}

/*
 * What could not be taken over yet is spent as well: of this process, of
 * others, in the journal, or in memory since the disk refuses.
 */
static void
test_spent_behind_a_lock(void **state)
{
	char		*home = make_home(), *path;
	struct ledger	*l = at_home(home), *other, *third;
	int64_t		 now = (int64_t)time(NULL);
	sqlite3		*db;

	(void)state;
	note(l, now, "k", "m", 5, &always);
	expect(l, "nobody", "");
	db = lock(home, "BEGIN IMMEDIATE");
	note(l, now, "k", "m", 7, &always);
	assert_int_equal(spent(l, "k").month, 12);
	other = at_home(home);
	note(other, now, "k", "m", 30, &always);
	assert_int_equal(spent(other, "k").month, 42);
	assert_int_equal(spent(other, "k").day, 42);
	/* Read anew after two seconds. */
	usleep(2100000);
	assert_int_equal(spent(l, "k").month, 42);
	sqlite3_close(db);
	/* It can't be written, so it is in memory. */
	path = path_of(home, LEDGER_JOURNAL);
	third = at_home(home);
	expect(third, "nobody", "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	note(third, now, "k", "m", 100, &always);
	assert_int_equal(spent(third, "k").month, 142);
	note(third, now, "k", "m", 100, &always);
	assert_int_equal(spent(third, "k").month, 242);
	rmdir(path);
	ledger_destroy(third);
	free(path);
	ledger_destroy(other);
	ledger_destroy(l);
	remove_home(home);
}

struct asker {
	struct ledger		*l;
	struct ledger_spent	 sum;
	bool			 known;
};

static void *
ask(void *arg)
{
	struct asker *a = arg;

	a->known = ledger_spent(a->l, "k", &a->sum);
	return NULL;
}

/* What is noted while the sums are read is not lost. */
static void
test_spent_meanwhile(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	struct asker	 a = { .l = l };
	int64_t		 now = (int64_t)time(NULL);
	pthread_t	 thread;
	sqlite3		*db;
	int		 i;

	(void)state;
	note(l, now, "k", "m", 5, &always);
	expect(l, "nobody", "");
	db = lock(home, "BEGIN IMMEDIATE");
	assert_int_equal(pthread_create(&thread, NULL, ask, &a), 0);
	for (i = 0; i < 200; i++) {
		note_later(l, now, "k", "m", 1);
		usleep(500);
	}
	pthread_join(thread, NULL);
	assert_true(a.known);
	sqlite3_close(db);
	assert_in_range(spent(l, "k").month, 205, 405);
	ledger_destroy(l);
	remove_home(home);
}

/* Nobody takes what he can't read for nothing. */
static void
test_spent_unknown(void **state)
{
	char			*home = make_home();
	struct ledger		*l;
	struct ledger_spent	 sum;

	(void)state;
	append(home, LEDGER_FILE, "This is no database, whatever it is called.");
	l = at_home(home);
	note(l, (int64_t)time(NULL), "k", "m", 5, &always);
	assert_false(ledger_spent(l, "k", &sum));
	assert_false(ledger_spent(l, "k", &sum));
	ledger_destroy(l);
	assert_false(ledger_spent(NULL, "k", &sum));
	remove_home(home);
}

/* A database of before there were estimates, and a line of then. */
static void
test_before_estimates(void **state)
{
	static const struct ledger_row r = {
		.start = NOON, .key = "k", .model = "m",
		.endpoint = "/chat/completions", .status = 499,
		.initiator = "user",
		.counts = { 1, 100, 80, 5, 7, 20, 9 }
	};
	static const char	 older[] =
	    "CREATE TABLE usage (start INTEGER NOT NULL, span INTEGER NOT NULL,"
	    " key TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,"
	    " status INTEGER NOT NULL, requests INTEGER NOT NULL,"
	    " input INTEGER NOT NULL, cached INTEGER NOT NULL,"
	    " cache_write INTEGER NOT NULL, output INTEGER NOT NULL,"
	    " nano INTEGER NOT NULL,"
	    " PRIMARY KEY (start, span, key, model, endpoint, status))"
	    " WITHOUT ROWID;"
	    "CREATE TABLE journal (generation TEXT NOT NULL,"
	    " offset INTEGER NOT NULL); INSERT INTO journal VALUES ('', 0);"
	    "INSERT INTO usage VALUES (1794744000, 0, 'k', 'm',"
	    " '/chat/completions', 200, 1, 100, 80, 5, 7, 3);"
	    "PRAGMA user_version = 1";
	char			*home = make_home();
	struct ledger		*l;
	struct ledger_counts	 sum = { 0 };

	(void)state;
	sqlite3_close(lock(home, older));
	append(home, LEDGER_JOURNAL, "#0123456789abcdef\n"
	    "1794745800\t200\t1\t100\t80\t5\t7\t3\t"
	    "k\tm\t/chat/completions\t.\n");
	l = at_home(home);
	assert_false(ledger_note(l, &r, &always, NULL));
	expect(l, NULL, "0/0 k m /chat/completions 200: 2 200 160 10 14 6\n"
	    "0/0 k m /chat/completions 499: 1 100 80 5 7 20\n");
	assert_true(ledger_rows(l, 0, INT64_MAX, NULL, add_counts, &sum));
	assert_int_equal(sum.estimated, 9);
	assert_int_equal(sum.nano, 26);
	ledger_destroy(l);
	remove_home(home);
}

/* --- The ledger of a server: threads, and a loop that waits for nothing. */

struct waiter {
	struct ledger_wait	 wait;
	struct loop		*loop;
	struct loop_timer	 over;
	int			 done;
};

static void
on_record(struct loop_task *task)
{
	struct waiter *w = CONTAINER(task, struct waiter, wait.done);

	w->done++;
	loop_stop(w->loop);
}

static void
give_up(struct loop_timer *t)
{
	loop_stop(CONTAINER(t, struct waiter, over)->loop);
}

/* A note, for which the loop runs until it is on record, if it has to wait. */
static bool
note_on_loop(struct ledger *l, struct waiter *w, int64_t nano, int64_t ms)
{
	const struct ledger_row r = {
		.start = NOON, .key = "k", .model = "m",
		.endpoint = "/chat/completions", .status = 200,
		.initiator = "user",
		.counts = { 1, 100, 80, 5, 7, nano, 0 }
	};

	w->done = 0;
	w->wait.loop = w->loop;
	w->wait.done.run = on_record;
	w->over.expired = give_up;
	if (!ledger_note(l, &r, &always, &w->wait))
		return false;
	loop_timer_set(w->loop, &w->over, ms);
	loop_run(w->loop);
	loop_timer_stop(w->loop, &w->over);
	return true;
}

static void
assert_lines(const char *home, int n)
{
	char		*path = path_of(home, LEDGER_JOURNAL);
	FILE		*f = fopen(path, "r");
	char		 line[400];
	int		 lines = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		lines += strchr(line, '\t') != NULL;
	assert_int_equal(lines, n);
	fclose(f);
	free(path);
}

static void
test_waits(void **state)
{
	char		*home = make_home(), *path;
	struct ledger	*l = at_home(home);
	struct waiter	 w = { .loop = loop_create() };
	int		 fd, i;

	(void)state;
	ledger_start(l);
	/* A thread writes each line, and tells the loop when it is there. */
	for (i = 0; i < 51; i++) {
		assert_true(note_on_loop(l, &w, 3, 10000));
		assert_int_equal(w.done, 1);
		assert_lines(home, i + 1);
	}
	/* Somebody has the file: the loop doesn't wait for him. */
	path = path_of(home, LEDGER_JOURNAL);
	fd = open(path, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_true(note_on_loop(l, &w, 3, 100));
	assert_int_equal(w.done, 0);
	assert_lines(home, 51);
	assert_true(ledger_wait_over(l, &w.wait));
	/* Nobody waits from then on, until it is written. */
	assert_false(note_on_loop(l, &w, 3, 100));
	assert_false(ledger_wait_over(l, &w.wait));
	assert_int_equal(flock(fd, LOCK_UN), 0);
	close(fd);
	expect(l, NULL, "0/0 k m /chat/completions 200: 53 5300 4240 265 371 "
	    "159\n");
	/* It is deleted: the next one begins it anew. */
	assert_int_equal(unlink(path), 0);
	assert_true(note_on_loop(l, &w, 3, 10000));
	assert_lines(home, 1);
	ledger_destroy(l);
	loop_destroy(w.loop);
	free(path);
	remove_home(home);
}

static void *
note_many(void *l)
{
	int i;

	for (i = 0; i < 200; i++)
		note(l, NOON, "k", "m", 3, &always);
	return NULL;
}

/* Where no thread could be had, each writes his own, one after another. */
static void
test_many_without_a_writer(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	pthread_t	 threads[4];
	size_t		 i;

	(void)state;
	for (i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, note_many,
		    l), 0);
	for (i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	assert_lines(home, 800);
	expect(l, NULL, "0/0 k m /chat/completions 200: 800 80000 64000 4000 "
	    "5600 2400\n");
	ledger_destroy(l);
	remove_home(home);
}

/* A disk that refuses holds up nobody, and loses nothing in this process. */
static void
test_refused(void **state)
{
	char		*home = make_home(), *path;
	struct ledger	*l = at_home(home);

	(void)state;
	path = path_of(home, LEDGER_JOURNAL);
	assert_int_equal(mkdir(path, 0700), 0);
	note(l, NOON, "k", "m", 3, &always);
	note(l, NOON, "k", "m", 3, &always);
	rmdir(path);
	expect(l, NULL, "0/0 k m /chat/completions 200: 2 200 160 10 14 6\n");
	note(l, NOON, "k", "m", 3, &always);
	/* Somebody deletes it all, in the middle: it begins again. */
	unlink(path);
	note(l, NOON, "k", "m", 3, &always);
	expect(l, NULL, "0/0 k m /chat/completions 200: 3 300 240 15 21 9\n");
	free(path);
	ledger_destroy(l);
	remove_home(home);
}

static void
test_days(void **state)
{
	(void)state;
	assert_true(ledger_day(NOON, 0) == NOON - 45000);
	assert_true(ledger_day(NOON, -1) == NOON - 45000 - DAY);
	assert_true(ledger_month(NOON, 0) == NOON - 45000 - 14 * DAY);
	assert_true(ledger_month(NOON, 1) == NOON - 45000 + 16 * DAY);
	assert_true(ledger_month(NOON, 2) == NOON - 45000 + 47 * DAY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_initiators),
		cmocka_unit_test(test_short_write),
		cmocka_unit_test(test_an_older_database),
		cmocka_unit_test(test_a_long_journal),
		cmocka_unit_test(test_old_rows),
		cmocka_unit_test(test_spent),
		cmocka_unit_test(test_spent_behind_a_lock),
		cmocka_unit_test(test_spent_meanwhile),
		cmocka_unit_test(test_spent_unknown),
		cmocka_unit_test(test_before_estimates),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_many_without_a_writer),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_days),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
