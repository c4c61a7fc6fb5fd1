/* Stored responses: chains, owners, bounds, versions, files that are broken. */
#include "config.h"

#include <sys/wait.h>

#include <pthread.h>
#include <time.h>

#include "api/references.h"
#include "base/err.h"
#include "state/prune.h"
#include "stored-fixture.h"

static void
assert_chain(struct stored *s, const char *owner, const char *id,
    const char *model, const char *want)
{
	json_object	*all = stored_chain(s, owner, id, model, room(), NULL);
	char		*got;

	if (want == NULL) {
		assert_null(all);
		return;
	}
	assert_non_null(all);
	got = ids_of(all);
	assert_string_equal(got, want);
	free(got);
	json_object_put(all);
}

/* --- Turns. */

static void
test_a_response_keeps_its_form(void **state)
{
	char		*home, *text;
	struct stored	*s = open_fresh(&home);
	json_object	*obj;

	(void)state;
	put(s, "", "r1", NULL);
	obj = stored_response(s, "", "r1", NULL);
	text = xstrdup(json_object_to_json_string_ext(obj, 0));
	assert_string_equal(text, "{\"id\":\"r1\",\"model\":\"m\",\"output\":["
	    "{\"type\":\"reasoning\",\"id\":\"rs_r1\",\"encrypted_content\":"
	    "\"e\"},{\"type\":\"message\",\"id\":\"out_r1\"}],\"end\":1}");
	free(text);
	json_object_put(obj);
	obj = stored_input(s, "", "r1", NULL);
	text = ids_of(obj);
	assert_string_equal(text, "msg_r1 out_ref ");
	free(text);
	json_object_put(obj);
	close_fresh(s, home);
}

static void
test_a_chain(void **state)
{
	char		*home;
	struct stored	*s = open_fresh(&home);

	(void)state;
	put(s, "", "a", NULL);
	put(s, "", "b", "a");
	put(s, "", "c", "b");
	put(s, "", "fork", "a");
#define TURN(x) "msg_" x " out_ref rs_" x " out_" x " "
	assert_chain(s, "", "c", "m", TURN("a") TURN("b") TURN("c"));
	assert_chain(s, "", "fork", "m", TURN("a") TURN("fork"));
	/* Another model's reasoning stays behind. */
	assert_chain(s, "", "a", "other", "msg_a out_ref out_a ");
	assert_chain(s, "", "nothing", "m", NULL);
	assert_chain(s, "", "", "m", NULL);
	/* Broken in the middle it is none. */
	assert_int_equal(stored_delete(s, "", "b"), STORED_FOUND);
	assert_chain(s, "", "c", "m", NULL);
	assert_chain(s, "", "a", "m", TURN("a"));
	close_fresh(s, home);
}

/* What there is no room for is not read either. */
static void
test_a_chain_takes_little_memory(void **state)
{
	char			*home, id[16], before[16] = "";
	struct stored		*s = open_fresh(&home);
	enum stored_found	 found;
	size_t			 little = 4096;
	sqlite3_int64		 was;
	int			 i;

	(void)state;
	for (i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "r%d", i);
		assert_true(put_sized(s, "", id, i > 0 ? before : NULL, "m",
		    1 << 20));
		memcpy(before, id, sizeof(id));
	}
	was = sqlite3_memory_used();
	sqlite3_memory_highwater(1);
	assert_null(stored_chain(s, "", id, "m", &little, &found));
	assert_int_equal(found, STORED_FULL);
	assert_true(sqlite3_memory_highwater(0) - was < 8 << 20);
	close_fresh(s, home);
}

static void
test_a_circle_ends(void **state)
{
	char		*home;
	struct stored	*s = open_fresh(&home);

	(void)state;
	put(s, "", "a", "b");
	put(s, "", "b", "a");
	put(s, "", "self", "self");
	assert_chain(s, "", "self", "m", NULL);
	assert_chain(s, "", "a", "m", NULL);
	close_fresh(s, home);
}

