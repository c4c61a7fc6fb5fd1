/* Small texts that hosts share, in a table. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "state/db.h"
#include "state/shared.h"

#define HOLDER_SIZE	33
#define CONNECTIONS	2
#define NOTE_SECONDS	"86400"	/* a note is kept so long */
#define NOTES_MAX	"2000"	/* read at once */
#define OVERLAP		10	/* s; who notes has not committed at once */

struct shared {
	struct db	*db;
	char		 holder[HOLDER_SIZE];	/* this process */
};

/* "due" and "until" are the database's time, in seconds. */
static const char *const steps[] = {
	"CREATE TABLE shared (name TEXT PRIMARY KEY, version BIGINT NOT NULL,"
	" text TEXT NOT NULL, due BIGINT NOT NULL, holder TEXT NOT NULL,"
	" until BIGINT NOT NULL);"
	"CREATE TABLE note (name TEXT NOT NULL, word TEXT NOT NULL,"
	" made BIGINT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (name, word));"
	"CREATE INDEX note_made ON note (made);",
};

static const struct db_schema schema = {
	"shared texts", "shared.sqlite", { steps, COUNT(steps) },
	{ steps, COUNT(steps) }
};

struct shared *
shared_create(const struct state_place *at)
{
	struct state_place	 few = *at;
	struct db		*db;
	struct shared		*s;

	few.connections = CONNECTIONS;
	if ((db = db_create(&few, &schema)) == NULL)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->db = db;
	util_random_hex(s->holder, sizeof(s->holder) - 1);
	return s;
}

void
shared_destroy(struct shared *s)
{
	if (s == NULL)
		return;
	db_destroy(s->db);
	free(s);
}

/* Look for the text, without a lock: most who look find one. */
static enum shared_found
look(struct shared *s, struct db_conn *c, const char *name, int64_t behind,
    struct buf *text, int64_t *version, int64_t *left)
{
	struct db_stmt		*st;
	enum shared_found	 found = SHARED_TO_MAKE;
	enum db_step		 step;
	const char		*p;
	size_t			 n;

	st = db_prepare(c, "SELECT version, due - unixepoch(), text,"
	    " CASE WHEN until > unixepoch() AND holder <> ?2 THEN 1 ELSE 0 END"
	    " FROM shared WHERE name = ?1", name, s->holder);
	if ((step = db_step(st)) == DB_FAILED)
		found = SHARED_UNKNOWN;
	else if (step == DB_ROW) {
		*version = db_int(st, 0);
		*left = db_int(st, 1);
		if (*version > behind && *left > 0 &&
		    (p = db_text(st, 2, &n)) != NULL) {
			buf_append(text, p, n);
			found = SHARED_FOUND;
		} else if (db_int(st, 3) != 0)
			found = SHARED_MADE;
	}
	db_done(st);
	return found;
}

/* One of those who come here at once gets the right. */
static enum shared_found
claim(struct shared *s, struct db_conn *c, const char *name, int64_t behind)
{
	struct db_stmt	*st;
	bool		 ok = db_begin(c);
	int64_t		 changes = 0;

	st = ok ? db_prepare(c, "INSERT INTO shared (name, version, text, due,"
	    " holder, until) VALUES (?1, 0, '', 0, ?2, unixepoch() + ?3)"
	    " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,"
	    " until = excluded.until WHERE (shared.version <= ?4"
	    " OR shared.due <= unixepoch()) AND (shared.until <= unixepoch()"
	    " OR shared.holder = excluded.holder)", name, s->holder) : NULL;
	if (st != NULL) {
		db_bind_int(st, 3, SHARED_SECONDS);
		db_bind_int(st, 4, behind);
	}
	if ((ok = db_finish(st)))
		changes = db_changes(c);
	if (!db_end(c, ok, "not shared"))
		return SHARED_UNKNOWN;
	return changes > 0 ? SHARED_TO_MAKE : SHARED_MADE;
}

enum shared_found
shared_find(struct shared *s, const char *name, int64_t behind,
    struct buf *text, int64_t *version, int64_t *left)
{
	struct db_conn		*c = s != NULL ? db_enter(s->db) : NULL;
	enum shared_found	 found;

