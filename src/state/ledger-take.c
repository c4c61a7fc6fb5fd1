/* From the journal into the database. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "state/ledger-line.h"
#include "state/ledger-take.h"
#include "state/place.h"

#define SUMS_MAX	64	/* added up before they are put down */

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
	if (!ledger_line_read(copy, &r)) {
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

/*
 * The database that was used before may have taken over a part of the file:
 * this one begins behind that, so that the sums of both can be added up.
 */
static bool
look_before(const char *home, struct journal_place *at)
{
	const struct state_place before = { .home = home };
	char			*path = xasprintf("%s/" LEDGER_FILE, home);
	struct db		*db = NULL;
	struct db_conn		*c;
	bool			 ok = true;

	if (access(path, F_OK) == 0)
		db = db_create(&before, &ledger_schema);
	free(path);
	if (db != NULL && (ok = (c = db_enter(db)) != NULL)) {
		ok = ledger_place_get(c, at);
		db_leave(c);
	}
	db_destroy(db);
	return ok;
}

/* How far the file was taken over. */
static bool
find_place(struct db_conn *c, const struct ledger_source *from,
    struct journal_place *at)
{
	int64_t begin = at->offset;

	at->offset = -1;
	if (!ledger_place_get(c, at))
		return false;
	if (at->offset >= 0)
		return true;
	at->offset = begin;
	return !from->moved || look_before(from->home, at);
}

bool
ledger_take_file(struct db_conn *c, const struct ledger_source *from,
    struct journal_file *f)
{
	struct sums	s = { .conn = c };
	int64_t		before;
	bool		ok;

	if (!find_place(c, from, &f->at))
		return false;
	before = f->at.offset;
	ok = put_sums(&s, journal_read(f, take_line, &s));
	return ok && (f->at.offset == before || ledger_place_set(c, &f->at));
}

static bool
take_files(struct db_conn *c, const struct ledger_source *from,
    struct journal_files *files)
{
	size_t i;

	for (i = 0; i < files->n; i++)
		if (!ledger_take_file(c, from, &files->list[i]))
			return false;
	return true;
}

bool
ledger_take(struct db *db, const struct ledger_source *from,
    const struct ledger_keep *keep)
{
	struct journal_files	 files;
	struct db_conn		*c;
	size_t			 i;
	bool			 ok;

	if (!journal_open(from->home, LEDGER_JOURNAL, &files))
		return false;
	if ((ok = (c = db_enter(db)) != NULL)) {
		ok = db_begin(c) && take_files(c, from, &files) &&
		    (keep == NULL ||
		    ledger_compact(c, keep, (int64_t)time(NULL)));
		ok = db_end(c, ok, "not taken over yet");
		db_leave(c);
	}
	for (i = 0; ok && i < files.n; i++)
		journal_clear(&files.list[i]);
	journal_close(&files);
	return ok;
}

bool
ledger_sums_read(struct db *db, const struct ledger_source *from,
    bool (*sums)(struct db_conn *, void *), bool (*line)(char *, void *),
    void *arg)
{
	struct journal_files	 files;
	struct db_conn		*c;
	size_t			 i;
	bool			 ok;

	if (!journal_open(from->home, LEDGER_JOURNAL, &files))
		return false;
	if ((ok = (c = db_enter(db)) != NULL)) {
		ok = db_begin_reading(c) && sums(c, arg);
		for (i = 0; ok && i < files.n; i++)
			ok = find_place(c, from, &files.list[i].at);
		db_end_reading(c);
		db_leave(c);
	}
	for (i = 0; ok && i < files.n; i++)
		ok = journal_read(&files.list[i], line, arg);
	journal_close(&files);
	return ok;
}