/* A short request can't make a long one: its room is what it gets. */
static void
test_room(void **state)
{
	char		*home;
	struct stored	*s = open_fresh(&home);
	json_object	*obj;
	size_t		 n = 15000;

	(void)state;
	assert_true(put_sized(s, "", "a", NULL, "m", 10000));
	assert_true(put_sized(s, "", "b", "a", "m", 10000));
	obj = stored_item(s, "", "msg_a", &n, NULL);
	assert_non_null(obj);
	assert_true(n > 4000 && n < 5000);
	json_object_put(obj);
	assert_null(stored_item(s, "", "no", &n, NULL));
	assert_true(n > 4000 && n < 5000);
	assert_null(stored_item(s, "", "msg_b", &n, NULL));
	assert_int_equal(n, 0);
	n = 15000;
	obj = stored_chain(s, "", "a", "m", &n, NULL);
	assert_non_null(obj);
	json_object_put(obj);
	n = 15000;
	assert_null(stored_chain(s, "", "b", "m", &n, NULL));
	assert_int_equal(n, 0);
	close_fresh(s, home);
}

static void
test_items(void **state)
{
	char		*home;
	struct stored	*s = open_fresh(&home);
	json_object	*obj;

	(void)state;
	put(s, "", "a", NULL);
	obj = stored_item(s, "", "msg_a", room(), NULL);
	assert_true(js_is(obj, "content", "xxxxxxxxxx"));
	json_object_put(obj);
	obj = stored_item(s, "", "out_a", room(), NULL);
	assert_true(js_is(obj, "type", "message"));
	json_object_put(obj);
	/* A reference is no item. */
	assert_null(stored_item(s, "", "out_ref", room(), NULL));
	assert_null(stored_item(s, "", "msg_b", room(), NULL));
	/* An item of two turns outlives one of them. */
	assert_true(put_sized(s, "", "ref", NULL, "m", 1));
	obj = stored_item(s, "", "out_ref", room(), NULL);
	assert_non_null(obj);
	json_object_put(obj);
	assert_int_equal(stored_delete(s, "", "a"), STORED_FOUND);
	assert_null(stored_item(s, "", "msg_a", room(), NULL));
	close_fresh(s, home);
}

static void
test_owners(void **state)
{
	char		*home, first[STATE_OWNER_SIZE];
	char		 second[STATE_OWNER_SIZE];
	struct stored	*s = open_fresh(&home);

	(void)state;
	state_owner("sk-1", first);
	state_owner("sk-2", second);
	assert_string_not_equal(first, second);
	assert_int_equal(strlen(first), 64);
	assert_null(strstr(first, "sk"));
	put(s, first, "a", NULL);
	put(s, first, "b", "a");
	/* The same id can be another's. */
	put(s, second, "b", NULL);
	assert_true(has(s, first, "a"));
	assert_false(has(s, second, "a"));
	assert_false(has(s, "", "a"));
	assert_chain(s, second, "b", "m", TURN("b"));
	assert_chain(s, second, "a", "m", NULL);
	assert_null(stored_item(s, second, "out_a", room(), NULL));
	assert_null(stored_input(s, second, "a", NULL));
	assert_int_equal(stored_delete(s, second, "a"), STORED_NONE);
	assert_int_equal(stored_delete(s, second, "b"), STORED_FOUND);
	assert_true(has(s, first, "b"));
	/* Nor is another's turn a link of a chain. */
	put(s, second, "c", "a");
	assert_chain(s, second, "c", "m", NULL);
	close_fresh(s, home);
}

static void
test_an_id_is_kept_once(void **state)
{
	char		*home;
	struct stored	*s = open_fresh(&home);
	int64_t		 bytes;

	(void)state;
	put(s, "", "a", NULL);
	assert_false(put_sized(s, "", "a", NULL, "m", 10));
	/* Which is no trouble of the disk's. */
	assert_int_equal(stored_count(s, &bytes), 1);
	close_fresh(s, home);
}

/* --- Bounds. */

static void
test_old_ones_go(void **state)
{
	char		*home;
	struct stored	*s = open_fresh(&home);
	int64_t		 bytes;

	(void)state;
	put(s, "", "old", NULL);
	put(s, "", "new", NULL);
	sql(home, "UPDATE turn SET created = created - 31 * 86400"
	    " WHERE id = 'old'");
	assert_int_equal(prune_all(s, &conf), 1);
	assert_false(has(s, "", "old"));
	assert_true(has(s, "", "new"));
	assert_null(stored_item(s, "", "out_old", room(), NULL));
	assert_int_equal(prune_all(s, &conf), 0);
	assert_int_equal(stored_count(s, &bytes), 1);
	assert_int_equal(bytes, sql(home, "SELECT SUM(size) FROM turn"));
	close_fresh(s, home);
}

