/* The ledger: notes, what becomes of them, sums, damage. */
#include "config.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <glob.h>
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
#include "base/util.h"
#include "state/journal.h"
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
find_files(const char *home, const char *pattern, glob_t *found)
{
	char *path = path_of(home, pattern);

	*found = (glob_t){ 0 };
	glob(path, 0, NULL, found);
	free(path);
}

static void
remove_files(const char *home, const char *pattern)
{
	glob_t	found;
	size_t	i;

	find_files(home, pattern, &found);
	for (i = 0; i < found.gl_pathc; i++)
		remove(found.gl_pathv[i]);
	globfree(&found);
}

static int
count_files(const char *home, const char *pattern)
{
	glob_t	found;
	int	n;

	find_files(home, pattern, &found);
	n = (int)found.gl_pathc;
	globfree(&found);
	return n;
}

static void
remove_home(char *home)
{
	remove_files(home, LEDGER_FILE "*");
	remove_files(home, LEDGER_JOURNAL "*");
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

	ledger_note(l, &r, keep);
}

static void
note_row(struct ledger *l, const struct ledger_row *r)
{
	ledger_note(l, r, &always);
}

/* A process notes as often, and is killed. */
static void
note_and_die(const char *home, int n)
{
	unsigned char	other;
	pid_t		pid;
	int		status;

	util_random(&other, 1);		/* than the last child had */
	if ((pid = fork()) == 0) {
		struct ledger *l = at_home(home);

		while (n-- > 0)
			note(l, NOON, "k", "m", 3, &always);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
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

static void
expect_noted(struct ledger *l, int n)
{
	char *want = xasprintf("0/0 k m /chat/completions 200: "
		    "%d %d %d %d %d %d\n", n, n * 100, n * 80, n * 5, n * 7,
		    n * 3);

	expect(l, NULL, want);
	free(want);
}

/* What a killed writer left: bytes behind the lines of the only file. */
static void
leave(const char *home, const char *bytes, size_t n)
{
	char	 text[JOURNAL_ID_SIZE + 4096];
	glob_t	 found;
	FILE	*f;
	size_t	 end;

	find_files(home, LEDGER_JOURNAL ".*", &found);
	assert_int_equal(found.gl_pathc, 1);
	f = fopen(found.gl_pathv[0], "r+");
	assert_non_null(f);
	end = fread(text, 1, sizeof(text), f);
	assert_int_equal(end, sizeof(text));
	end = strnlen(text, end);
	fseek(f, (long)end, SEEK_SET);
	fwrite(bytes, 1, n, f);
	fclose(f);
	globfree(&found);
}

/* Whoever is killed: what was noted is there, once. */
static void
test_killed(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);

	(void)state;
	/* Before it could take its notes over. */
	note_and_die(home, 2);
	expect_noted(l, 2);
	expect_noted(l, 2);
	assert_int_equal(count_files(home, LEDGER_JOURNAL "*"), 0);
	/* Another goes on with what one left. */
	note_and_die(home, 1);
	note_and_die(home, 2);
	assert_int_equal(count_files(home, LEDGER_JOURNAL "*"), 1);
	expect_noted(l, 5);
	/* Before its file had a first line. */
	append(home, LEDGER_JOURNAL ".0123456789abcdef", "");
	append(home, LEDGER_JOURNAL ".fedcba9876543210", "#fedcba98");
	expect_noted(l, 5);
	assert_int_equal(count_files(home, LEDGER_JOURNAL "*"), 0);
	ledger_destroy(l);
	remove_home(home);
}

/* Likewise in the midst of a line: bytes are there, others are not yet. */
static void
test_killed_while_it_wrote(void **state)
{
	static const char	 line[] =
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk\tm\te\t.\n";
	static const size_t	 cuts[] = { 1, 20, sizeof(line) - 2 };
	char			*home = make_home(), piece[sizeof(line)];
	struct ledger		*l = at_home(home);
	size_t			 i, there = 0;

	(void)state;
	for (i = 0; i < 2 * COUNT(cuts); i++) {
		memcpy(piece, line, sizeof(line));
		memset(i % 2 == 0 ? piece + cuts[i / 2] : piece, 0,
		    i % 2 == 0 ? sizeof(line) - cuts[i / 2] : cuts[i / 2]);
		note_and_die(home, 1);
		leave(home, piece, sizeof(line));
		if (i % 3 == 0) {
			/* Nobody appends to that, but all is taken over. */
			note_and_die(home, 1);
			assert_int_equal(count_files(home, LEDGER_JOURNAL "*"),
			    2);
			there++;
		}
		expect_noted(l, (int)(++there));
		assert_int_equal(count_files(home, LEDGER_JOURNAL "*"), 0);
	}
	ledger_destroy(l);
	remove_home(home);
}

/* The journal of an older version, which several processes shared. */
static void
test_an_older_journal(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);

	(void)state;
	note(l, NOON, "k", "m", 3, &always);
	append(home, LEDGER_JOURNAL, "#0123456789abcdef\n"
	    "1794745800\t200\t1\t100\t80\t5\t7\t3\t"
	    "k\tm\t/chat/completions\tuser\t0\t.\n"
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk\tm\te\t\030\n\n#x\n1\t2\n"
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk");
	expect_noted(l, 2);
	assert_int_equal(count_files(home, LEDGER_JOURNAL), 0);
	ledger_destroy(l);
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
	append(home, LEDGER_JOURNAL, "#0123456789abcdef\n"
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk\tm\te\t.\n"
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk\tm\te\tuser\t\n"
	    "1794745800\t200\t1\t1\t1\t1\t1\t99\tk\tm\te\tuser\t.\t\n");
	assert_true(ledger_rows(l, 0, INT64_MAX, NULL, add_initiator, &out));
	assert_string_equal(buf_str(&out), "=1 agent=1 user=2 ");
	buf_finish(&out);
	ledger_destroy(l);
	remove_home(home);
}

/* No file of more than so many bytes can be made. */
static void
limit_files(rlim_t bytes)
{
	struct rlimit all;

	signal(SIGXFSZ, bytes != RLIM_INFINITY ? SIG_IGN : SIG_DFL);
	getrlimit(RLIMIT_FSIZE, &all);
	all.rlim_cur = bytes < all.rlim_max ? bytes : all.rlim_max;
	setrlimit(RLIMIT_FSIZE, &all);
}

/*
 * A full disk: what was noted stays in memory, and follows when there is room,
 * once; what had room before is on record.
 */
static void
test_a_full_disk(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home), *other = at_home(home);
	int		 i;

	(void)state;
	note(l, NOON, "k", "m", 3, &always);
	expect_noted(other, 1);
	/* There is room for some hundreds. */
	limit_files(4096);
	for (i = 1; i < 2000; i++)
		note(l, NOON, "k", "m", 3, &always);
	limit_files(RLIM_INFINITY);
	expect_noted(l, 2000);
	expect_noted(other, 2000);
	/* Nor can there be a first file. */
	limit_files(4096);
	note(other, NOON, "k", "m", 3, &always);
	limit_files(RLIM_INFINITY);
	expect_noted(l, 2000);
	note(other, NOON, "k", "m", 3, &always);
	expect_noted(l, 2002);
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

/* Files that are full go, when all was taken over, and nothing counts twice. */
static void
test_a_long_journal(void **state)
{
	char		*home = make_home(), *want;
	char		 model[129];
	struct ledger	*l = at_home(home), *other = at_home(home);
	int		 i, n = 0, most = 0, files;

	(void)state;
	memset(model, 'm', 128);
	model[128] = '\0';
	for (i = 0; i < 24; i++) {
		for (; n < (i + 1) * 1000; n++)
			note(n % 2 == 0 ? l : other, NOON, "k", model, 2,
			    &always);
		files = count_files(home, LEDGER_JOURNAL "*");
		most = files > most ? files : most;
		want = xasprintf("0/0 k %s /chat/completions 200: %d %d %d %d "
		    "%d %d\n", model, n, n * 100, n * 80, n * 5, n * 7, n * 2);
		expect(i % 3 == 0 ? l : other, NULL, want);
		free(want);
		assert_true(count_files(home, LEDGER_JOURNAL "*") <= 2);
	}
	assert_true(most > 4);
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
	char		*home = make_home();
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
	third = at_home(home);
	expect(third, "nobody", "");
	limit_files(4096);
	note(third, now, "k", "m", 100, &always);
	assert_int_equal(spent(third, "k").month, 142);
	note(third, now, "k", "m", 100, &always);
	assert_int_equal(spent(third, "k").month, 242);
	limit_files(RLIM_INFINITY);
	ledger_destroy(third);
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
		note(l, now, "k", "m", 1, &always);
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
	ledger_note(l, &r, &always);
	expect(l, NULL, "0/0 k m /chat/completions 200: 2 200 160 10 14 6\n"
	    "0/0 k m /chat/completions 499: 1 100 80 5 7 20\n");
	assert_true(ledger_rows(l, 0, INT64_MAX, NULL, add_counts, &sum));
	assert_int_equal(sum.estimated, 9);
	assert_int_equal(sum.nano, 26);
	ledger_destroy(l);
	remove_home(home);
}

/* --- The ledger of a server: a thread takes over, notes wait for nothing. */

/* The lines of all files. */
static int
count_lines(const char *home)
{
	char	 line[400];
	glob_t	 found;
	size_t	 i;
	FILE	*f;
	int	 lines = 0;

	find_files(home, LEDGER_JOURNAL "*", &found);
	for (i = 0; i < found.gl_pathc; i++) {
		f = fopen(found.gl_pathv[i], "r");
		assert_non_null(f);
		while (fgets(line, sizeof(line), f) != NULL)
			lines += strchr(line, '\t') != NULL;
		fclose(f);
	}
	globfree(&found);
	return lines;
}

static void
test_threaded(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	int		 i;

	(void)state;
	ledger_start(l);
	for (i = 0; i < 51; i++) {
		note(l, NOON, "k", "m", 3, &always);
		assert_int_equal(count_lines(home), i + 1);
	}
	expect_noted(l, 51);
	/* It is deleted: the thread begins a new one. */
	remove_files(home, LEDGER_JOURNAL "*");
	assert_true(ledger_settle(l));
	note(l, NOON, "k", "m", 3, &always);
	assert_int_equal(count_lines(home), 1);
	ledger_destroy(l);
	assert_int_equal(count_files(home, LEDGER_JOURNAL "*"), 0);
	l = at_home(home);
	expect_noted(l, 52);
	ledger_destroy(l);
	remove_home(home);
}

/*
 * The thread wants the next file when half of one is full: if there can't be
 * any, the other half is used first.
 */
static void
test_half_full(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	int		 i;

	(void)state;
	ledger_start(l);
	note(l, NOON, "k", "m", 3, &always);
	limit_files(400000);
	for (i = 1; i < 12000; i++) {
		if (i == 11000)
			ledger_settle(l);	/* so that it has tried */
		note(l, NOON, "k", "m", 3, &always);
	}
	assert_int_equal(count_lines(home), 12000);
	limit_files(RLIM_INFINITY);
	expect_noted(l, 12000);
	ledger_destroy(l);
	remove_home(home);
}

/* What the database has, as somebody sees it who takes nothing over. */
static int
count_taken(const char *home)
{
	char		*path = path_of(home, LEDGER_FILE);
	sqlite3		*db;
	sqlite3_stmt	*st;
	int		 n = -1;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) ==
	    SQLITE_OK && sqlite3_prepare_v2(db,
	    "SELECT total(requests) FROM usage", -1, &st, NULL) == SQLITE_OK) {
		if (sqlite3_step(st) == SQLITE_ROW)
			n = sqlite3_column_int(st, 0);
		sqlite3_finalize(st);
	}
	sqlite3_close(db);
	free(path);
	return n;
}

