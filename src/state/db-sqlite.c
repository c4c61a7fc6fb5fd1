/* The driver of SQLite: a file, its version, giving up on it for a while. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/log.h"
#include "base/util.h"
#include "state/db-driver.h"
#include "state/db-sqlite-wal.h"

#define BUSY_MS		1000	/* another process writes */
#define BUSY_FEW_MS	200	/* after that few may wait for it */
#define BUSY_STEP_US	10000	/* it is asked again */
#define ENTER_MS	5000	/* another thread is slow, or its disk */
#define ENTER_SLOW_MS	100	/* and was slow before */
#define BROKEN_MS	60000	/* then a disk that refused is tried again */

struct sqlite_stmt {
	struct db_stmt	 base;
	sqlite3_stmt	*st;
};

/* The one connection of the file, which is taken with the lock. */
struct sqlite_conn {
	struct db_conn	 base;
	enum db_fault	 fault;
	char		 why[160];	/* of that */
	bool		 failed;	/* something that was queued */
	int64_t		 queued;	/* rows changed by all of that */
};

struct sqlite {
	struct db	 base;
	char		*path;
	char		*home;
	struct db_sqlite_wal *log;		/* who empties the log */
	atomic_bool	 slow;		/* the lock was not to be had */
	atomic_bool	 waits;		/* somebody, for another process */
	pthread_mutex_t	 lock;		/* of all below */
	struct sqlite_conn conn;
	sqlite3		*db;		/* NULL: not open */
	struct stat	 file;		/* that is open */
	bool		 locked;	/* by another process, lately */
	bool		 deleted;	/* something, since the lock */
	int64_t		 broken_until;	/* it is not opened before */
	int64_t		 refused_until;	/* not written to; 0: it can be */
};

static struct sqlite *
of(struct db_conn *c)
{
	return (struct sqlite *)c->db;
}