/* No client waits until all that is too old is gone, and yet it goes. */
static void
test_old_ones_go_by_and_by(void **state)
{
	char		*home, id[16];
	struct stored	*s = open_fresh(&home);
	int64_t		 left;
	int		 i;

	(void)state;
	for (i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "old%d", i);
		put(s, "", id, NULL);
	}
	stored_destroy(s);
	sql(home, "UPDATE turn SET created = created - 31 * 86400");
	s = stored_create(&(struct state_place){ home, "", 0 });
	put(s, "", "first", NULL);
	left = sql(home, "SELECT count(*) FROM turn");
	assert_true(left > 80 && left < 101);
	for (i = 0; i < 20; i++) {
		snprintf(id, sizeof(id), "new%d", i);
		put(s, "", id, NULL);
	}
	assert_int_equal(sql(home, "SELECT count(*) FROM turn"), 21);
	assert_int_equal(sql(home, "SELECT bytes FROM meta"),
	    sql(home, "SELECT SUM(size) FROM turn"));
	close_fresh(s, home);
}

static void
test_too_many_go(void **state)
{
	char		*home, id[16];
	struct stored	*s = open_fresh(&home);
	const int64_t	 max = conf.stored_responses_max_bytes;
	int64_t		 bytes;
	int		 i;

	(void)state;
	conf.stored_responses_max_bytes = 200000;
	for (i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "r%d", i);
		assert_true(put_sized(s, "", id, NULL, "m", 10000));
		assert_true(has(s, "", id));
		stored_count(s, &bytes);
		assert_true(bytes <= 200000);
	}
	assert_false(has(s, "", "r0"));
	assert_true(has(s, "", "r90"));
	assert_true(stored_count(s, &bytes) >= 10);
	assert_int_equal(bytes, sql(home, "SELECT SUM(size) FROM turn"));
	assert_int_equal(sql(home, "SELECT COUNT(*) FROM item WHERE turn NOT IN"
	    " (SELECT id FROM turn)"), 0);
	/* One that is too much alone takes no other with it. */
	assert_false(put_sized(s, "", "huge", NULL, "m", 300000));
	assert_true(has(s, "", "r99"));
	put(s, "", "small", NULL);
	conf.stored_responses_max_bytes = max;
	close_fresh(s, home);
}

/* Few large turns: the newest stays, and so does what there is room for. */
static void
test_only_what_is_too_much_goes(void **state)
{
	char		*home;
	struct stored	*s = open_fresh(&home);
	const int64_t	 max = conf.stored_responses_max_bytes;
	int64_t		 bytes;

	(void)state;
	conf.stored_responses_max_bytes = 200000;
	assert_true(put_sized(s, "", "a", NULL, "m", 90000));
	assert_true(put_sized(s, "", "b", NULL, "m", 90000));
	assert_true(put_sized(s, "", "c", NULL, "m", 90000));
	assert_false(has(s, "", "a"));
	assert_true(has(s, "", "b"));
	assert_true(has(s, "", "c"));
	/* Even when the clock was set back. */
	sql(home, "UPDATE turn SET created = created + 1000");
	assert_true(put_sized(s, "", "d", NULL, "m", 90000));
	assert_true(has(s, "", "d"));
	assert_int_equal(stored_count(s, &bytes), 2);
	conf.stored_responses_max_bytes = max;
	close_fresh(s, home);
}

/* An owner who fills the file loses his own; nobody below his share does. */
static void
test_nobody_drives_out_others(void **state)
{
	char		*home, id[16];
	struct stored	*s = open_fresh(&home);
	const int64_t	 max = conf.stored_responses_max_bytes;
	int		 i;

	(void)state;
	conf.stored_responses_max_bytes = 200000;
	for (i = 0; i < 6; i++) {
		snprintf(id, sizeof(id), "a%d", i);
		assert_true(put_sized(s, "alice", id, NULL, "m", 10000));
	}
	for (i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "b%d", i);
		assert_true(put_sized(s, "bob", id, NULL, "m", 10000));
		assert_true(has(s, "bob", id));
	}
	for (i = 0; i < 6; i++) {
		snprintf(id, sizeof(id), "a%d", i);
		assert_true(has(s, "alice", id));
	}
	assert_true(has(s, "bob", "b90"));
	/* What is left of one's share goes first to whoever wants it. */
	assert_true(put_sized(s, "alice", "large", NULL, "m", 30000));
	assert_true(has(s, "alice", "a0"));
	assert_int_equal(sql(home, "SELECT sum(bytes) = (SELECT bytes FROM"
	    " meta) FROM share"), 1);
	/* Beyond it her own oldest goes. */
	assert_true(put_sized(s, "alice", "more", NULL, "m", 90000));
	assert_false(has(s, "alice", "a0"));
	assert_true(has(s, "alice", "more"));
	conf.stored_responses_max_bytes = max;
	close_fresh(s, home);
}

