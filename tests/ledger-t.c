/* The ledger: notes, what becomes of them, sums, damage. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/files.h"
#include "base/util.h"
#include "state/ledger.h"

#define DAY	86400
/* 2026-11-15 12:30 UTC */
#define NOON	INT64_C(1794745800)

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
		.counts = { 1, 100, 80, 5, 7, nano }
	};

	ledger_note(l, &r, keep, true);
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
	struct ledger	*l = ledger_create(home);
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
	l = ledger_create(home);
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
	struct ledger		*dead = ledger_create(home), *l;

	(void)state;
	/* Killed before it could take its note over. */
	note(dead, NOON, "k", "m", 3, &always);
	l = ledger_create(home);
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
	l = ledger_create(home);
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
	struct ledger			*l = ledger_create(home);
	struct ledger_row		 r = {
		.start = NOON, .key = "k", .model = "m", .endpoint = "e",
		.status = 200, .counts = { 1, 1, 1, 1, 1, 1 }
	};
	struct buf			 out = { 0 };
	size_t				 i;

	(void)state;
	for (i = 0; i < COUNT(who); i++) {
		r.initiator = who[i];
		ledger_note(l, &r, &always, true);
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

/* The database as it was before a while: the journal still has what is new. */
static void
test_an_older_database(void **state)
{
	char		*home = make_home();
	struct ledger	*l = ledger_create(home);
	struct err	 err;

	(void)state;
	note(l, NOON, "k", "m", 3, &always);
	expect(l, NULL, "0/0 k m /chat/completions 200: 1 100 80 5 7 3\n");
	ledger_destroy(l);
	copy(home, LEDGER_FILE, "kept");
	l = ledger_create(home);
	note(l, NOON, "k", "m", 4, &always);
	expect(l, NULL, "0/0 k m /chat/completions 200: 2 200 160 10 14 7\n");
	ledger_destroy(l);
	copy(home, "kept", LEDGER_FILE);
	l = ledger_create(home);
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
	struct ledger	*l = ledger_create(home), *other = ledger_create(home);
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
	struct ledger			*l = ledger_create(home);
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
	l = ledger_create(home);
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

static void
test_spent(void **state)
{
	char			*home = make_home();
	struct ledger		*l = ledger_create(home), *other;
	int64_t			 now = (int64_t)time(NULL);
	int64_t			 month = ledger_month(now, 0);
	struct ledger_spent	 s;

	(void)state;
	s = ledger_spent(l, "k");
	assert_true(s.day == 0 && s.month == 0);
	note(l, now, "k", "m", 5, &always);
	note(l, now, "other", "m", 50, &always);
	note(l, ledger_month(now, -1), "k", "m", 500, &always);
	s = ledger_spent(l, "k");
	assert_true(s.day == 5);
	assert_true(s.month >= 5);
	other = ledger_create(home);
	note(other, now, "k", "m", 7, &always);
	s = ledger_spent(other, "k");
	assert_true(s.day == 12 && s.month == 12);
	if (ledger_day(now, 0) != month) {
		note(other, month, "k", "m", 1, &always);
		s = ledger_spent(other, "k");
		assert_true(s.day == 12 && s.month == 13);
	}
	ledger_destroy(other);
	ledger_destroy(l);
	remove_home(home);
}

/* A disk that refuses holds up nobody, and loses nothing in this process. */
static void
test_refused(void **state)
{
	char		*home = make_home(), *path;
	struct ledger	*l = ledger_create(home);

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
		cmocka_unit_test(test_an_older_database),
		cmocka_unit_test(test_a_long_journal),
		cmocka_unit_test(test_old_rows),
		cmocka_unit_test(test_spent),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_days),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