/*
 * A few notes open no database; half of a file is taken over, and the database
 * is closed behind that.
 */
static void
test_much_is_taken(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	int		 i, taken;

	(void)state;
	ledger_start(l);
	note(l, NOON, "k", "m", 3, &always);
	usleep(1500000);
	assert_int_equal(count_files(home, LEDGER_FILE), 0);
	for (i = 1; i < 9000; i++)
		note(l, NOON, "k", "m", 3, &always);
	for (i = 0; i < 100 && (taken = count_taken(home)) <= 0; i++)
		usleep(100000);
	assert_in_range(taken, 1, 9000);
	for (i = 0; i < 100 && count_files(home, LEDGER_FILE "-shm") > 0; i++)
		usleep(100000);
	assert_int_equal(count_files(home, LEDGER_FILE "-shm"), 0);
	expect_noted(l, 9000);
	ledger_destroy(l);
	remove_home(home);
}

/* What is read again and again, since keys have budgets, is taken over. */
static void
test_read_often(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	int		 i, taken;

	(void)state;
	ledger_start(l);
	for (i = 0; i < 2100; i++)
		note(l, NOON, "k", "m", 3, &always);
	assert_true(count_taken(home) <= 0);
	assert_int_equal(spent(l, "nobody").month, 0);
	for (i = 0; i < 100 && (taken = count_taken(home)) <= 0; i++)
		usleep(100000);
	assert_int_equal(taken, 2100);
	ledger_destroy(l);
	remove_home(home);
}