/* A file that is deleted or replaced while it is open is no longer used. */
static void
test_deleted_while_open(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char		*home, *path;
	struct stored	*s = open_fresh(&home);
	size_t		 i;

	(void)state;
	put(s, "", "a", NULL);
	for (i = 0; i < COUNT(names); i++) {
		path = xasprintf("%s/" STORED_FILE "%s", home, names[i]);
		unlink(path);
		free(path);
	}
	assert_false(has(s, "", "a"));
	put(s, "", "b", NULL);
	assert_true(has(s, "", "b"));
	assert_int_equal(sql(home, "SELECT count(*) FROM turn"), 1);
	close_fresh(s, home);
}

/* Another process keeps the lock: one waits for it once, nobody later. */
static void
test_locked_for_long(void **state)
{
	char		*home, *path, why[STORED_WHY_SIZE];
	struct stored	*s = open_fresh(&home);
	sqlite3		*db;
	int64_t		 start;
	int		 i;

	(void)state;
	put(s, "", "a", NULL);
	path = xasprintf("%s/" STORED_FILE, home);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	assert_false(put_sized(s, "", "b", NULL, "m", 10));
	start = util_now_ms();
	for (i = 0; i < 20; i++)
		assert_false(put_sized(s, "", "b", NULL, "m", 10));
	assert_true(util_now_ms() - start < 900);
	assert_true(has(s, "", "a"));
	/* Whoever asks for it is told before the answer begins. */
	assert_int_equal(stored_state(s, &conf, why), STORED_READABLE);
	assert_string_equal(why,
	    "the database can only be read at the moment");
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(stored_state(s, &conf, why), STORED_USABLE);
	put(s, "", "b", "a");
	free(path);
	close_fresh(s, home);
}

static void
test_all_go_without_a_trace(void **state)
{
	char		*home, *path, word[] = "xxxxxxxxxxxxxxxxxxxxxxxx";
	struct stored	*s = open_fresh(&home);
	struct buf	 content = { 0 };
	int64_t		 bytes = 1;
	FILE		*f;
	int		 c;

	(void)state;
	assert_true(put_sized(s, "", "a", NULL, "m", 100000));
	assert_true(put_sized(s, "", "b", NULL, "m", 100));
	assert_int_equal(stored_delete_all(s), 2);
	assert_int_equal(stored_count(s, &bytes), 0);
	assert_int_equal(bytes, 0);
	stored_destroy(s);
	path = xasprintf("%s/" STORED_FILE, home);
	assert_non_null(f = fopen(path, "r"));
	while ((c = getc(f)) != EOF)
		buf_putc(&content, (char)c);
	fclose(f);
	assert_null(memmem(content.p, content.len, word, sizeof(word) - 1));
	buf_finish(&content);
	free(path);
	free(home);
}

/* --- Thoughts. */

static void
test_thoughts(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct reasoning_row	 t = { "me", "call_1", "m", "opaque", "text" };
	json_object		*obj;
	char			 id[32];
	int			 i;

	(void)state;
	assert_true(reasoning_row_put(s, &t));
	t.opaque = "newer";
	t.text = NULL;
	assert_true(reasoning_row_put(s, &t));
	obj = reasoning_row_get(s, "me", "call_1");
	assert_true(js_is(obj, "reasoning_opaque", "newer"));
	assert_true(js_is(obj, "model", "m"));
	assert_false(js_has(obj, "reasoning_text"));
	json_object_put(obj);
	assert_null(reasoning_row_get(s, "you", "call_1"));
	assert_null(reasoning_row_get(s, "me", "call_2"));
	for (i = 0; i < 4300; i++) {
		snprintf(id, sizeof(id), "more_%d", i);
		t.call = id;
		assert_true(reasoning_row_put(s, &t));
	}
	assert_null(reasoning_row_get(s, "me", "call_1"));
	obj = reasoning_row_get(s, "me", "more_4299");
	assert_non_null(obj);
	json_object_put(obj);
	assert_true(sql(home, "SELECT COUNT(*) FROM thought") < 4096 + 64);
	close_fresh(s, home);
}