/* Another process is writing, which says nothing about the disk. */
static bool
is_busy(int rc)
{
	return (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED;
}

/* Note what SQLite has just said, for db_fault() and db_why(). */
static void
note(struct sqlite *s, int rc)
{
	int kind = rc & 0xff;

	s->conn.fault = rc == SQLITE_OK || rc == SQLITE_ROW ||
	    rc == SQLITE_DONE ? DB_FINE : is_busy(rc) ? DB_BUSY :
	    kind == SQLITE_CONSTRAINT || kind == SQLITE_TOOBIG ? DB_REFUSED :
	    DB_WORSE;
	if (s->conn.fault != DB_FINE)
		snprintf(s->conn.why, sizeof(s->conn.why), "%s",
		    sqlite3_errmsg(s->db));
}

/* Statements without arguments or rows. */
static bool
run(struct sqlite *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	note(s, rc);
	return rc == SQLITE_OK;
}

/* With all statements. */
static void
close_file(struct sqlite *s)
{
	struct db_stmt *st;

	while ((st = s->conn.base.made) != NULL) {
		s->conn.base.made = st->next;
		sqlite3_finalize(((struct sqlite_stmt *)st)->st);
		free(st);
	}
	sqlite3_close(s->db);
	s->db = NULL;
}

static void
destroy(struct db *db)
{
	struct sqlite *s = (struct sqlite *)db;

	db_sqlite_wal_destroy(s->log);
	close_file(s);
	pthread_mutex_destroy(&s->lock);
	free(s->home);
	free(s->path);
	free(s);
}

/* --- Opening. */

/* Nothing is written for a while. */
static void
refuse(struct sqlite *s, const char *what, const char *why)
{
	s->refused_until = util_now_ms() + BROKEN_MS;
	log_warn("%s: %s: %s; nothing is stored for %d s",
	    s->base.schema->what, what, why, BROKEN_MS / 1000);
}

/* Nor is anything read. */
static void
give_up(struct sqlite *s, const char *what, const char *why)
{
	refuse(s, what, why);
	s->broken_until = s->refused_until;
	close_file(s);
}

/* From now on nobody waits for that process; the log tells it once. */
static void
note_locked(struct sqlite *s)
{
	if (!s->locked)
		log_warn("%s: %s: another process has locked it; nothing is "
		    "stored until it lets go", s->base.schema->what, s->path);
	s->locked = true;
}

/* An empty file gets the tables; one of a newer program is left alone. */
static bool
migrate(struct sqlite *s, const char **why)
{
	int64_t	version, newest = (int64_t)s->base.schema->sqlite.n;
	bool	ok;
	char	set[48];

	version = db_number(&s->conn.base, "PRAGMA user_version");
	if (version == newest)
		return true;
	if (version < 0 || !run(s, "BEGIN IMMEDIATE"))
		return false;
	/* Perhaps another process was faster. */
	version = db_number(&s->conn.base, "PRAGMA user_version");
	ok = version >= 0 && version <= newest;
	if (version > newest)
		*why = "it was made by a newer version of this program";
	for (; ok && version < newest; version++)
		ok = run(s, s->base.schema->sqlite.list[version]);
	snprintf(set, sizeof(set), "PRAGMA user_version = %zu",
	    s->base.schema->sqlite.n);
	if (ok && run(s, set))
		return run(s, "COMMIT");
	if (*why == NULL)
		*why = sqlite3_errmsg(s->db);
	return false;
}

/*
 * Conversations are private, and SQLite gives its journal the same mode. An
 * existing file is not opened here: closing it would drop SQLite's locks.
 */
static void
create_private(const struct sqlite *s)
{
	int fd;

	mkdir(s->home, 0700);
	fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

/*
 * A log survives kill -9 at any point without an fsync for each turn; only the
 * machine's crash may take the last ones.
 */
static const char settings[] =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
    "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;";

/*
 * To set auto_vacuum is to write, each time: an old file has it already, and to
 * open that must not wait for another process that writes.
 */
static bool
set_up(struct sqlite *s)
{
	return (db_number(&s->conn.base, "PRAGMA page_count") != 0 ||
	    run(s, "PRAGMA auto_vacuum = INCREMENTAL")) &&
	    run(s, settings);
}

/*
 * Make the file what it has to be. Another process that does the same, or takes
 * over a log, is waited for: not all of that goes by SQLite's own patience.
 */
static bool
make_ready(struct sqlite *s, const char **why)
{
	int64_t	until = util_now_ms() + (s->locked ? 0 : BUSY_MS);
	bool	ok;

	while (!(ok = set_up(s) && migrate(s, why)) &&
	    is_busy(sqlite3_errcode(s->db)) && util_now_ms() < until) {
		*why = NULL;
		usleep(BUSY_STEP_US);
	}
	return ok;
}

static bool
open_file(struct sqlite *s)
{
	const char *why = NULL;

	if (s->db != NULL)
		return true;
	errno = 0;
	create_private(s);
	if (db_sqlite_wal_open(s->path, &s->db) == SQLITE_OK) {
		sqlite3_extended_result_codes(s->db, 1);
		sqlite3_busy_timeout(s->db, s->locked ? 0 : BUSY_MS);
		if (make_ready(s, &why)) {
			db_sqlite_wal_watch(s->log, s->db);
			s->locked = false;
			stat(s->path, &s->file);
			return true;
		}
	} else if (errno != 0 && errno != EEXIST)
		why = strerror(errno);
	if (why == NULL)
		why = s->db != NULL ? sqlite3_errmsg(s->db) : "out of memory";
	if (s->db != NULL && is_busy(sqlite3_errcode(s->db))) {
		note_locked(s);
		close_file(s);
	} else
		give_up(s, s->path, why);
	return false;
}

/* Whoever has deleted the file, or put another one there, means that one. */
static bool
is_moved(const struct sqlite *s)
{
	struct stat st;

	return stat(s->path, &st) != 0 || st.st_dev != s->file.st_dev ||
	    st.st_ino != s->file.st_ino;
}

/* After the disk refused it is opened anew: perhaps it is another one. */
static void
try_again(struct sqlite *s)
{
	if (s->db != NULL && is_moved(s)) {
		log_warn("%s: %s was deleted or replaced; what was in it "
		    "can't be gone on from", s->base.schema->what, s->path);
		close_file(s);
	}
	if (s->refused_until != 0 && util_now_ms() >= s->refused_until) {
		s->refused_until = 0;
		close_file(s);
	}
}

/* A disk that hangs holds up whoever has the lock, and nobody else for long. */
static bool
take_lock(struct sqlite *s)
{
	bool		slow = atomic_load(&s->slow);
	struct timespec	until;
	int64_t		ms = slow ? ENTER_SLOW_MS : ENTER_MS;
	bool		taken;

	if (pthread_mutex_trylock(&s->lock) == 0) {
		taken = true;
	} else {
		until = util_after_ms(ms);
		taken = pthread_mutex_clocklock(&s->lock, CLOCK_MONOTONIC,
		    &until) == 0;
	}
	if (!taken && !slow)
		log_warn("%s: %s: the disk is slow", s->base.schema->what,
		    s->path);
	atomic_store(&s->slow, !taken);
	return taken;
}

static struct db_conn *
enter(struct db *db)
{
	struct sqlite *s = (struct sqlite *)db;

	if (!take_lock(s))
		return NULL;
	try_again(s);
	if (util_now_ms() >= s->broken_until && open_file(s)) {
		sqlite3_busy_timeout(s->db, s->locked ? 0 : BUSY_FEW_MS);
		return &s->conn.base;
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void
deleted(struct db_conn *c)
{
	of(c)->deleted = true;
}

static void
leave(struct db_conn *c)
{
	struct sqlite *s = of(c);

	if (s->deleted)
		db_sqlite_wal_forget(s->log);
	s->deleted = false;
	pthread_mutex_unlock(&s->lock);
}

static void
tidy(struct db *db)
{
	struct sqlite	*s = (struct sqlite *)db;
	struct stat	 st;
	char		*log = xasprintf("%s-wal", s->path);

	if (stat(log, &st) == 0 && st.st_size > 0)
		db_sqlite_wal_forget(s->log);
	free(log);
}

/* Whoever is in there uses it. */
static void
rest(struct db *db)
{
	struct sqlite *s = (struct sqlite *)db;

	if (pthread_mutex_trylock(&s->lock) != 0)
		return;
	close_file(s);
	pthread_mutex_unlock(&s->lock);
}

static bool
waits(const struct db *db)
{
	return atomic_load(&((const struct sqlite *)db)->waits);
}

/* --- Statements. */

static enum db_fault
fault_of(struct db_conn *c)
{
	return of(c)->conn.fault;
}

static const char *
why_of(struct db_conn *c)
{
	return of(c)->conn.why;
}

static struct db_stmt *
prepare(struct db_conn *c, const char *sql)
{
	struct sqlite		*s = of(c);
	struct sqlite_stmt	*st = xcalloc(1, sizeof(*st));
	int			 rc;

	rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &st->st, NULL);
	if (rc == SQLITE_OK)
		return &st->base;
	note(s, rc);
	log_err("%s: %s", s->base.schema->what, s->conn.why);
	free(st);
	return NULL;
}

static sqlite3_stmt *
in(struct db_stmt *st)
{
	return ((struct sqlite_stmt *)st)->st;
}

static void
bind_bytes(struct db_stmt *st, int i, const char *p, size_t n)
{
	if (p == NULL)
		sqlite3_bind_null(in(st), i);
	else
		sqlite3_bind_text64(in(st), i, p, n, SQLITE_STATIC,
		    SQLITE_UTF8);
}

static void
bind_int(struct db_stmt *st, int i, int64_t n)
{
	sqlite3_bind_int64(in(st), i, n);
}

static enum db_step
step(struct db_stmt *st)
{
	int rc = sqlite3_step(in(st));

	note(of(st->conn), rc);
	return rc == SQLITE_ROW ? DB_ROW : rc == SQLITE_DONE ? DB_DONE :
	    DB_FAILED;
}

/* It does so anyway. */
static void
stream(struct db_stmt *st)
{
	(void)st;
}

static const char *
text(struct db_stmt *st, int column, size_t *n)
{
	const char *p = (const char *)sqlite3_column_text(in(st), column);

	*n = (size_t)sqlite3_column_bytes(in(st), column);
	/* The text may be on a page of its own, which is read only now. */
	if (p == NULL && sqlite3_column_type(in(st), column) != SQLITE_NULL)
		note(of(st->conn), sqlite3_errcode(of(st->conn)->db));
	return p;
}

/* The bytes of a text, which is not read for this. */
static size_t
length(struct db_stmt *st, int column)
{
	return (size_t)sqlite3_column_bytes(in(st), column);
}

static int64_t
number(struct db_stmt *st, int column)
{
	return sqlite3_column_int64(in(st), column);
}

static bool
is_null(struct db_stmt *st, int column)
{
	return sqlite3_column_type(in(st), column) == SQLITE_NULL;
}

static void
reset(struct db_stmt *st)
{
	sqlite3_reset(in(st));
	sqlite3_clear_bindings(in(st));
}

static int64_t
changes(struct db_conn *c)
{
	return sqlite3_changes(of(c)->db);
}

/* It runs at once, unless something before it has failed. */
static void
queue(struct db_stmt *st)
{
	struct sqlite *s = of(st->conn);

	if (s->conn.failed)
		return;
	if (step(st) != DB_DONE)
		s->conn.failed = true;
	else
		s->conn.queued += changes(st->conn);
	sqlite3_reset(in(st));
}

static bool
settle(struct db_conn *c, int64_t *n)
{
	struct sqlite_conn	*conn = &of(c)->conn;
	bool			 ok = !conn->failed;

	*n = conn->queued;
	conn->failed = false;
	conn->queued = 0;
	return ok;
}

/* --- Transactions. */

/* Does another process that was found to write still do so? Doesn't wait. */
static bool
is_locked(struct sqlite *s)
{
	if (s->locked && run(s, "BEGIN IMMEDIATE")) {
		run(s, "ROLLBACK");
		s->locked = false;
	}
	return s->locked;
}

/* Give others the lock for a moment; is the file still open then? */
static bool
pause_unlocked(struct sqlite *s)
{
	pthread_mutex_unlock(&s->lock);
	usleep(BUSY_STEP_US);
	pthread_mutex_lock(&s->lock);
	return s->db != NULL && s->refused_until == 0;
}

static bool
try_begin(struct sqlite *s)
{
	sqlite3_busy_timeout(s->db, 0);
	return db_run(&s->conn.base, "BEGIN IMMEDIATE");
}

static bool
begin(struct db_conn *c)
{
	struct sqlite	*s = of(c);
	int64_t		 start = util_now_ms(), past;
	int64_t		 wait = s->locked ? 0 : BUSY_MS;
	bool		 ok;

	if (s->refused_until != 0)
		return false;
	while (!(ok = try_begin(s)) && s->conn.fault == DB_BUSY) {
		past = util_now_ms() - start;
		if (past >= wait)
			break;
		if (past >= BUSY_FEW_MS)
			atomic_store(&s->waits, true);
		if (!pause_unlocked(s))
			return false;
	}
	atomic_store(&s->waits, false);
	if (!ok && s->conn.fault == DB_BUSY)
		note_locked(s);
	else
		s->locked = false;
	return ok;
}

static bool
is_begun(struct db_conn *c)
{
	return !sqlite3_get_autocommit(of(c)->db);
}

static bool
end(struct db_conn *c, bool ok, const char *what)
{
	struct sqlite	*s = of(c);
	enum db_fault	 is;
	char		 reason[sizeof(s->conn.why)];

	if (ok && db_run(c, "COMMIT"))
		return true;
	if (s->refused_until != 0 || s->db == NULL)
		return false;
	is = s->conn.fault;
	snprintf(reason, sizeof(reason), "%s", s->conn.why);
	if (is_begun(c))
		run(s, "ROLLBACK");
	s->conn.fault = is;
	/* The first is not SQLite's doing; two say nothing about the disk. */
	if (is == DB_BUSY)
		note_locked(s);
	else if (is == DB_REFUSED)
		log_warn("%s: %s: %s", s->base.schema->what, what, reason);
	else if (is != DB_FINE)
		refuse(s, what, reason);
	return false;
}

static bool
begin_reading(struct db_conn *c)
{
	return db_run(c, "BEGIN");
}

static void
end_reading(struct db_conn *c)
{
	db_run(c, "COMMIT");
}

/* --- The disk. */

static int64_t
give_back(struct db_conn *c, int64_t pages)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%lld)",
	    (long long)pages);
	return run(of(c), sql) ? db_number(c, "PRAGMA freelist_count") : -1;
}

