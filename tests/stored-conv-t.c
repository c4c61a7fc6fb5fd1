/* Stored conversations: items, turns that join, bounds, older files. */
#include "config.h"

#include <pthread.h>

#include "state/conversations.h"
#include "stored-fixture.h"

/* [{"id":ID,...}] of ids with blanks between; reasoning if it begins so. */
static json_object *
items_of(const char *ids)
{
	json_object	*items = json_object_new_array(), *item;
	char		*copy = xstrdup(ids), *rest = copy, *id;

	while ((id = strsep(&rest, " ")) != NULL) {
		item = json_object_new_object();
		js_add_str(item, "type", util_starts(id, "rs") ? "reasoning" :
		    "message");
		js_add_str(item, "id", id);
		json_object_array_add(items, item);
	}
	free(copy);
	return items;
}

static void
create(struct stored *s, const char *owner, const char *ids,
    struct conversation *c)
{
	json_object	*items = items_of(ids);
	int		 twice;

	c->metadata = json_object_new_object();
	js_add_str(c->metadata, "a", "b");
	assert_int_equal(conversation_create(s, &conf, owner, c, items, &twice),
	    STORED_FOUND);
	assert_int_equal(twice, -1);
	json_object_put(items);
	json_object_put(c->metadata);
	c->metadata = NULL;
}

static enum stored_found
add(struct stored *s, const char *owner, const char *id, const char *ids,
    int *twice)
{
	json_object		*items = items_of(ids);
	enum stored_found	 found;

	found = conversation_add(s, &conf, owner, id, items, twice);
	json_object_put(items);
	return found;
}

/* A response that is part of a conversation, with these items. */
static bool
join(struct stored *s, const char *id, const char *conversation,
    const char *model, const char *ids)
{
	struct buf	 input = { 0 };
	json_object	*joined = items_of(ids);
	json_object	*response = json_object_new_object();
	bool		 ok;

	buf_puts(&input, "[]");
	js_add_str(response, "id", id);
	js_add_str(response, "model", model);
	js_add_take(response, "output", json_object_new_array());
	ok = stored_put(s, &conf, &(struct stored_turn){ .owner = "",
	    .id = id, .input = &input, .response = response,
	    .conversation = conversation, .joined = joined });
	json_object_put(joined);
	json_object_put(response);
	buf_finish(&input);
	return ok;
}

static void
assert_items(struct stored *s, const char *owner, const char *id,
    const char *model, const char *want)
{
	enum stored_found	 found;
	json_object		*all;
	char			*got;

	all = conversation_items(s, owner, id, model, room(), &found);
	if (want == NULL) {
		assert_int_equal(found, STORED_NONE);
		assert_null(all);
		return;
	}
	assert_int_equal(found, STORED_FOUND);
	got = ids_of(all);
	assert_string_equal(got, want);
	free(got);
	json_object_put(all);
}

static void
assert_sizes(const char *home)
{
	assert_int_equal(sql(home, "SELECT bytes FROM meta"), sql(home,
	    "SELECT (SELECT total(size) FROM turn) +"
	    " (SELECT total(size) FROM conversation)"));
	assert_int_equal(sql(home, "SELECT total(size) FROM conversation"),
	    sql(home, "SELECT (SELECT total(size) FROM conversation_item) +"
	    " (SELECT total(length(metadata)) FROM conversation)"));
}

static void
test_items_keep_their_order(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" }, got = { .id = "" };
	int			 twice;

	(void)state;
	create(s, "", "z y", &c);
	assert_int_equal(conversation_get(s, "", c.id, &got), STORED_FOUND);
	assert_string_equal(got.id, c.id);
	assert_true(js_is(got.metadata, "a", "b"));
	conversation_finish(&got);
	assert_int_equal(add(s, "", c.id, "x", &twice), STORED_FOUND);
	assert_items(s, "", c.id, "m", "z y x ");
	assert_int_equal(conversation_item_delete(s, "", c.id, "y"),
	    STORED_FOUND);
	assert_int_equal(conversation_item_delete(s, "", c.id, "y"),
	    STORED_NONE);
	assert_int_equal(add(s, "", c.id, "y", &twice), STORED_FOUND);
	assert_items(s, "", c.id, "m", "z x y ");
	assert_sizes(home);
	close_fresh(s, home);
}