/* --- Files. */

static void
test_modes(void **state)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char		*home, *path;
	struct stored	*s = open_fresh(&home);
	struct stat	 st;
	size_t		 i;

	(void)state;
	umask(0);
	put(s, "", "a", NULL);
	umask(022);
	for (i = 0; i < COUNT(names); i++) {
		path = xasprintf("%s/" STORED_FILE "%s", home, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		free(path);
	}
	close_fresh(s, home);
}

/* Nobody is told that it isn't there. */
static void
assert_unread(struct stored *s, const char *id, const char *item)
{
	enum stored_found found = STORED_NONE;

	assert_null(stored_response(s, "", id, &found));
	assert_int_equal(found, STORED_TROUBLE);
	found = STORED_NONE;
	assert_null(stored_input(s, "", id, &found));
	assert_int_equal(found, STORED_TROUBLE);
	found = STORED_NONE;
	assert_null(stored_chain(s, "", id, "m", room(), &found));
	assert_int_equal(found, STORED_TROUBLE);
	found = STORED_NONE;
	assert_null(stored_item(s, "", item, room(), &found));
	assert_int_equal(found, STORED_TROUBLE);
	assert_int_equal(stored_delete(s, "", id), STORED_TROUBLE);
}

/* What is wrong with the file is the log's: clients are told no more of it. */
static void
assert_unusable(struct stored *s, const char *word)
{
	FILE	*log = tmpfile();
	char	 why[STORED_WHY_SIZE], said[4096];
	int	 err = dup(STDERR_FILENO);
	int64_t	 bytes;
	size_t	 n;

	assert_non_null(log);
	dup2(fileno(log), STDERR_FILENO);
	assert_int_equal(stored_state(s, &conf, why), STORED_BROKEN);
	dup2(err, STDERR_FILENO);
	close(err);
	rewind(log);
	n = fread(said, 1, sizeof(said) - 1, log);
	said[n] = '\0';
	fclose(log);
	if (strstr(said, word) == NULL)
		fail_msg("no \"%s\" in: %s", word, said);
	assert_string_equal(why, "the database is away");
	assert_false(put_sized(s, "", "x", NULL, "m", 1));
	assert_unread(s, "x", "x");
	assert_int_equal(stored_count(s, &bytes), -1);
	assert_int_equal(stored_delete_all(s), -1);
	assert_int_equal(prune_all(s, &conf), -1);
}

static void
test_a_newer_version_is_left_alone(void **state)
{
	char		*home;
	struct stored	*s = open_fresh(&home);

	(void)state;
	put(s, "", "a", NULL);
	stored_destroy(s);
	sql(home, "PRAGMA user_version = 99");
	s = stored_create(&(struct state_place){ home, "", 0 });
	assert_unusable(s, "newer version");
	assert_int_equal(sql(home, "PRAGMA user_version"), 99);
	assert_int_equal(sql(home, "SELECT COUNT(*) FROM turn"), 1);
	close_fresh(s, home);
}

static void
test_a_file_of_nobody_is_migrated(void **state)
{
	char		*home = fresh();
	struct stored	*s;

	(void)state;
	sql(home, "CREATE TABLE other (x)");
	s = stored_create(&(struct state_place){ home, "", 0 });
	put(s, "", "a", NULL);
	assert_true(has(s, "", "a"));
	assert_int_equal(sql(home, "PRAGMA user_version"), 6);
	close_fresh(s, home);
}