static void
compact(struct db_conn *c)
{
	run(of(c), "VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
	deleted(c);
}

static enum db_state
state(struct db *db)
{
	struct sqlite	*s = (struct sqlite *)db;
	enum db_state	 is;

	if (enter(db) == NULL)
		return DB_BROKEN;
	is = is_locked(s) || s->refused_until != 0 ? DB_READABLE : DB_USABLE;
	leave(&s->conn.base);
	return is;
}

static const struct db_driver driver = {
	.destroy = destroy,
	.state = state,
	.tidy = tidy,
	.rest = rest,
	.waits = waits,
	.enter = enter,
	.leave = leave,
	.prepare = prepare,
	.bind_bytes = bind_bytes,
	.bind_int = bind_int,
	.step = step,
	.stream = stream,
	.text = text,
	.length = length,
	.number = number,
	.is_null = is_null,
	.reset = reset,
	.changes = changes,
	.queue = queue,
	.settle = settle,
	.begin = begin,
	.end = end,
	.begin_reading = begin_reading,
	.end_reading = end_reading,
	.fault = fault_of,
	.why = why_of,
	.is_begun = is_begun,
	.deleted = deleted,
	.give_back = give_back,
	.compact = compact,
};

struct db *
db_sqlite_create(const struct state_place *at, const struct db_schema *schema)
{
	struct sqlite *s = xcalloc(1, sizeof(*s));

	s->base.driver = &driver;
	s->base.schema = schema;
	s->conn.base.db = &s->base;
	s->home = xstrdup(at->home);
	s->path = xasprintf("%s/%s", at->home, schema->file);
	s->log = db_sqlite_wal_create(s->path);
	pthread_mutex_init(&s->lock, NULL);
	return &s->base;
}