static void
test_an_id_comes_once(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };
	int			 twice;

	(void)state;
	create(s, "", "a", &c);
	assert_int_equal(add(s, "", c.id, "b a c", &twice), STORED_NONE);
	assert_int_equal(twice, 1);
	assert_items(s, "", c.id, "m", "a ");
	/* What a response adds is not undone for that. */
	assert_true(join(s, "r", c.id, "m", "b a c"));
	assert_items(s, "", c.id, "m", "a b c ");
	assert_sizes(home);
	close_fresh(s, home);
}

static void
test_turns_join(void **state)
{
	char			*home, *got;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };
	json_object		*all;

	(void)state;
	create(s, "", "a", &c);
	assert_true(join(s, "r1", c.id, "m", "b rs_1 c"));
	assert_true(join(s, "r2", c.id, "other", "d rs_2 e"));
	assert_items(s, "", c.id, "m", "a b rs_1 c d e ");
	assert_items(s, "", c.id, "other", "a b c d rs_2 e ");
	/* What came before a turn goes with it, elsewhere, too. */
	all = stored_chain(s, "", "r2", "m", room(), NULL);
	got = ids_of(all);
	assert_string_equal(got, "a b rs_1 c ");
	free(got);
	json_object_put(all);
	/* Of a conversation that is gone there is nothing to join. */
	assert_int_equal(conversation_delete(s, "", c.id), STORED_FOUND);
	assert_true(join(s, "r3", c.id, "m", "f"));
	assert_items(s, "", c.id, "m", NULL);
	assert_int_equal(sql(home, "SELECT COUNT(*) FROM turn"), 3);
	assert_int_equal(sql(home, "SELECT COUNT(*) FROM conversation_item"),
	    0);
	assert_sizes(home);
	close_fresh(s, home);
}

static void
test_room(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };
	enum stored_found	 found;
	size_t			 little = 40;

	(void)state;
	create(s, "", "a b c d", &c);
	assert_null(conversation_items(s, "", c.id, "m", &little, &found));
	assert_int_equal(found, STORED_FULL);
	assert_int_equal(little, 0);
	close_fresh(s, home);
}

static void
test_owners(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" }, got = { .id = "" };
	enum stored_found	 found;
	int			 twice;

	(void)state;
	create(s, "me", "a", &c);
	assert_int_equal(conversation_get(s, "you", c.id, &got), STORED_NONE);
	assert_int_equal(add(s, "you", c.id, "b", &twice), STORED_NONE);
	assert_int_equal(conversation_delete(s, "you", c.id), STORED_NONE);
	assert_int_equal(conversation_item_delete(s, "you", c.id, "a"),
	    STORED_NONE);
	assert_null(conversation_item(s, "you", c.id, "a", &found));
	assert_int_equal(found, STORED_NONE);
	assert_items(s, "you", c.id, "m", NULL);
	assert_items(s, "me", c.id, "m", "a ");
	close_fresh(s, home);
}

static void
test_a_page(void **state)
{
	char			*home, *ids;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };
	struct conversation_page	 page;
	struct conversation_cursor	 want = { .limit = 2 };

	(void)state;
	create(s, "", "a b c", &c);
	assert_int_equal(conversation_list(s, "", c.id, &want, 1000, &page),
	    STORED_FOUND);
	ids = ids_of(page.items);
	assert_string_equal(ids, "c b ");
	assert_true(page.more);
	free(ids);
	json_object_put(page.items);
	want = (struct conversation_cursor){ .limit = 2, .ascending = true,
	    .after = (char []){ "a" } };
	assert_int_equal(conversation_list(s, "", c.id, &want, 1000, &page),
	    STORED_FOUND);
	ids = ids_of(page.items);
	assert_string_equal(ids, "b c ");
	assert_false(page.more);
	free(ids);
	json_object_put(page.items);
	/* One at least, however little room there is. */
	assert_int_equal(conversation_list(s, "", c.id, &want, 1, &page),
	    STORED_FOUND);
	assert_int_equal(js_len(page.items), 1);
	assert_true(page.more);
	json_object_put(page.items);
	want.after = (char []){ "no" };
	assert_int_equal(conversation_list(s, "", c.id, &want, 1000, &page),
	    STORED_FOUND);
	assert_true(page.no_after);
	close_fresh(s, home);
}