/* Overwrite the page where a table or an index begins. */
static void
damage(const char *home, const char *name)
{
	char	*query, *path = xasprintf("%s/" STORED_FILE, home);
	int64_t	 page;
	FILE	*f;
	int	 i;

	query = xasprintf("SELECT rootpage FROM sqlite_master WHERE name ="
	    " '%s'", name);
	page = sql(home, query);
	assert_true(page > 1);
	assert_non_null(f = fopen(path, "r+"));
	assert_int_equal(fseek(f, (long)(page - 1) *
	    (long)sql(home, "PRAGMA page_size"), SEEK_SET), 0);
	for (i = 0; i < 512; i++)
		fputs("\377x\377x", f);
	fclose(f);
	free(query);
	free(path);
}

static void
test_a_damaged_file(void **state)
{
	static const char *const names[] = { "turn", "sqlite_autoindex_turn_1" };
	enum stored_found	 found;
	struct stored		*s;
	char			*home;
	size_t			 i;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		s = open_fresh(&home);
		put(s, "", "a", NULL);
		put(s, "", "b", "a");
		assert_null(stored_response(s, "", "c", &found));
		assert_int_equal(found, STORED_NONE);
		stored_destroy(s);
		damage(home, names[i]);
		s = stored_create(&(struct state_place){ home, "", 0 });
		assert_unread(s, "b", "out_b");
		close_fresh(s, home);
	}
}

/* What isn't JSON any more was damaged, too. */
static void
test_damaged_text(void **state)
{
	struct stored	*s;
	char		*home;

	(void)state;
	s = open_fresh(&home);
	put(s, "", "a", NULL);
	sql(home, "UPDATE turn SET input = '[{', output = '[{',"
	    " response = '{'");
	enum stored_found found = STORED_NONE;
	assert_null(stored_response(s, "", "a", &found));
	assert_int_equal(found, STORED_TROUBLE);
	found = STORED_NONE;
	assert_null(stored_chain(s, "", "a", "m", room(), &found));
	assert_int_equal(found, STORED_TROUBLE);
	found = STORED_NONE;
	assert_null(stored_item(s, "", "out_a", room(), &found));
	assert_int_equal(found, STORED_TROUBLE);
	close_fresh(s, home);
}

static void
test_a_broken_file(void **state)
{
	char		*home = fresh(), *path;
	struct stored	*s;
	FILE		*f;

	(void)state;
	path = xasprintf("%s/" STORED_FILE, home);
	assert_non_null(f = fopen(path, "w"));
	fprintf(f, "%04096d", 7);
	fclose(f);
	s = stored_create(&(struct state_place){ home, "", 0 });
	assert_unusable(s, "not a database");
	free(path);
	close_fresh(s, home);
}

/* Another process may write for long: what is there can be read. */
static void
test_opened_while_another_writes(void **state)
{
	char		*home, *path;
	struct stored	*s = open_fresh(&home);
	sqlite3		*db;

	(void)state;
	put(s, "", "a", NULL);
	stored_destroy(s);
	assert_int_equal(sql(home, "PRAGMA auto_vacuum"), 2);
	path = xasprintf("%s/" STORED_FILE, home);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	s = stored_create(&(struct state_place){ home, "", 0 });
	assert_true(has(s, "", "a"));
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	put(s, "", "b", "a");
	free(path);
	close_fresh(s, home);
}

/* Nor is a file bad because it can't be made ready right now. */
static void
test_made_while_another_writes(void **state)
{
	char		*home = fresh(), *path;
	struct stored	*s;
	sqlite3		*db;

	(void)state;
	sql(home, "CREATE TABLE other (x)");
	path = xasprintf("%s/" STORED_FILE, home);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	s = stored_create(&(struct state_place){ home, "", 0 });
	assert_false(put_sized(s, "", "a", NULL, "m", 10));
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	put(s, "", "b", NULL);
	free(path);
	close_fresh(s, home);
}

static void
test_a_directory_in_its_place(void **state)
{
	char		*home = fresh(), *path;
	struct stored	*s;

	(void)state;
	path = xasprintf("%s/" STORED_FILE, home);
	assert_int_equal(mkdir(path, 0700), 0);
	s = stored_create(&(struct state_place){ home, "", 0 });
	assert_unusable(s, STORED_FILE);
	free(path);
	close_fresh(s, home);
}

