/* The SQLite file behind stored.h. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "state/sqlite.h"

#define BUSY_MS		1000	/* another process writes */
#define BUSY_FEW_MS	200	/* after that few may wait for it */
#define BUSY_STEP_US	10000	/* it is asked again */
#define ENTER_MS	5000	/* another thread is slow, or its disk */
#define ENTER_SLOW_MS	100	/* and was slow before */
#define BROKEN_MS	60000	/* then a disk that refused is tried again */

struct stored *
sqlite_create(const char *home, const struct sqlite_schema *schema)
{
	struct stored *s = xcalloc(1, sizeof(*s));

	s->schema = schema;
	s->home = xstrdup(home);
	s->path = xasprintf("%s/%s", home, schema->file);
	s->log = sqlite_wal_create(s->path);
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
sqlite_destroy(struct stored *s)
{
	if (s == NULL)
		return;
	sqlite_wal_destroy(s->log);
	sqlite_close(s);
	pthread_mutex_destroy(&s->lock);
	free(s->home);
	free(s->path);
	free(s);
}

void
sqlite_close(struct stored *s)
{
	sqlite3_stmt *st;

	while (s->db != NULL && (st = sqlite3_next_stmt(s->db, NULL)) != NULL)
		sqlite3_finalize(st);
	sqlite3_close(s->db);
	s->db = NULL;
}

/* --- Opening. */

/* Nothing is written for a while. */
static void
refuse(struct stored *s, const char *what, const char *why)
{
	snprintf(s->why, sizeof(s->why), "%s: %s", what, why);
	s->refused_until = util_now_ms() + BROKEN_MS;
	log_warn("%s: %s; nothing is stored for %d s", s->schema->what, s->why,
	    BROKEN_MS / 1000);
}

/* Nor is anything read. */
static void
give_up(struct stored *s, const char *what, const char *why)
{
	refuse(s, what, why);
	s->broken_until = s->refused_until;
	sqlite_close(s);
}

/* Another process is writing, which says nothing about the disk. */
static bool
is_busy(int rc)
{
	return (rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED;
}

/* From now on nobody waits for that process; the log tells it once. */
static void
note_locked(struct stored *s)
{
	if (!s->locked)
		log_warn("%s: %s: another process has locked it; nothing is "
		    "stored until it lets go", s->schema->what, s->path);
	s->locked = true;
}

/* An empty file gets the tables; one of a newer program is left alone. */
static bool
migrate(struct stored *s, const char **why)
{
	int64_t	version, newest = (int64_t)s->schema->nsteps;
	bool	ok;
	char	set[48];

	version = sqlite_number(s, "PRAGMA user_version");
	if (version == newest)
		return true;
	if (version < 0 || !sqlite_run(s, "BEGIN IMMEDIATE"))
		return false;
	/* Perhaps another process was faster. */
	version = sqlite_number(s, "PRAGMA user_version");
	ok = version >= 0 && version <= newest;
	if (version > newest)
		*why = "it was made by a newer version of this program";
	for (; ok && version < newest; version++)
		ok = sqlite_run(s, s->schema->steps[version]);
	snprintf(set, sizeof(set), "PRAGMA user_version = %zu",
	    s->schema->nsteps);
	if (ok && sqlite_run(s, set))
		return sqlite_run(s, "COMMIT");
	if (*why == NULL)
		*why = sqlite3_errmsg(s->db);
	return false;
}

/*
 * Conversations are private, and SQLite gives its journal the same mode. An
 * existing file is not opened here: closing it would drop SQLite's locks.
 */
static void
create_private(const struct stored *s)
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
set_up(struct stored *s)
{
	return (sqlite_number(s, "PRAGMA page_count") != 0 ||
	    sqlite_run(s, "PRAGMA auto_vacuum = INCREMENTAL")) &&
	    sqlite_run(s, settings);
}

/*
 * Make the file what it has to be. Another process that does the same, or takes
 * over a log, is waited for: not all of that goes by SQLite's own patience.
 */
static bool
prepare(struct stored *s, const char **why)
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
open_file(struct stored *s)
{
	const int	 flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	const char	*why = NULL;

	if (s->db != NULL)
		return true;
	errno = 0;
	create_private(s);
	if (sqlite3_open_v2(s->path, &s->db, flags, NULL) == SQLITE_OK) {
		sqlite3_extended_result_codes(s->db, 1);
		sqlite3_busy_timeout(s->db, s->locked ? 0 : BUSY_MS);
		if (prepare(s, &why)) {
			sqlite_wal_watch(s->log, s->db);
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
		sqlite_close(s);
	} else
		give_up(s, s->path, why);
	return false;
}

/* Whoever has deleted the file, or put another one there, means that one. */
static bool
is_moved(const struct stored *s)
{
	struct stat st;

	return stat(s->path, &st) != 0 || st.st_dev != s->file.st_dev ||
	    st.st_ino != s->file.st_ino;
}

/* After the disk refused it is opened anew: perhaps it is another one. */
static void
try_again(struct stored *s)
{
	if (s->db != NULL && is_moved(s)) {
		log_warn("%s: %s was deleted or replaced; what was in it "
		    "can't be gone on from", s->schema->what, s->path);
		sqlite_close(s);
	}
	if (s->refused_until != 0 && util_now_ms() >= s->refused_until) {
		s->refused_until = 0;
		sqlite_close(s);
	}
}

/* A disk that hangs holds up whoever has the lock, and nobody else for long. */
static bool
take_lock(struct stored *s)
{
	bool		slow = atomic_load(&s->slow);
	struct timespec	until;
	int64_t		ms = slow ? ENTER_SLOW_MS : ENTER_MS;
	bool		taken;

	if (pthread_mutex_trylock(&s->lock) == 0) {
		taken = true;
	} else {
		clock_gettime(CLOCK_REALTIME, &until);
		ms += until.tv_nsec / 1000000;
		until.tv_sec += (time_t)(ms / 1000);
		until.tv_nsec = (long)(ms % 1000) * 1000000;
		taken = pthread_mutex_timedlock(&s->lock, &until) == 0;
	}
	if (!taken && !slow)
		log_warn("%s: %s: the disk is slow", s->schema->what, s->path);
	atomic_store(&s->slow, !taken);
	return taken;
}

bool
sqlite_enter(struct stored *s)
{
	if (!take_lock(s))
		return false;
	try_again(s);
	if (util_now_ms() >= s->broken_until && open_file(s)) {
		sqlite3_busy_timeout(s->db, s->locked ? 0 : BUSY_FEW_MS);
		return true;
	}
	pthread_mutex_unlock(&s->lock);
	return false;
}

void
sqlite_deleted(struct stored *s)
{
	s->deleted = true;
}

void
sqlite_leave(struct stored *s)
{
	if (s->deleted)
		sqlite_wal_forget(s->log);
	s->deleted = false;
	pthread_mutex_unlock(&s->lock);
}

/* --- Statements. */

bool
sqlite_run(struct stored *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

bool
sqlite_is_locked(struct stored *s)
{
	if (s->locked && sqlite_run(s, "BEGIN IMMEDIATE")) {
		sqlite_run(s, "ROLLBACK");
		s->locked = false;
	}
	return s->locked;
}

/* One that was made before and isn't in use, or NULL. */
static sqlite3_stmt *
made_before(struct stored *s, const char *sql)
{
	sqlite3_stmt *st = NULL;

	while ((st = sqlite3_next_stmt(s->db, st)) != NULL)
		if (strcmp(sqlite3_sql(st), sql) == 0 && !sqlite3_stmt_busy(st))
			break;
	return st;
}

sqlite3_stmt *
sqlite_prepare(struct stored *s, const char *sql, const char *a, const char *b)
{
	sqlite3_stmt *st = made_before(s, sql);

	if (st == NULL && sqlite3_prepare_v3(s->db, sql, -1,
	    SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
		log_err("%s: %s", s->schema->what, sqlite3_errmsg(s->db));
		return NULL;
	}
	if (a != NULL)
		sqlite3_bind_text(st, 1, a, -1, SQLITE_STATIC);
	if (b != NULL)
		sqlite3_bind_text(st, 2, b, -1, SQLITE_STATIC);
	return st;
}

void
sqlite_done(sqlite3_stmt *st)
{
	sqlite3_reset(st);
	if (st != NULL)
		sqlite3_clear_bindings(st);
}

int64_t
sqlite_number(struct stored *s, const char *sql)
{
	sqlite3_stmt	*st = sqlite_prepare(s, sql, NULL, NULL);
	int64_t		 n = -1;

	if (st != NULL && sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite_done(st);
	return n;
}

bool
sqlite_finish(sqlite3_stmt *st)
{
	int rc;

	if (st == NULL)
		return false;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		;
	sqlite_done(st);
	return rc == SQLITE_DONE;
}

bool
sqlite_step(struct stored *s, const char *sql)
{
	return sqlite_finish(sqlite_prepare(s, sql, NULL, NULL));
}

/* Give others the lock for a moment; is the file still open then? */
static bool
pause_unlocked(struct stored *s)
{
	pthread_mutex_unlock(&s->lock);
	usleep(BUSY_STEP_US);
	pthread_mutex_lock(&s->lock);
	return s->db != NULL && s->refused_until == 0;
}

static int
begin(struct stored *s)
{
	sqlite3_busy_timeout(s->db, 0);
	return sqlite_step(s, "BEGIN IMMEDIATE") ? SQLITE_OK :
	    sqlite3_errcode(s->db);
}

bool
sqlite_begin(struct stored *s)
{
	int64_t	start = util_now_ms(), wait = s->locked ? 0 : BUSY_MS, past;
	int	rc;

	if (s->refused_until != 0)
		return false;
	while (is_busy(rc = begin(s))) {
		past = util_now_ms() - start;
		if (past >= wait)
			break;
		if (past >= BUSY_FEW_MS)
			atomic_store(&s->waits, true);
		if (!pause_unlocked(s))
			return false;
	}
	atomic_store(&s->waits, false);
	if (is_busy(rc))
		note_locked(s);
	else
		s->locked = false;
	return rc == SQLITE_OK;
}

bool
sqlite_end(struct stored *s, bool ok, const char *what)
{
	char	why[160];
	int	rc;

	if (ok && sqlite_step(s, "COMMIT"))
		return true;
	if (s->refused_until != 0 || s->db == NULL)
		return false;
	rc = sqlite3_errcode(s->db) & 0xff;
	snprintf(why, sizeof(why), "%s", sqlite3_errmsg(s->db));
	if (!sqlite3_get_autocommit(s->db))
		sqlite_run(s, "ROLLBACK");
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return false;		/* not SQLite's doing */
	/* These say nothing about the disk. */
	if (is_busy(rc))
		note_locked(s);
	else if (rc == SQLITE_CONSTRAINT)
		log_warn("%s: %s: %s", s->schema->what, what, why);
	else
		refuse(s, what, why);
	return false;
}