	if (c == NULL)
		return SHARED_UNKNOWN;
	found = look(s, c, name, behind, text, version, left);
	if (found == SHARED_TO_MAKE)
		found = claim(s, c, name, behind);
	db_leave(c);
	return found;
}

bool
shared_put(struct shared *s, const char *name, const struct buf *text,
    int64_t left, int64_t *version)
{
	struct db_conn	*c = s != NULL ? db_enter(s->db) : NULL;
	struct db_stmt	*st = NULL;
	bool		 ok;

	if (c == NULL)
		return false;
	if (db_begin(c))
		st = db_prepare(c, "INSERT INTO shared (name, version, text,"
		    " due, holder, until) VALUES (?1, 1, ?2, unixepoch() + ?3,"
		    " '', 0) ON CONFLICT (name) DO UPDATE SET"
		    " version = shared.version + 1, text = excluded.text,"
		    " due = excluded.due, until = 0 RETURNING version", name,
		    NULL);
	if (st != NULL) {
		db_bind_bytes(st, 2, text->p, text->len);
		db_bind_int(st, 3, left);
	}
	if ((ok = db_step(st) == DB_ROW))
		*version = db_int(st, 0);
	db_done(st);
	ok = db_end(c, ok, "not shared");
	db_leave(c);
	return ok;
}

void
shared_leave(struct shared *s, const char *name)
{
	struct db_conn	*c = s != NULL ? db_enter(s->db) : NULL;
	bool		 ok;

	if (c == NULL)
		return;
	ok = db_begin(c) && db_finish(db_prepare(c, "UPDATE shared SET"
	    " until = 0 WHERE name = ?1 AND holder = ?2", name, s->holder));
	db_end(c, ok, "not shared");
	db_leave(c);
}

/* --- Notes. */

static bool
put_note(struct db_conn *c, const char *name, const char *word,
    const char *text)
{
	struct db_stmt *st = db_prepare(c, "INSERT INTO note (name, word, made,"
	    " text) VALUES (?1, ?2, unixepoch(), ?3) ON CONFLICT (name, word)"
	    " DO UPDATE SET made = excluded.made, text = excluded.text", name,
	    word);

	if (st != NULL)
		db_bind_text(st, 3, text);
	return db_finish(st);
}

static bool
put_notes(struct db_conn *c, const char *name, struct buf *lines)
{
	char	*at = xstrndup(buf_str(lines), lines->len), *line, *word;
	char	*rest = at;
	bool	 ok;

	ok = db_begin(c) && db_run(c, "DELETE FROM note WHERE made <"
	    " unixepoch() - " NOTE_SECONDS);
	while (ok && (line = strsep(&rest, "\n")) != NULL)
		if ((word = strsep(&line, " ")) != NULL && line != NULL)
			ok = put_note(c, name, word, line);
	free(at);
	return db_end(c, ok, "not shared");
}

static bool
get_notes(struct db_conn *c, const char *name, struct buf *lines,
    int64_t *since)
{
	int64_t		 now = db_number(c, "SELECT unixepoch()");
	struct db_stmt	*st;
	enum db_step	 step;

	if (now < 0)
		return false;
	st = db_prepare(c, "SELECT word, text FROM note WHERE name = ?1"
	    " AND made >= ?2 ORDER BY made LIMIT " NOTES_MAX, name,
	    NULL);
	if (st != NULL)
		db_bind_int(st, 2, *since - OVERLAP);
	while ((step = db_step(st)) == DB_ROW)
		buf_printf(lines, "%s %s\n", db_text(st, 0, NULL),
		    db_text(st, 1, NULL));
	db_done(st);
	*since = now;
	return step == DB_DONE;
}

bool
shared_notes(struct shared *s, const char *name, struct buf *lines,
    int64_t *since)
{
	struct db_conn	*c = s != NULL ? db_enter(s->db) : NULL;
	bool		 ok;

	if (c == NULL)
		return false;
	ok = lines->len == 0 || put_notes(c, name, lines);
	buf_truncate(lines, 0);
	ok = ok && get_notes(c, name, lines, since);
	db_leave(c);
	return ok;
}