/* The oldest of both kinds go first, and none may be more than all. */
static void
test_bounds(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c[3] = { { .id = "" } }, got = { .id = "" };
	struct conf		 whole = conf;
	json_object		*items = items_of("big");
	char			*pad = xcalloc(1, 1001);
	int			 twice;

	(void)state;
	js_add_str(json_object_array_get_idx(items, 0), "content",
	    memset(pad, 'x', 1000));
	free(pad);
	create(s, "", "first", &c[0]);
	sql(home, "UPDATE conversation SET used = used - 100");
	assert_true(put_sized(s, "", "turn", NULL, "m", 300));
	sql(home, "UPDATE turn SET created = created - 50");
	/* Room for the turn and the two that come now, but for no more. */
	conf.stored_responses_max_bytes = sql(home,
	    "SELECT size FROM turn") + 2 * 1060;
	for (int i = 1; i < 3; i++) {
		c[i].metadata = json_object_new_object();
		assert_int_equal(conversation_create(s, &conf, "", &c[i],
		    items, &twice), STORED_FOUND);
		conversation_finish(&c[i]);
	}
	assert_int_equal(conversation_get(s, "", c[0].id, &got), STORED_NONE);
	assert_true(has(s, "", "turn"));
	/* The third of them would be too much beside the second. */
	conf.stored_responses_max_bytes = 1200;
	assert_true(join(s, "r", c[1].id, "m", "small"));
	assert_false(has(s, "", "turn"));
	assert_int_equal(conversation_get(s, "", c[2].id, &got), STORED_NONE);
	conf.stored_responses_max_bytes = 1000;
	assert_false(join(s, "r2", c[1].id, "m", "one"));
	assert_false(has(s, "", "r2"));
	assert_int_equal(conversation_get(s, "", c[1].id, &got), STORED_FOUND);
	conversation_finish(&got);
	assert_sizes(home);
	conf = whole;
	/* A full conversation is not the fault of the file. */
	put(s, "", "later", NULL);
	json_object_put(items);
	close_fresh(s, home);
}

#define GROUP 6

struct one {
	struct stored	*s;
	const char	*conversation;	/* NULL: none */
	const char	*ids;		/* what is added to that */
	char		 id[16];
	bool		 ok;
};

static void *
join_one(void *arg)
{
	struct one *one = arg;

	one->ok = join(one->s, one->id, one->conversation, "m", one->ids);
	return NULL;
}

/*
 * Somebody else writes, so that all but the first gather behind that one. Some
 * of them are for a conversation that is full, the first of the group also.
 */
static void
test_a_full_conversation_is_no_harm_to_others(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };
	struct one		 one[GROUP];
	pthread_t		 thread[GROUP];
	struct conf		 whole = conf;
	sqlite3			*db;
	char			*path, *large = xcalloc(1, 60001);
	char			 why[STORED_WHY_SIZE];

	(void)state;
	create(s, "", "a", &c);
	sql(home, "UPDATE conversation SET size = 50000");
	conf.stored_responses_max_bytes = 100000;
	memset(large, 'x', 60000);
	path = xasprintf("%s/" STORED_FILE, home);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	for (int i = 0; i < GROUP; i++) {
		one[i] = (struct one){ .s = s, .ids = large };
		if (i == 1 || i == GROUP - 1)
			one[i].conversation = c.id;
		snprintf(one[i].id, sizeof(one[i].id), "r%d", i);
		assert_int_equal(pthread_create(&thread[i], NULL, join_one,
		    &one[i]), 0);
		usleep(30000);
	}
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL),
	    SQLITE_OK);
	for (int i = 0; i < GROUP; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(one[i].ok, one[i].conversation == NULL);
		assert_int_equal(has(s, "", one[i].id), one[i].ok);
	}
	assert_int_equal(stored_state(s, &conf, why), STORED_USABLE);
	assert_items(s, "", c.id, "m", "a ");
	sqlite3_close(db);
	conf = whole;
	free(large);
	free(path);
	close_fresh(s, home);
}