static void
test_switched_off(void **state)
{
	char		*home, why[STORED_WHY_SIZE];
	struct stored	*s = open_fresh(&home);

	(void)state;
	conf.stored_responses_enabled = false;
	assert_int_equal(stored_state(s, &conf, why), STORED_OFF);
	assert_non_null(strstr(why, "storedResponses.enabled"));
	conf.stored_responses_enabled = true;
	assert_int_equal(stored_state(s, &conf, why), STORED_USABLE);
	close_fresh(s, home);
	assert_int_equal(stored_state(NULL, &conf, why), STORED_OFF);
	assert_false(put_sized(NULL, "", "a", NULL, "m", 1));
	assert_null(stored_chain(NULL, "", "a", "m", room(), NULL));
}

/* --- Many at once. */

#define GROUP 6

struct one {
	struct stored	*s;
	char		 id[16];
	bool		 ok;
};

static void *
put_one(void *arg)
{
	struct one *one = arg;

	one->ok = put_sized(one->s, "", one->id, NULL, "m", 100);
	return NULL;
}

/*
 * Somebody else writes: the first waits for that, and the others gather behind
 * the first. One of them has an id that is taken.
 */
static void
test_one_of_a_group_fails_alone(void **state)
{
	struct one	 all[GROUP];
	pthread_t	 threads[GROUP];
	struct stored	*s;
	sqlite3		*db;
	char		*home, *path;
	int		 i;

	(void)state;
	s = open_fresh(&home);
	put(s, "", "g3", NULL);
	path = xasprintf("%s/" STORED_FILE, home);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	for (i = 0; i < GROUP; i++) {
		all[i] = (struct one){ .s = s };
		snprintf(all[i].id, sizeof(all[i].id), "g%d", i);
		pthread_create(&threads[i], NULL, put_one, &all[i]);
		usleep(30000);
	}
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	for (i = 0; i < GROUP; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(all[i].ok, i != 3);
		assert_true(has(s, "", all[i].id));
	}
	assert_int_equal(sql(home, "SELECT bytes = (SELECT sum(size) FROM turn)"
	    " FROM meta"), 1);
	assert_int_equal(sql(home, "SELECT count(*) FROM item"), 3 * GROUP);
	free(path);
	close_fresh(s, home);
}

#define THREADS	4
#define TURNS	50

/* One thread and its conversation. */
struct talk {
	struct stored	*s;
	int		 number;
};

/* A writer that waited for long is refused, and comes again. */
static bool
put_at_last(struct stored *s, const char *id, const char *before)
{
	int tries;

	for (tries = 0; tries < 1000; tries++) {
		if (put_sized(s, "", id, before, "m", 100))
			return true;
		usleep(10000);
	}
	return false;
}

static void *
many(void *arg)
{
	struct talk	*t = arg;
	char		 id[64], before[64] = "";
	json_object	*all;
	int		 i;

	for (i = 0; i < TURNS; i++) {
		/* No thread's id: one that has ended leaves it to others. */
		snprintf(id, sizeof(id), "%d-%d-%d", t->number, (int)getpid(),
		    i);
		if (!put_at_last(t->s, id, i > 0 ? before : NULL) ||
		    (all = stored_chain(t->s, "", id, "m", room(), NULL)) ==
		    NULL)
			return NULL;
		if (js_len(all) != (size_t)(i + 1) * 4)
			return NULL;
		json_object_put(all);
		memcpy(before, id, sizeof(id));
	}
	return t;
}