/* Somebody cuts the file that is memory: nothing crashes, and it goes on. */
static void
test_cut(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home);
	glob_t		 found;

	(void)state;
	note(l, NOON, "k", "m", 3, &always);
	expect_noted(l, 1);
	find_files(home, LEDGER_JOURNAL ".*", &found);
	assert_int_equal(found.gl_pathc, 1);
	assert_int_equal(truncate(found.gl_pathv[0], 0), 0);
	globfree(&found);
	note(l, NOON, "k", "m", 3, &always);
	expect_noted(l, 1);
	note(l, NOON, "k", "m", 3, &always);
	expect_noted(l, 2);
	ledger_destroy(l);
	remove_home(home);
}

static void *
note_many(void *l)
{
	int i;

	for (i = 0; i < 10000; i++)
		note(l, NOON, "k", "m", 3, &always);
	return NULL;
}

/* Threads note while another takes over, and files change. */
static void
test_many_threads(void **state)
{
	char		*home = make_home();
	struct ledger	*l = at_home(home), *other = at_home(home);
	pthread_t	 threads[4];
	size_t		 i;

	(void)state;
	ledger_start(other);
	for (i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, note_many,
		    i % 2 == 0 ? l : other), 0);
	/* Who finds that the other one has the database does it later. */
	for (i = 0; i < 20; i++) {
		ledger_settle(l);
		ledger_settle(other);
	}
	for (i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	expect_noted(l, 40000);
	ledger_destroy(l);
	ledger_destroy(other);
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
		cmocka_unit_test(test_killed_while_it_wrote),
		cmocka_unit_test(test_an_older_journal),
		cmocka_unit_test(test_a_full_disk),
		cmocka_unit_test(test_an_older_database),
		cmocka_unit_test(test_a_long_journal),
		cmocka_unit_test(test_old_rows),
		cmocka_unit_test(test_spent),
		cmocka_unit_test(test_spent_behind_a_lock),
		cmocka_unit_test(test_spent_meanwhile),
		cmocka_unit_test(test_spent_unknown),
		cmocka_unit_test(test_before_estimates),
		cmocka_unit_test(test_threaded),
		cmocka_unit_test(test_half_full),
		cmocka_unit_test(test_much_is_taken),
		cmocka_unit_test(test_read_often),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_days),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