/* What can't be read is never said not to be there. */
static void
test_damage(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };
	struct conversation_page	 page;
	struct conversation_cursor	 want = { .limit = 9 };
	enum stored_found	 found;

	(void)state;
	create(s, "", "a b c", &c);
	sql(home, "UPDATE conversation_item SET item = '{' WHERE id = 'b'");
	assert_null(conversation_item(s, "", c.id, "b", &found));
	assert_int_equal(found, STORED_TROUBLE);
	assert_null(conversation_item(s, "", c.id, "no", &found));
	assert_int_equal(found, STORED_FOUND);
	assert_null(conversation_items(s, "", c.id, "m", room(), &found));
	assert_int_equal(found, STORED_TROUBLE);
	assert_int_equal(conversation_list(s, "", c.id, &want, 1000, &page),
	    STORED_TROUBLE);
	assert_null(page.items);
	sql(home, "DROP TABLE conversation_item");
	assert_null(conversation_item(s, "", c.id, "a", &found));
	assert_int_equal(found, STORED_TROUBLE);
	want.after = (char []){ "a" };
	assert_int_equal(conversation_list(s, "", c.id, &want, 1000, &page),
	    STORED_TROUBLE);
	close_fresh(s, home);
}

static bool
count(json_object *obj, void *arg)
{
	assert_non_null(js_array(obj, "items"));
	++*(int *)arg;
	return true;
}

/* Who deletes what was exported has to know whether all of it was. */
static void
test_export_tells(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };
	int			 n = 0;

	(void)state;
	assert_true(conversation_each(s, count, &n));
	create(s, "", "a", &c);
	create(s, "", "b", &c);
	assert_true(conversation_each(s, count, &n));
	assert_int_equal(n, 2);
	sql(home, "UPDATE conversation_item SET item = '{' WHERE id = 'b'");
	assert_false(conversation_each(s, count, &n));
	assert_int_equal(n, 3);
	close_fresh(s, home);
}

/* Nothing is left out silently, as one without an id would be. */
static void
test_an_item_without_an_id(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };
	json_object		*items = items_of("b c");
	int			 twice;

	(void)state;
	create(s, "", "a", &c);
	js_del(json_object_array_get_idx(items, 1), "id");
	assert_int_equal(conversation_add(s, &conf, "", c.id, items, &twice),
	    STORED_TROUBLE);
	assert_int_equal(twice, -1);
	assert_items(s, "", c.id, "m", "a ");
	assert_int_equal(add(s, "", c.id, "b", &twice), STORED_FOUND);
	json_object_put(items);
	close_fresh(s, home);
}

/* Files of the first version have turns only. */
static void
test_a_file_of_version_1(void **state)
{
	char			*home;
	struct stored		*s = open_fresh(&home);
	struct conversation	 c = { .id = "" };

	(void)state;
	put(s, "", "old", NULL);
	stored_destroy(s);
	sql(home, "DROP TABLE completion");
	sql(home, "DROP TRIGGER background_out");
	sql(home, "DROP TABLE background_event");
	sql(home, "DROP TABLE background");
	sql(home, "DROP TRIGGER share_turn_in");
	sql(home, "DROP TRIGGER share_turn_out");
	sql(home, "DROP TABLE share");
	sql(home, "DROP INDEX turn_share");
	sql(home, "DROP TABLE conversation_item");
	sql(home, "DROP TABLE conversation");
	sql(home, "ALTER TABLE turn DROP COLUMN interaction");
	sql(home, "ALTER TABLE turn DROP COLUMN start");
	sql(home, "ALTER TABLE turn DROP COLUMN conversation");
	sql(home, "PRAGMA user_version = 1");
	s = stored_create(&(struct state_place){ home, "", 0 });
	assert_true(has(s, "", "old"));
	put(s, "", "new", "old");
	create(s, "", "a", &c);
	assert_true(join(s, "r", c.id, "m", "b"));
	assert_items(s, "", c.id, "m", "a b ");
	assert_sizes(home);
	close_fresh(s, home);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items_keep_their_order),
		cmocka_unit_test(test_an_id_comes_once),
		cmocka_unit_test(test_turns_join),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_a_page),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_a_full_conversation_is_no_harm_to_others),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_export_tells),
		cmocka_unit_test(test_an_item_without_an_id),
		cmocka_unit_test(test_a_file_of_version_1),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, setup, teardown);
}