/* In this process by one struct; false when one failed. */
static bool
run_many(const char *home)
{
	struct stored	*s = stored_create(&(struct state_place){ home, "", 0 });
	struct talk	 talks[THREADS];
	pthread_t	 thread[THREADS];
	void		*ok;
	bool		 all = true;
	int		 i;

	for (i = 0; i < THREADS; i++) {
		talks[i] = (struct talk){ s, i };
		assert_int_equal(pthread_create(&thread[i], NULL, many,
		    &talks[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &ok);
		all = all && ok != NULL;
	}
	stored_destroy(s);
	return all;
}

static void
test_threads_and_processes(void **state)
{
	char	*home = fresh();
	int	 status, i;
	pid_t	 pid[3];
	bool	 ok;

	(void)state;
	for (i = 0; i < 3; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			ok = run_many(home);
			free(home);
			_exit(!ok);
		}
	}
	assert_true(run_many(home));
	for (i = 0; i < 3; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(sql(home, "SELECT COUNT(*) FROM turn"),
	    4 * THREADS * TURNS);
	free(home);
}

/* --- Items of clients. */

static void
test_names(void **state)
{
	static const char	 text[] = "[{\"role\":\"user\",\"content\":\"a\"},"
	    "{\"type\":\"function_call_output\",\"id\":null,\"call_id\":\"c\"},"
	    "{\"type\":\"reasoning\",\"id\":\"rs_1\"},{\"id\":\"msg_ref\"},"
	    "{\"type\":\"new_kind\",\"id\":\"\"},null,5,[]]";
	json_object		*items = js_parse_quiet(text, strlen(text));
	json_object		*ids, *named;
	struct buf		 out = { 0 };
	char			*before, *got;

	(void)state;
	before = xstrdup(json_object_to_json_string_ext(items, 0));
	ids = responses_items_name(items, &out);
	named = js_parse_quiet(out.p, out.len);
	assert_int_equal(js_len(named), 8);
	assert_int_equal(js_len(ids), 8);
	got = ids_of(named);
	assert_non_null(strstr(got, "msg_"));
	assert_non_null(strstr(got, " fc_"));
	assert_non_null(strstr(got, " rs_1 msg_ref item_"));
	assert_null(json_object_array_get_idx(ids, 3));
	assert_true(js_is(json_object_array_get_idx(named, 0), "type",
	    "message"));
	assert_true(js_is(json_object_array_get_idx(named, 3), "type",
	    "item_reference"));
	/* The client's own are as they were, but for an empty id. */
	assert_int_equal(js_has(json_object_array_get_idx(items, 0), "id"), 0);
	assert_int_equal(js_has(json_object_array_get_idx(items, 0), "type"),
	    0);
	free(got);
	free(before);
	json_object_put(named);
	json_object_put(ids);
	json_object_put(items);
	buf_finish(&out);
}

static void
test_resolve(void **state)
{
	static const char	 text[] = "[{\"type\":\"item_reference\",\"id\":"
	    "\"out_a\"},{\"type\":\"reasoning\",\"id\":\"rs_a\"},5,"
	    "{\"type\":\"item_reference\",\"id\":\"no\"},{\"role\":\"user\"}]";
	json_object		*items = js_parse_quiet(text, strlen(text));
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct err		 err;

	(void)state;
	put(s, "", "a", NULL);
	assert_false(references_follow(s, "", items, room(), &err));
	assert_int_equal(err.status, 404);
	assert_string_equal(err.msg, "Item with id 'no' not found.");
	json_object_put(items);
	items = js_parse_quiet(text, strlen(text));
	assert_true(references_follow(s, "", items, room(), NULL));
	assert_int_equal(js_len(items), 4);
	assert_true(js_is(json_object_array_get_idx(items, 0), "type",
	    "message"));
	assert_true(js_is(json_object_array_get_idx(items, 1),
	    "encrypted_content", "e"));
	responses_items_strip(items);
	assert_false(js_has(json_object_array_get_idx(items, 1),
	    "encrypted_content"));
	json_object_put(items);
	close_fresh(s, home);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_response_keeps_its_form),
		cmocka_unit_test(test_a_chain),
		cmocka_unit_test(test_a_chain_takes_little_memory),
		cmocka_unit_test(test_a_circle_ends),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_an_id_is_kept_once),
		cmocka_unit_test(test_old_ones_go),
		cmocka_unit_test(test_old_ones_go_by_and_by),
		cmocka_unit_test(test_too_many_go),
		cmocka_unit_test(test_only_what_is_too_much_goes),
		cmocka_unit_test(test_nobody_drives_out_others),
		cmocka_unit_test(test_deleted_while_open),
		cmocka_unit_test(test_locked_for_long),
		cmocka_unit_test(test_all_go_without_a_trace),
		cmocka_unit_test(test_thoughts),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_a_newer_version_is_left_alone),
		cmocka_unit_test(test_a_file_of_nobody_is_migrated),
		cmocka_unit_test(test_a_broken_file),
		cmocka_unit_test(test_a_damaged_file),
		cmocka_unit_test(test_damaged_text),
		cmocka_unit_test(test_one_of_a_group_fails_alone),
		cmocka_unit_test(test_opened_while_another_writes),
		cmocka_unit_test(test_made_while_another_writes),
		cmocka_unit_test(test_a_directory_in_its_place),
		cmocka_unit_test(test_switched_off),
		cmocka_unit_test(test_threads_and_processes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_resolve),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
